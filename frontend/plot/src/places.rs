//! From channel, frequency, lag and speed numbers to physical positions, with units that suit the extent.

use dasc_ir::{Diag, Result};

use crate::axis::time_unit;
use crate::ticks::{Room, Scale, linear_ticks, listed_ticks, log_ticks};

/// What columns of a picture, or its rows where those are no times, stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// Numbers of channels.
    Channel,
    /// Metres along the fibre.
    Distance,
    /// Hertz.
    Frequency,
    /// Bands of frequency, each at its middle in hertz.
    Band,
    /// Seconds from one channel to another.
    Lag,
    /// Seconds from the beginning of a frame.
    Frame,
    /// Metres per second.
    Speed,
    /// Seconds per metre.
    Slowness,
    /// Cycles per metre.
    Wavenumber,
    /// Numbers of what a model tells apart.
    Label,
}

/// The positions of columns, or of rows that are no times.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    measure: Measure,
    lie: Lie,
}

#[derive(Clone, Debug, PartialEq)]
enum Lie {
    /// Column `i` is centred on `start + i · step`.
    Even { start: f64, step: f64 },
    /// In equal ratios, drawn on a logarithmic scale: column `i` is centred on `exp(start + i · step)`.
    Ratio { start: f64, step: f64 },
    /// Neither: one beside the other, each as wide as the next and named by its value.
    Listed(Vec<f64>),
}

impl Axis {
    /// Channel numbers: `first`, `first + step`, …
    pub fn channels(first: f64, step: f64) -> Axis {
        Axis::even(Measure::Channel, first, step)
    }

    /// Metres along the fibre.
    pub fn distance(start: f64, step: f64) -> Axis {
        Axis::even(Measure::Distance, start, step)
    }

    /// Hertz.
    pub fn frequency(start: f64, step: f64) -> Axis {
        Axis::even(Measure::Frequency, start, step)
    }

    /// Positions in equal steps.
    pub fn even(measure: Measure, start: f64, step: f64) -> Axis {
        Axis { measure, lie: Lie::Even { start, step } }
    }

    /// Any positions: in equal steps on a linear scale, in equal ratios on a logarithmic one, others side by side.
    pub fn listed(measure: Measure, positions: &[f64]) -> Axis {
        let lie = match (positions, measure) {
            // Bands may be as even as they like: what lies between their middles is not theirs.
            (_, Measure::Band) | ([] | [_], _) => None,
            _ => steps(positions).map(|(start, step)| Lie::Even { start, step }).or_else(|| {
                let positive = positions.iter().all(|x| *x > 0.0);
                let logs: Vec<f64> = positions.iter().map(|x| x.ln()).collect();
                let (start, step) = steps(&logs).filter(|_| positive)?;
                Some(Lie::Ratio { start, step })
            }),
        };
        Axis { measure, lie: lie.unwrap_or_else(|| Lie::Listed(positions.to_vec())) }
    }

    /// Whether these are places along the fibre, so that events have an extent on them.
    pub(crate) fn is_fibre(&self) -> bool {
        matches!(self.measure, Measure::Channel | Measure::Distance)
    }

    /// Whether the low end belongs at the top, as that of times.
    pub(crate) fn runs_down(&self) -> bool {
        matches!(self.measure, Measure::Lag | Measure::Frame)
    }

    /// The outer edges of columns `first` to `end`. Errors: a step that is 0 or not finite.
    pub(crate) fn edges(&self, (first, end): (u64, u64)) -> Result<(f64, f64)> {
        let (start, step) = match self.lie {
            Lie::Even { start, step } | Lie::Ratio { start, step } => (start, step),
            Lie::Listed(_) => (0.0, 1.0),
        };
        let edges = (start + step * (first as f64 - 0.5), start + step * (end as f64 - 0.5));
        if edges.0 == edges.1
            || !edges.0.is_finite()
            || !edges.1.is_finite()
            || !(edges.1 - edges.0).is_finite()
        {
            return Err(Diag::usage(format!(
                "{} positions from {start} in steps of {step} cannot be drawn",
                self.title(),
            ))
            .help("give a spacing other than 0, or plot by channel number"));
        }
        Ok(edges)
    }

    /// Half the spacing of columns, above 0.
    pub(crate) fn half_step(&self) -> f64 {
        match self.lie {
            Lie::Even { step, .. } | Lie::Ratio { step, .. } => step.abs() / 2.0,
            Lie::Listed(_) => 0.5,
        }
    }

