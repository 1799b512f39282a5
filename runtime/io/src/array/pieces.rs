//! Samples that lie in parts: packets, traces, segments, each with a header of its own before it.

use dasc_ir::{Diag, Result};

use super::{DataFile, truncated};

#[derive(Debug)]
pub enum Pieces {
    /// Parts of `bytes` each, the first at `offset` and one every `stride`.
    Regular { offset: u64, bytes: u64, stride: u64 },
    /// Where each part begins among the samples and in the file, in order of the former, the first at 0.
    Listed { parts: Vec<(u64, u64)>, bytes: u64 },
}

impl Pieces {
    /// The piece that byte `at` lies in: where that byte is in the file, and how many follow in this piece.
    fn locate(&self, at: u64) -> Option<(u64, u64)> {
        match self {
            Pieces::Regular { offset, bytes, stride } => {
                let (piece, within) = (at.checked_div(*bytes)?, at.checked_rem(*bytes)?);
                let from = piece.checked_mul(*stride)?.checked_add(*offset)?.checked_add(within)?;
                Some((from, bytes - within))
            }
            Pieces::Listed { parts, bytes } => {
                let next = parts.partition_point(|(first, _)| *first <= at);
                let (first, from) = parts.get(next.checked_sub(1)?)?;
                let end = parts.get(next).map_or(*bytes, |(first, _)| *first);
                let within = at - first;
                Some((from.checked_add(within)?, end.checked_sub(at)?)).filter(|(_, left)| *left > 0)
            }
        }
    }

    /// Refuses pieces that hold fewer than `bytes` or reach beyond the file.
    pub fn check(&self, file: &DataFile, place: &str, bytes: u64) -> Result<()> {
        let broken = || Diag::world(format!("{place} lies in pieces that make no sense"));
        let Some(last) = bytes.checked_sub(1) else { return Ok(()) };
        match self {
            Pieces::Regular { .. } => {
                let (from, _) = self.locate(last).ok_or_else(broken)?;
                if from >= file.len() {
                    return Err(truncated(place, from.saturating_add(1), file.len()));
                }
            }
            Pieces::Listed { parts, bytes: all } => {
                if *all < bytes || parts.first().is_none_or(|(first, _)| *first != 0) {
                    return Err(broken());
                }
                let ends = parts.iter().skip(1).map(|(first, _)| *first).chain([*all]);
                for ((first, from), end) in parts.iter().zip(ends) {
                    let size = end.checked_sub(*first).ok_or_else(broken)?;
                    let stop = from.checked_add(size).ok_or_else(broken)?;
                    if stop > file.len() {
                        return Err(truncated(place, stop, file.len()));
                    }
                }
            }
        }
        Ok(())
    }

    /// Fills `out` with the samples' bytes from `at` on.
    pub fn read(&self, file: &DataFile, at: u64, out: &mut [u8]) -> Result<()> {
        let mut done = 0;
        while let Some(rest) = out.get_mut(done..).filter(|rest| !rest.is_empty()) {
            let (from, left) = self
                .locate(at.saturating_add(done as u64))
                .ok_or_else(|| Diag::compiler(format!("byte {at} of '{}' lies in no piece", file.path())))?;
            let now = usize::try_from(left).unwrap_or(usize::MAX).min(rest.len());
            file.read_at(&mut rest[..now], from)?;
            done += now;
        }
        Ok(())
    }
}
