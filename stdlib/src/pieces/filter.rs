//! Recursive filters as operators use them: corners checked against the input's rate, designed, specialised, applied.

use dasc_ir::graph::builder::Section;
use dasc_ir::graph::{Builder, NodeId};
use dasc_ir::{Diag, Result, choice};

use super::zero_phase::{zero_phase, zero_phase_within};
use crate::design::{self, Band, Sos};

choice! {
    /// A family of recursive filters.
    Family { Butter = "butter", Cheby1 = "cheby1", Cheby2 = "cheby2", Ellip = "ellip", Bessel = "bessel" }
}

/// What LOWPASS, HIGHPASS and BANDPASS share.
#[derive(Clone, Copy, Debug)]
pub struct Recursive {
    pub family: Family,
    pub order: u32,
    pub ripple_db: f64,
    pub attenuation_db: f64,
    pub direction: Direction,
}

impl Recursive {
    /// Designs at the input's rate and filters along time: causally, at rest where a segment starts, or in both directions.
    pub fn apply(self, b: &mut Builder, x: NodeId, band: Band) -> Result<NodeId> {
        let fs = b.rate(x)?;
        check_corners(b, band, fs)?;
        let (order, ripple, attenuation) = (self.order, self.ripple_db, self.attenuation_db);
        let sos = match self.family {
            Family::Butter => design::butter(order, band, fs),
            Family::Cheby1 => design::cheby1(order, ripple, band, fs),
            Family::Cheby2 => design::cheby2(order, attenuation, band, fs),
            Family::Ellip => design::ellip(order, ripple, attenuation, band, fs),
            Family::Bessel => design::bessel(order, band, fs),
        };
        let sos = sos.map_err(|diag| of_step(b, diag))?;
        apply(b, x, &sos, self.direction)
    }
}

/// Which way a filter runs along time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Direction {
    Causal,
    /// Forwards and backwards over each whole stretch.
    BothWays,
    /// The same within a share of the largest value, looking only so far ahead.
    BothWaysWithin(f64),
}

/// Below lies what sums of F64 carry, above what no longer is a filter.
const TOLERANCES: std::ops::RangeInclusive<f64> = 1e-10..=1e-2;

impl Direction {
    /// As ZEROPHASE and TOL ask for.
    pub fn asked(b: &Builder, zero_phase: bool, tolerance: Option<f64>) -> Result<Direction> {
        match (zero_phase, tolerance) {
            (false, None) => Ok(Direction::Causal),
            (true, None) => Ok(Direction::BothWays),
            (true, Some(tolerance)) if TOLERANCES.contains(&tolerance) => {
                Ok(Direction::BothWaysWithin(tolerance))
            }
            (true, Some(tolerance)) => {
                let (least, most) = (TOLERANCES.start(), TOLERANCES.end());
                Err(b
                    .diag(format!("needs a TOL of {least:e} to {most:e}, not {tolerance}"))
                    .help("1e-6 is usual"))
            }
            (false, Some(_)) => Err(b
                .diag("takes TOL only beside ZEROPHASE: a causal filter is exact and streams")
                .help("write ZEROPHASE TOL=1e-6, or leave TOL out")),
        }
    }
}

/// Filters along time, causally or in both directions.
pub fn apply(b: &mut Builder, x: NodeId, sos: &Sos, direction: Direction) -> Result<NodeId> {
    match direction {
        Direction::Causal => causal(b, x, sos),
        Direction::BothWays => zero_phase(b, x, sos),
        Direction::BothWaysWithin(tolerance) => zero_phase_within(b, x, sos, tolerance),
    }
}

/// Filters along time with zero initial state, after checking that F64 carries the coefficients.
pub fn causal(b: &mut Builder, x: NodeId, sos: &Sos) -> Result<NodeId> {
    sos.check().map_err(|diag| of_step(b, diag))?;
    b.real(x)?;
    let structure = sos.specialise();
    let sections: Vec<Section> = structure.sections.iter().map(|s| Section { b: s.b, a: s.a }).collect();
    b.biquads(x, structure.gain, &sections)
}

/// A design's complaint, told as the step's.
pub fn of_step(b: &Builder, diag: Diag) -> Diag {
    let told = b.diag(format!("cannot be designed: {}", diag.message));
    match diag.help {
        Some(help) => told.help(help),
        None => told,
    }
}

fn check_corners(b: &Builder, band: Band, fs: f64) -> Result<()> {
    let nyquist = 0.5 * fs;
    let (corners, form) = match band {
        Band::Low(f) | Band::High(f) => ([f, f], "0 < corner"),
        Band::Pass(low, high) | Band::Stop(low, high) => ([low, high], "0 < low < high"),
    };
    let [low, high] = corners;
    let ordered = low < high || matches!(band, Band::Low(_) | Band::High(_));
    if low > 0.0 && high < nyquist && ordered {
        return Ok(());
    }
    let given = if form.contains("low") { format!("{low} Hz and {high} Hz") } else { format!("{low} Hz") };
    let message = format!("needs {form} < {nyquist} Hz, the Nyquist frequency at {fs} Hz, not {given}");
    Err(b.diag(message).help(if high >= nyquist || high.is_nan() {
        format!("the largest possible value lies just below {nyquist} Hz, for example {} Hz", 0.9 * nyquist)
    } else if low > high && high > 0.0 {
        format!("write {high} {low}")
    } else {
        "choose corners above 0 that differ".to_string()
    }))
}
