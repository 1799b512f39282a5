//! One flow over one segment: chunks of rows arrive, pass through the stages, and leave to observers.

use std::sync::Arc;

use dasc_compiler::plan::{Binding, Flow, Place, Stage, Stream, Whole, WholeInput, WholeKind};
use dasc_ir::graph::{Graph, Scope};
use dasc_ir::kernel::{BufferAt, BufferId, Executable, Kernel, LANES};
use dasc_ir::{Diag, Result};
use rayon::ThreadPool;
use rayon::prelude::*;

use crate::archive::{Archive, Archived};
use crate::backwards::stays_in_memory;
use crate::between::Between;
use crate::block::{Block, Prepared, Shared};
use crate::cut::Cut;
use crate::edges::{extend, extend_lanes};
use crate::given::{Places, constants, over_record, params};
use crate::map::Mapping;
use crate::pad::Spare;
use crate::ranges::{Passing, Ranges};
use crate::rows::{Layout, Progress, Rows};
use crate::statistics::Stored;
use crate::times::timed;
use crate::windows::{Pending, Windows};

/// A flow with its kernels ready to run.
pub(crate) struct PreparedFlow {
    pub flow: Flow,
    pub stages: Vec<PreparedStage>,
    /// For every stream whether it is turned round when a segment is over, and the memory for those that are.
    pub turned: Vec<bool>,
    spare: Arc<Spare>,
    /// Bytes that the run may hold.
    memory: usize,
}

/// Makes what runs a kernel for so many channels.
type Machine<'a> = dyn FnMut(&Kernel, u32) -> Result<Box<dyn Executable>> + 'a;

/// What a flow may hold, and what becomes of it.
pub(crate) struct Keeping<'a> {
    /// The steps that its rows go into.
    pub transforms: &'a [Whole],
    /// Bytes that the run may hold.
    pub memory: usize,
    /// Memory for whole segments.
    pub spare: Arc<Spare>,
}

/// Samples that are done sooner than other threads are woken.
const LITTLE: i64 = 4096;

/// The share of the memory given that blocks may take while they work: where one needs more than a thread's part of that, fewer
/// work at once.
const WORKING: usize = 2;

pub(crate) enum PreparedStage {
    Kernel(Box<Prepared>),
    Between(Between),
    Call { input: usize, output: usize, windows: Box<Windows> },
}

/// What a flow remembers between chunks.
pub(crate) struct FlowState {
    pub segment: usize,
    /// One per stream; scratch streams live in the blocks.
    pub wide: Vec<Option<Rows>>,
    pub stages: Vec<StageState>,
    /// Rows handed to observers so far, per stream.
    pub delivered: Vec<i64>,
    /// Bytes that ranges of channels took on their way to observers, and in how many parts rows went, at most.
    pub passing: (usize, usize),
    /// The most bytes that blocks took while they worked and gave back after it.
    pub working: usize,
}

/// Progress of a stage, the same for all its blocks.
pub(crate) struct StageState {
    pub done: Vec<i64>,
    /// Rows of each buffer's stream that the stage has looked at; tiles begin there.
    seen: Vec<i64>,
    pub blocks: Vec<Block>,
    /// Time spent in the stage.
    pub seconds: f64,
    /// Of a model's call: what windows to come will add to.
    pending: Option<Pending>,
}

impl PreparedFlow {
    /// Nothing done yet of a segment.
    pub fn begin(&self, segment: usize, cut: Cut) -> FlowState {
        let streams = &self.flow.streams;
        let wide = streams.iter().enumerate().map(|(number, stream)| {
            (stream.place != Place::Scratch).then(|| {
                let range = stream.rows[segment];
                let (before, after) = self.looks_beyond(number, range, segment);
                let mut rows = Rows::new(Layout::wide(stream), range, stream.edge, before, after);
                rows.span = self.span(number);
                if self.turned[number] && stays_in_memory(stream, segment, self.memory) {
                    // Turned round where it is made.
                    (rows.kept, rows.span) = (Some(self.spare.clone()), (range.1 - range.0).max(0));
                }
                rows
            })
        });
        let stages = self.stages.iter().map(|stage| match stage {
            PreparedStage::Kernel(prepared) => StageState {
                done: prepared.stage.rows.iter().map(|r| r[segment].0).collect(),
                seen: vec![i64::MIN; prepared.stage.bindings.len()],
                blocks: blocks(prepared, streams, segment, cut),
                seconds: 0.0,
                pending: None,
            },
            PreparedStage::Between(Between { output, .. }) | PreparedStage::Call { output, .. } => {
                StageState {
                    done: vec![streams[*output].rows[segment].0],
                    seen: Vec::new(),
                    blocks: Vec::new(),
                    seconds: 0.0,
                    pending: matches!(stage, PreparedStage::Call { .. }).then(Pending::default),
                }
            }
        });
        let delivered = streams.iter().map(|s| s.rows[segment].0).collect();
        FlowState {
            segment,
            wide: wide.collect(),
            stages: stages.collect(),
            delivered,
            passing: (0, 0),
            working: 0,
        }
    }

