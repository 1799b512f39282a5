//! SEG-Y, revision 0 to 2.1: one trace is one channel, all of one length and start.
//!
//! Source: SEG Technical Standards Committee, "SEG-Y_r2.1". Positions here count from 0.

use std::sync::Arc;

use dasc_ir::{Diag, Rational, Result, time::format_utc, time::ordinal_utc};

use crate::array::{Array, Class, DataFile, Element, Layout, Pieces, truncated};
use crate::bytes::Bytes;
use crate::found::{self, Clock, Found};
use crate::record::{Axes, Record};
use crate::{ASSUMED_SPACING, FileType, ReadOptions};

const TEXT: usize = 3200;
const FILE_HEADERS: usize = 3600;
const TRACE_HEADER: u64 = 240;

/// What the binary header says of the file.
struct FileHeader {
    big_endian: bool,
    revision: (u8, u8),
    format: u16,
    samples: u64,
    /// Traces have these samples, whatever their own headers say.
    fixed: bool,
    microseconds: f64,
    /// Where the first trace begins, and how many bytes follow the last.
    first: u64,
    trailer: u64,
    /// Traces, where it says.
    traces: u64,
}

/// Whether a file begins with the first card of a textual header (`C 1`, in EBCDIC or ASCII), or with any text (or none)
/// and a binary header that makes sense. Writers pad EBCDIC with blanks of ASCII too.
pub(crate) fn begins_so(head: &[u8]) -> bool {
    if head.starts_with(b"\xc3\x40\xf1") || head.starts_with(b"C 1 ") {
        return true;
    }
    let Some(text) = head.get(..TEXT) else { return false };
    let ascii = text.iter().all(|b| matches!(b, b' '..=b'~' | b'\r' | b'\n' | b'\t' | 0));
    let ebcdic = text.iter().all(|b| matches!(b, 0 | 0x05 | 0x0d | 0x15 | 0x20 | 0x25 | 0x40..=0xfe));
    (ascii || ebcdic) && [true, false].into_iter().any(|big| plausible(head, big))
}

/// The checks of ObsPy and DASCore: a known format, samples, and flags that a revision can have.
fn plausible(head: &[u8], big_endian: bool) -> bool {
    let Some(head) = head.get(TEXT..FILE_HEADERS).map(|data| Bytes { data, big_endian }) else {
        return false;
    };
    let number = |at| head.u16(at).unwrap_or(u16::MAX);
    let revision = head.u8(300).unwrap_or(u8::MAX);
    let samples = number(20) > 0 || revision > 1 && head.u32(68).is_some_and(|n| n > 0);
    let counts = number(12) < 1 << 15 && number(14) < 1 << 15;
    (1..=16).contains(&number(24)) && samples && counts && revision <= 2 && number(302) <= 1
}

impl FileHeader {
    fn read(head: &[u8], path: &str) -> Result<FileHeader> {
        let big_endian = match Bytes::big(head).u32(TEXT + 96) {
            // Revision 2 has a number whose bytes all differ.
            Some(0x0102_0304) => true,
            Some(0x0403_0201) => false,
            _ => plausible(head, true),
        };
        let cut = || truncated(&format!("'{path}'"), FILE_HEADERS as u64, head.len() as u64);
        let data = head.get(TEXT..FILE_HEADERS).ok_or_else(cut)?;
        let head = Bytes { data, big_endian };
        let short = |at| head.u16(at).unwrap_or(0);
        let revision = (head.u8(300).unwrap_or(0), head.u8(301).unwrap_or(0));
        let later = revision.0 >= 2;
        let extended = |value: Option<u64>| value.filter(|n| later && *n > 0);
        let long = |at| head.i32(at).and_then(|n| u64::try_from(n).ok());
        let unreadable = |what: &str| {
            Diag::world(format!("'{path}' is SEG-Y with {what}, which is not read"))
                .help("rewrite it as plain revision 1, for instance with segyio or ObsPy")
        };
        let texts = head.i16(304).unwrap_or(0);
        let texts =
            u64::try_from(texts).map_err(|_| unreadable("textual headers of a number that is not stated"))?;
        let more = if revision == (2, 0) { head.u32(306).unwrap_or(0) } else { short(306).into() };
        if later && more > 0 {
            return Err(unreadable("more than one header a trace"));
        }
        let trailers = head.i32(328).filter(|_| later).unwrap_or(0);
        let trailers =
            u64::try_from(trailers).map_err(|_| unreadable("trailers of a number that is not stated"))?;
        let first = FILE_HEADERS as u64 + texts * TEXT as u64;
        let stated = head.f64(72).filter(|us| later && *us > 0.0 && us.is_finite());
        Ok(FileHeader {
            big_endian,
            revision,
            format: short(24),
            samples: extended(long(68)).unwrap_or(short(20).into()),
            fixed: short(302) == 1,
            microseconds: stated.unwrap_or(short(16).into()),
            first: extended(head.u64(320)).unwrap_or(first),
            trailer: trailers * TEXT as u64,
            traces: extended(head.u64(312)).unwrap_or(0),
        })
    }

