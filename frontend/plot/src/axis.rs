//! From sample numbers to times, with units that suit the extent.

use dasc_ir::{Diag, Rational, Result};

use crate::clock::{date, time_of_day, utc};
use crate::ticks::{Room, Scale, Tick, linear_ticks, number};

/// The time of rows: row `i` covers `[i, i + 1) · period` after the start of row 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TimeAxis {
    /// Start of row 0 in nanoseconds since 1970-01-01 UTC, where it is known.
    pub start_ns: Option<i64>,
    /// Seconds from row to row, above 0.
    pub period: Rational,
}

impl TimeAxis {
    /// Seconds from the start of row 0 to the start of `row`.
    pub fn seconds(&self, row: u64) -> f64 {
        // The whole part first, so that a month at kilohertz keeps its microseconds.
        row as f64 * self.period.num() as f64 / self.period.den() as f64
    }

    /// The two ends of rows `[first, end)` in seconds after row 0. Errors: a period that is not above 0.
    pub(crate) fn edges(&self, (first, end): (u64, u64)) -> Result<(f64, f64)> {
        let edges = (self.seconds(first), self.seconds(end));
        if self.period.num() <= 0 || edges.0 >= edges.1 {
            return Err(Diag::usage(format!("a sampling period of {} s cannot be drawn", self.period))
                .help("give a sampling rate above 0, for example FS=1kHz"));
        }
        Ok(edges)
    }

    /// Seconds after row 0 of an instant: nanoseconds since 1970 where the start is known, else since row 0.
    pub(crate) fn seconds_at(&self, ns: i64) -> f64 {
        (i128::from(ns) - i128::from(self.start_ns.unwrap_or(0))) as f64 * 1e-9
    }

    /// Clock times from a minute on where the start is known, otherwise the time since the start.
    pub(crate) fn scale(&self, (low, high): (f64, f64), room: Room) -> Scale {
        let span = high - low;
        let start = self.start_ns.and_then(|start| start.checked_add((low * 1e9).round() as i64));
        match start {
            Some(start) if span >= 60.0 => clock_scale(start, span, room),
            Some(start) => {
                // Frames reach half a hop before the record: a full second near the edge is the better zero.
                let late = (-start).rem_euclid(1_000_000_000);
                let late = if late as f64 * 1e-9 <= 0.05 * span { late } else { 0 };
                let zero = start.saturating_add(late);
                let (low, high) = (-1e-9 * late as f64, span - 1e-9 * late as f64);
                let (factor, unit) = time_unit(span);
                let ticks = room.fill(|most| linear_ticks(low, high, factor, most, false));
                Scale { ticks, title: format!("Time after {} UTC", utc(zero)), unit: format!(" ({unit})") }
            }
            None => {
                let (factor, unit) = time_unit(high);
                let ticks = room.fill(|most| linear_ticks(low, high, factor, most, false));
                Scale { ticks, title: "Time".to_string(), unit: format!(" ({unit})") }
            }
        }
    }
}

/// `12.5 ms`, `3.2 s`, `41 min`: a duration in a unit that suits it.
pub(crate) fn duration(seconds: f64) -> String {
    let (factor, unit) = time_unit(seconds);
    let text = number(seconds * factor, 3);
    format!("{} {unit}", text.trim_end_matches('0').trim_end_matches('.'))
}

/// Factor from seconds to a unit that suits them, and its name.
pub(crate) fn time_unit(largest: f64) -> (f64, &'static str) {
    match largest {
        s if s < 1e-3 => (1e6, "µs"),
        s if s < 1.0 => (1e3, "ms"),
        s if s < 180.0 => (1.0, "s"),
        s if s < 10_800.0 => (1.0 / 60.0, "min"),
        s if s < 259_200.0 => (1.0 / 3600.0, "h"),
        _ => (1.0 / 86_400.0, "d"),
    }
}

/// Steps of a clock in seconds, each a multiple or divisor of its neighbours' units, so that ticks fall on full minutes,
/// hours and days.
const CLOCK_STEPS: [u64; 24] = [
    1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800,
    432_000, 864_000, 2_592_000, 7_776_000, 31_536_000,
];

