//! Analog low-pass prototypes with their corner at 1 rad/s: `buttap`, `cheb1ap`, `cheb2ap` of `scipy.signal`.
//! `elliptic.rs` and `bessel_poles.rs` hold the two that need tables or special functions.

use std::f64::consts::PI;

use super::complex::{Complex, ONE, complex, product};
use super::transform::Zpk;

/// Poles evenly on the left half of the unit circle.
pub(super) fn butterworth(order: u32) -> Zpk {
    let poles = angles(order).map(|t| complex(-t.cos(), -t.sin())).collect();
    Zpk { zeros: Vec::new(), poles, gain: 1.0 }
}

/// Equal ripple of `ripple_db` in the pass band.
pub(super) fn chebyshev1(order: u32, ripple_db: f64) -> Zpk {
    let eps = power_above_one(ripple_db).sqrt();
    let mu = (1.0 / eps).asinh() / f64::from(order);
    let poles: Vec<Complex> =
        angles(order).map(|t| complex(-mu.sinh() * t.cos(), -mu.cosh() * t.sin())).collect();
    let mut gain = product(poles.iter().map(|p| -*p)).re;
    if order.is_multiple_of(2) {
        gain /= (1.0 + eps * eps).sqrt();
    }
    Zpk { zeros: Vec::new(), poles, gain }
}

/// Equal ripple `attenuation_db` below the pass band in the stop band, which begins at 1 rad/s.
pub(super) fn chebyshev2(order: u32, attenuation_db: f64) -> Zpk {
    let mu = power_above_one(attenuation_db).sqrt().asinh() / f64::from(order);
    let zeros: Vec<Complex> =
        angles(order).filter(|t| *t != 0.0).map(|t| complex(0.0, 1.0 / t.sin())).collect();
    let poles: Vec<Complex> =
        angles(order).map(|t| -ONE / complex(mu.sinh() * t.cos(), mu.cosh() * t.sin())).collect();
    let gain = (product(poles.iter().map(|p| -*p)) / product(zeros.iter().map(|z| -*z))).re;
    Zpk { zeros, poles, gain }
}

/// 10^(dB/10) − 1 without cancellation for small ripples.
pub(super) fn power_above_one(db: f64) -> f64 {
    (std::f64::consts::LN_10 * 0.1 * db).exp_m1()
}

/// The angles πm/2n for m = −n+1, −n+3, … n−1, symmetric about an exact 0.
fn angles(order: u32) -> impl Iterator<Item = f64> {
    let n = f64::from(order);
    (0..order).map(move |i| PI * (2.0 * f64::from(i) - (n - 1.0)) / (2.0 * n))
}
