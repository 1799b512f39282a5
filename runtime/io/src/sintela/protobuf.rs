//! Sintela's recordings as protocol buffers: envelopes `PBUF`, four letters and a length, around messages. `META` describes
//! the recording, `TS05` holds rows of f32 samples; bands of energy and spectra, which recorders also write, are refused.
//!
//! Source: the reader of DASCore (its development version), whose schema names the fields.

use std::collections::BTreeMap;
use std::sync::Arc;

use dasc_ir::{Diag, Result};

use super::packets::{Packet, Packets};
use super::wire::{Kind, LONGEST_KEY, Message, Value, key};
use crate::array::{Array, DataFile, Element, Layout, Pieces};
use crate::bytes::Bytes;
use crate::found::{self, Clock, Found};
use crate::record::Record;
use crate::{FileType, ReadOptions};

pub const MAGIC: &[u8] = b"PBUFMETA";

const ENVELOPE: u64 = 12;
/// A header of a packet has a hundred bytes; what describes the recording may hold a map.
const LARGEST_HEADER: u64 = 64 << 10;
const LARGEST_META: u64 = 16 << 20;

/// What all packets of a file share.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Shared {
    channels: u64,
    hertz: f64,
    spacing: f64,
    gauge: f64,
    first: u64,
    step: u64,
    quantity: u64,
}

/// Field numbers: of a packet, of its header, of what that has in common with other kinds of packets.
mod field {
    pub const HEADER: u64 = 1;
    pub const SAMPLES: u64 = 3;
    pub const RAW_FRAMES: u64 = 4;

    pub const COMMON: u64 = 1;
    pub const COUNT: u64 = 2;
    pub const ROWS: u64 = 3;
    pub const STEP: u64 = 4;

    pub const TIME: u64 = 1;
    pub const CHANNELS: u64 = 2;
    pub const HERTZ: u64 = 3;
    pub const SPACING: u64 = 4;
    pub const GAUGE: u64 = 5;
    pub const FIRST: u64 = 6;
    pub const DROPPED: u64 = 10;
    pub const QUANTITY: u64 = 11;
}

pub(crate) fn open(file: Arc<DataFile>, options: &ReadOptions) -> Result<Record> {
    let path = file.path().to_string();
    let mut packets = Packets::new(u32::MAX.into());
    let mut shared: Option<Shared> = None;
    let mut attributes = BTreeMap::new();
    let (mut parts, mut bytes, mut dropped) = (Vec::new(), 0u64, 0u64);
    let mut at = 0u64;
    while at < file.len() {
        let bad = |why: &str| {
            Diag::world(format!("the packet at byte {at} of '{path}' {why}"))
                .help("the file is damaged; copy it again")
        };
        let envelope = file.part(at, ENVELOPE)?;
        let size = u64::from(Bytes::little(&envelope).u32(8).unwrap_or(0));
        let body = at.saturating_add(ENVELOPE);
        if size > file.len().saturating_sub(body) {
            let needed = body.saturating_add(size);
            return Err(crate::array::truncated(&format!("'{path}'"), needed, file.len()));
        }
        match envelope.get(..8) {
            Some(b"PBUFTS05") => {
                let Parts { header, samples } = split(&file, body, size)?.map_err(bad)?;
                let (here, packet, lost) =
                    described(Message(&header)).ok_or_else(|| bad("has a header that makes no sense"))?;
                if *shared.get_or_insert(here) != here {
                    return Err(bad("says something else about the record than the first"));
                }
                let expected = packet.rows.checked_mul(here.channels).and_then(|n| n.checked_mul(4));
                let (from, length) = samples.ok_or_else(|| bad("has no samples"))?;
                if expected != Some(length) || length == 0 {
                    return Err(bad(&format!(
                        "holds {length} bytes of samples, not {} rows of {} channels",
                        packet.rows, here.channels
                    )));
                }
                parts.try_reserve(1).map_err(|_| bad("is one of too many"))?;
                parts.push((bytes, from));
                bytes = bytes.saturating_add(length);
                dropped = dropped.saturating_add(lost.into());
                packets.push(packet);
            }
            Some(MAGIC) if size <= LARGEST_META => {
                attributes.extend(instrument(Message(&file.part(body, size)?)));
            }
            Some(tag)
                if tag.starts_with(b"PBUFBAND")
                    || tag.starts_with(b"PBUFFFT")
                    || tag.starts_with(b"PBUFRF") =>
            {
                let what = match tag.get(4) {
                    Some(b'B') => "energies in bands",
                    Some(b'F') => "spectra",
                    _ => "raw frames",
                };
                return Err(Diag::world(format!(
                    "'{path}' is a Sintela recording of {what}; time series are read"
                ))
                .help("record or export the time series"));
            }
            // What recorders add is passed over.
            Some(tag) if tag.starts_with(b"PBUF") => {}
            _ => return Err(bad("does not begin like one")),
        }
        at = body.saturating_add(size);
    }
    let shared = shared.ok_or_else(|| {
        Diag::world(format!("'{path}' holds no samples"))
            .help("its writer was stopped before the first; leave the file out")
    })?;
    let rate = match options.fs {
        Some(fs) => fs,
        None => found::rate(&path, shared.hertz, "its sample rate").map_err(|e| e.help("give FS to READ"))?,
    };
    let count = parts.len();
    let mut found = Found::new("samples", Clock::Segments { segments: packets.segments, rate });
    found.notes = packets.notes;
    if dropped > 0 {
        found.notes.push(format!("{dropped} packets say that samples were dropped"));
    }
    found.first = i64::try_from(shared.first).unwrap_or(i64::MAX);
    found.step = i64::try_from(shared.step.max(1)).unwrap_or(i64::MAX);
    found.spacing = shared.spacing * found.step as f64;
    found.distance = shared.spacing * found.first as f64;
    found.gauge_length = Some(shared.gauge);
    let (quantity, unit) = match shared.quantity {
        0 | 1 => ("phase", "rad"),
        2 => ("phase difference", "rad"),
        3 => ("phase rate", "rad/s"),
        4 => ("strain", "ustrain"),
        5 => ("strain rate", "ustrain/s"),
        _ => ("unknown", ""),
    };
    found.unit = unit.into();
    found.attributes = attributes;
    found.attributes.insert("quantity".into(), quantity.into());
    found.attributes.insert("packets".into(), count.to_string());
    let rows = bytes.checked_div(shared.channels.saturating_mul(4)).unwrap_or(0);
    let shape = [1, rows, shared.channels];
    let element = Element::new(FileType::F32, false);
    let array = Array::new(file, "samples", element, shape, Layout::Pieces(Pieces::Listed { parts, bytes }))?;
    found::record("sintela", found, array, options)
}

