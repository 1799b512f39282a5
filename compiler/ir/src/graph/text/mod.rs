//! The text form of a [`Graph`](super::Graph), for people and for file tests: one node a line, what it computes before the colon, its type behind.
//!
//! ```text
//! %0 = source : i16[time 1000Hz 0..32768, ch 2048 step 1.0m] "count"
//! %1 = map %0 { (mul (f32 x0) 0.5:f32) } : f32[time 1000Hz 0..32768, ch 2048 step 1.0m] "nstrain/s" @"CALIBRATE"
//! %2 = window.time %1 -3..=0 hop 4 edge zero sum : f64[time 250Hz 0..8192, ch 2048 step 1.0m] "nstrain/s" @"STACK"
//! out %2
//! ```
//!
//! Expressions are nested prefix forms over inputs `x0`, `x0[-1]` (a tap), `x0.im` and state `s0`; what is used twice is
//! named by a `let`. Operations that nothing uses are not written, and equal leaves are written where they are used; apart from
//! that, parsing gives back what was printed.

mod call;
mod expression;
mod parse;
mod print;
mod unit;

pub use parse::parse;
pub(crate) use print::edge;