    pub(crate) fn looks_beyond(&self, number: usize, range: (i64, i64), segment: usize) -> (i64, i64) {
        let (mut before, mut after) = (0, 0);
        for stage in &self.stages {
            if let PreparedStage::Kernel(prepared) = stage {
                for buffer in bound(prepared, number) {
                    let (b, a) = prepared.looks_beyond(buffer, range, segment);
                    (before, after) = (before.max(b), after.max(a));
                }
            }
        }
        (before, after)
    }

    /// Rows of a stream that readers hold on to before they can go on by one.
    fn span(&self, number: usize) -> i64 {
        let mut span = 0;
        for stage in &self.stages {
            match stage {
                PreparedStage::Kernel(prepared) => {
                    for buffer in bound(prepared, number) {
                        let reads = prepared.reads.iter().flatten().filter(|read| read.buffer == buffer);
                        span = reads.map(|read| read.last(0) - read.first(0) + 2).fold(span, i64::max);
                    }
                }
                PreparedStage::Between(between) if between.input == number => {
                    span = span.max(between.back + between.ahead + 2);
                }
                PreparedStage::Call { input, windows, .. } if *input == number => {
                    span = span.max(i64::from(windows.call.window) + i64::from(windows.call.hop));
                }
                PreparedStage::Between(_) | PreparedStage::Call { .. } => {}
            }
        }
        span
    }

    /// First row of a stream that anyone still needs.
    pub(crate) fn needed_from(&self, state: &FlowState, number: usize) -> i64 {
        let stream = &self.flow.streams[number];
        let mut needed = if stream.observed { state.delivered[number] } else { i64::MAX };
        for (stage, at) in self.stages.iter().zip(&state.stages) {
            match stage {
                PreparedStage::Kernel(prepared) => {
                    for buffer in bound(prepared, number) {
                        needed = needed.min(prepared.needed_from(buffer, &at.done, state.segment));
                    }
                }
                PreparedStage::Between(between) => {
                    if between.input == number {
                        needed = needed.min(at.done[0] - between.back);
                    }
                }
                PreparedStage::Call { input, windows, .. } => {
                    if let (true, Some(pending)) = (*input == number, &at.pending) {
                        needed = needed.min(windows.needed_from(pending, stream.rows[state.segment]));
                    }
                }
            }
        }
        needed
    }

    /// Moves what has arrived through all stages.
    pub fn advance(
        &self,
        state: &mut FlowState,
        (graph, pool): (&Graph, &ThreadPool),
        statistics: &mut [Stored],
        ranges: &mut Ranges,
    ) -> Result<()> {
        for number in 0..self.stages.len() {
            let mut seconds = state.stages[number].seconds;
            timed(&mut seconds, || match &self.stages[number] {
                PreparedStage::Kernel(prepared) => {
                    self.run_kernel(state, number, prepared, (graph, pool), statistics, ranges)
                }
                PreparedStage::Between(between) => pool.install(|| self.row_by_row(state, number, between)),
                PreparedStage::Call { input, output, windows } => {
                    self.call(state, number, (*input, *output), windows, pool)
                }
            })?;
            state.stages[number].seconds = seconds;
        }
        Ok(())
    }