    fn title(&self) -> &'static str {
        match self.measure {
            Measure::Channel => "Channel",
            Measure::Distance => "Distance",
            Measure::Frequency => "Frequency",
            Measure::Band => "Middle of the band",
            Measure::Lag => "Lag",
            Measure::Frame => "Time in the frame",
            Measure::Speed => "Speed",
            Measure::Slowness => "Slowness",
            Measure::Wavenumber => "Wavenumber",
            Measure::Label => "Label",
        }
    }

    /// What several columns are called.
    pub(crate) fn columns(&self) -> &'static str {
        match self.measure {
            Measure::Channel | Measure::Distance => "channels",
            Measure::Frequency => "frequencies",
            Measure::Band => "bands",
            Measure::Lag => "lags",
            Measure::Frame => "samples",
            Measure::Speed => "speeds",
            Measure::Slowness => "slownesses",
            Measure::Wavenumber => "wavenumbers",
            Measure::Label => "labels",
        }
    }

    /// Factor and unit for values up to `largest`.
    fn unit(&self, largest: f64) -> (f64, &'static str) {
        match self.measure {
            Measure::Channel | Measure::Label => (1.0, ""),
            Measure::Distance if largest >= 1e4 => (1e-3, "km"),
            Measure::Distance if largest < 0.5 => (1e3, "mm"),
            Measure::Distance => (1.0, "m"),
            Measure::Frequency | Measure::Band if largest >= 1e6 => (1e-6, "MHz"),
            Measure::Frequency | Measure::Band if largest >= 5e3 => (1e-3, "kHz"),
            Measure::Frequency | Measure::Band if largest < 0.5 => (1e3, "mHz"),
            Measure::Frequency | Measure::Band => (1.0, "Hz"),
            Measure::Lag | Measure::Frame => time_unit(largest),
            Measure::Speed if largest >= 1e4 => (1e-3, "km/s"),
            Measure::Speed => (1.0, "m/s"),
            Measure::Slowness => (1e3, "s/km"),
            Measure::Wavenumber if largest < 0.5 => (1e3, "1/km"),
            Measure::Wavenumber => (1.0, "1/m"),
        }
    }

    pub(crate) fn scale(&self, (low, high): (f64, f64), room: Room) -> Scale {
        let largest = |values: &[f64]| values.iter().fold(0.0, |most: f64, x| most.max(x.abs()));
        let (factor, unit) = self.unit(match &self.lie {
            Lie::Even { .. } => largest(&[low, high]),
            Lie::Ratio { .. } => largest(&[low.exp(), high.exp()]),
            Lie::Listed(values) => largest(values),
        });
        let ticks = room.fill(|most| match &self.lie {
            Lie::Even { .. } => linear_ticks(
                low,
                high,
                factor,
                most,
                matches!(self.measure, Measure::Channel | Measure::Label),
            ),
            Lie::Ratio { .. } => log_ticks(low, high, factor, most),
            Lie::Listed(values) => listed_ticks(values, (low, high), factor, most),
        });
        let unit = if unit.is_empty() { String::new() } else { format!(" ({unit})") };
        Scale { ticks, title: self.title().to_string(), unit }
    }
}

/// Start and step of positions that lie evenly.
fn steps(positions: &[f64]) -> Option<(f64, f64)> {
    let (first, last) = (*positions.first()?, *positions.last()?);
    let step = (last - first) / positions.len().saturating_sub(1).max(1) as f64;
    let even = |(i, x): (usize, &f64)| (x - (first + i as f64 * step)).abs() <= 1e-3 * step.abs();
    (step != 0.0 && step.is_finite() && positions.iter().enumerate().all(even)).then_some((first, step))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOM: Room = Room { length: 1000.0, size: &|label| 8.0 * label.len() as f64 };

    fn scale(axis: &Axis, columns: u64) -> Scale {
        axis.scale(axis.edges((0, columns)).unwrap(), ROOM)
    }

    fn labels(scale: &Scale) -> Vec<&str> {
        scale.ticks.iter().map(|tick| tick.label.as_str()).filter(|label| !label.is_empty()).collect()
    }

    #[test]
    fn units_suit_the_extent() {
        let unit = |axis: Axis, columns| scale(&axis, columns).unit;
        assert_eq!(unit(Axis::distance(0.0, 10.0), 500), " (m)");
        assert_eq!(unit(Axis::distance(0.0, 10.0), 5000), " (km)");
        assert_eq!(unit(Axis::frequency(0.0, 1.0), 501), " (Hz)");
        assert_eq!(unit(Axis::frequency(0.0, 50.0), 501), " (kHz)");
        assert_eq!(unit(Axis::channels(0.0, 1.0), 12), "");
        assert_eq!(unit(Axis::even(Measure::Lag, -0.2, 0.01), 41), " (ms)");
        assert_eq!(unit(Axis::even(Measure::Slowness, -4e-3, 1e-3), 9), " (s/km)");
    }

    #[test]
    fn equal_ratios_are_logarithmic() {
        let positions: Vec<f64> = (0..16).map(|i| 2.0 * 50f64.powf(f64::from(i) / 15.0)).collect();
        let axis = Axis::listed(Measure::Frequency, &positions);
        let scale = scale(&axis, 16);
        assert_eq!(labels(&scale), ["2", "5", "10", "20", "50", "100"]);
        // 20 Hz lies where its logarithm does, between edges half a ratio beyond 2 and 100 Hz.
        let half = 50f64.ln() / 15.0 / 2.0;
        let at = (20f64.ln() - 2f64.ln() + half) / (50f64.ln() + 2.0 * half);
        assert!(scale.ticks.iter().any(|tick| tick.label == "20" && (tick.at - at).abs() < 1e-12));
        assert_eq!(scale.title + &scale.unit, "Frequency (Hz)");
    }

    #[test]
    fn uneven_positions_are_named_one_by_one() {
        let axis = Axis::listed(Measure::Speed, &[-2000.0, -600.0, -300.0, 300.0, 600.0, 2000.0]);
        let speeds = scale(&axis, 6);
        assert_eq!(labels(&speeds), ["−2000", "−600", "−300", "300", "600", "2000"]);
        assert!((speeds.ticks[0].at - 0.5 / 6.0).abs() < 1e-12);
        let bands = scale(&Axis::listed(Measure::Band, &[0.5, 5.5, 55.0]), 3);
        assert_eq!(labels(&bands), ["0.5", "5.5", "55"]);
        assert_eq!(bands.title + &bands.unit, "Middle of the band (Hz)");
        // Equal steps are a linear scale, however they were listed; a single place has one too.
        assert_eq!(Axis::listed(Measure::Lag, &[0.0, 1.0, 2.0]), Axis::even(Measure::Lag, 0.0, 1.0));
        assert_eq!(labels(&scale(&Axis::listed(Measure::Frequency, &[20.0]), 1)), ["20"]);
    }
}
