//! One kernel on one block of channels: tiles flow through its steps while what lies between them stays in cache.

mod accumulate;

use dasc_compiler::access::Access;
use dasc_compiler::plan::{Binding, KernelStage};
use dasc_ir::kernel::{
    Buffer, BufferAt, BufferId, Call, Carry, Domain, Executable, Instr, Kernel, LANES, Lanes, LoopRef, Role,
    Step,
};
use dasc_ir::{DType, Result};

use crate::archive::{Archive, Archived};
use crate::detect::{Detection, Watch};
use crate::edges::extend;
use crate::forecast::EVERYTHING;
use crate::overlap::{Laid, overlap_add};
use crate::pad::Bytes;
use crate::reduce::{Counter, Parts};
use crate::rows::{Layout, Progress, Rows};
use crate::widen::{Extension, widen_inner};

/// A kernel with everything about it that does not change while it runs.
pub(crate) struct Prepared {
    pub stage: KernelStage,
    pub machine: Box<dyn Executable>,
    pub fft: Vec<Option<dasc_cpu::fft::Plan>>,
    pub correlations: Vec<Option<dasc_cpu::correlate::Plan>>,
    pub reads: Vec<Vec<Access>>,
    pub writes: Vec<Vec<BufferId>>,
    /// For each step the accumulations it feeds.
    pub feeds: Vec<Vec<usize>>,
    /// Whether it is one loop that maps rows ([`dasc_ir::kernel::Loop::maps_rows`]): any rows of all channels can be done at any time.
    pub maps: bool,
}

/// A wide stream as one block sees it.
#[derive(Clone, Copy)]
pub(crate) struct Shared {
    pub at: BufferAt,
    pub layout: Layout,
    pub edge: dasc_ir::graph::Edge,
    pub range: (i64, i64),
    pub beyond: (i64, i64),
    pub was: Progress,
    pub now: Progress,
    /// Whether this kernel writes it.
    pub produced: bool,
}

// SAFETY: blocks touch disjoint lanes of what the kernel writes, and only read the rest.
unsafe impl Sync for Shared {}
// SAFETY: as above.
unsafe impl Send for Shared {}

/// The state of one block.
pub(crate) struct Block {
    pub lane0: usize,
    pub lanes: usize,
    scratch: Vec<Option<Rows>>,
    carries: Vec<Bytes>,
    pub counters: Vec<Counter>,
    watches: Vec<Option<Watch>>,
    pub done: Vec<i64>,
    pub found: Vec<(u32, Detection)>,
    /// Bytes that the last run took beside those still held.
    pub worked: usize,
    /// Where the kernel's buffers and carries lie, during a run.
    at: Addresses,
    carries_at: Addresses,
}

/// Of a buffer that no step touches.
pub(crate) const NOWHERE: BufferAt = BufferAt { base: std::ptr::null_mut(), row: 0, inner: 0, plane: 0 };

/// Addresses of a kernel's buffers or carries.
#[derive(Default)]
pub(crate) struct Addresses(pub Vec<BufferAt>);

// SAFETY: they are found anew whenever the block runs, and used by the thread that runs it alone.
unsafe impl Send for Addresses {}
// SAFETY: as above.
unsafe impl Sync for Addresses {}

impl Prepared {
    pub fn new(stage: KernelStage, machine: Box<dyn Executable>) -> Result<Prepared> {
        let kernel = &stage.kernel;
        let fft = kernel
            .steps
            .iter()
            .map(|s| if let Step::Fft(fft) = s { Some(dasc_cpu::fft::Plan::new(fft)) } else { None });
        let correlations = kernel
            .steps
            .iter()
            .map(|s| {
                if let Step::Correlate(c) = s {
                    Some(dasc_cpu::correlate::Plan::new(kernel, c))
                } else {
                    None
                }
            })
            .collect();
        let feeds = kernel.steps.iter().map(|s| fed(kernel, s)).collect();
        let reads = kernel.steps.iter().map(|s| dasc_compiler::access::reads(kernel, s)).collect();
        let writes = kernel.steps.iter().map(dasc_compiler::access::writes).collect();
        let plain = |b: &Buffer| b.role != Role::Scratch && b.lanes == Lanes::Block;
        let maps = match kernel.steps.as_slice() {
            [Step::Loop(body)] => matches!(body.domain, Domain::Rows(_)) && body.maps_rows(),
            _ => false,
        } && kernel.buffers.iter().all(plain);
        Ok(Prepared { fft: fft.collect(), correlations, reads, writes, feeds, maps, machine, stage })
    }

