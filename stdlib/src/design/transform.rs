//! Zeros, poles and gain, and how an analog low-pass prototype becomes a digital filter.
//!
//! The frequency transformations and the bilinear transform of `scipy.signal` (`lp2lp_zpk` … `bilinear_zpk`), with
//! two changes that only remove cancellation: the bandwidth is formed from the difference of the corners, and the
//! smaller root of each quadratic from the product of both.

use std::f64::consts::PI;

use super::complex::{Complex, ONE, ZERO, complex, product, real};
use super::iir::Band;

/// A transfer function `gain · Π(s − zero) / Π(s − pole)`.
#[derive(Clone, Debug)]
pub(super) struct Zpk {
    pub zeros: Vec<Complex>,
    pub poles: Vec<Complex>,
    pub gain: f64,
}

/// Twice the sampling rate of the bilinear transform; only its ratio to the warped corners matters.
const TWO_FS: f64 = 4.0;

/// Turns a low-pass prototype with its corner at 1 rad/s into the digital filter for `band`.
/// The band has been checked: `0 < low < high < fs/2`.
pub(super) fn digital(prototype: Zpk, band: Band, fs: f64) -> Zpk {
    let analog = match band {
        Band::Low(f) => low_pass(prototype, warp(f, fs)),
        Band::High(f) => high_pass(prototype, warp(f, fs)),
        Band::Pass(low, high) => {
            let (centre, width) = centre_and_width(low, high, fs);
            band_pass(prototype, centre, width)
        }
        Band::Stop(low, high) => {
            let (centre, width) = centre_and_width(low, high, fs);
            band_stop(prototype, centre, width)
        }
    };
    bilinear(analog)
}

/// sin(πf/fs) and cos(πf/fs); the cosine keeps its digits up to the Nyquist frequency.
fn half_angle(f: f64, fs: f64) -> (f64, f64) {
    ((PI * (f / fs)).sin(), (PI * ((0.5 * fs - f) / fs)).sin())
}

fn warp(f: f64, fs: f64) -> f64 {
    let (sin, cos) = half_angle(f, fs);
    TWO_FS * (sin / cos)
}

/// tan b − tan a = sin(b − a) / (cos a · cos b), so a narrow band keeps its width's digits.
fn centre_and_width(low: f64, high: f64, fs: f64) -> (f64, f64) {
    let (_, cos_low) = half_angle(low, fs);
    let (_, cos_high) = half_angle(high, fs);
    let width = TWO_FS * (PI * ((high - low) / fs)).sin() / (cos_low * cos_high);
    ((warp(low, fs) * warp(high, fs)).sqrt(), width)
}

/// How many zeros lie at infinity; prototypes never have more zeros than poles.
fn excess(zpk: &Zpk) -> usize {
    zpk.poles.len().saturating_sub(zpk.zeros.len())
}

/// `base` to the power of a filter's order, which is small.
fn power(base: f64, exponent: usize) -> f64 {
    (0..exponent).fold(1.0, |acc, _| acc * base)
}

fn low_pass(p: Zpk, corner: f64) -> Zpk {
    let gain = p.gain * power(corner, excess(&p));
    let scaled = |v: &[Complex]| v.iter().map(|x| x.scale(corner)).collect();
    Zpk { zeros: scaled(&p.zeros), poles: scaled(&p.poles), gain }
}

fn high_pass(p: Zpk, corner: f64) -> Zpk {
    let gain = p.gain * negated_ratio(&p);
    let mut zeros: Vec<Complex> = p.zeros.iter().map(|z| real(corner) / *z).collect();
    zeros.resize(p.poles.len(), ZERO);
    Zpk { zeros, poles: p.poles.iter().map(|x| real(corner) / *x).collect(), gain }
}

fn band_pass(p: Zpk, centre: f64, width: f64) -> Zpk {
    let gain = p.gain * power(width, excess(&p));
    let at_origin = excess(&p);
    let half = 0.5 * width;
    let split_all = |v: &[Complex]| v.iter().flat_map(|x| split(x.scale(half), centre)).collect();
    let mut zeros: Vec<Complex> = split_all(&p.zeros);
    zeros.resize(zeros.len().saturating_add(at_origin), ZERO);
    Zpk { zeros, poles: split_all(&p.poles), gain }
}

fn band_stop(p: Zpk, centre: f64, width: f64) -> Zpk {
    let gain = p.gain * negated_ratio(&p);
    let at_centre = excess(&p);
    let half = real(0.5 * width);
    let split_all = |v: &[Complex]| v.iter().flat_map(|x| split(half / *x, centre)).collect();
    let mut zeros: Vec<Complex> = split_all(&p.zeros);
    for _ in 0..at_centre {
        zeros.extend([complex(0.0, centre), complex(0.0, -centre)]);
    }
    Zpk { zeros, poles: split_all(&p.poles), gain }
}

/// Π(−zero) / Π(−pole), the prototype's gain at zero frequency without its factor.
fn negated_ratio(p: &Zpk) -> f64 {
    (product(p.zeros.iter().map(|z| -*z)) / product(p.poles.iter().map(|x| -*x))).re
}

/// The roots of `s² − 2·x·s + centre²`.
fn split(x: Complex, centre: f64) -> [Complex; 2] {
    let root = (x.square() - real(centre * centre)).sqrt();
    let (plus, minus) = (x + root, x - root);
    // Roots that are conjugate to each other stay so to the last bit; others have their smaller one from the product.
    if x.is_real() && root.re == 0.0 {
        return [plus, minus];
    }
    let product = real(centre * centre);
    if plus.abs() >= minus.abs() { [plus, product / plus] } else { [product / minus, minus] }
}

fn bilinear(p: Zpk) -> Zpk {
    let two_fs = real(TWO_FS);
    let at_nyquist = excess(&p);
    let gain = p.gain
        * (product(p.zeros.iter().map(|z| two_fs - *z)) / product(p.poles.iter().map(|x| two_fs - *x))).re;
    let map = |x: &Complex| (two_fs + *x) / (two_fs - *x);
    let mut zeros: Vec<Complex> = p.zeros.iter().map(map).collect();
    zeros.resize(zeros.len().saturating_add(at_nyquist), -ONE);
    Zpk { zeros, poles: p.poles.iter().map(map).collect(), gain }
}
