//! The rules a kernel keeps, checked after every pass and before every back end.
//!
//! A verified kernel cannot make a back end panic, and its loops touch only elements whose inner position, plane and
//! table slot exist. Rows and lanes are the runtime's promise (see [`super::run::Executable::run`]).
//!
//! - Operands are defined earlier in the same body, or, inside a fold, in the fold or before it; folds do not nest.
//! - Types agree. Shift amounts are `Bits` below the width. Nothing but a fold's accumulators leaves it.
//! - A loop reads an element of a buffer it stores only at the place it stores.
//! - A carry is set at most once, outside folds, by a loop that has its lanes and no more inner positions.

mod body;

use body::check_loop;

use super::{
    Buffer, BufferId, Correlate, Fft, FftKind, Instr, Kernel, Lanes, Loop, OverlapAdd, Role, Step, Val, Widen,
};
use crate::graph::Edge;
use crate::scalar::Unary;
use crate::{DType, Diag, Result};

/// Checks every rule.
pub fn verify(kernel: &Kernel) -> Result<()> {
    check_tables(kernel)?;
    for (at, step) in kernel.steps.iter().enumerate() {
        let place = format!("step {at}");
        match step {
            Step::Loop(body) => check_loop(kernel, body, &place)?,
            Step::Fft(fft) => check_fft(kernel, fft, &place)?,
            Step::OverlapAdd(add) => check_overlap_add(kernel, add, &place)?,
            Step::Widen(widen) => check_widen(kernel, widen, &place)?,
            Step::Correlate(correlate) => check_correlate(kernel, correlate, &place)?,
            Step::Emit(emit) => {
                let buffer = buffer(kernel, emit.level, &place)?;
                if buffer.inner != 1 || buffer.planes != 1 {
                    return Err(mistake(
                        kernel,
                        &place,
                        "emit needs a level of one inner position and one plane",
                    ));
                }
                let params = kernel.params.len();
                if emit.on as usize >= params || emit.off as usize >= params {
                    return Err(mistake(kernel, &place, "emit names a parameter that does not exist"));
                }
            }
        }
    }
    for (at, reduce) in kernel.reduces.iter().enumerate() {
        let place = format!("reduce {at}");
        for carry in &reduce.carries {
            if carry.index() >= kernel.carries.len() {
                return Err(mistake(kernel, &place, format!("carry c{} does not exist", carry.0)));
            }
        }
        for id in reduce.left.iter().chain(&reduce.right).chain(&reduce.outputs) {
            buffer(kernel, *id, &place)?;
        }
        let n = reduce.carries.len();
        if reduce.identity.len() != n || reduce.left.len() != n || reduce.right.len() != n {
            return Err(mistake(
                kernel,
                &place,
                "needs one identity, one left and one right buffer for each carry",
            ));
        }
        check_loop(kernel, &reduce.merge, &format!("merge of reduce {at}"))?;
        check_loop(kernel, &reduce.finish, &format!("finish of reduce {at}"))?;
    }
    Ok(())
}

/// Checks every rule and that no transcendental function is left: see [`super::expand()`].
pub fn verify_expanded(kernel: &Kernel) -> Result<()> {
    verify(kernel)?;
    let loops = kernel.loops();
    for (which, body) in loops {
        for val in listed(body) {
            if let Some(Instr::Unary { op: Unary::Exp | Unary::Log | Unary::Sin | Unary::Cos, .. }) =
                body.values.get(val.index())
            {
                return Err(mistake(
                    kernel,
                    &format!("{which:?}"),
                    format!(
                        "v{} is a transcendental function, which has to be expanded before this point",
                        val.0
                    ),
                ));
            }
        }
    }
    Ok(())
}

