//! The body of a loop: expressions of nodes become instructions, windows become loads at other rows.

use std::collections::HashMap;

use dasc_ir::graph::builder::slice_rows;
use dasc_ir::graph::{Expr, ExprOp, NodeId, Prim, Reduction, Role, View, WindowBody};
use dasc_ir::kernel::{Affine, Domain, Instr, LaneAt, Loop, Place, Step, Val};
use dasc_ir::scalar::Binary;
use dasc_ir::{DType, Diag, Result};

use super::kernel::Builder;
use super::recurrence::Recurrence;
use super::shape;
use crate::fuse::{LoopKey, channels_of, reads_in_place};
use crate::plan::ScopeValue;

/// Windows and folds up to this many taps are written out.
const UNROLLED: u32 = 8;

/// Lowers the nodes of one loop into a step.
pub(super) fn lower_loop(builder: &mut Builder, place: &LoopKey, nodes: &[NodeId]) -> Result<()> {
    let lanes = builder.lanes();
    let mut body = Body {
        inner: place.inner,
        target: Loop { inner: place.inner, lanes, ..Loop::default() },
        values: HashMap::new(),
        seen: HashMap::new(),
        recurrences: Vec::new(),
    };
    for &id in nodes {
        body.lower_node(builder, id)?;
    }
    let domain = crate::access::writes(&Step::Loop(body.target.clone())).first().copied();
    body.target.domain = match domain {
        Some(stored) => Domain::Rows(stored),
        None => {
            let kernel = &builder.stage.kernel;
            let read = crate::access::reads(kernel, &Step::Loop(body.target.clone()));
            read.first().map_or(Domain::Once, |a| Domain::Over(a.buffer))
        }
    };
    builder.step(Step::Loop(body.target), place.rows.clone());
    Ok(())
}

pub(super) struct Body {
    pub inner: u32,
    target: Loop,
    /// Values of the nodes computed here, one per plane.
    values: HashMap<NodeId, Vec<Val>>,
    /// Instructions already written, so that nothing is computed twice.
    seen: HashMap<Instr, Val>,
    /// The scans of this loop.
    pub recurrences: Vec<Recurrence>,
}

impl Body {
    /// Appends an instruction, or finds the same one again.
    pub fn put(&mut self, instr: Instr) -> Val {
        let repeatable = !matches!(
            instr,
            Instr::Store { .. } | Instr::SetCarry { .. } | Instr::Fold { .. } | Instr::FoldArg { .. }
        );
        if repeatable && let Some(known) = self.seen.get(&instr) {
            return *known;
        }
        let val = self.target.push(instr.clone());
        self.target.body.push(val);
        if repeatable {
            self.seen.insert(instr, val);
        }
        val
    }

    fn lower_node(&mut self, builder: &mut Builder, id: NodeId) -> Result<()> {
        let graph = builder.context.task.scope.graph;
        let node = graph.node(id);
        let values = match &node.prim {
            Prim::Map(expr) => self.expression(builder, id, expr, &[])?,
            Prim::Scan { state, step } => self.scan(builder, id, state, step)?,
            Prim::Window { along, lo, hi, hop, body, .. } => {
                self.window(builder, id, *along, (*lo, *hi), *hop, body)?
            }
            Prim::Reduce { along: Role::Time, .. } => {
                let value = self.input(builder, node.inputs[0], Read::HERE, 0)?;
                builder.accumulate(&mut self.target, id, value)?;
                return Ok(());
            }
            Prim::Reduce { along: Role::Inner, how, .. } => vec![self.reduce_inner(builder, id, *how)?],
            Prim::View(View::Join) => return self.join(builder, id),
            Prim::View(view) => {
                let read = view_read(builder, node.inputs[0], view)?;
                let (_, _, planes, _) = shape(graph, id);
                (0..planes).map(|p| self.input(builder, node.inputs[0], read, p)).collect::<Result<_>>()?
            }
            Prim::Source
            | Prim::Constant(_)
            | Prim::Reduce { along: Role::Channel, .. }
            | Prim::Transform { .. }
            | Prim::Correlate { .. }
            | Prim::Gather { .. }
            | Prim::Emit(_)
            | Prim::Call(_) => {
                return Err(Diag::compiler(format!("lower: node {id} cannot stand in a loop")));
            }
        };
        self.keep(builder, id, values)
    }

