//! Recursive band-stop filter.

use dasc_ir::graph::{Builder, NodeId};
use dasc_ir::parameter::{Decibel, Hertz};
use dasc_ir::{Result, operator};

use super::Operator;
use crate::design::Band;
use crate::pieces::filter::{Direction, Family, Recursive};

operator! {
    /// Takes out the frequencies between two corners, −3 dB at each. Causal, f64 state, at rest where a stretch begins.
    ///
    /// A sample that is not finite gives NaN at its place and counts as 0 for what follows. Corners must lie between 0 and the Nyquist
    /// frequency in rising order, and not so close to 0 that f64 cannot carry the design.
    Bandstop = "BANDSTOP" (
        /// Lower corner.
        low: Hertz,
        /// Upper corner.
        high: Hertz,
    ) {
        /// Order of the design, 1 to 32 (bessel: 12); the filter has twice as many poles.
        order: u32 = 4,
        /// Family of the design.
        design: Family = Family::Butter,
        /// Pass-band ripple of cheby1 and ellip.
        ripple: Decibel = Decibel(0.5),
        /// Stop-band attenuation of cheby2 and ellip; the corners of cheby2 are where it is reached.
        attenuation: Decibel = Decibel(40.0),
        /// Forwards and backwards over each stretch, without delay; needs the whole record, whatever its length, and a temporary store, unless TOL is given.
        zerophase: bool = false,
        /// With ZEROPHASE: how far a value may be off, as a share of the largest of the stretch filtered forwards (`1e-6`). The filter then streams, looking ahead until its response has faded to that.
        tol: Option<f64> = None,
    }
    formula "|H(f)|² = 1 / (1 + q^(2·ORDER))   for DESIGN=butter; twice in a row with ZEROPHASE"
            "q = t(f)·(t(high) − t(low)) / (t(f)² − t(low)·t(high)),   t(f) = tan(πf/fs)";
    example "BANDSTOP 45Hz 55Hz ORDER=4";
    reference "scipy.signal.butter(order, [low, high], 'bandstop', output='sos', fs=fs), sosfilt; with ZEROPHASE sosfiltfilt";
}

impl Operator for Bandstop {
    fn build(&self, b: &mut Builder, x: NodeId) -> Result<NodeId> {
        let filter = Recursive {
            family: self.design,
            order: self.order,
            ripple_db: self.ripple.0,
            attenuation_db: self.attenuation.0,
            direction: Direction::asked(b, self.zerophase, self.tol)?,
        };
        filter.apply(b, x, Band::Stop(self.low.0, self.high.0))
    }
}
