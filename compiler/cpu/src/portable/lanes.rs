//! A value of a lane group as 128-bit vectors, and the operations on it.
//!
//! A group of `g` lanes of an element of `w` bytes is `max(1, g * w / 16)` vectors. With `g = 2` a 4-byte element fills half
//! a vector; the other half holds anything. A truth value is a vector of all-ones or all-zero elements of the width
//! of what was compared; it is widened or narrowed where another width is selected by it.

use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::types::{F32X4, F64X2, I8X16, I32X4, I64X2};
use cranelift_codegen::ir::{ConstantData, Endianness, InstBuilder, MemFlagsData, Type, Value};
use cranelift_frontend::FunctionBuilder;
use dasc_ir::DType;
use dasc_ir::kernel::NumericProfile;
use dasc_ir::scalar::{Binary, Unary};

/// A value of the kernel in a group of lanes.
#[derive(Clone, Debug)]
pub struct Lanes {
    pub dtype: DType,
    /// Bytes of an element; for a truth value those of what was compared.
    pub width: usize,
    pub form: Form,
}

#[derive(Clone, Debug)]
pub enum Form {
    /// The same in all lanes, loaded afresh before each use.
    Memory(Value, i32),
    /// The same in all lanes.
    Same(Value),
    /// Vector after vector.
    Each(Vec<Value>),
}

/// Flags of constants: always there, 16-byte aligned.
pub fn constant_flags() -> MemFlagsData {
    MemFlagsData::trusted()
}

pub fn vector(dtype: DType, width: usize) -> Type {
    match (dtype, width) {
        (DType::F32, _) => F32X4,
        (DType::F64, _) => F64X2,
        (_, 4) => I32X4,
        _ => I64X2,
    }
}

/// Vectors of a group.
pub fn count(group: usize, width: usize) -> usize {
    (group * width / 16).max(1)
}

/// What the operations need to know.
pub struct Ops<'b, 'f> {
    pub b: &'b mut FunctionBuilder<'f>,
    pub group: usize,
    pub profile: NumericProfile,
}

const HIGH: [u8; 16] = [8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15];
const LOWS: [u8; 16] = [0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23];
const EVENS: [u8; 16] = [0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27];

impl Ops<'_, '_> {
    /// Vector `j` of a value.
    pub fn at(&mut self, v: &Lanes, j: usize) -> Value {
        match &v.form {
            Form::Memory(base, offset) => {
                self.b.ins().load(vector(v.dtype, v.width), constant_flags(), *base, *offset)
            }
            Form::Same(x) => *x,
            Form::Each(xs) => xs[j],
        }
    }

    /// Every vector of a value, for registers of a loop.
    pub fn all(&mut self, v: &Lanes) -> Vec<Value> {
        (0..count(self.group, v.width)).map(|j| self.at(v, j)).collect()
    }

    pub fn cast_bits(&mut self, to: Type, v: Value) -> Value {
        if self.b.func.dfg.value_type(v) == to {
            return v;
        }
        self.b.ins().bitcast(to, MemFlagsData::new().with_endianness(Endianness::Little), v)
    }

    fn shuffle(&mut self, a: Value, b: Value, mask: [u8; 16], to: Type) -> Value {
        let (a, b) = (self.cast_bits(I8X16, a), self.cast_bits(I8X16, b));
        let mask = self.b.func.dfg.immediates.push(ConstantData::from(mask.to_vec()));
        let mixed = self.b.ins().shuffle(a, b, mask);
        self.cast_bits(to, mixed)
    }

