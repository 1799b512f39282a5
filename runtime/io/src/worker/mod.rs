//! A process of its own for libraries that crash, hang or take any memory on malformed files.
//!
//! The program starts itself again (or the program named with [`set_worker`]) with a hidden first argument and paths.
//! On standard output: a line that names the protocol, then for every path a line with one JSON object, `{"Ok": found}` or `{"Err": text}`.

mod launch;

use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::process::ExitCode;

use serde::Serialize;

use crate::{geometry, hdf5};

pub use launch::{ask, ask_each, set_worker};

const GREETING: &str = "dasc-worker 1\n";
const MEMORY: u64 = 2 << 30;
const SECONDS: u64 = 20;

/// What a worker can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Job {
    /// What an HDF5 file holds.
    Hdf5,
    /// The columns of a table of channels in Parquet.
    Parquet,
}

impl Job {
    const ALL: [Job; 2] = [Job::Hdf5, Job::Parquet];

    /// The hidden first argument that makes a program a worker.
    const fn verb(self) -> &'static str {
        match self {
            Job::Hdf5 => "__describe-hdf5",
            Job::Parquet => "__read-parquet",
        }
    }

    const fn format(self) -> &'static str {
        match self {
            Job::Hdf5 => "HDF5",
            Job::Parquet => "Parquet",
        }
    }

    const fn reader(self) -> &'static str {
        match self {
            Job::Hdf5 => "the HDF5 library",
            Job::Parquet => "the Parquet reader",
        }
    }

    const fn remedy(self) -> &'static str {
        match self {
            Job::Hdf5 => "the file is damaged; copy it again or repair it with h5clear or h5repack",
            Job::Parquet => "the file is damaged; copy it again or write it anew",
        }
    }
}

/// Does a worker's job if `args` (without the program's name) ask for it; `None` means this is no worker.
/// Programs that open HDF5 or Parquet files call this first thing in `main`.
pub fn worker_main(args: impl IntoIterator<Item = OsString>) -> Option<ExitCode> {
    let mut args = args.into_iter();
    let verb = args.next()?;
    let job = Job::ALL.into_iter().find(|job| verb == job.verb())?;
    limit();
    let written = match job {
        Job::Hdf5 => tell(args, hdf5::describe_here),
        Job::Parquet => tell(args, geometry::read_parquet_here),
    };
    Some(if written.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn tell<T: Serialize>(
    paths: impl Iterator<Item = OsString>,
    look: fn(&OsStr) -> Result<T, String>,
) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(GREETING.as_bytes())?;
    for path in paths {
        serde_json::to_writer(&mut out, &look(&path))?;
        out.write_all(b"\n")?;
        out.flush()?;
    }
    out.flush()
}

/// Lowers this process's limits. A limit that is already lower stays.
fn limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    for (resource, most) in [(Resource::As, MEMORY), (Resource::Cpu, SECONDS), (Resource::Core, 0)] {
        let most = getrlimit(resource).maximum.map_or(most, |hard| hard.min(most));
        // Where the system refuses, the parent's clock still ends a worker that hangs.
        let _ = setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) });
    }
}
