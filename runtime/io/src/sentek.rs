//! Sentek `.das`: six numbers, the channels' distances in metres, the samples' times in milliseconds, then the samples
//! channel after channel; all of it little-endian f32.
//!
//! DASCore (0.1.24) begins the samples at byte `4 * samples`, among the last of the times, and takes a distance and a time
//! from elsewhere too: it seeks from the beginning of the file where it means to skip. What the header counts adds up to
//! the file's size to the byte, and the times are spaced as the interval in nanoseconds says.

use std::path::Path;
use std::sync::Arc;

use dasc_ir::{Rational, Result, time::parse_utc};

use crate::array::{Array, DataFile, Element, Layout, truncated};
use crate::bytes::Bytes;
use crate::found::{self, Clock, Found, lacks};
use crate::record::{Axes, Record};
use crate::{FileType, ReadOptions};

/// The six numbers.
struct Header {
    channels: u64,
    samples: u64,
    nanoseconds: f64,
    strain_rate: bool,
    decimation: f64,
}

const NUMBERS: usize = 24;

impl Header {
    /// There is no magic number, so every number must be one that it can be.
    fn read(head: &[u8]) -> Option<Header> {
        let head = Bytes::little(head);
        let whole = |at: usize| head.f32(at).filter(|x| x.fract() == 0.0 && (1.0..=16_777_216.0).contains(x));
        let rate = head.f32(12).filter(|x| *x == 0.0 || *x == 1.0)?;
        head.f32(16).filter(|x| *x >= 0.0 && x.is_finite())?;
        Some(Header {
            channels: whole(0)? as u64,
            samples: whole(4)? as u64,
            nanoseconds: head.f32(8).filter(|x| *x >= 1.0 && x.is_finite())?.into(),
            strain_rate: rate == 1.0,
            decimation: whole(20)?.into(),
        })
    }
}

/// Whether a file that begins so is one: six possible numbers and distances that increase.
pub(crate) fn begins_so(head: &[u8]) -> bool {
    let Some(header) = Header::read(head) else { return false };
    let distance = |i: usize| Bytes::little(head).f32(NUMBERS + 4 * i);
    let shown = (head.len().saturating_sub(NUMBERS) / 4).min(header.channels as usize);
    shown > 1 && (1..shown).all(|i| distance(i - 1) < distance(i))
}

pub(crate) fn open(file: Arc<DataFile>, options: &ReadOptions) -> Result<Record> {
    let path = file.path().to_string();
    let header = Header::read(&file.head(NUMBERS)?).ok_or_else(|| lacks(&path, "a header"))?;
    let Header { channels, samples, .. } = header;
    // Each factor is at most 2^24, so nothing overflows.
    let offset = NUMBERS as u64 + 4 * (channels + samples);
    let needed = offset + 4 * channels * samples;
    if needed > file.len() {
        return Err(truncated(&format!("'{path}'"), needed, file.len()));
    }
    let rate = match options.fs {
        Some(fs) => fs,
        None => Rational::approximate(header.nanoseconds)
            .and_then(|ns| Rational::new(i128::from(ns.den()) * 1_000_000_000, ns.num().into()))
            .ok_or_else(|| lacks(&path, "a usable sampling interval").help("give FS to READ"))?,
    };
    let start = named_time(&path);
    let mut found = Found::new("samples", Clock::Regular { start_ns: start.unwrap_or(0), rate });
    if start.is_none() && options.start.is_none() {
        found.notes.push(
            "the start time is in the name that the instrument gave the file, and this name has none; \
             1970-01-01 is taken, give START to READ"
                .into(),
        );
    }
    let ends = file.part(NUMBERS as u64, 4 * channels)?;
    let ends = Bytes::little(&ends);
    let last = usize::try_from(4 * (channels - 1)).ok().and_then(|at| ends.f32(at));
    let (first, last) = (f64::from(ends.f32(0).unwrap_or(f32::NAN)), f64::from(last.unwrap_or(f32::NAN)));
    found.distance = first;
    if channels > 1 {
        found.spacing = (last - first) / (channels - 1) as f64;
        found.notes.push(format!(
            "distances are taken as evenly spaced from {first} m to {last} m; the file lists one for each channel"
        ));
    }
    let what = if header.strain_rate { "strain rate" } else { "strain" };
    found.notes.push(format!("samples are {what} in a unit that the file does not name"));
    found.attributes.insert("quantity".into(), what.into());
    found.attributes.insert("sampling interval (ns)".into(), header.nanoseconds.to_string());
    found.attributes.insert("decimation factor".into(), header.decimation.to_string());
    found.axes = Axes::ChannelTime;
    let element = Element::new(FileType::F32, false);
    let shape = [1, channels, samples];
    let array = Array::new(file, "samples", element, shape, Layout::Contiguous { offset })?;
    found::record("sentek", found, array, options)
}

/// The time in a name such as `DASDMSShot00_20230328155653619.das`.
fn named_time(path: &str) -> Option<i64> {
    let name = Path::new(path).file_stem()?.to_str()?;
    let digits = name.rsplit('_').next()?;
    if digits.len() != 17 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let part = |from: usize, to: usize| digits.get(from..to);
    parse_utc(&format!(
        "{}-{}-{}T{}:{}:{}.{}",
        part(0, 4)?,
        part(4, 6)?,
        part(6, 8)?,
        part(8, 10)?,
        part(10, 12)?,
        part(12, 14)?,
        part(14, 17)?
    ))
}