    /// Stores a node that is read elsewhere. Readers in this loop see what was stored: the value rounded to the node's type.
    fn keep(&mut self, builder: &mut Builder, id: NodeId, values: Vec<Val>) -> Result<()> {
        if builder.context.arrangement.kept[id.index()] {
            let buffer = builder.buffer_of(id)?;
            let inner = if self.inner > 1 { Affine::INNER } else { Affine::ZERO };
            for (plane, &value) in values.iter().enumerate() {
                self.put(Instr::Store { buffer, inner, plane: plane as u32, value });
            }
        }
        self.values.insert(id, values);
        Ok(())
    }

    /// Lays the inputs side by side: this loop runs over a stretch that all inner axes are multiples of.
    fn join(&mut self, builder: &mut Builder, id: NodeId) -> Result<()> {
        let graph = builder.context.task.scope.graph;
        let node = graph.node(id);
        let (_, total, planes, _) = shape(graph, id);
        let stretch = self.inner.max(1);
        let at = |first: u32| match (stretch, first) {
            (1, first) => Affine::constant(first.into()),
            (_, first) => Affine { add: first.into(), ..Affine::INNER },
        };
        let kept = builder.context.arrangement.kept[id.index()];
        let mut offset = 0;
        for &input in &node.inputs {
            let len = shape(graph, input).1;
            for piece in (0..len).step_by(stretch as usize) {
                let in_place = len == stretch;
                let read =
                    if in_place { Read::HERE } else { Read { inner: at(piece), in_place, ..Read::HERE } };
                let values: Vec<Val> =
                    (0..planes).map(|p| self.input(builder, input, read, p)).collect::<Result<_>>()?;
                if kept {
                    let buffer = builder.buffer_of(id)?;
                    for (plane, &value) in (0..).zip(&values) {
                        self.put(Instr::Store { buffer, inner: at(offset), plane, value });
                    }
                }
                if total == stretch {
                    self.values.insert(id, values);
                }
                offset += stretch;
            }
        }
        Ok(())
    }

    /// Reads an input: the value computed in this loop if it is read in place, else an element of a stream or statistic.
    fn input(&mut self, builder: &mut Builder, input: NodeId, read: Read, plane: u32) -> Result<Val> {
        if read.in_place
            && let Some(values) = self.values.get(&input)
        {
            let value = values.get(plane as usize).copied();
            return value.ok_or_else(|| Diag::compiler("lower: a plane that does not exist"));
        }
        let graph = builder.context.task.scope.graph;
        let buffer = builder.buffer_of(input)?;
        let (_, inner, _, _) = shape(graph, input);
        let broadcast = channels_of(graph, input).is_none() && builder.context.key.channels.is_some();
        let lane = if broadcast { LaneAt::Splat(0) } else { LaneAt::Shift(read.lane) };
        let inner = if read.in_place && inner == 1 { Affine::ZERO } else { read.inner };
        let known = (builder.context.task.scope.known)(input);
        let row = if known { Affine::ZERO } else { read.row };
        Ok(self.put(Instr::Load { buffer, row, inner, plane, lane }))
    }

    pub fn constant(&mut self, builder: &mut Builder, value: f64, dtype: DType) -> Val {
        match dtype {
            DType::F32 | DType::F64 => {
                let slot = builder.param(value);
                self.put(Instr::Param { slot, dtype })
            }
            DType::I16 | DType::I32 => {
                self.put(Instr::Bits { bits: u64::from(value as i32 as u32), dtype: DType::I32 })
            }
            DType::I64 => self.put(Instr::Bits { bits: value as i64 as u64, dtype }),
            DType::Bool => self.put(Instr::Bits { bits: u64::from(value != 0.0), dtype }),
            DType::C32 => self.put(Instr::Bits { bits: 0, dtype: DType::F32 }),
        }
    }

