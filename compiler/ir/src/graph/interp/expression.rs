//! Evaluates scalar expressions. Floats are f64 whatever their type; integers are exact and wrap at their width.

use crate::graph::{Expr, ExprOp, Role};
use crate::scalar::{Binary, Unary};
use crate::{DType, Diag, Result};

/// A value during evaluation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    Real(f64),
    Int(i64),
    Truth(bool),
}

impl Number {
    /// A stored element as a value of this type.
    pub fn load(stored: f64, dtype: DType) -> Number {
        match dtype {
            DType::Bool => Number::Truth(stored != 0.0),
            DType::I16 | DType::I32 | DType::I64 => Number::Int(stored as i64),
            DType::F32 | DType::F64 | DType::C32 => Number::Real(stored),
        }
    }

    pub fn as_f64(self) -> f64 {
        match self {
            Number::Real(x) => x,
            Number::Int(i) => i as f64,
            Number::Truth(t) => f64::from(u8::from(t)),
        }
    }
}

/// Where an expression is evaluated: positions and lengths along time, inner and channel.
#[derive(Clone, Copy, Debug, Default)]
pub struct Place {
    pub row: i64,
    /// Position along time (counted from the segment's start), inner and channel.
    pub index: [i64; 3],
    /// Lengths of the same axes; along time that of the segment.
    pub len: [i64; 3],
}

const fn slot(role: Role) -> usize {
    match role {
        Role::Time => 0,
        Role::Inner => 1,
        Role::Channel => 2,
    }
}

/// An expression with the types of its operations, ready to be evaluated many times.
#[derive(Debug)]
pub struct Evaluator<'a> {
    expr: &'a Expr,
    types: Vec<DType>,
    values: Vec<Number>,
}

impl<'a> Evaluator<'a> {
    pub fn new(expr: &'a Expr, inputs: &[DType], state: &[DType]) -> Result<Evaluator<'a>> {
        let types = expr
            .dtypes(inputs, state)
            .ok_or_else(|| Diag::compiler("the operands of an expression have different types"))?;
        Ok(Evaluator { expr, values: Vec::with_capacity(types.len()), types })
    }

    /// The results. `load` gives input number, tap and plane as stored.
    pub fn evaluate(
        &mut self,
        place: &Place,
        state: &[Number],
        load: impl Fn(u32, i32, u32) -> f64,
    ) -> Result<impl Iterator<Item = Number> + '_> {
        self.values.clear();
        for (op, dtype) in self.expr.ops.iter().zip(&self.types) {
            let of = |id: u32| self.values[id as usize];
            let value = match *op {
                ExprOp::Input { input, tap, plane } => Number::load(load(input, tap, plane), *dtype),
                ExprOp::State(i) => state
                    .get(i as usize)
                    .copied()
                    .ok_or_else(|| Diag::compiler("an expression reads state that does not exist"))?,
                ExprOp::Const(value, _) => Number::load(value, *dtype),
                ExprOp::Index(role) => Number::Real(place.index[slot(role)] as f64),
                ExprOp::Len(role) => Number::Real(place.len[slot(role)] as f64),
                ExprOp::Row => Number::Real(place.row as f64),
                ExprOp::Unary(op, a) => unary(op, of(a), *dtype),
                ExprOp::Binary(op, a, b) => binary(op, of(a), of(b), self.types[a as usize]),
                ExprOp::Fma(a, b, c) => match (of(a), of(b), of(c)) {
                    (Number::Int(a), Number::Int(b), Number::Int(c)) => {
                        wrap(a.wrapping_mul(b).wrapping_add(c), *dtype)
                    }
                    (a, b, c) => Number::Real(a.as_f64().mul_add(b.as_f64(), c.as_f64())),
                },
                ExprOp::Select(mask, a, b) => {
                    if of(mask) == Number::Truth(true) {
                        of(a)
                    } else {
                        of(b)
                    }
                }
                ExprOp::Cast(to, a) => cast(of(a), to),
            };
            self.values.push(value);
        }
        Ok(self.expr.results.iter().map(|r| self.values[*r as usize]))
    }
}

/// To an integer: towards zero, NaN to 0, saturating. To a truth value: not zero.
fn cast(value: Number, to: DType) -> Number {
    match to {
        DType::Bool => Number::Truth(value.as_f64() != 0.0),
        DType::F32 | DType::F64 | DType::C32 => Number::Real(value.as_f64()),
        DType::I16 | DType::I32 | DType::I64 => match value {
            Number::Real(x) if to == DType::I16 => Number::Int((x as i16).into()),
            Number::Real(x) if to == DType::I32 => Number::Int((x as i32).into()),
            Number::Real(x) => Number::Int(x as i64),
            Number::Int(i) => wrap(i, to),
            Number::Truth(t) => Number::Int(t.into()),
        },
    }
}

