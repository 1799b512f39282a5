//! Accumulations of one block: partial results of 1024 rows each, merged in one order, and written where a segment or the record ends.

use dasc_ir::kernel::{BufferAt, REDUCE_BLOCK};

use super::{Block, Prepared, Shared, carry_lanes, filled};
use crate::reduce::{Counter, Merging, Parts};

impl Block {
    /// Runs a loop that accumulates, block by block of the canonical order.
    #[allow(clippy::too_many_arguments)]
    pub(super) fn accumulate(
        &mut self,
        prepared: &Prepared,
        segment: usize,
        step: usize,
        buffers: &[BufferAt],
        params: &[f64],
        from: i64,
        to: i64,
    ) {
        let stop = prepared.stage.rows[step][segment].1;
        let mut at = from;
        while at < to {
            let next = ((at.div_euclid(REDUCE_BLOCK) + 1) * REDUCE_BLOCK).min(to);
            self.call(prepared, step, buffers, params, at, next);
            if next.rem_euclid(REDUCE_BLOCK) == 0 || next == stop {
                for &reduce in &prepared.feeds[step] {
                    self.push_block(prepared, reduce, buffers, params);
                }
            }
            at = next;
        }
    }

    fn push_block(&mut self, prepared: &Prepared, reduce: usize, buffers: &[BufferAt], params: &[f64]) {
        let kernel = &prepared.stage.kernel;
        let definition = &kernel.reduces[reduce];
        let mut parts = Parts::new();
        for (carry, identity) in definition.carries.iter().zip(&definition.identity) {
            let slot = &mut self.carries[carry.index()];
            let fresh = filled(&kernel.carries[carry.index()], *identity, self.lanes);
            parts.push(std::mem::replace(slot, fresh));
        }
        let carries = self.carry_places(kernel);
        self.carries_at.0.clone_from(&carries);
        let mut counter =
            std::mem::replace(&mut self.counters[reduce], Counter::new(reduce as u32, Vec::new()));
        counter.push(&mut self.merging(prepared, reduce, buffers.to_vec(), &carries, params), parts);
        self.counters[reduce] = counter;
    }

    /// Ends the segment: outputs of accumulations over segments are written, others merged into the record's.
    pub fn end_segment(
        &mut self,
        prepared: &Prepared,
        constants: &[Option<BufferAt>],
        shared: &[Option<Shared>],
        params: &[f64],
        over_record: impl Fn(usize) -> bool,
    ) {
        let carries = self.carry_places(&prepared.stage.kernel);
        for reduce in 0..self.counters.len() {
            let buffers = self.places(shared, constants);
            let nothing = self.nothing(prepared, reduce);
            let mut counter =
                std::mem::replace(&mut self.counters[reduce], Counter::new(reduce as u32, Vec::new()));
            let mut merging = self.merging(prepared, reduce, buffers, &carries, params);
            let parts = counter.take(&mut merging);
            if !over_record(reduce) {
                counter.finish(&mut merging, parts.unwrap_or(nothing));
            } else if let Some(parts) = parts {
                let merged = match counter.record.take() {
                    Some(before) => counter.merge(&mut merging, before, parts),
                    None => parts,
                };
                counter.record = Some(merged);
            }
            self.counters[reduce] = counter;
        }
    }

    /// Writes the outputs of accumulations over the whole record.
    pub fn end_record(
        &mut self,
        prepared: &Prepared,
        constants: &[Option<BufferAt>],
        params: &[f64],
        over_record: impl Fn(usize) -> bool,
    ) {
        let carries = self.carry_places(&prepared.stage.kernel);
        let none = vec![None; constants.len()];
        for reduce in (0..self.counters.len()).filter(|r| over_record(*r)) {
            let nothing = self.nothing(prepared, reduce);
            let parts = self.counters[reduce].record.take().unwrap_or(nothing);
            let buffers = self.places(&none, constants);
            let counter =
                std::mem::replace(&mut self.counters[reduce], Counter::new(reduce as u32, Vec::new()));
            counter.finish(&mut self.merging(prepared, reduce, buffers, &carries, params), parts);
            self.counters[reduce] = counter;
        }
    }

    /// An accumulation of no rows.
    fn nothing(&self, prepared: &Prepared, reduce: usize) -> Parts {
        let kernel = &prepared.stage.kernel;
        let definition = &kernel.reduces[reduce];
        let parts = definition.carries.iter().zip(&definition.identity);
        parts.map(|(carry, identity)| filled(&kernel.carries[carry.index()], *identity, self.lanes)).collect()
    }

    fn merging<'a>(
        &self,
        prepared: &'a Prepared,
        reduce: usize,
        buffers: Vec<BufferAt>,
        carries: &'a [BufferAt],
        params: &'a [f64],
    ) -> Merging<'a> {
        let kernel = &prepared.stage.kernel;
        let definition = &kernel.reduces[reduce];
        let inner = |c: &dasc_ir::kernel::CarryId| {
            let carry = &kernel.carries[c.index()];
            (carry_lanes(carry, self.lanes) * carry.dtype.size()) as isize
        };
        Merging {
            kernel: &*prepared.machine,
            reduce: definition,
            buffers,
            carries,
            params,
            lanes: self.lanes,
            lane0: self.lane0 as i64,
            inner: definition.carries.iter().map(inner).collect(),
        }
    }
}