    /// The instructions of an expression; `state` are the values of the state variables.
    pub fn expression(
        &mut self,
        builder: &mut Builder,
        id: NodeId,
        expr: &Expr,
        state: &[Val],
    ) -> Result<Vec<Val>> {
        let node = builder.context.task.scope.graph.node(id);
        let mut values: Vec<Val> = Vec::with_capacity(expr.ops.len());
        for op in &expr.ops {
            let of = |i: u32| values[i as usize];
            let value = match *op {
                ExprOp::Input { input, tap, plane } => {
                    let read = window_read(&node.prim, tap)?;
                    self.input(builder, node.inputs[input as usize], read, plane)?
                }
                ExprOp::State(i) => state[i as usize],
                ExprOp::Const(value, dtype) => self.constant(builder, value, dtype),
                ExprOp::Row => self.put(Instr::Position(Place::Row)),
                ExprOp::Index(Role::Time) => self.time_index(builder, id)?,
                ExprOp::Index(Role::Inner) => self.put(Instr::Position(Place::Inner)),
                ExprOp::Index(Role::Channel) => self.put(Instr::Position(Place::Lane)),
                ExprOp::Len(Role::Time) => {
                    self.needs_time(builder, id)?;
                    let slot = builder.scope_param(ScopeValue::Len(id));
                    self.put(Instr::Param { slot, dtype: DType::F64 })
                }
                ExprOp::Len(Role::Inner) => self.constant(builder, f64::from(self.inner), DType::F64),
                ExprOp::Len(Role::Channel) => {
                    let (.., channels) = shape(builder.context.task.scope.graph, id);
                    self.constant(builder, f64::from(channels), DType::F64)
                }
                ExprOp::Unary(op, a) => self.put(Instr::Unary { op, a: of(a) }),
                ExprOp::Binary(op, a, b) => self.put(Instr::Binary { op, a: of(a), b: of(b) }),
                ExprOp::Fma(a, b, c) => self.put(Instr::Fma { a: of(a), b: of(b), c: of(c) }),
                ExprOp::Select(m, a, b) => self.put(Instr::Select { mask: of(m), a: of(a), b: of(b) }),
                ExprOp::Cast(to, a) => self.put(Instr::Cast { to, a: of(a) }),
            };
            values.push(value);
        }
        Ok(expr.results.iter().map(|r| values[*r as usize]).collect())
    }

    fn needs_time(&self, builder: &Builder, id: NodeId) -> Result<()> {
        let timed = builder.context.task.scope.graph.signal(id).is_some_and(|s| s.time.is_some());
        if timed {
            Ok(())
        } else {
            Err(Diag::compiler(format!("lower: node {id} asks for time but has no time axis")))
        }
    }

    /// Rows since the segment's start.
    pub fn time_index(&mut self, builder: &mut Builder, id: NodeId) -> Result<Val> {
        self.needs_time(builder, id)?;
        let row = self.put(Instr::Position(Place::Row));
        let slot = builder.scope_param(ScopeValue::Start(id));
        let start = self.put(Instr::Param { slot, dtype: DType::F64 });
        Ok(self.put(Instr::Binary { op: Binary::Sub, a: row, b: start }))
    }

    fn window(
        &mut self,
        builder: &mut Builder,
        id: NodeId,
        along: Role,
        (lo, hi): (i32, i32),
        hop: u32,
        body: &WindowBody,
    ) -> Result<Vec<Val>> {
        let graph = builder.context.task.scope.graph;
        let node = graph.node(id);
        let dtype = shape(graph, id).0;
        let taps = (i64::from(hi) - i64::from(lo) + 1) as u32;
        // The first slot of the coefficients, and how many slots on those of the next inner position begin.
        let (how, table) = match body {
            WindowBody::Stencil(expr) => return self.expression(builder, id, expr, &[]),
            WindowBody::Slant(_) | WindowBody::Rank(_) => {
                return Err(Diag::compiler("lower: slants and ranks cannot stand in a loop"));
            }
            WindowBody::Fold(how) => (*how, None),
            WindowBody::Dot(coefficients) => (Reduction::Sum, Some((builder.table(coefficients), 0))),
            WindowBody::Bank(bank) => {
                (Reduction::Sum, Some((builder.table(&bank.concat()), i64::from(taps))))
            }
        };
        let read = |tap: Affine| -> Result<Read> {
            match along {
                Role::Time => Ok(Read {
                    row: Affine { row: i64::from(hop), tap: tap.tap, add: i64::from(lo) + tap.add, inner: 0 },
                    inner: Affine::INNER,
                    lane: 0,
                    in_place: false,
                }),
                Role::Channel => Ok(Read { lane: lo + tap.add as i32, in_place: false, ..Read::HERE }),
                Role::Inner => Ok(Read {
                    inner: Affine { inner: i64::from(hop), tap: tap.tap, add: tap.add, row: 0 },
                    in_place: false,
                    ..Read::HERE
                }),
            }
        };
        let sum_type = if how == Reduction::Sum { DType::F64 } else { dtype };
        if taps <= UNROLLED || along == Role::Channel {
            let mut acc: Option<Val> = None;
            for k in 0..taps {
                let mut value =
                    self.window_tap(builder, node.inputs[0], read(Affine::constant(k.into()))?)?;
                value = self.cast(builder, value, sum_type);
                let coefficient = table.map(|(slot, inner)| {
                    self.put(match inner {
                        0 => Instr::Param { slot: slot + k, dtype: DType::F64 },
                        _ => {
                            let index = Affine { inner, ..Affine::constant(k.into()) };
                            Instr::Table { slot, index, dtype: DType::F64 }
                        }
                    })
                });
                acc = Some(match (acc, coefficient) {
                    (None, None) => value,
                    (None, Some(c)) => self.put(Instr::Binary { op: Binary::Mul, a: c, b: value }),
                    (Some(acc), None) => self.put(Instr::Binary { op: fold_op(how)?, a: acc, b: value }),
                    (Some(acc), Some(c)) => self.put(Instr::Fma { a: c, b: value, c: acc }),
                });
            }
            let acc = acc.ok_or_else(|| Diag::compiler("lower: a window without taps"))?;
            return Ok(vec![self.cast(builder, acc, dtype)]);
        }
        let identity = identity(how)?;
        let init = self.constant(builder, identity, sum_type);
        let acc = self.target.push(Instr::FoldArg { dtype: sum_type });
        let outer = std::mem::take(&mut self.target.body);
        let seen = self.seen.clone();
        let value = self.window_tap(builder, node.inputs[0], read(Affine::TAP)?)?;
        let value = self.cast(builder, value, sum_type);
        let next = match table {
            Some((slot, inner)) => {
                let index = Affine { inner, ..Affine::TAP };
                let c = self.put(Instr::Table { slot, index, dtype: DType::F64 });
                self.put(Instr::Fma { a: c, b: value, c: acc })
            }
            None => self.put(Instr::Binary { op: fold_op(how)?, a: acc, b: value }),
        };
        let result = self.close_fold(outer, seen, taps, vec![init], vec![acc], vec![next]);
        Ok(vec![self.cast(builder, result[0], dtype)])
    }

