//! Finite filter with linear phase.

use dasc_ir::graph::{Builder, Edge, NodeId, Role, WindowBody};
use dasc_ir::parameter::Hertz;
use dasc_ir::{DType, Result, choice, operator};

use super::Operator;
use crate::design::firwin;
use crate::pieces::filter::of_step;
use crate::pieces::sliding::dot;
use crate::pieces::weight::WindowName;

choice! {
    /// Whether the band between the corners passes or is stopped.
    Kind { Bandpass = "bandpass", Bandstop = "bandstop" }
}

/// Direct convolution beyond this costs more than it helps.
pub(super) const MOST_TAPS: u32 = 8191;

operator! {
    /// Linear-phase filter by the window method; half amplitude at the corners. Causal: the output lags (TAPS − 1)/2 samples behind.
    ///
    /// More than 1024 coefficients are applied through F64 transforms. A low corner of 0 makes a low-pass, a high corner at the Nyquist frequency a high-pass. Before a stretch begins the data counts as 0.
    Fir = "FIR" (
        /// Lower corner.
        low: Hertz,
        /// Upper corner.
        high: Hertz,
    ) {
        /// Number of coefficients, 1 to 8191; odd where the Nyquist frequency passes.
        taps: u32 = 101,
        /// The window that shapes the ideal response.
        window: WindowName = WindowName::Hamming,
        /// Whether the band passes or is stopped.
        kind: Kind = Kind::Bandpass,
    }
    formula "y[i] = Σ_{k<TAPS} h[k]·x[i−k]"
            "h[k] = a·w[k]·(sin(2π·high·m/fs) − sin(2π·low·m/fs)) / (πm),   m = k − (TAPS − 1)/2,   a so that the gain in mid-band is 1"
            "KIND=bandstop takes δ[m] less that quotient, and a gain of 1 at 0 Hz";
    example "FIR 10Hz 200Hz TAPS=101 WINDOW=hamming";
    reference "scipy.signal.firwin(taps, [low, high], window=window, pass_zero=False, fs=fs), lfilter";
}

impl Operator for Fir {
    fn build(&self, b: &mut Builder, x: NodeId) -> Result<NodeId> {
        let fs = b.rate(x)?;
        if self.taps == 0 || self.taps > MOST_TAPS {
            return Err(b
                .diag(format!("needs 1 to {MOST_TAPS} taps, not {}", self.taps))
                .help("for a narrower band use BANDPASS, or DECIMATE first"));
        }
        let (low, high) = (self.low.0, self.high.0);
        let cutoffs: Vec<f64> = match (low == 0.0, high == 0.5 * fs) {
            (true, true) => {
                return Err(b
                    .diag(format!("has nothing to do from 0 to the Nyquist frequency of {high} Hz"))
                    .help("choose at least one corner between"));
            }
            (true, false) => vec![high],
            (false, true) => vec![low],
            (false, false) => vec![low, high],
        };
        let pass_zero = (low == 0.0) == (self.kind == Kind::Bandpass);
        let mut h = firwin(self.taps as usize, &cutoffs, self.window.design(), pass_zero, fs)
            .map_err(|diag| of_step(b, diag))?;
        h.reverse();
        let back = h.len().saturating_sub(1) as i32;
        dot(b, x, h, -back)
    }
}

/// Every `hop`-th value of the causal convolution whose coefficients stand in the order of the samples they meet.
pub(crate) fn convolve(b: &mut Builder, x: NodeId, reversed: Vec<f64>, hop: u32) -> Result<NodeId> {
    let (unit, float) = (b.real(x)?.unit.clone(), b.real(x)?.float());
    let back = i32::try_from(reversed.len().saturating_sub(1)).unwrap_or(i32::MAX);
    let body = WindowBody::Dot(reversed);
    let sum = b.window(x, Role::Time, (-back, 0), hop, Edge::Zero, body, unit, DType::F64)?;
    b.convert(sum, float)
}
