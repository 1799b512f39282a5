//! Starts the worker process and takes its answer, or says what became of it.

use std::io::{BufRead, BufReader, Read};
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
    let lost = || Err(Diag::compiler("a worker was asked and gave no answer"));
    ask_each(job, &[(path, place)]).pop().unwrap_or_else(lost)
}

/// The same of several files, one after another by one worker as long as it lives. What ends it costs the file at fault alone: that one
/// is asked of a worker of its own before it is blamed, and the rest of another.
pub fn ask_each<T: DeserializeOwned>(job: Job, files: &[(&str, &Path)]) -> Vec<Result<T>> {
    let mut answers: Vec<Result<T>> = Vec::with_capacity(files.len());
    while let Some(rest) = files.get(answers.len()..).filter(|rest| !rest.is_empty()) {
        let mut worker = match Worker::start(job, rest) {
            Ok(worker) => worker,
            Err(diag) => {
                answers.extend(rest.iter().map(|_| Err(diag.clone())));
                break;
            }
        };
        for file in rest {
            match worker.answer(file.0) {
                Ok(answer) => answers.push(answer),
                Err(diag) => {
                    let alone = if rest.len() > 1 { ask_each(job, &[*file]).pop() } else { None };
                    answers.push(alone.unwrap_or(Err(diag)));
                    break;
                }
            }
        }
    }
    answers
}

/// A process at work.
struct Worker {
    job: Job,
    child: Child,
    lines: mpsc::Receiver<std::io::Result<Vec<u8>>>,
    patience: Duration,
    greeted: bool,
}

impl Worker {
    fn start(job: Job, files: &[(&str, &Path)]) -> Result<Worker> {
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
        let mut child = Command::new(&program)
            .arg(job.verb())
            .args(files.iter().map(|(_, place)| place))
            .env(MARK, "1")
            // Read-only and network disks refuse locks, and plug-ins are code from outside.
            .env("HDF5_USE_FILE_LOCKING", "FALSE")
            .env("HDF5_PLUGIN_PRELOAD", "::")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|e| {
                let path = files.first().map_or("", |(path, _)| path);
                Diag::world(format!("cannot start '{}' to open '{path}': {e}", program.display()))
            })?;
        let (sender, lines) = mpsc::sync_channel(1);
        if let Some(stdout) = child.stdout.take() {
            std::thread::spawn(move || {
                let mut stdout = BufReader::new(stdout);
                loop {
                    let mut line = Vec::new();
                    let read = stdout.by_ref().take(LONGEST_ANSWER).read_until(b'\n', &mut line);
                    let over = !read.as_ref().is_ok_and(|read| *read > 0);
                    // The receiver is gone when the worker was too slow.
                    if sender.send(read.map(|_| line)).is_err() || over {
                        return;
                    }
                }
            });
        }
        let patience = Duration::from_secs_f64(seconds);
        Ok(Worker { job, child, lines, patience, greeted: false })
    }

    /// What it says of the next file; an error means that it is gone.
    fn answer<T: DeserializeOwned>(&mut self, path: &str) -> Result<Result<T>> {
        if !self.greeted {
            if self.line(path)? != GREETING.as_bytes() {
                return Err(Diag::compiler(format!("the program that should open '{path}' is not a worker"))
                    .help(
                        "call dasc_io::worker_main first in main, or name a worker with dasc_io::set_worker",
                    ));
            }
            self.greeted = true;
        }
        let line = self.line(path)?;
        Ok(match serde_json::from_slice::<std::result::Result<T, String>>(&line) {
            Ok(Ok(found)) => Ok(found),
            Ok(Err(why)) => {
                Err(Diag::world(format!("'{path}' is not a readable {} file: {why}", self.job.format()))
                    .help("the file is damaged or incomplete; copy it again"))
            }
            Err(e) => Err(Diag::world(format!("the answer about '{path}' cannot be understood: {e}"))),
        })
    }

    /// The next line, which there must be.
    fn line(&mut self, path: &str) -> Result<Vec<u8>> {
        let job = self.job;
        let Ok(read) = self.lines.recv_timeout(self.patience) else {
            let _ = self.child.kill();
            let seconds = self.patience.as_secs_f64();
            return Err(Diag::world(format!(
                "{} was still busy with '{path}' after {seconds} s and was stopped",
                job.reader()
            ))
            .help(format!("the file is damaged, or its disk is slow: set {TIMEOUT} to more seconds")));
        };
        let line = read
            .map_err(|e| Diag::world(format!("lost the answer of the process that opens '{path}': {e}")))?;
        if !line.is_empty() {
            return Ok(line);
        }
        let status = self
            .child
            .wait()
            .map_err(|e| Diag::world(format!("lost the process that opens '{path}': {e}")))?;
        Err(match status.success() {
            true => Diag::compiler(format!("the program that should open '{path}' is not a worker"))
                .help("call dasc_io::worker_main first in main, or name a worker with dasc_io::set_worker"),
            false => {
                Diag::world(format!("{} crashed on '{path}' ({status})", job.reader())).help(job.remedy())
            }
        })
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // One that has answered everything is over already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
