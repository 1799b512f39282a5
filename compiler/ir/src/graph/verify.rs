//! Checks every invariant of a [`Graph`], so that nothing after it has to.
//!
//! Types are inferred once more by the [`Builder`] that made them and compared; only the origin of a time axis is taken as
//! declared, because [`Builder::shift_origin`] may have moved it. An error names the node and its operator.

use std::ops::RangeInclusive;

use super::axis::{ChannelAxis, InnerAxis, Labels, Rows, Signal, TimeAxis, Type};
use super::builder::Builder;
use super::expr::{Expr, ExprOp};
use super::prim::{
    Edge, Emission, Init, Prim, Reduction, Role, Slant, StateVar, TransformKind, View, WindowBody,
};
use super::{Graph, Node, NodeId};
use crate::scalar::{Binary, Unary};
use crate::{DType, Diag, Rational, Result};

/// Rows and taps beyond this are mistakes, and arithmetic on them would overflow.
const MOST_ROWS: i64 = 1 << 53;
const MOST_TAPS: i64 = 1 << 30;

/// What is wrong, before it is known where.
type Check<T = ()> = std::result::Result<T, String>;

/// Checks a graph; the error is the compiler's and says which node of which operator breaks what.
pub fn verify(graph: &Graph) -> Result<()> {
    let mut builder = Builder::new();
    let mut sources = 0;
    for (id, node) in graph.ids().zip(&graph.nodes) {
        sources += usize::from(node.prim == Prim::Source);
        let place =
            |what: String| Diag::compiler(format!("node {id} of {}: {what}", node.operator)).at(node.span);
        let signals = inputs(graph, id, node).map_err(place)?;
        check(node, &signals).map_err(place)?;
        let inferred = infer(&mut builder, node, &signals).map_err(place)?;
        compare(&inferred, &node.ty).map_err(place)?;
        builder.adopt(node.clone());
    }
    if sources != 1 {
        return Err(Diag::compiler(format!("a graph has one source, but this one has {sources}")));
    }
    match graph.outputs.iter().find(|id| id.index() >= graph.nodes.len()) {
        Some(id) => Err(Diag::compiler(format!("output {id} is no node"))),
        None => Ok(()),
    }
}

/// The types of the inputs, which stand before the node and are no tables.
fn inputs<'a>(graph: &'a Graph, id: NodeId, node: &Node) -> Check<Vec<&'a Signal>> {
    let arity = match &node.prim {
        Prim::Source | Prim::Constant(_) => 0..=0,
        Prim::Correlate { .. } => 2..=2,
        Prim::Map(_) | Prim::Scan { .. } | Prim::View(View::Join) => 1..=usize::MAX,
        Prim::Window { .. }
        | Prim::Reduce { .. }
        | Prim::View(_)
        | Prim::Transform { .. }
        | Prim::Gather { .. }
        | Prim::Call(_)
        | Prim::Emit(_) => 1..=1,
    };
    if !arity.contains(&node.inputs.len()) {
        return Err(format!("takes {} inputs, but has {}", arity.start(), node.inputs.len()));
    }
    let signal = |input: &NodeId| {
        if *input >= id {
            return Err(format!("its input {input} does not stand before it"));
        }
        graph
            .signal(*input)
            .ok_or_else(|| format!("its input {input} is a table, which only an output can be"))
    };
    node.inputs.iter().map(signal).collect()
}

