//! The kernel interpreter: one element at a time, in the order and precision the kernel states.
//!
//! This is what a kernel means, bit for bit; back ends are tested against it.

use super::verify::{listed, types, verify_expanded};
use super::{
    Affine, BufferId, Call, Executable, Instr, Kernel, LANES, LaneAt, Loop, LoopRef, NumericProfile, Place,
    Role, Val,
};
use crate::scalar::{Binary, Unary};
use crate::{DType, Diag, Result};

/// Runs kernels without generating code.
#[derive(Clone, Debug)]
pub struct Interpreter {
    kernel: Kernel,
    profile: NumericProfile,
    loops: Vec<(LoopRef, Loop, Vec<Option<DType>>)>,
}

impl Interpreter {
    /// Interprets with the profile of the host. A kernel that breaks a rule is an error of the compiler.
    pub fn new(kernel: &Kernel) -> Result<Interpreter> {
        Interpreter::with_profile(kernel, NumericProfile::host())
    }

    pub fn with_profile(kernel: &Kernel, profile: NumericProfile) -> Result<Interpreter> {
        verify_expanded(kernel)?;
        let loops = kernel
            .loops()
            .into_iter()
            .map(|(which, body)| (which, body.clone(), types(kernel, body)))
            .collect();
        Ok(Interpreter { kernel: kernel.clone(), profile, loops })
    }

    fn find(&self, which: LoopRef) -> Result<(&Loop, &[Option<DType>])> {
        self.loops
            .iter()
            .find(|(name, ..)| *name == which)
            .map(|(_, body, types)| (body, types.as_slice()))
            .ok_or_else(|| Diag::compiler(format!("kernel '{}' has no loop {which:?}", self.kernel.name)))
    }
}

impl Executable for Interpreter {
    unsafe fn run(&self, which: LoopRef, call: &Call) {
        let (body, types) = match self.find(which) {
            Ok(found) => found,
            Err(diag) => panic!("{diag}"),
        };
        assert!(
            call.buffers.len() == self.kernel.buffers.len()
                && call.carries.len() == self.kernel.carries.len()
                && call.params.len() == self.kernel.params.len(),
            "a call of kernel '{}' has other buffers, carries or parameters than the kernel",
            self.kernel.name
        );
        if call.rows <= 0 {
            return;
        }
        let lanes = body.lanes.map_or(call.lanes, |n| n as usize).next_multiple_of(LANES);
        let mut used = vec![None; self.kernel.carries.len()];
        for val in listed(body) {
            if let Instr::Carry(carry) | Instr::SetCarry { carry, .. } = &body.values[val.index()] {
                used[carry.index()] = Some(0u64);
            }
        }
        let mut at = At {
            kernel: &self.kernel,
            profile: self.profile,
            body,
            types,
            call,
            values: vec![0; body.values.len()],
            results: vec![Vec::new(); body.values.len()],
            state: used,
            row: 0,
            inner: 0,
            tap: 0,
            lane: 0,
        };
        for inner in 0..i64::from(body.inner) {
            for lane in 0..lanes as i64 {
                (at.inner, at.lane) = (inner, lane);
                // SAFETY: the caller vouches for every element the loop touches, of which these are some.
                unsafe { at.column() };
            }
        }
    }
}

/// Where the interpreter stands.
struct At<'k> {
    kernel: &'k Kernel,
    profile: NumericProfile,
    body: &'k Loop,
    types: &'k [Option<DType>],
    call: &'k Call<'k>,
    /// Bits of every value; 32-bit values in the low half, truth values as 0 or 1.
    values: Vec<u64>,
    /// Final accumulators of each fold.
    results: Vec<Vec<u64>>,
    /// Carries the loop touches.
    state: Vec<Option<u64>>,
    row: i64,
    inner: i64,
    tap: i64,
    lane: i64,
}

