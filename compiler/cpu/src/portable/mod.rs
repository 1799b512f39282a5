//! Kernel loops to Cranelift functions: `for inner { for lane group { for row { body } } }`.
//!
//! - `nest`: the loops around a body, the pointers that walk along rows, the carries that live in registers;
//! - `body`: instructions one by one, folds unrolled or as inner loops;
//! - `lanes`: a value of 16, 8, 4 or 2 lanes as 128-bit vectors, and every operation on those.

mod address;
mod body;
mod lanes;
mod nest;

pub use nest::emit;
