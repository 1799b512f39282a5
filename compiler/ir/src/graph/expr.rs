//! Scalar expressions: the bodies of maps, scans and stencils.
//!
//! An [`Expr`] is a small arena in which operands come before their users. It is written in Rust with ordinary operators on
//! [`Scalar`]s; mixing types promotes to the wider float, so nothing narrows unless a cast says so.
//!
//! ```
//! use dasc_ir::graph::Expr;
//! use dasc_ir::DType;
//! let expr = Expr::write(&[DType::F32], |e| {
//!     let x = e.input(0);
//!     vec![(x.to(DType::F64) * e.constant(2.0)).abs().to(DType::F32)]
//! });
//! assert_eq!(expr.results.len(), 1);
//! ```

use std::cell::RefCell;
use std::ops::{Add, Div, Mul, Neg, Sub};

use super::prim::Role;
use crate::DType;
use crate::scalar::{Binary, Unary};

#[derive(Clone, Debug, PartialEq, Default)]
pub struct Expr {
    pub ops: Vec<ExprOp>,
    /// What the expression gives: next states first (in a scan), then one result per plane.
    pub results: Vec<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ExprOp {
    /// Input number `input`, `tap` places along the window's axis from the centre; `plane` 1 is the imaginary part. I16 arrives as I32.
    Input {
        input: u32,
        tap: i32,
        plane: u32,
    },
    /// State variable before this row.
    State(u32),
    Const(f64, DType),
    /// Position along an axis as F64: along time counted from the segment's start, else from 0.
    Index(Role),
    /// Length of an axis as F64; along time that of the segment.
    Len(Role),
    /// The absolute row as F64.
    Row,
    Unary(Unary, u32),
    Binary(Binary, u32, u32),
    /// `a * b + c` rounded once.
    Fma(u32, u32, u32),
    Select(u32, u32, u32),
    Cast(DType, u32),
}

impl Expr {
    /// Writes an expression over inputs and no state. `inputs` are the dtypes of the inputs (C32: planes are F32).
    pub fn write<F>(inputs: &[DType], f: F) -> Expr
    where
        F: for<'a> FnOnce(&'a Writer) -> Vec<Scalar<'a>>,
    {
        Expr::write_scan(inputs, &[], f)
    }

    /// The same for a scan with state variables of these types.
    pub fn write_scan<F>(inputs: &[DType], state: &[DType], f: F) -> Expr
    where
        F: for<'a> FnOnce(&'a Writer) -> Vec<Scalar<'a>>,
    {
        let writer = Writer { ops: RefCell::new(Vec::new()), inputs: inputs.to_vec(), state: state.to_vec() };
        let results = f(&writer).into_iter().map(|s| s.id).collect();
        Expr { ops: writer.ops.into_inner(), results }
    }

    /// The type of every op, given those of inputs and state; `None` where operands disagree.
    pub fn dtypes(&self, inputs: &[DType], state: &[DType]) -> Option<Vec<DType>> {
        let mut types: Vec<DType> = Vec::with_capacity(self.ops.len());
        for op in &self.ops {
            let of = |id: u32| types.get(id as usize).copied();
            let ty = match *op {
                ExprOp::Input { input, .. } => loaded(*inputs.get(input as usize)?),
                ExprOp::State(i) => *state.get(i as usize)?,
                ExprOp::Const(_, dtype) => dtype,
                ExprOp::Index(_) | ExprOp::Len(_) | ExprOp::Row => DType::F64,
                ExprOp::Unary(_, a) => of(a)?,
                ExprOp::Binary(op, a, b) => {
                    let ty = of(a)?;
                    if of(b)? != ty {
                        return None;
                    }
                    if op.is_comparison() { DType::Bool } else { ty }
                }
                ExprOp::Fma(a, b, c) => (of(a)? == of(b)? && of(b)? == of(c)?).then_some(of(a)?)?,
                ExprOp::Select(m, a, b) => (of(m)? == DType::Bool && of(a)? == of(b)?).then_some(of(a)?)?,
                ExprOp::Cast(to, a) => of(a).map(|_| to)?,
            };
            types.push(ty);
        }
        self.results.iter().all(|r| (*r as usize) < types.len()).then_some(types)
    }
}

/// The type a stored element has in an expression.
pub const fn loaded(stored: DType) -> DType {
    match stored {
        DType::I16 => DType::I32,
        DType::C32 => DType::F32,
        other => other,
    }
}

/// The type in which a value of this type is stored again once it was loaded: I16 widens to I32.
pub const fn stored(dtype: DType) -> DType {
    match dtype {
        DType::I16 => DType::I32,
        other => other,
    }
}

/// Where [`Scalar`]s are written down.
#[derive(Debug)]
pub struct Writer {
    ops: RefCell<Vec<ExprOp>>,
    inputs: Vec<DType>,
    state: Vec<DType>,
}

/// A value being written; `Copy`, so expressions read like arithmetic.
#[derive(Clone, Copy, Debug)]
pub struct Scalar<'a> {
    writer: &'a Writer,
    id: u32,
    dtype: DType,
}

