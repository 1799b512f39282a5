//! How a kernel is called: addresses of its buffers and carries, and the rows to compute.
//!
//! The interpreter and every back end that makes machine code run the loops of a kernel through [`Executable`].

/// Where a buffer lies: the address that row 0, inner 0, plane 0, lane 0 of the block would have, and strides in bytes.
///
/// `base` is formed with wrapping arithmetic and may lie outside any allocation; only the addresses of the elements
/// that a loop loads and stores have to be valid. A buffer whose role is `Constant` is read at row 0 whatever the
/// index. For a carry `row` and `plane` are not used.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct BufferAt {
    pub base: *mut u8,
    pub row: isize,
    pub inner: isize,
    pub plane: isize,
}

/// One call of a loop.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// One for each buffer of the kernel, in its order; those the loop does not touch may be null.
    pub buffers: &'a [BufferAt],
    /// One for each carry of the kernel, in its order; those the loop does not touch may be null.
    pub carries: &'a [BufferAt],
    /// `Kernel::params`, perhaps with other values.
    pub params: &'a [f64],
    /// Absolute index of the first row to compute.
    pub start: i64,
    /// How many rows; 0 does nothing.
    pub rows: i64,
    /// How many lanes to compute, rounded up to whole groups of [`super::LANES`]. Storage covers whole groups, the lanes
    /// beyond the valid ones hold anything. A loop with `lanes: Some(n)` computes `n` lanes, rounded up in the same
    /// way, whatever stands here.
    pub lanes: usize,
    /// Channel number of lane 0, for `position lane`.
    pub lane0: i64,
}

/// A loop of a kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LoopRef {
    /// `steps[i]`, which is a loop.
    Step(u32),
    /// `reduces[i].merge`.
    Merge(u32),
    /// `reduces[i].finish`.
    Finish(u32),
}

/// A kernel that can be run. Shared between threads.
pub trait Executable: Send + Sync {
    /// Runs one loop of the kernel. Panics if there is no such loop, or if `call` has another number of buffers,
    /// carries or parameters than the kernel.
    ///
    /// # Safety
    /// For each row `i` of `start .. start + rows`, each inner and tap index of the loop and each of its lanes rounded up
    /// to whole groups, the address every load and store forms from `call.buffers` and every element of a used carry
    /// lies in live memory of the buffer's type, stored elements are written by nobody else meanwhile, and
    /// addresses are aligned to the element's size.
    unsafe fn run(&self, which: LoopRef, call: &Call);
}