    /// Bytes that a step takes for itself while it runs.
    pub fn scratch(&self) -> usize {
        let correlations = self.correlations.iter().flatten().map(dasc_cpu::correlate::Plan::scratch);
        let transforms = self.fft.iter().flatten().map(dasc_cpu::fft::Plan::scratch);
        correlations.chain(transforms).max().unwrap_or(0)
    }

    /// First row of the input that no step needs any more, for a buffer, when steps stand at `done`.
    pub fn needed_from(&self, buffer: BufferId, done: &[i64], segment: usize) -> i64 {
        let mut needed = i64::MAX;
        for (step, reads) in self.reads.iter().enumerate() {
            let stop = self.stage.rows[step][segment].1;
            for read in reads.iter().filter(|r| r.buffer == buffer && done[step] < stop) {
                needed = needed.min(read.first(done[step]));
            }
        }
        needed
    }

    /// How far readers of a buffer look before its first row and beyond its last.
    pub fn looks_beyond(&self, buffer: BufferId, (start, stop): (i64, i64), segment: usize) -> (i64, i64) {
        let (mut before, mut after) = (0, 0);
        for (step, reads) in self.reads.iter().enumerate() {
            let (first, last) = self.stage.rows[step][segment];
            for read in reads.iter().filter(|r| r.buffer == buffer && first < last) {
                before = before.max(start - read.first(first));
                after = after.max(read.last(last - 1) + 1 - stop);
            }
        }
        (before, after)
    }

    /// Rows up to which a step can run, given how far the buffers are.
    pub fn ready(
        &self,
        step: usize,
        segment: usize,
        done: i64,
        of: impl Fn(BufferId) -> (Progress, (i64, i64), i64),
    ) -> i64 {
        let stop = self.stage.rows[step][segment].1;
        let mut ready = stop;
        for read in &self.reads[step] {
            let (progress, (start, end), after) = of(read.buffer);
            if !progress.lead && read.first(done) < start {
                return done;
            }
            let exists = if progress.tail { end + after } else { progress.end };
            ready = ready.min(read.served(exists));
        }
        ready.max(done)
    }
}

fn fed(kernel: &Kernel, step: &Step) -> Vec<usize> {
    let Step::Loop(body) = step else { return Vec::new() };
    let sets =
        |carry| body.values.iter().any(|i| matches!(i, Instr::SetCarry { carry: c, .. } if *c == carry));
    (0..kernel.reduces.len()).filter(|r| kernel.reduces[*r].carries.iter().any(|c| sets(*c))).collect()
}

impl Block {
    pub fn new(
        prepared: &Prepared,
        streams: &[dasc_compiler::plan::Stream],
        segment: usize,
        lane0: usize,
        lanes: usize,
    ) -> Block {
        let stage = &prepared.stage;
        let kernel = &stage.kernel;
        let mut block = Block {
            lane0,
            lanes,
            scratch: Vec::new(),
            carries: kernel.carries.iter().map(|c| filled(c, c.init, lanes)).collect(),
            counters: Vec::new(),
            watches: Vec::new(),
            done: stage.rows.iter().map(|r| r[segment].0).collect(),
            found: Vec::new(),
            worked: 0,
            at: Addresses::default(),
            carries_at: Addresses::default(),
        };
        for (number, binding) in stage.bindings.iter().enumerate() {
            let scratch = match binding {
                Binding::Stream(s) if streams[*s as usize].place == dasc_compiler::plan::Place::Scratch => {
                    let stream = &streams[*s as usize];
                    let range = stream.rows[segment];
                    let (before, after) = prepared.looks_beyond(BufferId(number as u32), range, segment);
                    Some(Rows::new(Layout::block(stream, lanes), range, stream.edge, before, after))
                }
                _ => None,
            };
            block.scratch.push(scratch);
        }
        for (number, reduce) in kernel.reduces.iter().enumerate() {
            let sizes =
                reduce.carries.iter().map(|c| filled(&kernel.carries[c.index()], 0.0, lanes).len()).collect();
            block.counters.push(Counter::new(number as u32, sizes));
        }
        for step in &kernel.steps {
            let valid = (stage.channels as usize).saturating_sub(lane0).min(lanes);
            block.watches.push(matches!(step, Step::Emit(_)).then(|| Watch::new(valid)));
        }
        block
    }

