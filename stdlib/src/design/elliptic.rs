//! The elliptic (Cauer) prototype: `scipy.signal.ellipap`, after Orfanidis, Lecture Notes on Elliptic Filter Design.
//!
//! Complete integrals by the arithmetic-geometric mean, Jacobi functions by its backward recursion, the degree
//! equation by nomes.

use std::f64::consts::{FRAC_PI_2, PI};

use dasc_ir::{Diag, Result};

use super::complex::{Complex, complex, product, real};
use super::prototype::power_above_one;
use super::transform::Zpk;

/// Terms of the theta series of the degree equation; the nome is small, so they fall fast.
const NOME_TERMS: i32 = 8;

/// Quadratic convergence: far fewer steps reach the last bit.
const MOST_STEPS: usize = 16;

/// Low-pass of ripple `ripple_db` up to 1 rad/s and at least `attenuation_db` in the stop band.
pub(super) fn prototype(order: u32, ripple_db: f64, attenuation_db: f64) -> Result<Zpk> {
    let eps_squared = power_above_one(ripple_db);
    if order == 1 {
        let pole = -(1.0 / eps_squared).sqrt();
        return Ok(Zpk { zeros: Vec::new(), poles: vec![real(pole)], gain: -pole });
    }
    let n = f64::from(order);
    let selectivity = eps_squared / power_above_one(attenuation_db);
    let m = modulus_of_degree(n, selectivity);
    if !(m > 0.0 && m < 1.0) {
        return Err(Diag::usage(format!(
            "no elliptic filter of order {order} with a ripple of {ripple_db} dB and an attenuation of {attenuation_db} dB can be designed in f64"
        ))
        .help("lower the order or the attenuation, or raise the ripple"));
    }
    let quarter = complete_integral(m);
    let u =
        quarter * inverse_sc(1.0 / eps_squared.sqrt(), selectivity) / (n * complete_integral(selectivity));
    let (sv, cv, dv) = jacobi(u, 1.0 - m);

    let (mut zeros, mut poles): (Vec<Complex>, Vec<Complex>) = (Vec::new(), Vec::new());
    for j in (0..order).filter(|j| j % 2 != order % 2) {
        let (s, c, d) = jacobi(f64::from(j) * quarter / n, m);
        let below = 1.0 - (d * sv) * (d * sv);
        let pole = complex(-c * d * sv * cv / below, -s * dv / below);
        poles.push(pole);
        if j != 0 {
            let zero = complex(0.0, 1.0 / (m.sqrt() * s));
            zeros.extend([zero, zero.conj()]);
            poles.push(pole.conj());
        }
    }
    let mut gain = (product(poles.iter().map(|p| -*p)) / product(zeros.iter().map(|z| -*z))).re;
    if order.is_multiple_of(2) {
        gain /= (1.0 + eps_squared).sqrt();
    }
    Ok(Zpk { zeros, poles, gain })
}

/// K(m), parameter m = k².
fn complete_integral(m: f64) -> f64 {
    FRAC_PI_2 / arithmetic_geometric_mean((1.0 - m).sqrt())
}

fn arithmetic_geometric_mean(b: f64) -> f64 {
    let (mut a, mut b) = (1.0, b);
    for _ in 0..MOST_STEPS {
        (a, b) = (0.5 * (a + b), (a * b).sqrt());
    }
    a
}

/// The m for which `n·K(m1)/K(1 − m1) = …` holds between the filter's and its order's integrals.
fn modulus_of_degree(n: f64, m1: f64) -> f64 {
    let complement = FRAC_PI_2 / arithmetic_geometric_mean(m1.sqrt());
    let q = (-PI * complement / complete_integral(m1) / n).exp();
    let top: f64 = (0..NOME_TERMS).map(|i| q.powi(i * (i + 1))).sum();
    let bottom: f64 = 1.0 + 2.0 * (1..=NOME_TERMS).map(|i| q.powi(i * i)).sum::<f64>();
    16.0 * q * (top / bottom).powi(4)
}

/// sn, cn, dn of `u` with parameter `m` in (0, 1), by descending Landen steps (Abramowitz & Stegun 16.4).
fn jacobi(u: f64, m: f64) -> (f64, f64, f64) {
    let (mut a, mut b) = (1.0, (1.0 - m).sqrt());
    let mut ratios = Vec::with_capacity(MOST_STEPS);
    let mut scale = 1.0;
    let mut c = m.sqrt();
    while c > f64::EPSILON * a && ratios.len() < MOST_STEPS {
        c = 0.5 * (a - b);
        (a, b) = (0.5 * (a + b), (a * b).sqrt());
        scale *= 2.0;
        ratios.push(c / a);
    }
    let mut phi = scale * a * u;
    for ratio in ratios.iter().rev() {
        phi = 0.5 * (phi + (ratio * phi.sin()).asin());
    }
    let (sn, cn) = phi.sin_cos();
    (sn, cn, (cn * cn + (1.0 - m) * sn * sn).sqrt())
}

/// The x with sc(x, 1 − m) = w, by Landen steps on the imaginary axis.
fn inverse_sc(w: f64, m: f64) -> f64 {
    let (mut k, mut y, mut scale) = (m.sqrt(), w, 1.0);
    for _ in 0..MOST_STEPS {
        let complement = ((1.0 - k) * (1.0 + k)).sqrt();
        let next = (k / (1.0 + complement)) * (k / (1.0 + complement));
        y = 2.0 * y / ((1.0 + next) * (1.0 + (k * y).hypot(1.0)));
        scale *= 1.0 + next;
        k = next;
    }
    scale * y.asinh()
}
