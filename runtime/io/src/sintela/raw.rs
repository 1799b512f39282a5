//! Sintela's raw format, version 3: packets of f32 rows of one size, each after a header of 96 bytes.
//!
//! Source: the reader of DASCore, which takes packets as contiguous; here their counts of samples decide.

use std::ops::Range;
use std::sync::Arc;

use dasc_ir::{Diag, Result};

use super::packets::{Packet, Packets};
use crate::array::{Array, DataFile, Element, Layout, Pieces, truncated};
use crate::bytes::Bytes;
use crate::found::{self, Clock, Found, lacks};
use crate::record::Record;
use crate::{FileType, ReadOptions};

/// Bytes of a header of version 3.
const HEADER: u64 = 96;

pub const SYNC: u32 = 0x1122_3344;

/// What all packets of a file share.
struct Header {
    version: u32,
    size: u32,
    channels: u32,
    rows: u32,
    hertz: f64,
    spacing: f64,
    gauge: f64,
    first: u32,
    step: u32,
    quantity: u8,
}

/// Where a header has it.
const SHARED: [Range<usize>; 4] = [4..12, 28..48, 52..60, 76..77];

fn header(head: &Bytes) -> Option<Header> {
    Some(Header {
        size: head.u32(4)?,
        version: head.u32(8)?,
        channels: head.u32(28)?,
        rows: head.u32(32)?,
        hertz: found::decimal(head.f32(36)?.into()),
        spacing: found::decimal(head.f32(40)?.into()),
        gauge: found::decimal(head.f32(44)?.into()),
        first: head.u32(52)?,
        step: head.u32(56)?,
        quantity: head.u8(76)?,
    })
}

fn packet(head: &Bytes) -> Option<Packet> {
    if head.u32(0)? != SYNC {
        return None;
    }
    let start_ns = i64::try_from(head.u64(20)?).ok()?;
    Some(Packet { count: head.u64(12)?, start_ns, rows: head.u32(32)?.into() })
}

pub(crate) fn open(file: Arc<DataFile>, options: &ReadOptions) -> Result<Record> {
    let path = file.path().to_string();
    let bad = |packet: u64, why: &str| {
        Diag::world(format!("packet {packet} of '{path}' {why}"))
            .help("the file is damaged or from a recorder that was set anew; copy it again or split it there")
    };
    let first = file.part(0, HEADER)?;
    let version = Bytes::little(&first).u32(8).unwrap_or(0);
    let shared = header(&Bytes::little(&first))
        .filter(|shared| shared.version == 3 && u64::from(shared.size) == HEADER)
        .ok_or_else(|| {
            Diag::world(format!("'{path}' is a Sintela raw file of version {version}; version 3 is read"))
                .help("export it from the instrument as HDF5")
        })?;
    let row = u64::from(shared.channels) * 4;
    let bytes = row.checked_mul(shared.rows.into()).filter(|n| *n > 0);
    let bytes = bytes.ok_or_else(|| bad(0, "has no samples"))?;
    let stride = bytes.checked_add(HEADER).ok_or_else(|| bad(0, "claims an impossible size"))?;
    let (count, rest) = (file.len() / stride, file.len() % stride);
    if rest != 0 {
        let whole = (file.len() - rest).saturating_add(stride);
        return Err(truncated(&format!("'{path}' in its last packet"), whole, file.len()));
    }
    let mut packets = Packets::new(u64::MAX);
    for i in 0..count {
        let head = file.part(i * stride, HEADER)?;
        let when = packet(&Bytes::little(&head)).ok_or_else(|| bad(i, "does not begin like one"))?;
        if SHARED.into_iter().any(|part| head.get(part.clone()) != first.get(part)) {
            return Err(bad(i, "says something else about the record than the first"));
        }
        packets.push(when);
    }
    let rate = match options.fs {
        Some(fs) => fs,
        None => found::rate(&path, shared.hertz, "its sample rate").map_err(|e| e.help("give FS to READ"))?,
    };
    let mut found = Found::new("samples", Clock::Segments { segments: packets.segments, rate });
    found.notes = packets.notes;
    found.first = shared.first.into();
    found.step = shared.step.max(1).into();
    found.spacing = shared.spacing * found.step as f64;
    found.distance = shared.spacing * found.first as f64;
    found.gauge_length = Some(shared.gauge);
    let (quantity, unit) = match shared.quantity {
        0 => ("phase", "rad"),
        1 => ("phase difference", "rad"),
        2 => ("phase rate", "rad/s"),
        3 => ("strain", "ustrain"),
        4 => ("strain rate", "ustrain/s"),
        _ => ("unknown", ""),
    };
    found.unit = unit.into();
    found.attributes.insert("quantity".into(), quantity.into());
    found.attributes.insert("packets".into(), count.to_string());
    let samples = count.checked_mul(shared.rows.into()).ok_or_else(|| lacks(&path, "a sensible length"))?;
    let shape = [1, samples, shared.channels.into()];
    let pieces = Pieces::Regular { offset: HEADER, bytes, stride };
    let element = Element::new(FileType::F32, false);
    let array = Array::new(file, "samples", element, shape, Layout::Pieces(pieces))?;
    found::record("sintela", found, array, options)
}
