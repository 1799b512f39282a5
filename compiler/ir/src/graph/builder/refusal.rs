//! What a user reads where a step cannot take its input: why, and the way out.

use super::Builder;
use crate::graph::NodeId;
use crate::graph::axis::{InnerRole, Signal};
use crate::graph::prim::{Edge, Prim, Role};
use crate::{DType, Diag};

impl Builder {
    /// For a step on real data.
    pub(super) fn complex_input(&self, signal: &Signal) -> Diag {
        let diag = self.diag("works on real data, but its input is complex");
        match (is_spectrum(signal), &signal.time) {
            (true, None) => diag.help("IFFT goes back to samples; ABS is the magnitude, SQUARE the power"),
            (true, Some(_)) => {
                diag.help("ISTFT goes back to samples; ABS is the magnitude, SQUARE the power")
            }
            (false, _) => diag.help("take ABS (the magnitude) or SQUARE (the power) first"),
        }
    }

    /// For a step along time.
    pub(super) fn timeless_input(&self, signal: &Signal) -> Diag {
        if is_spectrum(signal) {
            return self
                .diag("needs a time axis, but its input is a spectrum of all time")
                .help("IFFT goes back to samples");
        }
        self.diag("needs a time axis, but its input is a statistic over all time")
            .help("put it before the step that takes the statistic; WRITE writes what has no time axis")
    }

    /// For a step that would leave no rows.
    pub(super) fn nothing_left(&self, prim: &Prim, inputs: &[NodeId]) -> Diag {
        let rows = |x: &NodeId| self.signal(*x).ok()?.time.as_ref()?.rows.longest();
        let longest = inputs.iter().find_map(rows).unwrap_or(0);
        match prim {
            Prim::Window { along: Role::Time, lo, hi, hop, edge: Edge::Valid, .. } => {
                let taken = i64::from(*hi) - i64::from(*lo) + 1;
                let every = if *hop > 1 { format!(" from every {hop}th on") } else { String::new() };
                self.diag(format!("leaves no samples: it takes {taken} at a time{every}, but the longest stretch has {longest}"))
                    .help("choose a shorter one, or a longer stretch of the record")
            }
            _ => self.diag(format!("leaves no samples of the {longest} of its input's longest stretch")),
        }
    }
}

fn is_spectrum(signal: &Signal) -> bool {
    let frequencies = signal.inner.as_ref().is_some_and(|axis| axis.role == InnerRole::Frequency);
    signal.dtype == DType::C32 && frequencies
}
