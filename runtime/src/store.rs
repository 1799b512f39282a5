//! The temporary store of whole-record steps: files without a name, which vanish with the process, or memory where that is enough.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use dasc_ir::{Diag, Result};

use crate::pad::Bytes;

/// Bytes moved by one call to the file system; rows are gathered into as many, so that the disk sees large sequential requests.
pub(crate) const PIECE: usize = 1 << 20;

/// The share of the memory given that a store may take, instead of a file: one is read while the next is written.
pub(crate) const IN_MEMORY: usize = 8;

/// A temporary file, or memory where that is enough.
#[derive(Debug)]
pub(crate) enum Store {
    Memory(Bytes),
    File { file: File, folder: PathBuf },
}

impl Store {
    /// Room for so many bytes, empty: in memory if it is a small part of `memory`, else in a file in a folder, or in that of the
    /// system (`TMPDIR`).
    pub fn create(folder: Option<&Path>, bytes: u64, memory: usize) -> Result<Store> {
        if bytes <= (memory / IN_MEMORY) as u64 {
            return Ok(Store::Memory(Bytes::zeroed(bytes as usize)));
        }
        Store::file(folder)
    }

    /// A file in a folder, or in that of the system.
    pub fn file(folder: Option<&Path>) -> Result<Store> {
        let folder = folder.map_or_else(std::env::temp_dir, Path::to_path_buf);
        match tempfile::tempfile_in(&folder) {
            Ok(file) => Ok(Store::File { file, folder }),
            Err(e) => Err(failed(&folder, &format!("cannot be made: {e}"))),
        }
    }

    pub fn write(&mut self, bytes: &[u8], at: u64) -> Result<()> {
        match self {
            Store::Memory(memory) => {
                let room = memory.bytes_mut().get_mut(at as usize..at as usize + bytes.len());
                room.ok_or_else(beyond)?.copy_from_slice(bytes);
                Ok(())
            }
            Store::File { file, folder } => file.write_all_at(bytes, at).map_err(|e| {
                failed(folder, &format!("could not take {} bytes after {at}: {e}", bytes.len()))
            }),
        }
    }

    pub fn read(&self, bytes: &mut [u8], at: u64) -> Result<()> {
        match self {
            Store::Memory(memory) => {
                let stored = memory.bytes().get(at as usize..at as usize + bytes.len());
                bytes.copy_from_slice(stored.ok_or_else(beyond)?);
                Ok(())
            }
            Store::File { file, folder } => file.read_exact_at(bytes, at).map_err(|e| {
                failed(folder, &format!("could not give back {} bytes at {at}: {e}", bytes.len()))
            }),
        }
    }

    /// Gives the disk back what lies beyond `bytes`.
    pub fn shrink(&mut self, bytes: u64) -> Result<()> {
        match self {
            Store::Memory(_) => Ok(()),
            Store::File { file, folder } => {
                file.set_len(bytes).map_err(|e| failed(folder, &format!("could not be cut: {e}")))
            }
        }
    }

    /// Sets a file's length without writing it.
    pub fn grow(&mut self, bytes: u64) -> Result<()> {
        match self {
            Store::Memory(_) => Ok(()),
            Store::File { file, folder } => file
                .set_len(bytes)
                .map_err(|e| failed(folder, &format!("could not be {bytes} bytes long: {e}"))),
        }
    }

    /// Bytes in memory.
    pub fn in_memory(&self) -> usize {
        match self {
            Store::Memory(memory) => memory.len(),
            Store::File { .. } => 0,
        }
    }
}

fn beyond() -> Diag {
    Diag::compiler("run: more is stored in memory than there is room for")
}

fn failed(folder: &Path, what: &str) -> Diag {
    Diag::world(format!("the temporary store in '{}' {what}", folder.display())).help(
        "free disk space there, or name a folder with more room as --temporary (in the settings, temporary=) or TMPDIR; \
         --dry-run says how much is needed",
    )
}
