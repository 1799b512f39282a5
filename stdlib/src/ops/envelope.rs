//! Envelope.

use dasc_ir::graph::{Builder, NodeId};
use dasc_ir::{Result, operator};

use super::{Abs, Hilbert, Operator};

operator! {
    /// The magnitude of the analytic signal, by one FFT over the whole record (without gaps).
    Envelope = "ENVELOPE" () {}
    example "ENVELOPE";
    reference "numpy.abs(scipy.signal.hilbert(x, axis=0))";
}

impl Operator for Envelope {
    fn build(&self, b: &mut Builder, x: NodeId) -> Result<NodeId> {
        let analytic = Hilbert::new().build(b, x)?;
        Abs::new().build(b, analytic)
    }
}