    /// Begins the next segment with nothing remembered but the record's accumulations.
    pub fn next_segment(&mut self, fresh: Block) {
        let records: Vec<Option<Parts>> = self.counters.iter_mut().map(|c| c.record.take()).collect();
        let found = std::mem::take(&mut self.found);
        *self = fresh;
        self.found = found;
        for (counter, record) in self.counters.iter_mut().zip(records) {
            counter.record = record;
        }
    }

    /// Memory held between tiles.
    pub fn held(&self) -> usize {
        let scratch: usize = self.scratch.iter().flatten().map(Rows::held).sum();
        scratch + self.carries.iter().map(Bytes::len).sum::<usize>()
    }

    /// Bytes that it takes for as little as one row of everything.
    pub fn least(&self, prepared: &Prepared) -> usize {
        let rows: usize = self.scratch.iter().flatten().map(|rows| rows.layout.row()).sum();
        rows + prepared.scratch()
    }

    /// Moves what is new of the wide streams through the kernel's steps, tile by tile.
    pub fn run(
        &mut self,
        prepared: &Prepared,
        segment: usize,
        shared: &[Option<Shared>],
        constants: &[Option<BufferAt>],
        params: &[f64],
    ) -> Result<()> {
        let mut progress: Vec<Option<Progress>> = shared.iter().map(|s| s.map(|s| s.was)).collect();
        self.at = Addresses(self.places(shared, constants));
        self.carries_at = Addresses(self.carry_places(&prepared.stage.kernel));
        let inputs = || shared.iter().flatten().filter(|s| !s.produced);
        let most = inputs().map(|s| s.now.end - s.was.end).max().unwrap_or(0);
        let tiles = dasc_ir::graph::builder::div_ceil(most, i64::from(prepared.stage.schedule.rows)).max(1);
        for tile in 1..=tiles {
            for (progress, shared) in progress.iter_mut().zip(shared) {
                if let (Some(progress), Some(s)) = (progress, shared)
                    && !s.produced
                {
                    let last = tile == tiles;
                    let end =
                        if last { s.now.end } else { s.was.end + (s.now.end - s.was.end) * tile / tiles };
                    *progress =
                        Progress { end, lead: s.now.lead, tail: if last { s.now.tail } else { s.was.tail } };
                }
            }
            for step in 0..prepared.stage.kernel.steps.len() {
                let target = prepared.ready(step, segment, self.done[step], |buffer| {
                    match (&self.scratch[buffer.index()], shared[buffer.index()]) {
                        (Some(rows), _) => (rows.progress, (rows.start, rows.stop), rows.after),
                        (None, Some(s)) => (progress[buffer.index()].unwrap_or(s.was), s.range, s.beyond.1),
                        (None, None) => EVERYTHING,
                    }
                });
                if target > self.done[step] {
                    self.advance(prepared, segment, step, target, shared, params, &mut progress)?;
                }
            }
        }
        let held = self.held();
        // Frames of one block need not lie about while the others run.
        for (number, rows) in self.scratch.iter_mut().enumerate() {
            if let Some(rows) = rows {
                rows.release(prepared.needed_from(BufferId(number as u32), &self.done, segment));
            }
        }
        self.worked = held - self.held() + prepared.scratch();
        Ok(())
    }

