//! What is exactly true of a filter's coefficients, so that no code multiplies by 0, 1 or −1.
//!
//! Butterworth, Chebyshev I and Bessel filters have all zeros at z = 1 and z = −1. Zeros may be exchanged between
//! sections without changing the filter, so a band-pass becomes one gain and numerators (1, 0, −1) throughout.
//! Exchanging is safe only if the sections are ordered anew: in SciPy's order a wide band of high order then loses
//! every digit (`BANDPASS 0.5 499 ORDER=12` at 1 kHz is off by a factor of 800).

use std::f64::consts::TAU;

use super::response::Angle;
use super::sos::Sos;

/// Exchanged zeros are refused where rounding between the sections could reach this share of the output.
const LARGEST_NOISE: f64 = 1e-9;

/// A filter as one gain, applied first, and sections whose numerators start with 1.
#[derive(Clone, Debug, PartialEq)]
pub struct Structure {
    pub gain: f64,
    pub sections: Vec<StructuredSection>,
    /// Whether this is the same transfer function in exact arithmetic; otherwise the numerators were divided by
    /// their first coefficient, which costs at most one rounding each.
    pub exact: bool,
}

/// `(b0 + b1/z + b2/z²) / (1 + a1/z + a2/z²)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StructuredSection {
    pub b: [f64; 3],
    /// `[a1, a2]`; `a2` is exactly 0 in a first-order section.
    pub a: [f64; 2],
}

impl Sos {
    /// Separates the gain and, where zeros are exactly 1 and −1, gives every section one of each: (1, 0, −1).
    /// Sections with poles of low and of high frequency then alternate, which keeps the signal between them in
    /// scale; where that is not enough (0.1 to 499.9 Hz at 1 kHz), sections and numerators stay SciPy's.
    /// Filters with only one kind of zero keep their order, and numerators (1, 2, 1), (1, −2, 1), (1, ±1, 0).
    pub fn specialise(&self) -> Structure {
        let numerators: Option<Vec<RealZeros>> =
            self.sections().iter().map(|&[b0, b1, b2, ..]| RealZeros::of(b0, b1, b2)).collect();
        let Some(numerators) = numerators else { return self.divided() };
        let gain = self.sections().iter().map(|s| s[0]).product();
        let kept = |numerators: &[RealZeros]| {
            let rows = numerators.iter().zip(self.sections());
            rows.map(|(zeros, &[.., a1, a2])| StructuredSection { b: zeros.numerator(), a: [a1, a2] })
                .collect()
        };
        let plus: usize = numerators.iter().map(|n| n.plus).sum();
        let minus: usize = numerators.iter().map(|n| n.minus).sum();
        if plus == minus && plus == numerators.len() {
            let mut sections: Vec<StructuredSection> = kept(&vec![RealZeros { plus: 1, minus: 1 }; plus]);
            alternate(&mut sections);
            if rounding_noise(&sections) <= LARGEST_NOISE {
                return Structure { gain, sections, exact: true };
            }
        }
        Structure { gain, sections: kept(&numerators), exact: true }
    }

    fn divided(&self) -> Structure {
        let mut gain = 1.0;
        let mut exact = true;
        let sections = self
            .sections()
            .iter()
            .map(|&[b0, b1, b2, _, a1, a2]| {
                if b0 == 0.0 {
                    return StructuredSection { b: [b0, b1, b2], a: [a1, a2] };
                }
                exact &= b0 == 1.0;
                gain *= b0;
                StructuredSection { b: [1.0, b1 / b0, b2 / b0], a: [a1, a2] }
            })
            .collect();
        Structure { gain, sections, exact }
    }
}

/// How many zeros a numerator has at z = 1 and at z = −1.
#[derive(Clone, Copy)]
struct RealZeros {
    plus: usize,
    minus: usize,
}

impl RealZeros {
    /// `None` where a zero lies anywhere else. The comparisons are exact: scaling by 2 and by −1 rounds nothing.
    fn of(b0: f64, b1: f64, b2: f64) -> Option<RealZeros> {
        if b0 == 0.0 || !b0.is_finite() {
            return None;
        }
        let shapes = [(0, 0), (1, 0), (0, 1), (1, 1), (2, 0), (0, 2)];
        shapes.into_iter().map(|(plus, minus)| RealZeros { plus, minus }).find(|zeros| {
            let [_, n1, n2] = zeros.numerator();
            b1 == n1 * b0 && b2 == n2 * b0
        })
    }

    fn numerator(&self) -> [f64; 3] {
        match (self.plus, self.minus) {
            (1, 1) => [1.0, 0.0, -1.0],
            (2, _) => [1.0, -2.0, 1.0],
            (_, 2) => [1.0, 2.0, 1.0],
            (1, _) => [1.0, -1.0, 0.0],
            (_, 1) => [1.0, 1.0, 0.0],
            _ => [1.0, 0.0, 0.0],
        }
    }
}

impl StructuredSection {
    /// Cosine of the poles' angle, their frequency falling from 1 to −1; beyond these for two real poles.
    fn pole_cosine(&self) -> f64 {
        -0.5 * self.a[0] / self.a[1].abs().sqrt()
    }
}

/// Orders sections by the frequency of their poles, from the middle outwards: lowest and highest come last.
/// The integrating sections of a band's lower edge and the differentiating ones of its upper edge so alternate.
fn alternate(sections: &mut Vec<StructuredSection>) {
    sections.sort_by(|a, b| b.pole_cosine().total_cmp(&a.pole_cosine()));
    let mut rest = std::collections::VecDeque::from(std::mem::take(sections));
    while let Some(low) = rest.pop_front() {
        sections.extend(rest.pop_back());
        sections.push(low);
    }
    sections.reverse();
}