    fn element(&self, path: &str) -> Result<Element> {
        let what = match self.format {
            1 => return Ok(Element { class: Class::Ibm, size: 4, big_endian: self.big_endian }),
            2 => return Ok(Element::new(FileType::I32, self.big_endian)),
            3 => return Ok(Element::new(FileType::I16, self.big_endian)),
            5 => return Ok(Element::new(FileType::F32, self.big_endian)),
            6 => return Ok(Element::new(FileType::F64, self.big_endian)),
            4 => "fixed-point numbers with gain",
            7 | 15 => "24-bit integers",
            8 => "8-bit integers",
            9 => "64-bit integers",
            10 | 11 | 12 | 16 => "unsigned integers",
            other => &format!("numbers of format {other}"),
        };
        Err(Diag::world(format!(
            "'{path}' holds {what}; IBM and IEEE floats and integers of 16 and 32 bits are read"
        ))
        .help("rewrite it with IEEE floats (format 5), for instance with segyio"))
    }
}

/// What a trace's header says.
#[derive(Clone, Copy, Debug, PartialEq)]
struct TraceHeader {
    samples: u16,
    microseconds: u16,
    /// Year, day in it, hour, minute, second; all 0 where nobody wrote them.
    time: [u16; 5],
    basis: u16,
    delay: i16,
    weight: i16,
    unit: i16,
}

impl TraceHeader {
    fn read(file: &DataFile, at: u64, big_endian: bool) -> Result<TraceHeader> {
        let data = file.part(at, TRACE_HEADER)?;
        let head = Bytes { data: &data, big_endian };
        let (number, signed) = (|at| head.u16(at).unwrap_or(0), |at| head.i16(at).unwrap_or(0));
        Ok(TraceHeader {
            samples: number(114),
            microseconds: number(116),
            time: [156, 158, 160, 162, 164].map(number),
            basis: number(166),
            delay: signed(108),
            weight: signed(168),
            unit: signed(202),
        })
    }

    fn start_ns(&self) -> Option<i64> {
        let [year, day, hour, minute, second] = self.time.map(i64::from);
        // Years of two digits, as revision 0 had them, read as ObsPy reads them.
        let century = match year {
            1..30 => 2000,
            30..100 => 1900,
            _ => 0,
        };
        ordinal_utc(year + century, day, hour, minute, second, 0)
    }
}