impl At<'_> {
    /// All rows of one inner position and lane.
    ///
    /// # Safety
    /// As for [`Executable::run`].
    unsafe fn column(&mut self) {
        for c in 0..self.state.len() {
            if self.state[c].is_some() {
                // SAFETY: the carry is used, so the caller vouches for its elements.
                self.state[c] = Some(unsafe { read(self.carry(c), self.kernel.carries[c].dtype) });
            }
        }
        for row in self.call.start..self.call.start + self.call.rows {
            self.row = row;
            let before = self.state.clone();
            for val in &self.body.body {
                // SAFETY: as for this function.
                unsafe { self.step(*val, &before) };
            }
        }
        for c in 0..self.state.len() {
            if let Some(bits) = self.state[c] {
                // SAFETY: as above.
                unsafe { write(self.carry(c), self.kernel.carries[c].dtype, bits) };
            }
        }
    }

    fn carry(&self, c: usize) -> *mut u8 {
        let at = self.call.carries[c];
        let size = self.kernel.carries[c].dtype.size() as isize;
        at.base.wrapping_offset(self.inner as isize * at.inner).wrapping_offset(self.lane as isize * size)
    }

    fn element(&self, id: BufferId, row: Affine, inner: Affine, plane: u32, lane: LaneAt) -> *mut u8 {
        let buffer = &self.kernel.buffers[id.index()];
        let at = self.call.buffers[id.index()];
        let row = match buffer.role {
            Role::Constant => 0,
            Role::Input | Role::Output | Role::Scratch => row.at(self.row, self.inner, self.tap),
        };
        let lane = match lane {
            LaneAt::Shift(by) => self.lane + i64::from(by),
            LaneAt::Splat(lane) => i64::from(lane),
        };
        at.base
            .wrapping_offset((row as isize).wrapping_mul(at.row))
            .wrapping_offset((inner.at(self.row, self.inner, self.tap) as isize).wrapping_mul(at.inner))
            .wrapping_offset((plane as isize).wrapping_mul(at.plane))
            .wrapping_offset((lane as isize).wrapping_mul(buffer.dtype.size() as isize))
    }

    fn dtype(&self, v: Val) -> DType {
        self.types[v.index()].expect("a verified operand has a type")
    }

    fn get(&self, v: Val) -> u64 {
        self.values[v.index()]
    }

    /// # Safety
    /// As for [`Executable::run`].
    unsafe fn step(&mut self, val: Val, before: &[Option<u64>]) {
        let body = self.body;
        let result = match &body.values[val.index()] {
            Instr::Load { buffer, row, inner, plane, lane } => {
                let at = self.element(*buffer, *row, *inner, *plane, *lane);
                // SAFETY: the caller vouches for the addresses that loads form.
                unsafe { read(at, self.kernel.buffers[buffer.index()].dtype) }
            }
            Instr::Store { buffer, inner, plane, value } => {
                let at = self.element(*buffer, Affine::ROW, *inner, *plane, LaneAt::Shift(0));
                // SAFETY: the caller vouches for the addresses that stores form.
                unsafe { write(at, self.kernel.buffers[buffer.index()].dtype, self.get(*value)) };
                0
            }
            Instr::Param { slot, dtype } => of_f64(self.call.params[*slot as usize], *dtype),
            Instr::Table { slot, index, dtype } => {
                let at = i64::from(*slot) + index.at(0, self.inner, self.tap);
                of_f64(self.call.params[at as usize], *dtype)
            }
            Instr::Bits { bits, .. } => *bits,
            Instr::Position(place) => {
                let position = match place {
                    Place::Row => self.row,
                    Place::Inner => self.inner,
                    Place::Tap => self.tap,
                    Place::Lane => self.call.lane0 + self.lane,
                };
                (position as f64).to_bits()
            }
            Instr::Carry(carry) => before[carry.index()].expect("the loop uses this carry"),
            Instr::SetCarry { carry, value } => {
                self.state[carry.index()] = Some(self.get(*value));
                0
            }
            Instr::Unary { op, a } => unary(*op, self.dtype(*a), self.get(*a)),
            Instr::Binary { op, a, b } => binary(*op, self.dtype(*a), self.get(*a), self.get(*b)),
            Instr::Fma { a, b, c } => {
                fma(self.profile, self.dtype(*a), self.get(*a), self.get(*b), self.get(*c))
            }
            Instr::Select { mask, a, b } => {
                if self.get(*mask) != 0 {
                    self.get(*a)
                } else {
                    self.get(*b)
                }
            }
            Instr::Cast { to, a } => cast(self.dtype(*a), *to, self.get(*a)),
            Instr::Bitcast { a, .. } => self.get(*a),
            Instr::Fold { taps, init, args, body: inside, next } => {
                let mut state: Vec<u64> = init.iter().map(|v| self.get(*v)).collect();
                for tap in 0..i64::from(*taps) {
                    self.tap = tap;
                    for (arg, bits) in args.iter().zip(&state) {
                        self.values[arg.index()] = *bits;
                    }
                    for v in inside {
                        // SAFETY: as for this function.
                        unsafe { self.step(*v, before) };
                    }
                    state = next.iter().map(|v| self.get(*v)).collect();
                }
                self.tap = 0;
                self.results[val.index()] = state;
                0
            }
            Instr::FoldArg { .. } => self.get(val),
            Instr::FoldResult { fold, index } => self.results[fold.index()][*index as usize],
        };
        self.values[val.index()] = result;
    }
}

