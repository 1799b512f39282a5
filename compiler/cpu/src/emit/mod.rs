//! Kernel loops to Cranelift functions: `for inner { for lane group { for row { body } } }`.
//!
//! - `nest`: the loops around a body, the pointers that walk along rows, the carries that live in registers;
//! - `body`: instructions one by one, folds unrolled or as inner loops;
//! - `lanes`: a value of 16, 8, 4 or 2 lanes as 128-bit vectors, and every operation on those;
//! - `simplify`: common subexpressions and invariant code, which the code generator is told to leave alone;
//! - `pressure`: how many lanes are worked on together.

mod address;
mod body;
mod lanes;
mod nest;
mod pressure;
mod simplify;

use std::cell::Cell;

use dasc_ir::kernel::Val;

pub use nest::{Args, emit};

thread_local! {
    /// The instruction this thread works on, for the message when no code can be made for it.
    pub static AT: Cell<Option<Val>> = const { Cell::new(None) };
}
