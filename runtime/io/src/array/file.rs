//! A file read by position, which counts what it reads.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use dasc_ir::{Diag, Result};

use super::{buffer, truncated};
use crate::remote::{Place, locate};

#[derive(Debug)]
pub struct DataFile {
    file: File,
    /// As the user named it: a path or a URL.
    path: String,
    place: Place,
    len: u64,
    fetched: AtomicU64,
}

impl DataFile {
    pub fn open(path: &str) -> Result<DataFile> {
        DataFile::opened(path, locate(path)?)
    }

    /// The file at `place`, of what the user calls `path`.
    pub fn at(path: &str, place: &Path) -> Result<DataFile> {
        DataFile::opened(path, Place::Path(place.to_path_buf()))
    }

    fn opened(path: &str, place: Place) -> Result<DataFile> {
        let failed = |e: std::io::Error| {
            Diag::world(format!("cannot open '{path}': {e}"))
                .help("check the path, which is relative to the script's folder, and that it may be read")
        };
        // Asked before opening, which would wait for ever at a pipe that nobody writes.
        let metadata = std::fs::metadata(place.path()).map_err(failed)?;
        if !metadata.is_file() {
            return Err(
                Diag::world(format!("'{path}' is not a regular file")).help("give the path of a data file")
            );
        }
        let file = File::open(place.path()).map_err(failed)?;
        Ok(DataFile { file, path: path.to_string(), place, len: metadata.len(), fetched: AtomicU64::new(0) })
    }

    /// Its name for messages.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Where it lies on this machine.
    pub fn place(&self) -> &Path {
        self.place.path()
    }

    /// Bytes the file had when it was opened.
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> u64 {
        self.len
    }

    pub fn fetched(&self) -> u64 {
        self.fetched.load(Ordering::Relaxed)
    }

    /// Counts bytes that were read elsewhere for it.
    pub fn count(&self, bytes: u64) {
        self.fetched.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Fills `out` from byte `offset` on. A file that has become shorter meanwhile is an error, never zeros.
    pub fn read_at(&self, out: &mut [u8], offset: u64) -> Result<()> {
        self.file.read_exact_at(out, offset).map_err(|e| match e.kind() {
            std::io::ErrorKind::UnexpectedEof => Diag::world(format!(
                "'{}' ends before byte {}; it had {} bytes when it was opened",
                self.path,
                offset.saturating_add(out.len() as u64),
                self.len
            )),
            _ => Diag::world(format!("cannot read {} bytes at {offset} of '{}': {e}", out.len(), self.path)),
        })?;
        self.count(out.len() as u64);
        Ok(())
    }

    /// `count` bytes from `offset` on, which a damaged or unfinished file may claim to have.
    pub fn part(&self, offset: u64, count: u64) -> Result<Vec<u8>> {
        let present = self.len.saturating_sub(offset);
        if count > present {
            return Err(truncated(&format!("'{}'", self.path), offset.saturating_add(count), self.len));
        }
        let mut bytes = buffer(count, &self.path)?;
        self.read_at(&mut bytes, offset)?;
        Ok(bytes)
    }

    /// The first bytes, as many as there are up to `count`, to tell formats apart.
    pub fn head(&self, count: usize) -> Result<Vec<u8>> {
        let mut head = vec![0; count.min(usize::try_from(self.len).unwrap_or(count))];
        self.read_at(&mut head, 0)?;
        Ok(head)
    }
}
