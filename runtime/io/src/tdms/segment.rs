//! The chain of segments: where the raw data of all of them lie.

use std::collections::BTreeMap;

use dasc_ir::{Diag, Result};

use super::metadata::{Objects, Raw};
use super::value::{Value, element};
use crate::array::{DataFile, Element, truncated};
use crate::bytes::{Bytes, Cursor};

/// What a file holds: `rows` of each of `channels`, in `parts` as [`crate::array::Pieces::Listed`] has them.
pub struct Contents {
    pub properties: BTreeMap<String, Value>,
    pub element: Element,
    pub channels: u64,
    pub rows: u64,
    pub parts: Vec<(u64, u64)>,
    pub bytes: u64,
    pub channel_major: bool,
    pub notes: Vec<String>,
}

/// Raw data of one layout: `chunks` of `rows` each from `offset` on.
struct Stretch {
    offset: u64,
    rows: u64,
    chunks: u64,
}

/// How the first segment with raw data is laid out, which all others must share.
#[derive(PartialEq)]
struct Common {
    paths: Vec<String>,
    element: Element,
    interleaved: bool,
}

const LEAD_IN: u64 = 28;
const METADATA: u32 = 1 << 1;
const NEW_LIST: u32 = 1 << 2;
const RAW_DATA: u32 = 1 << 3;
const INTERLEAVED: u32 = 1 << 5;
const BIG_ENDIAN: u32 = 1 << 6;
const DAQMX: u32 = 1 << 7;

/// No recorder writes as much about its channels, or as many segments.
const LARGEST_METADATA: u64 = 256 << 20;
const MOST_SEGMENTS: usize = 1 << 20;
const MOST_PARTS: u64 = 1 << 22;

pub fn read(file: &DataFile) -> Result<Contents> {
    let mut objects = Objects::default();
    let mut notes = Vec::new();
    let mut common: Option<Common> = None;
    let mut latest: Option<(u32, u64)> = None;
    let mut stretches = Vec::new();
    let (mut at, mut segment) = (0u64, 0usize);
    while at < file.len() {
        segment = segment.saturating_add(1);
        let bad = |why: String| {
            Diag::world(format!("segment {segment} of '{}' cannot be read: {why}", file.path()))
                .help("the file is damaged or of another make; copy it again, or save it as HDF5")
        };
        let lead = file.part(at, LEAD_IN)?;
        let contents = Bytes::little(&lead).u32(4).unwrap_or(0);
        let lead = Bytes { data: &lead, big_endian: contents & BIG_ENDIAN != 0 };
        let (Some(next), Some(raw)) = (lead.u64(12), lead.u64(20)) else { return Err(bad("it ends".into())) };
        if !lead.data.starts_with(b"TDSm") || segment > MOST_SEGMENTS {
            return Err(bad("it does not begin like one".into()));
        }
        let unfinished = next == u64::MAX;
        let (body, left) = (at.saturating_add(LEAD_IN), file.len().saturating_sub(at + LEAD_IN));
        let size = if unfinished { left } else { next };
        if size > left {
            let needed = body.saturating_add(size);
            return Err(truncated(&format!("segment {segment} of '{}'", file.path()), needed, file.len()));
        }
        if raw > size || raw > LARGEST_METADATA {
            return Err(bad(format!("it claims {raw} bytes of metadata")));
        }
        if contents & METADATA != 0 {
            let metadata = file.part(body, raw)?;
            let mut cursor = Cursor { bytes: Bytes { data: &metadata, ..lead }, at: 0 };
            if objects.update(&mut cursor, contents & NEW_LIST != 0).map_err(bad)? {
                latest = None;
            }
        }
        if contents & RAW_DATA != 0 && size > raw {
            if contents & DAQMX != 0 {
                return Err(bad("its samples are in the raw format of NI-DAQmx, which is not read".into()));
            }
            // A list that stays as it was is not compared again: there may be many channels and many segments.
            let order = contents & (INTERLEAVED | BIG_ENDIAN);
            let rows = match latest.filter(|(before, _)| *before == order) {
                Some((_, rows)) => rows,
                None => agree(&objects, order, &mut common).map_err(bad)?,
            };
            latest = Some((order, rows));
            let Some(common) = &common else { break };
            let row = (common.paths.len() as u64).saturating_mul(common.element.size.into());
            let chunk = if common.interleaved { row } else { row.saturating_mul(rows) };
            let bytes = size - raw;
            let (Some(chunks), Some(rest)) = (bytes.checked_div(chunk), bytes.checked_rem(chunk)) else {
                return Err(bad("its channels have no samples".into()));
            };
            if rest > 0 && !unfinished {
                return Err(bad(format!("{bytes} bytes of raw data are no whole number of rows")));
            }
            if unfinished {
                notes.push(format!("the writer did not finish segment {segment}; its whole rows are read"));
            }
            let offset = body.saturating_add(raw);
            stretches.push(match common.interleaved {
                true => Stretch { offset, rows: chunks, chunks: 1 },
                false => Stretch { offset, rows, chunks },
            });
        }
        at = body.saturating_add(size);
    }
    let common = common.ok_or_else(|| {
        Diag::world(format!("'{}' holds no raw data", file.path()))
            .help("its writer was stopped before the first; leave the file out")
    })?;
    let (rows, parts) = parts(&stretches, &common, file)?;
    let channels = common.paths.len() as u64;
    Ok(Contents {
        properties: objects.properties,
        element: common.element,
        channels,
        rows,
        parts,
        bytes: rows.saturating_mul(channels).saturating_mul(common.element.size.into()),
        channel_major: !common.interleaved,
        notes,
    })
}

