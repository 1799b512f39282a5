//! The chunks of a chunked array in a file: where each lies and how it is decoded.

use std::collections::HashMap;
use std::sync::Arc;

use dasc_ir::{Diag, Result};

use super::filter::{Filter, undo};
use super::{DataFile, Recent, volume};

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
    recent: Recent,
}

/// No interrogator writes chunks near this; a header that claims one is broken.
pub const LARGEST: u64 = 1 << 30;

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
        Ok(Chunks { shape, table, filters, recent: Recent::new(across.saturating_mul(bytes)) })
    }

    /// The decoded chunk that begins at `first`, in the file's byte order; `None` where none was written.
    pub fn decoded(
        &self,
        file: &DataFile,
        name: &str,
        width: u64,
        first: [u64; 3],
    ) -> Result<Option<Arc<Vec<u8>>>> {
        if let Some(chunk) = self.recent.recall(first) {
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
        self.recent.remember(first, &chunk);
        Ok(Some(chunk))
    }
}

/// Data that lies, in part, beyond the end of the file.
pub fn truncated(place: &str, needed: u64, present: u64) -> Diag {
    Diag::world(format!("{place} is cut short: it needs {needed} bytes, {present} are there"))
        .help("the file was not copied or written to its end; copy it again")
}