/// What the type alone does not tell.
fn check(node: &Node, inputs: &[&Signal]) -> Check {
    let out = match &node.ty {
        Type::Signal(signal) => {
            check_axes(signal)?;
            Some(signal)
        }
        Type::Table => None,
    };
    match (&node.prim, out) {
        (Prim::Emit(emission), None) => check_emission(emission),
        (Prim::Emit(_), Some(_)) => Err("a detection gives a table".into()),
        (_, None) => Err("only a detection gives a table".into()),
        (Prim::Source, Some(signal)) if signal.time.is_none() => Err("a record has a time axis".into()),
        (Prim::Constant(values), Some(signal)) => check_constant(values, signal),
        (Prim::Source | Prim::Gather { .. } | Prim::Call(_), Some(_)) => Ok(()),
        (Prim::Map(expr), Some(signal)) => {
            Reading { inputs, state: &[], taps: 0..=0, timed: signal.time.is_some() }
                .gives(expr, &planes(signal))
        }
        (Prim::Scan { state, step }, Some(signal)) => check_scan(state, step, inputs, signal),
        (Prim::Window { along: Role::Inner, edge, .. }, Some(_)) if *edge != Edge::Valid => {
            Err(format!("a window along the inner axis stays within it, which {edge:?} does not"))
        }
        (Prim::Window { edge: Edge::Cover, .. }, Some(_)) => Err("only frames cover a segment".into()),
        (Prim::Window { edge: Edge::Odd, .. }, Some(_)) => {
            Err("a window reads beyond the ends what a mirror shows, not what lies through it".into())
        }
        (Prim::Window { lo, hi, hop, body, .. }, Some(signal)) => {
            within("tap", (*lo).into(), MOST_TAPS)?;
            within("tap", (*hi).into(), MOST_TAPS)?;
            within("hop", (*hop).into(), MOST_TAPS)?;
            check_window(body, *lo..=*hi, inputs, signal)
        }
        (Prim::Reduce { .. }, Some(_)) => Ok(()),
        (Prim::Correlate { lo, hi }, Some(_)) => {
            within("lag", (*lo).into(), MOST_TAPS)?;
            within("lag", (*hi).into(), MOST_TAPS)
        }
        (Prim::View(View::Slice { .. } | View::Join), Some(_)) => Ok(()),
        (Prim::View(View::Frame { n, hop, lo, edge, .. }), Some(_)) => {
            within("frame length", (*n).into(), MOST_TAPS)?;
            within("hop", (*hop).into(), MOST_TAPS)?;
            within("tap", (*lo).into(), MOST_TAPS)?;
            if *edge == Edge::Odd {
                return Err("frames do not look through the end of a segment".into());
            }
            Ok(())
        }
        (Prim::View(View::OverlapAdd { hop, lo, .. }), Some(_)) => {
            within("hop", (*hop).into(), MOST_TAPS)?;
            within("tap", (*lo).into(), MOST_TAPS)
        }
        (Prim::View(View::Widen { before, after, .. }), Some(_)) => {
            within("position", (*before).into(), MOST_TAPS)?;
            within("position", (*after).into(), MOST_TAPS)
        }
        (Prim::View(View::Extend { before, after, .. }), Some(_)) => {
            within("extension", (*before).into(), MOST_TAPS)?;
            within("extension", (*after).into(), MOST_TAPS)
        }
        (Prim::View(View::Reverse), Some(_)) => Ok(()),
        (Prim::Transform { kind, along, .. }, Some(_)) => {
            let complex = inputs.iter().any(|s| s.dtype == DType::C32);
            let of_bins = match kind {
                TransformKind::Forward => false,
                TransformKind::Inverse => true,
                TransformKind::Analytic => *along == Role::Inner,
            };
            // Across channels a forward transform takes real or complex values.
            let either = (*kind, *along) == (TransformKind::Forward, Role::Channel);
            if either || complex == of_bins {
                Ok(())
            } else {
                Err(format!(
                    "a {kind:?} transform is given {} input",
                    if complex { "complex" } else { "real" }
                ))
            }
        }
    }
}

fn within(what: &str, value: i64, most: i64) -> Check {
    if value.abs() <= most { Ok(()) } else { Err(format!("{what} {value} is beyond {most}")) }
}