    fn run_kernel(
        &self,
        state: &mut FlowState,
        number: usize,
        prepared: &Prepared,
        (graph, pool): (&Graph, &ThreadPool),
        statistics: &mut [Stored],
        ranges: &mut Ranges,
    ) -> Result<()> {
        let segment = state.segment;
        let mut shared = self.shared(state, number, prepared, false);
        let (done, now) = self.forecast(state, number, prepared, &shared);
        let was: Vec<Option<Progress>> = shared.iter().map(|s| s.map(|s| s.was)).collect();
        let lanes = state.stages[number].blocks.first().map_or(LANES, |block| block.lanes);
        let streams = &self.flow.streams;
        let about = (lanes, pool.current_num_threads());
        let mut passing = Passing::new(prepared, streams, ranges, (&was, &now), about);
        let in_ranges =
            |passing: &Option<Passing>, s: u32| passing.as_ref().is_some_and(|p| p.takes(s as usize));
        for (step, writes) in prepared.writes.iter().enumerate() {
            for b in writes {
                if let (Binding::Stream(s), Some(_)) =
                    (prepared.stage.bindings[b.index()], &shared[b.index()])
                    && !in_ranges(&passing, s)
                {
                    let keep = self.needed_from(state, s as usize);
                    if let Some(rows) = &mut state.wide[s as usize] {
                        rows.reserve(done[step], keep);
                    }
                }
            }
        }
        // Making room may have moved rows; addresses are taken now.
        shared = self.shared(state, number, prepared, true);
        for (shared, now) in shared.iter_mut().zip(&now) {
            if let (Some(shared), Some(now)) = (shared, now) {
                shared.now = *now;
            }
        }
        // What is read or made, whichever is more: frames are one row of many samples.
        let fresh =
            shared.iter().flatten().map(|s| (s.now.end - s.was.end).saturating_mul(s.layout.inner as i64));
        let little = fresh.max().unwrap_or(0).saturating_mul(prepared.stage.channels.into()) < LITTLE;
        let params = params(prepared, graph, segment);
        let places: Vec<Vec<Option<BufferAt>>> = state.stages[number]
            .blocks
            .iter()
            .map(|block| constants(prepared, statistics, segment, block.lane0))
            .collect();
        let places = Places(places);
        let blocks = &mut state.stages[number].blocks;
        let mapped = Mapping::of(prepared, &shared, blocks, &done).filter(|_| passing.is_none());
        if let Some(mapping) = &mapped {
            mapping.run((prepared, &params), (&shared, places.of(0)), pool, little);
            blocks.iter_mut().for_each(|block| block.done.clone_from(&done));
        }
        let room = self.memory / WORKING;
        let fit = blocks.iter().map(|b| b.least(prepared)).max().map_or(1, |least| room / least.max(1));
        // Blocks that need much memory while they work come one after another, even if threads wait then.
        let fit = if fit < pool.current_num_threads() { fit } else { blocks.len() };
        let together = passing.as_ref().map_or(blocks.len(), |p| p.blocks).min(fit).max(1);
        let parts = blocks.len().div_ceil(together);
        for (part, blocks) in blocks.chunks_mut(together).enumerate().filter(|_| mapped.is_none()) {
            let lane0 = blocks.first().map_or(0, |block| block.lane0);
            let lanes = blocks.iter().map(|block| block.lanes).sum();
            if let Some(passing) = &mut passing {
                for (b, at, layout) in passing.begin(lane0, lanes) {
                    if let Some(shared) = &mut shared[b] {
                        (shared.at, shared.layout) = (at, layout);
                    }
                }
            }
            let run = |(i, block): (usize, &mut Block)| {
                let shared = for_block(prepared, &shared, block.lane0);
                block.run(prepared, segment, &shared, places.of(part * together + i), &params)
            };
            if blocks.len() == 1 || little || pool.current_num_threads() == 1 {
                blocks.iter_mut().enumerate().try_for_each(run)?;
            } else {
                pool.install(|| blocks.par_iter_mut().enumerate().with_max_len(1).try_for_each(run))?;
            }
            if let Some(passing) = &passing {
                passing.hand_out(streams, lane0, lanes, ranges)?;
            }
        }
        let mut worked: Vec<usize> = state.stages[number].blocks.iter().map(|b| b.worked).collect();
        worked.sort_unstable_by(|a, b| b.cmp(a));
        let at_once = together.min(pool.current_num_threads());
        state.working = state.working.max(worked.iter().take(at_once).sum());
        if let Some(passing) = &passing {
            state.passing = (state.passing.0.max(passing.held()), state.passing.1.max(parts));
            for (stream, end) in passing.streams() {
                state.delivered[stream] = end;
                if let Some(rows) = &mut state.wide[stream] {
                    rows.skip(end);
                }
            }
        }
        state.stages[number].done.clone_from(&done);
        for (seen, now) in state.stages[number].seen.iter_mut().zip(&now) {
            *seen = now.map_or(*seen, |now| now.end);
        }
        debug_assert!(
            state.stages[number].blocks.iter().all(|b| b.done == done),
            "blocks disagree on progress"
        );
        for (b, binding) in prepared.stage.bindings.iter().enumerate() {
            if let (Binding::Stream(s), Some(shared), Some(now)) = (binding, &shared[b], &now[b])
                && shared.produced
                && let Some(rows) = &mut state.wide[*s as usize]
                && !in_ranges(&passing, *s)
            {
                let was = rows.progress;
                rows.progress = *now;
                fill_lanes(rows, &self.flow.streams[*s as usize], &was);
            }
        }
        Ok(())
    }

