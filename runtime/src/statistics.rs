//! What passes accumulate: one row per segment for every value without a time axis.

use std::sync::Arc;

use dasc_compiler::plan::Statistic;
use dasc_ir::kernel::{BufferAt, LANES};
use dasc_ir::{DType, Result};

use crate::archive::{Archive, Archived};
use crate::pad::Bytes;
use crate::rows::number;

/// The rows of one statistic.
#[derive(Debug)]
pub(crate) struct Stored {
    dtype: DType,
    element: usize,
    inner: usize,
    planes: usize,
    channels: usize,
    lane_stride: usize,
    given: Option<Arc<[f64]>>,
    /// Empty while nobody needs them.
    segments: Vec<Bytes>,
}

impl Stored {
    /// Without memory for the rows until they are needed.
    pub fn new(statistic: &Statistic, segments: usize) -> Stored {
        Stored {
            dtype: statistic.dtype,
            element: if statistic.dtype == DType::C32 { 4 } else { statistic.dtype.size() },
            inner: statistic.inner as usize,
            planes: statistic.planes as usize,
            channels: statistic.channels as usize,
            lane_stride: (statistic.channels as usize).next_multiple_of(LANES),
            given: statistic.given.clone(),
            segments: (0..segments).map(|_| Bytes::default()).collect(),
        }
    }

    /// Makes room for the rows if they are needed, and gives it back if they are not.
    pub fn hold(&mut self, needed: bool) {
        let bytes = if needed { self.element * self.inner * self.planes * self.lane_stride } else { 0 };
        if self.segments.iter().all(|segment| segment.len() == bytes) {
            return;
        }
        self.segments.iter_mut().for_each(|segment| *segment = Bytes::zeroed(bytes));
        if let Some(values) = self.given.clone().filter(|_| needed) {
            self.fill(&values);
        }
    }

    /// Bytes held.
    pub fn held(&self) -> usize {
        self.segments.iter().map(Bytes::len).sum()
    }

    /// Writes the numbers of a constant, `[inner][channel][plane]`, for every segment.
    fn fill(&mut self, values: &[f64]) {
        let mut values = values.iter();
        for inner in 0..self.inner {
            for channel in 0..self.channels {
                for plane in 0..self.planes {
                    let Some(value) = values.next() else { return };
                    let at = ((inner * self.planes + plane) * self.lane_stride + channel) * self.element;
                    for segment in &mut self.segments {
                        let element = &mut segment.bytes_mut()[at..at + self.element];
                        match self.dtype {
                            DType::F64 => element.copy_from_slice(&value.to_ne_bytes()),
                            _ => element.copy_from_slice(&(*value as f32).to_ne_bytes()),
                        }
                    }
                }
            }
        }
    }

    /// Writes the numbers of a segment, `[inner][channel]`.
    pub fn set(&mut self, segment: usize, values: &[f64]) {
        let (dtype, element) = (self.dtype, self.element);
        let position = self.planes * self.lane_stride * element;
        let positions = self.segments[segment].bytes_mut().chunks_exact_mut(position.max(1));
        for (bytes, values) in positions.zip(values.chunks(self.channels.max(1))) {
            for (bytes, value) in bytes.chunks_exact_mut(element).zip(values) {
                match dtype {
                    DType::F64 => bytes.copy_from_slice(&value.to_ne_bytes()),
                    _ => bytes.copy_from_slice(&(*value as f32).to_ne_bytes()),
                }
            }
        }
    }

    pub fn at(&mut self, segment: usize, lane0: usize) -> BufferAt {
        let base = self.segments[segment].as_mut_ptr().wrapping_add(lane0 * self.element);
        BufferAt {
            base,
            row: 0,
            inner: (self.planes * self.lane_stride * self.element) as isize,
            plane: (self.lane_stride * self.element) as isize,
        }
    }

    pub fn bytes(&self, segment: usize) -> &[u8] {
        self.segments[segment].bytes()
    }

    pub fn bytes_mut(&mut self, segment: usize) -> &mut [u8] {
        self.segments[segment].bytes_mut()
    }

    pub fn lane_stride(&self) -> usize {
        self.lane_stride
    }

    pub fn view(&self, segment: usize) -> StatisticView<'_> {
        StatisticView {
            data: self.segments[segment].bytes(),
            dtype: self.dtype,
            element: self.element,
            inner: self.inner,
            planes: self.planes,
            channels: self.channels,
            lane_stride: self.lane_stride,
        }
    }
}

/// A value without a time axis, lent to an observer.
#[derive(Clone, Copy, Debug)]
pub struct StatisticView<'a> {
    data: &'a [u8],
    element: usize,
    lane_stride: usize,
    pub dtype: DType,
    pub inner: usize,
    pub planes: usize,
    pub channels: usize,
}

impl<'a> StatisticView<'a> {
    /// The channels of one inner position and plane, in native bytes.
    pub fn lanes(&self, inner: usize, plane: usize) -> &'a [u8] {
        let at = (inner * self.planes + plane) * self.lane_stride * self.element;
        &self.data[at..at + self.channels * self.element]
    }

    pub fn value(&self, inner: usize, plane: usize, channel: usize) -> f64 {
        let bytes = &self.lanes(inner, plane)[channel * self.element..(channel + 1) * self.element];
        number(self.dtype, bytes)
    }
}

impl Archived for Stored {
    fn archive(&mut self, a: &mut Archive) -> Result<()> {
        a.each(&mut self.segments)
    }
}