/// A packet's header, and where its samples lie in the file.
struct Parts {
    header: Vec<u8>,
    samples: Option<(u64, u64)>,
}

/// Walks over a packet's fields without reading its samples. The inner error is a phrase.
fn split(file: &DataFile, body: u64, size: u64) -> Result<std::result::Result<Parts, &'static str>> {
    let end = body.saturating_add(size);
    let mut parts = Parts { header: Vec::new(), samples: None };
    let mut at = body;
    while at < end {
        let head = file.part(at, LONGEST_KEY.min(end - at))?;
        let Some((number, kind, used)) = key(&head) else { return Ok(Err("is no message")) };
        let start = at.saturating_add(used as u64);
        let length = match kind {
            Kind::Integer(_) => 0,
            Kind::Fixed(size) => size as u64,
            Kind::Bytes(length) => length,
        };
        if length > end.saturating_sub(start) {
            return Ok(Err("has a field that does not fit into it"));
        }
        match (number, kind) {
            (field::HEADER, Kind::Bytes(_)) if length <= LARGEST_HEADER => {
                parts.header = file.part(start, length)?
            }
            (field::SAMPLES, Kind::Bytes(_)) if parts.samples.is_none() => {
                parts.samples = Some((start, length))
            }
            (field::SAMPLES, _) => return Ok(Err("has its samples in pieces")),
            (field::RAW_FRAMES, Kind::Bytes(1..)) => {
                return Ok(Err("has its samples in raw frames, which are not read"));
            }
            _ => {}
        }
        at = start.saturating_add(length);
    }
    Ok(Ok(parts))
}

/// What a header says of the record, of its own packet, and whether samples were dropped before it.
fn described(header: Message) -> Option<(Shared, Packet, bool)> {
    let common = header.field(field::COMMON)?.message()?;
    let time = common.field(field::TIME)?.message()?;
    let seconds = i64::try_from(time.integer(1)).ok()?.checked_mul(1_000_000_000)?;
    let start_ns = seconds.checked_add(i64::try_from(time.integer(2)).ok()?)?;
    let real = |number| common.f32(number).map_or(0.0, |value| found::decimal(value.into()));
    let shared = Shared {
        channels: common.integer(field::CHANNELS),
        hertz: real(field::HERTZ),
        spacing: real(field::SPACING),
        gauge: real(field::GAUGE),
        first: common.integer(field::FIRST),
        step: header.integer(field::STEP),
        quantity: common.integer(field::QUANTITY),
    };
    let packet = Packet { count: header.integer(field::COUNT), start_ns, rows: header.integer(field::ROWS) };
    let usable = shared.spacing.is_finite() && shared.gauge.is_finite() && packet.count <= u32::MAX.into();
    usable.then_some((shared, packet, common.integer(field::DROPPED) != 0))
}

/// Who made the recording.
fn instrument(meta: Message) -> BTreeMap<String, String> {
    let told = meta.field(3).and_then(Value::message);
    let names = [(1, "manufacturer"), (2, "system"), (3, "model"), (4, "serial number")];
    names
        .into_iter()
        .filter_map(|(number, name)| {
            let text = told?.field(number)?.text()?;
            Some((name.to_string(), text.chars().take(200).collect()))
        })
        .collect()
}
