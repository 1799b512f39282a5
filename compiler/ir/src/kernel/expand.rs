//! Rewrites exp, log, sin and cos into basic instructions, so that every back end computes the same bits.
//!
//! F32 functions are computed in F64 with short polynomials and rounded once: within 0.51 ulp. F64 functions follow
//! the argument reductions and polynomials of Sun's fdlibm (`e_log.c`, `e_rem_pio2.c`, `k_sin.c`, `k_cos.c`) and a
//! Taylor polynomial for exp: within 2 ulp, also without a fused multiply-add. NaN gives NaN; exp(−∞) = 0,
//! exp(+∞) = +∞; log(±0) = −∞, log(x < 0) = NaN; sin and cos beyond |x| = 2²⁰ are NaN rather than wrong.

use super::{Instr, Kernel, Loop, Step, Val};
use crate::DType;
use crate::kernel::verify::types;
use crate::scalar::{Binary, Unary};

/// Expands every transcendental function of a verified kernel.
pub fn expand(kernel: &mut Kernel) {
    let known = kernel.clone();
    for step in &mut kernel.steps {
        if let Step::Loop(body) = step {
            expand_loop(&known, body);
        }
    }
    for reduce in &mut kernel.reduces {
        expand_loop(&known, &mut reduce.merge);
        expand_loop(&known, &mut reduce.finish);
    }
}

fn expand_loop(kernel: &Kernel, body: &mut Loop) {
    let transcendental = |instr: &Instr| {
        matches!(instr, Instr::Unary { op: Unary::Exp | Unary::Log | Unary::Sin | Unary::Cos, .. })
    };
    if !body.values.iter().any(transcendental) {
        return;
    }
    let types = types(kernel, body);
    let old = std::mem::take(&mut body.body);
    body.body = expand_list(body, &types, old);
}

/// Expanded instructions are new values; the function itself becomes the last of them, so its users need no change.
fn expand_list(body: &mut Loop, types: &[Option<DType>], list: Vec<Val>) -> Vec<Val> {
    let mut out = Vec::with_capacity(list.len());
    for val in list {
        match body.values[val.index()].clone() {
            Instr::Unary { op: op @ (Unary::Exp | Unary::Log | Unary::Sin | Unary::Cos), a } => {
                let narrow = types.get(a.index()).copied().flatten() == Some(DType::F32);
                let mut w = Writer { body, out: &mut out };
                let x = if narrow { w.push(Instr::Cast { to: DType::F64, a }) } else { a };
                let y = match op {
                    Unary::Exp => w.exp(x, narrow),
                    Unary::Log => w.log(x, narrow),
                    _ => w.sine(x, op == Unary::Cos, narrow),
                };
                // The last instruction takes the place of the function.
                let last = if narrow {
                    Instr::Cast { to: DType::F32, a: y }
                } else {
                    w.body.values[y.index()].clone()
                };
                if !narrow {
                    w.out.pop();
                }
                body.values[val.index()] = last;
                out.push(val);
            }
            Instr::Fold { taps, init, args, body: inside, next } => {
                let inside = expand_list(body, types, inside);
                body.values[val.index()] = Instr::Fold { taps, init, args, body: inside, next };
                out.push(val);
            }
            _ => out.push(val),
        }
    }
    out
}

const LN2_HIGH: f64 = f64::from_bits(0x3fe6_2e42_fee0_0000);
const LN2_LOW: f64 = f64::from_bits(0x3dea_39ef_3579_3c76);
/// 1.5 · 2⁵²: adding it rounds to the nearest integer, which then stands in the low bits.
const ROUND: f64 = 6_755_399_441_055_744.0;

/// π/2 in parts of 33 bits, and what is left after two or three of them (fdlibm `e_rem_pio2.c`).
const HALF_PI: [f64; 3] = [
    f64::from_bits(0x3ff9_21fb_5440_0000),
    f64::from_bits(0x3dd0_b461_1a60_0000),
    f64::from_bits(0x3ba3_198a_2e00_0000),
];
const HALF_PI_TAIL: f64 = f64::from_bits(0x397b_839a_2520_49c1);
const HALF_PI_TAIL_1: f64 = f64::from_bits(0x3dd0_b461_1a62_6331);

struct Writer<'l> {
    body: &'l mut Loop,
    out: &'l mut Vec<Val>,
}

