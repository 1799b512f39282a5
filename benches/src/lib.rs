//! What the benchmarks share: arrays in NumPy's files, scripts over them, records that lie in memory, and the yardstick's kernel.

pub mod kernels;
pub mod memory;
pub mod npy;
pub mod script;
