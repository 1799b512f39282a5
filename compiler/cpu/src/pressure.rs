//! How many lanes are worked on together: as many as keep the live values of the body in registers.

use std::collections::HashMap;

use dasc_ir::DType;
use dasc_ir::kernel::verify::listed;
use dasc_ir::kernel::{Instr, Loop, Val};

/// The vector registers of an instruction set.
#[derive(Clone, Copy, Debug)]
pub struct Registers {
    /// How many of them values may take; the rest is for operands on their way.
    pub count: usize,
    /// Bytes of one.
    pub width: usize,
    /// Groups to choose from, the widest first.
    pub groups: &'static [usize],
}

impl Registers {
    /// Those of 128 bits.
    pub const NARROW: Registers = Registers { count: 14, width: 16, groups: &[16, 8, 4, 2] };
}

/// Lanes of a group: the widest that fits, or the narrowest.
pub fn lanes(body: &Loop, types: &[Option<DType>], registers: Registers) -> usize {
    let fits = |lanes: &usize| peak(body, types, *lanes, registers.width) <= registers.count;
    let narrowest = registers.groups.last().copied().unwrap_or(1);
    registers.groups.iter().copied().find(fits).unwrap_or(narrowest)
}

/// The largest number of vectors alive at once.
fn peak(body: &Loop, types: &[Option<DType>], lanes: usize, width: usize) -> usize {
    let order = listed(body);
    let cost = |val: Val| -> usize {
        match &body.values[val.index()] {
            // Constants are memory operands.
            Instr::Param { .. } | Instr::Table { .. } | Instr::Bits { .. } => 0,
            Instr::Position(_) => 1,
            _ => match types.get(val.index()).copied().flatten() {
                Some(DType::F64 | DType::I64) => (lanes * 8).div_ceil(width),
                Some(_) => (lanes * 4).div_ceil(width),
                None => 0,
            },
        }
    };
    // Where each value is used last; what a carry becomes lives to the end, what it was from the beginning.
    let mut last: HashMap<Val, usize> = HashMap::new();
    let mut carried: HashMap<u32, Val> = HashMap::new();
    for (at, val) in order.iter().enumerate() {
        let instr = &body.values[val.index()];
        instr.operands(|v| {
            last.insert(v, at);
        });
        match instr {
            Instr::SetCarry { value, .. } => {
                last.insert(*value, order.len());
            }
            Instr::Carry(carry) => {
                carried.entry(carry.0).or_insert(*val);
            }
            _ => {}
        }
    }
    let mut now: usize = carried.values().map(|v| cost(*v)).sum();
    let mut most = now;
    let mut ends: HashMap<usize, Vec<Val>> = HashMap::new();
    for (val, at) in &last {
        ends.entry(*at).or_default().push(*val);
    }
    for (at, val) in order.iter().enumerate() {
        if !matches!(body.values[val.index()], Instr::Carry(_)) && last.contains_key(val) {
            now += cost(*val);
        }
        most = most.max(now);
        for dead in ends.get(&at).into_iter().flatten() {
            now = now.saturating_sub(cost(*dead));
        }
    }
    most
}
