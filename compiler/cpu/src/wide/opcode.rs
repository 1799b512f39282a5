//! Which machine instruction an operation is, and how its operands are written.

use super::program::{Op, Size};

/// Which operands an instruction has. One of them, `rm`, may stand in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// `dst, rm`
    One,
    /// `dst, rm, imm`
    OneImm,
    /// `dst, a, rm`
    Two,
    /// `dst, a, rm, imm`
    TwoImm,
    /// `dst, a, imm`: no operand in memory.
    Shift,
    /// `dst, a, rm, mask`
    Blend,
    /// `rm, a, imm`: the destination is `rm`.
    Upper,
    /// `rm, a`: the destination is `rm`.
    Narrow,
    /// Three operands of which one, any, is the destination as well.
    Three,
}

/// The order of a fused multiply-add's operands, by Intel's numbers; the first is the destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// `dst = dst * rm + a`
    O132,
    /// `dst = a * dst + rm`
    O213,
    /// `dst = a * rm + dst`
    O231,
}

impl Op {
    pub const fn shape(self) -> Shape {
        match self {
            Op::SqrtPs | Op::SqrtPd | Op::AbsD | Op::AbsQ => Shape::One,
            Op::PsToPd | Op::PdToPs | Op::DToPs | Op::DToPd | Op::DToQ => Shape::One,
            Op::FloorPs | Op::FloorPd | Op::Permute => Shape::OneImm,
            Op::CmpPs | Op::CmpPd | Op::Join | Op::Shuffle => Shape::TwoImm,
            Op::SllD | Op::SllQ | Op::SraD | Op::SrlQ => Shape::Shift,
            Op::BlendPs | Op::BlendPd => Shape::Blend,
            Op::Upper => Shape::Upper,
            Op::QToD => Shape::Narrow,
            Op::FmaPs | Op::FmaPd | Op::FmsPs | Op::FmsPd | Op::Choose => Shape::Three,
            Op::AddPs | Op::AddPd | Op::SubPs | Op::SubPd | Op::MulPs | Op::MulPd => Shape::Two,
            Op::DivPs | Op::DivPd | Op::MinPs | Op::MinPd | Op::MaxPs | Op::MaxPd => Shape::Two,
            Op::And | Op::Or | Op::Xor => Shape::Two,
            Op::AddD | Op::AddQ | Op::SubD | Op::SubQ | Op::MulD | Op::MulLow => Shape::Two,
            Op::MinD | Op::MaxD | Op::GtD | Op::GtQ | Op::EqD | Op::EqQ => Shape::Two,
        }
    }

    /// Whether the result is a truth value.
    pub const fn compares(self) -> bool {
        matches!(self, Op::CmpPs | Op::CmpPd | Op::GtD | Op::GtQ | Op::EqD | Op::EqQ)
    }

    /// Whether a comparison is one of 64-bit elements.
    pub const fn is_double(self) -> bool {
        matches!(self, Op::CmpPd | Op::GtQ | Op::EqQ)
    }

    /// Whether the operands may change places. Where both are NaN the payload of the result then differs, which nothing depends on.
    pub const fn commutes(self) -> bool {
        matches!(
            self,
            Op::AddPs
                | Op::AddPd
                | Op::MulPs
                | Op::MulPd
                | Op::And
                | Op::Or
                | Op::Xor
                | Op::AddD
                | Op::AddQ
                | Op::MulD
                | Op::MulLow
                | Op::MinD
                | Op::MaxD
                | Op::EqD
                | Op::EqQ
        )
    }

    /// Immediate operand: the one given, or the one that belongs to the operation.
    pub const fn immediate(self, given: u8) -> u8 {
        match self {
            // Downwards, without raising the flag of inexactness.
            Op::FloorPs | Op::FloorPd => 0x09,
            Op::Upper | Op::Join => 1,
            _ => given,
        }
    }

    /// Sizes of the destination and of the operand in `rm`.
    pub fn sides(self, size: Size) -> (Size, Size) {
        match self {
            Op::PsToPd | Op::DToPd | Op::DToQ | Op::Join => (size, size.half()),
            Op::PdToPs | Op::QToD | Op::Upper => (size.half(), size),
            _ => (size, size),
        }
    }
}

/// The immediate of `vpternlog` for the operand that is the destination, the one in a register, and the one that may stand in
/// memory, by their places in [`Op::Choose`]: `b` where `c` is set, `a` elsewhere.
pub fn choice(roles: [usize; 3]) -> u8 {
    let mut table = 0;
    for row in 0..8u8 {
        let mut operands = [false; 3];
        for (bit, role) in [2, 1, 0].into_iter().zip(roles) {
            operands[role] = row >> bit & 1 == 1;
        }
        let [a, b, c] = operands;
        table |= u8::from(if c { b } else { a }) << row;
    }
    table
}

impl Order {
    /// For the operands that are the destination and that may stand in memory.
    pub fn of(over: usize, rm: usize) -> Order {
        match (over, rm) {
            (2, _) => Order::O231,
            (_, 2) => Order::O213,
            _ => Order::O132,
        }
    }
}
