//! Memory aligned to cache lines, zeroed.

use std::alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error};
use std::ptr::NonNull;
use std::sync::{Arc, Mutex, PoisonError};

/// A block of bytes that begins on a cache line. Pages that nobody touches are never there.
#[derive(Debug)]
pub(crate) struct Bytes {
    /// What was allocated, and the first cache line that begins in it.
    base: NonNull<u8>,
    at: NonNull<u8>,
    len: usize,
}

// SAFETY: the memory belongs to this value alone, as that of a Vec does.
unsafe impl Send for Bytes {}
// SAFETY: as above.
unsafe impl Sync for Bytes {}

impl Default for Bytes {
    fn default() -> Bytes {
        Bytes { base: NonNull::dangling(), at: NonNull::dangling(), len: 0 }
    }
}

impl Drop for Bytes {
    fn drop(&mut self) {
        if self.len > 0 {
            // SAFETY: `zeroed` allocated with the same layout.
            unsafe { dealloc(self.base.as_ptr(), layout(self.len)) };
        }
    }
}

/// From this size on memory is asked for in large pages, each of which costs one fault instead of 512.
#[cfg(target_os = "linux")]
const LARGE: usize = 4 << 20;

const LINE: usize = 64;

/// Room for `len` bytes from some cache line on; more than an address space holds is an allocation that fails. Asked for aligned to
/// the line, the system would write zeros over pages that are new and zero anyway.
fn layout(len: usize) -> Layout {
    let room = len.checked_add(LINE).and_then(|room| Layout::from_size_align(room, 16).ok());
    room.unwrap_or_else(|| handle_alloc_error(Layout::new::<u8>()))
}

impl Bytes {
    pub fn zeroed(len: usize) -> Bytes {
        if len == 0 {
            return Bytes::default();
        }
        // SAFETY: the layout is not empty.
        let base = unsafe { alloc_zeroed(layout(len)) };
        let Some(base) = NonNull::new(base) else { handle_alloc_error(layout(len)) };
        // SAFETY: a line begins within the line's length that is there beside the bytes.
        let at = unsafe { base.add(base.align_offset(LINE)) };
        #[cfg(target_os = "linux")]
        if len >= LARGE {
            const PAGE: usize = 4096;
            let begin = at.as_ptr().align_offset(PAGE);
            // SAFETY: the whole pages of this block; the advice changes nothing that a program can see, and may be refused.
            unsafe {
                libc::madvise(at.as_ptr().add(begin).cast(), (len - begin) / PAGE * PAGE, libc::MADV_HUGEPAGE)
            };
        }
        Bytes { base, at, len }
    }

    pub fn len(&self) -> usize {
        self.len
    }

    pub fn as_ptr(&self) -> *const u8 {
        self.at.as_ptr()
    }

    pub fn as_mut_ptr(&mut self) -> *mut u8 {
        self.at.as_ptr()
    }

    pub fn bytes(&self) -> &[u8] {
        // SAFETY: there are `len` bytes, all initialised; none if it is 0, and then any address will do.
        unsafe { std::slice::from_raw_parts(self.as_ptr(), self.len) }
    }

    pub fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: as above, and `self` is borrowed mutably.
        unsafe { std::slice::from_raw_parts_mut(self.as_mut_ptr(), self.len) }
    }
}

/// Large memory that is used again: pages that are new have to be cleared first, which takes longer than most kernels.
#[derive(Debug)]
pub(crate) struct Spare {
    free: Mutex<Vec<Bytes>>,
    /// Bytes that lie idle at most.
    most: usize,
}

impl Spare {
    pub fn new(most: usize) -> Arc<Spare> {
        Arc::new(Spare { free: Mutex::default(), most })
    }

    /// At least `len` bytes, of which nobody knows what they hold.
    pub fn take(&self, len: usize) -> Bytes {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = free.iter().enumerate().filter(|(_, bytes)| bytes.len() >= len);
        let best = fits.min_by_key(|(_, bytes)| bytes.len()).map(|(place, _)| place);
        best.map(|place| free.swap_remove(place)).unwrap_or_else(|| Bytes::zeroed(len))
    }

    fn give_back(&self, bytes: Bytes) {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let idle: usize = free.iter().map(Bytes::len).sum();
        if idle.saturating_add(bytes.len()) <= self.most {
            free.push(bytes);
        }
    }

    /// Bytes that lie idle.
    pub fn held(&self) -> usize {
        self.free.lock().unwrap_or_else(PoisonError::into_inner).iter().map(Bytes::len).sum()
    }
}

/// Memory that goes back to where it came from.
#[derive(Debug)]
pub(crate) struct Borrowed {
    bytes: Bytes,
    home: Arc<Spare>,
}

impl Borrowed {
    pub fn new(bytes: Bytes, home: Arc<Spare>) -> Borrowed {
        Borrowed { bytes, home }
    }
}

impl AsRef<[u8]> for Borrowed {
    fn as_ref(&self) -> &[u8] {
        self.bytes.bytes()
    }
}

impl Drop for Borrowed {
    fn drop(&mut self) {
        self.home.give_back(std::mem::take(&mut self.bytes));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_comes_back_and_the_best_of_it_is_taken_again() {
        let spare = Spare::new(1000);
        let sizes = [300, 500, 400];
        let all: Vec<Borrowed> = sizes.iter().map(|n| Borrowed::new(spare.take(*n), spare.clone())).collect();
        assert_eq!(spare.held(), 0);
        drop(all);
        // The last one would be more than may lie idle.
        assert_eq!(spare.held(), 800);
        assert_eq!(spare.take(200).len(), 300);
        assert_eq!(spare.take(200).len(), 500);
        assert_eq!((spare.take(200).len(), spare.held()), (200, 0));
    }
}