/// The type of every value of a loop's arena in one sweep; `None` for values that define none or are not listed.
/// The loop has to satisfy [`verify`].
pub fn types(kernel: &Kernel, body: &Loop) -> Vec<Option<DType>> {
    let mut types = vec![None; body.values.len()];
    let mut results: Vec<(Val, Vec<Option<DType>>)> = Vec::new();
    for val in listed(body) {
        let Some(instr) = body.values.get(val.index()) else { continue };
        let of = |v: &Val| types.get(v.index()).copied().flatten();
        let ty = match instr {
            Instr::Load { buffer, .. } => match kernel.buffers.get(buffer.index()).map(|b| b.dtype) {
                Some(DType::I16) => Some(DType::I32),
                other => other,
            },
            Instr::Param { dtype, .. }
            | Instr::Table { dtype, .. }
            | Instr::Bits { dtype, .. }
            | Instr::FoldArg { dtype } => Some(*dtype),
            Instr::Position(_) => Some(DType::F64),
            Instr::Carry(carry) => kernel.carries.get(carry.index()).map(|c| c.dtype),
            Instr::Binary { op, a, .. } if op.is_comparison() => of(a).map(|_| DType::Bool),
            Instr::Unary { a, .. }
            | Instr::Binary { a, .. }
            | Instr::Fma { a, .. }
            | Instr::Select { a, .. } => of(a),
            Instr::Cast { to, .. } | Instr::Bitcast { to, .. } => Some(*to),
            Instr::Fold { args, .. } => {
                let of_args = args.iter().map(of).collect();
                results.push((val, of_args));
                None
            }
            Instr::FoldResult { fold, index } => results
                .iter()
                .find(|(f, _)| f == fold)
                .and_then(|(_, args)| args.get(*index as usize).copied().flatten()),
            Instr::Store { .. } | Instr::SetCarry { .. } => None,
        };
        if let Some(slot) = types.get_mut(val.index()) {
            *slot = ty;
        }
    }
    types
}

/// Every value of a loop in program order: a fold's accumulators and body stand before the fold.
pub fn listed(body: &Loop) -> Vec<Val> {
    let mut out = Vec::with_capacity(body.values.len());
    for val in &body.body {
        if let Some(Instr::Fold { args, body: inside, .. }) = body.values.get(val.index()) {
            out.extend(args);
            out.extend(inside);
        }
        out.push(*val);
    }
    out
}

fn mistake(kernel: &Kernel, place: &str, what: impl std::fmt::Display) -> Diag {
    Diag::compiler(format!("kernel '{}', {place}: {what}", kernel.name))
}

fn buffer<'k>(kernel: &'k Kernel, id: BufferId, place: &str) -> Result<&'k Buffer> {
    kernel
        .buffers
        .get(id.index())
        .ok_or_else(|| mistake(kernel, place, format!("buffer b{} does not exist", id.0)))
}

fn check_tables(kernel: &Kernel) -> Result<()> {
    for (at, b) in kernel.buffers.iter().enumerate() {
        let place = format!("buffer b{at}");
        if !matches!(b.dtype, DType::I16 | DType::I32 | DType::F32 | DType::F64) {
            return Err(mistake(kernel, &place, format!("elements cannot be {}", b.dtype)));
        }
        if b.inner == 0 || b.planes == 0 || b.lanes == Lanes::Fixed(0) {
            return Err(mistake(kernel, &place, "inner, planes and lanes are at least 1"));
        }
    }
    for (at, c) in kernel.carries.iter().enumerate() {
        let place = format!("carry c{at}");
        if !matches!(c.dtype, DType::I64 | DType::F32 | DType::F64) {
            return Err(mistake(kernel, &place, format!("state cannot be {}", c.dtype)));
        }
        if c.inner == 0 || c.lanes == Lanes::Fixed(0) {
            return Err(mistake(kernel, &place, "inner and lanes are at least 1"));
        }
    }
    Ok(())
}

