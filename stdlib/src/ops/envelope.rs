//! Envelope.

use dasc_ir::graph::{Builder, NodeId};
use dasc_ir::{DType, Result, operator};

use super::hilbert::quadrature;
use super::{Abs, Hilbert, Operator};

operator! {
    /// The magnitude of the analytic signal: exact by one FFT over the whole record (without gaps), or with `TAPS` by a filter that streams.
    ///
    /// The filter is HILBERT's, good for what lies between 2.7·fs/TAPS and as much below the Nyquist frequency, where the envelope of a sine is
    /// within 0.05 %. HILBERT_ENV is the same with a length to begin with. Without TAPS the result is f32 also of f64 data, taken from
    /// HILBERT's; with TAPS it is f64 of f64 data.
    Envelope = "ENVELOPE" () {
        /// Coefficients of the filter, an odd number of 15 to 8191; the whole record at once unless given.
        taps: Option<u32> = None,
    }
    formula "y = |F⁻¹{a·F{x}}|,   a = 2 above 0 Hz, 1 at 0 and at the Nyquist frequency, 0 below 0 Hz";
    example "ENVELOPE";
    reference "numpy.abs(scipy.signal.hilbert(x, axis=0)); with TAPS the imaginary part is scipy.signal.lfilter of 2/(pi*m), m odd, times windows.kaiser(taps, 8)";
}

impl Operator for Envelope {
    fn build(&self, b: &mut Builder, x: NodeId) -> Result<NodeId> {
        match self.taps {
            Some(taps) => streaming(b, x, taps),
            None => {
                let analytic = Hilbert::new().build(b, x)?;
                Abs::new().build(b, analytic)
            }
        }
    }
}

/// The root of the squares of the data and of its Hilbert transform by a filter.
pub(super) fn streaming(b: &mut Builder, x: NodeId, taps: u32) -> Result<NodeId> {
    let (unit, float) = (b.real(x)?.unit.clone(), b.real(x)?.float());
    let quadrature = quadrature(b, x, taps)?;
    b.map(&[x, quadrature], unit, float, |e| {
        let (re, im) = (e.input(0).to(DType::F64), e.input(1).to(DType::F64));
        vec![re.fma(re, im * im).sqrt().to(float)]
    })
}
