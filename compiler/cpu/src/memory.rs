//! Memory that holds machine code: written first, executable afterwards, never both.

use std::ptr::{self, NonNull};

use dasc_ir::{Diag, Result};

/// A private mapping, unmapped when dropped.
#[derive(Debug)]
pub struct Mapping {
    at: NonNull<u8>,
    len: usize,
}

// SAFETY: the mapping is never written after construction, so threads may share it.
unsafe impl Send for Mapping {}
// SAFETY: as above.
unsafe impl Sync for Mapping {}

impl Mapping {
    /// A copy of `code` that can be executed and not written.
    pub fn executable(code: &[u8]) -> Result<Mapping> {
        if code.is_empty() {
            return Ok(Mapping { at: NonNull::dangling(), len: 0 });
        }
        // SAFETY: a fresh private mapping touches no other memory.
        let at = unsafe {
            libc::mmap(
                ptr::null_mut(),
                code.len(),
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
                -1,
                0,
            )
        };
        let mapped = (at != libc::MAP_FAILED).then_some(at).and_then(|at| NonNull::new(at.cast::<u8>()));
        let Some(at) = mapped else { return Err(refused("no memory for machine code")) };
        let mapping = Mapping { at, len: code.len() };
        // SAFETY: the mapping is writable, `code.len()` bytes long, new, and so apart from `code`.
        unsafe { ptr::copy_nonoverlapping(code.as_ptr(), at.as_ptr(), code.len()) };
        // SAFETY: the address and length are those of the mapping, to which no reference exists.
        let changed =
            unsafe { libc::mprotect(at.as_ptr().cast(), code.len(), libc::PROT_READ | libc::PROT_EXEC) };
        if changed != 0 {
            return Err(refused("the system does not allow generated code to be executed"));
        }
        Ok(mapping)
    }

    /// The address of a byte of the code; `None` beyond its end.
    pub fn address(&self, offset: usize) -> Option<*const u8> {
        // SAFETY: the offset lies within the mapping.
        (offset < self.len).then(|| unsafe { self.at.as_ptr().add(offset).cast_const() })
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        if self.len > 0 {
            // SAFETY: the mapping is ours, and nobody can call into it without borrowing it.
            unsafe { libc::munmap(self.at.as_ptr().cast(), self.len) };
        }
    }
}

fn refused(what: &str) -> Diag {
    Diag::world(format!("{what}: {}", std::io::Error::last_os_error()))
}