    /// Ends the segment for all accumulations.
    pub fn end_segment(
        &self,
        state: &mut FlowState,
        graph: &Graph,
        statistics: &mut [Stored],
        scopes: &[Scope],
    ) {
        for number in 0..self.stages.len() {
            let PreparedStage::Kernel(prepared) = &self.stages[number] else { continue };
            if prepared.stage.kernel.reduces.is_empty() {
                continue;
            }
            let params = params(prepared, graph, state.segment);
            let shared = self.shared(state, number, prepared, true);
            let segment = state.segment;
            for block in &mut state.stages[number].blocks {
                let constants = constants(prepared, statistics, segment, block.lane0);
                let shared = for_block(prepared, &shared, block.lane0);
                block.end_segment(prepared, &constants, &shared, &params, |reduce| {
                    over_record(prepared, reduce, scopes)
                });
            }
        }
    }

    /// Ends the record: accumulations over all segments are written as the statistic of every segment.
    pub fn end_record(
        &self,
        state: &mut FlowState,
        graph: &Graph,
        statistics: &mut [Stored],
        scopes: &[Scope],
        segments: usize,
    ) {
        for number in 0..self.stages.len() {
            let PreparedStage::Kernel(prepared) = &self.stages[number] else { continue };
            let params = params(prepared, graph, state.segment);
            for block in &mut state.stages[number].blocks {
                let constants = constants(prepared, statistics, state.segment, block.lane0);
                block.end_record(prepared, &constants, &params, |reduce| {
                    over_record(prepared, reduce, scopes)
                });
            }
            for (reduce, definition) in prepared.stage.kernel.reduces.iter().enumerate() {
                if !over_record(prepared, reduce, scopes) {
                    continue;
                }
                for output in &definition.outputs {
                    if let Binding::Statistic(s) = prepared.stage.bindings[output.index()] {
                        let value = statistics[s as usize].bytes(state.segment).to_vec();
                        for segment in 0..segments {
                            statistics[s as usize].bytes_mut(segment).copy_from_slice(&value);
                        }
                    }
                }
            }
        }
    }

    fn shared(
        &self,
        state: &mut FlowState,
        number: usize,
        prepared: &Prepared,
        addressed: bool,
    ) -> Vec<Option<Shared>> {
        let bindings = prepared.stage.bindings.iter().enumerate();
        bindings
            .map(|(b, binding)| {
                let (s, strided) = match binding {
                    Binding::Stream(s) => (*s as usize, false),
                    Binding::Strided(s) => (*s as usize, true),
                    Binding::Statistic(_) | Binding::Local => return None,
                };
                let rows = state.wide[s].as_mut()?;
                let nowhere = BufferAt { base: std::ptr::null_mut(), row: 0, inner: 0, plane: 0 };
                let at = if !addressed {
                    nowhere
                } else if strided {
                    rows.strided()
                } else {
                    rows.at(0)
                };
                let produced = prepared.writes.iter().any(|w| w.contains(&BufferId(b as u32)));
                let seen = Progress {
                    end: state.stages[number].seen[b].max(rows.start),
                    lead: rows.progress.lead,
                    tail: false,
                };
                let was = if produced { rows.progress } else { seen };
                Some(Shared {
                    at,
                    layout: rows.layout,
                    edge: rows.edge,
                    range: (rows.start, rows.stop),
                    beyond: (rows.before, rows.after),
                    was,
                    now: rows.progress,
                    produced,
                })
            })
            .collect()
    }

