//! The folder as `zarrs` sees it. Ours, because every file has to reach the disk before the folder gets its name, a
//! hard-linked chunk may not be written through, and a full disk has to be told apart.

use crate::atomic::Medium;
use crate::disk::failed;
use dasc_ir::{Diag, Result};
use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use zarrs::storage::byte_range::{ByteRange, ByteRangeIterator, InvalidByteRangeError};
use zarrs::storage::{
    Bytes, MaybeBytes, MaybeBytesIterator, OffsetBytesIterator, ReadableStorageTraits, StorageError,
    StoreKey, StorePrefix, WritableStorageTraits,
};

/// Creates the file of a chunk; tests give one that fails.
pub(crate) type Opener = fn(&Path) -> io::Result<Box<dyn Medium>>;

pub(crate) fn open_file(path: &Path) -> io::Result<Box<dyn Medium>> {
    Ok(Box::new(OpenOptions::new().write(true).create_new(true).open(path)?))
}

pub(crate) struct ChunkStore {
    root: PathBuf,
    /// What the user calls it, for messages.
    target: PathBuf,
    open: Opener,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Written but perhaps not yet on the disk. Kept open, so that a failed write-back is reported to us.
    unsynced: Vec<Box<dyn Medium>>,
    written: u64,
    fault: Option<Diag>,
}

/// Syncing in groups lets the disk order the writes; the bound keeps open files few.
const SYNC_EVERY: usize = 64;

impl ChunkStore {
    pub(crate) fn new(root: &Path, target: &Path, open: Opener) -> ChunkStore {
        ChunkStore { root: root.to_path_buf(), target: target.to_path_buf(), open, state: Mutex::default() }
    }

    pub(crate) fn target(&self) -> &Path {
        &self.target
    }

    /// The diagnostic of a failed call: the disk's first fault, or else what `zarrs` says.
    pub(crate) fn diag(&self, error: &dyn std::fmt::Display) -> Diag {
        let otherwise = || Diag::world(format!("cannot write '{}': {error}", self.target.display()));
        self.state().fault.clone().unwrap_or_else(otherwise)
    }

    /// Brings every file to the disk and returns the bytes written.
    pub(crate) fn sync(&self) -> Result<u64> {
        let mut state = self.state();
        // Its error is in `fault`, with the name and the remedy.
        let synced = self.sync_files(&mut state);
        match state.fault.clone() {
            Some(fault) => Err(fault),
            None => synced
                .map(|()| state.written)
                .map_err(|error| failed("save", &self.target, state.written, &error)),
        }
    }

    fn sync_files(&self, state: &mut State) -> io::Result<()> {
        for mut file in std::mem::take(&mut state.unsynced) {
            self.note(state, file.sync(), 0)?;
        }
        Ok(())
    }

    fn write(&self, key: &StoreKey, value: &[u8]) -> io::Result<()> {
        let path = self.root.join(key.as_str());
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = (self.open)(&path)?;
        file.write_all(value)?;
        let mut state = self.state();
        state.unsynced.push(file);
        state.written = state.written.saturating_add(value.len() as u64);
        if state.unsynced.len() >= SYNC_EVERY { self.sync_files(&mut state) } else { Ok(()) }
    }

    fn note<T>(&self, state: &mut State, outcome: io::Result<T>, wanted: usize) -> io::Result<T> {
        outcome.inspect_err(|error| {
            let bytes = state.written.saturating_add(wanted as u64);
            state.fault.get_or_insert_with(|| failed("write", &self.target, bytes, error));
        })
    }

    /// A panic elsewhere does not make the counters wrong.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read(&self, key: &StoreKey) -> io::Result<Option<Vec<u8>>> {
        let mut file = match fs::File::open(self.root.join(key.as_str())) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            opened => opened?,
        };
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(Some(bytes))
    }
}

impl WritableStorageTraits for ChunkStore {
    fn set(&self, key: &StoreKey, value: Bytes) -> Result<(), StorageError> {
        if let Some(fault) = &self.state().fault {
            return Err(StorageError::Other(fault.message.clone()));
        }
        let outcome = self.write(key, &value);
        let mut state = self.state();
        Ok(self.note(&mut state, outcome, value.len())?)
    }

    fn set_partial_many(&self, _key: &StoreKey, _values: OffsetBytesIterator) -> Result<(), StorageError> {
        Err(StorageError::Unsupported("chunks are written whole".into()))
    }

    fn supports_set_partial(&self) -> bool {
        false
    }

    fn erase(&self, key: &StoreKey) -> Result<(), StorageError> {
        match fs::remove_file(self.root.join(key.as_str())) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }

    fn erase_prefix(&self, _prefix: &StorePrefix) -> Result<(), StorageError> {
        Err(StorageError::Unsupported("a sink removes no arrays".into()))
    }
}

impl ReadableStorageTraits for ChunkStore {
    fn get(&self, key: &StoreKey) -> Result<MaybeBytes, StorageError> {
        Ok(self.read(key)?.map(Bytes::from))
    }

    fn get_partial_many<'a>(
        &'a self,
        key: &StoreKey,
        byte_ranges: ByteRangeIterator<'a>,
    ) -> Result<MaybeBytesIterator<'a>, StorageError> {
        let Some(bytes) = self.get(key)? else { return Ok(None) };
        let length = bytes.len() as u64;
        let part = move |range: ByteRange| -> Result<Bytes, StorageError> {
            let outside = || StorageError::from(InvalidByteRangeError::new(range, length));
            let (start, end) = (range.start(length), range.end(length));
            if start > end || end > length {
                return Err(outside());
            }
            let start = usize::try_from(start).map_err(|_| outside())?;
            let end = usize::try_from(end).map_err(|_| outside())?;
            Ok(bytes.slice(start..end))
        };
        Ok(Some(Box::new(byte_ranges.map(part))))
    }

    fn size_key(&self, key: &StoreKey) -> Result<Option<u64>, StorageError> {
        match fs::metadata(self.root.join(key.as_str())) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            meta => Ok(Some(meta?.len())),
        }
    }

    fn supports_get_partial(&self) -> bool {
        false
    }
}
