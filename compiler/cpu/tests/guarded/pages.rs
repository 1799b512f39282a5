//! Memory between pages that nobody may touch.

use std::ptr;

const PAGE: usize = 4096;

/// Bytes that end, or begin, at a page without access.
pub struct Guarded {
    map: *mut u8,
    mapped: usize,
    pub at: *mut u8,
    pub len: usize,
}

impl Guarded {
    pub fn new(len: usize, at_end: bool) -> Guarded {
        let inside = len.next_multiple_of(PAGE).max(PAGE);
        let mapped = inside + 2 * PAGE;
        // SAFETY: a fresh private mapping; only its middle is made accessible.
        let map = unsafe {
            let map = libc::mmap(
                ptr::null_mut(),
                mapped,
                libc::PROT_NONE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
                -1,
                0,
            );
            assert_ne!(map, libc::MAP_FAILED);
            let map = map.cast::<u8>();
            assert_eq!(libc::mprotect(map.add(PAGE).cast(), inside, libc::PROT_READ | libc::PROT_WRITE), 0);
            map
        };
        let skip = if at_end { inside - len } else { 0 };
        Guarded { map, mapped, at: map.wrapping_add(PAGE + skip), len }
    }

    pub fn bytes(&self) -> &[u8] {
        // SAFETY: the range is mapped and readable, and no code runs on it while the slice is used.
        unsafe { std::slice::from_raw_parts(self.at, self.len) }
    }

    pub fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: as above, and exclusive.
        unsafe { std::slice::from_raw_parts_mut(self.at, self.len) }
    }
}

// SAFETY: the mapping belongs to this value alone.
unsafe impl Send for Guarded {}
// SAFETY: as above.
unsafe impl Sync for Guarded {}

impl AsRef<[u8]> for Guarded {
    fn as_ref(&self) -> &[u8] {
        self.bytes()
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        // SAFETY: the mapping is ours.
        unsafe { libc::munmap(self.map.cast(), self.mapped) };
    }
}
