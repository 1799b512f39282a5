//! Gives vectors registers, instruction by instruction, and writes the code.
//!
//! A value stays in its register until another needs it and is the one whose next use is farthest away (Belady). One that
//! loses its register is written to the stack once, for values never change, and is from then on an operand in memory
//! or loaded again; constants have their place in the pool. Around a loop everything must be on every trip where it was on
//! the first: what goes round and what the loop reads are placed when it begins, and put back when a trip ends.

use super::around::SPARE;
use super::assembler::{Assembler, Rm, register};
use super::opcode::Shape;
use super::program::{Ins, Op, Program, Size, V};

/// Where a value that goes round a loop is when a trip begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Home {
    Register(u8),
    Stack(i64),
}

/// A loop that has begun.
pub struct Around {
    /// What every register holds when a trip begins.
    pub held: Vec<Option<V>>,
    /// Where the arguments are.
    pub homes: Vec<Home>,
}

pub struct Assign<'a, 'p> {
    pub asm: &'a mut Assembler<'p>,
    pub program: &'p Program,
    /// Instructions that read a value, in order; the end of a loop counts as a read of what it needs again.
    pub uses: Vec<Vec<u32>>,
    seen: Vec<usize>,
    /// Where the loops begin and end.
    pub spans: Vec<(usize, usize)>,
    /// Where each value is defined.
    pub defined: Vec<usize>,
    register_of: Vec<Option<u8>>,
    pub holds: Vec<Option<V>>,
    pub stack_of: Vec<Option<i64>>,
    /// Room on the stack that is free again, by size.
    pub free_rooms: Vec<(Size, i64)>,
    pub around: Vec<Around>,
    /// Which register a value would best be in.
    pub wanted: Vec<Option<u8>>,
    here: usize,
}

/// No more reads.
const NEVER: u32 = u32::MAX;

/// Writes the instructions `from` of a program to the assembler.
pub fn assign(asm: &mut Assembler, registers: usize) -> Result<(), String> {
    let program = asm.program;
    let mut assign = Assign::new(asm, program, registers);
    for at in 0..program.ins.len() {
        assign.here = at;
        assign.instruction(&program.ins[at])?;
    }
    Ok(())
}

impl<'a, 'p> Assign<'a, 'p> {
    fn new(asm: &'a mut Assembler<'p>, program: &'p Program, registers: usize) -> Assign<'a, 'p> {
        let count = program.vectors.len();
        let mut uses = vec![Vec::new(); count];
        let mut defined = vec![0; count];
        let mut spans = vec![(0, 0); program.loops.len()];
        for (at, ins) in program.ins.iter().enumerate() {
            let mut read = |v: V| uses[v.0 as usize].push(at as u32);
            ins.reads(&mut read);
            match ins {
                Ins::Begin(id) => {
                    let looped = &program.loops[id.0 as usize];
                    looped.init.iter().copied().for_each(read);
                    looped.args.iter().for_each(|v| defined[v.0 as usize] = at);
                    spans[id.0 as usize].0 = at;
                }
                Ins::End(id) => {
                    let looped = &program.loops[id.0 as usize];
                    looped.next.iter().copied().for_each(read);
                    looped.results.iter().for_each(|v| defined[v.0 as usize] = at);
                    spans[id.0 as usize].1 = at;
                }
                _ => {}
            }
            if let Some(v) = ins.defines() {
                defined[v.0 as usize] = at;
            }
        }
        // What a loop reads of outside it reads again on the next trip.
        for (v, uses) in uses.iter_mut().enumerate() {
            let mut again: Vec<u32> = spans
                .iter()
                .filter(|(begin, _)| defined[v] < *begin)
                .filter(|(begin, end)| uses.iter().any(|u| (*begin as u32) < *u && *u <= *end as u32))
                .map(|(_, end)| *end as u32)
                .collect();
            uses.append(&mut again);
            uses.sort_unstable();
        }
        Assign {
            asm,
            program,
            uses,
            seen: vec![0; count],
            spans,
            defined,
            register_of: vec![None; count],
            holds: vec![None; registers],
            stack_of: vec![None; count],
            free_rooms: Vec::new(),
            around: Vec::new(),
            wanted: vec![None; count],
            here: 0,
        }
    }

    /// The first read of a value after this instruction.
    fn next_use(&mut self, v: V) -> u32 {
        let uses = &self.uses[v.0 as usize];
        let seen = &mut self.seen[v.0 as usize];
        while *seen < uses.len() && uses[*seen] as usize <= self.here {
            *seen += 1;
        }
        uses.get(*seen).copied().unwrap_or(NEVER)
    }

    pub fn dies(&mut self, v: V) -> bool {
        self.next_use(v) == NEVER
    }

    pub fn size(&self, v: V) -> Size {
        self.program.size(v)
    }

    pub fn constant(&self, v: V) -> Option<i32> {
        self.program.vectors[v.0 as usize].constant
    }

    pub fn register(&self, v: V) -> Option<u8> {
        self.register_of[v.0 as usize]
    }

