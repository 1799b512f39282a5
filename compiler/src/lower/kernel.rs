//! One kernel: its buffers, and a step for every loop, FFT and detection.

use std::collections::{BTreeMap, HashMap};

use dasc_ir::graph::{NodeId, Prim, Role, Scope as Covers, TransformKind, View};
use dasc_ir::kernel::{
    Affine, Buffer, BufferId, Carry, CarryId, Correlate, Domain, Emit, Fft, FftKind, Instr, Kernel, LANES,
    LaneAt, Lanes, Loop, OverlapAdd, Role as BufferRole, Schedule, Step, Val, Widen,
};
use dasc_ir::{DType, Diag, Result};

use super::{Context, Streams, Task, accumulate, across, body, shape};
use crate::fuse::{Arrangement, KernelKey, LoopKey};
use crate::plan::{Binding, Flow, KernelStage, Place, ScopeParam, ScopeValue, Stage, Stream};

/// A kernel under construction.
pub(super) struct Builder<'a> {
    pub context: Context<'a>,
    pub flow: &'a mut Flow,
    pub streams: &'a mut Streams,
    pub stage: KernelStage,
    buffers: HashMap<Binding, BufferId>,
    params: HashMap<u64, u32>,
}

/// Lowers the loops of one kernel, in order.
pub(super) fn lower_kernel(
    task: &Task,
    arrangement: &Arrangement,
    flow: &mut Flow,
    streams: &mut Streams,
    key: KernelKey,
    loops: &BTreeMap<LoopKey, Vec<NodeId>>,
    name: String,
) -> Result<Stage> {
    let stage = KernelStage {
        kernel: Kernel { name, ..Kernel::default() },
        bindings: Vec::new(),
        rows: Vec::new(),
        channels: key.channels.unwrap_or(1),
        schedule: Schedule::default(),
        scope_params: Vec::new(),
        tables: Vec::new(),
    };
    let context = Context { task, arrangement, key };
    let mut builder =
        Builder { context, flow, streams, stage, buffers: HashMap::new(), params: HashMap::new() };
    for (place, nodes) in loops {
        match place.alone {
            None => body::lower_loop(&mut builder, place, nodes)?,
            Some(id) => builder.lower_alone(id, place)?,
        }
    }
    builder.stage.schedule = schedule(&builder);
    Ok(Stage::Kernel(Box::new(builder.stage)))
}