    /// Applies `f` vector by vector, once if the operands are the same in all lanes.
    fn lift(
        &mut self,
        dtype: DType,
        width: usize,
        operands: &[&Lanes],
        mut f: impl FnMut(&mut Self, &[Value]) -> Value,
    ) -> Lanes {
        let each = operands.iter().any(|v| matches!(v.form, Form::Each(_)));
        let n = if each { count(self.group, width) } else { 1 };
        let mut out = Vec::with_capacity(n);
        for j in 0..n {
            let xs: Vec<Value> = operands.iter().map(|v| self.at(v, j)).collect();
            out.push(f(self, &xs));
        }
        let form = if each { Form::Each(out) } else { Form::Same(out[0]) };
        Lanes { dtype, width, form }
    }

    pub fn unary(&mut self, op: Unary, a: &Lanes, sign: &Lanes) -> Lanes {
        let float = a.dtype.is_float();
        match op {
            // `sign` is the sign bit for Neg, all others for Abs.
            Unary::Neg if float => self.lift(a.dtype, a.width, &[a, sign], |o, x| o.b.ins().bxor(x[0], x[1])),
            Unary::Abs if float => self.lift(a.dtype, a.width, &[a, sign], |o, x| o.b.ins().band(x[0], x[1])),
            Unary::Neg => self.lift(a.dtype, a.width, &[a], |o, x| o.b.ins().ineg(x[0])),
            Unary::Abs => self.lift(a.dtype, a.width, &[a], |o, x| o.b.ins().iabs(x[0])),
            Unary::Sqrt => self.lift(a.dtype, a.width, &[a], |o, x| o.b.ins().sqrt(x[0])),
            Unary::Floor => self.lift(a.dtype, a.width, &[a], |o, x| o.b.ins().floor(x[0])),
            Unary::Not => self.lift(a.dtype, a.width, &[a], |o, x| o.b.ins().bnot(x[0])),
            Unary::Exp | Unary::Log | Unary::Sin | Unary::Cos => {
                unreachable!("the verifier admits expanded kernels only")
            }
        }
    }

    pub fn binary(&mut self, op: Binary, a: &Lanes, b: &Lanes) -> Lanes {
        if a.dtype == DType::Bool {
            // Two masks meet at the narrower width: fewer vectors.
            let width = match (&a.form, &b.form) {
                (Form::Each(_), Form::Each(_)) => a.width.min(b.width),
                (Form::Each(_), _) => a.width,
                _ => b.width,
            };
            let (a, b) = (self.mask(a, width), self.mask(b, width));
            return self.lift(DType::Bool, width, &[&a, &b], |o, x| match op {
                Binary::And => o.b.ins().band(x[0], x[1]),
                Binary::Or => o.b.ins().bor(x[0], x[1]),
                _ => o.b.ins().bxor(x[0], x[1]),
            });
        }
        // The operand in memory stands second, where the instruction can take it.
        let swap = matches!(op, Binary::Add | Binary::Mul) && matches!(a.form, Form::Memory(..));
        let (a, b) = if swap { (b, a) } else { (a, b) };
        let float = a.dtype.is_float();
        let dtype = if op.is_comparison() { DType::Bool } else { a.dtype };
        let wide = a.width == 8;
        let ty = vector(a.dtype, a.width);
        self.lift(dtype, a.width, &[a, b], |o, v| {
            let (x, y) = (v[0], v[1]);
            let ins = o.b.ins();
            if float {
                return match op {
                    Binary::Add => ins.fadd(x, y),
                    Binary::Sub => ins.fsub(x, y),
                    Binary::Mul => ins.fmul(x, y),
                    Binary::Div => ins.fdiv(x, y),
                    // NaN is that of the sum, bit for bit; the instruction makes one of its own.
                    Binary::Min | Binary::Max => {
                        let bound = if op == Binary::Min { ins.fmin(x, y) } else { ins.fmax(x, y) };
                        let nan = o.b.ins().fcmp(FloatCC::Unordered, x, y);
                        let nan = o.cast_bits(ty, nan);
                        let sum = o.b.ins().fadd(x, y);
                        o.b.ins().bitselect(nan, sum, bound)
                    }
                    Binary::Lt => ins.fcmp(FloatCC::LessThan, x, y),
                    Binary::Le => ins.fcmp(FloatCC::LessThanOrEqual, x, y),
                    Binary::Gt => ins.fcmp(FloatCC::GreaterThan, x, y),
                    Binary::Ge => ins.fcmp(FloatCC::GreaterThanOrEqual, x, y),
                    Binary::Eq => ins.fcmp(FloatCC::Equal, x, y),
                    Binary::Ne => ins.fcmp(FloatCC::NotEqual, x, y),
                    Binary::And | Binary::Or | Binary::Xor | Binary::Shl | Binary::Shr => {
                        unreachable!("verified")
                    }
                };
            }
            match op {
                Binary::Add => ins.iadd(x, y),
                Binary::Sub => ins.isub(x, y),
                Binary::Mul => ins.imul(x, y),
                // There is no 64-bit vector minimum.
                Binary::Min if wide => {
                    let less = ins.icmp(IntCC::SignedLessThan, x, y);
                    o.b.ins().bitselect(less, x, y)
                }
                Binary::Max if wide => {
                    let more = ins.icmp(IntCC::SignedGreaterThan, x, y);
                    o.b.ins().bitselect(more, x, y)
                }
                Binary::Min => ins.smin(x, y),
                Binary::Max => ins.smax(x, y),
                Binary::Lt => ins.icmp(IntCC::SignedLessThan, x, y),
                Binary::Le => ins.icmp(IntCC::SignedLessThanOrEqual, x, y),
                Binary::Gt => ins.icmp(IntCC::SignedGreaterThan, x, y),
                Binary::Ge => ins.icmp(IntCC::SignedGreaterThanOrEqual, x, y),
                Binary::Eq => ins.icmp(IntCC::Equal, x, y),
                Binary::Ne => ins.icmp(IntCC::NotEqual, x, y),
                Binary::And => ins.band(x, y),
                Binary::Or => ins.bor(x, y),
                Binary::Xor => ins.bxor(x, y),
                Binary::Div | Binary::Shl | Binary::Shr => unreachable!("verified, or a shift"),
            }
        })
    }

