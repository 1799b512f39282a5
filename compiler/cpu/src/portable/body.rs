//! The instructions of a body.

use cranelift_codegen::ir::types::{F64, F64X2, I16, I16X8, I32, I32X4, I64};
use cranelift_codegen::ir::{BlockArg, InstBuilder, MemFlagsData, Value};
use dasc_ir::DType;
use dasc_ir::kernel::{Affine, Instr, LaneAt, Place, Val};
use dasc_ir::scalar::{Binary, Unary};

use super::address::Stride;
use super::lanes::{Form, Lanes, count, vector};
use super::nest::Nest;
use crate::fence::AT;
use crate::place::place_of;
use crate::pool::{Entry, NARROW};

/// What moves with the taps of a fold that is a loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tap {
    /// The tap number.
    Number,
    /// The place of an element.
    Place(crate::place::Place),
    /// An entry of the pool at this byte offset, moved by the inner position and the tap.
    Table { offset: i64, inner: i64, tap: i64 },
}

/// Folds of at most so many taps, and so many instructions once unrolled, become straight code.
const UNROLL_TAPS: u32 = 8;
const UNROLL_INSTRUCTIONS: usize = 512;

/// Elements may lie anywhere in a row, so vectors are not aligned.
fn element_flags() -> MemFlagsData {
    MemFlagsData::new().with_notrap()
}

impl Nest<'_, '_> {
    fn value(&self, v: Val) -> Lanes {
        self.values[v.index()].clone().expect("operands come before their users")
    }

    fn bits(&mut self, bits: u64, dtype: DType) -> Lanes {
        let offset = self.pool.offset(Entry::Bits { bits, dtype });
        let width = if dtype == DType::Bool { 4 } else { dtype.size() };
        Lanes { dtype, width, form: Form::Memory(self.pool_at, offset as i32) }
    }

    /// Emits one instruction; `tap` is the tap number inside an unrolled fold.
    pub fn instruction(&mut self, val: Val, tap: i64) {
        AT.set(Some(val));
        let body = self.body;
        let lanes = match &body.values[val.index()] {
            instr @ Instr::Load { buffer, lane, .. } => {
                let (at, offset) = self.element(instr, tap);
                let dtype = self.kernel.buffers[buffer.index()].dtype;
                match lane {
                    LaneAt::Shift(_) => self.load(dtype, at, offset),
                    LaneAt::Splat(_) => self.load_splat(dtype, at, offset),
                }
            }
            instr @ Instr::Store { value, .. } => {
                let (at, offset) = self.element(instr, tap);
                let value = self.value(*value);
                self.store(at, offset, &value);
                return;
            }
            Instr::Param { slot, dtype } => {
                let offset = self.pool.offset(Entry::Params { first: *slot, count: 1, dtype: *dtype });
                let form = Form::Memory(self.pool_at, offset as i32);
                Lanes { dtype: *dtype, width: dtype.size(), form }
            }
            Instr::Table { slot, index, dtype } => self.table(*slot, *index, *dtype, tap),
            Instr::Bits { bits, dtype } => self.bits(*bits, *dtype),
            Instr::Position(place) => self.position(*place, tap),
            Instr::Carry(carry) => self.state[carry].clone(),
            Instr::SetCarry { carry, value } => {
                let value = self.value(*value);
                self.next.insert(*carry, value);
                return;
            }
            Instr::Unary { op, a } => {
                let a = self.value(*a);
                let sign = match (a.dtype, op) {
                    (DType::F32, Unary::Abs) => self.bits(0x7fff_ffff, DType::F32),
                    (DType::F64, Unary::Abs) => self.bits(!(1 << 63), DType::F64),
                    (DType::F32, Unary::Neg) => self.bits(0x8000_0000, DType::F32),
                    (DType::F64, Unary::Neg) => self.bits(1 << 63, DType::F64),
                    _ => a.clone(),
                };
                self.ops().unary(*op, &a, &sign)
            }
            Instr::Binary { op: op @ (Binary::Shl | Binary::Shr), a, b } => {
                let by = match &body.values[b.index()] {
                    Instr::Bits { bits, .. } => *bits,
                    _ => unreachable!("the verifier admits constant distances only"),
                };
                let a = self.value(*a);
                self.ops().shift(*op == Binary::Shl, &a, by)
            }
            Instr::Binary { op, a, b } => {
                let (a, b) = (self.value(*a), self.value(*b));
                self.ops().binary(*op, &a, &b)
            }
            Instr::Fma { a, b, c } => {
                let (a, b, c) = (self.value(*a), self.value(*b), self.value(*c));
                self.ops().fma(&a, &b, &c)
            }
            Instr::Select { mask, a, b } => {
                let (mask, a, b) = (self.value(*mask), self.value(*a), self.value(*b));
                self.ops().select(&mask, &a, &b)
            }
            Instr::Cast { to, a } => {
                let a = self.value(*a);
                let one = match to {
                    DType::F32 => self.bits(u64::from(1f32.to_bits()), DType::F32),
                    _ => self.bits(1f64.to_bits(), DType::F64),
                };
                self.ops().cast(*to, &a, &one)
            }
            Instr::Bitcast { to, a } => {
                let a = self.value(*a);
                self.ops().bitcast(*to, &a)
            }
            Instr::Fold { taps, init, args, body: inside, next } => {
                let init: Vec<Lanes> = init.iter().map(|v| self.value(*v)).collect();
                let straight =
                    *taps <= UNROLL_TAPS && *taps as usize * inside.len().max(1) <= UNROLL_INSTRUCTIONS;
                let results = if straight {
                    self.unroll(*taps, init, args, inside, next)
                } else {
                    self.fold(*taps, init, args, inside, next)
                };
                self.results.insert(val, results);
                return;
            }
            Instr::FoldArg { .. } => return,
            Instr::FoldResult { fold, index } => self.results[fold][*index as usize].clone(),
        };
        self.values[val.index()] = Some(lanes);
    }

