//! A designed filter: second-order sections in f64, and the check that f64 can carry it.

use dasc_ir::{Diag, Result};

/// Second-order sections `[b0 b1 b2 1 a1 a2]`, applied in order: the layout of SciPy's `output="sos"`.
#[derive(Clone, Debug, PartialEq)]
pub struct Sos {
    sections: Vec<[f64; 6]>,
    pole_shift: f64,
}

/// Poles at or beyond this distance from the unit circle count as unstable after rounding.
const POLE_MARGIN: f64 = 1e-12;

/// Rounded coefficients may move a pole by this share of its distance from the unit circle: 0.001 dB at a corner.
const LARGEST_SHIFT: f64 = 1e-4;

impl Sos {
    /// Sections from elsewhere, each `[b0 b1 b2 a0 a1 a2]`; they are divided by `a0`.
    /// Refuses none at all, values that are not finite and a leading coefficient of 0.
    pub fn new(sections: Vec<[f64; 6]>) -> Result<Sos> {
        if sections.is_empty() {
            return Err(Diag::usage("a filter needs at least one second-order section"));
        }
        let mut normal = sections;
        for (i, section) in normal.iter_mut().enumerate() {
            let a0 = section[3];
            section.iter_mut().for_each(|c| *c /= a0);
            if !section.iter().all(|c| c.is_finite()) {
                return Err(Diag::usage(format!(
                    "section {i} of the filter has a coefficient that is not finite"
                ))
                .help("each section is b0 b1 b2 a0 a1 a2 with a0 other than 0"));
            }
        }
        Ok(Sos { sections: normal, pole_shift: 0.0 })
    }

    /// Sections of our own designs with the relative shift that rounding gave their poles.
    pub(super) fn designed(sections: Vec<[f64; 6]>, pole_shift: f64) -> Sos {
        Sos { sections, pole_shift }
    }

    /// The sections in the order in which they are applied.
    pub fn sections(&self) -> &[[f64; 6]] {
        &self.sections
    }

    /// The largest magnitude of a pole of the coefficients as rounded to f64.
    pub fn largest_pole(&self) -> f64 {
        self.sections.iter().map(|&[.., a1, a2]| largest_root(a1, a2)).fold(0.0, f64::max)
    }

    /// A bound on how far rounding moved any pole, as a share of its distance from the unit circle: roughly the
    /// relative error of the response at that pole. 0 where the sections were given.
    pub fn pole_shift(&self) -> f64 {
        self.pole_shift
    }

    /// Refuses a filter that f64 cannot run: a pole of magnitude 1 − 1e-12 or more, coefficients that are not
    /// finite, or poles that rounding moves by more than 1e-4 of their distance from the unit circle.
    pub fn check(&self) -> Result<()> {
        if !self.sections.iter().flatten().all(|c| c.is_finite()) {
            return Err(Diag::usage("this filter's coefficients overflow f64")
                .help("choose a lower order or a wider band"));
        }
        let pole = self.largest_pole();
        if pole >= 1.0 - POLE_MARGIN {
            return Err(Diag::usage(format!(
                "this filter is not stable in f64: its largest pole is 1 − {:.1e}, and it must lie below 1 − {POLE_MARGIN:.0e}",
                1.0 - pole
            ))
            .help(remedy(f64::INFINITY)));
        }
        if self.pole_shift > LARGEST_SHIFT {
            return Err(Diag::usage(format!(
                "rounding to f64 moves this filter's poles by {:.0e} of their distance from the unit circle, and at most {LARGEST_SHIFT:.0e} is allowed",
                self.pole_shift
            ))
            .help(remedy(self.pole_shift)));
        }
        Ok(())
    }
}

/// The shift grows with the square of the sampling rate over the corner, so decimating by its root cures it.
fn remedy(shift: f64) -> String {
    let factor = (shift / LARGEST_SHIFT).sqrt().ceil();
    if factor.is_finite() && factor < 1e6 {
        format!("raise the lower corner about {factor} times, or DECIMATE {factor} first")
    } else {
        "move the corners away from 0 and the Nyquist frequency, lower the order, or DECIMATE first"
            .to_string()
    }
}

/// The larger magnitude of the roots of `z² + a1 z + a2`; the fused product keeps close roots apart.
pub(super) fn largest_root(a1: f64, a2: f64) -> f64 {
    let discriminant = a1.mul_add(a1, -4.0 * a2);
    if discriminant < 0.0 { a2.sqrt() } else { 0.5 * (a1.abs() + discriminant.sqrt()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::design::{Band, butter};

    #[test]
    fn poles_of_known_polynomials() {
        // (z − 0.5)(z + 0.9) and (z − 0.6 ± 0.3i), by hand.
        let sos = Sos::new(vec![[1.0, 0.0, 0.0, 1.0, 0.4, -0.45]]).unwrap();
        assert!((sos.largest_pole() - 0.9).abs() < 1e-15);
        let sos = Sos::new(vec![[1.0, 0.0, 0.0, 2.0, -2.4, 0.9]]).unwrap();
        assert!((sos.largest_pole() - 0.45_f64.sqrt()).abs() < 1e-15);
    }

    #[test]
    fn an_integrator_is_refused() {
        let integrator = Sos::new(vec![[1.0, 0.0, 0.0, 1.0, -1.0, 0.0]]).unwrap();
        let refused = integrator.check().unwrap_err();
        assert!(refused.message.contains("largest pole"), "{refused}");
        assert!(Sos::new(vec![[1.0, 0.0, 0.0, 0.0, 0.0, 0.0]]).is_err());
        assert!(Sos::new(Vec::new()).is_err());
    }

    #[test]
    fn corners_too_low_for_f64_are_refused_with_a_factor() {
        butter(4, Band::Pass(0.01, 0.1), 1000.0).unwrap().check().unwrap();
        let refused = butter(4, Band::Pass(1e-5, 1e-4), 1000.0).unwrap().check().unwrap_err();
        assert!(refused.help.as_deref().is_some_and(|h| h.contains("DECIMATE")), "{refused}");
        assert!(butter(2, Band::Low(1e-12), 1000.0).unwrap().check().is_err());
    }
}