pub(crate) fn open(file: Arc<DataFile>, options: &ReadOptions) -> Result<Record> {
    let path = file.path().to_string();
    let header = FileHeader::read(&file.head(FILE_HEADERS)?, &path)?;
    let element = header.element(&path)?;
    let first = TraceHeader::read(&file, header.first, header.big_endian)?;
    let own = u64::from(first.samples);
    let trusted = header.samples > 0 && (header.fixed || own == 0 || header.samples > u16::MAX.into());
    let samples = if trusted { header.samples } else { own };
    let bytes = samples.checked_mul(element.size.into()).filter(|n| *n > 0);
    let bytes = bytes.ok_or_else(|| {
        Diag::world(format!("'{path}' does not say how many samples a trace has"))
            .help("the file is damaged; copy it again")
    })?;
    let stride = bytes.saturating_add(TRACE_HEADER);
    let present = file.len().saturating_sub(header.first).saturating_sub(header.trailer);
    let (count, rest) = (present / stride, present % stride);
    if rest != 0 || count < header.traces {
        let whole = count.saturating_add(1).max(header.traces).saturating_mul(stride);
        let what = format!("'{path}', as traces of {samples} samples,");
        return Err(truncated(&what, whole.saturating_add(header.first), file.len()));
    }
    for trace in 1..count {
        let here = TraceHeader::read(&file, header.first + trace * stride, header.big_endian)?;
        same(&first, &here, trace, &path)?;
    }
    let microseconds =
        if header.microseconds > 0.0 { header.microseconds } else { first.microseconds.into() };
    let rate = match options.fs {
        Some(fs) => fs,
        None => rate(microseconds).ok_or_else(|| {
            found::lacks(&path, &format!("a usable sampling interval (it is {microseconds} µs)"))
                .help("give FS to READ")
        })?,
    };
    let start = first.start_ns();
    let mut found = Found::new("samples", Clock::Regular { start_ns: start.unwrap_or(0), rate });
    found.notes = notes(&first, start.is_none() && options.start.is_none());
    found.unit = match first.unit {
        1 => "Pa",
        2 => "V",
        3 => "mV",
        5 => "m",
        6 => "m/s",
        7 => "m/s^2",
        _ => "",
    }
    .into();
    let (major, minor) = header.revision;
    found.attributes.insert("revision".into(), format!("{major}.{minor}"));
    found.attributes.insert("format".into(), element.describe());
    found.axes = Axes::ChannelTime;
    let pieces = Pieces::Regular { offset: header.first.saturating_add(TRACE_HEADER), bytes, stride };
    let array = Array::new(file, "samples", element, [1, count, samples], Layout::Pieces(pieces))?;
    found::record("segy", found, array, options)
}

fn rate(microseconds: f64) -> Option<Rational> {
    let interval = Rational::approximate(microseconds).filter(|us| *us > Rational::ZERO)?;
    Rational::new(i128::from(interval.den()) * 1_000_000, interval.num().into())
}

/// Traces of other lengths, rates or times are no channels of one record.
fn same(first: &TraceHeader, here: &TraceHeader, trace: u64, path: &str) -> Result<()> {
    let differ = |what: String| {
        Diag::world(format!("trace {} of '{path}' {what}", trace + 1))
            .help("write what was recorded together to a file of its own, one trace a channel")
    };
    if here.samples != first.samples {
        return Err(differ(format!("has {} samples, the first has {}", here.samples, first.samples)));
    }
    if here.microseconds != first.microseconds {
        let (own, other) = (here.microseconds, first.microseconds);
        return Err(differ(format!("has a sampling interval of {own} µs, the first of {other} µs")));
    }
    if (here.time, here.delay) != (first.time, first.delay) {
        let told = |trace: &TraceHeader| {
            let time = trace.start_ns().map_or_else(|| "no known time".into(), format_utc);
            if trace.delay == 0 { time } else { format!("{time} and {} ms", trace.delay) }
        };
        return Err(differ(format!("begins at {}, the first at {}", told(here), told(first))));
    }
    Ok(())
}

fn notes(first: &TraceHeader, unknown: bool) -> Vec<String> {
    let mut notes = vec![ASSUMED_SPACING.to_string()];
    if unknown {
        notes.push("the file has no start time; 1970-01-01 is taken, give START to READ".into());
    }
    match first.basis {
        1 => notes.push("times are in the recorder's local time and taken as UTC; give START to READ".into()),
        5 => notes
            .push("times are GPS time and taken as UTC, which is 18 s behind it; give START to READ".into()),
        _ => {}
    }
    if first.delay != 0 {
        notes.push(format!("recording began {} ms after the time in the header, which is kept", first.delay));
    }
    if first.weight != 0 {
        notes
            .push(format!("samples are not multiplied by the weight 2^-{}; SCALE of READ can", first.weight));
    }
    notes
}
