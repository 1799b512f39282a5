//! Rewrites of the Graph, one a file. Each keeps the meaning; which of them run stands in `pipeline.rs` alone.

mod expand_folds;
mod narrow_transforms;
mod remove_dead;
mod separate_edges;

pub use expand_folds::expand_folds;
pub use narrow_transforms::narrow_transforms;
pub use remove_dead::remove_dead;
pub use separate_edges::{edges_of, separate_edges};
