//! The CPU back ends: kernels to machine code, FFT steps, and a cache of code on disk.
//!
//! ```text
//! verified, expanded Kernel ─ wide::emit (per loop) ─► bytes ───────────────► Code (one blob) ─ load ─► MachineKernel
//!                           └ portable::emit ─► Cranelift function ─► bytes ─┘
//! ```
//! `wide` uses all of a vector register where the processor has 256 or 512 bits; `portable` works everywhere and makes whatever
//! `wide` does not cover.
//!
//! Results equal those of [`dasc_ir::kernel::Interpreter`] bit for bit. Generated code makes no calls and needs no relocation.

mod args;
pub mod cache;
mod code;
mod codegen;
pub mod correlate;
pub mod cycles;
mod fence;
pub mod fft;
mod host;
mod memory;
pub mod operations;
mod place;
mod pool;
mod portable;
mod pressure;
pub mod roof;
mod simplify;
mod wide;

pub use cache::{Cache, Outcome, load_or_compile};
pub use code::{Code, Listing, MachineKernel, Options, compile, generations};
pub use codegen::{Codegen, Made};
pub use host::features;
pub use wide::Isa;
