//! How many lanes are worked on together: as many as keep the live values of the body in registers.

use std::collections::HashMap;

use dasc_ir::DType;
use dasc_ir::kernel::verify::listed;
use dasc_ir::kernel::{Instr, Loop, Val};

use super::simplify::operands;

/// 128-bit registers that values may take; the rest is for operands on their way.
const REGISTERS: usize = 14;

/// Lanes of a group: 16, 8, 4 or 2.
pub fn lanes(body: &Loop, types: &[Option<DType>]) -> usize {
    let needed = |lanes: usize| peak(body, types, lanes);
    [16, 8, 4].into_iter().find(|lanes| needed(*lanes) <= REGISTERS).unwrap_or(2)
}

/// The largest number of vectors alive at once.
fn peak(body: &Loop, types: &[Option<DType>], lanes: usize) -> usize {
    let order = listed(body);
    let cost = |val: Val| -> usize {
        match &body.values[val.index()] {
            // Constants are memory operands.
            Instr::Param { .. } | Instr::Table { .. } | Instr::Bits { .. } => 0,
            Instr::Position(_) => 1,
            _ => match types.get(val.index()).copied().flatten() {
                Some(DType::F64 | DType::I64) => lanes.div_ceil(2),
                Some(_) => lanes.div_ceil(4),
                None => 0,
            },
        }
    };
    // Where each value is used last; what a carry becomes lives to the end, what it was from the beginning.
    let mut last: HashMap<Val, usize> = HashMap::new();
    let mut carried: HashMap<u32, Val> = HashMap::new();
    for (at, val) in order.iter().enumerate() {
        let instr = &body.values[val.index()];
        operands(instr, |v| {
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
