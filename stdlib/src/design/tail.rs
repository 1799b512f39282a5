//! Where the impulse response of a recursive filter may be cut off, so that it runs as a finite one.

use super::structure::Structure;

/// The impulse response up to where the magnitudes of all that follows add up to at most `tolerance`: a finite filter of these
/// coefficients differs from the recursive one by no more than `tolerance` times the largest value it is given.
/// `None` where that takes more than `most` coefficients.
///
/// What follows is summed as far as it matters and bounded from there on: a filter left to itself halves the sum of its state's
/// magnitudes within a known number of samples, and gives no more than a known multiple of it until then.
pub fn impulse_response(structure: &Structure, tolerance: f64, most: usize) -> Option<Vec<f64>> {
    let furthest = FARTHEST.saturating_mul(most);
    if slowest_decay(structure, tolerance) > furthest as f64 {
        return None;
    }
    let worst = largest_release(structure, furthest)?;
    let mut cascade = Cascade::at_rest(structure);
    let mut response = Vec::new();
    // The geometric series of halves.
    let beyond = |cascade: &Cascade| 2.0 * worst * cascade.magnitude();
    let mut input = structure.gain;
    while response.is_empty() || beyond(&cascade) > NEGLIGIBLE * tolerance {
        if response.len() >= furthest {
            return None;
        }
        response.push(cascade.step(input));
        input = 0.0;
    }
    let mut after = beyond(&cascade);
    while let Some(last) = response.last() {
        if after + last.abs() > tolerance {
            break;
        }
        after += last.abs();
        response.pop();
    }
    (response.len() <= most).then_some(response)
}

/// How many times the length allowed the response is followed: states of sections may be many orders above what comes out.
const FARTHEST: usize = 4;

/// The share of the tolerance that is bounded and not summed.
const NEGLIGIBLE: f64 = 1e-3;

/// Samples in which the slowest pole decays to `tolerance`.
fn slowest_decay(structure: &Structure, tolerance: f64) -> f64 {
    let sections = structure.sections.iter();
    let pole = sections.map(|s| super::sos::largest_root(s.a[0], s.a[1])).fold(0.0, f64::max);
    if pole < 1.0 { tolerance.ln() / pole.ln() } else { f64::INFINITY }
}

/// The most that the magnitudes of what comes out of a filter left to itself add up to, until its state has halved, for a state whose
/// magnitudes add up to 1. `None` if that takes more than `most` samples.
fn largest_release(structure: &Structure, most: usize) -> Option<f64> {
    let states = 2 * structure.sections.len();
    let mut cascades: Vec<Cascade> = (0..states).map(|unit| Cascade::in_state(structure, unit)).collect();
    let mut sums = vec![0.0; states];
    let (mut done, mut until) = (0, 64);
    while done < most {
        for (cascade, sum) in cascades.iter_mut().zip(&mut sums) {
            *sum += (done..until).map(|_| cascade.step(0.0).abs()).sum::<f64>();
        }
        if cascades.iter().all(|cascade| cascade.magnitude() <= 0.5) {
            return Some(sums.into_iter().fold(0.0, f64::max));
        }
        (done, until) = (until, 2 * until);
    }
    None
}

/// The sections of a filter with their states, in transposed direct form II.
struct Cascade<'a> {
    structure: &'a Structure,
    states: Vec<[f64; 2]>,
}

impl Cascade<'_> {
    fn at_rest(structure: &Structure) -> Cascade<'_> {
        Cascade { structure, states: vec![[0.0; 2]; structure.sections.len()] }
    }

    /// All states 0 but one, which is 1.
    fn in_state(structure: &Structure, unit: usize) -> Cascade<'_> {
        let mut cascade = Cascade::at_rest(structure);
        if let Some(state) = cascade.states.iter_mut().flatten().nth(unit) {
            *state = 1.0;
        }
        cascade
    }

    fn step(&mut self, input: f64) -> f64 {
        let mut y = input;
        for (section, [s1, s2]) in self.structure.sections.iter().zip(&mut self.states) {
            let x = y;
            y = section.b[0].mul_add(x, *s1);
            *s1 = (-section.a[0]).mul_add(y, section.b[1].mul_add(x, *s2));
            *s2 = (-section.a[1]).mul_add(y, section.b[2] * x);
        }
        y
    }

    fn magnitude(&self) -> f64 {
        self.states.iter().flatten().map(|s| s.abs()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::design::{Band, bessel, butter, cheby1, cheby2, ellip, iirnotch};

    /// A one-pole filter by hand: h[k] = 0.5^k, and from k = m on they add up to 2 · 0.5^m.
    #[test]
    fn a_geometric_series_is_cut_where_it_says() {
        let sos = crate::design::Sos::new(vec![[1.0, 0.0, 0.0, 1.0, -0.5, 0.0]]).unwrap();
        let response = impulse_response(&sos.specialise(), 2.0 * 0.5_f64.powi(10) * 1.01, 100).unwrap();
        assert_eq!(response.len(), 10);
        assert!(response.iter().enumerate().all(|(k, h)| *h == 0.5_f64.powi(k as i32)));
    }

    #[test]
    fn what_is_cut_off_is_within_the_tolerance_and_no_shorter_would_be() {
        let mut designs = Vec::new();
        for order in [1, 2, 4, 7, 12] {
            for band in [Band::Low(3.0), Band::High(40.0), Band::Pass(5.0, 20.0), Band::Stop(45.0, 55.0)] {
                designs.extend([
                    butter(order, band, 1000.0),
                    cheby1(order, 0.5, band, 1000.0),
                    cheby2(order, 40.0, band, 1000.0),
                    ellip(order, 0.5, 40.0, band, 1000.0),
                    bessel(order, band, 1000.0),
                ]);
            }
        }
        designs.push(iirnotch(50.0, 30.0, 1000.0));
        let (mut checked, most) = (0, 1 << 16);
        for sos in designs.into_iter().map(Result::unwrap).filter(|sos| sos.check().is_ok()) {
            let structure = sos.specialise();
            for tolerance in [1e-3, 1e-6, 1e-9] {
                let Some(response) = impulse_response(&structure, tolerance, most) else {
                    // A pole so close to the circle rings on.
                    assert!(slowest_decay(&structure, tolerance) > most as f64 / 8.0, "{sos:?}");
                    continue;
                };
                // The same response followed four times as far.
                let mut cascade = Cascade::at_rest(&structure);
                let long: Vec<f64> = (0..4 * response.len() + 4096)
                    .map(|k| cascade.step(if k == 0 { structure.gain } else { 0.0 }))
                    .collect();
                let tail = |from: usize| long[from..].iter().map(|h| h.abs()).sum::<f64>();
                assert_eq!(response, long[..response.len()]);
                assert!(tail(response.len()) <= tolerance, "{sos:?}");
                assert!(tail(response.len().saturating_sub(1)) > 0.99 * tolerance, "{sos:?}");
                checked += 1;
            }
        }
        assert!(checked > 250, "{checked}");
    }

    #[test]
    fn too_long_a_response_is_not_followed() {
        let low = butter(4, Band::Pass(0.001, 0.002), 1000.0).unwrap();
        assert_eq!(impulse_response(&low.specialise(), 1e-6, 1 << 18), None);
        let short = butter(4, Band::Low(10.0), 1000.0).unwrap();
        assert_eq!(impulse_response(&short.specialise(), 1e-6, 10), None);
    }
}
