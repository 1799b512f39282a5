//! What several operators are made of: windows in samples, causal filters, statistics, frames, levels.

pub mod axis;
pub mod extent;
pub mod filter;
pub mod frames;
pub mod level;
pub mod selection;
pub mod sliding;
pub mod statistic;
pub mod weight;
