//! A run: passes over the segments of a record, chunk by chunk, which can be stopped, saved and continued anywhere.

use std::ops::{ControlFlow, RangeInclusive};
use std::path::PathBuf;
use std::sync::Arc;

use dasc_compiler::plan::{Plan, Whole, WholeInput, WholeKind};
use dasc_cpu::Codegen;
use dasc_cpu::cache::{Cache, Outcome};
use dasc_ir::graph::{Graph, Node, NodeId, Prim, Rows, Scope, Type};
use dasc_ir::kernel::{Executable, Kernel};
use dasc_ir::{Diag, Result};

use crate::chunk::longest;
use crate::cut::Cut;
use crate::detect::Detection;
use crate::flow::{Keeping, PreparedFlow, PreparedStage};
use crate::pad::Spare;
use crate::selection::Selections;
use crate::session::{Hushed, Session};
use crate::statistics::Stored;
use crate::times::{PassTimes, timed};
use crate::whole::Wholes;
use crate::{Feed, Observer, RowsView};

/// What makes the loops run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// Element by element, in the order and precision the kernel prescribes: the oracle.
    Interpreter,
    /// Machine code for this processor.
    Machine(Codegen),
}

impl Default for Backend {
    fn default() -> Backend {
        Backend::Machine(Codegen::Auto)
    }
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
    /// Channels that are worked on together, at most 2048; so many that threads share them well if `None`, fewer where frames
    /// are long. A session that goes on from saved state keeps what it began with.
    pub block: Option<usize>,
    pub backend: Backend,
    /// Folder of compiled kernels.
    pub cache: Option<PathBuf>,
    /// Folder of the temporary store that whole-record steps need; that of the system (`TMPDIR`) if `None`.
    pub temporary: Option<PathBuf>,
}

impl Options {
    /// Bytes that streams may hold.
    pub(crate) fn budget(&self) -> usize {
        if self.memory == 0 { 256 << 20 } else { self.memory }
    }
}

/// Counters of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stats {
    /// Source rows done, and to be done, all passes together; 0 to be done where nobody knows.
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
    /// Time spent in each part of the passes that are over, and what is known of the one that runs.
    pub times: Vec<PassTimes>,
    /// The most bytes that streams and state held at once.
    pub peak_held: usize,
    /// The most bytes in the temporary store at once.
    pub peak_stored: u64,
    pub kernels: u32,
    pub cache_hits: u32,
    /// Whether the streams held more than the memory given.
    pub over_budget: bool,
    /// In how many ranges of channels rows went to observers, at most; 0 if all channels went together.
    pub ranges: u32,
    /// What was odd about the cache or the memory, in words.
    pub warnings: Vec<String>,
}

impl Stats {
    /// Another run of the same steps came after this one.
    pub fn go_on(&mut self, next: Stats) {
        self.rows_done += next.rows_done;
        self.rows_total += next.rows_total;
        self.bytes_in += next.bytes_in;
        self.bytes_out += next.bytes_out;
        self.read_seconds += next.read_seconds;
        self.compute_seconds += next.compute_seconds;
        self.observe_seconds += next.observe_seconds;
        self.peak_held = self.peak_held.max(next.peak_held);
        self.peak_stored = self.peak_stored.max(next.peak_stored);
        self.over_budget |= next.over_budget;
        for warning in next.warnings {
            if !self.warnings.contains(&warning) {
                self.warnings.push(warning);
            }
        }
    }
}

/// A compiled pipeline.
pub struct Run {
    pub(crate) graph: Graph,
    pub(crate) plan: Plan,
    /// For every node, the pass in which it is computed first.
    ready: Vec<u32>,
    /// For every statistic, the passes that need it.
    lifetimes: Vec<RangeInclusive<usize>>,
    pub(crate) passes: Vec<(PreparedFlow, PreparedFlow)>,
    pub(crate) options: Options,
    pub(crate) pool: rayon::ThreadPool,
    /// Memory of whole segments that is used again.
    pub(crate) spare: Arc<Spare>,
    /// Whether the source has no end that anyone knows.
    pub(crate) endless: bool,
    compiled: Stats,
}

