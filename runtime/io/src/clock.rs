//! From time stamps to a rate and segments: gaps become segments, jitter does not.

use dasc_ir::{Diag, Rational, Result, time::format_utc};

use crate::Segment;
use crate::array::Numbers;

/// When the samples of a record were taken.
#[derive(Clone, Debug, PartialEq)]
pub struct Timing {
    pub rate: Rational,
    pub segments: Vec<Segment>,
    pub notes: Vec<String>,
}

/// Time stamps in nanoseconds since 1970, and how fine they were before they became nanoseconds.
#[derive(Clone, Debug)]
pub struct Stamps {
    pub ns: Vec<i64>,
    pub quantum: f64,
}

impl Stamps {
    /// `numbers` count units of `unit_ns` nanoseconds since `origin_ns`. `what` names them in errors.
    pub fn new(numbers: &Numbers, unit_ns: i64, origin_ns: i64, what: &str) -> Result<Stamps> {
        let bad = |i: usize, value: String| {
            Diag::world(format!(
                "time stamp {i} of {what} is {value}, which is no time between 1678 and 2262"
            ))
        };
        let mut ns = Vec::new();
        if ns.try_reserve_exact(numbers.len()).is_err() {
            return Err(Diag::world(format!("{} time stamps of {what} do not fit in memory", numbers.len())));
        }
        let quantum = match numbers {
            Numbers::Integers(values) => {
                for (i, value) in values.iter().enumerate() {
                    // NumPy's word for no time at all.
                    let value = Some(value)
                        .filter(|value| **value != i64::MIN)
                        .ok_or_else(|| bad(i, "NaT".into()))?;
                    let at = value.checked_mul(unit_ns).and_then(|t| t.checked_add(origin_ns));
                    ns.push(at.ok_or_else(|| bad(i, value.to_string()))?);
                }
                unit_ns as f64
            }
            Numbers::Reals(values) => {
                let (unit, mut largest) = (unit_ns as f64, 0f64);
                for (i, value) in values.iter().enumerate() {
                    // Whole units apart from the fraction: a product of 1.7e18 would lose hundreds of nanoseconds.
                    let whole = value.trunc() * unit;
                    if whole.is_nan() || whole.abs() >= 9.2e18 {
                        return Err(bad(i, value.to_string()));
                    }
                    let whole = (value.trunc() as i64).checked_mul(unit_ns);
                    let at = whole.and_then(|t| t.checked_add((value.fract() * unit).round() as i64));
                    ns.push(
                        at.and_then(|t| t.checked_add(origin_ns)).ok_or_else(|| bad(i, value.to_string()))?,
                    );
                    largest = largest.max(value.abs());
                }
                ((largest.next_up() - largest) * unit).max(1.0)
            }
        };
        Ok(Stamps { ns, quantum })
    }
}

/// Regular sampling from one instant.
pub fn regular(start_ns: i64, rate: Rational, samples: u64) -> Timing {
    Timing { rate, segments: vec![Segment { start: 0, len: samples, start_ns }], notes: Vec::new() }
}

