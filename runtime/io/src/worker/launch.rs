//! Starts the worker process and takes its answer, or says what became of it.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use dasc_ir::{Diag, Result};
use serde::de::DeserializeOwned;

use super::{GREETING, Job};

static PROGRAM: Mutex<Option<PathBuf>> = Mutex::new(None);

/// Marks a worker's environment, so that a program without [`super::worker_main`] cannot start itself for ever.
const MARK: &str = "DASC_WORKER_RUNNING";
/// Seconds a worker may take; slow network disks need more.
const TIMEOUT: &str = "DASC_WORKER_TIMEOUT";
const DEFAULT_TIMEOUT: f64 = 2.0;
const LONGEST_ANSWER: u64 = 256 << 20;

/// Names the program that is started to open HDF5 files: one whose `main` calls [`super::worker_main`].
/// Without this it is the running program itself.
pub fn set_worker(program: impl Into<PathBuf>) {
    *PROGRAM.lock().unwrap_or_else(PoisonError::into_inner) = Some(program.into());
}

/// What a worker finds in the file at `place`, called `path` in messages. Errors tell apart: no worker, a file of another kind, crash, too slow.
pub fn ask<T: DeserializeOwned>(job: Job, path: &str, place: &Path) -> Result<T> {
    if std::env::var_os(MARK).is_some() {
        return Err(Diag::compiler("a worker was asked to start another")
            .help("call dasc_io::worker_main first in main"));
    }
    let named = PROGRAM.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let program = match named {
        Some(program) => program,
        None => std::env::current_exe()
            .map_err(|e| Diag::world(format!("cannot find the running program: {e}")))?,
    };
    let seconds = std::env::var(TIMEOUT).ok().and_then(|s| s.parse::<f64>().ok());
    let seconds = seconds.filter(|s| (0.01..=3600.0).contains(s)).unwrap_or(DEFAULT_TIMEOUT);
    let child = Command::new(&program)
        .arg(job.verb())
        .arg(place)
        .env(MARK, "1")
        // Read-only and network disks refuse locks, and plug-ins are code from outside.
        .env("HDF5_USE_FILE_LOCKING", "FALSE")
        .env("HDF5_PLUGIN_PRELOAD", "::")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|e| Diag::world(format!("cannot start '{}' to open '{path}': {e}", program.display())))?;
    answer(job, child, path, Duration::from_secs_f64(seconds))
}

fn answer<T: DeserializeOwned>(job: Job, mut child: Child, path: &str, patience: Duration) -> Result<T> {
    let (sender, receiver) = mpsc::channel();
    if let Some(stdout) = child.stdout.take() {
        std::thread::spawn(move || {
            let mut text = Vec::new();
            let read = stdout.take(LONGEST_ANSWER).read_to_end(&mut text);
            // The receiver is gone when the worker was too slow.
            let _ = sender.send(read.map(|_| text));
        });
    }
    let received = receiver.recv_timeout(patience);
    if received.is_err() {
        let _ = child.kill();
    }
    let status =
        child.wait().map_err(|e| Diag::world(format!("lost the process that opens '{path}': {e}")))?;
    let Ok(text) = received else {
        let seconds = patience.as_secs_f64();
        return Err(Diag::world(format!(
            "{} was still busy with '{path}' after {seconds} s and was stopped",
            job.reader()
        ))
        .help(format!("the file is damaged, or its disk is slow: set {TIMEOUT} to more seconds")));
    };
    let text =
        text.map_err(|e| Diag::world(format!("lost the answer of the process that opens '{path}': {e}")))?;
    if !status.success() {
        return Err(
            Diag::world(format!("{} crashed on '{path}' ({status})", job.reader())).help(job.remedy())
        );
    }
    let json = text.strip_prefix(GREETING.as_bytes()).ok_or_else(|| {
        Diag::compiler(format!("the program that should open '{path}' is not a worker"))
            .help("call dasc_io::worker_main first in main, or name a worker with dasc_io::set_worker")
    })?;
    match serde_json::from_slice::<std::result::Result<T, String>>(json) {
        Ok(Ok(found)) => Ok(found),
        Ok(Err(why)) => Err(Diag::world(format!("'{path}' is not a readable {} file: {why}", job.format()))
            .help("the file is damaged or incomplete; copy it again")),
        Err(e) => Err(Diag::world(format!("the answer about '{path}' cannot be understood: {e}"))),
    }
}
