//! Kernels to text.

use std::collections::HashMap;
use std::fmt::{self, Display, Formatter, Write as _};

use crate::kernel::{
    Affine, Correlate, Domain, FftKind, Instr, Kernel, LaneAt, Lanes, Loop, Place, Reduce, Role, Step, Val,
    Widen,
};

impl Display for Kernel {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "kernel {:?}", self.name)?;
        for (at, b) in self.buffers.iter().enumerate() {
            write!(f, "buffer b{at} {:?} {}", b.name, b.dtype)?;
            shape(f, b.inner, b.planes, b.lanes)?;
            writeln!(f, " {}", role(b.role))?;
        }
        for (at, c) in self.carries.iter().enumerate() {
            write!(f, "carry c{at} {:?} {}", c.name, c.dtype)?;
            shape(f, c.inner, 1, c.lanes)?;
            if c.init.to_bits() != 0 {
                write!(f, " init {:?}", c.init)?;
            }
            writeln!(f)?;
        }
        if !self.params.is_empty() {
            write!(f, "params")?;
            for p in &self.params {
                write!(f, " {p:?}")?;
            }
            writeln!(f)?;
        }
        for step in &self.steps {
            writeln!(f)?;
            match step {
                Step::Loop(body) => write_loop(f, "loop", body, "")?,
                Step::Fft(fft) => {
                    writeln!(
                        f,
                        "fft {} {} b{} -> b{}",
                        fft_kind(fft.kind),
                        fft.n,
                        fft.input.0,
                        fft.output.0
                    )?;
                }
                Step::Correlate(Correlate { x, t, output, lo }) => {
                    writeln!(f, "correlate lo {lo} b{} b{} -> b{}", x.0, t.0, output.0)?;
                }
                Step::OverlapAdd(add) => {
                    write!(f, "overlap_add hop {} lo {}", add.hop, add.lo)?;
                    if let Some(slot) = add.weights {
                        write!(f, " weights {slot}")?;
                    }
                    writeln!(f, " b{} -> b{}", add.input.0, add.output.0)?;
                }
                Step::Widen(Widen { input, output, before, edge }) => {
                    let edge = crate::graph::text::edge(*edge);
                    writeln!(f, "widen before {before} edge {edge} b{} -> b{}", input.0, output.0)?;
                }
                Step::Emit(emit) => {
                    let (level, on, off, table) = (emit.level.0, emit.on, emit.off, emit.table);
                    writeln!(f, "emit b{level} on {on} off {off} table {table}")?;
                }
            }
        }
        self.reduces.iter().try_for_each(|reduce| write_reduce(f, reduce))
    }
}

pub(super) fn role(role: Role) -> &'static str {
    match role {
        Role::Input => "input",
        Role::Output => "output",
        Role::Scratch => "scratch",
        Role::Constant => "constant",
    }
}

pub(super) fn fft_kind(kind: FftKind) -> &'static str {
    match kind {
        FftKind::Forward => "forward",
        FftKind::ForwardWide => "forward_wide",
        FftKind::Inverse => "inverse",
        FftKind::ComplexForward => "complex_forward",
        FftKind::ComplexInverse => "complex_inverse",
        FftKind::Analytic => "analytic",
    }
}

pub(super) fn place(place: Place) -> &'static str {
    match place {
        Place::Row => "row",
        Place::Inner => "inner",
        Place::Tap => "tap",
        Place::Lane => "lane",
    }
}

fn shape(f: &mut Formatter<'_>, inner: u32, planes: u32, lanes: Lanes) -> fmt::Result {
    if inner != 1 {
        write!(f, " inner {inner}")?;
    }
    if planes != 1 {
        write!(f, " planes {planes}")?;
    }
    match lanes {
        Lanes::Block => Ok(()),
        Lanes::Fixed(n) => write!(f, " lanes {n}"),
    }
}