    fn window_tap(&mut self, builder: &mut Builder, input: NodeId, read: Read) -> Result<Val> {
        let inner = shape(builder.context.task.scope.graph, input).1;
        let read = if inner == 1 { Read { inner: Affine::ZERO, ..read } } else { read };
        self.input(builder, input, read, 0)
    }

    /// Ends a fold whose body was written after `outer` was put aside.
    fn close_fold(
        &mut self,
        outer: Vec<Val>,
        seen: HashMap<Instr, Val>,
        taps: u32,
        init: Vec<Val>,
        args: Vec<Val>,
        next: Vec<Val>,
    ) -> Vec<Val> {
        let inside = std::mem::replace(&mut self.target.body, outer);
        self.seen = seen;
        let count = args.len() as u32;
        let fold = self.put(Instr::Fold { taps, init, args, body: inside, next });
        (0..count).map(|index| self.put(Instr::FoldResult { fold, index })).collect()
    }

    fn cast(&mut self, builder: &Builder, value: Val, to: DType) -> Val {
        if self.target.dtype(&builder.stage.kernel, value) == Some(to) {
            value
        } else {
            self.put(Instr::Cast { to, a: value })
        }
    }

    /// A reduction over the inner axis: positions in order, sums in F64.
    fn reduce_inner(&mut self, builder: &mut Builder, id: NodeId, how: Reduction) -> Result<Val> {
        let graph = builder.context.task.scope.graph;
        let input = graph.node(id).inputs[0];
        let (dtype, taps, ..) = (shape(graph, id).0, shape(graph, input).1, 0);
        let read = Read { inner: Affine::TAP, in_place: false, ..Read::HERE };
        let fold =
            |body: &mut Body, builder: &mut Builder, how: Reduction, mean: Option<Val>| -> Result<Val> {
                let sum_type = if how == Reduction::Sum { DType::F64 } else { dtype };
                let init = body.constant(builder, identity(how)?, sum_type);
                let acc = body.target.push(Instr::FoldArg { dtype: sum_type });
                let outer = std::mem::take(&mut body.target.body);
                let seen = body.seen.clone();
                let value = body.input(builder, input, read, 0)?;
                let value = body.cast(builder, value, sum_type);
                let next = match mean {
                    None => body.put(Instr::Binary { op: fold_op(how)?, a: acc, b: value }),
                    Some(mean) => {
                        let d = body.put(Instr::Binary { op: Binary::Sub, a: value, b: mean });
                        body.put(Instr::Fma { a: d, b: d, c: acc })
                    }
                };
                Ok(body.close_fold(outer, seen, taps, vec![init], vec![acc], vec![next])[0])
            };
        let count = self.constant(builder, f64::from(taps), DType::F64);
        let value = match how {
            Reduction::Sum | Reduction::Min | Reduction::Max => fold(self, builder, how, None)?,
            Reduction::Mean => {
                let sum = fold(self, builder, Reduction::Sum, None)?;
                self.put(Instr::Binary { op: Binary::Div, a: sum, b: count })
            }
            Reduction::Std => {
                let sum = fold(self, builder, Reduction::Sum, None)?;
                let mean = self.put(Instr::Binary { op: Binary::Div, a: sum, b: count });
                let squares = fold(self, builder, Reduction::Sum, Some(mean))?;
                let variance = self.put(Instr::Binary { op: Binary::Div, a: squares, b: count });
                self.put(Instr::Unary { op: dasc_ir::scalar::Unary::Sqrt, a: variance })
            }
            Reduction::Quantile(_) => return Err(Diag::compiler("lower: a quantile in a loop")),
        };
        Ok(self.cast(builder, value, dtype))
    }
}

