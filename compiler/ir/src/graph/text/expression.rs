//! Expressions as nested prefix forms: `let t0 = (sub x0 s0); (fma t0 0.5 s0), t0`.

use std::collections::HashMap;
use std::fmt::Write;

use super::parse::Cursor;
use crate::graph::prim::Role;
use crate::graph::{Expr, ExprOp};
use crate::scalar::{Binary, Unary};
use crate::{DType, Result};

/// A form nested deeper than this is named, so that lines stay readable and parsing needs little stack.
const DEEPEST: usize = 8;

/// What stands between the braces.
pub(super) fn body(expr: &Expr) -> String {
    let (named, mut text) = (names(expr), String::new());
    for (i, name) in named.iter().enumerate() {
        if let Some(name) = name {
            let _ = write!(text, "let t{name} = {}; ", form(expr, i as u32, &named, true));
        }
    }
    let results: Vec<String> = expr.results.iter().map(|r| form(expr, *r, &named, false)).collect();
    text + &results.join(", ")
}

/// Numbers for the operations that are used more than once or lie deep.
fn names(expr: &Expr) -> Vec<Option<usize>> {
    let mut uses = vec![0usize; expr.ops.len()];
    let mut count = |id: u32| uses.get_mut(id as usize).map(|n| *n += 1).unwrap_or_default();
    expr.results.iter().for_each(|r| count(*r));
    for i in (0..expr.ops.len()).rev() {
        if uses[i] > 0 {
            operands(&expr.ops[i]).into_iter().flatten().for_each(|a| {
                if let Some(n) = uses.get_mut(a as usize) {
                    *n += 1;
                }
            });
        }
    }
    let (mut depth, mut named, mut next) = (vec![0usize; expr.ops.len()], vec![None; expr.ops.len()], 0);
    for (i, op) in expr.ops.iter().enumerate() {
        let inner = operands(op).into_iter().flatten().filter_map(|a| depth.get(a as usize)).max();
        let leaf = operands(op)[0].is_none();
        depth[i] = if leaf { 0 } else { 1 + inner.copied().unwrap_or(0) };
        if !leaf && (uses[i] > 1 || (uses[i] == 1 && depth[i] >= DEEPEST)) {
            named[i] = Some(next);
            next += 1;
            depth[i] = 0;
        }
    }
    named
}

fn operands(op: &ExprOp) -> [Option<u32>; 3] {
    match *op {
        ExprOp::Input { .. }
        | ExprOp::State(_)
        | ExprOp::Const(..)
        | ExprOp::Index(_)
        | ExprOp::Len(_)
        | ExprOp::Row => [None; 3],
        ExprOp::Unary(_, a) | ExprOp::Cast(_, a) => [Some(a), None, None],
        ExprOp::Binary(_, a, b) => [Some(a), Some(b), None],
        ExprOp::Fma(a, b, c) | ExprOp::Select(a, b, c) => [Some(a), Some(b), Some(c)],
    }
}

/// An operation; by its name unless it is being `defined`.
fn form(expr: &Expr, id: u32, named: &[Option<usize>], defined: bool) -> String {
    let Some(op) = expr.ops.get(id as usize) else {
        return format!("missing{id}");
    };
    if let (Some(name), false) = (named[id as usize], defined) {
        return format!("t{name}");
    }
    let head = match *op {
        ExprOp::Input { input, tap, plane } => {
            let mut text = format!("x{input}");
            if tap != 0 {
                let _ = write!(text, "[{tap}]");
            }
            return text + if plane == 0 { "" } else { ".im" };
        }
        ExprOp::State(i) => return format!("s{i}"),
        ExprOp::Const(value, dtype) => {
            return match dtype {
                DType::F64 => format!("{value:?}"),
                DType::Bool if value == 0.0 => "false".into(),
                DType::Bool => "true".into(),
                DType::I16 | DType::I32 | DType::I64 | DType::F32 | DType::C32 => {
                    format!("{value:?}:{dtype}")
                }
            };
        }
        ExprOp::Index(role) => return format!("index.{}", super::print::role(role)),
        ExprOp::Len(role) => return format!("len.{}", super::print::role(role)),
        ExprOp::Row => return "row".into(),
        ExprOp::Unary(op, _) => op.name(),
        ExprOp::Binary(op, ..) => op.name(),
        ExprOp::Fma(..) => "fma",
        ExprOp::Select(..) => "select",
        ExprOp::Cast(to, _) => to.name(),
    };
    let mut text = format!("({head}");
    for operand in operands(op).into_iter().flatten() {
        // An operand that does not stand before its user would recurse for ever.
        let operand =
            if operand < id { form(expr, operand, named, false) } else { format!("missing{operand}") };
        let _ = write!(text, " {operand}");
    }
    text + ")"
}

