//! Analytic signal.

use dasc_ir::graph::{Builder, NodeId, Role, TransformKind};
use dasc_ir::{Result, operator};

use super::Operator;
use crate::pieces::extent::one_stretch;

operator! {
    /// The analytic signal: the data and, as imaginary part, its Hilbert transform, by one FFT over the whole record (without gaps).
    Hilbert = "HILBERT" () {}
    formula "y = F⁻¹{a·F{x}},   a = 2 above 0 Hz, 1 at 0 and at the Nyquist frequency, 0 below 0 Hz";
    example "HILBERT";
    reference "scipy.signal.hilbert(x, axis=0)";
}

impl Operator for Hilbert {
    fn build(&self, b: &mut Builder, x: NodeId) -> Result<NodeId> {
        one_stretch(b, x)?;
        let float = b.real(x)?.float();
        let x = b.convert(x, float)?;
        b.transform(x, TransformKind::Analytic, Role::Time)
    }
}