    /// A value as an operand in memory, if it is there.
    pub fn memory(&mut self, v: V) -> Option<Rm> {
        if let Some(offset) = self.constant(v) {
            return Some(Rm::Memory(self.asm.pooled(offset)));
        }
        self.stack_of[v.0 as usize].map(|at| Rm::Memory(self.asm.on_stack(at)))
    }

    pub fn put(&mut self, v: V, r: u8) {
        self.holds[r as usize] = Some(v);
        self.register_of[v.0 as usize] = Some(r);
    }

    /// Takes a value out of its register.
    pub fn leave(&mut self, v: V) {
        if let Some(r) = self.register_of[v.0 as usize].take() {
            self.holds[r as usize] = None;
        }
    }

    pub fn room(&mut self, size: Size) -> i64 {
        match self.free_rooms.iter().position(|(s, _)| *s == size) {
            Some(i) => self.free_rooms.swap_remove(i).1,
            None => self.asm.room(size),
        }
    }

    /// Makes sure that a value that is needed again is in memory.
    pub fn save(&mut self, v: V) {
        if self.constant(v).is_some() || self.stack_of[v.0 as usize].is_some() {
            return;
        }
        let size = self.size(v);
        let at = self.room(size);
        self.stack_of[v.0 as usize] = Some(at);
        if let Some(r) = self.register(v) {
            let to = self.asm.on_stack(at);
            self.asm.write(size, to, r);
        }
    }

    /// A register that holds nothing, of those not in `keep`; a value is moved out if there is none.
    pub fn vacate(&mut self, keep: &[V], wanted: Option<u8>) -> Result<u8, String> {
        if let Some(r) = wanted.filter(|r| self.holds[*r as usize].is_none()) {
            return Ok(r);
        }
        let reserved = |r: u8| self.around.iter().any(|around| around.homes.contains(&Home::Register(r)));
        let free: Vec<u8> =
            (0..self.holds.len() as u8).filter(|r| self.holds[*r as usize].is_none()).collect();
        if let Some(r) = free.iter().find(|r| !reserved(**r)).or(free.first()) {
            return Ok(*r);
        }
        let mut best: Option<(u64, V)> = None;
        for v in self.holds.clone().into_iter().flatten().filter(|v| !keep.contains(v)) {
            // A value that is in memory already costs no store: it counts as if it were used a little later.
            let cheap = self.constant(v).is_some() || self.stack_of[v.0 as usize].is_some();
            let next = u64::from(self.next_use(v)) * 4 + if cheap { 12 } else { 0 };
            if best.is_none_or(|(most, _)| next > most) {
                best = Some((next, v));
            }
        }
        let Some((_, v)) = best else { return Err("one instruction needs too many registers".into()) };
        let r = self.register(v).ok_or("a value without a register cannot leave it")?;
        self.save(v);
        self.leave(v);
        Ok(r)
    }

    /// The register of a value, which is loaded if it must be.
    pub fn ensure(&mut self, v: V, keep: &[V]) -> Result<u8, String> {
        if let Some(r) = self.register(v) {
            return Ok(r);
        }
        let r = self.vacate(keep, None)?;
        let size = self.size(v);
        match self.memory(v) {
            Some(Rm::Memory(from)) => self.asm.read(size, r, from),
            _ => return Err("a value is nowhere".into()),
        }
        self.put(v, r);
        Ok(r)
    }

    /// A value as an operand that may be in memory; loaded if it will be used again soon and there is room.
    fn operand(&mut self, v: V, keep: &[V]) -> Result<Rm, String> {
        if let Some(r) = self.register(v) {
            return Ok(Rm::Register(r));
        }
        let again = self.constant(v).is_none()
            && self.next_use(v) != NEVER
            && self.holds.iter().filter(|h| h.is_none()).count() > SPARE;
        if !again && let Some(rm) = self.memory(v) {
            return Ok(rm);
        }
        self.ensure(v, keep).map(Rm::Register)
    }

    /// Frees the registers and the room of values that are read for the last time.
    pub fn bury(&mut self, vs: &[V]) {
        for v in vs {
            if self.dies(*v) {
                self.leave(*v);
                let round =
                    |at: i64| self.around.iter().any(|around| around.homes.contains(&Home::Stack(at)));
                if let Some(at) = self.stack_of[v.0 as usize].take().filter(|at| !round(*at)) {
                    self.free_rooms.push((self.size(*v), at));
                }
            }
        }
    }

    fn define(&mut self, v: V, keep: &[V]) -> Result<u8, String> {
        let wanted = self.wanted[v.0 as usize];
        let r = self.vacate(keep, wanted)?;
        self.put(v, r);
        Ok(r)
    }

