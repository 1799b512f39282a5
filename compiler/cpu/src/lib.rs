//! The portable CPU back end: kernels to machine code through Cranelift, FFT steps, and a cache of code on disk.
//!
//! ```text
//! verified, expanded Kernel ─ emit (per loop) ─► Cranelift function ─► Code (one blob) ─ load ─► MachineKernel
//! ```
//!
//! Results equal those of [`dasc_ir::kernel::Interpreter`] bit for bit. Generated code makes no calls and needs no relocation.

pub mod cache;
mod code;
pub mod correlate;
mod emit;
pub mod fft;
mod host;
mod memory;
mod pool;

pub use cache::{Cache, Outcome, load_or_compile};
pub use code::{Code, Listing, MachineKernel, Options, compile, generations};
pub use host::features;
