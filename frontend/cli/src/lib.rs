//! The command line: reads a script, binds it to files, runs it, and is the only part of dasc that prints.
//!
//! `args` declares the verbs and flags, `verbs` has one file for each, `bind` turns steps of a script into a Graph
//! with sinks, `sinks` drains its outputs into files and pictures. Exit codes: 0 success, 1 failed, 2 a mistake in the
//! script or the flags, 3 finished with skips or losses, 130 interrupted.

mod args;
mod bandwidth;
mod bench;
mod bind;
mod clock;
mod cut;
mod event_flow;
mod event_run;
mod fetch;
mod groups;
mod help;
mod interrupt;
mod memory;
mod names;
mod numbers;
mod outcome;
mod progress;
mod recipes;
mod record;
mod script;
mod settings;
mod sinks;
mod status;
mod streams;
mod surroundings;
mod table;
mod terminal;
mod verbs;

use std::ffi::OsString;
use std::process::ExitCode;

/// Runs the command line given, program name first.
pub fn main(args: impl Iterator<Item = OsString>) -> ExitCode {
    let args: Vec<OsString> = args.collect();
    // The same program opens HDF5 files in a process of its own, because the C library may crash on a damaged one.
    if let Some(code) = dasc_io::worker_main(args.iter().skip(1).cloned()) {
        return code;
    }
    verbs::dispatch(&args)
}
