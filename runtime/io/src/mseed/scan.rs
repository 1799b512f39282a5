//! Which records a file holds, from their headers alone.

use std::collections::HashMap;

use dasc_ir::{Diag, Rational, Result};

use super::decode::file_type;
use super::header::{self, ENOUGH, Header, LEAST};
use crate::FileType;
use crate::array::{DataFile, buffer, truncated};

/// One record with samples.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    pub offset: u64,
    pub length: u32,
    pub samples: u32,
    pub start_ns: i64,
}

/// The records of one `NET.STA.LOC.CHA`, in the order of the file.
#[derive(Debug)]
pub struct Stream {
    pub name: String,
    pub rate: Rational,
    pub entries: Vec<Entry>,
}

#[derive(Debug)]
pub struct Scan {
    /// By name.
    pub streams: Vec<Stream>,
    pub file_type: FileType,
    pub version: u8,
    pub notes: Vec<String>,
}

const WINDOW: u64 = 1 << 20;
/// Rates that differ by less are the same, written or measured a little differently, as libmseed takes them.
const SAME_RATE: f64 = 1e-4;

pub fn scan(file: &DataFile) -> Result<Scan> {
    let path = file.path();
    let mut window = Window { file, bytes: Vec::new(), at: 0 };
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut streams: Vec<Stream> = Vec::new();
    let mut types: [Option<String>; 4] = Default::default();
    let (mut at, mut records, mut silent, mut version) = (0u64, 0u64, 0u64, 2);
    while at < file.len() {
        let head = window.head(at)?;
        let short = (head.len() as u64) < LEAST && (header::begins_so(head) || head.len() < 8);
        if short {
            return Err(truncated(&format!("'{path}'"), at.saturating_add(LEAST), file.len()));
        }
        let bad = |why: String| {
            Diag::world(format!("the miniSEED record at byte {at} of '{path}' cannot be read: {why}"))
                .help("the file is damaged there; fetch it again, or cut the damaged record out")
        };
        version = if head.starts_with(b"MS") { 3 } else { version };
        let header = header::read(head).map_err(bad)?;
        let end = at.saturating_add(header.length.into());
        if end > file.len() {
            return Err(truncated(&format!("'{path}' in its last record"), end, file.len()));
        }
        if u64::from(header.length) < 40 {
            return Err(bad("it claims to be shorter than its header".into()));
        }
        let wanted = file_type(header.encoding).map_err(|what| {
            bad(format!("it holds {what}; int16, int32, float32, float64, Steim-1 and Steim-2 are read"))
        })?;
        records = records.saturating_add(1);
        match (wanted, header.rate, header.samples) {
            (Some(wanted), Some(rate), 1..) => {
                types[wanted as usize].get_or_insert_with(|| header.stream.clone());
                let place = *places.entry(header.stream.clone()).or_insert_with(|| {
                    streams.push(Stream { name: header.stream.clone(), rate, entries: Vec::new() });
                    streams.len() - 1
                });
                let Some(stream) = streams.get_mut(place) else { continue };
                let ratio = rate.as_f64() / stream.rate.as_f64();
                if (ratio - 1.0).abs() > SAME_RATE {
                    let (name, before) = (&stream.name, stream.rate);
                    return Err(mixed(path, &[(name, before), (name, rate)]));
                }
                stream.entries.try_reserve(1).map_err(|_| bad("there are too many records".into()))?;
                let Header { length, samples, start_ns, .. } = header;
                stream.entries.push(Entry { offset: at, length, samples, start_ns });
            }
            _ => silent = silent.saturating_add(1),
        }
        at = end;
    }
    if streams.is_empty() {
        return Err(Diag::world(format!("'{path}' holds {records} miniSEED records and no samples"))
            .help("it may be a log or a state of health; leave it out"));
    }
    streams.sort_by(|a, b| a.name.cmp(&b.name));
    let mut rates: Vec<(&String, Rational)> = streams.iter().map(|s| (&s.name, s.rate)).collect();
    rates.dedup_by_key(|(_, rate)| *rate);
    if rates.len() > 1 {
        return Err(mixed(path, &rates));
    }
    let file_type = joint_type(&types, path)?;
    let mut notes = Vec::new();
    if silent > 0 {
        notes.push(format!("{silent} records of text or without samples are left out"));
    }
    Ok(Scan { streams, file_type, version, notes })
}

/// Integers of different widths become the wider ones; nothing else is mixed.
fn joint_type(types: &[Option<String>; 4], path: &str) -> Result<FileType> {
    let [short, long, single, double] = types;
    match (short, long, single, double) {
        (Some(_), None, None, None) => Ok(FileType::I16),
        (_, Some(_), None, None) => Ok(FileType::I32),
        (None, None, Some(_), None) => Ok(FileType::F32),
        (None, None, None, Some(_)) => Ok(FileType::F64),
        _ => {
            let kinds = ["int16", "int32", "float32", "float64"];
            let named = kinds
                .iter()
                .zip(types)
                .filter_map(|(kind, stream)| Some(format!("{kind} in {}", stream.as_ref()?)));
            let named = named.collect::<Vec<_>>().join(", ");
            Err(Diag::world(format!("'{path}' mixes types of samples: {named}"))
                .help("write the streams of each type to a file of their own"))
        }
    }
}

fn mixed(path: &str, rates: &[(&String, Rational)]) -> Diag {
    let named: Vec<String> =
        rates.iter().take(4).map(|(name, rate)| format!("{name} at {rate} Hz")).collect();
    Diag::world(format!("'{path}' mixes sampling rates: {}", named.join(", ")))
        .help("READ takes channels of one rate: write those of each to a file of their own, for instance with ObsPy")
}

/// A stretch of the file that was read at once.
struct Window<'a> {
    file: &'a DataFile,
    bytes: Vec<u8>,
    at: u64,
}

impl Window<'_> {
    /// The file from `offset` on, as much as a header can take.
    fn head(&mut self, offset: u64) -> Result<&[u8]> {
        let left = self.file.len().saturating_sub(offset);
        let needed = ENOUGH.min(left);
        let held = self.at.saturating_add(self.bytes.len() as u64);
        if offset < self.at || offset.saturating_add(needed) > held {
            self.bytes = buffer(WINDOW.min(left), self.file.path())?;
            self.file.read_at(&mut self.bytes, offset)?;
            self.at = offset;
        }
        let start = usize::try_from(offset.saturating_sub(self.at)).unwrap_or(usize::MAX);
        let end = start.saturating_add(needed as usize);
        self.bytes.get(start..end).ok_or_else(|| {
            Diag::compiler(format!("byte {offset} of '{}' is not in the window", self.file.path()))
        })
    }
}