impl Builder<'_> {
    /// The lanes of this kernel's loops.
    pub fn lanes(&self) -> Option<u32> {
        if self.context.key.channels.is_some() { None } else { Some(1) }
    }

    /// The buffer through which this kernel sees a node: a stream, or a statistic known before.
    pub fn buffer_of(&mut self, node: NodeId) -> Result<BufferId> {
        if (self.context.task.scope.known)(node) {
            let number = self.statistic(node)?;
            return Ok(self.statistic_buffer(node, number, BufferRole::Constant));
        }
        let number = self.streams.of(node)?;
        Ok(self.stream_buffer(number, Binding::Stream(number)))
    }

    pub fn statistic(&self, node: NodeId) -> Result<u32> {
        let number = (self.context.task.statistic)(node);
        number.ok_or_else(|| Diag::compiler(format!("lower: node {node} is no statistic")))
    }

    pub fn statistic_buffer(&mut self, node: NodeId, number: u32, role: BufferRole) -> BufferId {
        let (dtype, inner, planes, _) = shape(self.context.task.scope.graph, node);
        let fixed = crate::fuse::channels_of(self.context.task.scope.graph, node).is_none();
        let lanes = if fixed { Lanes::Fixed(1) } else { Lanes::Block };
        let buffer = Buffer { name: format!("s{number}"), dtype: plane(dtype), inner, planes, lanes, role };
        self.bind(Binding::Statistic(number), buffer)
    }

    pub fn stream_buffer(&mut self, number: u32, binding: Binding) -> BufferId {
        let stream = &self.flow.streams[number as usize];
        let produced = self.produces(stream);
        let role = match (stream.place, produced) {
            (Place::Scratch, _) => BufferRole::Scratch,
            (Place::Wide, true) => BufferRole::Output,
            (Place::Wide, false) | (Place::Source | Place::Spool(_) | Place::Statistic(_), _) => {
                BufferRole::Input
            }
        };
        let graph = self.context.task.scope.graph;
        let fixed = crate::fuse::channels_of(graph, stream.node).is_none();
        let lanes = match binding {
            Binding::Strided(_) => Lanes::Fixed(16),
            _ if stream.channels == 16
                && stream.place == Place::Scratch
                && self.context.key.channels.is_none() =>
            {
                Lanes::Fixed(16)
            }
            _ if fixed => Lanes::Fixed(1),
            _ => Lanes::Block,
        };
        let inner = match binding {
            Binding::Strided(_) => stream.inner * (stream.lane_stride() / 16) as u32,
            _ => stream.inner,
        };
        let buffer = Buffer {
            name: stream.name.clone(),
            dtype: plane(stream.dtype),
            inner,
            planes: stream.planes,
            lanes,
            role,
        };
        self.bind(binding, buffer)
    }

    fn produces(&self, stream: &Stream) -> bool {
        self.context.arrangement.place[stream.node.index()].as_ref().is_some_and(|p| p.0 == self.context.key)
    }

    fn bind(&mut self, binding: Binding, buffer: Buffer) -> BufferId {
        if let Some(known) = self.buffers.get(&binding) {
            return *known;
        }
        let id = self.local(binding, buffer);
        self.buffers.insert(binding, id);
        id
    }

    /// A buffer that nothing else shares.
    pub fn local(&mut self, binding: Binding, buffer: Buffer) -> BufferId {
        self.stage.kernel.buffers.push(buffer);
        self.stage.bindings.push(binding);
        BufferId(self.stage.kernel.buffers.len() as u32 - 1)
    }

    /// Slot of a coefficient.
    pub fn param(&mut self, value: f64) -> u32 {
        let params = &mut self.stage.kernel.params;
        *self.params.entry(value.to_bits()).or_insert_with(|| {
            params.push(value);
            params.len() as u32 - 1
        })
    }

    /// First slot of a table.
    pub fn table(&mut self, values: &[f64]) -> u32 {
        let first = self.stage.kernel.params.len() as u32;
        self.stage.kernel.params.extend_from_slice(values);
        first
    }

    /// Slot of a value that depends on the segment.
    pub fn scope_param(&mut self, of: ScopeValue) -> u32 {
        if let Some(known) = self.stage.scope_params.iter().find(|p| p.of == of) {
            return known.slot;
        }
        let slot = self.table(&[0.0]);
        self.stage.scope_params.push(ScopeParam { slot, of });
        slot
    }

    pub fn carry(&mut self, name: String, dtype: DType, inner: u32, init: f64) -> CarryId {
        let lanes = self.lanes().map_or(Lanes::Block, Lanes::Fixed);
        self.stage.kernel.carries.push(Carry { name, dtype, inner, lanes, init });
        CarryId(self.stage.kernel.carries.len() as u32 - 1)
    }

    pub fn step(&mut self, step: Step, rows: Vec<(i64, i64)>) {
        self.stage.kernel.steps.push(step);
        self.stage.rows.push(rows);
    }

    fn lower_alone(&mut self, id: NodeId, place: &LoopKey) -> Result<()> {
        let graph = self.context.task.scope.graph;
        let node = graph.node(id);
        match &node.prim {
            Prim::Transform { kind, along: Role::Inner, n } => {
                let kind = match (kind, graph.signal(node.inputs[0]).map(|s| s.dtype)) {
                    (TransformKind::Forward, Some(DType::C32)) => FftKind::ComplexForward,
                    (TransformKind::Forward, Some(DType::F64)) => FftKind::ForwardWide,
                    (TransformKind::Forward, _) => FftKind::Forward,
                    (TransformKind::Inverse, _) => FftKind::Inverse,
                    (TransformKind::Analytic, _) => FftKind::Analytic,
                };
                let (input, output) = (self.buffer_of(node.inputs[0])?, self.buffer_of(id)?);
                self.step(Step::Fft(Fft { kind, n: *n, input, output }), place.rows.clone());
                Ok(())
            }
            Prim::View(View::OverlapAdd { hop, lo, weights }) => {
                let (input, output) = (self.buffer_of(node.inputs[0])?, self.buffer_of(id)?);
                let weights = (!weights.is_empty()).then(|| self.table(weights));
                let add = OverlapAdd { input, output, hop: *hop, lo: *lo, weights };
                self.step(Step::OverlapAdd(add), place.rows.clone());
                Ok(())
            }
            Prim::View(View::Widen { before, edge, .. }) => {
                let (input, output) = (self.buffer_of(node.inputs[0])?, self.buffer_of(id)?);
                self.step(
                    Step::Widen(Widen { input, output, before: *before, edge: *edge }),
                    place.rows.clone(),
                );
                Ok(())
            }
            Prim::Correlate { lo, .. } => {
                let (x, t) = (self.buffer_of(node.inputs[0])?, self.buffer_of(node.inputs[1])?);
                let output = self.buffer_of(id)?;
                self.step(Step::Correlate(Correlate { x, t, output, lo: *lo }), place.rows.clone());
                Ok(())
            }
            Prim::Emit(emission) => {
                let level = self.buffer_of(node.inputs[0])?;
                let (on, off) = (self.param(emission.on), self.param(emission.off));
                let table = self.stage.tables.len() as u32;
                self.stage.tables.push(id);
                self.step(Step::Emit(Emit { level, on, off, table }), place.rows.clone());
                Ok(())
            }
            Prim::Reduce { along: Role::Channel, how, .. } => across::lower(self, id, *how, &place.rows),
            Prim::Transform { .. }
            | Prim::Source
            | Prim::Constant(_)
            | Prim::Map(_)
            | Prim::Scan { .. }
            | Prim::Window { .. }
            | Prim::Reduce { .. }
            | Prim::View(_)
            | Prim::Gather { .. }
            | Prim::Call(_) => Err(Diag::compiler(format!("lower: node {id} cannot be a step of its own"))),
        }
    }

    /// Starts an accumulation along time of `value`, computed in this loop.
    pub fn accumulate(&mut self, target: &mut Loop, id: NodeId, value: Val) -> Result<()> {
        let node = self.context.task.scope.graph.node(id);
        match &node.prim {
            Prim::Reduce { along: Role::Time, how, scope } => {
                let len = match scope {
                    Covers::Segment => ScopeValue::Len(node.inputs[0]),
                    Covers::Record => ScopeValue::Total(node.inputs[0]),
                };
                accumulate::lower(self, target, id, *how, len, value)
            }
            _ => Err(Diag::compiler("lower: an accumulation of another primitive")),
        }
    }
}

