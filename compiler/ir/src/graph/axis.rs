//! Types of values: which axes a signal has, how they are sampled, and in what unit.

use std::sync::Arc;

use crate::{DType, Rational, Unit};

// Nearly every value is a signal; boxing it would put an allocation into every node for the sake of the few tables.
#[allow(clippy::large_enum_variant)]
#[derive(Clone, Debug, PartialEq)]
pub enum Type {
    Signal(Signal),
    /// Event records.
    Table,
}

/// A time × inner × channel array. Without a time axis it holds for the whole segment (a statistic);
/// without a channel axis it holds for all channels.
#[derive(Clone, Debug, PartialEq)]
pub struct Signal {
    pub dtype: DType,
    pub unit: Unit,
    pub time: Option<TimeAxis>,
    pub inner: Option<InnerAxis>,
    pub channel: Option<ChannelAxis>,
}

/// Sampling along time: row `i` lies `origin + i * period` seconds after sample 0 of the record.
#[derive(Clone, Debug, PartialEq)]
pub struct TimeAxis {
    pub period: Rational,
    pub origin: Rational,
    pub rows: Rows,
}

/// The rows that exist.
#[derive(Clone, Debug, PartialEq)]
pub enum Rows {
    /// Half-open ranges, one per segment in order; a range may be empty.
    Segments(Vec<(i64, i64)>),
    /// A live stream beginning at this row.
    From(i64),
}

impl Rows {
    /// All rows; `None` on a stream.
    pub fn count(&self) -> Option<u64> {
        match self {
            Rows::Segments(ranges) => {
                Some(ranges.iter().map(|(a, b)| b.saturating_sub(*a).max(0) as u64).sum())
            }
            Rows::From(_) => None,
        }
    }

    /// Applies a change of range to every segment.
    pub fn map(&self, f: impl Fn(i64, i64) -> (i64, i64)) -> Rows {
        match self {
            Rows::Segments(ranges) => Rows::Segments(
                ranges
                    .iter()
                    .map(|&(a, b)| if a < b { f(a, b) } else { (a, a) })
                    .map(|(a, b)| (a, b.max(a)))
                    .collect(),
            ),
            Rows::From(start) => Rows::From(f(*start, i64::MAX / 4).0),
        }
    }

    /// Length of the shortest segment that is not empty; `None` on a stream or if all are empty.
    pub fn shortest(&self) -> Option<u64> {
        match self {
            Rows::Segments(ranges) => {
                ranges.iter().map(|(a, b)| (b - a).max(0) as u64).filter(|n| *n > 0).min()
            }
            Rows::From(_) => None,
        }
    }

    /// Length of the longest segment; `None` on a stream.
    pub fn longest(&self) -> Option<u64> {
        match self {
            Rows::Segments(ranges) => ranges.iter().map(|(a, b)| (b - a).max(0) as u64).max(),
            Rows::From(_) => None,
        }
    }
}

/// An axis within a row: frequency bins, samples of a frame.
#[derive(Clone, Debug, PartialEq)]
pub struct InnerAxis {
    pub role: InnerRole,
    pub len: u32,
    pub start: f64,
    pub step: f64,
    pub unit: Unit,
    /// Where the positions lie if they are not evenly spaced (scales, bands); one per position.
    pub positions: Option<Arc<[f64]>>,
}

impl InnerAxis {
    /// Positions that need not be evenly spaced, in `unit`.
    pub fn listed(role: InnerRole, positions: &[f64], unit: Unit) -> InnerAxis {
        let start = positions.first().copied().unwrap_or(0.0);
        let steps = positions.len().saturating_sub(1).max(1) as f64;
        let step = positions.last().map_or(0.0, |last| (last - start) / steps);
        let len = u32::try_from(positions.len()).unwrap_or(u32::MAX);
        InnerAxis { role, len, start, step, unit, positions: Some(positions.into()) }
    }

    /// Where a position lies, in the axis' unit.
    pub fn at(&self, position: u32) -> f64 {
        match self.positions.as_ref().and_then(|p| p.get(position as usize)) {
            Some(value) => *value,
            None => self.start + f64::from(position) * self.step,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum InnerRole {
    Frequency,
    /// Samples of a frame, in seconds.
    Frame,
    Lag,
    Velocity,
    Slowness,
    Scale,
    /// Bands of frequency, each at its middle.
    Band,
    /// What a model tells apart, by number in the order of its sidecar.
    Label,
}

/// Channels: number `first + i * stride` in the file lies at `distance + i * spacing` metres unless a geometry says otherwise.
#[derive(Clone, Debug, PartialEq)]
pub struct ChannelAxis {
    pub len: u32,
    pub first: i64,
    pub stride: i64,
    pub distance: f64,
    pub spacing: f64,
    /// Surveyed positions in metres, one per channel.
    pub positions: Option<Arc<[f64]>>,
    /// What the positions of the axis stand for.
    pub labels: Labels,
}

/// What the positions of a channel axis stand for.
#[derive(Clone, Debug, PartialEq, Default)]
pub enum Labels {
    /// Channels `first, first + stride, …`.
    #[default]
    Regular,
    /// The channels of these numbers: what an irregular choice leaves. `first` and `stride` say nothing then.
    Numbers(Arc<[i64]>),
    /// Wavenumbers of consecutive blocks of `block` channels of another axis, in the order of numpy.fft.fftfreq, `spacing`
    /// cycles per metre apart.
    Wavenumbers { block: u32, of: Arc<ChannelAxis> },
}

impl ChannelAxis {
    /// Channels 0, 1, … from 0 m on, so many metres apart.
    pub fn regular(len: u32, spacing: f64) -> ChannelAxis {
        ChannelAxis {
            len,
            first: 0,
            stride: 1,
            distance: 0.0,
            spacing,
            positions: None,
            labels: Labels::Regular,
        }
    }

    /// Number in the file of the channel at a position.
    pub fn number(&self, position: u32) -> i64 {
        match &self.labels {
            Labels::Numbers(numbers) => numbers.get(position as usize).copied().unwrap_or(self.first),
            Labels::Regular | Labels::Wavenumbers { .. } => self.first + i64::from(position) * self.stride,
        }
    }

    /// Metres along the fibre.
    pub fn distance_at(&self, position: u32) -> f64 {
        match self.positions.as_ref().and_then(|p| p.get(position as usize)) {
            Some(metres) => *metres,
            None => self.distance + f64::from(position) * self.spacing,
        }
    }
}

impl Signal {
    /// Samples per second; `None` without a time axis.
    pub fn rate(&self) -> Option<f64> {
        self.time.as_ref().map(|t| 1.0 / t.period.as_f64())
    }

    pub fn inner_len(&self) -> u32 {
        self.inner.as_ref().map_or(1, |a| a.len)
    }

    pub fn channels(&self) -> u32 {
        self.channel.as_ref().map_or(1, |a| a.len)
    }

    /// The floating-point type that results of this signal are kept in: F64 for F64, else F32.
    pub fn float(&self) -> DType {
        if self.dtype == DType::F64 { DType::F64 } else { DType::F32 }
    }

    /// Numbers per element: 2 for complex.
    pub fn planes(&self) -> u32 {
        if self.dtype == DType::C32 { 2 } else { 1 }
    }
}