/// Where an input is read, relative to the place being computed.
#[derive(Clone, Copy)]
pub(super) struct Read {
    row: Affine,
    inner: Affine,
    lane: i32,
    in_place: bool,
}

impl Read {
    const HERE: Read = Read { row: Affine::ROW, inner: Affine::INNER, lane: 0, in_place: true };
}

fn window_read(prim: &Prim, tap: i32) -> Result<Read> {
    match prim {
        Prim::Window { along: Role::Time, hop, .. } => Ok(Read {
            row: Affine { row: i64::from(*hop), add: tap.into(), inner: 0, tap: 0 },
            in_place: false,
            ..Read::HERE
        }),
        Prim::Window { along: Role::Channel, .. } => Ok(Read { lane: tap, in_place: false, ..Read::HERE }),
        Prim::Window { along: Role::Inner, lo, hop, .. } => {
            let add = i64::from(tap) - i64::from(*lo);
            let inner = Affine { inner: i64::from(*hop), add, row: 0, tap: 0 };
            Ok(Read { inner, in_place: false, ..Read::HERE })
        }
        prim if reads_in_place(prim) && tap == 0 => Ok(Read::HERE),
        _ => Err(Diag::compiler("lower: a tap outside a window")),
    }
}

fn view_read(builder: &Builder, input: NodeId, view: &View) -> Result<Read> {
    let graph = builder.context.task.scope.graph;
    match *view {
        View::Frame { hop, lo, .. } => Ok(Read {
            row: Affine { row: hop.into(), inner: 1, tap: 0, add: lo.into() },
            inner: Affine::ZERO,
            lane: 0,
            in_place: false,
        }),
        View::Slice { along: Role::Inner, start, step, .. } => Ok(Read {
            inner: Affine { inner: step.into(), add: start as i64, row: 0, tap: 0 },
            in_place: false,
            ..Read::HERE
        }),
        // Which rows a slice has was fixed when it was built; a stepped one begins a new index at its first row.
        View::Slice { along: Role::Time, start, stop, step } => {
            let time = graph.signal(input).and_then(|s| s.time.as_ref());
            let time = time.ok_or_else(|| Diag::compiler("lower: a slice along time without time"))?;
            let (base, _) = slice_rows(&time.rows, start, stop, step);
            let row = Affine { row: step.into(), add: base, inner: 0, tap: 0 };
            Ok(Read { row, in_place: false, ..Read::HERE })
        }
        // The rows beyond the input's are there, written by the runtime.
        View::Extend { .. } => Ok(Read { in_place: false, ..Read::HERE }),
        View::Slice { .. } | View::OverlapAdd { .. } | View::Widen { .. } | View::Reverse | View::Join => {
            Err(Diag::compiler("lower: a view that is not an affine load"))
        }
    }
}

fn fold_op(how: Reduction) -> Result<Binary> {
    match how {
        Reduction::Sum => Ok(Binary::Add),
        Reduction::Min => Ok(Binary::Min),
        Reduction::Max => Ok(Binary::Max),
        Reduction::Mean | Reduction::Std | Reduction::Quantile(_) => {
            Err(Diag::compiler("lower: a fold is a sum, a minimum or a maximum"))
        }
    }
}

pub(super) fn identity(how: Reduction) -> Result<f64> {
    match how {
        Reduction::Sum => Ok(0.0),
        Reduction::Min => Ok(f64::INFINITY),
        Reduction::Max => Ok(f64::NEG_INFINITY),
        Reduction::Mean | Reduction::Std | Reduction::Quantile(_) => {
            Err(Diag::compiler("lower: no identity of a mean or quantile"))
        }
    }
}
