//! Zeros and poles to second-order sections: `scipy.signal.zpk2sos` with `pairing="nearest"`.
//!
//! The pole nearest the unit circle takes the zeros nearest to it and comes last, so that no section
//! amplifies much before the last one. The gain sits in the first section.

use dasc_ir::{Diag, Result};

use super::complex::{Complex, ZERO, real};
use super::sos::Sos;
use super::transform::Zpk;

/// Relative distance up to which two values count as conjugates, and a value as real.
const TOLERANCE: f64 = 100.0 * f64::EPSILON;

/// Sections in SciPy's order, from as many zeros as poles.
pub(super) fn sections(zpk: Zpk) -> Result<Sos> {
    let Zpk { mut zeros, mut poles, gain } = zpk;
    let finite = |v: &[Complex]| v.iter().all(|c| c.re.is_finite() && c.im.is_finite());
    if !(finite(&zeros) && finite(&poles) && gain.is_finite()) {
        return Err(beyond_f64("its poles and gain overflow"));
    }
    let mut len = poles.len().max(zeros.len());
    len += len % 2;
    poles.resize(len, ZERO);
    zeros.resize(len, ZERO);
    let (mut zeros, mut poles) = (upper_half(zeros)?, upper_half(poles)?);

    let mut sections = Vec::new();
    let mut shift: f64 = 0.0;
    while let Some((z, p)) = next_section(&mut zeros, &mut poles) {
        let section = [1.0, -(z[0] + z[1]).re, (z[0] * z[1]).re, 1.0, -(p[0] + p[1]).re, (p[0] * p[1]).re];
        shift = shift.max(pole_shift(p, section));
        sections.push(section);
    }
    sections.reverse();
    if let Some([b0, b1, b2, ..]) = sections.first_mut() {
        *b0 *= gain;
        *b1 *= gain;
        *b2 *= gain;
    }
    Ok(Sos::designed(sections, shift))
}

/// One of each conjugate pair (imaginary part above 0) by real part, then the real values.
fn upper_half(mut values: Vec<Complex>) -> Result<Vec<Complex>> {
    values.sort_by(|a, b| a.re.total_cmp(&b.re).then(a.im.abs().total_cmp(&b.im.abs())));
    let (reals, pairs): (Vec<Complex>, Vec<Complex>) =
        values.into_iter().partition(|v| v.im.abs() <= TOLERANCE * v.abs());
    let half = |sign: f64| {
        let mut half: Vec<Complex> = pairs.iter().copied().filter(|v| v.im * sign > 0.0).collect();
        sort_runs(&mut half);
        half
    };
    let (above, below) = (half(1.0), half(-1.0));
    let matched = above.len() == below.len()
        && above.iter().zip(&below).all(|(a, b)| (*a - b.conj()).abs() <= TOLERANCE * b.abs());
    if !matched {
        return Err(beyond_f64("rounding breaks the symmetry of its poles"));
    }
    let mut out: Vec<Complex> = above.iter().zip(&below).map(|(a, b)| (*a + b.conj()).scale(0.5)).collect();
    out.extend(reals.iter().map(|v| real(v.re)));
    Ok(out)
}

fn beyond_f64(why: &str) -> Diag {
    Diag::usage(format!("this filter cannot be designed in f64: {why}"))
        .help("choose a lower order or corners further from 0 and from the Nyquist frequency")
}

/// Sorts runs of (nearly) equal real part by imaginary part, so that both halves line up.
fn sort_runs(values: &mut [Complex]) {
    for run in values.chunk_by_mut(|a, b| b.re - a.re <= TOLERANCE * a.abs()) {
        run.sort_by(|a, b| a.im.abs().total_cmp(&b.im.abs()));
    }
}

/// Takes the pole nearest the unit circle, its partner and their zeros; `None` once all poles are used.
fn next_section(zeros: &mut Vec<Complex>, poles: &mut Vec<Complex>) -> Option<([Complex; 2], [Complex; 2])> {
    let p1 = take_nearest(poles, |p| (1.0 - p.abs()).abs(), |_| true)?;
    let real_poles = poles.iter().filter(|p| p.is_real()).count();
    let real_zeros = zeros.iter().filter(|z| z.is_real()).count();
    let distance = |z: Complex| (z - p1).abs();

    if p1.is_real() && real_poles == 0 {
        let z1 = take_nearest(zeros, distance, Complex::is_real)?;
        return Some(([z1, ZERO], [p1, ZERO]));
    }
    let keeps_real_zero =
        poles.len() + 1 == zeros.len() && !p1.is_real() && real_poles == 1 && real_zeros == 1;
    if keeps_real_zero {
        let z1 = take_nearest(zeros, distance, |z| !z.is_real())?;
        return Some(([z1, z1.conj()], [p1, p1.conj()]));
    }
    let p2 = match p1.is_real() {
        true => take_nearest(poles, |p| (1.0 - p.abs()).abs(), Complex::is_real)?,
        false => p1.conj(),
    };
    let z1 = take_nearest(zeros, distance, |_| true)?;
    let z2 = match z1.is_real() {
        true => take_nearest(zeros, distance, Complex::is_real)?,
        false => z1.conj(),
    };
    Some(([z1, z2], [p1, p2]))
}

/// Removes the first value of least `distance` among those `wanted`.
fn take_nearest(
    values: &mut Vec<Complex>,
    distance: impl Fn(Complex) -> f64,
    wanted: impl Fn(Complex) -> bool,
) -> Option<Complex> {
    let candidates = values.iter().enumerate().filter(|(_, v)| wanted(**v));
    let (at, _) = candidates.min_by(|(_, a), (_, b)| distance(**a).total_cmp(&distance(**b)))?;
    Some(values.remove(at))
}

/// How far rounding the section's denominator moved its poles, relative to their distance from the unit circle.
/// A pole p of `z² + a1 z + a2` moves by (δa1·p + δa2) / (p − other pole).
fn pole_shift(p: [Complex; 2], section: [f64; 6]) -> f64 {
    let [.., a1, a2] = section;
    let rounding = 0.5 * f64::EPSILON * (a1.abs().max(a2.abs()) + a2.abs());
    let margin = p.iter().map(|p| 1.0 - p.abs()).fold(f64::INFINITY, f64::min);
    let apart = (p[0] - p[1]).abs().max(rounding.sqrt());
    if rounding == 0.0 { 0.0 } else { rounding / (apart * margin.max(0.0)) }
}