impl Run {
    /// Compiles a graph and its kernels.
    pub fn prepare(graph: Graph, options: &Options) -> Result<Run> {
        let (graph, plan) = dasc_compiler::compile(graph)?;
        crate::whole::check(&graph, &plan, options.budget())?;
        let mut compiled = Stats { passes: plan.passes.len() as u32, ..Stats::default() };
        // Without a cache a run begins some milliseconds later and is none the worse.
        let cache = options.cache.as_ref().and_then(|folder| match Cache::open(folder) {
            Ok(cache) => Some(cache),
            Err(why) => {
                compiled.warnings.push(format!("{}; kernels are compiled anew", why.message));
                None
            }
        });
        let mut machine = |kernel: &Kernel, channels: u32| -> Result<Box<dyn Executable>> {
            compiled.kernels += 1;
            match options.backend {
                Backend::Interpreter => Ok(Box::new(dasc_ir::kernel::interp::Interpreter::new(kernel)?)),
                Backend::Machine(codegen) => {
                    let channels = Some(channels);
                    let how = dasc_cpu::Options { codegen, channels, ..dasc_cpu::Options::default() };
                    let (machine, outcome) = dasc_cpu::cache::load_or_compile(kernel, &how, cache.as_ref())?;
                    match outcome {
                        Outcome::Hit => compiled.cache_hits += 1,
                        Outcome::Miss => {}
                        Outcome::Rejected(reason) => compiled.warnings.push(reason),
                    }
                    Ok(Box::new(machine))
                }
            }
        };
        let spare = Spare::new(options.budget() / IDLE);
        let kept = |transforms| Keeping { transforms, memory: options.budget(), spare: spare.clone() };
        let mut passes = Vec::new();
        for pass in &plan.passes {
            passes.push((
                PreparedFlow::new(pass.flow.clone(), kept(&pass.transforms), &mut machine)?,
                PreparedFlow::new(pass.finals.clone(), kept(&[]), &mut machine)?,
            ));
        }
        if options.threads > MOST_THREADS {
            let message =
                format!("cannot use {} threads; at most {MOST_THREADS} are possible", options.threads);
            return Err(Diag::usage(message).help("0 takes as many as there are processors"));
        }
        let pool = rayon::ThreadPoolBuilder::new().num_threads(options.threads).build();
        let pool = pool.map_err(|e| Diag::world(format!("cannot start {} threads: {e}", options.threads)))?;
        let from = |node: &Node| matches!(node.prim, Prim::Source) && endless(&node.ty);
        let endless = graph.nodes.iter().any(from);
        compiled.rows_total = (0..plan.passes.len())
            .map(|p| (0..plan.segments).map(|s| longest(&plan.passes[p], s) as u64).sum::<u64>())
            .sum();
        if endless {
            compiled.rows_total = 0;
            if plan.passes.len() > 1 {
                let message = format!(
                    "the pipeline reads its source {} times, and a live stream has gone by then",
                    plan.passes.len()
                );
                return Err(
                    Diag::usage(message).help("dasc explain shows which steps read the data more than once")
                );
            }
        }
        let ready = dasc_compiler::split::split(&graph).ready;
        compiled.warnings.extend(graph.nodes.iter().filter_map(|node| too_short(&graph, node)));
        let lifetimes = plan.lifetimes();
        Ok(Run {
            graph,
            plan,
            ready,
            lifetimes,
            passes,
            options: options.clone(),
            pool,
            spare,
            endless,
            compiled,
        })
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
        let cut = Cut::new(self.pool.current_num_threads(), self.options.block);
        let mut session = Session {
            pass: 0,
            segment: 0,
            taken: 0,
            flow: self.passes[0].0.begin(0, cut),
            cut,
            statistics: self.plan.statistics.iter().map(|s| Stored::new(s, self.plan.segments)).collect(),
            wholes: Wholes::new(
                &self.graph,
                &self.plan,
                self.options.temporary.clone(),
                self.options.budget(),
            ),
            selections: Selections::new(&self.plan),
            detections: Vec::new(),
            stats: self.compiled.clone(),
            replay: None,
        };
        self.hold_statistics(&mut session);
        session
    }