    fn instruction(&mut self, ins: &Ins) -> Result<(), String> {
        match ins {
            Ins::Op { op, size, dst, args, imm } if op.shape() == Shape::Three => {
                let [Some(a), Some(b), Some(c)] = *args else {
                    return Err(format!("{op:?} has three operands"));
                };
                debug_assert_eq!(*imm, 0);
                self.three(*op, *size, *dst, [a, b, c])?;
            }
            Ins::Op { op, size, dst, args, imm } => {
                let vs: Vec<V> = args.iter().flatten().copied().collect();
                self.plain(*op, *size, *dst, &vs, *imm)?;
            }
            Ins::Load { how, size, dst, at } => {
                let r = self.define(*dst, &[])?;
                self.asm.load(*how, *size, r, *at);
            }
            Ins::Store { size, value, at } => {
                let r = self.ensure(*value, &[])?;
                self.asm.store(*size, *at, r);
                self.bury(&[*value]);
            }
            Ins::Number { dst, of, plus } => {
                let r = self.define(*dst, &[])?;
                self.asm.spread(self.program.size(*dst), r, *of, *plus);
            }
            Ins::Prefetch(at) => self.asm.prefetch(*at),
            Ins::Begin(id) => self.begin(*id)?,
            Ins::End(id) => self.end(*id)?,
        }
        // A value that nobody reads frees its register at once.
        if let Some(v) = ins.defines() {
            self.bury(&[v]);
        }
        Ok(())
    }

    fn plain(&mut self, op: Op, size: Size, dst: V, vs: &[V], imm: u8) -> Result<(), String> {
        let (mut a, mut rm) = match op.shape() {
            Shape::One | Shape::OneImm => (None, Some(vs[0])),
            Shape::Shift | Shape::Upper | Shape::Narrow => (Some(vs[0]), None),
            _ => (Some(vs[0]), Some(vs[1])),
        };
        if op.commutes()
            && let (Some(x), Some(y)) = (a, rm)
            && self.register(x).is_none()
            && (self.register(y).is_some() || self.constant(x).is_some())
        {
            (a, rm) = (Some(y), Some(x));
        }
        let mask = if op.shape() == Shape::Blend { vs.get(2).copied() } else { None };
        let a = a.map(|v| self.ensure(v, vs)).transpose()?;
        let mask = mask.map(|v| self.ensure(v, vs)).transpose()?;
        let rm = rm.map(|v| self.operand(v, vs)).transpose()?;
        self.bury(vs);
        let keep: Vec<V> = vs.iter().copied().filter(|v| self.register(*v).is_some()).collect();
        let to = self.define(dst, &keep)?;
        let a = a.unwrap_or(0);
        self.asm.op(op, size, to, a, rm.unwrap_or(Rm::Register(a)), mask.unwrap_or(0), imm);
        Ok(())
    }

    /// An instruction whose result takes the place of one of its three operands.
    fn three(&mut self, op: Op, size: Size, dst: V, [a, b, c]: [V; 3]) -> Result<(), String> {
        let all = [a, b, c];
        // At most one operand stays in memory; a constant for preference.
        let outside: Vec<V> = all.iter().copied().filter(|v| self.register(*v).is_none()).collect();
        let stays =
            outside.iter().copied().find(|v| self.constant(*v).is_some()).or(outside.first().copied());
        let stays = match stays {
            Some(v) if all.iter().filter(|x| **x == v).count() == 1 => Some(v),
            _ => None,
        };
        for v in all {
            if stays != Some(v) {
                self.ensure(v, &all)?;
            }
        }
        if let Some(v) = stays {
            self.operand(v, &all)?;
        }
        let registers = all.map(|v| self.register(v));
        let once = |v: V| all.iter().filter(|x| **x == v).count() == 1;
        let dying: Vec<bool> = all.iter().map(|v| once(*v) && self.dies(*v)).collect();
        // A register that waits for the result, unless the result can take over that of an operand it wants.
        let wanted = self.wanted[dst.0 as usize];
        let waiting = wanted.filter(|r| self.holds[*r as usize].is_none());
        let fits =
            |i: usize| dying[i] && registers[i].is_some() && (wanted.is_none() || registers[i] == wanted);
        let over = (0..3).rev().find(|i| fits(*i)).or_else(|| {
            (waiting.is_none()).then(|| (0..3).rev().find(|i| dying[*i] && registers[*i].is_some())).flatten()
        });
        let (over, target) = match over {
            Some(i) => {
                let r = registers[i].ok_or("an operand without a register cannot be taken over")?;
                (i, r)
            }
            // Nothing ends here: a copy of the sum, or of whatever else is in a register, becomes the result.
            None => {
                let i = if registers[2].is_some() { 2 } else { 0 };
                let r = self.vacate(&all, wanted)?;
                if let Some(from) = registers[i] {
                    self.asm.copy(size, r, from);
                }
                (i, r)
            }
        };
        let rest: Vec<usize> = (0..3).filter(|i| *i != over).collect();
        // The operand in memory, if there is one, stands last.
        let (x, y) = match registers[rest[0]] {
            None => (rest[1], rest[0]),
            Some(_) => (rest[0], rest[1]),
        };
        let second = registers[x].ok_or("one operand stands in memory at most")?;
        let rm = match registers[y] {
            Some(r) => Rm::Register(r),
            None => self.memory(all[y]).ok_or("a value is nowhere")?,
        };
        self.asm.three(op, [over, x, y], size, (register(size, target), register(size, second)), rm);
        self.bury(&all);
        self.put(dst, target);
        Ok(())
    }
}
