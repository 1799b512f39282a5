//! A bounded memory of the chunks decoded last.

use std::sync::{Arc, Mutex, PoisonError};

#[derive(Debug)]
pub struct Recent {
    /// Most bytes.
    limit: u64,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    /// By their first element, the latest last.
    chunks: Vec<([u64; 3], Arc<Vec<u8>>)>,
    bytes: u64,
}

/// Enough that reading on row by row decodes each chunk once, at least.
const LEAST: u64 = 32 << 20;
const MOST: u64 = 256 << 20;

impl Recent {
    /// For chunks of which those side by side in a row take so many bytes.
    pub fn new(across: u64) -> Recent {
        Recent { limit: across.clamp(LEAST, MOST), kept: Mutex::default() }
    }

    pub fn recall(&self, first: [u64; 3]) -> Option<Arc<Vec<u8>>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let at = kept.chunks.iter().position(|(key, _)| *key == first)?;
        let entry = kept.chunks.remove(at);
        let chunk = entry.1.clone();
        kept.chunks.push(entry);
        Some(chunk)
    }

    pub fn remember(&self, first: [u64; 3], chunk: &Arc<Vec<u8>>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.bytes = kept.bytes.saturating_add(chunk.len() as u64);
        kept.chunks.push((first, chunk.clone()));
        while kept.bytes > self.limit && kept.chunks.len() > 1 {
            let (_, oldest) = kept.chunks.remove(0);
            kept.bytes = kept.bytes.saturating_sub(oldest.len() as u64);
        }
    }
}
