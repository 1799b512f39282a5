//! The chunks of a Zarr array: a file for each, or for many of them with an index.

use std::collections::HashMap;
use std::fs::File;
use std::io::ErrorKind;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use dasc_ir::{Diag, Result};

use super::codec::{Codec, checked, decode};
use super::metadata::{Keys, Metadata, Shard, three};
use crate::array::{DataFile, LARGEST_CHUNK, Recent, buffer, volume};

#[derive(Debug)]
pub struct FolderChunks {
    folder: PathBuf,
    /// What the user calls the whole, and the array in it.
    path: String,
    name: String,
    /// Elements of a chunk along each axis, and how many axes there really are.
    pub shape: [u64; 3],
    axes: usize,
    bytes: usize,
    width: usize,
    codecs: Vec<Codec>,
    turned: bool,
    /// An element where no chunk was written.
    pub fill: Vec<u8>,
    keys: Keys,
    shard: Option<Shard>,
    /// Where chunks lie in the shards looked into.
    indices: Mutex<HashMap<Vec<u64>, Arc<Index>>>,
    recent: Recent,
}

/// Offset and length of each chunk of a shard; neither where there is none.
type Index = Vec<Option<(u64, u64)>>;

/// Indices of shards that are remembered.
const KNOWN: usize = 1024;
/// Chunks in a shard; more would need an index of gigabytes.
const MOST_IN_A_SHARD: u64 = 1 << 24;

impl FolderChunks {
    pub fn new(folder: &Path, path: &str, name: &str, metadata: &Metadata) -> Result<FolderChunks> {
        let claims = || {
            let chunk = &metadata.chunk;
            Diag::world(format!("'{name}' of '{path}' claims chunks of {chunk:?} elements"))
                .help("write the store anew with chunks of some megabytes")
        };
        let width = u64::from(metadata.element.size);
        let shape = three(&metadata.chunk, 1).ok_or_else(claims)?;
        let bytes =
            volume(shape).and_then(|n| n.checked_mul(width)).filter(|n| (1..=LARGEST_CHUNK).contains(n));
        let bytes = bytes.and_then(|bytes| usize::try_from(bytes).ok()).ok_or_else(claims)?;
        if let Some(shard) = &metadata.shard
            && shard
                .chunks
                .iter()
                .try_fold(1u64, |n, m| n.checked_mul(*m))
                .is_none_or(|n| n > MOST_IN_A_SHARD)
        {
            return Err(claims());
        }
        let last = metadata.shape.last().copied().unwrap_or(1).div_ceil(shape[2]);
        Ok(FolderChunks {
            folder: folder.to_path_buf(),
            path: path.to_string(),
            name: name.to_string(),
            shape,
            axes: metadata.chunk.len(),
            bytes,
            width: usize::from(metadata.element.size),
            codecs: metadata.codecs.clone(),
            turned: metadata.turned,
            fill: metadata.fill.clone(),
            keys: metadata.keys.clone(),
            shard: metadata.shard.clone(),
            indices: Mutex::default(),
            recent: Recent::new(last.saturating_mul(bytes as u64)),
        })
    }

    /// The decoded chunk that begins at `first`, in the store's byte order; `None` where none was written. Counts what it reads in `file`.
    pub fn decoded(&self, file: &DataFile, first: [u64; 3]) -> Result<Option<Arc<Vec<u8>>>> {
        if let Some(chunk) = self.recent.recall(first) {
            return Ok(Some(chunk));
        }
        let index: Vec<u64> =
            first.iter().zip(self.shape).skip(3 - self.axes).map(|(at, size)| at / size).collect();
        let Some(stored) = self.stored(&index)? else { return Ok(None) };
        file.count(stored.len() as u64);
        let chunk = decode(&self.codecs, stored, self.bytes).map_err(|why| self.broken(&index, &why))?;
        let chunk = Arc::new(if self.turned { self.turn(&chunk) } else { chunk });
        self.recent.remember(first, &chunk);
        Ok(Some(chunk))
    }

    fn broken(&self, index: &[u64], why: &str) -> Diag {
        Diag::world(format!("chunk {index:?} of '{}' of '{}' cannot be decoded: {why}", self.name, self.path))
            .help("the store was not copied or written to its end, or is damaged; copy it again")
    }

    /// The bytes of a chunk as they are stored.
    fn stored(&self, index: &[u64]) -> Result<Option<Vec<u8>>> {
        let Some(shard) = &self.shard else {
            let Some(file) = self.open(index)? else { return Ok(None) };
            let length = file.metadata().map_err(|error| self.unread(index, &error))?.len();
            return self.part(&file, index, 0, length).map(Some);
        };
        let outer: Vec<u64> = index.iter().zip(&shard.chunks).map(|(at, n)| at / n.max(&1)).collect();
        let Some(file) = self.open(&outer)? else { return Ok(None) };
        let places = self.index(&outer, &file, shard)?;
        let within = index.iter().zip(&shard.chunks).fold(0, |place, (at, n)| place * n + at % n.max(&1));
        let place = usize::try_from(within).ok().and_then(|within| places.get(within).copied().flatten());
        place.map(|(offset, length)| self.part(&file, index, offset, length)).transpose()
    }