    /// Runs one step up to row `target`.
    #[allow(clippy::too_many_arguments)]
    fn advance(
        &mut self,
        prepared: &Prepared,
        segment: usize,
        step: usize,
        target: i64,
        shared: &[Option<Shared>],
        params: &[f64],
        progress: &mut [Option<Progress>],
    ) -> Result<()> {
        for buffer in &prepared.writes[step] {
            if let Some(rows) = &mut self.scratch[buffer.index()]
                && !rows.has_room(target)
            {
                rows.reserve(target, prepared.needed_from(*buffer, &self.done, segment));
                self.at.0[buffer.index()] = rows.at(0);
            }
        }
        let buffers = std::mem::take(&mut self.at.0);
        let kernel = &prepared.stage.kernel;
        let from = self.done[step];
        match &kernel.steps[step] {
            Step::Loop(_) if prepared.feeds[step].is_empty() => {
                self.call(prepared, step, &buffers, params, from, target);
            }
            Step::Loop(_) => self.accumulate(prepared, segment, step, &buffers, params, from, target),
            Step::Fft(fft) => {
                if let Some(plan) = &prepared.fft[step] {
                    let (input, output) = (&buffers[fft.input.index()], &buffers[fft.output.index()]);
                    let lanes = self.lanes_of(kernel, fft.input);
                    // SAFETY: both buffers hold rows `from .. target` for these lanes: the input by readiness, the output by `reserve`.
                    unsafe { plan.run(input, output, from, target - from, lanes) }?;
                }
            }
            Step::Correlate(correlate) => {
                if let Some(plan) = &prepared.correlations[step] {
                    let inputs = (&buffers[correlate.x.index()], &buffers[correlate.t.index()]);
                    let lanes = self.lanes_of(kernel, correlate.output);
                    // SAFETY: the inputs hold rows `from .. target` by readiness, the output by `reserve`, for these lanes.
                    unsafe {
                        plan.run(inputs, &buffers[correlate.output.index()], from, target - from, lanes)?
                    };
                }
            }
            Step::OverlapAdd(add) => {
                let lanes = self.lanes_of(kernel, add.input);
                let (n, double) = (
                    kernel.buffers[add.input.index()].inner,
                    kernel.buffers[add.input.index()].dtype == DType::F64,
                );
                let (frames, output) = (&buffers[add.input.index()], &buffers[add.output.index()]);
                let exist = match (&self.scratch[add.input.index()], &shared[add.input.index()]) {
                    (Some(rows), _) => (rows.start, rows.stop),
                    (None, Some(stream)) => stream.range,
                    (None, None) => (0, 0),
                };
                let weights = add.weights.and_then(|first| params.get(first as usize..)?.get(..n as usize));
                let laid = Laid { n, hop: add.hop, lo: add.lo, weights: weights.unwrap_or(&[]) };
                // SAFETY: all frames that reach into these rows exist by readiness, the output's rows by `reserve`.
                unsafe { overlap_add(frames, output, exist, laid, double, from..target, lanes) };
            }
            Step::Widen(widen) => {
                let (short, long) =
                    (&kernel.buffers[widen.input.index()], &kernel.buffers[widen.output.index()]);
                let what = Extension {
                    len: short.inner,
                    longer: long.inner,
                    planes: short.planes,
                    before: widen.before,
                    edge: widen.edge,
                    bytes: self.lanes_of(kernel, widen.input) * short.dtype.size(),
                };
                let (input, output) = (&buffers[widen.input.index()], &buffers[widen.output.index()]);
                // SAFETY: both buffers hold rows `from .. target` for these lanes: the input by readiness, the output by `reserve`.
                unsafe { widen_inner(input, output, what, from..target) };
            }
            Step::Emit(emit) => {
                let at = &buffers[emit.level.index()];
                let double = kernel.buffers[emit.level.index()].dtype == DType::F64;
                let (on, off) = (params[emit.on as usize], params[emit.off as usize]);
                let (lane0, table) = (self.lane0, emit.table);
                let found = &mut self.found;
                let mut note = |lane: usize, d: Detection| {
                    found.push((table, Detection { segment, channel: (lane0 + lane) as u32, ..d }))
                };
                if let Some(watch) = &mut self.watches[step] {
                    // SAFETY: the level's rows `from .. target` exist in this block's lanes.
                    unsafe { watch.rows(at, double, from..target, (on, off), &mut note) };
                    if target == prepared.stage.rows[step][segment].1 {
                        watch.close(&mut note);
                    }
                }
            }
        }
        self.at.0 = buffers;
        self.done[step] = target;
        for buffer in &prepared.writes[step] {
            self.written(*buffer, target, shared, progress);
        }
        Ok(())
    }

    /// For every table that the block fills, the row before which it will begin no detection any more.
    pub fn settled<'a>(&'a self, prepared: &'a Prepared) -> impl Iterator<Item = (u32, i64)> + 'a {
        let steps = prepared.stage.kernel.steps.iter().zip(&self.done).zip(&self.watches);
        steps.filter_map(|((step, done), watch)| match step {
            Step::Emit(emit) => {
                let open = watch.as_ref().and_then(Watch::earliest);
                Some((emit.table, open.map_or(*done, |first| first.min(*done))))
            }
            Step::Loop(_) | Step::Fft(_) | Step::Widen(_) | Step::Correlate(_) | Step::OverlapAdd(_) => None,
        })
    }

