//! Narrow band removed.

use dasc_ir::graph::{Builder, NodeId};
use dasc_ir::parameter::Hertz;
use dasc_ir::{Result, operator};

use super::Operator;
use crate::design::{Sos, iirnotch};
use crate::pieces::filter::{Direction, apply, of_step};

/// Odd and even multiples of mains hum reach no further.
const MOST_HARMONICS: u32 = 20;

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
        /// How many multiples of the frequency go too, itself included, each with the same width; those at the Nyquist frequency or above do not exist.
        harmonics: u32 = 1,
        /// Forwards and backwards over each stretch, without delay; needs the whole record, whatever its length, and a temporary store, unless TOL is given.
        zerophase: bool = false,
        /// With ZEROPHASE: how far a value may be off, as a share of the largest of the stretch filtered forwards (`1e-6`). The filter then streams, looking ahead until its response has faded to that.
        tol: Option<f64> = None,
    }
    formula "H(z) = g·(1 − 2c·z⁻¹ + z⁻²) / (1 − 2gc·z⁻¹ + (2g − 1)·z⁻²)   for each harmonic h"
            "c = cos(2π·h·frequency/fs),   g = 1 / (1 + tan(π·frequency / (Q·fs)))";
    example "NOTCH 50Hz Q=30";
    reference "scipy.signal.iirnotch(k*frequency, k*Q, fs), lfilter, for each harmonic k; with ZEROPHASE filtfilt";
}

impl Operator for Notch {
    fn build(&self, b: &mut Builder, x: NodeId) -> Result<NodeId> {
        let rate = b.rate(x)?;
        if self.harmonics == 0 || self.harmonics > MOST_HARMONICS {
            let message = format!("needs 1 to {MOST_HARMONICS} HARMONICS, not {}", self.harmonics);
            return Err(b.diag(message).help("1 removes the frequency alone"));
        }
        let mut sections = Vec::new();
        for k in (1..=self.harmonics).map(f64::from) {
            // The frequency itself is refused at and above Nyquist; its multiples are left out there.
            if k > 1.0 && k * self.frequency.0 >= 0.5 * rate {
                break;
            }
            let sos = iirnotch(k * self.frequency.0, k * self.q, rate).map_err(|diag| of_step(b, diag))?;
            sections.extend_from_slice(sos.sections());
        }
        let sos = Sos::new(sections).map_err(|diag| of_step(b, diag))?;
        let direction = Direction::asked(b, self.zerophase, self.tol)?;
        apply(b, x, &sos, direction)
    }
}