fn check_axes(signal: &Signal) -> Check {
    if signal.dtype == DType::Bool {
        return Err("truth values are not stored".into());
    }
    if let Some(time) = &signal.time {
        if time.period <= Rational::ZERO {
            return Err(format!("its period of {} s is not positive", time.period));
        }
        match &time.rows {
            Rows::From(start) => within("row", *start, MOST_ROWS)?,
            Rows::Segments(ranges) => {
                for (a, b) in ranges {
                    within("row", *a, MOST_ROWS)?;
                    within("row", *b, MOST_ROWS)?;
                    if a > b {
                        return Err(format!("segment {a}..{b} ends before it begins"));
                    }
                }
            }
        }
    }
    match &signal.inner {
        Some(InnerAxis { len: 0, .. }) => return Err("its inner axis has no length".into()),
        Some(InnerAxis { len, positions: Some(positions), .. }) if positions.len() != *len as usize => {
            return Err(format!("{len} inner positions lie at {} places", positions.len()));
        }
        Some(_) | None => {}
    }
    if let Some(axis) = &signal.channel {
        within("channel", axis.first, MOST_ROWS)?;
        within("channel stride", axis.stride, MOST_TAPS)?;
    }
    match &signal.channel {
        Some(ChannelAxis { len: 0, .. }) => Err("its channel axis has no length".into()),
        Some(ChannelAxis { len, positions: Some(positions), .. }) if positions.len() != *len as usize => {
            Err(format!("{len} channels have {} positions", positions.len()))
        }
        Some(ChannelAxis { len, labels: Labels::Numbers(numbers), .. }) if numbers.len() != *len as usize => {
            Err(format!("{len} channels have {} numbers", numbers.len()))
        }
        Some(ChannelAxis { len, labels: Labels::Wavenumbers { block, of }, .. })
            if *block == 0 || len % block != 0 || of.len != *len =>
        {
            Err(format!("{len} wavenumbers stand for {} channels in blocks of {block}", of.len))
        }
        Some(_) | None => Ok(()),
    }
}

fn check_constant(values: &[f64], signal: &Signal) -> Check {
    if signal.time.is_some() || !(signal.dtype.is_float() || signal.dtype == DType::C32) {
        return Err(format!("a constant is real or complex and has no time axis, not {signal}"));
    }
    let parts = [signal.inner_len(), signal.channels(), signal.planes()].map(u128::from);
    let count: u128 = parts.iter().product();
    if values.len() as u128 == count {
        Ok(())
    } else {
        Err(format!("{count} elements have {} numbers", values.len()))
    }
}

fn check_emission(emission: &Emission) -> Check {
    if !(emission.on.is_finite() && emission.off <= emission.on) {
        return Err(format!("switches off at {} but on at {}", emission.off, emission.on));
    }
    if !(emission.merge_seconds >= 0.0 && emission.merge_seconds.is_finite()) {
        return Err(format!("merges within {} s", emission.merge_seconds));
    }
    Ok(())
}

fn check_scan(state: &[StateVar], step: &Expr, inputs: &[&Signal], signal: &Signal) -> Check {
    let types: Vec<DType> = state.iter().map(|s| s.dtype).collect();
    for (i, variable) in state.iter().enumerate() {
        match variable.dtype {
            DType::F32 | DType::F64 | DType::I64 => {}
            DType::Bool | DType::I16 | DType::I32 | DType::C32 => {
                return Err(format!("state {i} is kept as {}, not f32, f64 or i64", variable.dtype));
            }
        }
        if let Init::First(expr) = &variable.init {
            Reading { inputs, state: &[], taps: 0..=0, timed: true }
                .gives(expr, &[variable.dtype])
                .map_err(|what| format!("the initial value of state {i}: {what}"))?;
        }
    }
    let results: Vec<DType> = types.iter().copied().chain(planes(signal)).collect();
    Reading { inputs, state: &types, taps: 0..=0, timed: true }.gives(step, &results)
}