/// Reads `{ … }`.
pub(super) fn parse_body(at: &mut Cursor<'_>) -> Result<Expr> {
    at.expect("{")?;
    let mut reader = Reader { expr: Expr::default(), named: HashMap::new() };
    while at.accept_word("let") {
        let name = at.word()?;
        at.expect("=")?;
        let id = reader.form(at, 0)?;
        reader.named.insert(name, id);
        at.expect(";")?;
    }
    if !at.accept("}") {
        loop {
            let id = reader.form(at, 0)?;
            reader.expr.results.push(id);
            if !at.accept(",") {
                break;
            }
        }
        at.expect("}")?;
    }
    Ok(reader.expr)
}

struct Reader<'a> {
    expr: Expr,
    named: HashMap<&'a str, u32>,
}

impl<'a> Reader<'a> {
    fn push(&mut self, op: ExprOp) -> u32 {
        self.expr.ops.push(op);
        self.expr.ops.len() as u32 - 1
    }

    fn form(&mut self, at: &mut Cursor<'a>, depth: usize) -> Result<u32> {
        if !at.accept("(") {
            return self.leaf(at);
        }
        if depth > 64 {
            return Err(at.error("forms are nested more than 64 deep; name a part with let"));
        }
        let head = at.word()?;
        let mut operands = [0u32; 3];
        let mut count = 0;
        while !at.accept(")") {
            let id = self.form(at, depth + 1)?;
            *operands
                .get_mut(count)
                .ok_or_else(|| at.error("an operation takes at most three operands"))? = id;
            count += 1;
        }
        let [a, b, c] = operands;
        let unary = Unary::ALL.into_iter().find(|op| op.name() == head).map(|op| ExprOp::Unary(op, a));
        let cast = || DType::parse(head).map(|to| ExprOp::Cast(to, a));
        let binary = || Binary::ALL.into_iter().find(|op| op.name() == head);
        let op = match count {
            1 => unary.or_else(cast),
            2 => binary().map(|op| ExprOp::Binary(op, a, b)),
            3 if head == "fma" => Some(ExprOp::Fma(a, b, c)),
            3 if head == "select" => Some(ExprOp::Select(a, b, c)),
            _ => None,
        };
        let op = op.ok_or_else(|| at.error(&format!("there is no operation {head} of {count} operands")))?;
        Ok(self.push(op))
    }

    fn leaf(&mut self, at: &mut Cursor<'a>) -> Result<u32> {
        if at.starts_number() {
            let value = at.float()?;
            let dtype = if at.accept(":") { at.dtype()? } else { DType::F64 };
            return Ok(self.push(ExprOp::Const(value, dtype)));
        }
        let word = at.word()?;
        let numbered = |prefix: &str| word.strip_prefix(prefix).and_then(|digits| digits.parse::<u32>().ok());
        if let Some(id) = self.named.get(word) {
            return Ok(*id);
        }
        let op = if let Some(input) = numbered("x") {
            let mut tap = 0;
            if at.accept("[") {
                tap = at.integer()?;
                at.expect("]")?;
            }
            ExprOp::Input { input, tap, plane: u32::from(at.accept(".im")) }
        } else if let Some(state) = numbered("s") {
            ExprOp::State(state)
        } else {
            match word {
                "row" => ExprOp::Row,
                "true" => ExprOp::Const(1.0, DType::Bool),
                "false" => ExprOp::Const(0.0, DType::Bool),
                "index" => ExprOp::Index(dotted_role(at)?),
                "len" => ExprOp::Len(dotted_role(at)?),
                _ => return Err(at.error(&format!("{word} is not known here"))),
            }
        };
        Ok(self.push(op))
    }
}

fn dotted_role(at: &mut Cursor<'_>) -> Result<Role> {
    at.expect(".")?;
    at.role()
}
