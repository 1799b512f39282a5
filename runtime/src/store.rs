//! The temporary store of whole-record steps: files without a name, which vanish with the process.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use dasc_ir::{Diag, Result};

/// Bytes moved by one call to the file system; rows are gathered into as many, so that the disk sees large sequential requests.
pub(crate) const PIECE: usize = 1 << 20;

/// A temporary file.
#[derive(Debug)]
pub(crate) struct Store {
    file: File,
    folder: PathBuf,
}

impl Store {
    /// An empty file in a folder, or in that of the system (`TMPDIR`).
    pub fn create(folder: Option<&Path>) -> Result<Store> {
        let folder = folder.map_or_else(std::env::temp_dir, Path::to_path_buf);
        match tempfile::tempfile_in(&folder) {
            Ok(file) => Ok(Store { file, folder }),
            Err(e) => Err(failed(&folder, &format!("cannot be made: {e}"))),
        }
    }

    pub fn write(&self, bytes: &[u8], at: u64) -> Result<()> {
        self.file.write_all_at(bytes, at).map_err(|e| {
            failed(&self.folder, &format!("could not take {} bytes after {at}: {e}", bytes.len()))
        })
    }

    pub fn read(&self, bytes: &mut [u8], at: u64) -> Result<()> {
        self.file.read_exact_at(bytes, at).map_err(|e| {
            failed(&self.folder, &format!("could not give back {} bytes at {at}: {e}", bytes.len()))
        })
    }

    /// Gives the disk back what lies beyond `bytes`.
    pub fn shrink(&self, bytes: u64) -> Result<()> {
        self.file.set_len(bytes).map_err(|e| failed(&self.folder, &format!("could not be cut: {e}")))
    }

    /// Sets the file's length without writing it.
    pub fn grow(&self, bytes: u64) -> Result<()> {
        self.file
            .set_len(bytes)
            .map_err(|e| failed(&self.folder, &format!("could not be {bytes} bytes long: {e}")))
    }
}

fn failed(folder: &Path, what: &str) -> Diag {
    Diag::world(format!("the temporary store in '{}' {what}", folder.display())).help(
        "free disk space there, or name a folder with more room as --temporary (in the settings, temporary=) or TMPDIR; \
         --dry-run says how much is needed",
    )
}