fn check_window(body: &WindowBody, taps: RangeInclusive<i32>, inputs: &[&Signal], signal: &Signal) -> Check {
    let count = i64::from(*taps.end()) - i64::from(*taps.start()) + 1;
    match body {
        WindowBody::Stencil(expr) => {
            return Reading { inputs, state: &[], taps, timed: signal.time.is_some() }
                .gives(expr, &planes(signal));
        }
        WindowBody::Dot(coefficients) if coefficients.len() as i64 != count => {
            return Err(format!("{count} taps have {} coefficients", coefficients.len()));
        }
        WindowBody::Dot(_) => {}
        WindowBody::Bank(bank) => {
            if let Some(wrong) = bank.iter().find(|c| c.len() as i64 != count) {
                return Err(format!("{count} taps have {} coefficients", wrong.len()));
            }
            if bank.len() != signal.inner_len() as usize {
                return Err(format!("{} filters give {} positions", bank.len(), signal.inner_len()));
            }
        }
        WindowBody::Slant(Slant { reach, shifts, weights, .. }) => {
            within("reach", (*reach).into(), MOST_TAPS)?;
            if let Some(wrong) = shifts.iter().find(|s| s.len() as i64 != count) {
                return Err(format!("{count} taps have {} shifts", wrong.len()));
            }
            if weights.len() as i64 != count {
                return Err(format!("{count} taps have {} weights", weights.len()));
            }
            if let Some(wrong) = weights.iter().find(|w| !w.is_finite()) {
                return Err(format!("a weight of {wrong} is no number"));
            }
            if shifts.len() != signal.inner_len() as usize {
                return Err(format!("{} slants give {} positions", shifts.len(), signal.inner_len()));
            }
            if let Some(wrong) =
                shifts.iter().flatten().find(|s| !(s.is_finite() && s.abs() <= f64::from(*reach)))
            {
                return Err(format!("a shift of {wrong} rows is beyond {reach}"));
            }
        }
        WindowBody::Fold(Reduction::Sum | Reduction::Min | Reduction::Max) => {}
        WindowBody::Rank(rank) if i64::from(*rank) >= count => {
            return Err(format!("{count} taps have no rank {rank}"));
        }
        WindowBody::Rank(_) => {}
        WindowBody::Fold(how @ (Reduction::Mean | Reduction::Std | Reduction::Quantile(_))) => {
            return Err(format!("a window folds to a sum, minimum or maximum, not {how:?}"));
        }
    }
    if signal.dtype.is_float() { Ok(()) } else { Err(format!("a window gives floats, not {}", signal.dtype)) }
}

/// The types of the results of an expression that makes one element.
fn planes(signal: &Signal) -> Vec<DType> {
    if signal.dtype == DType::C32 { vec![DType::F32; 2] } else { vec![signal.dtype] }
}

/// What an expression may read.
struct Reading<'a> {
    inputs: &'a [&'a Signal],
    state: &'a [DType],
    taps: RangeInclusive<i32>,
    timed: bool,
}

