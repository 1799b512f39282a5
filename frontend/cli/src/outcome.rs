//! How a verb ends.

use std::process::ExitCode;

use dasc_ir::{Blame, Diag};

/// What a verb that did its work reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    Well,
    /// Something was left out or lost, and was named.
    WithLosses,
}

/// Why a verb did not do its work.
#[derive(Debug)]
pub enum Stop {
    Mistakes(Vec<Diag>),
    /// Ctrl-C.
    Interrupted,
    /// Whoever read our output went away, which is no failure.
    ClosedPipe,
}

pub type Outcome<T = Done> = std::result::Result<T, Stop>;

impl From<Diag> for Stop {
    fn from(diag: Diag) -> Stop {
        if dasc_sink::is_closed_pipe(&diag) { Stop::ClosedPipe } else { Stop::Mistakes(vec![diag]) }
    }
}

impl From<Vec<Diag>> for Stop {
    fn from(diags: Vec<Diag>) -> Stop {
        Stop::Mistakes(diags)
    }
}

/// The exit code, as `dasc --help` lists them.
pub fn exit_code(outcome: &Outcome) -> ExitCode {
    ExitCode::from(match outcome {
        Ok(Done::Well) | Err(Stop::ClosedPipe) => 0,
        Ok(Done::WithLosses) => 3,
        Err(Stop::Interrupted) => 130,
        Err(Stop::Mistakes(diags)) => match diags.iter().all(|diag| diag.blame == Blame::Usage) {
            true => 2,
            false => 1,
        },
    })
}