/// Rounding after each section, as a share of the filter's largest response: the largest gain up to there times
/// the largest gain from there on. Signals of any spectrum stay below it, apart from noise within a section.
fn rounding_noise(sections: &[StructuredSection]) -> f64 {
    let octaves = (0..200).map(|i| 0.25 * 10_f64.powf(-7.0 * f64::from(i) / 200.0));
    let mut frequencies: Vec<f64> = octaves.flat_map(|f| [f, 0.5 - f]).collect();
    frequencies.extend(sections.iter().map(|s| s.pole_cosine().clamp(-1.0, 1.0).acos() / TAU));
    let mut ahead = vec![0.0_f64; sections.len()];
    let mut behind = vec![1.0_f64; sections.len()];
    for f in frequencies {
        let angle = Angle::new(f, 1.0);
        let gains: Vec<f64> = sections
            .iter()
            .map(|&StructuredSection { b: [b0, b1, b2], a: [a1, a2] }| {
                angle.magnitude(b0, b1, b2) / angle.magnitude(1.0, a1, a2)
            })
            .collect();
        let mut product = 1.0;
        for (gain, most) in gains.iter().zip(&mut ahead) {
            product *= gain;
            *most = most.max(product);
        }
        product = 1.0;
        for (gain, most) in gains.iter().zip(&mut behind).rev() {
            *most = most.max(product);
            product *= gain;
        }
    }
    let whole = ahead.last().copied().unwrap_or(1.0);
    ahead.iter().zip(&behind).map(|(a, b)| a * b).sum::<f64>() / whole * f64::EPSILON
}

#[cfg(test)]
mod tests {
    use super::StructuredSection;
    use crate::design::{Band, Sos, butter, iirnotch};

    fn numerators(sos: &Sos) -> Vec<[f64; 3]> {
        sos.specialise().sections.iter().map(|s| s.b).collect()
    }

    #[test]
    fn a_band_pass_has_one_zero_of_each_kind_a_section() {
        for order in 1..=12 {
            let sos = butter(order, Band::Pass(10.0, 200.0), 1000.0).unwrap();
            let special = sos.specialise();
            assert!(special.exact);
            assert_eq!(numerators(&sos), vec![[1.0, 0.0, -1.0]; order as usize]);
            assert_eq!(special.gain, sos.sections()[0][0]);
        }
    }

    #[test]
    fn zeros_stay_where_exchanging_them_would_lose_digits() {
        let widest = butter(2, Band::Pass(0.1, 499.9), 1000.0).unwrap();
        assert!(numerators(&widest).contains(&[1.0, -2.0, 1.0]));
    }

    /// Transposed direct form II, as SciPy's sosfilt.
    fn run(gain: f64, sections: &[StructuredSection], x: &[f64]) -> Vec<f64> {
        let mut y: Vec<f64> = x.iter().map(|v| v * gain).collect();
        for s in sections {
            let (mut z0, mut z1) = (0.0, 0.0);
            for v in &mut y {
                let out = s.b[0] * *v + z0;
                z0 = s.b[1] * *v - s.a[0] * out + z1;
                z1 = s.b[2] * *v - s.a[1] * out;
                *v = out;
            }
        }
        y
    }

    /// Without the new order of sections the widest band differs by a factor of 800, at order 6 by 1e-7.
    #[test]
    fn the_new_form_filters_like_the_old_one() {
        let mut state = 1_u32;
        let noise = std::iter::repeat_with(|| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            f64::from(state) / f64::from(u32::MAX) - 0.5
        });
        let x: Vec<f64> = noise.take(3000).collect();
        for (low, high) in
            [(0.5, 499.0), (0.1, 50.0), (10.0, 200.0), (450.0, 499.5), (0.01, 0.1), (0.1, 499.9)]
        {
            for order in 1..=12 {
                let sos = butter(order, Band::Pass(low, high), 1000.0).unwrap();
                let plain =
                    |&[b0, b1, b2, _, a1, a2]: &[f64; 6]| StructuredSection { b: [b0, b1, b2], a: [a1, a2] };
                let old = run(1.0, &sos.sections().iter().map(plain).collect::<Vec<_>>(), &x);
                let special = sos.specialise();
                let new = run(special.gain, &special.sections, &x);
                let energy: f64 = old.iter().map(|v| v * v).sum();
                let error: f64 = old.iter().zip(&new).map(|(o, n)| (o - n) * (o - n)).sum();
                let relative = (error / energy).sqrt();
                assert!(relative < 2e-9, "{low}..{high} order {order}: {relative:.1e}");
            }
        }
    }

    #[test]
    fn low_and_high_pass_keep_double_zeros_and_the_odd_first_order_section() {
        let low = butter(5, Band::Low(40.0), 1000.0).unwrap();
        let high = butter(4, Band::High(40.0), 1000.0).unwrap();
        let mut found = numerators(&low);
        found.sort_by(|a, b| a[2].total_cmp(&b[2]));
        assert_eq!(found, [[1.0, 1.0, 0.0], [1.0, 2.0, 1.0], [1.0, 2.0, 1.0]]);
        assert_eq!(numerators(&high), [[1.0, -2.0, 1.0]; 2]);
    }

    #[test]
    fn other_numerators_are_divided_by_their_gain() {
        let notch = iirnotch(50.0, 30.0, 1000.0).unwrap();
        let special = notch.specialise();
        let [b0, b1, b2, ..] = notch.sections()[0];
        assert_eq!((special.gain, special.exact), (b0, false));
        assert_eq!(special.sections[0].b, [1.0, b1 / b0, b2 / b0]);
    }
}
