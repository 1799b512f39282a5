//! Typed terms to scalar expressions of the Graph, in F64.

use std::collections::HashMap;

use dasc_ir::DType;
use dasc_ir::graph::expr::{Scalar, Writer};
use dasc_ir::scalar::{Binary as Op, Unary};

use crate::syntax::{Binary, Definition, Form, Function, TermId};
use crate::typing::Typed;

/// Writes the terms in order and answers with the last. `leaf` writes inputs, equations and calls that are no constants.
pub fn write<'a>(
    definition: &Definition,
    ids: &[TermId],
    typed: &HashMap<TermId, Typed>,
    e: &'a Writer,
    leaf: &dyn Fn(TermId) -> Option<Scalar<'a>>,
) -> Option<Scalar<'a>> {
    let mut written: HashMap<TermId, Scalar<'a>> = HashMap::with_capacity(ids.len());
    // Operands of constants are not written, for nothing would read them.
    let needed = needed(definition, ids, typed);
    for id in ids.iter().copied().filter(|id| needed.contains_key(id)) {
        let scalar = one(definition, id, typed, &written, e, leaf)?;
        written.insert(id, scalar);
    }
    written.get(ids.last()?).copied()
}

/// The terms that must be written: the last, and the operands of those that are not constants.
pub fn needed(
    definition: &Definition,
    ids: &[TermId],
    typed: &HashMap<TermId, Typed>,
) -> HashMap<TermId, ()> {
    let mut needed: HashMap<TermId, ()> = ids.last().map(|id| (*id, ())).into_iter().collect();
    for id in ids.iter().rev().filter(|id| typed.get(id).is_some_and(|t| t.constant.is_none())) {
        if needed.contains_key(id) {
            needed.extend(definition.operands(*id).into_iter().map(|operand| (operand, ())));
        }
    }
    needed
}

fn one<'a>(
    definition: &Definition,
    id: TermId,
    typed: &HashMap<TermId, Typed>,
    written: &HashMap<TermId, Scalar<'a>>,
    e: &'a Writer,
    leaf: &dyn Fn(TermId) -> Option<Scalar<'a>>,
) -> Option<Scalar<'a>> {
    let ty = typed.get(&id)?;
    if let Some(value) = ty.constant {
        return Some(if ty.truth { e.constant_of(value, DType::Bool) } else { e.constant(value) });
    }
    let operand = |at: usize, id: &TermId| -> Option<Scalar<'a>> {
        let x = *written.get(id)?;
        Some(match ty.factors.get(at).copied().unwrap_or(1.0) {
            1.0 => x,
            factor => x * e.constant(factor),
        })
    };
    Some(match &definition.terms.get(id)?.form {
        Form::Negate(a) => -operand(0, a)?,
        Form::Not(a) => operand(0, a)?.unary(Unary::Not),
        Form::Binary(Binary::Pow, a, b) => {
            let base = operand(0, a)?;
            match typed.get(b)?.constant {
                Some(power) => to_power(e, base, power),
                None => (operand(1, b)? * base.log()).exp(),
            }
        }
        Form::Binary(op, a, b) => operand(0, a)?.binary(operation(*op), operand(1, b)?),
        Form::If(c, a, b) => written.get(c)?.select(operand(0, a)?, operand(1, b)?),
        Form::Function(function, args) => {
            let mut values = args.iter().enumerate().map(|(at, arg)| operand(at, arg));
            let x = values.next()??;
            match function {
                Function::Abs => x.abs(),
                Function::Sqrt => x.sqrt(),
                Function::Exp => x.exp(),
                Function::Log => x.log(),
                Function::Log10 => x.log() * e.constant(std::f64::consts::LOG10_E),
                Function::Sin => x.sin(),
                Function::Cos => x.cos(),
                Function::Floor => x.floor(),
                Function::Ceil => -((-x).floor()),
                Function::Min => values.try_fold(x, |least, value| Some(least.min(value?)))?,
                Function::Max => values.try_fold(x, |most, value| Some(most.max(value?)))?,
            }
        }
        Form::Number(..)
        | Form::Name(..)
        | Form::Input(..)
        | Form::Param(_)
        | Form::Equation(..)
        | Form::Period
        | Form::Word(_)
        | Form::Call(..) => leaf(id)?,
    })
}

/// Whole powers by repeated squaring, a half by the square root, others through the logarithm.
fn to_power<'a>(e: &'a Writer, x: Scalar<'a>, power: f64) -> Scalar<'a> {
    if power == 0.5 {
        return x.sqrt();
    }
    if power.fract() != 0.0 || power.abs() > 64.0 {
        return (x.log() * e.constant(power)).exp();
    }
    let (mut rest, mut square, mut product) = (power.abs() as u32, x, None);
    while rest > 0 {
        if rest & 1 == 1 {
            product = Some(product.map_or(square, |p: Scalar<'a>| p * square));
        }
        rest >>= 1;
        if rest > 0 {
            square = square * square;
        }
    }
    let one = e.constant(1.0);
    let product = product.unwrap_or(one);
    if power < 0.0 { one / product } else { product }
}

fn operation(op: Binary) -> Op {
    match op {
        Binary::Add => Op::Add,
        Binary::Sub => Op::Sub,
        Binary::Mul | Binary::Pow => Op::Mul,
        Binary::Div => Op::Div,
        Binary::Lt => Op::Lt,
        Binary::Le => Op::Le,
        Binary::Gt => Op::Gt,
        Binary::Ge => Op::Ge,
        Binary::Eq => Op::Eq,
        Binary::Ne => Op::Ne,
        Binary::And => Op::And,
        Binary::Or => Op::Or,
    }
}
