//! Computes in F32 what is rounded to F32 after a single operation in F64 on numbers that F32 holds.
//!
//! The two roundings give what one would: a sum, product, quotient or root rounded to at least 2p + 2 bits before it is rounded to
//! p is rounded as if at once (S. A. Figueroa, When is double rounding innocuous?, SIGNUM Newsletter 30, 1995), and 53 ≥ 2 · 24 + 2.

use super::verify::types;
use super::{Instr, Kernel, Loop, Step, Val};
use crate::DType;
use crate::scalar::{Binary, Unary};

/// Narrows every such operation of a verified kernel. Parameters in `changing` slots may become any number.
pub fn narrow(kernel: &mut Kernel, changing: &dyn Fn(u32) -> bool) {
    let known = kernel.clone();
    for step in &mut kernel.steps {
        if let Step::Loop(body) = step {
            narrow_loop(&known, body, changing);
        }
    }
}

fn narrow_loop(kernel: &Kernel, body: &mut Loop, changing: &dyn Fn(u32) -> bool) {
    let types = types(kernel, body);
    let is = |v: Val, dtype: DType| types.get(v.index()).copied().flatten() == Some(dtype);
    let mut narrowed_any = false;
    for at in 0..body.values.len() {
        let Instr::Cast { to: DType::F32, a: wide } = body.values[at] else { continue };
        if !is(wide, DType::F64) {
            continue;
        }
        let narrowed = |v: Val| match body.values[v.index()] {
            Instr::Cast { to: DType::F64, a } if is(a, DType::F32) => Some(Operand::Value(a)),
            Instr::Param { slot, dtype: DType::F64 } => {
                let value = *kernel.params.get(slot as usize)?;
                (!changing(slot) && f64::from(value as f32) == value).then_some(Operand::Param(v, slot))
            }
            _ => None,
        };
        let rounded_once = match body.values[wide.index()] {
            Instr::Unary { op: Unary::Sqrt, a } => narrowed(a).map(|a| (a, None)),
            Instr::Binary { op: Binary::Add | Binary::Sub | Binary::Mul | Binary::Div, a, b } => {
                narrowed(a).zip(narrowed(b)).map(|(a, b)| (a, Some(b)))
            }
            _ => None,
        };
        let Some((a, b)) = rounded_once else { continue };
        // Two parameters stay: no row computes them.
        if matches!(a, Operand::Param(..)) && b.is_none_or(|b| matches!(b, Operand::Param(..))) {
            continue;
        }
        let instr = body.values[wide.index()].clone();
        let a = operand(body, a);
        let b = b.map(|b| operand(body, b));
        body.values[at] = match (instr, b) {
            (Instr::Binary { op, .. }, Some(b)) => Instr::Binary { op, a, b },
            (Instr::Unary { op, .. }, _) => Instr::Unary { op, a },
            (instr, _) => instr,
        };
        narrowed_any = true;
    }
    if narrowed_any {
        body.sweep();
    }
}

/// An F64 operand that is an F32 number.
#[derive(Clone, Copy)]
enum Operand {
    /// This value, converted.
    Value(Val),
    /// A parameter: the value that reads it, and its slot.
    Param(Val, u32),
}

/// The operand in F32; a parameter is read once more, beside where it is read in F64.
fn operand(body: &mut Loop, operand: Operand) -> Val {
    match operand {
        Operand::Value(value) => value,
        Operand::Param(beside, slot) => {
            let value = body.push(Instr::Param { slot, dtype: DType::F32 });
            insert_after(&mut body.values, &mut body.body, beside, value);
            value
        }
    }
}

fn insert_after(values: &mut [Instr], list: &mut Vec<Val>, beside: Val, value: Val) {
    if let Some(at) = list.iter().position(|v| *v == beside) {
        list.insert(at + 1, value);
        return;
    }
    for fold in list.clone() {
        if let Instr::Fold { body, .. } = &mut values[fold.index()]
            && let Some(at) = body.iter().position(|v| *v == beside)
        {
            body.insert(at + 1, value);
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::interp::{binary, cast, unary};
    use super::*;
    use crate::kernel::text::parse;

    /// Bits of F32 numbers, a third of them near the ends of the range, where results are subnormal or overflow.
    fn number(state: &mut u64) -> u64 {
        *state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        let bits = (*state >> 32) as u32;
        let exponent = match *state >> 16 & 7 {
            0 => bits >> 27 & 15,
            1 => 240 | bits >> 27 & 15,
            2 => 64,
            _ => return bits.into(),
        };
        u64::from(bits & 0x807f_ffff | exponent << 23)
    }

    #[test]
    fn two_roundings_are_one() {
        let mut state = 1;
        let wide = |v| cast(DType::F32, DType::F64, v);
        let same = |narrow: u64, wide: u64| {
            let [narrow, wide] = [narrow as u32, cast(DType::F64, DType::F32, wide) as u32];
            narrow == wide || (f32::from_bits(narrow).is_nan() && f32::from_bits(wide).is_nan())
        };
        for _ in 0..1_000_000 {
            let (a, b) = (number(&mut state), number(&mut state));
            for op in [Binary::Add, Binary::Sub, Binary::Mul, Binary::Div] {
                let narrow = binary(op, DType::F32, a, b);
                assert!(same(narrow, binary(op, DType::F64, wide(a), wide(b))), "{op:?} {a:x} {b:x}");
            }
            assert!(
                same(unary(Unary::Sqrt, DType::F32, a), unary(Unary::Sqrt, DType::F64, wide(a))),
                "{a:x}"
            );
        }
    }

    const KERNEL: &str = "kernel \"k\"
buffer b0 \"in\" f32 input
buffer b1 \"out\" f32 output
params 0.5 0.1

loop rows b1 {
  v0 = load b0[i]
  v1 = cast f64 v0
  v2 = param 0 : f64
  v3 = mul v1 v2
  v4 = cast f32 v3
  v5 = cast f64 v4
  v6 = param 1 : f64
  v7 = mul v5 v6
  v8 = cast f32 v7
  store b1[i] v8
}
";

    #[test]
    fn what_f32_holds_is_computed_in_f32() {
        let mut kernel = parse(KERNEL).unwrap();
        narrow(&mut kernel, &|_| false);
        let text = kernel.to_string();
        // The first factor is a number of F32, the second is not.
        assert_eq!(text.matches("cast f64").count(), 1, "{text}");
        assert!(text.contains("param 0 : f32") && text.contains("param 1 : f64"), "{text}");
        let mut kernel = parse(KERNEL).unwrap();
        narrow(&mut kernel, &|slot| slot == 0);
        assert_eq!(kernel, parse(KERNEL).unwrap(), "a factor that may change was taken for what it is now");
    }
}
