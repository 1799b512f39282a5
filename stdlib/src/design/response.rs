//! The magnitude of a filter's frequency response, for plots, documents and tests.

use std::f64::consts::PI;

use super::sos::Sos;

/// |H| at each of `frequencies` (Hz) for sampling rate `fs` (Hz): the absolute value of SciPy's `sosfreqz`.
///
/// Polynomials are expanded about z = 1 below a quarter of the sampling rate and about z = −1 above it, so a
/// stop band 200 dB down and a corner at 1e-5 of the rate keep their digits.
pub fn sosfreqz(sos: &Sos, frequencies: &[f64], fs: f64) -> Vec<f64> {
    frequencies
        .iter()
        .map(|&f| {
            let angle = Angle::new(f, fs);
            sos.sections()
                .iter()
                .map(|&[b0, b1, b2, a0, a1, a2]| angle.magnitude(b0, b1, b2) / angle.magnitude(a0, a1, a2))
                .product()
        })
        .collect()
}

/// A point of the unit circle, as seen from the nearer of z = 1 and z = −1.
pub(super) struct Angle {
    /// +1 where the nearer real point of the unit circle is z = 1, −1 where it is z = −1.
    side: f64,
    /// Sine of half the angle to that point.
    half_sin: f64,
    /// Sine of the angle.
    sin: f64,
}

impl Angle {
    pub(super) fn new(f: f64, fs: f64) -> Angle {
        let from_dc = f / fs;
        let from_nyquist = (0.5 * fs - f) / fs;
        let (side, turn) = if from_dc.abs() <= 0.25 { (1.0, from_dc) } else { (-1.0, from_nyquist) };
        Angle { side, half_sin: (PI * turn).sin(), sin: (2.0 * PI * turn).sin() }
    }

    /// |c0 z + c1 + c2/z| with cos ω = side·(1 − 2 sin²(half angle)).
    pub(super) fn magnitude(&self, c0: f64, c1: f64, c2: f64) -> f64 {
        let at_point = (c0 + self.side * c1) + c2;
        let re = at_point - 2.0 * (c0 + c2) * self.half_sin * self.half_sin;
        re.hypot((c0 - c2) * self.sin)
    }
}
