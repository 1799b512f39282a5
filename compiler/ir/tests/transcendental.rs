//! The expansions of exp, log, sin and cos against references: mpmath for F64, the system's F64 functions for F32.

use dasc_ir::DType;
use dasc_ir::kernel::{
    Affine, Buffer, BufferAt, BufferId, Call, Domain, Executable, Instr, Interpreter, Kernel, LaneAt, Lanes,
    Loop, LoopRef, NumericProfile, Role, Step, expand,
};
use dasc_ir::scalar::Unary;

const PROFILES: [NumericProfile; 2] = [NumericProfile::Fma, NumericProfile::NoFma];

fn kernel(op: Unary, dtype: DType) -> Kernel {
    let mut body = Loop { inner: 1, domain: Domain::Rows(BufferId(1)), ..Loop::default() };
    let x = body.push(Instr::Load {
        buffer: BufferId(0),
        row: Affine::ROW,
        inner: Affine::ZERO,
        plane: 0,
        lane: LaneAt::Shift(0),
    });
    let y = body.push(Instr::Unary { op, a: x });
    let store = body.push(Instr::Store { buffer: BufferId(1), inner: Affine::ZERO, plane: 0, value: y });
    body.body = vec![x, y, store];
    let buffer = |name: &str, role| Buffer {
        name: name.to_string(),
        dtype,
        inner: 1,
        planes: 1,
        lanes: Lanes::Block,
        role,
    };
    let mut kernel = Kernel {
        name: op.name().to_string(),
        buffers: vec![buffer("x", Role::Input), buffer("y", Role::Output)],
        steps: vec![Step::Loop(body)],
        ..Kernel::default()
    };
    expand(&mut kernel);
    kernel
}

fn apply<T: Copy + Default>(op: Unary, dtype: DType, profile: NumericProfile, x: &[T]) -> Vec<T> {
    let interpreter = Interpreter::with_profile(&kernel(op, dtype), profile).unwrap();
    let mut x = x.to_vec();
    let count = x.len();
    x.resize(count.next_multiple_of(16), T::default());
    let mut y = vec![T::default(); x.len()];
    let at = |base: *mut T| BufferAt { base: base.cast(), row: 0, inner: 0, plane: 0 };
    let call = Call {
        buffers: &[at(x.as_mut_ptr()), at(y.as_mut_ptr())],
        carries: &[],
        params: &[],
        start: 0,
        rows: 1,
        lanes: x.len(),
        lane0: 0,
    };
    // SAFETY: both buffers hold one row of so many lanes of this type.
    unsafe { interpreter.run(LoopRef::Step(0), &call) };
    y.truncate(count);
    y
}

fn op(name: &str) -> Unary {
    Unary::ALL.into_iter().find(|op| op.name() == name).unwrap()
}

/// Distance between neighbours at `x`.
fn ulp(x: f64) -> f64 {
    let x = x.abs();
    f64::from_bits(x.to_bits() + 1) - x
}

#[test]
fn f64_is_within_two_units_of_mpmath() {
    let lines: Vec<Vec<&str>> =
        include_str!("transcendental/reference.txt").lines().map(|l| l.split(' ').collect()).collect();
    assert!(lines.len() > 2000);
    for name in ["exp", "log", "sin", "cos"] {
        let mine: Vec<_> = lines.iter().filter(|l| l[0] == name).collect();
        let number = |s: &str| f64::from_bits(u64::from_str_radix(s, 16).unwrap());
        let x: Vec<f64> = mine.iter().map(|l| number(l[1])).collect();
        for profile in PROFILES {
            let y = apply(op(name), DType::F64, profile, &x);
            let mut worst = (0.0, 0.0);
            for ((line, x), y) in mine.iter().zip(&x).zip(y) {
                let (near, rest): (f64, f64) = (number(line[2]), line[3].parse().unwrap());
                if near.is_infinite() || near == 0.0 {
                    assert_eq!(y, near, "{name}({x:e})");
                    continue;
                }
                let off = ((y - near) / ulp(near) - rest).abs();
                assert!(!off.is_nan(), "{name}({x:e}) = {y}");
                if off > worst.0 {
                    worst = (off, *x);
                }
            }
            println!("{name} f64 {profile}: at most {:.3} units off, at {:e}", worst.0, worst.1);
            assert!(worst.0 <= 2.0, "{name} {profile}: {} units off at {:e}", worst.0, worst.1);
        }
    }
}

#[test]
fn f32_is_within_a_unit_everywhere() {
    let all: Vec<f32> = (0..=u32::MAX).step_by(20_011).map(f32::from_bits).collect();
    for (name, exact) in [
        ("exp", f64::exp as fn(f64) -> f64),
        ("log", f64::ln as fn(f64) -> f64),
        ("sin", f64::sin as fn(f64) -> f64),
        ("cos", f64::cos as fn(f64) -> f64),
    ] {
        let y = apply(op(name), DType::F32, NumericProfile::host(), &all);
        let mut worst = 0.0f64;
        for (x, y) in all.iter().zip(y) {
            let wide = exact(f64::from(*x));
            let near = wide as f32;
            let beyond = matches!(name, "sin" | "cos") && x.abs() > 1_048_576.0;
            if near.is_nan() || beyond {
                assert!(y.is_nan(), "{name}({x:e}) = {y}");
            } else if near.is_infinite() || y.is_infinite() || near == 0.0 {
                assert_eq!(y.to_bits(), near.to_bits(), "{name}({x:e}) = {y}, not {near}");
            } else {
                let unit = f64::from(f32::from_bits(near.abs().to_bits() + 1)) - f64::from(near.abs());
                let off = (f64::from(y) - wide).abs() / unit;
                worst = worst.max(off);
                assert!(off <= 0.6, "{name}({x:e}) = {y:e}, {off} units off");
            }
        }
        println!("{name} f32: at most {worst:.3} units off");
    }
}

#[test]
fn special_values() {
    let x = [0.0, -0.0, f64::INFINITY, f64::NEG_INFINITY, f64::NAN, -1.0, 5e-324, 1e6, 1e7, -1e300];
    let exp = apply(Unary::Exp, DType::F64, NumericProfile::host(), &x);
    assert_eq!(exp[..4], [1.0, 1.0, f64::INFINITY, 0.0]);
    assert!(exp[4].is_nan());
    assert_eq!(exp[6..], [1.0, f64::INFINITY, f64::INFINITY, 0.0]);
    let log = apply(Unary::Log, DType::F64, NumericProfile::host(), &x);
    assert_eq!(log[..3], [f64::NEG_INFINITY, f64::NEG_INFINITY, f64::INFINITY]);
    assert!(log[3..6].iter().all(|y| y.is_nan()));
    let sin = apply(Unary::Sin, DType::F64, NumericProfile::host(), &x);
    assert_eq!(sin[0].to_bits(), 0);
    assert_eq!(sin[1].to_bits(), (-0.0f64).to_bits());
    assert!([2, 3, 4, 8, 9].iter().all(|at| sin[*at].is_nan()), "{sin:?}");
    assert_eq!(sin[6], 5e-324);
    let cos = apply(Unary::Cos, DType::F64, NumericProfile::host(), &x);
    assert_eq!(cos[..2], [1.0, 1.0]);
    assert!([2, 3, 4, 8, 9].iter().all(|at| cos[*at].is_nan()));
}
