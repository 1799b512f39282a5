//! Text form of kernels: what `explain` and `compile` show, and what filetests read.
//!
//! ```text
//! kernel "example"
//! buffer b0 "in" f32 input
//! buffer b1 "out" f32 inner 2 planes 2 output
//! carry c0 "state" f64 inner 2
//! params 0.5
//!
//! loop rows b1 inner 2 {
//!   v0 = load b0[2*i + f - 1]
//!   v1 = cast f64 v0
//!   v2 = carry c0
//!   v3 = param 0 : f64
//!   v4 = fma v3 v1 v2
//!   set c0 v4
//!   v6 = cast f32 v4
//!   store b1[i, f] v6
//!   store b1[i, f; 1] v6
//! }
//! ```
//!
//! In brackets stand row, inner position and plane; `i`, `f` and `k` are the row, the inner position and the tap. A lane other than
//! the one computed follows as `@ +3` (a shift) or `@ =3` (one for all). Values are numbered in program order, as are
//! statements that define none; the parser takes any distinct numbers.

mod parse;
mod print;
mod tokens;

pub use parse::parse;
pub use print::canonical;
