//! Spectrum of the record.

use dasc_ir::graph::{Builder, NodeId, Role, TransformKind};
use dasc_ir::{Result, operator};

use super::Operator;
use crate::pieces::extent::one_stretch;

operator! {
    /// The one-sided spectrum of the whole record (without gaps), unscaled: n/2 + 1 frequencies, no time axis.
    ///
    /// It is taken in f64 and rounded to f32 once, in real and imaginary part, also of f64 data.
    Fft = "FFT" () {}
    formula "X[k] = Σ_{j<n} x[j]·exp(−2πi·jk/n),   k = 0 … n/2";
    example "FFT";
    reference "numpy.fft.rfft(x, axis=0)";
}

impl Operator for Fft {
    fn build(&self, b: &mut Builder, x: NodeId) -> Result<NodeId> {
        one_stretch(b, x, "use STFT, whose frames stream and keep clear of gaps")?;
        let float = b.real(x)?.float();
        let x = b.convert(x, float)?;
        b.transform(x, TransformKind::Forward, Role::Time)
    }
}
