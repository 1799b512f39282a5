//! Rewrites of the Graph, one a file. Each keeps the meaning; which of them run stands in `pipeline.rs` alone.

mod expand_folds;
mod remove_dead;
mod separate_edges;
mod slices_to_gathers;

pub use expand_folds::expand_folds;
pub use remove_dead::remove_dead;
pub use separate_edges::{edges_of, separate_edges};
pub use slices_to_gathers::slices_to_gathers;