    /// Notes that a buffer has rows up to `end`, and writes those beyond the segment once they are known.
    fn written(
        &mut self,
        buffer: BufferId,
        end: i64,
        shared: &[Option<Shared>],
        progress: &mut [Option<Progress>],
    ) {
        let index = buffer.index();
        if let Some(rows) = &mut self.scratch[index] {
            let (was, now) = (rows.progress, rows.progress_at(end));
            let (range, beyond) = ((rows.start, rows.stop), (rows.before, rows.after));
            if beyond != (0, 0) {
                let (at, layout) = (rows.at(0), rows.layout);
                // SAFETY: `reserve` made room for the rows beyond the segment and kept those they are made of.
                unsafe { extend(&at, &layout, rows.edge, range, beyond, &was, &now, layout.lane_stride) };
            }
            rows.progress = now;
        } else if let (Some(s), Some(progress)) = (&shared[index], &mut progress[index]) {
            let lead = crate::edges::lead_known(s.edge, s.range, s.beyond.0, end);
            let now = Progress { end, lead: progress.lead || lead, tail: progress.tail || end >= s.range.1 };
            // SAFETY: the flow made room likewise, and no other block has these lanes.
            unsafe { extend(&s.at, &s.layout, s.edge, s.range, s.beyond, progress, &now, self.lanes) };
            *progress = now;
        }
    }

    fn places(&mut self, shared: &[Option<Shared>], constants: &[Option<BufferAt>]) -> Vec<BufferAt> {
        let scratch = self.scratch.iter_mut().map(|s| s.as_mut().map(|rows| rows.at(0)));
        scratch
            .zip(shared)
            .zip(constants)
            .map(|((scratch, shared), constant)| {
                scratch.or(shared.map(|s| s.at)).or(*constant).unwrap_or(NOWHERE)
            })
            .collect()
    }

    fn carry_places(&mut self, kernel: &Kernel) -> Vec<BufferAt> {
        let lanes = self.lanes;
        let places = self.carries.iter_mut().zip(&kernel.carries).map(|(bytes, carry)| BufferAt {
            base: bytes.as_mut_ptr(),
            row: 0,
            inner: (carry_lanes(carry, lanes) * carry.dtype.size()) as isize,
            plane: 0,
        });
        places.collect()
    }

    fn call(
        &mut self,
        prepared: &Prepared,
        step: usize,
        buffers: &[BufferAt],
        params: &[f64],
        from: i64,
        to: i64,
    ) {
        let call = Call {
            buffers,
            carries: &self.carries_at.0,
            params,
            start: from,
            rows: to - from,
            lanes: self.lanes,
            lane0: self.lane0 as i64,
        };
        // SAFETY: readiness guarantees the rows that are read, `reserve` those that are written; lanes are padded to whole groups.
        unsafe { prepared.machine.run(LoopRef::Step(step as u32), &call) }
    }

    fn lanes_of(&self, kernel: &Kernel, buffer: BufferId) -> usize {
        match kernel.buffers[buffer.index()].lanes {
            Lanes::Block => self.lanes,
            Lanes::Fixed(n) => (n as usize).next_multiple_of(LANES),
        }
    }
}

fn carry_lanes(carry: &Carry, lanes: usize) -> usize {
    match carry.lanes {
        Lanes::Block => lanes,
        Lanes::Fixed(n) => (n as usize).next_multiple_of(LANES),
    }
}

/// A carry's memory, every element at `value`.
fn filled(carry: &Carry, value: f64, lanes: usize) -> Bytes {
    let count = carry_lanes(carry, lanes) * carry.inner.max(1) as usize;
    let mut bytes = Bytes::zeroed(count * carry.dtype.size());
    if value.to_bits() != 0 {
        for element in bytes.bytes_mut().chunks_exact_mut(carry.dtype.size()) {
            match carry.dtype {
                DType::F64 => element.copy_from_slice(&value.to_ne_bytes()),
                DType::F32 | DType::C32 => element.copy_from_slice(&(value as f32).to_ne_bytes()),
                DType::I64 => element.copy_from_slice(&(value as i64).to_ne_bytes()),
                DType::I32 => element.copy_from_slice(&(value as i32).to_ne_bytes()),
                DType::I16 => element.copy_from_slice(&(value as i16).to_ne_bytes()),
                DType::Bool => element.fill(u8::from(value != 0.0)),
            }
        }
    }
    bytes
}

impl Archived for Block {
    fn archive(&mut self, a: &mut Archive) -> Result<()> {
        a.each(self.scratch.iter_mut().flatten())?;
        a.each(&mut self.carries)?;
        a.each(&mut self.counters)?;
        a.each(self.watches.iter_mut().flatten())?;
        a.each(&mut self.done)?;
        a.list(&mut self.found, || {
            (0, Detection { segment: 0, channel: 0, first: 0, last: 0, peak: 0, level: 0.0 })
        })
    }
}