/// Holds the present list of channels against that of the segments before, and gives the rows of each in a chunk.
fn agree(objects: &Objects, order: u32, common: &mut Option<Common>) -> Result<u64, String> {
    let mut channels = objects.channels();
    let Some((_, first)) = channels.next() else { return Err("it has raw data of no channel".into()) };
    if let Some((path, raw)) = channels.find(|(_, raw)| *raw != first) {
        let Raw { code, count } = raw;
        return Err(format!(
            "{path} has {count} samples of type {code}, the first channel {} of type {}; \
             channels of one type and length are read",
            first.count, first.code
        ));
    }
    let element = element(first.code, order & BIG_ENDIAN != 0)
        .map_err(|what| format!("its samples are {what}; i16, i32, f32 and f64 are read"))?;
    let paths = objects.channels().map(|(path, _)| path.to_string()).collect();
    let here = Common { paths, element, interleaved: order & INTERLEAVED != 0 };
    match common {
        None => *common = Some(here),
        Some(before) if *before == here => {}
        Some(_) => return Err("its channels, their type or their order differ from those before".into()),
    }
    Ok(first.count)
}

/// All rows, and where they lie: row after row, or for each channel stretch after stretch and chunk after chunk.
fn parts(stretches: &[Stretch], common: &Common, file: &DataFile) -> Result<(u64, Vec<(u64, u64)>)> {
    let broken = || Diag::world(format!("'{}' claims an impossible size", file.path()));
    let width = u64::from(common.element.size);
    let channels = common.paths.len() as u64;
    let mut rows = 0u64;
    let mut count = 0u64;
    for stretch in stretches {
        let more = stretch.rows.checked_mul(stretch.chunks).ok_or_else(broken)?;
        rows = rows.checked_add(more).ok_or_else(broken)?;
        count = count.checked_add(stretch.chunks).ok_or_else(broken)?;
    }
    let repeated = if common.interleaved { 1 } else { channels };
    count = count.checked_mul(repeated).filter(|n| *n <= MOST_PARTS).ok_or_else(|| {
        Diag::world(format!("'{}' lies in too many pieces, channel after channel", file.path()))
            .help("defragment it (TDMS Defragment in LabVIEW), or save it as HDF5")
    })?;
    let row = if common.interleaved { channels.checked_mul(width).ok_or_else(broken)? } else { width };
    let mut parts = Vec::new();
    let room = usize::try_from(count).ok().filter(|n| parts.try_reserve_exact(*n).is_ok());
    room.ok_or_else(broken)?;
    let mut first = 0u64;
    for channel in 0..repeated {
        for stretch in stretches {
            for chunk in 0..stretch.chunks {
                let bytes = stretch.rows.checked_mul(row).ok_or_else(broken)?;
                let before = chunk.checked_mul(repeated).and_then(|n| n.checked_add(channel));
                let skip = before.and_then(|n| n.checked_mul(bytes)).ok_or_else(broken)?;
                // A stretch of no rows would give two parts the same beginning.
                if bytes > 0 {
                    parts.push((first, stretch.offset.checked_add(skip).ok_or_else(broken)?));
                }
                first = first.checked_add(bytes).ok_or_else(broken)?;
            }
        }
    }
    Ok((rows, parts))
}
