//! Random kernels that keep every rule, for comparing back ends with the interpreter.
//!
//! A kernel depends on its seed alone. Values that are compared by their bits never come from the payload of a NaN,
//! which processors choose differently.

use super::{
    Affine, Buffer, BufferId, Carry, CarryId, Domain, Instr, Kernel, LaneAt, Lanes, Loop, Place, Role, Step,
    Val,
};
use crate::DType;
use crate::scalar::{Binary, Unary};

/// SplitMix64 (Steele, Lea and Flood 2014).
#[derive(Clone, Debug)]
pub struct Random(pub u64);

impl Random {
    pub fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `n`.
    pub fn below(&mut self, n: u64) -> u64 {
        self.word() % n.max(1)
    }

    /// A number of `low ..= high`.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        low + self.below((high - low + 1) as u64) as i64
    }

    pub fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u64) as usize]
    }

    /// A number as data has it, or one of the awkward ones.
    pub fn number(&mut self) -> f64 {
        match self.below(24) {
            0 => f64::NAN,
            1 => f64::INFINITY,
            2 => f64::NEG_INFINITY,
            3 => 0.0,
            4 => -0.0,
            5 => 1e-310,
            6 => -1e-41,
            7 => 3e38,
            8 => -1e300,
            9 => 1.0,
            10..15 => self.between(-5, 5) as f64,
            _ => (self.word() as i64 as f64) / 9.3e17,
        }
    }
}

const FLOATS: [DType; 2] = [DType::F32, DType::F64];

/// A verified, expanded kernel of one or two loops.
pub fn kernel(seed: u64) -> Kernel {
    let mut rng = Random(seed);
    let mut kernel = Kernel { name: format!("random {seed}"), ..Kernel::default() };
    let lanes = if rng.chance(15) { Lanes::Fixed(rng.pick(&[1, 16, 20])) } else { Lanes::Block };
    for at in 0..rng.between(1, 3) {
        let dtype = rng.pick(&[DType::I16, DType::I32, DType::F32, DType::F32, DType::F64]);
        let role = if rng.chance(20) { Role::Constant } else { Role::Input };
        let lanes = if lanes != Lanes::Block && rng.chance(50) { Lanes::Block } else { lanes };
        let (inner, planes) = (rng.between(1, 4) as u32, rng.between(1, 2) as u32);
        kernel.buffers.push(Buffer { name: format!("in{at}"), dtype, inner, planes, lanes, role });
    }
    for at in 0..rng.between(1, 2) {
        let dtype = rng.pick(&[DType::F32, DType::F32, DType::F64, DType::I32]);
        let (inner, planes) = (rng.between(1, 3) as u32, rng.between(1, 2) as u32);
        kernel.buffers.push(Buffer {
            name: format!("out{at}"),
            dtype,
            inner,
            planes,
            lanes,
            role: Role::Output,
        });
    }
    for at in 0..rng.between(0, 3) {
        let dtype = rng.pick(&[DType::F32, DType::F64, DType::F64, DType::I64]);
        kernel.carries.push(Carry { name: format!("c{at}"), dtype, inner: 3, lanes, init: 0.0 });
    }
    // Finite, and never so large that all else vanishes.
    kernel.params = (0..rng.between(4, 12)).map(|_| rng.between(-300, 300) as f64 / 128.0).collect();
    let outputs: Vec<BufferId> = (0..kernel.buffers.len() as u32)
        .map(BufferId)
        .filter(|id| kernel.buffers[id.index()].role == Role::Output)
        .collect();
    for output in outputs {
        let inner = kernel.buffers[output.index()].inner;
        let lanes = match lanes {
            Lanes::Block => None,
            Lanes::Fixed(n) => Some(n),
        };
        let body = Loop { inner, lanes, domain: Domain::Rows(output), ..Loop::default() };
        let mut maker = Maker { rng: &mut rng, kernel: &kernel, body, known: Vec::new(), taps: None };
        let body = maker.whole(output);
        kernel.steps.push(Step::Loop(body));
    }
    kernel
}