    fn unroll(
        &mut self,
        taps: u32,
        init: Vec<Lanes>,
        args: &[Val],
        inside: &[Val],
        next: &[Val],
    ) -> Vec<Lanes> {
        let mut state = init;
        for tap in 0..i64::from(taps) {
            for (arg, lanes) in args.iter().zip(state) {
                self.values[arg.index()] = Some(lanes);
            }
            for v in inside {
                self.instruction(*v, tap);
            }
            state = next.iter().map(|v| self.value(*v)).collect();
        }
        state
    }

    /// A fold as a loop; there are several taps.
    fn fold(
        &mut self,
        taps: u32,
        init: Vec<Lanes>,
        args: &[Val],
        inside: &[Val],
        next: &[Val],
    ) -> Vec<Lanes> {
        let (head, exit) = (self.b.create_block(), self.b.create_block());
        let mut walks: Vec<(Tap, Value, Value)> = Vec::new();
        for v in inside {
            let Some(tap) = self.walk_of(&self.body.values[v.index()].clone()) else { continue };
            if walks.iter().any(|(known, ..)| *known == tap) {
                continue;
            }
            let (at, step) = self.walk_start(tap);
            walks.push((tap, at, step));
        }
        let count_down = self.b.ins().iconst(I64, i64::from(taps));
        let mut first: Vec<BlockArg> = vec![count_down.into()];
        first.extend(walks.iter().map(|(_, at, _)| BlockArg::from(*at)));
        for lanes in &init {
            first.extend(self.ops().all(lanes).into_iter().map(BlockArg::from));
        }
        self.b.ins().jump(head, &first);

        self.b.switch_to_block(head);
        let left = self.b.append_block_param(head, I64);
        for (tap, ..) in &walks {
            let at = self.b.append_block_param(head, I64);
            self.walking.insert(*tap, at);
        }
        for (arg, lanes) in args.iter().zip(&init) {
            let lanes = self.parameters(head, lanes.dtype);
            self.values[arg.index()] = Some(lanes);
        }
        for v in inside {
            self.instruction(*v, 0);
        }
        let left = self.b.ins().iadd_imm_s(left, -1);
        let mut again: Vec<BlockArg> = vec![left.into()];
        for (tap, _, step) in &walks {
            let at = self.b.ins().iadd(self.walking[tap], *step);
            again.push(at.into());
        }
        let mut last: Vec<BlockArg> = Vec::new();
        for v in next {
            let lanes = self.value(*v);
            for x in self.ops().all(&lanes) {
                again.push(x.into());
                last.push(x.into());
            }
        }
        let results = init.iter().map(|lanes| self.parameters(exit, lanes.dtype)).collect();
        self.b.ins().brif(left, head, &again, exit, &last);
        self.b.switch_to_block(exit);
        self.walking.clear();
        results
    }

    /// What an instruction inside a fold needs to walk with the taps.
    fn walk_of(&mut self, instr: &Instr) -> Option<Tap> {
        match instr {
            Instr::Position(Place::Tap) => Some(Tap::Number),
            Instr::Table { slot, index, dtype } if index.tap != 0 => {
                Some(self.table_tap(*slot, *index, *dtype))
            }
            _ => place_of(self.kernel, instr)
                .filter(|place| place.row_tap != 0 || place.inner_tap != 0)
                .map(Tap::Place),
        }
    }

    /// Where a walk starts and how far each tap takes it.
    fn walk_start(&mut self, tap: Tap) -> (Value, Value) {
        match tap {
            Tap::Number => (self.b.ins().iconst(I64, 0), self.b.ins().iconst(I64, 1)),
            Tap::Table { offset, inner, tap } => {
                let at = self.b.ins().iadd_imm_s(self.tables[&inner], offset);
                (at, self.b.ins().iconst(I64, tap * NARROW as i64))
            }
            Tap::Place(place) => {
                let (at, _) = self.address(place, 0);
                let buffer = place.pointer.buffer;
                let mut step = self.b.ins().iconst(I64, 0);
                step = self.advance(step, place.row_tap, buffer, Stride::Row);
                step = self.advance(step, place.inner_tap, buffer, Stride::Inner);
                (at, step)
            }
        }
    }

