//! Reductions across channels, in a canonical order: sixteen partial results, channel `c` in partial `c mod 16`,
//! then a tree over the sixteen. The order depends on the channels alone, not on blocks or threads.

use dasc_ir::graph::{Edge, NodeId, Reduction};
use dasc_ir::kernel::{Affine, BufferId, Domain, Instr, LaneAt, Loop, Place as At, Step, Val};
use dasc_ir::scalar::{Binary, Unary};
use dasc_ir::{DType, Diag, Result};

use super::body::identity;
use super::kernel::{Builder, emit};
use super::shape;
use crate::plan::{Binding, Place, Stream};

/// Adds the steps that reduce node `id` across channels.
pub(super) fn lower(builder: &mut Builder, id: NodeId, how: Reduction, rows: &[(i64, i64)]) -> Result<()> {
    let graph = builder.context.task.scope.graph;
    let input = graph.node(id).inputs[0];
    let (dtype, inner, _, _) = shape(graph, id);
    let channels = shape(graph, input).3;
    let output = builder.buffer_of(id)?;
    let across = Across { input, id, inner, channels, rows };
    match how {
        Reduction::Sum | Reduction::Min | Reduction::Max => {
            let acc = if how == Reduction::Sum { DType::F64 } else { dtype };
            let partial = across.partial(builder, how, acc, None)?;
            across.combine(builder, partial, how, acc, output, dtype, None)
        }
        Reduction::Mean => {
            let partial = across.partial(builder, Reduction::Sum, DType::F64, None)?;
            across.combine(builder, partial, Reduction::Sum, DType::F64, output, dtype, Some(Finish::Mean))
        }
        Reduction::Std => {
            let partial = across.partial(builder, Reduction::Sum, DType::F64, None)?;
            let mean = across.scratch(builder, "mean", DType::F64, 1);
            across.combine(
                builder,
                partial,
                Reduction::Sum,
                DType::F64,
                mean,
                DType::F64,
                Some(Finish::Mean),
            )?;
            let squares = across.partial(builder, Reduction::Sum, DType::F64, Some(mean))?;
            across.combine(
                builder,
                squares,
                Reduction::Sum,
                DType::F64,
                output,
                dtype,
                Some(Finish::Deviation),
            )
        }
        Reduction::Quantile(_) => Err(Diag::compiler("lower: a quantile in a kernel")),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Finish {
    Mean,
    Deviation,
}

struct Across<'a> {
    input: NodeId,
    id: NodeId,
    inner: u32,
    channels: u32,
    rows: &'a [(i64, i64)],
}

impl Across<'_> {
    fn scratch(&self, builder: &mut Builder, name: &str, dtype: DType, channels: u32) -> BufferId {
        let number = builder.flow.streams.len() as u32;
        builder.flow.streams.push(Stream {
            node: self.id,
            name: format!("{name}{}", self.id),
            dtype,
            inner: self.inner,
            planes: 1,
            channels,
            rows: self.rows.to_vec(),
            edge: Edge::Valid,
            lane_edge: Edge::Valid,
            lane_reach: 0,
            place: Place::Scratch,
            observed: false,
        });
        builder.stream_buffer(number, Binding::Stream(number))
    }

    /// Sixteen partial results of the input, or of its squared distance from `mean`.
    fn partial(
        &self,
        builder: &mut Builder,
        how: Reduction,
        acc: DType,
        mean: Option<BufferId>,
    ) -> Result<BufferId> {
        let stored = self.scratch(builder, "part", acc, 16);
        let number = builder.streams.of(self.input)?;
        let stride = (builder.flow.streams[number as usize].lane_stride() / 16) as i64;
        let strided = builder.stream_buffer(number, Binding::Strided(number));
        let mut body =
            Loop { inner: self.inner, lanes: Some(16), domain: Domain::Rows(stored), ..Loop::default() };
        let (slot, width, count) =
            (builder.param(identity(how)?), builder.param(16.0), builder.param(f64::from(self.channels)));
        let nothing = emit(&mut body, Instr::Param { slot, dtype: acc });
        let mean = mean.map(|buffer| {
            let inner = if self.inner > 1 { Affine::INNER } else { Affine::ZERO };
            emit(&mut body, Instr::Load { buffer, row: Affine::ROW, inner, plane: 0, lane: LaneAt::Splat(0) })
        });
        let arg = body.push(Instr::FoldArg { dtype: acc });
        let outer = std::mem::take(&mut body.body);
        let inner = Affine { inner: stride, tap: 1, row: 0, add: 0 };
        let load = Instr::Load { buffer: strided, row: Affine::ROW, inner, plane: 0, lane: LaneAt::Shift(0) };
        let mut value = emit(&mut body, load);
        if body.dtype(&builder.stage.kernel, value) != Some(acc) {
            value = emit(&mut body, Instr::Cast { to: acc, a: value });
        }
        if let Some(mean) = mean {
            let off = emit(&mut body, Instr::Binary { op: Binary::Sub, a: value, b: mean });
            value = emit(&mut body, Instr::Binary { op: Binary::Mul, a: off, b: off });
        }
        // Lanes beyond the last channel hold whatever padding holds.
        let tap = emit(&mut body, Instr::Position(At::Tap));
        let lane = emit(&mut body, Instr::Position(At::Lane));
        let width = emit(&mut body, Instr::Param { slot: width, dtype: DType::F64 });
        let channel = emit(&mut body, Instr::Fma { a: tap, b: width, c: lane });
        let count = emit(&mut body, Instr::Param { slot: count, dtype: DType::F64 });
        let mask = emit(&mut body, Instr::Binary { op: Binary::Lt, a: channel, b: count });
        let value = emit(&mut body, Instr::Select { mask, a: value, b: nothing });
        let next = emit(&mut body, Instr::Binary { op: operation(how), a: arg, b: value });
        let inside = std::mem::replace(&mut body.body, outer);
        let taps = self.channels.div_ceil(16);
        let fold = emit(
            &mut body,
            Instr::Fold { taps, init: vec![nothing], args: vec![arg], body: inside, next: vec![next] },
        );
        let result = emit(&mut body, Instr::FoldResult { fold, index: 0 });
        self.store(&mut body, stored, result);
        builder.step(Step::Loop(body), self.rows.to_vec());
        Ok(stored)
    }

    /// The tree over the sixteen partial results.
    #[allow(clippy::too_many_arguments)]
    fn combine(
        &self,
        builder: &mut Builder,
        partial: BufferId,
        how: Reduction,
        acc: DType,
        output: BufferId,
        dtype: DType,
        finish: Option<Finish>,
    ) -> Result<()> {
        let mut body =
            Loop { inner: self.inner, lanes: Some(1), domain: Domain::Rows(output), ..Loop::default() };
        let inner = if self.inner > 1 { Affine::INNER } else { Affine::ZERO };
        let mut level: Vec<Val> = (0..16)
            .map(|lane| {
                let lane = LaneAt::Splat(lane);
                emit(&mut body, Instr::Load { buffer: partial, row: Affine::ROW, inner, plane: 0, lane })
            })
            .collect();
        while level.len() > 1 {
            let half = level.len() / 2;
            level = (0..half)
                .map(|j| {
                    emit(&mut body, Instr::Binary { op: operation(how), a: level[j], b: level[j + half] })
                })
                .collect();
        }
        let mut value = level[0];
        if let Some(finish) = finish {
            let slot = builder.param(f64::from(self.channels));
            let count = emit(&mut body, Instr::Param { slot, dtype: DType::F64 });
            value = emit(&mut body, Instr::Binary { op: Binary::Div, a: value, b: count });
            if finish == Finish::Deviation {
                value = emit(&mut body, Instr::Unary { op: Unary::Sqrt, a: value });
            }
        }
        if acc != dtype {
            value = emit(&mut body, Instr::Cast { to: dtype, a: value });
        }
        self.store(&mut body, output, value);
        builder.step(Step::Loop(body), self.rows.to_vec());
        Ok(())
    }

    fn store(&self, body: &mut Loop, buffer: BufferId, value: Val) {
        let inner = if self.inner > 1 { Affine::INNER } else { Affine::ZERO };
        emit(body, Instr::Store { buffer, inner, plane: 0, value });
    }
}

const fn operation(how: Reduction) -> Binary {
    match how {
        Reduction::Min => Binary::Min,
        Reduction::Max => Binary::Max,
        Reduction::Sum | Reduction::Mean | Reduction::Std | Reduction::Quantile(_) => Binary::Add,
    }
}