impl Writer {
    fn push(&self, op: ExprOp, dtype: DType) -> Scalar<'_> {
        let mut ops = self.ops.borrow_mut();
        ops.push(op);
        Scalar { writer: self, id: ops.len() as u32 - 1, dtype }
    }

    /// Input `i` at the same place.
    pub fn input(&self, i: usize) -> Scalar<'_> {
        self.tap(i, 0)
    }

    /// Input `i` at a tap of the window.
    pub fn tap(&self, i: usize, tap: i32) -> Scalar<'_> {
        self.push(ExprOp::Input { input: i as u32, tap, plane: 0 }, loaded(self.inputs[i]))
    }

    /// Imaginary part of input `i`.
    pub fn imaginary(&self, i: usize) -> Scalar<'_> {
        self.push(ExprOp::Input { input: i as u32, tap: 0, plane: 1 }, loaded(self.inputs[i]))
    }

    /// State variable `i` before this row.
    pub fn state(&self, i: usize) -> Scalar<'_> {
        self.push(ExprOp::State(i as u32), self.state[i])
    }

    /// An F64 constant.
    pub fn constant(&self, value: f64) -> Scalar<'_> {
        self.push(ExprOp::Const(value, DType::F64), DType::F64)
    }

    /// A constant of another type.
    pub fn constant_of(&self, value: f64, dtype: DType) -> Scalar<'_> {
        self.push(ExprOp::Const(value, dtype), dtype)
    }

    pub fn index(&self, role: Role) -> Scalar<'_> {
        self.push(ExprOp::Index(role), DType::F64)
    }

    pub fn len(&self, role: Role) -> Scalar<'_> {
        self.push(ExprOp::Len(role), DType::F64)
    }

    pub fn row(&self) -> Scalar<'_> {
        self.push(ExprOp::Row, DType::F64)
    }
}

impl<'a> Scalar<'a> {
    pub fn dtype(self) -> DType {
        self.dtype
    }

    /// Conversion to another type; nothing if it has it already.
    pub fn to(self, dtype: DType) -> Scalar<'a> {
        if self.dtype == dtype { self } else { self.writer.push(ExprOp::Cast(dtype, self.id), dtype) }
    }

    pub fn unary(self, op: Unary) -> Scalar<'a> {
        self.writer.push(ExprOp::Unary(op, self.id), self.dtype)
    }

    /// Both operands promoted to the wider type: integers to the float, F32 to F64.
    pub fn binary(self, op: Binary, other: Scalar<'a>) -> Scalar<'a> {
        let (a, b) = promote(self, other);
        let dtype = if op.is_comparison() { DType::Bool } else { a.dtype };
        self.writer.push(ExprOp::Binary(op, a.id, b.id), dtype)
    }

    pub fn abs(self) -> Scalar<'a> {
        self.unary(Unary::Abs)
    }

    pub fn sqrt(self) -> Scalar<'a> {
        self.unary(Unary::Sqrt)
    }

    pub fn exp(self) -> Scalar<'a> {
        self.unary(Unary::Exp)
    }

    pub fn log(self) -> Scalar<'a> {
        self.unary(Unary::Log)
    }

    pub fn cos(self) -> Scalar<'a> {
        self.unary(Unary::Cos)
    }

    pub fn sin(self) -> Scalar<'a> {
        self.unary(Unary::Sin)
    }

    pub fn floor(self) -> Scalar<'a> {
        self.unary(Unary::Floor)
    }

    pub fn min(self, other: Scalar<'a>) -> Scalar<'a> {
        self.binary(Binary::Min, other)
    }

    pub fn max(self, other: Scalar<'a>) -> Scalar<'a> {
        self.binary(Binary::Max, other)
    }

    pub fn lt(self, other: Scalar<'a>) -> Scalar<'a> {
        self.binary(Binary::Lt, other)
    }

    pub fn le(self, other: Scalar<'a>) -> Scalar<'a> {
        self.binary(Binary::Le, other)
    }

    pub fn gt(self, other: Scalar<'a>) -> Scalar<'a> {
        self.binary(Binary::Gt, other)
    }

    pub fn ge(self, other: Scalar<'a>) -> Scalar<'a> {
        self.binary(Binary::Ge, other)
    }

    pub fn eq(self, other: Scalar<'a>) -> Scalar<'a> {
        self.binary(Binary::Eq, other)
    }

    pub fn and(self, other: Scalar<'a>) -> Scalar<'a> {
        self.binary(Binary::And, other)
    }

    pub fn or(self, other: Scalar<'a>) -> Scalar<'a> {
        self.binary(Binary::Or, other)
    }

    /// `self * b + c`, rounded once.
    pub fn fma(self, b: Scalar<'a>, c: Scalar<'a>) -> Scalar<'a> {
        let dtype = wider(wider(self.dtype, b.dtype), c.dtype);
        let (a, b, c) = (self.to(dtype), b.to(dtype), c.to(dtype));
        self.writer.push(ExprOp::Fma(a.id, b.id, c.id), dtype)
    }

    /// `self ? a : b` for a truth value.
    pub fn select(self, a: Scalar<'a>, b: Scalar<'a>) -> Scalar<'a> {
        let (a, b) = promote(a, b);
        self.writer.push(ExprOp::Select(self.id, a.id, b.id), a.dtype)
    }
}

fn wider(a: DType, b: DType) -> DType {
    match (a, b) {
        (DType::F64, _) | (_, DType::F64) => DType::F64,
        (DType::F32, _) | (_, DType::F32) => DType::F32,
        (a, _) => a,
    }
}

fn promote<'a>(a: Scalar<'a>, b: Scalar<'a>) -> (Scalar<'a>, Scalar<'a>) {
    let dtype = wider(a.dtype, b.dtype);
    (a.to(dtype), b.to(dtype))
}

macro_rules! arithmetic {
    ($($trait:ident $method:ident $op:ident),*) => {$(
        impl<'a> $trait for Scalar<'a> {
            type Output = Scalar<'a>;
            fn $method(self, other: Scalar<'a>) -> Scalar<'a> {
                self.binary(Binary::$op, other)
            }
        }
    )*};
}
arithmetic!(Add add Add, Sub sub Sub, Mul mul Mul, Div div Div);

impl<'a> Neg for Scalar<'a> {
    type Output = Scalar<'a>;
    fn neg(self) -> Scalar<'a> {
        self.unary(Unary::Neg)
    }
}
