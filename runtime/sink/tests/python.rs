//! What is written, read by NumPy, zarr-python, xarray, pyarrow and ObsPy (`check_with_python.py`).
//!
//! Python is `DASC_PYTHON`, else that of `target/python` (which `./x test` makes where it can), else `python3`. What is not
//! installed is skipped, with a line that says so; `DASC_PYTHON` must have NumPy, zarr and pyarrow.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

fn main() -> ExitCode {
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let given = std::env::var_os("DASC_PYTHON").map(PathBuf::from);
    let own = crate_folder.join("../../target/python/bin/python");
    let python = given.clone().or_else(|| own.exists().then_some(own)).unwrap_or_else(|| "python3".into());
    let can =
        |code: &str| Command::new(&python).args(["-c", code]).output().is_ok_and(|o| o.status.success());
    if !can("import numpy, pyarrow, zarr") {
        println!("SKIPPED: {} has no NumPy, pyarrow and zarr to read the files with", python.display());
        return if given.is_some() { ExitCode::FAILURE } else { ExitCode::SUCCESS };
    }
    let folder = tempfile::tempdir().expect("a folder");
    if let Err(diag) = samples::write(folder.path()) {
        println!("{diag}");
        return ExitCode::FAILURE;
    }
    let script = crate_folder.join("tests/check_with_python.py");
    let status = Command::new(&python).arg(script).arg(folder.path()).status();
    if status.is_ok_and(|status| status.success()) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[path = "../examples/samples.rs"]
#[allow(dead_code, reason = "its own main is for use by hand")]
mod samples;
