//! Analytic signal.

use dasc_ir::graph::{Builder, NodeId, Role, TransformKind};
use dasc_ir::{DType, Result, operator};

use super::Operator;
use super::fir::MOST_TAPS;
use crate::design::hilbert;
use crate::pieces::extent::one_stretch;
use crate::pieces::filter::of_step;
use crate::pieces::sliding::dot;

operator! {
    /// The analytic signal: the data and, as imaginary part, its Hilbert transform.
    ///
    /// Exact by one FFT over the whole record (without gaps) in f64, which waits for its end. With `TAPS` a filter of that many coefficients takes
    /// its place (the ideal one under a Kaiser window, β = 8), approximately: a sine between 2.7·fs/TAPS and as much below the Nyquist frequency has
    /// its quarter turn exactly and its magnitude within 0.05 %; below and above it fades to 0. It has no delay, looks (TAPS − 1)/2
    /// samples ahead, streams, and begins anew after gaps; beyond the ends of a stretch the data counts as 0. The result is complex f32, also
    /// of f64 data: DEMEAN before takes out an offset in which digits would be lost.
    Hilbert = "HILBERT" () {
        /// Coefficients of the filter, an odd number of 15 to 8191; the whole record at once unless given.
        taps: Option<u32> = None,
    }
    formula "y = F⁻¹{a·F{x}},   a = 2 above 0 Hz, 1 at 0 and at the Nyquist frequency, 0 below 0 Hz";
    example "HILBERT";
    reference "scipy.signal.hilbert(x, axis=0); with TAPS the imaginary part is scipy.signal.lfilter of 2/(pi*m), m odd, times windows.kaiser(taps, 8)";
}

impl Operator for Hilbert {
    fn build(&self, b: &mut Builder, x: NodeId) -> Result<NodeId> {
        let float = b.real(x)?.float();
        let Some(taps) = self.taps else {
            one_stretch(b, x, "use TAPS=255, a filter that streams and keeps clear of gaps")?;
            let x = b.convert(x, float)?;
            return b.transform(x, TransformKind::Analytic, Role::Time);
        };
        let unit = b.real(x)?.unit.clone();
        let quadrature = quadrature(b, x, taps)?;
        b.map(&[x, quadrature], unit, DType::C32, |e| vec![e.input(0).to(DType::F32), e.input(1).to(DType::F32)])
    }
}

/// The Hilbert transform by a filter of finite length, without delay.
pub(super) fn quadrature(b: &mut Builder, x: NodeId, taps: u32) -> Result<NodeId> {
    if taps > MOST_TAPS {
        return Err(b
            .diag(format!("takes at most {MOST_TAPS} taps, not {taps}"))
            .help("for lower frequencies DECIMATE first, or leave TAPS out"));
    }
    let mut h = hilbert(taps as usize).map_err(|diag| of_step(b, diag))?;
    h.reverse();
    dot(b, x, h, -((taps / 2) as i32))
}