    /// A shift by a constant.
    pub fn shift(&mut self, left: bool, a: &Lanes, by: u64) -> Lanes {
        self.lift(a.dtype, a.width, &[a], |o, x| {
            let by = o.b.ins().iconst(cranelift_codegen::ir::types::I32, by as i64);
            if left { o.b.ins().ishl(x[0], by) } else { o.b.ins().sshr(x[0], by) }
        })
    }

    pub fn fma(&mut self, a: &Lanes, b: &Lanes, c: &Lanes) -> Lanes {
        // The operand in memory stands first, where the instruction can take it.
        let (a, b) = if matches!(b.form, Form::Memory(..)) { (b, a) } else { (a, b) };
        let fused = self.profile == NumericProfile::Fma;
        self.lift(a.dtype, a.width, &[a, b, c], |o, x| {
            if fused {
                o.b.ins().fma(x[0], x[1], x[2])
            } else {
                let product = o.b.ins().fmul(x[1], x[0]);
                o.b.ins().fadd(product, x[2])
            }
        })
    }

    pub fn select(&mut self, mask: &Lanes, a: &Lanes, b: &Lanes) -> Lanes {
        let mask = self.mask(mask, a.width);
        let ty = vector(a.dtype, a.width);
        self.lift(a.dtype, a.width, &[&mask, a, b], |o, x| {
            let mask = o.cast_bits(ty, x[0]);
            o.b.ins().bitselect(mask, x[1], x[2])
        })
    }

    pub fn bitcast(&mut self, to: DType, a: &Lanes) -> Lanes {
        let ty = vector(to, a.width);
        self.lift(to, a.width, &[a], |o, x| o.cast_bits(ty, x[0]))
    }