    fn element(&mut self, instr: &Instr, tap: i64) -> (Value, i32) {
        let place = place_of(self.kernel, instr).expect("an instruction that touches memory");
        match self.walking.get(&Tap::Place(place)) {
            Some(at) => (*at, place.lane as i32),
            None => self.address(place, tap),
        }
    }

    /// The walk of a table: all entries it may reach are one stretch of the pool.
    fn table_tap(&mut self, slot: u32, index: Affine, dtype: DType) -> Tap {
        let count = self.kernel.params.len() as u32;
        let offset = self.pool.offset(Entry::Params { first: 0, count, dtype });
        let offset = offset as i64 + (i64::from(slot) + index.add) * NARROW as i64;
        Tap::Table { offset, inner: index.inner, tap: index.tap }
    }

    fn table(&mut self, slot: u32, index: Affine, dtype: DType, tap: i64) -> Lanes {
        let walk = self.table_tap(slot, index, dtype);
        let Tap::Table { offset, inner, .. } = walk else { unreachable!("a table walks as a table") };
        let form = match self.walking.get(&walk) {
            Some(at) => Form::Memory(*at, 0),
            None => {
                let offset = offset + index.tap * tap * NARROW as i64;
                match i32::try_from(offset) {
                    Ok(offset) => Form::Memory(self.tables[&inner], offset),
                    Err(_) => Form::Memory(self.b.ins().iadd_imm_s(self.tables[&inner], offset), 0),
                }
            }
        };
        Lanes { dtype, width: dtype.size(), form }
    }

    fn position(&mut self, place: Place, tap: i64) -> Lanes {
        let whole = match place {
            Place::Row => self.row,
            Place::Inner => self.inner,
            Place::Tap => match self.walking.get(&Tap::Number) {
                Some(number) => *number,
                None => return self.bits((tap as f64).to_bits(), DType::F64),
            },
            Place::Lane => self.b.ins().iadd(self.lane0, self.lane),
        };
        let scalar = self.b.ins().fcvt_from_sint(F64, whole);
        let first = self.b.ins().splat(F64X2, scalar);
        let form = if place == Place::Lane {
            let mut each = Vec::new();
            for vector in 0..count(self.group, 8) as u32 {
                let offset = self.pool.offset(Entry::Lanes { vector });
                let numbers = self.b.ins().load(F64X2, MemFlagsData::trusted(), self.pool_at, offset as i32);
                each.push(self.b.ins().fadd(first, numbers));
            }
            Form::Each(each)
        } else {
            Form::Same(first)
        };
        Lanes { dtype: DType::F64, width: 8, form }
    }

    /// A group of elements; I16 as I32.
    pub fn load(&mut self, stored: DType, at: Value, offset: i32) -> Lanes {
        let dtype = if stored == DType::I16 { DType::I32 } else { stored };
        let width = dtype.size();
        let half = self.group * width < 16;
        let mut each = Vec::new();
        for j in 0..count(self.group, width) as i32 {
            let at_byte = offset + j * (16 / width * stored.size()) as i32;
            let v = match (stored, half) {
                (DType::I16, false) => self.b.ins().sload16x4(element_flags(), at, at_byte),
                (DType::I16, true) => {
                    let two = self.b.ins().load(I32, element_flags(), at, at_byte);
                    let two = self.b.ins().scalar_to_vector(I32X4, two);
                    let two = self.ops().cast_bits(I16X8, two);
                    self.b.ins().swiden_low(two)
                }
                (_, true) => {
                    let two = self.b.ins().load(F64, element_flags(), at, at_byte);
                    let two = self.b.ins().scalar_to_vector(F64X2, two);
                    self.ops().cast_bits(vector(dtype, width), two)
                }
                (_, false) => self.b.ins().load(vector(dtype, width), element_flags(), at, at_byte),
            };
            each.push(v);
        }
        Lanes { dtype, width, form: Form::Each(each) }
    }

    fn load_splat(&mut self, stored: DType, at: Value, offset: i32) -> Lanes {
        let dtype = if stored == DType::I16 { DType::I32 } else { stored };
        let width = dtype.size();
        let ty = vector(dtype, width);
        let scalar = match stored {
            DType::I16 => {
                let narrow = self.b.ins().load(I16, element_flags(), at, offset);
                self.b.ins().sextend(I32, narrow)
            }
            _ => self.b.ins().load(ty.lane_type(), element_flags(), at, offset),
        };
        let form = Form::Same(self.b.ins().splat(ty, scalar));
        Lanes { dtype, width, form }
    }

    pub fn store(&mut self, at: Value, offset: i32, lanes: &Lanes) {
        let half = self.group * lanes.width < 16;
        for j in 0..count(self.group, lanes.width) {
            let v = self.ops().at(lanes, j);
            let at_byte = offset + (j * 16) as i32;
            if half {
                let two = self.ops().cast_bits(F64X2, v);
                let two = self.b.ins().extractlane(two, 0);
                self.b.ins().store(element_flags(), two, at, at_byte);
            } else {
                self.b.ins().store(element_flags(), v, at, at_byte);
            }
        }
    }
}