/// Finds rate and segments. A `nominal` rate that the stamps bear out is kept exactly, whatever their jitter;
/// otherwise the rate is the simplest fraction that the stamps of the longest segment allow.
///
/// A gap is a step of more than 1.5 periods, beyond the jitter, that later stamps do not make good. After it the
/// index goes on by as many samples as are missing. Where the clock steps back the index goes on without a hole.
pub fn timing(stamps: &Stamps, nominal: Option<Rational>, what: &str) -> Result<Timing> {
    let times = &stamps.ns;
    let (Some(first), Some(last)) = (times.first(), times.last()) else {
        return Err(Diag::world(format!("{what} holds no time stamps")));
    };
    let mut notes = Vec::new();
    let mut steps: Vec<i64> = times.windows(2).map(|w| w[1].saturating_sub(w[0])).collect();
    let Some(middle) = steps.len().checked_sub(1).map(|n| n / 2) else {
        let rate = nominal.ok_or_else(|| {
            Diag::world(format!("{what} holds a single time stamp, which gives no sampling rate"))
                .help("give FS to READ")
        })?;
        return Ok(regular(*first, rate, 1));
    };
    let median = *steps.select_nth_unstable(middle).1;
    let mut off: Vec<u64> = steps.iter().map(|s| s.abs_diff(median)).collect();
    let jitter = *off.select_nth_unstable(middle).1;
    if median <= 0 {
        return Err(Diag::world(format!(
            "the time stamps of {what} do not increase: their median step is {median} ns"
        )));
    }
    let nominal = nominal.filter(|rate| {
        let ratio = median as f64 * 1e-9 * rate.as_f64();
        let near = (0.8..1.25).contains(&ratio);
        if !near {
            notes.push(format!(
                "the header says {rate} Hz but the time stamps are {median} ns apart; the stamps are used"
            ));
        }
        near
    });
    let period = nominal.map_or(median as f64, |rate| 1e9 / rate.as_f64());
    let breaks = breaks(times, period, jitter as f64);
    if breaks.len() > (times.len() / 4).max(8) {
        let count = breaks.len();
        return Err(Diag::world(format!(
            "the time stamps of {what} jump {count} times in {} samples",
            times.len()
        ))
        .help("give FS and START to READ to use a regular clock instead"));
    }
    let bounds: Vec<usize> = std::iter::once(0).chain(breaks).chain([times.len()]).collect();
    let rate = match nominal {
        Some(rate) => rate,
        None => estimate(times, stamps.quantum, &bounds, median),
    };
    let rate = rate
        .filter_positive()
        .ok_or_else(|| Diag::world(format!("the time stamps of {what} give no usable sampling rate")))?;
    let period = 1e9 / rate.as_f64();
    let mut segments: Vec<Segment> = Vec::with_capacity(bounds.len());
    for pair in bounds.windows(2) {
        let (Some(start_ns), len) = (times.get(pair[0]), pair[1] - pair[0]) else { continue };
        let start = match segments.last() {
            None => 0,
            Some(before) => {
                let previous = times.get(pair[0].wrapping_sub(1)).copied().unwrap_or(*start_ns);
                let step = start_ns.saturating_sub(previous);
                let missing = ((step as f64 / period).round() - 1.0).max(0.0) as i64;
                let sample = before.start.saturating_add(before.len as i64);
                if step < 0 {
                    let at = format_utc(previous);
                    notes.push(format!(
                        "the clock steps back by {} s after {at}, at sample {sample}",
                        -(step as f64) * 1e-9
                    ));
                }
                sample.saturating_add(missing)
            }
        };
        segments.push(Segment { start, len: len as u64, start_ns: *start_ns });
    }
    let (span, ideal) = (last.saturating_sub(*first) as f64, (times.len() - 1) as f64 * period);
    if segments.len() == 1 && (span - ideal).abs() > period {
        let (span, ideal) = (span * 1e-9, ideal * 1e-9);
        notes.push(format!(
            "the time stamps span {span:.6} s, the samples at {:.6} Hz {ideal:.6} s; the rate is kept",
            rate.as_f64()
        ));
    }
    Ok(Timing { rate, segments, notes })
}

trait Positive {
    fn filter_positive(self) -> Option<Rational>;
}

impl Positive for Rational {
    fn filter_positive(self) -> Option<Rational> {
        (self > Rational::ZERO).then_some(self)
    }
}

/// Positions of the first sample after each lasting jump.
fn breaks(times: &[i64], period: f64, jitter: f64) -> Vec<usize> {
    let shift = |from: usize, to: usize| -> Option<f64> {
        let elapsed = times.get(to)?.saturating_sub(*times.get(from)?) as f64;
        Some(elapsed - (to - from) as f64 * period)
    };
    let lasting = |i: usize| {
        let Some(jump) = shift(i - 1, i) else { return false };
        let beyond = (0.5 * period).max(8.0 * jitter);
        let later = |k: usize| shift(i - 1, i + k);
        if jump > beyond {
            (1..=3).all(|k| later(k).is_none_or(|s| s > 0.5 * period))
        } else {
            jump < -(period + beyond) && (1..=3).all(|k| later(k).is_none_or(|s| s < -0.5 * period))
        }
    };
    (1..times.len()).filter(|i| lasting(*i)).collect()
}

