//! Envelope.

use dasc_ir::graph::{Builder, NodeId};
use dasc_ir::{Result, operator};

use super::{Abs, Hilbert, Operator};

operator! {
    /// The magnitude of the analytic signal, by one FFT over the whole record (without gaps).
    Envelope = "ENVELOPE" () {}
    formula "y = |F⁻¹{a·F{x}}|,   a = 2 above 0 Hz, 1 at 0 and at the Nyquist frequency, 0 below 0 Hz";
    example "ENVELOPE";
    reference "numpy.abs(scipy.signal.hilbert(x, axis=0))";
}

impl Operator for Envelope {
    fn build(&self, b: &mut Builder, x: NodeId) -> Result<NodeId> {
        let analytic = Hilbert::new().build(b, x)?;
        Abs::new().build(b, analytic)
    }
}