/// # Safety
/// `at` is the aligned address of a live element of this type.
unsafe fn read(at: *const u8, dtype: DType) -> u64 {
    // SAFETY: the caller's promise; the casts agree with the element's type.
    unsafe {
        match dtype {
            DType::I16 => u64::from(i32::from(at.cast::<i16>().read()) as u32),
            DType::I32 | DType::F32 => u64::from(at.cast::<u32>().read()),
            DType::I64 | DType::F64 => at.cast::<u64>().read(),
            DType::Bool | DType::C32 => unreachable!("the verifier admits no such element"),
        }
    }
}

/// # Safety
/// `at` is the aligned address of a live element of this type that nobody else uses.
unsafe fn write(at: *mut u8, dtype: DType, bits: u64) {
    // SAFETY: the caller's promise; the casts agree with the element's type.
    unsafe {
        match dtype {
            DType::I32 | DType::F32 => at.cast::<u32>().write(bits as u32),
            DType::I64 | DType::F64 => at.cast::<u64>().write(bits),
            DType::I16 | DType::Bool | DType::C32 => unreachable!("the verifier admits no such store"),
        }
    }
}

fn of_f64(value: f64, dtype: DType) -> u64 {
    match dtype {
        DType::F32 => u64::from((value as f32).to_bits()),
        _ => value.to_bits(),
    }
}

/// One operation on the bits of a value.
pub fn unary(op: Unary, dtype: DType, a: u64) -> u64 {
    match dtype {
        DType::F32 => {
            let x = f32::from_bits(a as u32);
            let y = match op {
                Unary::Neg => -x,
                Unary::Abs => x.abs(),
                Unary::Sqrt => x.sqrt(),
                Unary::Floor => x.floor(),
                Unary::Not | Unary::Exp | Unary::Log | Unary::Sin | Unary::Cos => unreachable!("verified"),
            };
            u64::from(y.to_bits())
        }
        DType::F64 => {
            let x = f64::from_bits(a);
            let y = match op {
                Unary::Neg => -x,
                Unary::Abs => x.abs(),
                Unary::Sqrt => x.sqrt(),
                Unary::Floor => x.floor(),
                Unary::Not | Unary::Exp | Unary::Log | Unary::Sin | Unary::Cos => unreachable!("verified"),
            };
            y.to_bits()
        }
        DType::I32 => {
            let x = a as u32 as i32;
            let y = match op {
                Unary::Neg => x.wrapping_neg(),
                Unary::Abs => x.wrapping_abs(),
                Unary::Not => !x,
                _ => unreachable!("verified"),
            };
            u64::from(y as u32)
        }
        DType::I64 => {
            let x = a as i64;
            (match op {
                Unary::Neg => x.wrapping_neg(),
                Unary::Abs => x.wrapping_abs(),
                Unary::Not => !x,
                _ => unreachable!("verified"),
            }) as u64
        }
        DType::Bool => a ^ 1,
        DType::I16 | DType::C32 => unreachable!("no values of this type"),
    }
}