fn wrap(value: i64, dtype: DType) -> Number {
    Number::Int(match dtype {
        DType::I16 => value as i16 as i64,
        DType::I32 => value as i32 as i64,
        _ => value,
    })
}

fn unary(op: Unary, value: Number, dtype: DType) -> Number {
    match (op, value) {
        (Unary::Not, Number::Truth(t)) => Number::Truth(!t),
        (Unary::Not, Number::Int(i)) => wrap(!i, dtype),
        (Unary::Neg, Number::Int(i)) => wrap(i.wrapping_neg(), dtype),
        (Unary::Abs, Number::Int(i)) => wrap(i.wrapping_abs(), dtype),
        (Unary::Floor, Number::Int(i)) => Number::Int(i),
        (Unary::Neg, x) => Number::Real(-x.as_f64()),
        (Unary::Abs, x) => Number::Real(x.as_f64().abs()),
        (Unary::Sqrt, x) => Number::Real(x.as_f64().sqrt()),
        (Unary::Floor, x) => Number::Real(x.as_f64().floor()),
        (Unary::Exp, x) => Number::Real(x.as_f64().exp()),
        (Unary::Log, x) => Number::Real(x.as_f64().ln()),
        (Unary::Sin, x) => Number::Real(x.as_f64().sin()),
        (Unary::Cos, x) => Number::Real(x.as_f64().cos()),
        (Unary::Not, Number::Real(_)) => Number::Real(f64::NAN),
    }
}

fn binary(op: Binary, a: Number, b: Number, dtype: DType) -> Number {
    match (a, b) {
        (Number::Int(a), Number::Int(b)) => integers(op, a, b, dtype),
        (Number::Truth(a), Number::Truth(b)) => match integers(op, a.into(), b.into(), DType::I64) {
            Number::Int(i) => Number::Truth(i & 1 == 1),
            other => other,
        },
        (a, b) => reals(op, a.as_f64(), b.as_f64()),
    }
}

/// Division by zero gives 0 and a shift takes the count modulo the width; the verifier lets neither division nor a wide shift pass.
fn integers(op: Binary, a: i64, b: i64, dtype: DType) -> Number {
    let value = match op {
        Binary::Add => a.wrapping_add(b),
        Binary::Sub => a.wrapping_sub(b),
        Binary::Mul => a.wrapping_mul(b),
        Binary::Div => a.checked_div(b).unwrap_or(0),
        Binary::Min => a.min(b),
        Binary::Max => a.max(b),
        Binary::And => a & b,
        Binary::Or => a | b,
        Binary::Xor => a ^ b,
        Binary::Shl => a.wrapping_shl(b as u32),
        Binary::Shr => a.wrapping_shr(b as u32),
        Binary::Lt => return Number::Truth(a < b),
        Binary::Le => return Number::Truth(a <= b),
        Binary::Gt => return Number::Truth(a > b),
        Binary::Ge => return Number::Truth(a >= b),
        Binary::Eq => return Number::Truth(a == b),
        Binary::Ne => return Number::Truth(a != b),
    };
    wrap(value, dtype)
}

fn reals(op: Binary, a: f64, b: f64) -> Number {
    Number::Real(match op {
        Binary::Add => a + b,
        Binary::Sub => a - b,
        Binary::Mul => a * b,
        Binary::Div => a / b,
        Binary::Min => minimum(a, b),
        Binary::Max => maximum(a, b),
        Binary::Lt => return Number::Truth(a < b),
        Binary::Le => return Number::Truth(a <= b),
        Binary::Gt => return Number::Truth(a > b),
        Binary::Ge => return Number::Truth(a >= b),
        Binary::Eq => return Number::Truth(a == b),
        Binary::Ne => return Number::Truth(a != b),
        Binary::And | Binary::Or | Binary::Xor | Binary::Shl | Binary::Shr => f64::NAN,
    })
}

/// NaN if either is NaN, −0 below +0.
pub fn minimum(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() {
        f64::NAN
    } else if a < b || (a == b && a.is_sign_negative()) {
        a
    } else {
        b
    }
}

/// NaN if either is NaN, −0 below +0.
pub fn maximum(a: f64, b: f64) -> f64 {
    -minimum(-a, -b)
}