/// The simplest rate within the resolution of the longest segment's ends.
fn estimate(times: &[i64], quantum: f64, bounds: &[usize], median: i64) -> Rational {
    let longest = bounds.windows(2).max_by_key(|w| w[1] - w[0]);
    let ends =
        longest.and_then(|w| Some((*times.get(w[0])?, *times.get(w[1].checked_sub(1)?)?, w[1] - w[0])));
    let (elapsed, steps) = match ends {
        Some((first, last, len)) if len > 1 && last > first => {
            (last.saturating_sub(first) as f64, (len - 1) as f64)
        }
        _ => (median as f64, 1.0),
    };
    // Steps that are all the same were counted, not measured: only the rounding to nanoseconds is in doubt.
    let counted = longest
        .and_then(|w| times.get(w[0]..w[1]))
        .is_some_and(|run| run.windows(2).all(|pair| pair[1].saturating_sub(pair[0]).abs_diff(median) <= 1));
    let slack = if counted { 1.0 } else { quantum }.clamp(1.0, (elapsed * 0.01).max(1.0));
    let (low, high) = (steps * 1e9 / (elapsed + slack), steps * 1e9 / (elapsed - slack));
    simplest(low, high)
}

/// The fraction with the smallest denominator in `low..=high`, both positive (Stern-Brocot descent).
fn simplest(low: f64, high: f64) -> Rational {
    fn descend(low: f64, high: f64, depth: u32) -> (i128, i128) {
        let whole = low.ceil();
        if whole <= high || depth == 0 || !(low.is_finite() && high.is_finite()) {
            return (whole as i128, 1);
        }
        let floor = low.floor();
        let (num, den) = descend(1.0 / (high - floor), 1.0 / (low - floor), depth - 1);
        ((floor as i128).saturating_mul(num).saturating_add(den), num)
    }
    let (num, den) = descend(low, high, 20);
    let middle = (low + high) / 2.0;
    let found = Rational::new(num, den).filter(|r| (r.as_f64() / middle - 1.0).abs() < 0.05);
    found.or_else(|| Rational::approximate(middle)).unwrap_or(Rational::ZERO)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamps(ns: Vec<i64>) -> Stamps {
        Stamps { ns, quantum: 1.0 }
    }

    #[test]
    fn three_kilohertz_stamped_in_whole_nanoseconds_is_three_kilohertz() {
        let found =
            timing(&stamps((0..5000).map(|i| i * 1_000_000_000 / 3000).collect()), None, "t").unwrap();
        assert_eq!(found.rate, Rational::integer(3000));
        assert_eq!(found.segments, [Segment { start: 0, len: 5000, start_ns: 0 }]);
    }

    #[test]
    fn a_gap_becomes_a_segment_and_the_index_counts_what_is_missing() {
        let times = (0..100).chain(107..200).map(|i| i * 1_000_000).collect();
        let found = timing(&stamps(times), None, "t").unwrap();
        assert_eq!(found.rate, Rational::integer(1000));
        let expected = [
            Segment { start: 0, len: 100, start_ns: 0 },
            Segment { start: 107, len: 93, start_ns: 107_000_000 },
        ];
        assert_eq!(found.segments, expected);
    }

    #[test]
    fn one_late_stamp_is_jitter() {
        let mut times: Vec<i64> = (0..100).map(|i| i * 1_000_000).collect();
        times[50] += 800_000;
        let found = timing(&stamps(times), Some(Rational::integer(1000)), "t").unwrap();
        assert_eq!(found.segments.len(), 1);
    }

    #[test]
    fn a_clock_that_steps_back_begins_a_segment_without_a_hole() {
        let times = (0..50).map(|i| i * 1_000_000).chain((0..50).map(|i| (i + 20) * 1_000_000)).collect();
        let found = timing(&stamps(times), None, "t").unwrap();
        assert_eq!(found.segments[1], Segment { start: 50, len: 50, start_ns: 20_000_000 });
        assert!(found.notes[0].contains("steps back"), "{:?}", found.notes);
    }
}
