//! Values of the interpreter: dense arrays in f64, and detections.

use crate::graph::{Rows, Signal, TimeAxis};
use crate::{DType, Diag, Result};

/// The value of a node.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Signal(Tensor),
    Events(Vec<Stretch>),
}

impl Default for Value {
    fn default() -> Value {
        Value::Events(Vec::new())
    }
}

/// A dense array `[row][inner][channel][plane]`, the rows of all segments one after another.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    /// Whether there is a time axis.
    pub timed: bool,
    /// The type of the node; the values are f64 all the same.
    pub dtype: DType,
    /// Rows per segment. A statistic has one row per segment, `(s, s + 1)`, or a single one that holds for the whole record.
    pub ranges: Vec<(i64, i64)>,
    pub inner: usize,
    pub channels: usize,
    /// 2 for complex values: real, imaginary.
    pub planes: usize,
    pub values: Vec<f64>,
}

/// Rows `first .. end` of one channel in which a level was exceeded, before neighbouring channels are merged.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stretch {
    pub segment: usize,
    /// Position of the channel.
    pub channel: usize,
    pub first: i64,
    /// The first row that is no longer part of it.
    pub end: i64,
    /// The earliest row of the greatest level.
    pub peak_row: i64,
    pub peak: f64,
}

impl Tensor {
    /// An array of zeros for a signal; a statistic has as many rows as the finest of the inputs.
    pub(super) fn zeros(signal: &Signal, inputs: &[&Tensor]) -> Result<Tensor> {
        match &signal.time {
            Some(TimeAxis { rows: Rows::Segments(ranges), .. }) => {
                Tensor::with_ranges(signal, true, ranges.clone())
            }
            Some(TimeAxis { rows: Rows::From(_), .. }) => {
                Err(Diag::compiler("a live stream has no end; interpret a record"))
            }
            None => {
                let rows = inputs.iter().filter(|t| !t.timed).map(|t| t.ranges.len()).max();
                Tensor::statistic(signal, rows.unwrap_or(1))
            }
        }
    }

    /// A statistic with this many rows.
    pub(super) fn statistic(signal: &Signal, rows: usize) -> Result<Tensor> {
        Tensor::with_ranges(signal, false, (0..rows as i64).map(|s| (s, s + 1)).collect())
    }

    fn with_ranges(signal: &Signal, timed: bool, ranges: Vec<(i64, i64)>) -> Result<Tensor> {
        let (inner, channels, planes) = (signal.inner_len(), signal.channels(), signal.planes());
        let rows = ranges.iter().fold(0u64, |n, (a, b)| n.saturating_add(b.saturating_sub(*a).max(0) as u64));
        let per_row = u64::from(inner) * u64::from(channels);
        let count = rows.checked_mul(per_row).and_then(|n| n.checked_mul(u64::from(planes)));
        let mut values = Vec::new();
        count
            .and_then(|n| usize::try_from(n).ok())
            .filter(|n| values.try_reserve_exact(*n).is_ok())
            .map(|n| values.resize(n, 0.0))
            .ok_or_else(|| Diag::world(format!("no memory to interpret {rows} rows of {per_row} numbers")))?;
        Ok(Tensor {
            timed,
            dtype: signal.dtype,
            ranges,
            inner: inner as usize,
            channels: channels as usize,
            planes: planes as usize,
            values,
        })
    }

    /// Place of an element of a segment; broadcast along what this array lacks. `None` for a row that does not exist.
    pub fn offset(
        &self,
        segment: usize,
        row: i64,
        inner: usize,
        channel: usize,
        plane: usize,
    ) -> Option<usize> {
        let row = if self.timed {
            let (a, b) = *self.ranges.get(segment)?;
            if row < a || row >= b {
                return None;
            }
            let before: i64 = self.ranges[..segment].iter().map(|(a, b)| b - a).sum();
            (before + row - a) as usize
        } else {
            segment.min(self.ranges.len() - 1)
        };
        let inner = if self.inner == 1 { 0 } else { inner };
        let channel = if self.channels == 1 { 0 } else { channel };
        Some(((row * self.inner + inner) * self.channels + channel) * self.planes + plane)
    }

    /// An element, broadcast along what this array lacks; NaN where there is none.
    pub fn at(&self, segment: usize, row: i64, inner: usize, channel: usize, plane: usize) -> f64 {
        let offset = self.offset(segment, row, inner, channel, plane);
        offset.and_then(|i| self.values.get(i)).copied().unwrap_or(f64::NAN)
    }

    /// Fills the array: `f(segment, row, inner, channel, planes)`.
    pub(super) fn fill(
        mut self,
        mut f: impl FnMut(usize, i64, usize, usize, &mut [f64]) -> Result<()>,
    ) -> Result<Tensor> {
        let (inner, channels, planes) = (self.inner, self.channels, self.planes);
        let mut elements = self.values.chunks_exact_mut(planes.max(1));
        for (segment, &(a, b)) in self.ranges.iter().enumerate() {
            for row in a..b {
                for i in 0..inner {
                    for c in 0..channels {
                        if let Some(element) = elements.next() {
                            f(segment, row, i, c, element)?;
                        }
                    }
                }
            }
        }
        Ok(self)
    }
}