impl Writer<'_> {
    fn push(&mut self, instr: Instr) -> Val {
        let val = self.body.push(instr);
        self.out.push(val);
        val
    }

    fn c(&mut self, x: f64) -> Val {
        self.push(Instr::Bits { bits: x.to_bits(), dtype: DType::F64 })
    }

    fn i(&mut self, x: i64) -> Val {
        self.push(Instr::Bits { bits: x as u64, dtype: DType::I64 })
    }

    fn op(&mut self, op: Binary, a: Val, b: Val) -> Val {
        self.push(Instr::Binary { op, a, b })
    }

    fn add(&mut self, a: Val, b: Val) -> Val {
        self.op(Binary::Add, a, b)
    }

    fn sub(&mut self, a: Val, b: Val) -> Val {
        self.op(Binary::Sub, a, b)
    }

    fn mul(&mut self, a: Val, b: Val) -> Val {
        self.op(Binary::Mul, a, b)
    }

    fn fma(&mut self, a: Val, b: Val, c: Val) -> Val {
        self.push(Instr::Fma { a, b, c })
    }

    fn select(&mut self, mask: Val, a: Val, b: Val) -> Val {
        self.push(Instr::Select { mask, a, b })
    }

    fn bits(&mut self, a: Val) -> Val {
        self.push(Instr::Bitcast { to: DType::I64, a })
    }

    fn float(&mut self, a: Val) -> Val {
        self.push(Instr::Bitcast { to: DType::F64, a })
    }

    /// `c[0] + x (c[1] + x (c[2] + …))`.
    fn horner(&mut self, x: Val, coefficients: &[f64]) -> Val {
        let mut rest = coefficients.iter().rev();
        let mut y = self.c(rest.next().copied().unwrap_or(0.0));
        for c in rest {
            let c = self.c(*c);
            y = self.fma(y, x, c);
        }
        y
    }

    /// `x / y` rounded to an integer: as F64, and as the I64 that holds it in its low 51 bits.
    fn nearest(&mut self, x: Val, inverse: f64) -> (Val, Val) {
        let (inverse, magic) = (self.c(inverse), self.c(ROUND));
        let scaled = self.mul(x, inverse);
        let shifted = self.add(scaled, magic);
        let n = self.sub(shifted, magic);
        (n, self.bits(shifted))
    }

    /// `exp(x) = 2^n exp(r)`, |r| ≤ ln 2 / 2; the power of two in two factors, which reach the denormals.
    fn exp(&mut self, x: Val, narrow: bool) -> Val {
        let (low, high) = (self.c(-746.0), self.c(710.0));
        let x = self.op(Binary::Max, x, low);
        let x = self.op(Binary::Min, x, high);
        let (n, shifted) = self.nearest(x, std::f64::consts::LOG2_E);
        let (minus_high, minus_low) = (self.c(-LN2_HIGH), self.c(-LN2_LOW));
        let r = self.fma(minus_high, n, x);
        let r = self.fma(minus_low, n, r);
        let mut factorial = 1.0;
        let mut taylor = Vec::new();
        for k in 0..(if narrow { 9 } else { 14 }) {
            factorial *= f64::from(k.max(1));
            taylor.push(1.0 / factorial);
        }
        // 1 + (r + r² (1/2 + …)): the small terms first.
        let q = self.horner(r, &taylor[2..]);
        let square = self.mul(r, r);
        let small = self.fma(q, square, r);
        let one = self.c(1.0);
        let p = self.add(one, small);
        let magic = self.i(ROUND.to_bits() as i64);
        let n = self.sub(shifted, magic);
        let by_one = self.i(1);
        let half = self.op(Binary::Shr, n, by_one);
        let rest = self.sub(n, half);
        let (first, second) = (self.power(half), self.power(rest));
        let p = self.mul(p, first);
        self.mul(p, second)
    }

    /// `2^n` for an I64 in −1022 ..= 1023.
    fn power(&mut self, n: Val) -> Val {
        let (bias, by) = (self.i(1023), self.i(52));
        let biased = self.add(n, bias);
        let bits = self.op(Binary::Shl, biased, by);
        self.float(bits)
    }

    /// `log(2^k m) = k ln 2 + log(m)`, m between √½ and √2, by atanh of `(m − 1) / (m + 1)`.
    fn log(&mut self, x: Val, narrow: bool) -> Val {
        let tiny = self.c(f64::MIN_POSITIVE);
        let small = self.op(Binary::Lt, x, tiny);
        let (up, unit) = (self.c(18_014_398_509_481_984.0), self.c(1.0));
        let factor = self.select(small, up, unit);
        let scaled = self.mul(x, factor);
        let bits = self.bits(scaled);
        let offset = self.i(0x3ff0_0000_0000_0000 - 0x3fe6_a09e_0000_0000);
        let moved = self.add(bits, offset);
        let by = self.i(52);
        let exponent = self.op(Binary::Shr, moved, by);
        let mask = self.i(0x000f_ffff_ffff_ffff);
        let fraction = self.op(Binary::And, moved, mask);
        let back = self.i(0x3fe6_a09e_0000_0000);
        let fraction = self.add(fraction, back);
        let m = self.float(fraction);
        // The exponent as F64: its bits below those of 2⁵².
        let keep = self.i(0xfff);
        let exponent = self.op(Binary::And, exponent, keep);
        let high = self.i(0x4330_0000_0000_0000);
        let exponent = self.op(Binary::Or, exponent, high);
        let exponent = self.float(exponent);
        let (bias, bias_small) =
            (self.c(4_503_599_627_370_496.0 + 1023.0), self.c(4_503_599_627_370_496.0 + 1077.0));
        let bias = self.select(small, bias_small, bias);
        let k = self.sub(exponent, bias);
        let one = self.c(1.0);
        let two = self.c(2.0);
        let f = self.sub(m, one);
        let divisor = self.add(two, f);
        let s = self.op(Binary::Div, f, divisor);
        let z = self.mul(s, s);
        let series: &[f64] = if narrow {
            &[2.0 / 3.0, 2.0 / 5.0, 2.0 / 7.0, 2.0 / 9.0]
        } else {
            &[
                f64::from_bits(0x3fe5_5555_5555_5593),
                f64::from_bits(0x3fd9_9999_9997_fa04),
                f64::from_bits(0x3fd2_4924_9422_9359),
                f64::from_bits(0x3fcc_71c5_1d8e_78af),
                f64::from_bits(0x3fc7_4664_96cb_03de),
                f64::from_bits(0x3fc3_9a09_d078_c69f),
                f64::from_bits(0x3fc2_f112_df3e_5244),
            ]
        };
        let r = self.horner(z, series);
        let r = self.mul(z, r);
        let half = self.c(0.5);
        let squared = self.mul(f, f);
        let half_square = self.mul(half, squared);
        let sum = self.add(half_square, r);
        let product = self.mul(s, sum);
        let (ln2_high, ln2_low) = (self.c(LN2_HIGH), self.c(LN2_LOW));
        let low = self.fma(ln2_low, k, product);
        let inside = self.sub(half_square, low);
        let inside = self.sub(inside, f);
        let main = self.mul(ln2_high, k);
        let y = self.sub(main, inside);
        // Where the bits mean something else.
        let (zero, infinity) = (self.c(0.0), self.c(f64::INFINITY));
        let (nothing, below) = (self.c(f64::NAN), self.c(f64::NEG_INFINITY));
        let finite = self.op(Binary::Lt, x, infinity);
        let y = self.select(finite, y, x);
        let positive = self.op(Binary::Gt, x, zero);
        let is_zero = self.op(Binary::Eq, x, zero);
        let otherwise = self.select(is_zero, below, nothing);
        self.select(positive, y, otherwise)
    }

    /// `a - b` and what rounding lost (Knuth's two-sum).
    fn two_difference(&mut self, a: Val, b: Val) -> (Val, Val) {
        let d = self.sub(a, b);
        let bb = self.sub(a, d);
        let aa = self.add(d, bb);
        let lost_a = self.sub(a, aa);
        let lost_b = self.sub(bb, b);
        (d, self.add(lost_a, lost_b))
    }

    /// Sine or cosine: `x = n π/2 + y + t` with |y| ≤ π/4, then the polynomial that quadrant `n` wants.
    fn sine(&mut self, x: Val, cosine: bool, narrow: bool) -> Val {
        let (n, shifted) = self.nearest(x, std::f64::consts::FRAC_2_PI);
        let p1 = self.c(HALF_PI[0]);
        let first = self.mul(n, p1);
        let r = self.sub(x, first);
        let (y, tail) = if narrow {
            let p = self.c(-HALF_PI_TAIL_1);
            (self.fma(p, n, r), None)
        } else {
            // n has 20 bits and the parts 33, so these products are exact, fused or not.
            let (p2, p3, rest) = (self.c(HALF_PI[1]), self.c(HALF_PI[2]), self.c(HALF_PI_TAIL));
            let second = self.mul(n, p2);
            let (r, lost_2) = self.two_difference(r, second);
            let third = self.mul(n, p3);
            let (r, lost_3) = self.two_difference(r, third);
            let fourth = self.mul(n, rest);
            let lost = self.add(lost_2, lost_3);
            let lost = self.sub(lost, fourth);
            let y = self.add(r, lost);
            let t = self.sub(r, y);
            (y, Some(self.add(t, lost)))
        };
        let z = self.mul(y, y);
        let (sine, cos) = match tail {
            Some(t) => (self.sine_kernel(y, t, z), self.cosine_kernel(y, t, z)),
            None => {
                let s = self.horner(z, &[-1.0 / 6.0, 1.0 / 120.0, -1.0 / 5040.0, 1.0 / 362_880.0]);
                let cube = self.mul(z, y);
                let s = self.fma(s, cube, y);
                let c = [1.0, -0.5, 1.0 / 24.0, -1.0 / 720.0, 1.0 / 40_320.0, -1.0 / 3_628_800.0];
                (s, self.horner(z, &c))
            }
        };
        // Quadrant: which polynomial, which sign.
        let magic = self.i(ROUND.to_bits() as i64);
        let mut quadrant = self.sub(shifted, magic);
        let one = self.i(1);
        if cosine {
            quadrant = self.add(quadrant, one);
        }
        let odd = self.op(Binary::And, quadrant, one);
        let odd = self.op(Binary::Eq, odd, one);
        let y = self.select(odd, cos, sine);
        let (two, to_sign) = (self.i(2), self.i(62));
        let sign = self.op(Binary::And, quadrant, two);
        let sign = self.op(Binary::Shl, sign, to_sign);
        let bits = self.bits(y);
        let bits = self.op(Binary::Xor, bits, sign);
        let mut y = self.float(bits);
        if !cosine {
            // The sign of zero, which the reduction loses.
            let zero = self.c(0.0);
            let is_zero = self.op(Binary::Eq, x, zero);
            y = self.select(is_zero, x, y);
        }
        let limit = self.c(1_048_576.0);
        let nothing = self.c(f64::NAN);
        let size = self.push(Instr::Unary { op: Unary::Abs, a: x });
        let inside = self.op(Binary::Le, size, limit);
        self.select(inside, y, nothing)
    }

    /// `x - ((z (y/2 - v r) - y) - v S1)`, v = x³.
    fn sine_kernel(&mut self, x: Val, y: Val, z: Val) -> Val {
        let s1 = self.c(f64::from_bits(0xbfc5_5555_5555_5549));
        let r = self.horner(
            z,
            &[
                f64::from_bits(0x3f81_1111_1110_f8a6),
                f64::from_bits(0xbf2a_01a0_19c1_61d5),
                f64::from_bits(0x3ec7_1de3_57b1_fe7d),
                f64::from_bits(0xbe5a_e5e6_8a2b_9ceb),
                f64::from_bits(0x3de5_d93a_5acf_d57c),
            ],
        );
        let v = self.mul(z, x);
        let half = self.c(0.5);
        let half_y = self.mul(half, y);
        let vr = self.mul(v, r);
        let inner = self.sub(half_y, vr);
        let inner = self.mul(z, inner);
        let inner = self.sub(inner, y);
        let vs = self.mul(v, s1);
        let all = self.sub(inner, vs);
        self.sub(x, all)
    }

    /// `w + (((1 - w) - z/2) + (z r - x y))`, w = 1 - z/2.
    fn cosine_kernel(&mut self, x: Val, y: Val, z: Val) -> Val {
        let r = self.horner(
            z,
            &[
                f64::from_bits(0x3fa5_5555_5555_554c),
                f64::from_bits(0xbf56_c16c_16c1_5177),
                f64::from_bits(0x3efa_01a0_19cb_1590),
                f64::from_bits(0xbe92_7e4f_809c_52ad),
                f64::from_bits(0x3e21_ee9e_bdb4_b1c4),
                f64::from_bits(0xbda8_fae9_be88_38d4),
            ],
        );
        let r = self.mul(z, r);
        let (half, one) = (self.c(0.5), self.c(1.0));
        let half_z = self.mul(half, z);
        let w = self.sub(one, half_z);
        let lost = self.sub(one, w);
        let lost = self.sub(lost, half_z);
        let zr = self.mul(z, r);
        let xy = self.mul(x, y);
        let rest = self.sub(zr, xy);
        let sum = self.add(lost, rest);
        self.add(w, sum)
    }
}
