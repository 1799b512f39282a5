//! From Graph to Plan: rewrites, the split into passes, fusion and lowering to kernels.
//!
//! Start with `pipeline.rs`, which holds the only list of passes.

pub mod access;
pub mod fuse;
mod lifetimes;
pub mod lower;
pub mod passes;
pub mod pipeline;
pub mod plan;
mod plan_text;
mod schedule_passes;
pub mod split;
mod temporary;
pub mod work;

pub use pipeline::compile;
pub use plan::Plan;
pub use schedule_passes::{MOST_LIVE, rows_of};
