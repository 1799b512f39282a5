//! Narrow band removed.

use dasc_ir::graph::{Builder, NodeId};
use dasc_ir::parameter::Hertz;
use dasc_ir::{Result, operator};

use super::Operator;
use crate::design::iirnotch;
use crate::pieces::filter::{apply, of_step};

operator! {
    /// Takes out one frequency, for instance mains hum. Causal, f64 state, at rest where a stretch begins.
    ///
    /// A sample that is not finite gives NaN at its place and counts as 0 for what follows.
    Notch = "NOTCH" (
        /// The frequency to remove, between 0 and the Nyquist frequency.
        frequency: Hertz,
    ) {
        /// Quality: the frequency divided by the −3 dB width.
        q: f64 = 30.0,
        /// Forwards and backwards over each stretch, without delay; needs the whole record, whatever its length, and a temporary store.
        zerophase: bool = false,
    }
    example "NOTCH 50Hz Q=30";
    reference "scipy.signal.iirnotch(frequency, Q, fs), lfilter; with ZEROPHASE filtfilt";
}

impl Operator for Notch {
    fn build(&self, b: &mut Builder, x: NodeId) -> Result<NodeId> {
        let sos = iirnotch(self.frequency.0, self.q, b.rate(x)?).map_err(|diag| of_step(b, diag))?;
        apply(b, x, &sos, self.zerophase)
    }
}