    /// `one` is 1 of the type `to`, for truth values.
    pub fn cast(&mut self, to: DType, a: &Lanes, one: &Lanes) -> Lanes {
        match (a.dtype, to) {
            (DType::Bool, _) => {
                let mask = self.mask(a, to.size());
                let ty = vector(to, to.size());
                self.lift(to, to.size(), &[&mask, one], |o, x| {
                    let mask = o.cast_bits(ty, x[0]);
                    o.b.ins().band(mask, x[1])
                })
            }
            (DType::I32, DType::F32) => self.lift(to, 4, &[a], |o, x| o.b.ins().fcvt_from_sint(F32X4, x[0])),
            (DType::I32, _) => self.widen(to, a, |o, x| {
                let wide = o.b.ins().swiden_low(x);
                o.b.ins().fcvt_from_sint(F64X2, wide)
            }),
            (DType::F32, _) => self.widen(to, a, |o, x| o.b.ins().fvpromote_low(x)),
            _ => self.narrow(to, a, |o, x| o.b.ins().fvdemote(x), LOWS),
        }
    }

    /// A mask whose elements have this width.
    pub fn mask(&mut self, a: &Lanes, width: usize) -> Lanes {
        if a.width == width {
            return a.clone();
        }
        let ty = vector(DType::Bool, width);
        match &a.form {
            Form::Memory(base, offset) => {
                Lanes { dtype: DType::Bool, width, form: Form::Memory(*base, *offset) }
            }
            // All ones or all zeros, whatever the width.
            Form::Same(x) => {
                let x = self.cast_bits(ty, *x);
                Lanes { dtype: DType::Bool, width, form: Form::Same(x) }
            }
            Form::Each(_) if width == 8 => self.widen(DType::Bool, a, |o, x| o.b.ins().swiden_low(x)),
            Form::Each(_) => self.narrow(DType::Bool, a, |_, x| x, EVENS),
        }
    }

    /// Each 4-byte vector becomes two of 8 bytes; `low` converts the lower half.
    fn widen(&mut self, dtype: DType, a: &Lanes, mut low: impl FnMut(&mut Self, Value) -> Value) -> Lanes {
        let form = match &a.form {
            Form::Each(xs) => {
                let mut out = Vec::with_capacity(xs.len() * 2);
                for x in xs {
                    out.push(low(self, *x));
                    if self.group >= 4 {
                        let ty = self.b.func.dfg.value_type(*x);
                        let high = self.shuffle(*x, *x, HIGH, ty);
                        out.push(low(self, high));
                    }
                }
                Form::Each(out)
            }
            Form::Memory(..) | Form::Same(_) => {
                let x = self.at(a, 0);
                Form::Same(low(self, x))
            }
        };
        Lanes { dtype, width: 8, form }
    }

    /// Two 8-byte vectors, each passed through `f`, become one of 4 bytes; `pick` says which bytes of the pair.
    fn narrow(
        &mut self,
        dtype: DType,
        a: &Lanes,
        mut f: impl FnMut(&mut Self, Value) -> Value,
        pick: [u8; 16],
    ) -> Lanes {
        let ty = vector(dtype, 4);
        let form = match &a.form {
            Form::Each(xs) if self.group >= 4 => {
                let mut out = Vec::with_capacity(xs.len() / 2);
                for pair in xs.chunks(2) {
                    let (low, high) = (f(self, pair[0]), f(self, pair[1]));
                    out.push(self.shuffle(low, high, pick, ty));
                }
                Form::Each(out)
            }
            // The lower half is where a narrowed float already is.
            Form::Each(xs) => {
                let x = f(self, xs[0]);
                Form::Each(vec![if pick == LOWS { x } else { self.shuffle(x, x, pick, ty) }])
            }
            Form::Memory(..) | Form::Same(_) => {
                let x = self.at(a, 0);
                let x = f(self, x);
                Form::Same(self.shuffle(x, x, pick, ty))
            }
        };
        Lanes { dtype, width: 4, form }
    }
}