    /// Memory for the statistics that the session's pass needs, and for no others.
    pub(crate) fn hold_statistics(&self, session: &mut Session) {
        for (stored, passes) in session.statistics.iter_mut().zip(&self.lifetimes) {
            stored.hold(passes.contains(&session.pass));
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
                if session.replay.is_some() {
                    self.end_segment(session, &mut Hushed(observer))?;
                } else {
                    self.end_segment(session, observer)?;
                }
                session.segment += 1;
                session.taken = 0;
                if session.segment < self.plan.segments {
                    let next = self.passes[session.pass].0.begin(session.segment, session.cut);
                    let old = std::mem::replace(&mut session.flow, next);
                    session.flow.inherit(old);
                }
            }
            if session.replay.is_some() {
                self.end_pass(session, &mut Hushed(observer))?;
            } else {
                self.end_pass(session, observer)?;
            }
            session.pass += 1;
            session.segment = 0;
            self.hold_statistics(session);
            if session.pass < self.passes.len() {
                session.flow = self.passes[session.pass].0.begin(0, session.cut);
                session.stats.pass = session.pass as u32;
            }
        }
        self.deliver_statistics(session, observer)?;
        self.mind_the_budget(&mut session.stats);
        Ok(ControlFlow::Continue(()))
    }

    /// Hands new rows of outputs to the observer, and of transform inputs to their spools.
    pub(crate) fn deliver(&self, session: &mut Session, observer: &mut dyn Observer) -> Result<()> {
        let pass = &self.plan.passes[session.pass];
        for (number, stream) in pass.flow.streams.iter().enumerate().filter(|(_, s)| s.observed) {
            let Some(rows) = &session.flow.wide[number] else { continue };
            let (from, to) = (session.flow.delivered[number], rows.progress.end.min(rows.stop));
            if to <= from {
                continue;
            }
            let view = rows.view(from, to, stream.dtype, stream.channels as usize);
            let here = (session.pass, session.segment);
            self.hand_out(&mut session.stats, observer, here, stream.node, &view)?;
            let times = session.stats.times_of(session.pass);
            let takes = |whole: &&Whole| whole.input == WholeInput::Stream(number as u32);
            let lines = |whole: &Whole| matches!(whole.kind, WholeKind::Transform(_));
            let mut take = || session.wholes.take(pass, number, &view);
            timed(&mut times.wholes, || {
                // Waking the threads takes longer than what is only laid down.
                if pass.transforms.iter().filter(takes).any(lines) { self.pool.install(take) } else { take() }
            })?;
            if pass.selections.iter().any(|selection| selection.input as usize == number) {
                timed(&mut times.selections, || {
                    self.pool.install(|| session.selections.take(pass, session.segment, number, &view))
                });
            }
            session.flow.delivered[number] = to;
        }
        Ok(())
    }

    /// Hands rows of a node to the outputs that it is, if this is its pass.
    pub(crate) fn hand_out(
        &self,
        stats: &mut Stats,
        observer: &mut dyn Observer,
        (pass, segment): (usize, usize),
        node: NodeId,
        view: &RowsView,
    ) -> Result<()> {
        for (output, _) in self.graph.outputs.iter().enumerate().filter(|(_, n)| **n == node) {
            if self.delivers_in(pass, node) {
                stats.bytes_out += view.bytes();
                observer.rows(output, segment, view)?;
            }
        }
        Ok(())
    }

    /// Whether an output's rows are handed out in this pass, and not merely computed again for another.
    fn delivers_in(&self, pass: usize, node: NodeId) -> bool {
        self.ready[node.index()] as usize == pass
    }

    fn end_segment(&self, session: &mut Session, observer: &mut dyn Observer) -> Result<()> {
        let scopes: Vec<Scope> = self.plan.statistics.iter().map(|s| s.scope).collect();
        let flow = &self.passes[session.pass].0;
        flow.end_segment(&mut session.flow, &self.graph, &mut session.statistics, &scopes);
        let (pass, segment) = (&self.plan.passes[session.pass], session.segment);
        for (number, rows) in session.flow.wide.iter_mut().enumerate() {
            if let Some(rows) = rows.as_mut().filter(|rows| rows.kept.is_some()) {
                session.wholes.take_over(pass, number, rows.give_away())?;
            }
        }
        timed(&mut session.stats.times_of(session.pass).wholes, || {
            self.pool.install(|| session.wholes.end_segment(pass, segment, &mut session.statistics))
        })?;
        self.note_held(session, session.wholes.working());
        timed(&mut session.stats.times_of(session.pass).selections, || {
            session.selections.end_segment(pass, segment, &mut session.statistics)
        })?;
        self.gather_detections(session, observer)
    }

    /// Collects what the blocks found since the last time, and hands out what nothing can come before any more.
    pub(crate) fn gather_detections(&self, session: &mut Session, observer: &mut dyn Observer) -> Result<()> {
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
        let pass = &self.plan.passes[session.pass];
        let times = session.stats.times_of(session.pass);
        times.stages = session.flow.stages.iter().map(|stage| stage.seconds).collect();
        timed(&mut times.selections, || {
            session.selections.end_pass(pass, self.plan.segments, &mut session.statistics)
        })?;
        for segment in 0..self.plan.segments {
            let working = timed(&mut session.stats.times_of(session.pass).finals, || {
                self.run_finals(finals, segment, &mut session.statistics)
            })?;
            self.note_held(session, working);
        }
        timed(&mut session.stats.times_of(session.pass).wholes, || {
            self.pool.install(|| session.wholes.make_rows(pass, &session.statistics))
        })?;
        self.note_held(session, session.wholes.working());
        for node in self.graph.outputs.clone() {
            if self.graph.node(node).ty == Type::Table {
                self.hand_out_detections(session, observer, node, (self.plan.segments, 0))?;
            }
        }
        session.detections.clear();
        session.wholes.end_pass(session.pass);
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
        observer.settled(output, segment, row)?;
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
}

