//! What several operators are made of: windows in samples, causal filters, statistics, frames, levels.

pub mod annotation;
pub mod axis;
pub mod blocks;
pub mod calculus;
pub mod cross_spectrum;
pub mod distance;
pub mod elsewhere;
pub mod extent;
pub mod fan;
pub mod filter;
pub mod frames;
pub mod gradient;
pub mod level;
pub mod lines;
pub mod motion;
pub mod muted;
pub mod place;
pub mod plane;
pub mod running;
pub mod selection;
pub mod sliding;
pub mod span;
pub mod statistic;
pub mod wavelet;
pub mod weight;
pub mod zero_phase;
