pub mod diag;
pub mod dtype;
pub mod graph;
pub mod kernel;
pub mod literal;
pub mod model;
pub mod operator;
pub mod parameter;
pub mod rational;
pub mod scalar;
pub mod spelling;
pub mod time;
pub mod unit;

pub use diag::{Blame, Diag, Result, Span};
pub use dtype::DType;
pub use rational::Rational;
pub use unit::{Dimension, Unit};
