//! The instructions of a body.

use dasc_ir::DType;
use dasc_ir::kernel::{Affine, Instr, LaneAt, NumericProfile, Place as Where, Role, Val};
use dasc_ir::scalar::{Binary, Unary};

use super::lanes::{Form, Lanes};
use super::lower::Lowering;
use super::program::{At, Ins, Int, IntId, Load, LoopId, Looped, Op, Step, V, Walk};
use crate::fence::AT;
use crate::place::{Place, place_of};
use crate::pool::{Entry, SCALAR};

/// Folds of at most so many taps, and so many instructions once unrolled, become straight code.
const UNROLL_TAPS: u32 = 8;
const UNROLL_INSTRUCTIONS: usize = 512;

/// Bytes of a cache line.
const LINE: i32 = 64;

impl Lowering<'_> {
    fn value(&mut self, v: Val) -> Lanes {
        if let Some((at, fixed)) = self.deferred.remove(&v) {
            let lanes = self.load_group(v, at, fixed, None);
            self.values[v.index()] = Some(lanes);
        }
        self.values[v.index()].clone().expect("operands come before their users")
    }

    /// Lowers one instruction; `tap` is the tap number inside an unrolled fold.
    pub fn instruction(&mut self, val: Val, tap: i64) {
        AT.set(Some(val));
        let body = self.body;
        let lanes = match &body.values[val.index()] {
            Instr::Load { lane, .. } => {
                let (at, fixed) = self.element(val, tap);
                self.look_ahead(val, at);
                match lane {
                    LaneAt::Splat(_) => self.load_splat(val, at, fixed),
                    LaneAt::Shift(_) if self.converts(val) => {
                        self.deferred.insert(val, (at, fixed));
                        return;
                    }
                    LaneAt::Shift(_) => self.load_group(val, at, fixed, None),
                }
            }
            Instr::Store { value, .. } => {
                let value = self.value(*value);
                let (at, _) = self.element(val, tap);
                self.look_ahead(val, at);
                let size = self.size(value.width);
                for j in 0..self.count(value.width) {
                    let at = At { disp: at.disp + (j * size.bytes()) as i32, ..at };
                    self.push(false, Ins::Store { size, value: value.at(j), at });
                }
                return;
            }
            Instr::Param { slot, dtype } => self.parameter(*slot, *dtype),
            Instr::Table { slot, index, dtype } => self.table(*slot, *index, *dtype, tap),
            Instr::Bits { bits, dtype } => self.bits(*bits, *dtype),
            Instr::Position(place) => self.position(*place, tap),
            Instr::Carry(carry) => self.state[carry].clone(),
            Instr::SetCarry { carry, value } => {
                let value = self.value(*value);
                self.next.insert(*carry, value);
                return;
            }
            Instr::Unary { op: Unary::Neg, a } if self.is_subtrahend(val) => {
                self.negated.insert(val, *a);
                return;
            }
            Instr::Unary { op, a } => {
                let a = self.value(*a);
                self.unary(*op, &a)
            }
            Instr::Binary { op: op @ (Binary::Shl | Binary::Shr), a, b } => {
                let by = match &body.values[b.index()] {
                    Instr::Bits { bits, .. } => *bits,
                    _ => unreachable!("the verifier admits constant distances only"),
                };
                let a = self.value(*a);
                self.shift(*op == Binary::Shl, &a, by)
            }
            Instr::Binary { .. }
                if self.sole_user.get(&val).is_some_and(|user| self.extreme_of(*user).is_some()) =>
            {
                return;
            }
            Instr::Binary { op, a: x, b: y } => {
                let (a, b) = (self.value(*x), self.value(*y));
                let least = *op == Binary::Min;
                match op {
                    Binary::Min | Binary::Max if self.is_plain(*y) => self.bounded(least, &a, &b),
                    Binary::Min | Binary::Max if self.is_plain(*x) => self.bounded(least, &b, &a),
                    _ => self.binary(*op, &a, &b),
                }
            }
            Instr::Fma { a, b, c } => {
                let (a, b) = (self.value(*a), self.value(*b));
                match self.negated.get(c).copied() {
                    Some(c) => {
                        let c = self.value(c);
                        self.fms(&a, &b, &c)
                    }
                    None => {
                        let c = self.value(*c);
                        self.fma(&a, &b, &c)
                    }
                }
            }
            Instr::Select { a, b, .. } if let Some(least) = self.extreme_of(val) => {
                let (a, b) = (self.value(*a), self.value(*b));
                self.extreme(least, &a, &b)
            }
            Instr::Select { mask, a, b } => {
                let (mask, a, b) = (self.value(*mask), self.value(*a), self.value(*b));
                self.select(&mask, &a, &b)
            }
            Instr::Cast { to, a } => match self.deferred.remove(a) {
                Some((at, fixed)) => self.load_group(*a, at, fixed, Some(*to)),
                None => {
                    let a = self.value(*a);
                    self.cast(*to, &a)
                }
            },
            Instr::Bitcast { to, a } => Lanes { dtype: *to, ..self.value(*a) },
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

    /// Whether a negation serves nothing but to be added to a product: turning the sign is exact, so `a * b - c` is the same.
    fn is_subtrahend(&self, val: Val) -> bool {
        let user = self.sole_user.get(&val).map(|user| &self.body.values[user.index()]);
        self.profile == NumericProfile::Fma && matches!(user, Some(Instr::Fma { c, .. }) if *c == val)
    }

    /// Whether a choice between two floating values by their order is what one instruction does: the first where it is less (true), or
    /// greater (false), the second everywhere else.
    fn extreme_of(&self, val: Val) -> Option<bool> {
        let Instr::Select { mask, a, b } = &self.body.values[val.index()] else { return None };
        let Instr::Binary { op: op @ (Binary::Lt | Binary::Gt), a: x, b: y } =
            &self.body.values[mask.index()]
        else {
            return None;
        };
        let floats = matches!(self.types[a.index()], Some(DType::F32 | DType::F64));
        let straight = (x, y) == (a, b);
        (floats && (straight || (y, x) == (a, b))).then_some((*op == Binary::Lt) == straight)
    }

    /// Whether a value is a floating constant that is neither zero nor NaN.
    fn is_plain(&self, v: Val) -> bool {
        match &self.body.values[v.index()] {
            Instr::Bits { bits, dtype: DType::F32 } => {
                let x = f32::from_bits(*bits as u32);
                x != 0.0 && !x.is_nan()
            }
            Instr::Bits { bits, dtype: DType::F64 } => {
                let x = f64::from_bits(*bits);
                x != 0.0 && !x.is_nan()
            }
            _ => false,
        }
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
        let at = LoopId(self.program.loops.len() as u32);
        self.program.loops.push(Looped { taps: Some(taps), ..Looped::default() });
        self.fold = Some(at);
        self.int(Int::Left(at), 1);
        let mut first = Vec::new();
        let mut all = Vec::new();
        for (arg, lanes) in args.iter().zip(&init) {
            first.extend((0..self.count(lanes.width)).map(|j| lanes.at(j)));
            let inside = self.fresh(lanes);
            all.extend((0..self.count(lanes.width)).map(|j| inside.at(j)));
            self.values[arg.index()] = Some(inside);
        }
        self.push(false, Ins::Begin(at));
        for v in inside {
            self.instruction(*v, 0);
        }
        let mut last = Vec::new();
        for v in next {
            let lanes = self.value(*v);
            last.extend((0..self.count(lanes.width)).map(|j| lanes.at(j)));
        }
        self.push(false, Ins::End(at));
        self.fold = None;
        let results: Vec<Lanes> = init.iter().map(|lanes| self.fresh(lanes)).collect();
        let after = results.iter().flat_map(|lanes| match &lanes.form {
            Form::Each(vs) => vs.clone(),
            Form::Same(v) => vec![*v],
        });
        let after = after.collect();
        let looped = &mut self.program.loops[at.0 as usize];
        (looped.init, looped.args, looped.next, looped.results) = (first, all, last, after);
        results
    }

    /// New vectors for a value of the same kind that changes from row to row.
    fn fresh(&mut self, like: &Lanes) -> Lanes {
        let size = self.size(like.width);
        let each = (0..self.count(like.width)).map(|_| self.program.vector(size)).collect();
        Lanes { dtype: like.dtype, width: like.width, fixed: false, form: Form::Each(each) }
    }

    /// The address of a load or store, and whether every trip of the innermost loop finds the same there.
    fn element(&mut self, val: Val, tap: i64) -> (At, bool) {
        let place = place_of(self.kernel, &self.body.values[val.index()]);
        let place = place.expect("an instruction that touches memory");
        let buffer = place.pointer.buffer;
        let disp = place.lane as i32;
        if let Some(fold) = self.fold.filter(|_| place.row_tap != 0 || place.inner_tap != 0) {
            let base = self.int(Int::TapPlace(fold, place), 2);
            let step = Step::Number(self.bytes(buffer, place.row_tap, place.inner_tap, 0));
            self.bytes(buffer, place.row_add, place.inner_add, i64::from(place.plane));
            self.moves(fold, base, step);
            return (At { base, offset: None, scale: 1, disp }, false);
        }
        let base = self.int(Int::Walk(place.pointer), 1);
        let offset = self.bytes(
            buffer,
            place.row_add + place.row_tap * tap,
            place.inner_add + place.inner_tap * tap,
            i64::from(place.plane),
        );
        let moves = match self.program.walk {
            Walk::Rows => place.pointer.row != 0,
            Walk::Lanes => place.pointer.lane,
        };
        let fixed = !moves && !self.stored.contains(&buffer);
        (At { base, offset, scale: 1, disp }, fixed)
    }

    /// Asks for the cache lines after those of a load or store, which the next lane groups need: rows lie too far apart for the
    /// processor to see a pattern. Once for each pointer that runs through a stream from outside the kernel.
    fn look_ahead(&mut self, val: Val, at: At) {
        let place = place_of(self.kernel, &self.body.values[val.index()]);
        let Some(Place { pointer, .. }) = place else { return };
        let buffer = &self.kernel.buffers[pointer.buffer.index()];
        let outside = matches!(buffer.role, Role::Input | Role::Output);
        // Along the lanes it sees it by itself.
        let runs = self.program.walk == Walk::Rows && pointer.lane && pointer.row != 0 && self.fold.is_none();
        if outside && runs && self.ahead.insert(pointer) {
            let group = ((self.group * buffer.dtype.size()) as i32).max(LINE);
            for line in (0..group).step_by(LINE as usize) {
                self.push(false, Ins::Prefetch(At { disp: at.disp + group + line, ..at }));
            }
        }
    }

    fn moves(&mut self, fold: LoopId, int: IntId, step: Step) {
        let moving = &mut self.program.loops[fold.0 as usize].moving;
        if !moving.iter().any(|(known, _)| *known == int) {
            moving.push((int, step));
        }
    }

    fn stored_as(&self, val: Val) -> DType {
        match &self.body.values[val.index()] {
            Instr::Load { buffer, .. } => self.kernel.buffers[buffer.index()].dtype,
            _ => unreachable!("only loads are stored somewhere"),
        }
    }

    /// Whether a load is only ever converted to F64, which the load can do on the way.
    fn converts(&self, val: Val) -> bool {
        let Instr::Load { buffer, .. } = &self.body.values[val.index()] else { return false };
        let narrow = matches!(self.stored_as(val), DType::F32 | DType::I32);
        let user = self.sole_user.get(&val).map(|user| &self.body.values[user.index()]);
        narrow && !self.stored.contains(buffer) && matches!(user, Some(Instr::Cast { to: DType::F64, .. }))
    }

    /// A group of elements, converted to F64 if asked; I16 as I32.
    fn load_group(&mut self, val: Val, at: At, fixed: bool, to: Option<DType>) -> Lanes {
        let stored = self.stored_as(val);
        let (how, dtype) = match (stored, to) {
            (DType::F32, Some(to)) => (Load::F32ToF64, to),
            (DType::I32, Some(to)) => (Load::I32ToF64, to),
            (DType::I16, _) => (Load::I16, DType::I32),
            (other, _) => (Load::Plain, other),
        };
        let width = dtype.size();
        let size = self.size(width);
        let step = size.bytes() / width * stored.size();
        let each = (0..self.count(width))
            .map(|j| {
                let dst = self.program.vector(size);
                let at = At { disp: at.disp + (j * step) as i32, ..at };
                self.push(fixed, Ins::Load { how, size, dst, at });
                dst
            })
            .collect();
        Lanes { dtype, width, fixed, form: Form::Each(each) }
    }

    fn load_splat(&mut self, val: Val, at: At, fixed: bool) -> Lanes {
        let stored = self.stored_as(val);
        let dtype = if stored == DType::I16 { DType::I32 } else { stored };
        let v = self.spread(stored.size(), at, fixed);
        Lanes { dtype, width: dtype.size(), fixed, form: Form::Same(v) }
    }

    fn spread(&mut self, bytes: usize, at: At, fixed: bool) -> V {
        let size = self.whole();
        let dst = self.program.vector(size);
        self.push(fixed, Ins::Load { how: Load::Splat(bytes as u8), size, dst, at });
        dst
    }

    fn parameter(&mut self, slot: u32, dtype: DType) -> Lanes {
        let v = self.constant(Entry::Params { first: slot, count: 1, dtype });
        Lanes { dtype, width: dtype.size(), fixed: true, form: Form::Same(v) }
    }

    fn table(&mut self, slot: u32, index: Affine, dtype: DType, tap: i64) -> Lanes {
        let walking = self.fold.filter(|_| index.tap != 0);
        let first = i64::from(slot) + index.add;
        if walking.is_none() && index.inner == 0 {
            // The verifier has seen that the parameter exists.
            return self.parameter((first + index.tap * tap) as u32, dtype);
        }
        let count = self.kernel.params.len() as u32;
        let pool = self.pool.offset(Entry::Scalars { first: 0, count, dtype }) as i64;
        let scalar = SCALAR as i64;
        let table = Int::Table(index.inner);
        let (at, fixed) = match walking {
            Some(fold) => {
                self.int(table, 1);
                let (base, offset) = (index.inner, pool + first * scalar);
                let walk = Int::TapTable { at: fold, base, offset, step: index.tap * scalar };
                let base = self.int(walk, 2);
                self.moves(fold, base, Step::By(index.tap * scalar));
                (At { base, offset: None, scale: 1, disp: 0 }, false)
            }
            None => {
                let base = self.int(table, 1);
                let disp = (pool + (first + index.tap * tap) * scalar) as i32;
                (At { base, offset: None, scale: 1, disp }, true)
            }
        };
        self.int(Int::Pool, 1);
        let v = self.spread(dtype.size(), at, fixed);
        Lanes { dtype, width: dtype.size(), fixed, form: Form::Same(v) }
    }

    fn position(&mut self, place: Where, tap: i64) -> Lanes {
        let rows = self.program.walk == Walk::Rows;
        let (of, plus, fixed) = match (place, self.fold) {
            (Where::Tap, None) => return self.bits((tap as f64).to_bits(), DType::F64),
            (Where::Tap, Some(fold)) => {
                let number = self.int(Int::Tap(fold), 2);
                self.moves(fold, number, Step::By(1));
                (number, None, false)
            }
            (Where::Row, _) => (self.int(Int::Row, 2), None, !rows),
            (Where::Inner, _) => (self.int(Int::Inner, 1), None, true),
            (Where::Lane, _) => (self.int(Int::Lane, 1), Some(self.int(Int::Lane0, 1)), rows),
        };
        let dst = self.program.vector(self.whole());
        self.push(fixed, Ins::Number { dst, of, plus });
        let form = if place == Where::Lane {
            let size = self.size(8);
            let each = (0..self.count(8))
                .map(|j| {
                    let numbers = self.constant(Entry::Lanes { vector: j as u32 });
                    let v = self.program.vector(size);
                    let args = [Some(dst), Some(numbers), None];
                    self.push(fixed, Ins::Op { op: Op::AddPd, size, dst: v, args, imm: 0 });
                    v
                })
                .collect();
            Form::Each(each)
        } else {
            Form::Same(dst)
        };
        Lanes { dtype: DType::F64, width: 8, fixed, form }
    }
}
