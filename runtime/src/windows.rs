//! Models on windows of rows. Each window of each group of channels is one call; outputs are put together in order of windows, in F64, so
//! a row's bits do not depend on what was read together. What windows to come will still add to is all that is kept.

use std::collections::VecDeque;

use dasc_ir::graph::Call;
use dasc_ir::graph::call::Stacked;
use dasc_ir::{DType, Diag, Result};
use rayon::prelude::*;

use crate::archive::{Archive, Archived};
use crate::rows::{Layout, Rows, number};

/// A model ready to be called on a stream of this type.
pub(crate) struct Windows {
    pub call: Call,
    dtype: DType,
    channels: usize,
}

/// Where a segment stands.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    /// Windows called so far.
    called: i64,
    /// What was put together of the rows that are not handed on yet, from `first` on, as `[row][label][channel]`.
    first: i64,
    stacked: VecDeque<Stacked>,
}

/// The outputs of a window, of each group of channels that has any.
type Outputs = Vec<Option<Vec<f32>>>;

impl Windows {
    pub fn new(call: Call, dtype: DType, channels: usize) -> Windows {
        Windows { call, dtype, channels }
    }

    fn groups(&self) -> usize {
        self.call.groups(self.channels as u32) as usize
    }

    /// Elements of a row of the result.
    fn width(&self) -> usize {
        self.call.labels as usize * self.groups() * self.call.outputs() as usize
    }

    /// The first row of the input that a window to come reads.
    pub fn needed_from(&self, pending: &Pending, range: (i64, i64)) -> i64 {
        self.call.start(pending.called, range).unwrap_or(i64::MAX)
    }

    /// Whether rows up to `end` hold all of the next window, and how far the result gets with that.
    fn ready(&self, called: i64, (range, end): ((i64, i64), i64), stop: i64) -> Option<i64> {
        self.call.start(called, range).filter(|start| start + i64::from(self.call.window) <= end)?;
        let next = self.call.start(called + 1, range);
        Some(next.map_or(stop, |next| next + self.call.used().start).min(stop))
    }

    /// Calls the model on all windows that have arrived and writes the rows that no later one adds to. Answers how far the result
    /// exists then.
    pub fn run(&self, pending: &mut Pending, from: &mut Rows, to: &mut Rows, keep: i64) -> Result<i64> {
        let range = (from.start, from.stop);
        let there = (range, from.progress.end);
        let mut done = to.progress.end;
        let last = (pending.called..).map_while(|k| self.ready(k, there, to.stop)).last();
        let Some(last) = last.filter(|_| to.start < to.stop) else { return Ok(done) };
        to.reserve(last, keep);
        while let Some(end) = self.ready(pending.called, there, to.stop) {
            let Some(start) = self.call.start(pending.called, range) else { break };
            let outputs = self.outputs(from, start)?;
            if pending.called == 0 {
                pending.first = to.start;
            }
            self.put(pending, start, &outputs);
            self.hand_on(pending, to, done..end.max(done));
            done = end.max(done);
            pending.called += 1;
        }
        Ok(done)
    }

    /// What the model says of a window.
    fn outputs(&self, from: &mut Rows, start: i64) -> Result<Outputs> {
        let layout = from.layout;
        let window: &[u8] = from.bytes_mut(start, start + i64::from(self.call.window));
        let of = |(samples, input): &mut (Vec<f64>, Vec<f32>), group: usize| {
            samples.clear();
            for channel in 0..self.call.channels as usize {
                let lane = layout.lane_pad + group * self.call.channel_step as usize + channel;
                samples.extend(lane_of(window, &layout, lane, self.dtype));
            }
            if samples.len() != self.call.sizes().0 {
                return Err(Diag::compiler("run: a window lacks samples"));
            }
            if !self.call.prepare(samples, input) {
                return Ok(None);
            }
            let mut output = Vec::new();
            self.call.run(input, &mut output)?;
            Ok(Some(output))
        };
        (0..self.groups()).into_par_iter().map_init(Default::default, of).collect()
    }

    /// Adds the outputs of the window that begins at `start`.
    fn put(&self, pending: &mut Pending, start: i64, outputs: &Outputs) {
        let (call, width) = (&self.call, self.width());
        let (used, rows, each) = (call.used(), call.rows as usize, call.outputs() as usize);
        let end = (start + used.end - pending.first).max(0) as usize * width;
        if end > pending.stacked.len() {
            pending.stacked.resize(end, Stacked::default());
        }
        let stacked = pending.stacked.make_contiguous();
        let first = (start + used.start - pending.first).max(0) as usize;
        let skip = (used.start - i64::from(call.first)) as usize;
        let count = (used.end - used.start) as usize;
        for (row, places) in stacked.chunks_exact_mut(width).skip(first).take(count).enumerate() {
            for (at, place) in places.iter_mut().enumerate() {
                let (label, channel) =
                    (at / (width / call.labels as usize), at % (width / call.labels as usize));
                let output = outputs.get(channel / each).and_then(Option::as_ref);
                let value = output.and_then(|o| o.get((label * each + channel % each) * rows + skip + row));
                if let Some(value) = value {
                    place.add(*value, call.stacking);
                }
            }
        }
    }

    /// Writes rows that are complete and forgets what they were made of.
    fn hand_on(&self, pending: &mut Pending, to: &mut Rows, rows: std::ops::Range<i64>) {
        let layout = to.layout;
        let lanes = self.width() / self.call.labels as usize;
        for bytes in to.bytes_mut(rows.start, rows.end).chunks_exact_mut(layout.row()) {
            for line in bytes.chunks_exact_mut(layout.lane_stride * layout.element).take(layout.inner) {
                let line = line.get_mut(layout.lane_pad * layout.element..).unwrap_or_default();
                for value in line.as_chunks_mut().0.iter_mut().take(lanes) {
                    let stacked = pending.stacked.pop_front().unwrap_or_default();
                    *value = stacked.value(self.call.stacking).to_ne_bytes();
                }
            }
        }
        pending.first = rows.end;
    }
}

/// The samples of one lane, row by row.
fn lane_of(window: &[u8], layout: &Layout, lane: usize, dtype: DType) -> impl Iterator<Item = f64> {
    let at = lane * layout.element..(lane + 1) * layout.element;
    window.chunks_exact(layout.row()).filter_map(move |row| Some(number(dtype, row.get(at.clone())?)))
}

impl Pending {
    /// Bytes held.
    pub fn held(&self) -> usize {
        self.stacked.len() * size_of::<Stacked>()
    }
}

impl Archived for Pending {
    fn archive(&mut self, a: &mut Archive) -> Result<()> {
        a.i64(&mut self.called)?;
        a.i64(&mut self.first)?;
        let mut stacked: Vec<Stacked> = std::mem::take(&mut self.stacked).into();
        a.list(&mut stacked, Stacked::default)?;
        self.stacked = stacked.into();
        Ok(())
    }
}

impl Archived for Stacked {
    fn archive(&mut self, a: &mut Archive) -> Result<()> {
        a.f64(&mut self.sum)?;
        let mut count = i64::from(self.count);
        a.i64(&mut count)?;
        self.count =
            u32::try_from(count).map_err(|_| Diag::world("the saved state holds a negative count"))?;
        Ok(())
    }
}
