//! miniSEED 2 and 3 (FDSN): records of one stream each, in any order; every `NET.STA.LOC.CHA` is a channel.
//!
//! The headers of all records are read when the file is opened, their samples when they are asked for. Rows are the
//! stretches of time that all streams have; gaps stay gaps.

mod decode;
mod header;
mod records;
mod scan;
mod steim;
mod timeline;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use dasc_ir::{Diag, Result};

use crate::array::DataFile;
use crate::found::{self, Clock, Found, Stored};
use crate::record::check_read;
use crate::{ASSUMED_SPACING, Header, ReadOptions, Source};
pub(crate) use header::begins_so;
use records::Records;
use timeline::{Piece, Timeline, timeline};

#[derive(Debug)]
pub struct Miniseed {
    header: Header,
    records: Records,
    channels: Vec<Vec<Piece>>,
    /// The record of each channel decoded last, so that reading on row by row decodes each once.
    recent: Vec<Mutex<Recent>>,
    /// Bytes that one of them may have.
    kept: usize,
}

type Recent = Option<(u64, Arc<Vec<u8>>)>;

/// Bytes of decoded records that are kept.
const KEPT: usize = 256 << 20;
/// Streams whose names are listed.
const LISTED: usize = 64;

pub(crate) fn open(file: Arc<DataFile>, options: &ReadOptions) -> Result<Miniseed> {
    let path = file.path().to_string();
    let found = scan::scan(&file)?;
    let records = Records { file, file_type: found.file_type };
    let count = found.streams.len();
    let mut attributes = BTreeMap::from([("version".to_string(), found.version.to_string())]);
    for (channel, stream) in found.streams.iter().take(LISTED).enumerate() {
        attributes.insert(format!("channel {channel}"), stream.name.clone());
    }
    let rate = found.streams.first().map(|s| s.rate).ok_or_else(|| found::lacks(&path, "streams"))?;
    let Timeline { channels, segments, notes } = timeline(found.streams, rate, &records)?;
    let samples = segments.iter().map(|s| s.len).sum();
    let mut described = Found::new("samples", Clock::Segments { segments, rate });
    described.notes = found.notes.into_iter().chain(notes).collect();
    if count > 1 {
        described.notes.push(ASSUMED_SPACING.into());
    }
    described.unit = "count".into();
    described.attributes = attributes;
    // Byte order and type belong to each record; both are undone when it is decoded.
    let big_endian = cfg!(target_endian = "big");
    let stored = Stored { samples, channels: count as u64, file_type: records.file_type, big_endian };
    let header = found::header("miniseed", described, stored, &path, options)?;
    let recent = (0..count).map(|_| Mutex::new(None)).collect();
    Ok(Miniseed { header, records, channels, recent, kept: KEPT / count.max(1) })
}

impl Miniseed {
    fn samples(&self, channel: usize, piece: &Piece) -> Result<Arc<Vec<u8>>> {
        let Some(recent) = self.recent.get(channel) else {
            return self.records.samples(piece.offset, piece.length);
        };
        if let Some((_, samples)) = recent
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .as_ref()
            .filter(|(offset, _)| *offset == piece.offset)
        {
            return Ok(samples.clone());
        }
        let samples = self.records.samples(piece.offset, piece.length)?;
        if samples.len() <= self.kept {
            *recent.lock().unwrap_or_else(PoisonError::into_inner) = Some((piece.offset, samples.clone()));
        }
        Ok(samples)
    }
}

impl Source for Miniseed {
    fn header(&self) -> &Header {
        &self.header
    }

    fn read(&self, rows: Range<i64>, channels: Range<usize>, out: &mut [u8], stride: usize) -> Result<()> {
        let row = check_read(&self.header, &rows, &channels, out.len(), stride)?;
        if rows.is_empty() || row == 0 {
            return Ok(());
        }
        let path = self.records.file.path();
        let within = self
            .header
            .segments
            .iter()
            .any(|s| s.start <= rows.start && rows.end <= s.start.saturating_add_unsigned(s.len));
        if !within {
            return Err(Diag::compiler(format!("rows {rows:?} of '{path}' do not lie in one segment")));
        }
        let width = self.header.file_type.size();
        let absent = || Diag::compiler(format!("rows {rows:?} of '{path}' are in no record"));
        for (column, channel) in channels.enumerate() {
            let pieces = self.channels.get(channel).map_or(&[][..], Vec::as_slice);
            let mut next = rows.start;
            let from = pieces.partition_point(|p| p.first.saturating_add(p.samples.into()) <= rows.start);
            for piece in pieces.get(from..).into_iter().flatten().take_while(|p| p.first < rows.end) {
                let end = piece.first.saturating_add(piece.samples.into()).min(rows.end);
                let begin = piece.first.max(rows.start);
                if begin != next {
                    return Err(absent());
                }
                let decoded = self.samples(channel, piece)?;
                let skip = usize::try_from(begin.saturating_sub(piece.first)).map_err(|_| absent())?;
                let skip = skip.saturating_add(piece.skip as usize).saturating_mul(width);
                let samples = decoded.get(skip..).ok_or_else(absent)?.chunks_exact(width);
                let first = usize::try_from(begin.saturating_sub(rows.start)).map_err(|_| absent())?;
                let count = usize::try_from(end.saturating_sub(begin)).map_err(|_| absent())?;
                for (i, sample) in samples.take(count).enumerate() {
                    let at = (first + i) * stride + column * width;
                    out[at..at + width].copy_from_slice(sample);
                }
                next = end;
            }
            if next != rows.end {
                return Err(absent());
            }
        }
        Ok(())
    }

    fn bytes_read(&self) -> u64 {
        self.records.file.fetched()
    }
}