fn check_fft(kernel: &Kernel, fft: &Fft, place: &str) -> Result<()> {
    let (input, output) = (buffer(kernel, fft.input, place)?, buffer(kernel, fft.output, place)?);
    let half = fft.n / 2 + 1;
    let (from, to) = match fft.kind {
        FftKind::Forward | FftKind::ForwardWide => ((fft.n, 1), (half, 2)),
        FftKind::Inverse => ((half, 2), (fft.n, 1)),
        FftKind::ComplexForward | FftKind::ComplexInverse => ((fft.n, 2), (fft.n, 2)),
        FftKind::Analytic => ((half, 2), (fft.n, 2)),
    };
    let given = if fft.kind == FftKind::ForwardWide { DType::F64 } else { DType::F32 };
    for (name, buffer, dtype, (inner, planes)) in
        [("input", input, given, from), ("output", output, DType::F32, to)]
    {
        if fft.n == 0 || buffer.dtype != dtype || buffer.inner != inner || buffer.planes != planes {
            return Err(mistake(
                kernel,
                place,
                format!(
                    "an FFT of length {} needs an {name} of {dtype}, {inner} inner positions and {planes} planes, not {}, {} and {}",
                    fft.n, buffer.dtype, buffer.inner, buffer.planes
                ),
            ));
        }
    }
    if fft.input == fft.output || input.lanes != output.lanes {
        return Err(mistake(kernel, place, "an FFT needs two buffers with the same lanes"));
    }
    if matches!(output.role, Role::Input | Role::Constant) {
        return Err(mistake(kernel, place, "an FFT cannot write an input or a constant"));
    }
    Ok(())
}

fn check_correlate(kernel: &Kernel, correlate: &Correlate, place: &str) -> Result<()> {
    let output = buffer(kernel, correlate.output, place)?;
    for input in [correlate.x, correlate.t] {
        let given = buffer(kernel, input, place)?;
        if input == correlate.output || !given.dtype.is_float() || given.planes != 1 {
            return Err(mistake(kernel, place, "a correlation reads real frames of other buffers"));
        }
        if given.lanes != output.lanes && given.lanes != Lanes::Fixed(1) {
            return Err(mistake(
                kernel,
                place,
                "what is correlated has the lanes of the result or a single one",
            ));
        }
    }
    if output.dtype != DType::F64 || output.planes != 1 || matches!(output.role, Role::Input | Role::Constant)
    {
        return Err(mistake(kernel, place, "a correlation writes f64"));
    }
    Ok(())
}

fn check_overlap_add(kernel: &Kernel, add: &OverlapAdd, place: &str) -> Result<()> {
    let (input, output) = (buffer(kernel, add.input, place)?, buffer(kernel, add.output, place)?);
    if add.hop == 0 || output.inner != 1 || input.planes != 1 || output.planes != 1 {
        let what = "overlap_add needs a hop, real frames and an output of one inner position";
        return Err(mistake(kernel, place, what));
    }
    if !input.dtype.is_float() || input.dtype != output.dtype || input.lanes != output.lanes {
        return Err(mistake(
            kernel,
            place,
            "overlap_add needs two buffers of one float type with the same lanes",
        ));
    }
    if add.input == add.output || matches!(output.role, Role::Input | Role::Constant) {
        return Err(mistake(kernel, place, "overlap_add cannot write its input or a constant"));
    }
    let last = add.weights.map_or(0, |first| first as usize + input.inner as usize);
    if last > kernel.params.len() {
        return Err(mistake(kernel, place, "overlap_add has weights that are not among the parameters"));
    }
    Ok(())
}

fn check_widen(kernel: &Kernel, widen: &Widen, place: &str) -> Result<()> {
    let (input, output) = (buffer(kernel, widen.input, place)?, buffer(kernel, widen.output, place)?);
    if (input.dtype, input.planes, input.lanes) != (output.dtype, output.planes, output.lanes) {
        return Err(mistake(
            kernel,
            place,
            "widen needs two buffers of one type with the same planes and lanes",
        ));
    }
    let before = i64::from(widen.before);
    let within = before <= 0 && i64::from(output.inner) - before <= i64::from(input.inner);
    if widen.edge == Edge::Valid && !within {
        return Err(mistake(kernel, place, "widen reads beyond its input without an edge"));
    }
    if widen.input == widen.output || matches!(output.role, Role::Input | Role::Constant) {
        return Err(mistake(kernel, place, "widen cannot write its input or a constant"));
    }
    Ok(())
}

fn fixed(lanes: Lanes) -> Option<u32> {
    match lanes {
        Lanes::Block => None,
        Lanes::Fixed(n) => Some(n),
    }
}