impl Reading<'_> {
    fn gives(&self, expr: &Expr, results: &[DType]) -> Check {
        let inputs: Vec<DType> = self.inputs.iter().map(|s| s.dtype).collect();
        let types = expr
            .dtypes(&inputs, self.state)
            .ok_or("the expression has operands that are missing or of different types")?;
        for (i, op) in expr.ops.iter().enumerate() {
            self.op(op, &types).map_err(|what| format!("operation {i} of the expression {what}"))?;
        }
        let given: Vec<DType> = expr.results.iter().filter_map(|r| types.get(*r as usize).copied()).collect();
        if given != results {
            let list = |types: &[DType]| types.iter().map(|t| t.name()).collect::<Vec<_>>().join(", ");
            return Err(format!("the expression gives ({}), not ({})", list(&given), list(results)));
        }
        Ok(())
    }

    fn op(&self, op: &ExprOp, types: &[DType]) -> Check {
        let of = |id: u32| types.get(id as usize).copied().unwrap_or(DType::Bool);
        let needs = |holds: bool, what: &str, ty: DType| {
            if holds { Ok(()) } else { Err(format!("takes {what}, not {ty}")) }
        };
        let integer = |ty: DType| matches!(ty, DType::I32 | DType::I64);
        match *op {
            ExprOp::Input { input, tap, plane } => {
                if !self.taps.contains(&tap) {
                    let (lo, hi) = (self.taps.start(), self.taps.end());
                    return Err(format!("reads tap {tap} outside {lo}..={hi}"));
                }
                let count = self.inputs.get(input as usize).map_or(0, |s| s.planes());
                if plane < count { Ok(()) } else { Err(format!("reads plane {plane} of {count}")) }
            }
            ExprOp::State(_) => Ok(()),
            ExprOp::Const(value, dtype) => match dtype {
                DType::F32 | DType::F64 => Ok(()),
                DType::Bool if value == 0.0 || value == 1.0 => Ok(()),
                DType::I32 | DType::I64 if value.fract() == 0.0 && value.abs() < 9e15 => Ok(()),
                DType::Bool | DType::I16 | DType::I32 | DType::I64 | DType::C32 => {
                    Err(format!("is a constant {value} of type {dtype}"))
                }
            },
            ExprOp::Index(Role::Time) | ExprOp::Len(Role::Time) | ExprOp::Row if !self.timed => {
                Err("asks for a place in time, but the result has no time axis".into())
            }
            ExprOp::Index(_) | ExprOp::Len(_) | ExprOp::Row => Ok(()),
            ExprOp::Unary(op, a) => match op {
                Unary::Not => needs(!of(a).is_float(), "truth values or integers", of(a)),
                Unary::Neg | Unary::Abs => needs(of(a) != DType::Bool, "numbers", of(a)),
                Unary::Sqrt | Unary::Floor | Unary::Exp | Unary::Log | Unary::Sin | Unary::Cos => {
                    needs(of(a).is_float(), "floats", of(a))
                }
            },
            ExprOp::Binary(op, a, _) => match op {
                Binary::Add | Binary::Sub | Binary::Mul | Binary::Min | Binary::Max => {
                    needs(of(a) != DType::Bool, "numbers", of(a))
                }
                Binary::Div => needs(of(a).is_float(), "floats", of(a)),
                Binary::Lt | Binary::Le | Binary::Gt | Binary::Ge => {
                    needs(of(a) != DType::Bool, "numbers", of(a))
                }
                Binary::Eq | Binary::Ne => Ok(()),
                Binary::And | Binary::Or | Binary::Xor => {
                    needs(!of(a).is_float(), "truth values or integers", of(a))
                }
                Binary::Shl | Binary::Shr => needs(integer(of(a)), "integers", of(a)),
            },
            ExprOp::Fma(a, ..) => needs(of(a).is_float(), "floats", of(a)),
            ExprOp::Select(..) => Ok(()),
            ExprOp::Cast(to, _) => needs(to.is_float() || integer(to), "a number as its target", to),
        }
    }
}

