//! Values of a lane group as wide vectors, and every operation on those.
//!
//! A group of `g` lanes of an element of `w` bytes fills `g * w / width` vectors, or, if that is less than one, the lower part of
//! one. A truth value is a vector of all-ones or all-zero elements of the width of what was compared.

use dasc_ir::DType;
use dasc_ir::kernel::NumericProfile;
use dasc_ir::scalar::{Binary, Unary};

use super::isa::Isa;
use super::lower::Lowering;
use super::program::{Ins, Op, Size, V};
use crate::pool::Entry;

/// A value of the kernel in a group of lanes.
#[derive(Clone, Debug)]
pub struct Lanes {
    pub dtype: DType,
    /// Bytes of an element; for a truth value those of what was compared.
    pub width: usize,
    /// Whether no row changes it.
    pub fixed: bool,
    pub form: Form,
}

#[derive(Clone, Debug)]
pub enum Form {
    /// The same in all lanes of a whole vector.
    Same(V),
    /// Vector after vector.
    Each(Vec<V>),
}

impl Lanes {
    /// Vector `j`.
    pub fn at(&self, j: usize) -> V {
        match &self.form {
            Form::Same(v) => *v,
            Form::Each(vs) => vs[j],
        }
    }
}

/// Predicates of `vcmpps`: ordered and quiet, but for "not equal", which NaN satisfies.
mod predicate {
    pub const EQ: u8 = 0x00;
    pub const UNORDERED: u8 = 0x03;
    pub const NE: u8 = 0x04;
    pub const LT: u8 = 0x11;
    pub const LE: u8 = 0x12;
    pub const GE: u8 = 0x1d;
    pub const GT: u8 = 0x1e;
}

/// `vshufps` that takes the even elements of both operands, and the order of 64-bit parts that then undoes the interleaving.
const EVENS: u8 = 0x88;
const UNINTERLEAVE: u8 = 0xd8;

/// The instruction for F32 or F64.
fn by_type(dtype: DType, ps: Op, pd: Op) -> Op {
    if dtype == DType::F64 { pd } else { ps }
}

/// The instruction for 4-byte or 8-byte elements.
fn by_width(width: usize, d: Op, q: Op) -> Op {
    if width == 8 { q } else { d }
}

