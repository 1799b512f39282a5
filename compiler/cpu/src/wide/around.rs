//! Registers around loops.

use super::assembler::Rm;
use super::assign::{Around, Assign, Home};
use super::program::{Ins, LoopId, Size, V};

/// A register that is kept free where values go round, for what is on its way.
pub const SPARE: usize = 1;

/// Where a value comes from that has to be in a register when a trip ends.
#[derive(Clone, Copy)]
enum Source {
    Register(u8),
    /// Its place in the pool or on the stack.
    Memory(V),
    /// Moved out of the way.
    Parked(i64),
}

impl Assign<'_, '_> {
    /// Decides what stays in registers through a loop, and puts it there.
    pub fn begin(&mut self, at: LoopId) -> Result<(), String> {
        let looped = &self.program.loops[at.0 as usize];
        let (inside, outside) = self.divide(at);
        for v in self.holds.clone().into_iter().flatten().filter(|v| outside.contains(v)) {
            self.save(v);
            self.leave(v);
        }
        let mut homes = Vec::new();
        for (i, (arg, init)) in looped.args.iter().zip(&looped.init).enumerate() {
            let size = self.size(*arg);
            let later = looped.init[i + 1..].contains(init);
            let keep: Vec<V> = looped.args[..i].iter().copied().chain([*init]).collect();
            if outside.contains(arg) {
                let from = self.ensure(*init, &keep)?;
                let room = self.room(size);
                self.stack_of[arg.0 as usize] = Some(room);
                let to = self.asm.on_stack(room);
                self.asm.write(size, to, from);
                homes.push(Home::Stack(room));
            } else {
                let r = match self.register(*init) {
                    Some(r) if !later && self.dies(*init) => {
                        self.leave(*init);
                        r
                    }
                    Some(from) => {
                        let r = self.vacate(&keep, None)?;
                        self.asm.copy(size, r, from);
                        r
                    }
                    None => {
                        let r = self.vacate(&keep, None)?;
                        self.fetch(*init, size, r)?;
                        r
                    }
                };
                self.put(*arg, r);
                homes.push(Home::Register(r));
            }
            if !later {
                self.bury(&[*init]);
            }
        }
        // What every trip reads is loaded once, as far as there is room.
        for v in inside {
            let free = self.holds.iter().filter(|held| held.is_none()).count();
            if free > SPARE && self.register(v).is_none() {
                self.ensure(v, &looped.args)?;
            }
        }
        for (next, home) in looped.next.iter().zip(&homes) {
            if let Home::Register(r) = home {
                self.wanted[next.0 as usize] = Some(*r);
            }
        }
        self.asm.begin(at);
        self.around.push(Around { held: self.holds.clone(), homes });
        Ok(())
    }

    /// Of what exists when a loop begins and of its arguments: what it reads and what has a register, and what waits on the stack
    /// because too many values are alive at once within the loop.
    fn divide(&self, at: LoopId) -> (Vec<V>, Vec<V>) {
        let looped = &self.program.loops[at.0 as usize];
        let (begin, end) = self.spans[at.0 as usize];
        let reads = |v: V| {
            let uses = &self.uses[v.0 as usize];
            uses.iter().filter(|u| (begin as u32) < **u && **u <= end as u32).count()
        };
        let last = |v: V| self.uses[v.0 as usize].last().copied().unwrap_or(0) as usize;
        let vectors = (0..self.program.vectors.len() as u32).map(V);
        let exists = |v: &V| {
            let known = self.register(*v).is_some() || self.stack_of[v.0 as usize].is_some();
            known && self.constant(*v).is_none() && last(*v) > begin
        };
        let mut around: Vec<V> = vectors.filter(exists).collect();
        let mut going = looped.args.clone();
        // Values alive after each instruction. Loops within this one have pushed out what they must when they begin.
        let mut alive = vec![0i64; end - begin + 1];
        let mut count = |from: usize, to: usize, by: i64| {
            for n in &mut alive[from - begin..to.min(end + 1).max(from) - begin] {
                *n += by;
            }
        };
        for v in self.within(begin, end) {
            count(self.defined[v.0 as usize], last(v), 1);
        }
        around.iter().for_each(|_| count(begin, end + 1, 1));
        going.iter().for_each(|v| count(begin, last(*v), 1));
        let nested: Vec<(usize, usize)> =
            self.spans.iter().copied().filter(|(b, e)| begin < *b && *e < end).collect();
        let mut outside = Vec::new();
        loop {
            let own = |i: &usize| !nested.iter().any(|(b, e)| b < i && i < e);
            let most = (begin..end).filter(own).max_by_key(|i| alive[i - begin]);
            let Some(peak) = most.filter(|i| alive[i - begin] > (self.holds.len() - SPARE) as i64) else {
                break;
            };
            let mut count = |from: usize, to: usize| {
                alive[from - begin..to.max(from) - begin].iter_mut().for_each(|n| *n -= 1);
            };
            // Those read only afterwards go first, then what no trip changes, then what goes round; the least read of each.
            if let Some(i) = (0..around.len()).min_by_key(|i| reads(around[*i])) {
                count(begin, end + 1);
                outside.push(around.swap_remove(i));
            } else if let Some(i) =
                (0..going.len()).filter(|i| last(going[*i]) > peak).min_by_key(|i| reads(going[*i]))
            {
                count(begin, last(going[i]).min(end + 1));
                outside.push(going.swap_remove(i));
            } else {
                break;
            }
        }
        around.retain(|v| reads(*v) > 0);
        (around, outside)
    }