/// The type that the builder gives the node.
fn infer(builder: &mut Builder, node: &Node, inputs: &[&Signal]) -> Check<Type> {
    let missing = || "an input is missing".to_string();
    let x = || node.inputs.first().copied().ok_or_else(missing);
    let declared = || match &node.ty {
        Type::Signal(signal) => Ok(signal),
        Type::Table => Err("only a detection gives a table".to_string()),
    };
    builder.enter(&node.operator, node.span);
    let before = builder.graph().nodes.len();
    let built = match &node.prim {
        Prim::Source | Prim::Constant(_) => return Ok(node.ty.clone()),
        Prim::Map(expr) => {
            let out = declared()?;
            builder.map_expr(&node.inputs, out.unit.clone(), out.dtype, expr.clone())
        }
        Prim::Scan { state, step } => {
            let out = declared()?;
            builder.scan_expr(&node.inputs, state.clone(), out.unit.clone(), out.dtype, step.clone())
        }
        Prim::Window { along: Role::Time, lo, hi, hop, edge, body: WindowBody::Bank(bank) } => {
            let out = declared()?;
            let (unit, dtype) = (out.unit.clone(), out.dtype);
            let axis = out.inner.clone().ok_or("a bank of filters has an inner axis")?;
            builder.bank(x()?, (*lo, *hi), *hop, *edge, bank.clone(), axis, unit, dtype)
        }
        Prim::Window { body: WindowBody::Bank(_), .. } => {
            return Err("a bank of filters runs along time".into());
        }
        Prim::Window {
            along: Role::Channel,
            lo,
            hi,
            hop: 1,
            edge: Edge::Zero,
            body: WindowBody::Slant(slant),
        } => {
            let out = declared()?;
            let axis = out.inner.clone().ok_or("slants have an inner axis")?;
            builder.slant(x()?, (*lo, *hi), slant.clone(), axis, out.unit.clone())
        }
        Prim::Window { body: WindowBody::Slant(_), .. } => {
            return Err("slants run over channels with zero beyond their ends".into());
        }
        Prim::Window { along, lo, hi, hop, edge, body } => {
            let out = declared()?;
            let (unit, dtype) = (out.unit.clone(), out.dtype);
            builder.window(x()?, *along, (*lo, *hi), *hop, *edge, body.clone(), unit, dtype)
        }
        Prim::Reduce { along, how, scope } => builder.reduce(x()?, *along, *how, *scope),
        Prim::View(View::Slice { along, start, stop, step }) => {
            builder.slice(x()?, *along, *start, *stop, *step)
        }
        Prim::View(View::Frame { n, hop, lo, edge, padded }) => {
            builder.frame_padded(x()?, *n, *hop, *lo, *edge, *padded)
        }
        Prim::View(View::Widen { before, after, edge }) => builder.widen(x()?, *before, *after, *edge),
        Prim::View(View::Join) => {
            let axis = declared()?.inner.clone().ok_or("joined signals have an inner axis")?;
            builder.join(&node.inputs, axis)
        }
        Prim::View(View::OverlapAdd { hop, lo, weights }) => {
            let time = declared()?.time.clone().ok_or("frames are laid back along time")?;
            let frames = inputs.first().and_then(|s| s.time.as_ref()).ok_or_else(missing)?;
            overlap(frames, &time, *hop)?;
            builder.overlap_mean(x()?, *hop, *lo, weights.clone(), time)
        }
        Prim::View(View::Extend { before, after, edge }) => builder.extend(x()?, (*before, *after), *edge),
        Prim::View(View::Reverse) => builder.reverse(x()?),
        Prim::Transform { kind: TransformKind::Inverse, along: Role::Inner, n } => {
            let start = declared()?.inner.as_ref().map_or(0.0, |axis| axis.start);
            builder.inverse(x()?, *n, start)
        }
        Prim::Transform { kind: TransformKind::Analytic, along: Role::Inner, n } => {
            let start = declared()?.inner.as_ref().map_or(0.0, |axis| axis.start);
            builder.analytic(x()?, *n, start)
        }
        Prim::Transform { kind: TransformKind::Forward, along: Role::Channel, n } => {
            builder.wavenumbers(x()?, *n)
        }
        Prim::Transform { kind: TransformKind::Inverse, along: Role::Channel, .. } => {
            builder.from_wavenumbers(x()?)
        }
        Prim::Transform { kind: TransformKind::Inverse, along: Role::Time, .. } => {
            let time = declared()?.time.clone().ok_or("a spectrum is transformed back to rows")?;
            builder.inverse_along_time(x()?, time)
        }
        Prim::Transform { kind, along, .. } => builder.transform(x()?, *kind, *along),
        Prim::Correlate { lo, hi } => match *node.inputs {
            [x, t] => builder.correlate(x, t, (*lo, *hi)),
            _ => return Err(missing()),
        },
        Prim::Gather { channels } => builder.gather(x()?, channels.clone()),
        Prim::Call(call) => builder.call(x()?, call.clone()),
        Prim::Emit(emission) => builder.emit(x()?, emission.clone()),
    };
    let built = built.map_err(|diag| diag.message)?;
    let inferred = builder.take(built, before).ok_or_else(missing)?;
    match (&inferred.prim, &node.prim) {
        (Prim::Transform { n: a, .. }, Prim::Transform { n: b, .. }) if a != b => {
            Err(format!("transforms {b} samples where there are {a}"))
        }
        _ => Ok(inferred.ty),
    }
}