impl Lowering<'_> {
    /// Vectors of a group.
    pub fn count(&self, width: usize) -> usize {
        (self.group * width / self.isa.width()).max(1)
    }

    /// How much of a register a vector of a group takes.
    pub fn size(&self, width: usize) -> Size {
        Size::of((self.group * width).min(self.isa.width()))
    }

    pub fn whole(&self) -> Size {
        Size::of(self.isa.width())
    }

    pub fn bits(&mut self, bits: u64, dtype: DType) -> Lanes {
        let v = self.constant(Entry::Bits { bits, dtype });
        let width = if dtype == DType::Bool { 4 } else { dtype.size() };
        Lanes { dtype, width, fixed: true, form: Form::Same(v) }
    }

    fn ones(&mut self) -> V {
        self.constant(Entry::Bits { bits: 1, dtype: DType::Bool })
    }

    fn op(&mut self, fixed: bool, op: Op, size: Size, args: &[V], imm: u8) -> V {
        let result = match op {
            Op::PdToPs | Op::QToD | Op::Upper => size.half(),
            _ => size,
        };
        let dst = self.program.vector(result);
        let arg = |i: usize| args.get(i).copied();
        self.push(fixed, Ins::Op { op, size, dst, args: [arg(0), arg(1), arg(2)], imm });
        dst
    }

    /// Applies `f` vector by vector, once if the operands are the same in all lanes.
    fn lift(
        &mut self,
        dtype: DType,
        width: usize,
        operands: &[&Lanes],
        mut f: impl FnMut(&mut Self, (bool, Size), &[V]) -> V,
    ) -> Lanes {
        let each = operands.iter().any(|v| matches!(v.form, Form::Each(_)));
        let fixed = operands.iter().all(|v| v.fixed);
        let (n, size) = if each { (self.count(width), self.size(width)) } else { (1, self.whole()) };
        let out: Vec<V> = (0..n)
            .map(|j| {
                let xs: Vec<V> = operands.iter().map(|v| v.at(j)).collect();
                f(self, (fixed, size), &xs)
            })
            .collect();
        let form = if each { Form::Each(out) } else { Form::Same(out[0]) };
        Lanes { dtype, width, fixed, form }
    }

    /// One instruction on each vector.
    fn simple(&mut self, op: Op, dtype: DType, operands: &[&Lanes], imm: u8) -> Lanes {
        let width = operands[0].width;
        self.lift(dtype, width, operands, |l, (fixed, size), x| l.op(fixed, op, size, x, imm))
    }

    pub fn unary(&mut self, op: Unary, a: &Lanes) -> Lanes {
        let (dtype, width) = (a.dtype, a.width);
        match (op, dtype) {
            (Unary::Neg, DType::F32 | DType::F64) => {
                let sign = self.bits(1 << (8 * width - 1), dtype);
                self.simple(Op::Xor, dtype, &[a, &sign], 0)
            }
            (Unary::Abs, DType::F32 | DType::F64) => {
                let rest = self.bits((1 << (8 * width - 1)) - 1, dtype);
                self.simple(Op::And, dtype, &[a, &rest], 0)
            }
            (Unary::Neg, _) => {
                let zero = self.bits(0, dtype);
                self.simple(by_width(width, Op::SubD, Op::SubQ), dtype, &[&zero, a], 0)
            }
            (Unary::Abs, DType::I64) if self.isa == Isa::Avx512 => self.simple(Op::AbsQ, dtype, &[a], 0),
            (Unary::Abs, DType::I64) => {
                let minus = self.unary(Unary::Neg, a);
                self.simple(Op::BlendPd, dtype, &[a, &minus, a], 0)
            }
            (Unary::Abs, _) => self.simple(Op::AbsD, dtype, &[a], 0),
            (Unary::Sqrt, _) => self.simple(by_type(dtype, Op::SqrtPs, Op::SqrtPd), dtype, &[a], 0),
            (Unary::Floor, _) => self.simple(by_type(dtype, Op::FloorPs, Op::FloorPd), dtype, &[a], 0),
            (Unary::Not, _) => self.inverted(a),
            (Unary::Exp | Unary::Log | Unary::Sin | Unary::Cos, _) => {
                unreachable!("the verifier admits expanded kernels only")
            }
        }
    }

    /// All bits inverted.
    fn inverted(&mut self, a: &Lanes) -> Lanes {
        let ones = self.ones();
        self.lift(a.dtype, a.width, &[a], |l, (fixed, size), x| l.op(fixed, Op::Xor, size, &[x[0], ones], 0))
    }

    pub fn binary(&mut self, op: Binary, a: &Lanes, b: &Lanes) -> Lanes {
        match a.dtype {
            DType::Bool => self.logic(op, a, b),
            DType::F32 | DType::F64 => self.float(op, a, b),
            _ => self.integer(op, a, b),
        }
    }

    fn logic(&mut self, op: Binary, a: &Lanes, b: &Lanes) -> Lanes {
        // Two masks meet at the narrower width: fewer vectors.
        let width = match (&a.form, &b.form) {
            (Form::Each(_), Form::Each(_)) => a.width.min(b.width),
            (Form::Each(_), Form::Same(_)) => a.width,
            (Form::Same(_), _) => b.width,
        };
        let (a, b) = (self.mask(a, width), self.mask(b, width));
        let op = match op {
            Binary::And => Op::And,
            Binary::Or => Op::Or,
            _ => Op::Xor,
        };
        self.simple(op, DType::Bool, &[&a, &b], 0)
    }

    fn float(&mut self, op: Binary, a: &Lanes, b: &Lanes) -> Lanes {
        let dtype = a.dtype;
        let pick = |ps, pd| by_type(dtype, ps, pd);
        let compare = pick(Op::CmpPs, Op::CmpPd);
        let mut test = |predicate| self.simple(compare, DType::Bool, &[a, b], predicate);
        match op {
            Binary::Add => self.simple(pick(Op::AddPs, Op::AddPd), dtype, &[a, b], 0),
            Binary::Sub => self.simple(pick(Op::SubPs, Op::SubPd), dtype, &[a, b], 0),
            Binary::Mul => self.simple(pick(Op::MulPs, Op::MulPd), dtype, &[a, b], 0),
            Binary::Div => self.simple(pick(Op::DivPs, Op::DivPd), dtype, &[a, b], 0),
            // Both orders differ where one is NaN or both are zero: either sign bit makes the smaller zero negative, both the larger.
            // NaN is that of the sum, bit for bit.
            Binary::Min | Binary::Max => {
                let (bound, zeros) = match op {
                    Binary::Min => (pick(Op::MinPs, Op::MinPd), Op::Or),
                    _ => (pick(Op::MaxPs, Op::MaxPd), Op::And),
                };
                let (add, blend) = (pick(Op::AddPs, Op::AddPd), self.blend(a.width));
                self.lift(dtype, a.width, &[a, b], |l, (fixed, size), x| {
                    let one = l.op(fixed, bound, size, &[x[0], x[1]], 0);
                    let other = l.op(fixed, bound, size, &[x[1], x[0]], 0);
                    let both = l.op(fixed, zeros, size, &[one, other], 0);
                    let nan = l.op(fixed, compare, size, &[x[0], x[1]], predicate::UNORDERED);
                    let sum = l.op(fixed, add, size, &[x[0], x[1]], 0);
                    l.op(fixed, blend, size, &[both, sum, nan], 0)
                })
            }
            Binary::Lt => test(predicate::LT),
            Binary::Le => test(predicate::LE),
            Binary::Gt => test(predicate::GT),
            Binary::Ge => test(predicate::GE),
            Binary::Eq => test(predicate::EQ),
            Binary::Ne => test(predicate::NE),
            Binary::And | Binary::Or | Binary::Xor | Binary::Shl | Binary::Shr => unreachable!("verified"),
        }
    }

    /// The smaller, or larger, of a value and a constant that is neither zero nor NaN: one instruction does it.
    pub fn bounded(&mut self, least: bool, a: &Lanes, constant: &Lanes) -> Lanes {
        self.extreme(least, constant, a)
    }

    /// The first where it is less, or greater, than the second, and the second everywhere else: beside NaN, and of two zeros.
    pub fn extreme(&mut self, least: bool, first: &Lanes, second: &Lanes) -> Lanes {
        let op = match (least, first.dtype) {
            (true, DType::F64) => Op::MinPd,
            (true, _) => Op::MinPs,
            (false, DType::F64) => Op::MaxPd,
            (false, _) => Op::MaxPs,
        };
        self.simple(op, first.dtype, &[first, second], 0)
    }

    fn integer(&mut self, op: Binary, a: &Lanes, b: &Lanes) -> Lanes {
        let (dtype, width) = (a.dtype, a.width);
        let pick = |d, q| by_width(width, d, q);
        let (greater, equal) = (pick(Op::GtD, Op::GtQ), pick(Op::EqD, Op::EqQ));
        match op {
            Binary::Add => self.simple(pick(Op::AddD, Op::AddQ), dtype, &[a, b], 0),
            Binary::Sub => self.simple(pick(Op::SubD, Op::SubQ), dtype, &[a, b], 0),
            Binary::Mul if width == 8 => self.product(a, b),
            Binary::Mul => self.simple(Op::MulD, dtype, &[a, b], 0),
            Binary::Min | Binary::Max if width == 8 => {
                let more = self.simple(Op::GtQ, DType::Bool, &[a, b], 0);
                let (otherwise, then) = if op == Binary::Min { (a, b) } else { (b, a) };
                self.simple(self.blend(8), dtype, &[otherwise, then, &more], 0)
            }
            Binary::Min => self.simple(Op::MinD, dtype, &[a, b], 0),
            Binary::Max => self.simple(Op::MaxD, dtype, &[a, b], 0),
            Binary::Gt => self.simple(greater, DType::Bool, &[a, b], 0),
            Binary::Lt => self.simple(greater, DType::Bool, &[b, a], 0),
            Binary::Eq => self.simple(equal, DType::Bool, &[a, b], 0),
            Binary::Le => {
                let more = self.simple(greater, DType::Bool, &[a, b], 0);
                self.inverted(&more)
            }
            Binary::Ge => {
                let less = self.simple(greater, DType::Bool, &[b, a], 0);
                self.inverted(&less)
            }
            Binary::Ne => {
                let same = self.simple(equal, DType::Bool, &[a, b], 0);
                self.inverted(&same)
            }
            Binary::And => self.simple(Op::And, dtype, &[a, b], 0),
            Binary::Or => self.simple(Op::Or, dtype, &[a, b], 0),
            Binary::Xor => self.simple(Op::Xor, dtype, &[a, b], 0),
            Binary::Div | Binary::Shl | Binary::Shr => unreachable!("verified, or a shift"),
        }
    }

    /// The low 64 bits of a product, from products of halves.
    fn product(&mut self, a: &Lanes, b: &Lanes) -> Lanes {
        self.lift(a.dtype, 8, &[a, b], |l, (fixed, size), x| {
            let high = |l: &mut Self, v: V| l.op(fixed, Op::SrlQ, size, &[v], 32);
            let (a_high, b_high) = (high(l, x[0]), high(l, x[1]));
            let low = l.op(fixed, Op::MulLow, size, &[x[0], x[1]], 0);
            let one = l.op(fixed, Op::MulLow, size, &[a_high, x[1]], 0);
            let other = l.op(fixed, Op::MulLow, size, &[b_high, x[0]], 0);
            let cross = l.op(fixed, Op::AddQ, size, &[one, other], 0);
            let cross = l.op(fixed, Op::SllQ, size, &[cross], 32);
            l.op(fixed, Op::AddQ, size, &[low, cross], 0)
        })
    }

    /// A shift by a constant.
    pub fn shift(&mut self, left: bool, a: &Lanes, by: u64) -> Lanes {
        let (dtype, by) = (a.dtype, by as u8);
        match (left, a.width) {
            (true, 8) => self.simple(Op::SllQ, dtype, &[a], by),
            (true, _) => self.simple(Op::SllD, dtype, &[a], by),
            // There is no 64-bit shift that keeps the sign: the sign bit is moved, then spread by a subtraction.
            (false, 8) => {
                let sign = self.bits(1 << (63 - by), dtype);
                let moved = self.simple(Op::SrlQ, dtype, &[a], by);
                let flipped = self.simple(Op::Xor, dtype, &[&moved, &sign], 0);
                self.simple(Op::SubQ, dtype, &[&flipped, &sign], 0)
            }
            (false, _) => self.simple(Op::SraD, dtype, &[a], by),
        }
    }

    /// `a * b - c`, where that is rounded once.
    pub fn fms(&mut self, a: &Lanes, b: &Lanes, c: &Lanes) -> Lanes {
        self.simple(by_type(a.dtype, Op::FmsPs, Op::FmsPd), a.dtype, &[a, b, c], 0)
    }

    pub fn fma(&mut self, a: &Lanes, b: &Lanes, c: &Lanes) -> Lanes {
        let dtype = a.dtype;
        match self.profile {
            NumericProfile::Fma => self.simple(by_type(dtype, Op::FmaPs, Op::FmaPd), dtype, &[a, b, c], 0),
            NumericProfile::NoFma => {
                let product = self.float(Binary::Mul, a, b);
                self.float(Binary::Add, &product, c)
            }
        }
    }

    pub fn select(&mut self, mask: &Lanes, a: &Lanes, b: &Lanes) -> Lanes {
        let mask = self.mask(mask, a.width);
        self.simple(self.blend(a.width), a.dtype, &[b, a, &mask], 0)
    }

    /// What takes one value where a mask is set, and another elsewhere.
    fn blend(&self, width: usize) -> Op {
        match self.isa {
            Isa::Avx2 => by_width(width, Op::BlendPs, Op::BlendPd),
            Isa::Avx512 => Op::Choose,
        }
    }

    pub fn cast(&mut self, to: DType, a: &Lanes) -> Lanes {
        match (a.dtype, to) {
            (DType::Bool, _) => {
                let mask = self.mask(a, to.size());
                let one = match to {
                    DType::F32 => self.bits(u64::from(1f32.to_bits()), to),
                    _ => self.bits(1f64.to_bits(), to),
                };
                self.simple(Op::And, to, &[&mask, &one], 0)
            }
            (DType::I32, DType::F32) => self.simple(Op::DToPs, to, &[a], 0),
            (DType::I32, _) => self.widen(to, a, Op::DToPd),
            (DType::F32, _) => self.widen(to, a, Op::PsToPd),
            _ => self.narrow_float(a),
        }
    }

    /// A mask whose elements have this width.
    fn mask(&mut self, a: &Lanes, width: usize) -> Lanes {
        match &a.form {
            _ if a.width == width => a.clone(),
            // All ones or all zeros, whatever the width.
            Form::Same(_) => Lanes { width, ..a.clone() },
            Form::Each(_) if width == 8 => self.widen(DType::Bool, a, Op::DToQ),
            Form::Each(_) => self.narrow_mask(a),
        }
    }

    /// Each vector of 4-byte elements becomes two of 8 bytes, or one if it is but half a vector.
    fn widen(&mut self, dtype: DType, a: &Lanes, op: Op) -> Lanes {
        let (fixed, whole) = (a.fixed, self.whole());
        let form = match &a.form {
            Form::Same(x) => Form::Same(self.op(fixed, op, whole, &[*x], 0)),
            Form::Each(xs) => {
                let mut out = Vec::new();
                for x in xs {
                    out.push(self.op(fixed, op, whole, &[*x], 0));
                    if self.count(8) > 1 {
                        let upper = self.op(fixed, Op::Upper, whole, &[*x], 0);
                        out.push(self.op(fixed, op, whole, &[upper], 0));
                    }
                }
                Form::Each(out)
            }
        };
        Lanes { dtype, width: 8, fixed, form }
    }

    /// F64 to F32.
    fn narrow_float(&mut self, a: &Lanes) -> Lanes {
        self.halve(a, DType::F32, Op::PdToPs)
    }

    /// Every two vectors of 8-byte elements become one of 4 bytes.
    fn halve(&mut self, a: &Lanes, dtype: DType, op: Op) -> Lanes {
        let (fixed, whole) = (a.fixed, self.whole());
        let half = |l: &mut Self, x: V| l.op(fixed, op, whole, &[x], 0);
        let form = match &a.form {
            Form::Same(x) => {
                let x = half(self, *x);
                Form::Same(self.op(fixed, Op::Join, whole, &[x, x], 0))
            }
            Form::Each(xs) if xs.len() == 1 => Form::Each(vec![half(self, xs[0])]),
            Form::Each(xs) => Form::Each(
                xs.chunks(2)
                    .map(|pair| {
                        let (low, high) = (half(self, pair[0]), half(self, pair[1]));
                        self.op(fixed, Op::Join, whole, &[low, high], 0)
                    })
                    .collect(),
            ),
        };
        Lanes { dtype, width: 4, fixed, form }
    }

    /// Masks of 8-byte elements as masks of 4.
    fn narrow_mask(&mut self, a: &Lanes) -> Lanes {
        if self.isa == Isa::Avx512 {
            return self.halve(a, DType::Bool, Op::QToD);
        }
        let (fixed, whole) = (a.fixed, self.whole());
        let form = match &a.form {
            Form::Same(x) => Form::Same(*x),
            Form::Each(xs) if xs.len() == 1 => {
                let upper = self.op(fixed, Op::Upper, whole, &[xs[0]], 0);
                Form::Each(vec![self.op(fixed, Op::Shuffle, whole.half(), &[xs[0], upper], EVENS)])
            }
            Form::Each(xs) => Form::Each(
                xs.chunks(2)
                    .map(|pair| {
                        let mixed = self.op(fixed, Op::Shuffle, whole, pair, EVENS);
                        self.op(fixed, Op::Permute, whole, &[mixed], UNINTERLEAVE)
                    })
                    .collect(),
            ),
        };
        Lanes { dtype: DType::Bool, width: 4, fixed, form }
    }
}
