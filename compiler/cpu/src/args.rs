//! What a loop's function is called with, whichever back end made it.

use dasc_ir::kernel::BufferAt;

/// The one argument, by address.
#[repr(C)]
#[derive(Debug)]
pub struct Args {
    pub buffers: *const BufferAt,
    pub carries: *const BufferAt,
    pub pool: *const u8,
    pub start: i64,
    /// At least 1.
    pub rows: i64,
    /// A multiple of the group, at least 1.
    pub lanes: i64,
    pub lane0: i64,
}
