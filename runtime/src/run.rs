//! A run: passes over the segments of a record, chunk by chunk, which can be stopped, saved and continued anywhere.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::mpsc::sync_channel;
use std::time::Instant;

use dasc_compiler::plan::{Pass, Place, Plan, WholeOutput};
use dasc_cpu::cache::{Cache, Outcome};
use dasc_ir::graph::{Graph, NodeId, Scope};
use dasc_ir::kernel::{Executable, Kernel, LANES};
use dasc_ir::{Diag, Result};

use crate::archive::{Archive, Archived};
use crate::detect::Detection;
use crate::flow::{FlowState, PreparedFlow, PreparedStage};
use crate::spool::{Spool, transform};
use crate::statistics::Stored;
use crate::{Feed, Observer};

/// What makes the loops run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Backend {
    /// Element by element, in the order and precision the kernel prescribes: the oracle.
    Interpreter,
    /// Machine code for this processor.
    #[default]
    Cranelift,
}

/// How to run. Nothing here can change a bit of the result.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Threads; 0 takes what the machine has.
    pub threads: usize,
    /// Bytes that streams may hold; 0 means 256 MiB.
    pub memory: usize,
    /// Source rows in a chunk; fitted to the memory if `None`.
    pub chunk: Option<usize>,
    pub backend: Backend,
    /// Folder of compiled kernels.
    pub cache: Option<PathBuf>,
}

/// Counters of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stats {
    /// Source rows done, and to be done, all passes together.
    pub rows_done: u64,
    pub rows_total: u64,
    pub pass: u32,
    pub passes: u32,
    /// Bytes taken from the source and handed to observers.
    pub bytes_in: u64,
    pub bytes_out: u64,
    /// Time spent waiting for rows, in kernels, and in observers.
    pub read_seconds: f64,
    pub compute_seconds: f64,
    pub observe_seconds: f64,
    /// The most bytes that streams and state held at once.
    pub peak_held: usize,
    /// Bytes of recurrence and accumulation state.
    pub kernels: u32,
    pub cache_hits: u32,
    /// Whether the streams held more than the memory given.
    pub over_budget: bool,
    /// What was odd about the cache or the memory, in words.
    pub warnings: Vec<String>,
}

/// A compiled pipeline.
pub struct Run {
    graph: Graph,
    plan: Plan,
    /// For every node, the pass in which it is computed first.
    ready: Vec<u32>,
    passes: Vec<(PreparedFlow, PreparedFlow)>,
    options: Options,
    pool: rayon::ThreadPool,
    compiled: Stats,
}

/// Where a run stands, and all it remembers.
pub struct Session {
    pass: usize,
    segment: usize,
    /// Rows of the pass's longest arriving stream that were taken of this segment.
    taken: i64,
    flow: FlowState,
    statistics: Vec<Stored>,
    /// Rows on their way into a transform, per pass transform; and transformed ones per spool and segment.
    inputs: Vec<Spool>,
    spools: Vec<Vec<Spool>>,
    detections: Vec<(NodeId, Vec<Detection>)>,
    stats: Stats,
}

impl Run {
    /// Compiles a graph and its kernels.
    pub fn prepare(graph: Graph, options: &Options) -> Result<Run> {
        let (graph, plan) = dasc_compiler::compile(graph)?;
        let cache = options.cache.as_ref().map(|folder| Cache::open(folder)).transpose()?;
        let mut compiled = Stats { passes: plan.passes.len() as u32, ..Stats::default() };
        let mut machine = |kernel: &Kernel| -> Result<Box<dyn Executable>> {
            compiled.kernels += 1;
            match options.backend {
                Backend::Interpreter => Ok(Box::new(dasc_ir::kernel::interp::Interpreter::new(kernel)?)),
                Backend::Cranelift => {
                    let (machine, outcome) = dasc_cpu::cache::load_or_compile(
                        kernel,
                        &dasc_cpu::Options::default(),
                        cache.as_ref(),
                    )?;
                    match outcome {
                        Outcome::Hit => compiled.cache_hits += 1,
                        Outcome::Miss => {}
                        Outcome::Rejected(reason) => compiled.warnings.push(reason),
                    }
                    Ok(Box::new(machine))
                }
            }
        };
        let mut passes = Vec::new();
        for pass in &plan.passes {
            passes.push((
                PreparedFlow::new(pass.flow.clone(), &mut machine)?,
                PreparedFlow::new(pass.finals.clone(), &mut machine)?,
            ));
        }
        if options.threads > MOST_THREADS {
            let message =
                format!("cannot use {} threads; at most {MOST_THREADS} are possible", options.threads);
            return Err(Diag::usage(message).help("0 takes as many as there are processors"));
        }
        let pool = rayon::ThreadPoolBuilder::new().num_threads(options.threads).build();
        let pool = pool.map_err(|e| Diag::world(format!("cannot start {} threads: {e}", options.threads)))?;
        compiled.rows_total = (0..plan.passes.len())
            .map(|p| (0..plan.segments).map(|s| longest(&plan.passes[p], s) as u64).sum::<u64>())
            .sum();
        let ready = dasc_compiler::split::split(&graph).ready;
        Ok(Run { graph, plan, ready, passes, options: options.clone(), pool, compiled })
    }

