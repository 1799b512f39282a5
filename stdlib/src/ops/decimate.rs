//! Lower sampling rate.

use dasc_ir::graph::{Builder, Edge, NodeId, Role, Rows, WindowBody};
use dasc_ir::{DType, Result, choice, operator};

use super::Operator;
use super::fir::convolve;
use crate::design::{Window, decimation_filter, firwin};
use crate::pieces::filter::{Direction, apply, of_step};

choice! {
    /// The anti-alias filter.
    AntiAlias { Iir = "iir", Fir = "fir" }
}

/// An FIR of 20q + 1 taps is still a direct convolution.
const LARGEST_FIR: u32 = 400;
const LARGEST_IIR: u32 = 1000;

operator! {
    /// Filters against aliasing, causally unless ZEROPHASE is asked for, then keeps every q-th sample.
    ///
    /// `iir` is a Chebyshev I filter of order 8 (0.05 dB, corner at 0.8 of the new Nyquist frequency), `fir` a Hamming-windowed
    /// filter of 20q + 1 taps that lags 10q samples. Kept are the samples whose number in the record is a multiple of q.
    Decimate = "DECIMATE" (
        /// By what the rate is divided, 1 to 1000 (fir: 400).
        q: u32,
    ) {
        /// The anti-alias filter.
        method: AntiAlias = AntiAlias::Iir,
        /// Without delay, as scipy.signal.decimate by default: iir forwards and backwards over the whole record (streaming with TOL), fir centred, which streams.
        zerophase: bool = false,
        /// With ZEROPHASE and `iir`: how far a value may be off, as a share of the largest of the stretch filtered forwards (`1e-6`), so that it streams.
        tol: Option<f64> = None,
    }
    formula "y[j] = z[j·q],   z the filtered data";
    example "DECIMATE 5";
    reference "scipy.signal.decimate(x, q, ftype='iir', axis=0, zero_phase=False); with ZEROPHASE zero_phase=True";
}

impl Operator for Decimate {
    fn build(&self, b: &mut Builder, x: NodeId) -> Result<NodeId> {
        let q = self.q;
        let largest = if self.method == AntiAlias::Fir { LARGEST_FIR } else { LARGEST_IIR };
        if q == 0 || q > largest {
            return Err(b
                .diag(format!("needs a factor from 1 to {largest}, not {q}"))
                .help(if q == 0 {
                    "DECIMATE 10 keeps every tenth sample"
                } else {
                    "decimate in steps, for instance by 10 and by 10 again"
                }));
        }
        let direction = Direction::asked(b, self.zerophase, self.tol)?;
        b.rate(x)?;
        if q == 1 {
            let float = b.real(x)?.float();
            return b.convert(x, float);
        }
        if self.method == AntiAlias::Fir {
            let taps = firwin(20 * q as usize + 1, &[1.0 / f64::from(q)], Window::Hamming, true, 2.0);
            let mut taps = taps.map_err(|diag| of_step(b, diag))?;
            taps.reverse();
            if self.zerophase {
                let (unit, float, half) = (b.real(x)?.unit.clone(), b.real(x)?.float(), 10 * q as i32);
                let body = WindowBody::Dot(taps);
                let y = b.window(x, Role::Time, (-half, half), q, Edge::Zero, body, unit, DType::F64)?;
                return b.convert(y, float);
            }
            return convolve(b, x, taps, q);
        }
        let sos = decimation_filter(q).and_then(|sos| sos.check().map(|()| sos)).map_err(|_| {
            b.diag(format!("cannot filter for a factor of {q} in one step within f64"))
                .help("decimate in steps, for instance by 10 and by 10 again")
        })?;
        let filtered = apply(b, x, &sos, direction)?;
        // The first kept row is the first whose number in the record is a multiple of q.
        let (first, len) = match &b.time(filtered)?.rows {
            Rows::Segments(ranges) => {
                let first = ranges.first().map_or(0, |r| r.0);
                (first, ranges.last().map_or(0, |r| r.1).saturating_sub(first).max(0) as u64)
            }
            Rows::From(first) => (*first, u64::MAX),
        };
        let start = (-first).rem_euclid(i64::from(q)) as u64;
        b.slice(filtered, Role::Time, start, len, q)
    }
}