/// The type of one plane of a value.
const fn plane(dtype: DType) -> DType {
    match dtype {
        DType::C32 => DType::F32,
        other => other,
    }
}

/// A loop over one row, in this kernel's lanes.
pub(super) fn single_row(inner: u32, lanes: Option<u32>) -> Loop {
    Loop { inner, lanes, domain: Domain::Once, ..Loop::default() }
}

/// Appends an instruction to a loop's body.
pub(super) fn emit(target: &mut Loop, instr: Instr) -> Val {
    let val = target.push(instr);
    target.body.push(val);
    val
}

/// A load at the current place.
pub(super) fn load_here(buffer: BufferId, inner: bool) -> Instr {
    let inner = if inner { Affine::INNER } else { Affine::ZERO };
    Instr::Load { buffer, row: Affine::ROW, inner, plane: 0, lane: LaneAt::Shift(0) }
}

/// Tile height and channel block such that what lives between the steps stays in the second-level cache, and that a step has so
/// much to do at once that taking it up costs little.
fn schedule(builder: &Builder) -> Schedule {
    const CACHE: f64 = (384 << 10) as f64;
    /// Elements of a step that are worth taking it up.
    const ENOUGH: u32 = 1 << 14;
    /// Fewer cost more than what falls out of the cache.
    const LEAST: u32 = 1 << 11;
    const MOST_ROWS: u32 = 512;
    let kernel = &builder.stage.kernel;
    let longest = |number: u32| {
        let rows = &builder.flow.streams[number as usize].rows;
        rows.iter().map(|(start, stop)| stop.saturating_sub(*start)).max().unwrap_or(0) as f64
    };
    let buffers = || kernel.buffers.iter().zip(&builder.stage.bindings).enumerate();
    let inputs = buffers().filter_map(|(_, (buffer, binding))| match binding {
        Binding::Stream(number) if buffer.role == BufferRole::Input => Some(longest(*number)),
        _ => None,
    });
    let input = inputs.fold(1.0, f64::max);
    // Bytes of a row for each lane, and rows for each of the input's; bytes that readers look back over.
    let mut scratch = Vec::new();
    let mut history = 0.0;
    for (at, (buffer, binding)) in buffers().filter(|(_, (buffer, _))| buffer.role == BufferRole::Scratch) {
        let row = buffer.dtype.size() as f64 * f64::from(buffer.inner) * f64::from(buffer.planes);
        let rate = match binding {
            Binding::Stream(number) => longest(*number) / input,
            Binding::Local => 1.0,
            Binding::Statistic(_) | Binding::Strided(_) => continue,
        };
        scratch.push((row, rate));
        history += row * reach(kernel, BufferId(at as u32)) as f64;
    }
    // Rows that come less often than tiles are there however low a tile is.
    let tile = |rows: u32| -> f64 {
        scratch.iter().map(|(row, rate)| row * (rate * f64::from(rows)).max(1.0)).sum()
    };
    let least = history + tile(0);
    let fits = |rows: u32, lanes: u32| {
        let lanes = f64::from(lanes);
        (tile(rows) - tile(0)) * lanes <= (CACHE - least * lanes).max(CACHE / 4.0)
    };
    let mut schedule = Schedule::default();
    while schedule.lanes > 16 && (history + tile(schedule.rows)) * f64::from(schedule.lanes) > CACHE {
        schedule.lanes /= 2;
    }
    let lanes = schedule.lanes.min(builder.stage.channels.next_multiple_of(LANES as u32));
    while schedule.rows > 8 && !fits(schedule.rows, lanes) {
        schedule.rows /= 2;
    }
    while schedule.rows * lanes < LEAST {
        schedule.rows *= 2;
    }
    while schedule.rows < MOST_ROWS && schedule.rows * lanes < ENOUGH && fits(2 * schedule.rows, lanes) {
        schedule.rows *= 2;
    }
    schedule
}

/// Rows between the earliest and the latest that one iteration of any loop reads of a buffer.
fn reach(kernel: &Kernel, buffer: BufferId) -> i64 {
    let mut reach = 0;
    for step in &kernel.steps {
        if let Step::Loop(body) = step
            && let Some((lo, hi)) = crate::access::row_span(body, buffer)
        {
            reach = reach.max(hi - lo);
        }
    }
    reach
}