macro_rules! float {
    ($op:expr, $x:expr, $y:expr, $bits:expr) => {{
        let (x, y) = ($x, $y);
        match $op {
            Binary::Add => $bits(x + y),
            Binary::Sub => $bits(x - y),
            Binary::Mul => $bits(x * y),
            Binary::Div => $bits(x / y),
            Binary::Min if x.is_nan() || y.is_nan() => $bits(x + y),
            Binary::Min if x == y => $bits(if x.is_sign_negative() { x } else { y }),
            Binary::Min => $bits(if x < y { x } else { y }),
            Binary::Max if x.is_nan() || y.is_nan() => $bits(x + y),
            Binary::Max if x == y => $bits(if x.is_sign_positive() { x } else { y }),
            Binary::Max => $bits(if x > y { x } else { y }),
            Binary::Lt => u64::from(x < y),
            Binary::Le => u64::from(x <= y),
            Binary::Gt => u64::from(x > y),
            Binary::Ge => u64::from(x >= y),
            Binary::Eq => u64::from(x == y),
            Binary::Ne => u64::from(x != y),
            Binary::And | Binary::Or | Binary::Xor | Binary::Shl | Binary::Shr => unreachable!("verified"),
        }
    }};
}

macro_rules! integer {
    ($op:expr, $x:expr, $y:expr, $bits:expr) => {{
        let (x, y) = ($x, $y);
        match $op {
            Binary::Add => $bits(x.wrapping_add(y)),
            Binary::Sub => $bits(x.wrapping_sub(y)),
            Binary::Mul => $bits(x.wrapping_mul(y)),
            Binary::Div => unreachable!("verified"),
            Binary::Min => $bits(x.min(y)),
            Binary::Max => $bits(x.max(y)),
            Binary::Lt => u64::from(x < y),
            Binary::Le => u64::from(x <= y),
            Binary::Gt => u64::from(x > y),
            Binary::Ge => u64::from(x >= y),
            Binary::Eq => u64::from(x == y),
            Binary::Ne => u64::from(x != y),
            Binary::And => $bits(x & y),
            Binary::Or => $bits(x | y),
            Binary::Xor => $bits(x ^ y),
            Binary::Shl => $bits(x.wrapping_shl(y as u32)),
            Binary::Shr => $bits(x.wrapping_shr(y as u32)),
        }
    }};
}

/// One operation on the bits of two values of a type.
pub fn binary(op: Binary, dtype: DType, a: u64, b: u64) -> u64 {
    match dtype {
        DType::F32 => {
            float!(op, f32::from_bits(a as u32), f32::from_bits(b as u32), |y: f32| u64::from(y.to_bits()))
        }
        DType::F64 => float!(op, f64::from_bits(a), f64::from_bits(b), |y: f64| y.to_bits()),
        DType::I32 => integer!(op, a as u32 as i32, b as u32 as i32, |y: i32| u64::from(y as u32)),
        DType::I64 => integer!(op, a as i64, b as i64, |y: i64| y as u64),
        DType::Bool => match op {
            Binary::And => a & b,
            Binary::Or => a | b,
            Binary::Xor => a ^ b,
            _ => unreachable!("verified"),
        },
        DType::I16 | DType::C32 => unreachable!("no values of this type"),
    }
}

pub(super) fn fma(profile: NumericProfile, dtype: DType, a: u64, b: u64, c: u64) -> u64 {
    match dtype {
        DType::F32 => {
            let [a, b, c] = [a, b, c].map(|v| f32::from_bits(v as u32));
            let y = match profile {
                NumericProfile::Fma => a.mul_add(b, c),
                NumericProfile::NoFma => a * b + c,
            };
            u64::from(y.to_bits())
        }
        _ => {
            let [a, b, c] = [a, b, c].map(f64::from_bits);
            let y = match profile {
                NumericProfile::Fma => a.mul_add(b, c),
                NumericProfile::NoFma => a * b + c,
            };
            y.to_bits()
        }
    }
}

pub(super) fn cast(from: DType, to: DType, a: u64) -> u64 {
    let wide = match from {
        DType::F32 => f64::from(f32::from_bits(a as u32)),
        DType::F64 => f64::from_bits(a),
        DType::I32 => f64::from(a as u32 as i32),
        DType::Bool => a as f64,
        DType::I16 | DType::I64 | DType::C32 => unreachable!("verified"),
    };
    // An I32 is exact as F64, so going through it rounds once.
    of_f64(wide, to)
}
