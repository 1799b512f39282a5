//! What several operators are made of: windows in samples, causal filters, statistics, frames, levels.

pub mod axis;
pub mod calculus;
pub mod distance;
pub mod extent;
pub mod filter;
pub mod frames;
pub mod gradient;
pub mod level;
pub mod selection;
pub mod statistic;
pub mod weight;