    /// Refuses an array with one axis of `count` elements that rise, if a chunk of it is missing. Writers leave out chunks that hold nothing
    /// but the fill value, which of rising numbers can be one that is alone in its chunk.
    pub fn all_written(&self, count: u64) -> Result<()> {
        let (mut alone, chunk) = (0, self.shape[2]);
        for index in 0..count.div_ceil(chunk) {
            let there = match &self.shard {
                None => self.open(&[index])?.is_some(),
                Some(shard) => {
                    let per = shard.chunks.first().copied().unwrap_or(1).max(1);
                    let outer = [index / per];
                    let places =
                        self.open(&outer)?.map(|file| self.index(&outer, &file, shard)).transpose()?;
                    let within = usize::try_from(index % per).unwrap_or(usize::MAX);
                    places.is_some_and(|places| places.get(within).copied().flatten().is_some())
                }
            };
            alone += u64::from(!there);
            if !there && (alone > 1 || chunk.min(count - index * chunk) > 1) {
                return Err(Diag::world(format!(
                    "chunk [{index}] of the times '{}' of '{}' was never written",
                    self.name, self.path
                ))
                .help("the store was not copied or written to its end, copy it again; or give FS and START to READ"));
            }
        }
        Ok(())
    }

    fn unread(&self, index: &[u64], error: &std::io::Error) -> Diag {
        let file = self.folder.join(self.keys.of(index));
        Diag::world(format!("cannot read '{}': {error}", file.display()))
    }

    fn open(&self, index: &[u64]) -> Result<Option<File>> {
        // Opening a pipe that nobody writes would wait for ever.
        let flags = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
        let place = self.folder.join(self.keys.of(index));
        match File::options().read(true).custom_flags(flags).open(&place) {
            Ok(file) => match file.metadata() {
                Ok(found) if found.is_file() => Ok(Some(file)),
                Ok(_) => Err(Diag::world(format!("'{}' is no file, but should be a chunk", place.display()))
                    .help("the store is damaged; copy it again")),
                Err(error) => Err(self.unread(index, &error)),
            },
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.unread(index, &error)),
        }
    }

    /// Bytes of a file, which must be there and no more than a chunk can take.
    fn part(&self, file: &File, index: &[u64], offset: u64, length: u64) -> Result<Vec<u8>> {
        // Nothing grows by more than this when it cannot be compressed.
        let most = (self.bytes as u64).saturating_add(self.bytes as u64 / 64).saturating_add(64 << 10);
        let there = file.metadata().map_err(|error| self.unread(index, &error))?.len();
        if length > most || offset.checked_add(length).is_none_or(|end| end > there) {
            let why = format!("it takes {length} bytes at {offset} of a file of {there}");
            return Err(self.broken(index, &why));
        }
        let mut bytes = buffer(length, &self.name)?;
        file.read_exact_at(&mut bytes, offset).map_err(|error| self.unread(index, &error))?;
        Ok(bytes)
    }

    /// Where the chunks of a shard lie.
    fn index(&self, outer: &[u64], file: &File, shard: &Shard) -> Result<Arc<Index>> {
        let lock = || self.indices.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = lock().get(outer) {
            return Ok(known.clone());
        }
        let count: u64 = shard.chunks.iter().product();
        let length = 16 * count + if shard.checked { 4 } else { 0 };
        let there = file.metadata().map_err(|error| self.unread(outer, &error))?.len();
        let offset = if shard.index_first { Some(0) } else { there.checked_sub(length) };
        let offset = offset.filter(|_| length <= there).ok_or_else(|| {
            self.broken(outer, &format!("a shard of {there} bytes has no room for its index of {length}"))
        })?;
        let mut bytes = buffer(length, &self.name)?;
        file.read_exact_at(&mut bytes, offset).map_err(|error| self.unread(outer, &error))?;
        if shard.checked {
            bytes = checked(bytes).map_err(|why| self.broken(outer, &format!("its index: {why}")))?;
        }
        let numbers: Vec<u64> =
            bytes.as_chunks::<8>().0.iter().map(|eight| u64::from_le_bytes(*eight)).collect();
        let place = |pair: &[u64; 2]| (*pair != [u64::MAX; 2]).then_some((pair[0], pair[1]));
        let index: Arc<Index> = Arc::new(numbers.as_chunks::<2>().0.iter().map(place).collect());
        let mut known = lock();
        if known.len() >= KNOWN {
            known.clear();
        }
        known.insert(outer.to_vec(), index.clone());
        Ok(index)
    }

    /// A chunk whose first axis varies fastest, with its last one fastest.
    fn turn(&self, chunk: &[u8]) -> Vec<u8> {
        let (rows, columns, width) = (self.shape[1] as usize, self.shape[2] as usize, self.width);
        let mut out = vec![0; chunk.len()];
        for (column, line) in chunk.chunks_exact(rows * width).enumerate() {
            for (row, element) in line.chunks_exact(width).enumerate() {
                let at = (row * columns + column) * width;
                out[at..at + width].copy_from_slice(element);
            }
        }
        out
    }
}