/// Overlap-add declares its own rows; their spacing and number of segments follow from the frames.
fn overlap(frames: &TimeAxis, out: &TimeAxis, hop: u32) -> Check {
    if out.period * i64::from(hop).into() != frames.period {
        return Err(format!("frames every {} s are laid {hop} times {} s apart", frames.period, out.period));
    }
    match (&frames.rows, &out.rows) {
        (Rows::Segments(a), Rows::Segments(b)) if a.len() == b.len() => Ok(()),
        (Rows::From(_), Rows::From(_)) => Ok(()),
        _ => Err("frames and the rows they are laid on have different segments".into()),
    }
}

fn compare(inferred: &Type, declared: &Type) -> Check {
    let (a, b) = match (inferred, declared) {
        (Type::Table, Type::Table) => return Ok(()),
        (Type::Signal(a), Type::Signal(b)) => (a, b),
        (Type::Table, Type::Signal(_)) | (Type::Signal(_), Type::Table) => {
            return Err("declares a signal for a table or a table for a signal".into());
        }
    };
    let differ = |what: &str, inferred: String, declared: String| {
        Err(format!("declares {what} {declared}, but its inputs give {inferred}"))
    };
    if a.dtype != b.dtype {
        return differ("element type", a.dtype.to_string(), b.dtype.to_string());
    }
    if a.unit != b.unit {
        return differ("unit", a.unit.to_string(), b.unit.to_string());
    }
    match (&a.time, &b.time) {
        (Some(s), Some(t)) if s.period != t.period => {
            return differ("period", s.period.to_string(), t.period.to_string());
        }
        (Some(s), Some(t)) if s.rows != t.rows => {
            return differ("rows", format!("{:?}", s.rows), format!("{:?}", t.rows));
        }
        (Some(_), Some(_)) | (None, None) => {}
        (s, t) => return differ("time axis", present(s.is_some()), present(t.is_some())),
    }
    if a.inner != b.inner {
        return differ("inner axis", format!("{:?}", a.inner), format!("{:?}", b.inner));
    }
    if a.channel.as_ref().map(bits) != b.channel.as_ref().map(bits) {
        return differ("channel axis", format!("{:?}", a.channel), format!("{:?}", b.channel));
    }
    Ok(())
}

fn present(is: bool) -> String {
    if is { "present".into() } else { "absent".into() }
}

/// A channel axis by bits, so that an unknown distance equals itself.
#[derive(PartialEq)]
struct AxisBits {
    numbers: (u32, i64, i64),
    metres: (u64, u64),
    positions: Option<Vec<u64>>,
    chosen: Option<Vec<i64>>,
    wavenumbers: Option<(u32, Box<AxisBits>)>,
}

fn bits(axis: &ChannelAxis) -> AxisBits {
    let (chosen, wavenumbers) = match &axis.labels {
        Labels::Regular => (None, None),
        Labels::Numbers(numbers) => (Some(numbers.to_vec()), None),
        Labels::Wavenumbers { block, of } => (None, Some((*block, Box::new(bits(of))))),
    };
    AxisBits {
        numbers: (axis.len, axis.first, axis.stride),
        metres: (axis.distance.to_bits(), axis.spacing.to_bits()),
        positions: axis.positions.as_ref().map(|p| p.iter().map(|x| x.to_bits()).collect()),
        chosen,
        wavenumbers,
    }
}