    /// Brings the stream that a stage writes as far as the one it reads, less the rows ahead.
    fn row_by_row(&self, state: &mut FlowState, number: usize, between: &Between) -> Result<()> {
        let Between { input, output, ahead, .. } = *between;
        let keep = self.needed_from(state, output);
        let (mut from, mut to) = match (state.wide[input].take(), state.wide[output].take()) {
            (Some(from), Some(to)) => (from, to),
            _ => return Err(Diag::compiler("run: a copy between streams that do not exist")),
        };
        let (first, end) = (to.progress.end, from.progress.end.saturating_sub(ahead).min(to.stop));
        if end > first {
            to.reserve(end, keep);
            (between.fill)(&mut from, &mut to, first..end);
        }
        publish(&mut to, &self.flow.streams[output], end.max(first));
        state.stages[number].done[0] = end.max(first);
        (state.wide[input], state.wide[output]) = (Some(from), Some(to));
        Ok(())
    }

    /// Calls a model on the windows that have arrived.
    fn call(
        &self,
        state: &mut FlowState,
        number: usize,
        (input, output): (usize, usize),
        windows: &Windows,
        pool: &ThreadPool,
    ) -> Result<()> {
        let keep = self.needed_from(state, output);
        let missing = || Diag::compiler("run: a model between streams that do not exist");
        let mut from = state.wide[input].take().ok_or_else(missing)?;
        let to = state.wide[output].as_mut().ok_or_else(missing)?;
        let stage = &mut state.stages[number];
        let pending = stage.pending.as_mut().ok_or_else(missing)?;
        let end = pool.install(|| windows.run(pending, &mut from, to, keep))?;
        publish(to, &self.flow.streams[output], end);
        stage.done[0] = end;
        state.wide[input] = Some(from);
        Ok(())
    }
}

impl FlowState {
    /// Bytes held by streams and blocks, with the most that blocks took while they worked.
    pub fn held(&self) -> usize {
        let wide: usize = self.wide.iter().flatten().map(Rows::held).sum();
        let pending: usize = self.stages.iter().filter_map(|s| s.pending.as_ref()).map(Pending::held).sum();
        wide + pending
            + self.passing.0
            + self.working
            + self.stages.iter().flat_map(|s| &s.blocks).map(Block::held).sum::<usize>()
    }

    /// Takes over what outlasts a segment: accumulations over the record, detections, and times.
    pub fn inherit(&mut self, old: FlowState) {
        for (new, old) in self.stages.iter_mut().zip(old.stages) {
            new.seconds = old.seconds;
            let fresh = std::mem::take(&mut new.blocks);
            new.blocks = old.blocks;
            for (block, fresh) in new.blocks.iter_mut().zip(fresh) {
                block.next_segment(fresh);
            }
        }
    }
}

impl Archived for FlowState {
    fn archive(&mut self, a: &mut Archive) -> Result<()> {
        a.each(self.wide.iter_mut().flatten())?;
        a.each(&mut self.delivered)?;
        for stage in &mut self.stages {
            a.each(&mut stage.seen)?;
            a.each(&mut stage.done)?;
            a.each(&mut stage.blocks)?;
            a.each(&mut stage.pending)?;
        }
        Ok(())
    }
}

/// The wide streams from the block's first lane on; what holds for all channels has no lanes to begin at.
fn for_block(prepared: &Prepared, shared: &[Option<Shared>], lane0: usize) -> Vec<Option<Shared>> {
    let of = |(shared, buffer): (&Option<Shared>, &dasc_ir::kernel::Buffer)| {
        let mut shared = (*shared)?;
        if buffer.lanes == dasc_ir::kernel::Lanes::Block {
            shared.at.base = shared.at.base.wrapping_add(lane0 * shared.layout.element);
        }
        Some(shared)
    };
    shared.iter().zip(&prepared.stage.kernel.buffers).map(of).collect()
}