/// Whether a value has rows without an end.
fn endless(ty: &Type) -> bool {
    let Type::Signal(signal) = ty else { return false };
    signal.time.as_ref().is_some_and(|time| matches!(time.rows, Rows::From(_)))
}

/// Says which stretches a model gets nothing of.
fn too_short(graph: &Graph, node: &Node) -> Option<String> {
    let Prim::Call(call) = &node.prim else { return None };
    let time = graph.signal(*node.inputs.first()?)?.time.as_ref()?;
    let Rows::Segments(ranges) = &time.rows else { return None };
    let lengths = || ranges.iter().map(|(a, b)| b - a).filter(|rows| *rows > 0);
    let short: Vec<i64> = lengths().filter(|rows| *rows < call.window.into()).collect();
    (!short.is_empty()).then(|| {
        format!(
            "{}: {} of {} stretches are shorter than a window of '{}' ({} samples) and get no prediction, {} samples in all",
            node.operator,
            short.len(),
            lengths().count(),
            call.model.name,
            call.window,
            short.iter().sum::<i64>()
        )
    })
}

/// The share of the memory given that whole segments may leave idle for the next.
const IDLE: usize = 4;

/// More than any machine this is likely to meet has processors.
const MOST_THREADS: usize = 1024;

/// Detections of one table that are held because an earlier one is still open: about 100 MB.
const MOST_DETECTIONS: usize = 2_000_000;
