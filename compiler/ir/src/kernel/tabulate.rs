//! Computes once, before the kernel runs, what depends on the inner position alone: windows of frames, band edges, phase factors.
//! The numbers become parameters, by the same operations in the same precision, so no bit changes.

use super::interp::{binary, cast, fma, unary};
use super::verify::types;
use super::{Affine, Instr, Kernel, Loop, NumericProfile, Place, Step, Val};
use crate::DType;

/// Fewer operations than this are no more work than reading a table.
const LEAST: usize = 3;
/// Longer tables would push what they are applied to out of the cache.
const LONGEST: u32 = 1 << 16;

/// Tabulates in every loop over inner positions of an expanded kernel. Parameters in `changing` slots are known later only.
pub fn tabulate(kernel: &mut Kernel, changing: &dyn Fn(u32) -> bool) {
    for step in 0..kernel.steps.len() {
        let Step::Loop(body) = &kernel.steps[step] else { continue };
        if !(2..=LONGEST).contains(&body.inner) {
            continue;
        }
        let mut body = body.clone();
        let types = types(kernel, &body);
        let table = Tables { params: &kernel.params, body: &body, types: &types, changing };
        let found = table.find();
        for (val, dtype, numbers) in found {
            let slot = kernel.params.len() as u32;
            kernel.params.extend(numbers);
            body.values[val.index()] = Instr::Table { slot, index: Affine::INNER, dtype };
        }
        body.sweep();
        kernel.steps[step] = Step::Loop(body);
    }
}

struct Tables<'k> {
    params: &'k [f64],
    body: &'k Loop,
    types: &'k [Option<DType>],
    changing: &'k dyn Fn(u32) -> bool,
}

/// What a value depends on.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum On {
    Nothing,
    Inner,
    More,
}

impl Tables<'_> {
    /// Values to be read from tables, with their numbers.
    fn find(&self) -> Vec<(Val, DType, Vec<f64>)> {
        let mut on = vec![On::More; self.body.values.len()];
        let mut cost = vec![0usize; self.body.values.len()];
        let mut order = Vec::new();
        for &val in &self.body.body {
            let instr = &self.body.values[val.index()];
            on[val.index()] = self.depends(instr, &on);
            if on[val.index()] != On::More {
                order.push(val);
                let mut sum = 1;
                instr.operands(|v| sum += cost[v.index()]);
                cost[val.index()] = sum;
            }
        }
        let mut wanted = Vec::new();
        let mut want = |v: Val| {
            let float = matches!(self.types[v.index()], Some(DType::F32 | DType::F64));
            if on[v.index()] == On::Inner && cost[v.index()] > LEAST && float && !wanted.contains(&v) {
                wanted.push(v);
            }
        };
        for instr in &self.body.values {
            // What reads an element of a fold reads it inside; a fold itself is more than the position.
            if self.depends(instr, &on) == On::More {
                instr.operands(&mut want);
            }
        }
        if wanted.is_empty() {
            return Vec::new();
        }
        let mut numbers = vec![Vec::new(); wanted.len()];
        let mut bits = vec![0u64; self.body.values.len()];
        for inner in 0..i64::from(self.body.inner) {
            for val in &order {
                bits[val.index()] = self.compute(*val, inner, &bits);
            }
            for (numbers, val) in numbers.iter_mut().zip(&wanted) {
                numbers.push(match self.types[val.index()] {
                    Some(DType::F32) => f64::from(f32::from_bits(bits[val.index()] as u32)),
                    _ => f64::from_bits(bits[val.index()]),
                });
            }
        }
        let typed = |val: Val| self.types[val.index()].unwrap_or(DType::F64);
        wanted.into_iter().zip(numbers).map(|(val, numbers)| (val, typed(val), numbers)).collect()
    }

    fn depends(&self, instr: &Instr, on: &[On]) -> On {
        match instr {
            Instr::Bits { .. } => On::Nothing,
            Instr::Param { slot, .. } if !(self.changing)(*slot) => On::Nothing,
            Instr::Position(Place::Inner) => On::Inner,
            Instr::Unary { .. }
            | Instr::Binary { .. }
            | Instr::Fma { .. }
            | Instr::Select { .. }
            | Instr::Cast { .. }
            | Instr::Bitcast { .. } => {
                let mut most = On::Nothing;
                instr.operands(|v| most = most.max(on[v.index()]));
                most
            }
            Instr::Param { .. }
            | Instr::Table { .. }
            | Instr::Position(_)
            | Instr::Load { .. }
            | Instr::Store { .. }
            | Instr::Carry(_)
            | Instr::SetCarry { .. }
            | Instr::Fold { .. }
            | Instr::FoldArg { .. }
            | Instr::FoldResult { .. } => On::More,
        }
    }

    fn compute(&self, val: Val, inner: i64, bits: &[u64]) -> u64 {
        let of = |v: Val| bits[v.index()];
        let typed = |v: Val| self.types[v.index()].unwrap_or(DType::F64);
        match &self.body.values[val.index()] {
            Instr::Bits { bits, .. } => *bits,
            Instr::Param { slot, dtype } => {
                let value = self.params.get(*slot as usize).copied().unwrap_or(f64::NAN);
                if *dtype == DType::F32 { u64::from((value as f32).to_bits()) } else { value.to_bits() }
            }
            Instr::Unary { op, a } => unary(*op, typed(*a), of(*a)),
            Instr::Binary { op, a, b } => binary(*op, typed(*a), of(*a), of(*b)),
            Instr::Fma { a, b, c } => fma(NumericProfile::host(), typed(*a), of(*a), of(*b), of(*c)),
            Instr::Select { mask, a, b } => of(if of(*mask) != 0 { *a } else { *b }),
            Instr::Cast { to, a } => cast(typed(*a), *to, of(*a)),
            Instr::Bitcast { a, .. } => of(*a),
            // Nothing else depends on the position alone.
            _ => (inner as f64).to_bits(),
        }
    }
}