fn clock_scale(start: i64, span: f64, room: Room) -> Scale {
    let step = |most: usize| {
        let fits = |step: &u64| *step as f64 * most as f64 >= span;
        CLOCK_STEPS
            .into_iter()
            .find(fits)
            .unwrap_or(31_536_000u64.saturating_mul(((span / 3.15e8) as u64).saturating_add(1)))
    };
    let ticks = room.fill(|most| {
        let step = step(most);
        let step_ns = i128::from(step) * 1_000_000_000;
        let first = (-i128::from(start)).rem_euclid(step_ns);
        let label = |offset: i128| {
            let ns = i64::try_from(i128::from(start) + offset).unwrap_or(i64::MAX);
            let clock = time_of_day(ns, 0);
            match step {
                86_400.. => date(ns),
                60.. => clock.get(..5).unwrap_or_default().to_string(),
                _ => clock,
            }
        };
        let parts = |fine: &u64| step.is_multiple_of(*fine) && step / fine <= 6;
        let fine_ns = i128::from(CLOCK_STEPS.into_iter().find(parts).unwrap_or(step)) * 1_000_000_000;
        let earliest = (-i128::from(start)).rem_euclid(fine_ns);
        let offsets =
            (0..400).map(|k| earliest + k * fine_ns).take_while(|offset| *offset as f64 <= span * 1e9);
        let named =
            |offset: i128| if (offset - first) % step_ns == 0 { label(offset) } else { String::new() };
        offsets.map(|offset| Tick { at: offset as f64 * 1e-9 / span, label: named(offset) }).collect()
    });
    // The days of what is named: frames reach half a hop before the record, which may be the evening before.
    let at = |share: f64| start.saturating_add((share * span * 1e9).round() as i64);
    let first = ticks.iter().find(|tick| !tick.label.is_empty()).map_or(0.0, |tick| tick.at);
    let days = (date(at(first)), date(at(1.0).saturating_sub(1)));
    let dated = ticks.iter().any(|tick| tick.label.contains('-'));
    let (title, unit) = match days {
        _ if dated => ("Date", " (UTC)".to_string()),
        (first, last) if first == last => ("Time", format!(" (UTC, {first})")),
        (first, last) => ("Time", format!(" (UTC, {first} to {last})")),
    };
    Scale { ticks, title: title.to_string(), unit }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOM: Room = Room { length: 1000.0, size: &|label| 8.0 * label.len() as f64 };

    fn labels(scale: &Scale) -> Vec<(f64, &str)> {
        let named = scale.ticks.iter().filter(|tick| !tick.label.is_empty());
        named.map(|tick| ((tick.at * 1e6).round() / 1e6, tick.label.as_str())).collect()
    }

    fn time(start_ns: Option<i64>) -> TimeAxis {
        TimeAxis { start_ns, period: Rational::ONE }
    }

    #[test]
    fn an_hour_has_clock_times_on_full_minutes() {
        // 2022-06-04 15:25:00 UTC, five minutes before the first tick.
        let scale = time(Some(1_654_356_300_000_000_000)).scale((0.0, 3600.0), ROOM);
        let at = |minutes: f64| (minutes / 60.0 * 1e6).round() / 1e6;
        let expected = ["15:30", "15:40", "15:50", "16:00", "16:10", "16:20"];
        let expected: Vec<_> =
            expected.into_iter().enumerate().map(|(k, text)| (at(5.0 + 10.0 * k as f64), text)).collect();
        assert_eq!(labels(&scale), expected);
        assert_eq!((scale.title.as_str(), scale.unit.as_str()), ("Time", " (UTC, 2022-06-04)"));
    }

    #[test]
    fn a_night_names_both_days_and_a_month_has_dates() {
        let start = 1_654_380_000_000_000_000; // 2022-06-04 22:00:00 UTC
        let night = time(Some(start)).scale((0.0, 8.0 * 3600.0), ROOM);
        assert_eq!(night.unit, " (UTC, 2022-06-04 to 2022-06-05)");
        assert!(labels(&night).contains(&(0.25, "00:00")));
        // A day of spectra begins half a frame before midnight.
        let day = time(Some(start + 7_198_000_000_000)).scale((0.0, 86_400.0), ROOM);
        assert_eq!(day.unit, " (UTC, 2022-06-05)");
        let month = time(Some(start)).scale((0.0, 30.0 * 86_400.0), ROOM);
        assert_eq!((month.title.as_str(), month.unit.as_str()), ("Date", " (UTC)"));
        let dates = labels(&month);
        assert!(dates.len() >= 3 && dates.iter().all(|(_, label)| label.starts_with("2022-0")), "{dates:?}");
    }

    #[test]
    fn short_records_have_times_since_their_start() {
        let scale = time(Some(1_654_356_300_000_000_000)).scale((10.0, 10.25), ROOM);
        assert_eq!(
            labels(&scale),
            [(0.0, "0"), (0.2, "50"), (0.4, "100"), (0.6, "150"), (0.8, "200"), (1.0, "250")]
        );
        assert_eq!(scale.title + &scale.unit, "Time after 2022-06-04 15:25:10 UTC (ms)");
        // The first frame of a spectrogram reaches a quarter of a second before the record.
        let scale = time(Some(1_654_356_300_000_000_000)).scale((9.75, 29.75), ROOM);
        assert_eq!(labels(&scale)[..2], [(0.0125, "0"), (0.2625, "5")]);
        assert_eq!(scale.title + &scale.unit, "Time after 2022-06-04 15:25:10 UTC (s)");
        let scale = time(None).scale((0.0, 600.0), ROOM);
        assert_eq!(labels(&scale), [(0.0, "0"), (0.2, "2"), (0.4, "4"), (0.6, "6"), (0.8, "8"), (1.0, "10")]);
        assert_eq!(scale.title + &scale.unit, "Time (min)");
    }

    #[test]
    fn durations_have_a_unit_that_suits_them() {
        assert_eq!(duration(0.075), "75 ms");
        assert_eq!(duration(4000.0), "66.667 min");
    }
}