struct Maker<'r> {
    rng: &'r mut Random,
    kernel: &'r Kernel,
    body: Loop,
    /// Values in scope with their types.
    known: Vec<(Val, DType)>,
    taps: Option<u32>,
}

impl Maker<'_> {
    fn whole(&mut self, output: BufferId) -> Loop {
        let mut list = Vec::new();
        for _ in 0..self.rng.between(2, 18) {
            if self.rng.chance(14) {
                self.fold(&mut list);
            } else {
                self.some(&mut list);
            }
        }
        for c in 0..self.kernel.carries.len() {
            if self.rng.chance(80) {
                let carry = CarryId(c as u32);
                let value = self.of_type(self.kernel.carries[c].dtype, &mut list);
                self.add(Instr::SetCarry { carry, value }, None, &mut list);
            }
        }
        let known = &self.kernel.buffers[output.index()];
        for plane in 0..known.planes {
            let value = self.of_type(known.dtype, &mut list);
            let store = Instr::Store { buffer: output, inner: Affine::INNER, plane, value };
            self.add(store, None, &mut list);
        }
        self.body.body = list;
        std::mem::take(&mut self.body)
    }

    fn add(&mut self, instr: Instr, dtype: Option<DType>, list: &mut Vec<Val>) -> Val {
        let val = self.body.push(instr);
        list.push(val);
        if let Some(dtype) = dtype {
            self.known.push((val, dtype));
        }
        val
    }

    fn have(&mut self, dtype: DType) -> Option<Val> {
        let fitting: Vec<Val> = self.known.iter().filter(|(_, d)| *d == dtype).map(|(v, _)| *v).collect();
        // Recent values more often, so that bodies grow deep.
        if fitting.is_empty() {
            return None;
        }
        let recent = &fitting[fitting.len().saturating_sub(4)..];
        Some(if self.rng.chance(70) { self.rng.pick(recent) } else { self.rng.pick(&fitting) })
    }

    /// A value of this type, made if there is none.
    fn of_type(&mut self, dtype: DType, list: &mut Vec<Val>) -> Val {
        if let Some(val) = self.have(dtype) {
            return val;
        }
        let slot = self.rng.below(self.kernel.params.len() as u64) as u32;
        match dtype {
            DType::F32 | DType::F64 => self.add(Instr::Param { slot, dtype }, Some(dtype), list),
            DType::I32 | DType::I64 => {
                let bits = if self.rng.chance(50) { self.rng.below(9) } else { self.rng.word() >> 33 };
                self.add(Instr::Bits { bits, dtype }, Some(dtype), list)
            }
            _ => {
                let (a, b) = (self.of_type(DType::F32, list), self.of_type(DType::F32, list));
                self.add(Instr::Binary { op: Binary::Lt, a, b }, Some(DType::Bool), list)
            }
        }
    }

    fn some(&mut self, list: &mut Vec<Val>) {
        match self.rng.below(16) {
            0..3 => self.load(list),
            3 => {
                let dtype = self.rng.pick(&FLOATS);
                let slot = self.rng.below(self.kernel.params.len() as u64) as u32;
                self.add(Instr::Param { slot, dtype }, Some(dtype), list);
            }
            4 => {
                let dtype = self.rng.pick(&FLOATS);
                // Four parameters there are at least: slot 1, and up to two further.
                let (inner, tap) = match self.taps {
                    Some(2..=3) => (0, 1),
                    _ if self.body.inner <= 3 => (1, 0),
                    _ => (0, 0),
                };
                let index = Affine { row: 0, inner, tap, add: self.rng.between(-1, 0) };
                self.add(Instr::Table { slot: 1, index, dtype }, Some(dtype), list);
            }
            5 => {
                let mut places = vec![Place::Row, Place::Inner, Place::Lane];
                if self.taps.is_some() {
                    places.push(Place::Tap);
                }
                let place = self.rng.pick(&places);
                self.add(Instr::Position(place), Some(DType::F64), list);
            }
            6 if !self.kernel.carries.is_empty() => {
                let c = self.rng.below(self.kernel.carries.len() as u64) as u32;
                let dtype = self.kernel.carries[c as usize].dtype;
                self.add(Instr::Carry(CarryId(c)), Some(dtype), list);
            }
            7 => {
                let (dtype, ops): (DType, &[Unary]) = match self.rng.below(5) {
                    0 => (DType::I32, &[Unary::Neg, Unary::Abs, Unary::Not]),
                    1 => (DType::I64, &[Unary::Neg, Unary::Abs, Unary::Not]),
                    2 => (DType::Bool, &[Unary::Not]),
                    3 => (DType::F64, &[Unary::Neg, Unary::Abs, Unary::Sqrt, Unary::Floor]),
                    _ => (DType::F32, &[Unary::Neg, Unary::Abs, Unary::Sqrt, Unary::Floor]),
                };
                let op = self.rng.pick(ops);
                let a = self.of_type(dtype, list);
                self.add(Instr::Unary { op, a }, Some(dtype), list);
            }
            8 => {
                let dtype = self.rng.pick(&FLOATS);
                let (a, b, c) =
                    (self.of_type(dtype, list), self.of_type(dtype, list), self.of_type(dtype, list));
                self.add(Instr::Fma { a, b, c }, Some(dtype), list);
            }
            9 => {
                let dtype = self.rng.pick(&[DType::F32, DType::F64, DType::I32, DType::I64]);
                let mask = self.of_type(DType::Bool, list);
                let (a, b) = (self.of_type(dtype, list), self.of_type(dtype, list));
                self.add(Instr::Select { mask, a, b }, Some(dtype), list);
            }
            10 => {
                let from = self.rng.pick(&[DType::F32, DType::F64, DType::I32, DType::Bool]);
                let to = match from {
                    DType::F32 => DType::F64,
                    DType::F64 => DType::F32,
                    _ => self.rng.pick(&FLOATS),
                };
                let a = self.of_type(from, list);
                self.add(Instr::Cast { to, a }, Some(to), list);
            }
            11 => self.bitcast(list),
            _ => self.binary(list),
        }
    }

    fn binary(&mut self, list: &mut Vec<Val>) {
        use Binary::*;
        let (dtype, ops): (DType, &[Binary]) = match self.rng.below(7) {
            0 => (DType::I32, &[Add, Sub, Mul, Min, Max, Lt, Le, Gt, Ge, Eq, Ne, And, Or, Xor, Shl, Shr]),
            1 => (DType::I64, &[Add, Sub, Mul, Min, Max, Lt, Le, Gt, Ge, Eq, Ne, And, Or, Xor, Shl, Shr]),
            2 => (DType::Bool, &[And, Or, Xor]),
            3 | 4 => (DType::F64, &[Add, Sub, Mul, Div, Min, Max, Lt, Le, Gt, Ge, Eq, Ne]),
            _ => (DType::F32, &[Add, Sub, Mul, Div, Min, Max, Lt, Le, Gt, Ge, Eq, Ne]),
        };
        let op = self.rng.pick(ops);
        let a = self.of_type(dtype, list);
        let b = match op {
            Shl | Shr => {
                let bits = self.rng.below(dtype.size() as u64 * 8);
                self.add(Instr::Bits { bits, dtype }, Some(dtype), list)
            }
            _ => self.of_type(dtype, list),
        };
        let result = if op.is_comparison() { DType::Bool } else { dtype };
        self.add(Instr::Binary { op, a, b }, Some(result), list);
    }

    fn bitcast(&mut self, list: &mut Vec<Val>) {
        let pairs = [
            (DType::F32, DType::I32),
            (DType::I32, DType::F32),
            (DType::F64, DType::I64),
            (DType::I64, DType::F64),
        ];
        let (from, to) = self.rng.pick(&pairs);
        let mut a = self.of_type(from, list);
        if from.is_float() {
            let slot = self.rng.below(self.kernel.params.len() as u64) as u32;
            let other = self.add(Instr::Param { slot, dtype: from }, Some(from), list);
            let mask = self.add(Instr::Binary { op: Binary::Eq, a, b: a }, Some(DType::Bool), list);
            a = self.add(Instr::Select { mask, a, b: other }, Some(from), list);
        }
        self.add(Instr::Bitcast { to, a }, Some(to), list);
    }

    fn load(&mut self, list: &mut Vec<Val>) {
        let readable: Vec<u32> = (0..self.kernel.buffers.len() as u32)
            .filter(|id| self.kernel.buffers[*id as usize].role != Role::Output)
            .collect();
        let id = self.rng.pick(&readable);
        let buffer = &self.kernel.buffers[id as usize];
        let tap = if self.taps.is_some() { self.rng.between(-1, 2) } else { 0 };
        let row = Affine {
            row: self.rng.pick(&[1, 1, 1, 2, 0]),
            inner: self.rng.pick(&[0, 0, 1]),
            tap,
            add: self.rng.between(-3, 3),
        };
        // The inner position stays within the buffer whatever the loop's index.
        let (trips, taps) = (i64::from(self.body.inner), i64::from(self.taps.unwrap_or(1)));
        let room = i64::from(buffer.inner) - 1;
        let inner_factor = i64::from(trips - 1 <= room && self.rng.chance(50));
        let left = room - inner_factor * (trips - 1);
        let tap_factor = i64::from(self.taps.is_some() && taps - 1 <= left && self.rng.chance(50));
        let left = left - tap_factor * (taps - 1).max(0);
        let inner =
            Affine { row: 0, inner: inner_factor, tap: tap_factor, add: self.rng.between(0, left.max(0)) };
        let foreign = matches!(buffer.lanes, Lanes::Fixed(n) if self.body.lanes != Some(n));
        let lane = match buffer.lanes {
            Lanes::Fixed(n) if foreign || self.rng.chance(20) => {
                LaneAt::Splat(self.rng.below(u64::from(n)) as u32)
            }
            Lanes::Fixed(_) => LaneAt::Shift(0),
            Lanes::Block if self.rng.chance(15) => LaneAt::Splat(self.rng.below(16) as u32),
            Lanes::Block if self.rng.chance(40) => LaneAt::Shift(self.rng.between(-5, 5) as i32),
            Lanes::Block => LaneAt::Shift(0),
        };
        let plane = self.rng.below(u64::from(buffer.planes)) as u32;
        let dtype = if buffer.dtype == DType::I16 { DType::I32 } else { buffer.dtype };
        self.add(Instr::Load { buffer: BufferId(id), row, inner, plane, lane }, Some(dtype), list);
    }

    fn fold(&mut self, list: &mut Vec<Val>) {
        let taps = self.rng.pick(&[0, 1, 2, 3, 3, 5, 9, 13]);
        let dtypes: Vec<DType> = (0..self.rng.between(1, 3))
            .map(|_| self.rng.pick(&[DType::F32, DType::F64, DType::I32, DType::I64]))
            .collect();
        let init: Vec<Val> = dtypes.iter().map(|d| self.of_type(*d, list)).collect();
        let outer = self.known.clone();
        let mut args = Vec::new();
        for dtype in &dtypes {
            let arg = self.body.push(Instr::FoldArg { dtype: *dtype });
            self.known.push((arg, *dtype));
            args.push(arg);
        }
        self.taps = Some(taps);
        let mut inside = Vec::new();
        for _ in 0..self.rng.between(1, 8) {
            self.some(&mut inside);
        }
        let next = dtypes.iter().map(|d| self.of_type(*d, &mut inside)).collect();
        self.taps = None;
        self.known = outer;
        let fold = self.add(Instr::Fold { taps, init, args, body: inside, next }, None, list);
        for (index, dtype) in dtypes.iter().enumerate() {
            self.add(Instr::FoldResult { fold, index: index as u32 }, Some(*dtype), list);
        }
    }
}
