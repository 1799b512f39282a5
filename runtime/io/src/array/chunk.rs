//! The chunks of a chunked array: where each lies, how it is decoded, and a bounded memory of those decoded last.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use dasc_ir::{Diag, Result};

use super::filter::{Filter, undo};
use super::{DataFile, volume};

#[derive(Clone, Copy, Debug)]
pub struct Stored {
    pub offset: u64,
    pub size: u64,
    pub mask: u32,
}

#[derive(Debug)]
pub struct Chunks {
    /// Elements per chunk along each axis.
    pub shape: [u64; 3],
    /// Chunks by their first element; one that was never written is absent.
    pub table: HashMap<[u64; 3], Stored>,
    pub filters: Vec<Filter>,
    recent: Mutex<Recent>,
}

#[derive(Debug, Default)]
struct Recent {
    chunks: Vec<([u64; 3], Arc<Vec<u8>>)>,
    bytes: u64,
    limit: u64,
}

/// Chunks kept decoded, at least: enough that reading on row by row decodes each chunk once.
const KEPT: u64 = 32 << 20;
const MOST_KEPT: u64 = 256 << 20;
/// No interrogator writes chunks near this; a header that claims one is broken.
const LARGEST: u64 = 1 << 30;

impl Chunks {
    /// Checks that every chunk lies within the file. `across` is how many chunks lie side by side in one row.
    pub fn new(
        file: &DataFile,
        name: &str,
        width: u64,
        shape: [u64; 3],
        across: u64,
        table: HashMap<[u64; 3], Stored>,
        filters: Vec<Filter>,
    ) -> Result<Chunks> {
        let place = format!("dataset '{name}' of '{}'", file.path());
        let bytes = volume(shape).and_then(|n| n.checked_mul(width)).filter(|n| (1..=LARGEST).contains(n));
        let bytes = bytes.ok_or_else(|| {
            Diag::world(format!("{place} claims chunks of {shape:?} elements of {width} bytes"))
        })?;
        if let Some(Filter::Unknown(filter)) = filters.iter().find(|f| matches!(f, Filter::Unknown(_))) {
            let remedy = "rewrite the file with deflate or without compression, for instance: h5repack -f NONE in.h5 out.h5";
            return Err(Diag::world(format!(
                "{place} is compressed with {filter}, which dasc does not decode"
            ))
            .help(remedy));
        }
        let present: u64 = table.values().map(|s| s.size.min(file.len().saturating_sub(s.offset))).sum();
        let needed: u64 = table.values().fold(0u64, |sum, s| sum.saturating_add(s.size));
        if table.values().any(|s| s.offset.checked_add(s.size).is_none_or(|end| end > file.len())) {
            return Err(truncated(&place, needed, present));
        }
        let limit = across.saturating_mul(bytes).clamp(KEPT, MOST_KEPT);
        Ok(Chunks { shape, table, filters, recent: Mutex::new(Recent { limit, ..Recent::default() }) })
    }

    /// The decoded chunk that begins at `first`, in the file's byte order; `None` where none was written.
    pub fn decoded(
        &self,
        file: &DataFile,
        name: &str,
        width: u64,
        first: [u64; 3],
    ) -> Result<Option<Arc<Vec<u8>>>> {
        if let Some(chunk) = self.recall(first) {
            return Ok(Some(chunk));
        }
        let Some(stored) = self.table.get(&first) else { return Ok(None) };
        let broken = |why: String| {
            Diag::world(format!(
                "chunk {first:?} of dataset '{name}' of '{}' cannot be decoded: {why}",
                file.path()
            ))
        };
        let size =
            volume(self.shape).and_then(|n| n.checked_mul(width)).and_then(|n| usize::try_from(n).ok());
        let size = size.ok_or_else(|| broken("it is too large".into()))?;
        if stored.size > LARGEST {
            return Err(broken(format!("it claims {} stored bytes", stored.size)));
        }
        let mut raw = super::buffer(stored.size, name)?;
        file.read_at(&mut raw, stored.offset)?;
        let chunk = Arc::new(undo(&self.filters, stored.mask, raw, size, width as usize).map_err(broken)?);
        self.remember(first, &chunk);
        Ok(Some(chunk))
    }

    fn recall(&self, first: [u64; 3]) -> Option<Arc<Vec<u8>>> {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        let at = recent.chunks.iter().position(|(key, _)| *key == first)?;
        let entry = recent.chunks.remove(at);
        let chunk = entry.1.clone();
        recent.chunks.push(entry);
        Some(chunk)
    }

    fn remember(&self, first: [u64; 3], chunk: &Arc<Vec<u8>>) {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        recent.bytes = recent.bytes.saturating_add(chunk.len() as u64);
        recent.chunks.push((first, chunk.clone()));
        while recent.bytes > recent.limit && recent.chunks.len() > 1 {
            let (_, oldest) = recent.chunks.remove(0);
            recent.bytes = recent.bytes.saturating_sub(oldest.len() as u64);
        }
    }
}

/// Data that lies, in part, beyond the end of the file.
pub fn truncated(place: &str, needed: u64, present: u64) -> Diag {
    Diag::world(format!("{place} is cut short: it needs {needed} bytes, {present} are there"))
        .help("the file was not copied or written to its end; copy it again")
}