fn blocks(prepared: &Prepared, streams: &[Stream], segment: usize, cut: Cut) -> Vec<Block> {
    let channels = (prepared.stage.channels as usize).next_multiple_of(LANES);
    let lanes = cut.lanes(channels).min(prepared.stage.schedule.lanes as usize).max(LANES);
    let block = |lane0| Block::new(prepared, streams, segment, lane0, lanes.min(channels - lane0));
    (0..channels).step_by(lanes).map(block).collect()
}

/// Buffers of a kernel that read a stream from outside, or write it.
fn bound(prepared: &Prepared, number: usize) -> impl Iterator<Item = BufferId> {
    let is = move |binding: &Binding| matches!(binding, Binding::Stream(s) | Binding::Strided(s) if *s as usize == number);
    prepared.stage.bindings.iter().enumerate().filter(move |(_, b)| is(b)).map(|(i, _)| BufferId(i as u32))
}

/// Marks rows up to `end` as existing, and writes those beyond the segment and the channels.
pub(crate) fn publish(rows: &mut Rows, stream: &Stream, end: i64) {
    let (was, now) = (rows.progress, rows.progress_at(end));
    let layout = rows.layout;
    let (range, beyond, edge) = ((rows.start, rows.stop), (rows.before, rows.after), rows.edge);
    let whole = Layout { lane_pad: 0, ..layout };
    let at = rows.at(0);
    let at = BufferAt { base: at.base.wrapping_sub(layout.lane_pad * layout.element), ..at };
    // SAFETY: room for the rows beyond the segment was made together with those at its ends; nobody else holds the memory.
    unsafe { extend(&at, &whole, edge, range, beyond, &was, &now, layout.lane_stride) };
    rows.progress = now;
    fill_lanes(rows, stream, &was);
}

/// Writes the lanes beyond the channels of all rows that are new since `was`.
fn fill_lanes(rows: &mut Rows, stream: &Stream, was: &Progress) {
    if stream.lane_reach == 0 || rows.progress == *was {
        return;
    }
    let now = rows.progress;
    let from = if now.lead && !was.lead { rows.start - rows.before } else { was.end };
    let to = if now.tail { rows.stop + rows.after } else { now.end };
    let (layout, channels, reach) = (rows.layout, stream.channels as usize, stream.lane_reach as usize);
    if to > from {
        let row = layout.row();
        for row in rows.bytes_mut(from, to).chunks_exact_mut(row) {
            extend_lanes(row, &layout, stream.lane_edge, channels, reach);
        }
    }
}

impl PreparedFlow {
    /// Prepares the stages of a flow; `machine` makes the kernels.
    pub fn new(
        flow: Flow,
        Keeping { transforms, memory, spare }: Keeping,
        machine: &mut Machine,
    ) -> Result<PreparedFlow> {
        let mut stages = Vec::new();
        for stage in &flow.stages {
            if let Stage::Kernel(stage) = stage {
                let machine = machine(&stage.kernel, stage.channels)?;
                let prepared = Prepared::new((**stage).clone(), machine)?;
                stages.push(PreparedStage::Kernel(Box::new(prepared)));
            }
            if let Stage::Call { input, output, call } = stage {
                let given = flow.streams.get(*input as usize);
                let given = given.ok_or_else(|| Diag::compiler("run: a model without a stream"))?;
                let windows = Windows::new((**call).clone(), given.dtype, given.channels as usize);
                let (input, output, windows) = (*input as usize, *output as usize, Box::new(windows));
                stages.push(PreparedStage::Call { input, output, windows });
            }
            stages.extend(Between::new(stage, &flow).map(PreparedStage::Between));
        }
        let turns = |number: usize| {
            let takes =
                |w: &Whole| w.kind == WholeKind::Reverse && w.input == WholeInput::Stream(number as u32);
            transforms.iter().any(takes)
        };
        let turned = (0..flow.streams.len()).map(turns).collect();
        Ok(PreparedFlow { flow, stages, turned, spare, memory })
    }
}
