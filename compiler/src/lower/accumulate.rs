//! Accumulations along time: what a loop adds up per row, how blocks of rows are merged, and what comes of it.
//!
//! Means and deviations are kept as (count, mean, sum of squared deviations), updated after Welford (1962) and merged
//! after Chan, Golub & LeVeque (1983), so that a large offset costs no digits.

use dasc_ir::graph::{NodeId, Reduction};
use dasc_ir::kernel::{Affine, Buffer, BufferId, Instr, Lanes, Loop, Reduce, Role, Val};
use dasc_ir::scalar::{Binary, Unary};
use dasc_ir::{DType, Diag, Result};

use super::body::identity;
use super::kernel::{Builder, emit, load_here, single_row};
use super::shape;
use crate::plan::{Binding, ScopeValue};

/// Adds the accumulation of `value` to a loop, and its merging and finishing to the kernel.
pub(super) fn lower(
    builder: &mut Builder,
    target: &mut Loop,
    id: NodeId,
    how: Reduction,
    len: ScopeValue,
    value: Val,
) -> Result<()> {
    let (dtype, inner, ..) = shape(builder.context.task.scope.graph, id);
    let inner = inner.max(target.inner);
    let state = match how {
        Reduction::Std => vec![(DType::F64, 0.0); 3],
        Reduction::Sum | Reduction::Mean => vec![(DType::F64, 0.0)],
        Reduction::Min | Reduction::Max => vec![(dtype, identity(how)?)],
        Reduction::Quantile(_) => return Err(Diag::compiler("lower: a quantile among sums")),
    };
    let carries: Vec<_> =
        (0..state.len()).map(|k| builder.carry(format!("{id}.{k}"), state[k].0, inner, state[k].1)).collect();
    let before: Vec<Val> = carries.iter().map(|c| emit(target, Instr::Carry(*c))).collect();
    let kind = target.dtype(&builder.stage.kernel, value);
    let value =
        if kind == Some(state[0].0) { value } else { emit(target, Instr::Cast { to: state[0].0, a: value }) };
    let after = match how {
        Reduction::Sum | Reduction::Mean | Reduction::Quantile(_) => {
            vec![binary(target, Binary::Add, before[0], value)]
        }
        Reduction::Min => vec![binary(target, Binary::Min, before[0], value)],
        Reduction::Max => vec![binary(target, Binary::Max, before[0], value)],
        Reduction::Std => {
            let slot = builder.param(1.0);
            let one = emit(target, Instr::Param { slot, dtype: DType::F64 });
            let count = binary(target, Binary::Add, before[0], one);
            let off = binary(target, Binary::Sub, value, before[1]);
            let step = binary(target, Binary::Div, off, count);
            let mean = binary(target, Binary::Add, before[1], step);
            let rest = binary(target, Binary::Sub, value, mean);
            let squares = emit(target, Instr::Fma { a: off, b: rest, c: before[2] });
            vec![count, mean, squares]
        }
    };
    for (&carry, &value) in carries.iter().zip(&after) {
        emit(target, Instr::SetCarry { carry, value });
    }
    let lanes = builder.lanes().map_or(Lanes::Block, Lanes::Fixed);
    let mut side = |name: &str| -> Vec<BufferId> {
        let buffer = |k: usize| Buffer {
            name: format!("{name}{id}.{k}"),
            dtype: state[k].0,
            inner,
            planes: 1,
            lanes,
            role: Role::Scratch,
        };
        (0..state.len()).map(|k| builder.local(Binding::Local, buffer(k))).collect()
    };
    let (left, right) = (side("left"), side("right"));
    let merge = merge(builder, inner, how, &left, &right);
    let number = builder.statistic(id)?;
    let output = builder.statistic_buffer(id, number, Role::Output);
    let finish = finish(builder, inner, how, len, &left, output, dtype);
    let identity = state.iter().map(|s| s.1).collect();
    let reduce = Reduce { carries, identity, merge, left, right, finish, outputs: vec![output] };
    builder.stage.kernel.reduces.push(reduce);
    Ok(())
}

fn binary(target: &mut Loop, op: Binary, a: Val, b: Val) -> Val {
    emit(target, Instr::Binary { op, a, b })
}

fn store(target: &mut Loop, buffer: BufferId, value: Val) {
    let inner = if target.inner > 1 { Affine::INNER } else { Affine::ZERO };
    emit(target, Instr::Store { buffer, inner, plane: 0, value });
}

/// `left := left ∘ right`, the older on the left.
fn merge(builder: &mut Builder, inner: u32, how: Reduction, left: &[BufferId], right: &[BufferId]) -> Loop {
    let mut body = single_row(inner, builder.lanes());
    let mut load = |buffers: &[BufferId]| -> Vec<Val> {
        buffers.iter().map(|b| emit(&mut body, load_here(*b, inner > 1))).collect()
    };
    let (a, b) = (load(left), load(right));
    let merged = match how {
        Reduction::Sum | Reduction::Mean | Reduction::Quantile(_) => {
            vec![binary(&mut body, Binary::Add, a[0], b[0])]
        }
        Reduction::Min => vec![binary(&mut body, Binary::Min, a[0], b[0])],
        Reduction::Max => vec![binary(&mut body, Binary::Max, a[0], b[0])],
        Reduction::Std => {
            let count = binary(&mut body, Binary::Add, a[0], b[0]);
            let off = binary(&mut body, Binary::Sub, b[1], a[1]);
            let weight = binary(&mut body, Binary::Div, b[0], count);
            let mean = emit(&mut body, Instr::Fma { a: off, b: weight, c: a[1] });
            let squares = binary(&mut body, Binary::Add, a[2], b[2]);
            let share = binary(&mut body, Binary::Mul, a[0], weight);
            let off2 = binary(&mut body, Binary::Mul, off, off);
            let squares = emit(&mut body, Instr::Fma { a: off2, b: share, c: squares });
            vec![count, mean, squares]
        }
    };
    for (&buffer, &value) in left.iter().zip(&merged) {
        store(&mut body, buffer, value);
    }
    body
}

fn finish(
    builder: &mut Builder,
    inner: u32,
    how: Reduction,
    len: ScopeValue,
    left: &[BufferId],
    output: BufferId,
    dtype: DType,
) -> Loop {
    let mut body = single_row(inner, builder.lanes());
    let values: Vec<Val> = left.iter().map(|b| emit(&mut body, load_here(*b, inner > 1))).collect();
    let value = match how {
        Reduction::Sum | Reduction::Min | Reduction::Max | Reduction::Quantile(_) => values[0],
        Reduction::Mean => {
            let slot = builder.scope_param(len);
            let count = emit(&mut body, Instr::Param { slot, dtype: DType::F64 });
            binary(&mut body, Binary::Div, values[0], count)
        }
        Reduction::Std => {
            let variance = binary(&mut body, Binary::Div, values[2], values[0]);
            emit(&mut body, Instr::Unary { op: Unary::Sqrt, a: variance })
        }
    };
    let kind = body.dtype(&builder.stage.kernel, value);
    let value =
        if kind == Some(dtype) { value } else { emit(&mut body, Instr::Cast { to: dtype, a: value }) };
    store(&mut body, output, value);
    body
}