    /// Values defined by the instructions of a loop.
    fn within(&self, begin: usize, end: usize) -> Vec<V> {
        let mut all = Vec::new();
        for ins in &self.program.ins[begin + 1..end] {
            all.extend(ins.defines());
            match ins {
                Ins::Begin(id) => all.extend(&self.program.loops[id.0 as usize].args),
                Ins::End(id) => all.extend(&self.program.loops[id.0 as usize].results),
                _ => {}
            }
        }
        all
    }

    /// Reads a value from memory into a register.
    fn fetch(&mut self, v: V, size: Size, r: u8) -> Result<(), String> {
        match self.memory(v) {
            Some(Rm::Memory(from)) => {
                self.asm.read(size, r, from);
                Ok(())
            }
            _ => Err("a value is nowhere".into()),
        }
    }

    /// Puts everything where the next trip expects it, and closes the loop.
    pub fn end(&mut self, at: LoopId) -> Result<(), String> {
        let looped = &self.program.loops[at.0 as usize];
        let around = self.around.pop().ok_or("a loop ends that did not begin")?;
        self.store_homes(&looped.next, &around.homes)?;
        let mut moves: Vec<(u8, Size, Source)> = Vec::new();
        for ((next, home), arg) in looped.next.iter().zip(&around.homes).zip(&looped.args) {
            if let Home::Register(r) = home {
                let source = self.register(*next).map_or(Source::Memory(*next), Source::Register);
                moves.push((*r, self.size(*arg), source));
            }
        }
        let stays: Vec<(u8, V)> = (0u8..)
            .zip(&around.held)
            .filter_map(|(r, held)| Some((r, (*held).filter(|v| !looped.args.contains(v))?)))
            .collect();
        for (r, v) in &stays {
            let source = self.register(*v).map_or(Source::Memory(*v), Source::Register);
            moves.push((*r, self.size(*v), source));
        }
        self.move_registers(moves)?;
        self.asm.end(at);
        for v in self.holds.clone().into_iter().flatten() {
            self.leave(v);
        }
        for (r, v) in &stays {
            self.put(*v, *r);
        }
        for ((result, arg), home) in looped.results.iter().zip(&looped.args).zip(&around.homes) {
            // Room of an argument that lost its register for a while.
            if let Some(room) = self.stack_of[arg.0 as usize].take()
                && *home != Home::Stack(room)
            {
                self.free_rooms.push((self.size(*arg), room));
            }
            match home {
                Home::Register(r) => self.put(*result, *r),
                Home::Stack(room) => self.stack_of[result.0 as usize] = Some(*room),
            }
        }
        let stays: Vec<V> = stays.into_iter().map(|(_, v)| v).collect();
        for list in [&stays, &looped.next, &looped.results] {
            self.bury(list);
        }
        Ok(())
    }

    /// Writes what goes round on the stack.
    fn store_homes(&mut self, next: &[V], homes: &[Home]) -> Result<(), String> {
        // A value that lies where another goes is taken up before.
        for (v, home) in next.iter().zip(homes) {
            let room = self.stack_of[v.0 as usize].map(Home::Stack);
            if room.is_some_and(|room| room != *home && homes.contains(&room)) {
                self.ensure(*v, next)?;
            }
        }
        for (v, home) in next.iter().zip(homes) {
            if let Home::Stack(room) = home
                && self.stack_of[v.0 as usize] != Some(*room)
            {
                let r = self.ensure(*v, next)?;
                let (to, size) = (self.asm.on_stack(*room), self.size(*v));
                self.asm.write(size, to, r);
            }
        }
        Ok(())
    }

    /// Moves values to registers as if at once.
    fn move_registers(&mut self, mut moves: Vec<(u8, Size, Source)>) -> Result<(), String> {
        let from = |source: &Source| match source {
            Source::Register(r) => Some(*r),
            Source::Memory(_) | Source::Parked(_) => None,
        };
        moves.retain(|(to, _, source)| from(source) != Some(*to));
        // First those whose target nobody reads any more; a ring is opened through the stack.
        while let Some(any) = moves.iter().position(|(_, _, source)| from(source).is_some()) {
            let read: Vec<u8> = moves.iter().filter_map(|(_, _, source)| from(source)).collect();
            let ready = moves.iter().position(|(to, _, source)| from(source).is_some() && !read.contains(to));
            match ready {
                Some(i) => {
                    let (to, size, source) = moves.swap_remove(i);
                    if let Some(r) = from(&source) {
                        self.asm.copy(size, to, r);
                    }
                }
                None => {
                    let (_, size, source) = moves[any];
                    let room = self.asm.room(size);
                    if let Some(r) = from(&source) {
                        let to = self.asm.on_stack(room);
                        self.asm.write(size, to, r);
                    }
                    moves[any].2 = Source::Parked(room);
                }
            }
        }
        for (to, size, source) in moves {
            match source {
                Source::Parked(room) => {
                    let parked = self.asm.on_stack(room);
                    self.asm.read(size, to, parked);
                }
                Source::Memory(v) => self.fetch(v, size, to)?,
                Source::Register(_) => {}
            }
        }
        Ok(())
    }
}