fn write_reduce(f: &mut Formatter<'_>, reduce: &Reduce) -> fmt::Result {
    write!(f, "\nreduce carries")?;
    reduce.carries.iter().try_for_each(|c| write!(f, " c{}", c.0))?;
    write!(f, " identity")?;
    reduce.identity.iter().try_for_each(|x| write!(f, " {x:?}"))?;
    for (name, buffers) in [("left", &reduce.left), ("right", &reduce.right), ("outputs", &reduce.outputs)] {
        write!(f, " {name}")?;
        buffers.iter().try_for_each(|b| write!(f, " b{}", b.0))?;
    }
    writeln!(f, " {{")?;
    write_loop(f, "merge", &reduce.merge, "  ")?;
    write_loop(f, "finish", &reduce.finish, "  ")?;
    writeln!(f, "}}")
}

fn write_loop(f: &mut Formatter<'_>, head: &str, body: &Loop, indent: &str) -> fmt::Result {
    let body = canonical(body);
    write!(f, "{indent}{head} ")?;
    match body.domain {
        Domain::Rows(b) => write!(f, "rows b{}", b.0)?,
        Domain::Over(b) => write!(f, "over b{}", b.0)?,
        Domain::Once => write!(f, "once")?,
    }
    shape(f, body.inner, 1, body.lanes.map_or(Lanes::Block, Lanes::Fixed))?;
    writeln!(f, " {{")?;
    let deeper = format!("{indent}  ");
    body.body.iter().try_for_each(|v| write_instr(f, &body, *v, &deeper))?;
    writeln!(f, "{indent}}}")
}

fn write_instr(f: &mut Formatter<'_>, body: &Loop, val: Val, indent: &str) -> fmt::Result {
    f.write_str(indent)?;
    let instr = &body.values[val.index()];
    if !matches!(instr, Instr::Store { .. } | Instr::SetCarry { .. }) {
        write!(f, "v{} = ", val.0)?;
    }
    match instr {
        Instr::Load { buffer, row, inner, plane, lane } => {
            write!(f, "load b{}", buffer.0)?;
            element(f, *row, *inner, *plane)?;
            match lane {
                LaneAt::Shift(0) => {}
                LaneAt::Shift(by) => write!(f, " @ {by:+}")?,
                LaneAt::Splat(lane) => write!(f, " @ ={lane}")?,
            }
        }
        Instr::Store { buffer, inner, plane, value } => {
            write!(f, "store b{}", buffer.0)?;
            element(f, Affine::ROW, *inner, *plane)?;
            write!(f, " v{}", value.0)?;
        }
        Instr::Param { slot, dtype } => write!(f, "param {slot} : {dtype}")?,
        Instr::Table { slot, index, dtype } => write!(f, "table {slot}[{}] : {dtype}", affine(*index))?,
        Instr::Bits { bits, dtype } => write!(f, "bits {bits:#x} : {dtype}")?,
        Instr::Position(at) => write!(f, "position {}", place(*at))?,
        Instr::Carry(carry) => write!(f, "carry c{}", carry.0)?,
        Instr::SetCarry { carry, value } => write!(f, "set c{} v{}", carry.0, value.0)?,
        Instr::Unary { op, a } => write!(f, "{} v{}", op.name(), a.0)?,
        Instr::Binary { op, a, b } => write!(f, "{} v{} v{}", op.name(), a.0, b.0)?,
        Instr::Fma { a, b, c } => write!(f, "fma v{} v{} v{}", a.0, b.0, c.0)?,
        Instr::Select { mask, a, b } => write!(f, "select v{} v{} v{}", mask.0, a.0, b.0)?,
        Instr::Cast { to, a } => write!(f, "cast {to} v{}", a.0)?,
        Instr::Bitcast { to, a } => write!(f, "bitcast {to} v{}", a.0)?,
        Instr::Fold { taps, init, args, body: inside, next } => {
            write!(f, "fold {taps} (")?;
            for (at, (arg, first)) in args.iter().zip(init).enumerate() {
                let dtype = match &body.values[arg.index()] {
                    Instr::FoldArg { dtype } => dtype.name(),
                    _ => "?",
                };
                let comma = if at > 0 { ", " } else { "" };
                write!(f, "{comma}v{} : {dtype} = v{}", arg.0, first.0)?;
            }
            writeln!(f, ") {{")?;
            let deeper = format!("{indent}  ");
            inside.iter().try_for_each(|v| write_instr(f, body, *v, &deeper))?;
            write!(f, "{indent}}} next")?;
            next.iter().try_for_each(|v| write!(f, " v{}", v.0))?;
        }
        Instr::FoldArg { dtype } => write!(f, "stray accumulator : {dtype}")?,
        Instr::FoldResult { fold, index } => write!(f, "result v{} {index}", fold.0)?,
    }
    writeln!(f)
}