    /// The graph after the compiler's rewrites; its outputs are those it was given, in order.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Runs from beginning to end.
    pub fn execute(&self, feed: &dyn Feed, observer: &mut dyn Observer) -> Result<Stats> {
        let mut session = self.begin();
        let _whole = self.resume(&mut session, feed, observer, |_| ControlFlow::Continue(()))?;
        Ok(session.stats)
    }

    /// Nothing done yet.
    pub fn begin(&self) -> Session {
        Session {
            pass: 0,
            segment: 0,
            taken: 0,
            flow: self.begin_flow(0, 0),
            statistics: self.plan.statistics.iter().map(|s| Stored::new(s, self.plan.segments)).collect(),
            inputs: Vec::new(),
            spools: Vec::new(),
            detections: Vec::new(),
            stats: self.compiled.clone(),
        }
    }

    /// Goes on from where a session stands until the end, or until `watch`, asked after every chunk, breaks off.
    pub fn resume(
        &self,
        session: &mut Session,
        feed: &dyn Feed,
        observer: &mut dyn Observer,
        mut watch: impl FnMut(&Stats) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>> {
        while session.pass < self.passes.len() {
            while session.segment < self.plan.segments {
                if self.run_segment(session, feed, observer, &mut watch)?.is_break() {
                    return Ok(ControlFlow::Break(()));
                }
                self.end_segment(session, observer)?;
                session.segment += 1;
                session.taken = 0;
                if session.segment < self.plan.segments {
                    let next = self.begin_flow(session.pass, session.segment);
                    let old = std::mem::replace(&mut session.flow, next);
                    session.flow.inherit(old);
                }
            }
            self.end_pass(session, observer)?;
            session.pass += 1;
            session.segment = 0;
            if session.pass < self.passes.len() {
                session.flow = self.begin_flow(session.pass, 0);
                session.stats.pass = session.pass as u32;
            }
        }
        self.deliver_statistics(session, observer)?;
        Ok(ControlFlow::Continue(()))
    }

    /// All of a session's state between two chunks.
    pub fn save(&self, session: &mut Session) -> Result<Vec<u8>> {
        if self.plan.passes.iter().any(|p| !p.transforms.is_empty()) {
            return Err(Diag::usage("a run with a whole-record transform cannot be saved half way"));
        }
        let mut archive = Archive::writing();
        session.archive(&mut archive)?;
        Ok(archive.into_bytes())
    }

    /// A session that goes on from saved state, under whatever number of threads this run has.
    pub fn restore(&self, bytes: &[u8]) -> Result<Session> {
        let mut archive = Archive::reading(bytes);
        let mut session = self.begin();
        let (mut pass, mut segment) = (0, 0);
        archive.usize(&mut pass)?;
        archive.usize(&mut segment)?;
        if pass >= self.passes.len() || segment >= self.plan.segments {
            return Err(Diag::world("the saved state belongs to another pipeline"));
        }
        session.flow = self.begin_flow(pass, segment);
        let mut archive = Archive::reading(bytes);
        session.archive(&mut archive)?;
        if !archive.is_at_end() {
            return Err(Diag::world("the saved state belongs to another pipeline"));
        }
        Ok(session)
    }

    fn begin_flow(&self, pass: usize, segment: usize) -> FlowState {
        self.passes[pass].0.begin(segment, BLOCK)
    }

    fn run_segment(
        &self,
        session: &mut Session,
        feed: &dyn Feed,
        observer: &mut dyn Observer,
        watch: &mut impl FnMut(&Stats) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>> {
        let flow = &self.passes[session.pass].0;
        let pass = &self.plan.passes[session.pass];
        let segment = session.segment;
        if session.taken == 0 {
            session.inputs = self.open_inputs(pass, segment)?;
        }
        let length = longest(pass, segment);
        let chunk = self.chunk_rows(pass) as i64;
        let source = pass.flow.streams.iter().position(|s| s.place == Place::Source);
        // Chunks of the source are read ahead by one thread while kernels run here.
        let (send, receive) = sync_channel::<Result<Chunk>>(1);
        let (give_back, take_back) = sync_channel::<Vec<u8>>(2);
        let reader = source.map(|number| {
            let stream = &pass.flow.streams[number];
            let (start, stop) = stream.rows[segment];
            let row = stream.channels as usize * stream.element();
            (start, stop, row)
        });
        let begin = session.taken;
        std::thread::scope(|threads| {
            // Dropped when this closure is left, so that a reader waiting to hand over a chunk is not waited for.
            let receive = receive;
            if let Some((start, stop, row)) = reader {
                threads.spawn(move || {
                    let mut taken = begin;
                    while taken < length {
                        let next = (taken + chunk).min(length);
                        let (from, to) =
                            (share(start, stop, taken, length), share(start, stop, next, length));
                        let mut bytes = take_back.try_recv().unwrap_or_default();
                        bytes.resize((to - from) as usize * row, 0);
                        let result = if to > from {
                            feed.read(from, (to - from) as usize, &mut bytes, row)
                        } else {
                            Ok(())
                        };
                        // The receiver hangs up when the run stops early.
                        if send.send(result.map(|()| Chunk { from, bytes })).is_err() {
                            return;
                        }
                        taken = next;
                    }
                });
            }
            while session.taken < length {
                let next = (session.taken + chunk).min(length);
                let clock = Instant::now();
                for (number, stream) in pass.flow.streams.iter().enumerate() {
                    let (start, stop) = stream.rows[segment];
                    let end = share(start, stop, next, length);
                    match stream.place {
                        Place::Source => {
                            let arrived = receive.recv().map_err(|_| Diag::world("the reader stopped"))??;
                            session.stats.bytes_in += arrived.bytes.len() as u64;
                            let row = stream.channels as usize * stream.element();
                            flow.arrive(&mut session.flow, number, end, |first, rows, out, stride| {
                                let skip = (first - arrived.from) as usize;
                                let source = arrived.bytes[skip * row..].chunks_exact(row.max(1)).take(rows);
                                for (to, from) in out.chunks_mut(stride).zip(source) {
                                    to[..row].copy_from_slice(from);
                                }
                                Ok(())
                            })?;
                            let _ = give_back.try_send(arrived.bytes);
                        }
                        Place::Spool(spool) => {
                            let spool = &session.spools[spool as usize][segment];
                            let plane = stream.lane_stride() * 4;
                            flow.arrive(&mut session.flow, number, end, |first, rows, out, stride| {
                                spool.read(first, rows, out, stride, plane)
                            })?;
                        }
                        Place::Wide | Place::Scratch | Place::Statistic(_) => {}
                    }
                }
                session.stats.read_seconds += clock.elapsed().as_secs_f64();
                let clock = Instant::now();
                self.pool
                    .install(|| flow.advance(&mut session.flow, &self.graph, &mut session.statistics))?;
                session.stats.compute_seconds += clock.elapsed().as_secs_f64();
                let clock = Instant::now();
                self.gather_detections(session, observer)?;
                self.deliver(session, observer)?;
                session.stats.observe_seconds += clock.elapsed().as_secs_f64();
                session.stats.rows_done += (next - session.taken) as u64;
                session.stats.peak_held = session.stats.peak_held.max(session.flow.held());
                self.mind_the_budget(&mut session.stats);
                session.taken = next;
                observer.progress(&session.stats)?;
                if watch(&session.stats).is_break() {
                    return Ok(ControlFlow::Break(()));
                }
            }
            Ok(ControlFlow::Continue(()))
        })
    }

    /// Hands new rows of outputs to the observer, and of transform inputs to their spools.
    fn deliver(&self, session: &mut Session, observer: &mut dyn Observer) -> Result<()> {
        let pass = &self.plan.passes[session.pass];
        for (number, stream) in pass.flow.streams.iter().enumerate().filter(|(_, s)| s.observed) {
            let Some(rows) = &session.flow.wide[number] else { continue };
            let (from, to) = (session.flow.delivered[number], rows.progress.end.min(rows.stop));
            if to <= from {
                continue;
            }
            let view = rows.view(from, to, stream.dtype, stream.channels as usize);
            for (output, node) in self.graph.outputs.iter().enumerate() {
                if *node == stream.node && self.delivers_in(session.pass, *node) {
                    session.stats.bytes_out +=
                        ((to - from) as usize * stream.channels as usize * stream.element()) as u64
                            * u64::from(stream.inner * stream.planes);
                    observer.rows(output, session.segment, &view)?;
                }
            }
            for (transform, input) in pass.transforms.iter().zip(&session.inputs) {
                if transform.input as usize == number {
                    input.write(&view)?;
                }
            }
            session.flow.delivered[number] = to;
        }
        Ok(())
    }

    /// Whether an output's rows are handed out in this pass, and not merely computed again for another.
    fn delivers_in(&self, pass: usize, node: NodeId) -> bool {
        self.ready[node.index()] as usize == pass
    }

    fn open_inputs(&self, pass: &Pass, segment: usize) -> Result<Vec<Spool>> {
        let open = |whole: &dasc_compiler::plan::Whole| {
            let stream = &pass.flow.streams[whole.input as usize];
            let (start, stop) = stream.rows[segment];
            let lines = (stream.inner as usize, stream.channels as usize);
            Spool::create((stop - start).max(0) as usize, start, lines, 1, 8)
        };
        pass.transforms.iter().map(open).collect()
    }

    fn end_segment(&self, session: &mut Session, observer: &mut dyn Observer) -> Result<()> {
        let scopes: Vec<Scope> = self.plan.statistics.iter().map(|s| s.scope).collect();
        let flow = &self.passes[session.pass].0;
        flow.end_segment(&mut session.flow, &self.graph, &mut session.statistics, &scopes);
        for (whole, input) in self.plan.passes[session.pass].transforms.iter().zip(&session.inputs) {
            match whole.output {
                WholeOutput::Spool(spool) => {
                    let made = self.pool.install(|| transform(input, whole.kind, None))?;
                    let spool = spool as usize;
                    if session.spools.len() <= spool {
                        session.spools.resize_with(spool + 1, Vec::new);
                    }
                    session.spools[spool].extend(made);
                }
                WholeOutput::Statistic(statistic) => {
                    let output = &mut session.statistics[statistic as usize];
                    transform(input, whole.kind, Some((output, session.segment)))?;
                }
            }
        }
        self.gather_detections(session, observer)
    }

    /// Collects what the blocks found since the last time, and hands out what nothing can come before any more.
    fn gather_detections(&self, session: &mut Session, observer: &mut dyn Observer) -> Result<()> {
        let flow = &self.passes[session.pass].0;
        let mut settled: Vec<(NodeId, i64)> = Vec::new();
        for (stage, state) in flow.stages.iter().zip(&mut session.flow.stages) {
            let PreparedStage::Kernel(prepared) = stage else { continue };
            for (table, detection) in state.blocks.iter_mut().flat_map(|b| std::mem::take(&mut b.found)) {
                let node = prepared.stage.tables[table as usize];
                match session.detections.iter_mut().find(|(n, _)| *n == node) {
                    Some((_, list)) => list.push(detection),
                    None => session.detections.push((node, vec![detection])),
                }
            }
            for (table, row) in state.blocks.iter().flat_map(|block| block.settled(prepared)) {
                let node = prepared.stage.tables[table as usize];
                match settled.iter_mut().find(|(n, _)| *n == node) {
                    Some((_, least)) => *least = row.min(*least),
                    None => settled.push((node, row)),
                }
            }
        }
        for (node, row) in settled {
            self.hand_out_detections(session, observer, node, (session.segment, row))?;
        }
        match session.detections.iter().find(|(_, list)| list.len() > MOST_DETECTIONS) {
            None => Ok(()),
            Some((node, _)) => {
                let node = self.graph.node(*node);
                let message = format!(
                    "{} found more than {MOST_DETECTIONS} detections while an earlier one went on",
                    node.operator
                );
                Err(Diag::usage(message)
                    .at(node.span)
                    .help("raise the threshold, or give OFF= a lower value so that events hold together"))
            }
        }
    }

    fn end_pass(&self, session: &mut Session, observer: &mut dyn Observer) -> Result<()> {
        let scopes: Vec<Scope> = self.plan.statistics.iter().map(|s| s.scope).collect();
        let (flow, finals) = &self.passes[session.pass];
        flow.end_record(&mut session.flow, &self.graph, &mut session.statistics, &scopes, self.plan.segments);
        for segment in 0..self.plan.segments {
            self.run_finals(finals, segment, &mut session.statistics)?;
        }
        for node in self.graph.outputs.clone() {
            if self.graph.node(node).ty == dasc_ir::graph::Type::Table {
                self.hand_out_detections(session, observer, node, (self.plan.segments, 0))?;
            }
        }
        session.detections.clear();
        Ok(())
    }

    /// Hands out the detections of a node that begin before a row of a segment, in order, if this is its pass.
    fn hand_out_detections(
        &self,
        session: &mut Session,
        observer: &mut dyn Observer,
        node: NodeId,
        (segment, row): (usize, i64),
    ) -> Result<()> {
        let output = self.graph.outputs.iter().position(|n| *n == node);
        let Some(output) = output.filter(|_| self.delivers_in(session.pass, node)) else { return Ok(()) };
        if let Some((_, list)) = session.detections.iter_mut().find(|(n, _)| *n == node) {
            let before = |d: &Detection| (d.segment, d.first) < (segment, row);
            let (mut ready, held): (Vec<_>, Vec<_>) = std::mem::take(list).into_iter().partition(before);
            *list = held;
            ready.sort_by_key(|d| (d.segment, d.first, d.channel));
            if !ready.is_empty() {
                observer.detections(output, ready)?;
            }
        }
        observer.settled(output, segment, row)
    }

    /// Arithmetic among statistics, as a flow of single rows.
    fn run_finals(&self, finals: &PreparedFlow, segment: usize, statistics: &mut [Stored]) -> Result<()> {
        if finals.stages.is_empty() {
            return Ok(());
        }
        let mut state = finals.begin(segment, BLOCK);
        for (number, stream) in finals.flow.streams.iter().enumerate() {
            if let Place::Statistic(statistic) = stream.place {
                let stored = &statistics[statistic as usize];
                let (from, to) =
                    (stored.lane_stride() * stream.element(), stream.lane_stride() * stream.element());
                let row = stream.channels as usize * stream.element();
                let bytes = stored.bytes(segment);
                finals.arrive(&mut state, number, 1, |_, _, out, _| {
                    for part in 0..(stream.inner * stream.planes) as usize {
                        out[part * to..part * to + row]
                            .copy_from_slice(&bytes[part * from..part * from + row]);
                    }
                    Ok(())
                })?;
            }
        }
        finals.advance(&mut state, &self.graph, statistics)?;
        for &(stream, statistic) in &finals.flow.exports {
            let declared = &finals.flow.streams[stream as usize];
            let rows = state.wide[stream as usize]
                .as_ref()
                .ok_or_else(|| Diag::compiler("run: a final without rows"))?;
            let view = rows.view(0, 1, declared.dtype, declared.channels as usize);
            let stored = &mut statistics[statistic as usize];
            let to = stored.lane_stride() * declared.element();
            let bytes = stored.bytes_mut(segment);
            for inner in 0..declared.inner as usize {
                for plane in 0..declared.planes as usize {
                    let lanes = view.lanes(0, inner, plane);
                    let at = (inner * declared.planes as usize + plane) * to;
                    bytes[at..at + lanes.len()].copy_from_slice(lanes);
                }
            }
        }
        Ok(())
    }

    fn deliver_statistics(&self, session: &mut Session, observer: &mut dyn Observer) -> Result<()> {
        for (output, node) in self.graph.outputs.iter().enumerate() {
            let statistic = self.plan.statistics.iter().position(|s| s.node == *node);
            for segment in 0..statistic.map_or(0, |_| self.plan.segments) {
                if let Some(number) = statistic {
                    let view = session.statistics[number].view(segment);
                    session.stats.bytes_out += (view.lanes(0, 0).len() * view.inner * view.planes) as u64;
                    observer.statistic(output, segment, &view)?;
                }
            }
        }
        Ok(())
    }

    /// Says once when what a single row of every stream needs is already more than the memory given.
    fn mind_the_budget(&self, stats: &mut Stats) {
        let memory = self.memory();
        if stats.peak_held > memory && !stats.over_budget {
            stats.over_budget = true;
            let (held, given) = (stats.peak_held >> 20, memory >> 20);
            stats.warnings.push(format!(
                "the pipeline holds {held} MiB, more than the {given} MiB given: its windows and frames over all channels need them; \
                 shorter frames or fewer channels need less"
            ));
        }
    }

    fn memory(&self) -> usize {
        if self.options.memory == 0 { 256 << 20 } else { self.options.memory }
    }

    /// Source rows per chunk: as asked, or what the memory allows, within sizes that suit the caches.
    fn chunk_rows(&self, pass: &Pass) -> usize {
        if let Some(rows) = self.options.chunk {
            return rows.max(1);
        }
        let memory = self.memory();
        let longest = (0..self.plan.segments).map(|s| longest(pass, s)).max().unwrap_or(1).max(1) as f64;
        // Bytes that one source row becomes in all wide streams, twice over for history and growth.
        let row: f64 = pass
            .flow
            .streams
            .iter()
            .filter(|s| s.place != Place::Scratch)
            .map(|s| {
                let rows: i64 = s.rows.iter().map(|r| r.1 - r.0).max().unwrap_or(0);
                (s.row_len() * s.element()) as f64 * (rows as f64 / longest)
            })
            .sum::<f64>()
            .max(1.0);
        let fits = memory as f64 / 4.0 / row;
        let cached = (8 << 20) as f64 / row;
        (fits.min(cached.max(256.0)).min(65_536.0) as usize).max(1)
    }
}

/// More than any machine this is likely to meet has processors.
const MOST_THREADS: usize = 1024;

/// Channels of a block, before a kernel's schedule narrows it.
const BLOCK: usize = 64 * LANES;

/// Detections of one table that are held because an earlier one is still open: about 100 MB.
const MOST_DETECTIONS: usize = 2_000_000;

struct Chunk {
    from: i64,
    bytes: Vec<u8>,
}

/// Rows of the longest stream that arrives in a pass.
fn longest(pass: &Pass, segment: usize) -> i64 {
    let arrives = |s: &&dasc_compiler::plan::Stream| matches!(s.place, Place::Source | Place::Spool(_));
    pass.flow
        .streams
        .iter()
        .filter(arrives)
        .map(|s| (s.rows[segment].1 - s.rows[segment].0).max(0))
        .max()
        .unwrap_or(0)
}

/// Row of a stream `start .. stop` that lies as far along as `taken` of `length`.
fn share(start: i64, stop: i64, taken: i64, length: i64) -> i64 {
    let rows = i128::from((stop - start).max(0));
    start + (rows * i128::from(taken) / i128::from(length.max(1))) as i64
}

impl Archived for Session {
    fn archive(&mut self, a: &mut Archive) -> Result<()> {
        a.usize(&mut self.pass)?;
        a.usize(&mut self.segment)?;
        a.i64(&mut self.taken)?;
        let mut done = self.stats.rows_done as i64;
        a.i64(&mut done)?;
        self.stats.rows_done = done as u64;
        self.flow.archive(a)?;
        a.each(&mut self.statistics)?;
        let mut tables = self.detections.len();
        a.usize(&mut tables)?;
        if a.is_reading() {
            self.detections = (0..tables.min(1 << 16)).map(|_| (NodeId(0), Vec::new())).collect();
        }
        for (node, list) in &mut self.detections {
            let mut number = i64::from(node.0);
            a.i64(&mut number)?;
            *node = NodeId(number as u32);
            let mut pairs: Vec<(u32, Detection)> = list.drain(..).map(|d| (0, d)).collect();
            a.list(&mut pairs, || {
                (0, Detection { segment: 0, channel: 0, first: 0, last: 0, peak: 0, level: 0.0 })
            })?;
            *list = pairs.into_iter().map(|(_, d)| d).collect();
        }
        Ok(())
    }
}
