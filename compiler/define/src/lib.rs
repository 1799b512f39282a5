//! `DEF`: recurrences and stencils that users write themselves, as text, and what they become in a Graph.
//!
//! ```text
//! DEF LEAKY(x, tau: s) = y WHERE y[t] = y[t-1] + (1 - exp(-dt / tau)) * (x[t] - y[t-1])
//! DEF SMOOTH3(x)       = (x[c-1] + x[c] + x[c+1]) / 3
//! ```
//!
//! A definition is read ([`parse`]), its names are looked up ([`resolve`]) and its equations put in order ([`structure`]); a use of
//! it is typed with the units of its inputs and becomes maps, windows and scans ([`build`]), which the compiler fuses with what
//! stands before and after. docs/dql.md says what may be written.

pub mod build;
mod calls;
mod definitions;
mod linear;
pub mod parse;
mod reads;
mod recurrence;
pub mod resolve;
mod stability;
pub mod structure;
pub mod syntax;
pub mod token;
mod typing;
mod unrounded;
mod write;

pub use build::Library;
pub use definitions::{Definitions, NoLibrary, define, schema, step};
pub use parse::Stretch;
pub use resolve::Callees;
pub use syntax::Definition;