fn element(f: &mut Formatter<'_>, row: Affine, inner: Affine, plane: u32) -> fmt::Result {
    write!(f, "[{}", affine(row))?;
    if inner != Affine::ZERO {
        write!(f, ", {}", affine(inner))?;
    }
    if plane != 0 {
        write!(f, "; {plane}")?;
    }
    f.write_str("]")
}

fn affine(a: Affine) -> String {
    let mut out = String::new();
    for (factor, name) in [(a.row, "i"), (a.inner, "f"), (a.tap, "k"), (a.add, "")] {
        if factor == 0 {
            continue;
        }
        let size = factor.unsigned_abs();
        out.push_str(match (out.is_empty(), factor < 0) {
            (true, true) => "-",
            (true, false) => "",
            (false, true) => " - ",
            (false, false) => " + ",
        });
        // Writing to a string does not fail.
        let _ = match (name, size) {
            ("", _) => write!(out, "{size}"),
            (_, 1) => write!(out, "{name}"),
            _ => write!(out, "{size}*{name}"),
        };
    }
    if out.is_empty() { "0".to_string() } else { out }
}

/// The same loop with its values numbered in program order and none that is not listed. Operands that are not listed
/// keep a number beyond the end.
pub fn canonical(body: &Loop) -> Loop {
    let mut map = HashMap::new();
    for (at, val) in crate::kernel::verify::listed(body).into_iter().enumerate() {
        map.entry(val).or_insert(Val(at as u32));
    }
    let lost = body.values.len() as u32;
    let m = |v: &Val| map.get(v).copied().unwrap_or(Val(lost.saturating_add(v.0)));
    let all = |vs: &[Val]| -> Vec<Val> { vs.iter().map(&m).collect() };
    let mut values = Vec::with_capacity(map.len());
    for val in crate::kernel::verify::listed(body) {
        let Some(instr) = body.values.get(val.index()) else { continue };
        values.push(match instr {
            Instr::Store { buffer, inner, plane, value } => {
                Instr::Store { buffer: *buffer, inner: *inner, plane: *plane, value: m(value) }
            }
            Instr::SetCarry { carry, value } => Instr::SetCarry { carry: *carry, value: m(value) },
            Instr::Unary { op, a } => Instr::Unary { op: *op, a: m(a) },
            Instr::Binary { op, a, b } => Instr::Binary { op: *op, a: m(a), b: m(b) },
            Instr::Fma { a, b, c } => Instr::Fma { a: m(a), b: m(b), c: m(c) },
            Instr::Select { mask, a, b } => Instr::Select { mask: m(mask), a: m(a), b: m(b) },
            Instr::Cast { to, a } => Instr::Cast { to: *to, a: m(a) },
            Instr::Bitcast { to, a } => Instr::Bitcast { to: *to, a: m(a) },
            Instr::Fold { taps, init, args, body: inside, next } => Instr::Fold {
                taps: *taps,
                init: all(init),
                args: all(args),
                body: all(inside),
                next: all(next),
            },
            Instr::FoldResult { fold, index } => Instr::FoldResult { fold: m(fold), index: *index },
            other @ (Instr::Load { .. }
            | Instr::Param { .. }
            | Instr::Table { .. }
            | Instr::Bits { .. }
            | Instr::Position(_)
            | Instr::Carry(_)
            | Instr::FoldArg { .. }) => other.clone(),
        });
    }
    Loop { values, body: all(&body.body), ..body.clone() }
}
