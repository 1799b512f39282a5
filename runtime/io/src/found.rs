//! From what a reader found in a file to a [`Header`] and a [`Record`]: time stamps become segments, words become units,
//! options override.

use std::collections::BTreeMap;

use dasc_ir::{Diag, Rational, Result, Unit};

use crate::array::{Array, Numbers};
use crate::clock::{Stamps, Timing, regular, timing};
use crate::open::Endian;
use crate::record::{Axes, Record};
use crate::{ASSUMED_SPACING, Channels, FileType, Header, ReadOptions, Segment};

/// What a reader says about a file.
pub struct Found {
    /// Name of the samples; in HDF5 the path of their dataset.
    pub payload: String,
    pub axes: Axes,
    pub clock: Clock,
    /// As written in the file; see [`unit`].
    pub unit: String,
    pub scale: f64,
    /// Number of the first channel and the step between channels.
    pub first: i64,
    pub step: i64,
    pub spacing: f64,
    pub distance: f64,
    pub gauge_length: Option<f64>,
    /// Samples that count, where the array was allocated for more.
    pub occupied: Option<u64>,
    /// The file's own words about itself.
    pub attributes: BTreeMap<String, String>,
    pub notes: Vec<String>,
}

/// The array of samples in a file.
pub struct Stored {
    pub samples: u64,
    pub channels: u64,
    pub file_type: FileType,
    pub big_endian: bool,
}

impl Found {
    pub fn new(payload: impl Into<String>, clock: Clock) -> Found {
        Found {
            payload: payload.into(),
            axes: Axes::TimeChannel,
            clock,
            unit: String::new(),
            scale: 1.0,
            first: 0,
            step: 1,
            spacing: 1.0,
            distance: 0.0,
            gauge_length: None,
            occupied: None,
            attributes: BTreeMap::new(),
            notes: Vec::new(),
        }
    }
}

pub enum Clock {
    /// Sampling without stamps.
    Regular { start_ns: i64, rate: Rational },
    /// One stamp a sample, in units of `unit_ns` since `origin_ns`.
    Stamped { stamps: Numbers, unit_ns: i64, origin_ns: i64, nominal: Option<Rational> },
    /// One stamp a block of `rows` samples that last `block` seconds, `offset_ns` before the first of them.
    Blocks { stamps: Numbers, offset_ns: i64, rows: u64, block: Rational, rate: Rational },
    /// Stretches that the reader found itself.
    Segments { segments: Vec<Segment>, rate: Rational },
}

const SECOND: i64 = 1_000_000_000;

/// The record of `found` whose samples are `array`.
pub fn record(
    format: &'static str,
    mut found: Found,
    mut array: Array,
    options: &ReadOptions,
) -> Result<Record> {
    let path = array.file.path();
    let whole = array.shape;
    if let (Some(rows), Axes::TimeChannel) = (found.occupied, found.axes) {
        // Rows at the end are left out; nothing before them moves.
        array.shape[1] = array.shape[1].min(rows);
    }
    let (samples, channels) = match found.axes {
        Axes::TimeChannel => (array.shape[1], array.shape[2]),
        Axes::ChannelTime => (array.shape[2], array.shape[1]),
        Axes::Blocks { rows, .. } => (array.shape[0].saturating_mul(rows), array.shape[2]),
    };
    if array.shape[0] != 1 && !matches!(found.axes, Axes::Blocks { .. }) || samples == 0 || channels == 0 {
        return Err(Diag::world(format!(
            "'{}' of '{path}' has shape {whole:?}, not samples by channels",
            found.payload
        )));
    }
    let file_type = array.element.file_type().ok_or_else(|| {
        let what = array.element.describe();
        Diag::world(format!(
            "samples in '{}' of '{path}' are {what}; i16, i32, f32 and f64 are read",
            found.payload
        ))
        .help("write them anew as one of these, for instance with NumPy's astype('float32')")
    })?;
    if array.missing_chunks() > 0 {
        found.notes.push(format!(
            "{} chunks of '{}' were never written and read as 0",
            array.missing_chunks(),
            array.name
        ));
    }
    let axes = found.axes;
    let stored = Stored { samples, channels, file_type, big_endian: array.element.big_endian };
    let header = header(format, found, stored, path, options)?;
    Record::new(header, array, axes)
}

/// The header of `found`, with the user's options in place of what the file says.
pub fn header(
    format: &'static str,
    found: Found,
    stored: Stored,
    path: &str,
    options: &ReadOptions,
) -> Result<Header> {
    agree(options, &stored, path)?;
    let mut notes = found.notes;
    let timing = clock(found.clock, stored.samples, &format!("'{path}'"), options)?;
    notes.extend(timing.notes);
    let count = usize::try_from(stored.channels).map_err(|_| lacks(path, "a sensible number of channels"))?;
    let stamps: u64 = timing.segments.iter().map(|s| s.len).sum();
    if stamps != stored.samples {
        let samples = stored.samples;
        return Err(Diag::world(format!("'{path}' has {samples} samples but {stamps} time stamps")));
    }
    // No record has so many samples, with all that are missing between them.
    let end = |s: &Segment| s.start.checked_add_unsigned(s.len).filter(|end| *end <= 1 << 56);
    if timing.segments.iter().any(|s| end(s).is_none()) {
        let help = "a clock or a counter in it is wrong; copy the file again";
        return Err(
            Diag::world(format!("'{path}' counts more than 2^56 samples, most of them missing")).help(help)
        );
    }
    let said = unit(&found.unit);
    if said.symbol().is_empty() && options.unit.is_none() {
        notes.push("the file names no unit; give UNIT (and SCALE) to READ if you know it".into());
    }
    if options.dx.is_some() {
        notes.retain(|note| note != ASSUMED_SPACING);
    }
    let spacing = options.dx.unwrap_or(found.spacing);
    if !(spacing.is_finite() && spacing > 0.0 && found.distance.is_finite()) {
        let given = format!("{spacing} m between channels, the first at {} m", found.distance);
        return Err(Diag::world(format!("'{path}' gives {given}")).help("give the spacing with DX to READ"));
    }
    // No fibre has so many; numbers beyond this come from damaged files and would overflow later.
    if found.first.unsigned_abs() > 1 << 40 || !(1..=1 << 20).contains(&found.step) {
        let numbers = format!("channel numbers from {} in steps of {}", found.first, found.step);
        return Err(
            Diag::world(format!("'{path}' gives {numbers}")).help("the file is damaged; copy it again")
        );
    }
    let header = Header {
        format,
        file_type: stored.file_type,
        scale: options.scale.unwrap_or(found.scale),
        unit: options.unit.clone().unwrap_or(said),
        rate: timing.rate,
        channels: Channels { first: found.first, step: found.step, count },
        spacing,
        // With another spacing the fibre is measured anew from its own start.
        distance: if options.dx.is_some() {
            found.distance / found.spacing * spacing
        } else {
            found.distance
        },
        gauge_length: found.gauge_length.filter(|g| *g > 0.0),
        segments: shifted(timing.segments, options.start),
        attributes: found.attributes,
        notes,
    };
    if !header.scale.is_finite() || !header.distance.is_finite() {
        return Err(Diag::world(format!("'{path}' gives samples the factor {}", header.scale))
            .help("give SCALE to READ"));
    }
    Ok(header)
}

/// The error of a file without something that is needed.
pub fn lacks(path: &str, what: &str) -> Diag {
    Diag::world(format!("'{path}' lacks {what}, or it makes no sense"))
}

/// A rate in hertz, as a file gives it.
pub fn rate(path: &str, hertz: f64, what: &str) -> Result<Rational> {
    let rate = Rational::approximate(hertz).filter(|r| *r > Rational::ZERO && hertz < 1e12);
    rate.ok_or_else(|| lacks(path, &format!("a usable sampling rate ({what} is {hertz})")))
}

/// A rate from a sampling interval in seconds.
pub fn interval(path: &str, seconds: f64, what: &str) -> Result<Rational> {
    let inverse = Rational::approximate(seconds).and_then(Rational::recip);
    let usable = inverse.filter(|r| *r > Rational::ZERO && r.as_f64() < 1e12);
    usable.ok_or_else(|| lacks(path, &format!("a usable sampling interval ({what} is {seconds})")))
}

/// CHANNELS, DTYPE and ENDIAN are for files without a header; here they may only repeat what the file says.
fn agree(options: &ReadOptions, stored: &Stored, path: &str) -> Result<()> {
    let (channels, file_type) = (stored.channels, stored.file_type);
    let differs = |key: &str, given: String, says: String| {
        Diag::usage(format!("{key} is {given} but '{path}' itself says {says}"))
            .help(format!("leave {key} out"))
    };
    if let Some(given) = options.channels.filter(|n| *n != channels) {
        return Err(differs("CHANNELS", given.to_string(), channels.to_string()));
    }
    if let Some(given) = options.dtype.filter(|t| *t != file_type) {
        return Err(differs("DTYPE", format!("{given:?}"), format!("{file_type:?}")));
    }
    let endian = if stored.big_endian { Endian::Big } else { Endian::Little };
    match options.endian.filter(|e| *e != endian) {
        Some(given) => Err(differs("ENDIAN", format!("{given:?}"), format!("{endian:?}"))),
        None => Ok(()),
    }
}

fn clock(clock: Clock, samples: u64, what: &str, options: &ReadOptions) -> Result<Timing> {
    match clock {
        Clock::Regular { start_ns, rate } => Ok(regular(start_ns, options.fs.unwrap_or(rate), samples)),
        Clock::Stamped { stamps, unit_ns, origin_ns, nominal } => {
            let stamps = Stamps::new(&stamps, unit_ns, origin_ns, what);
            match (options.fs, options.start) {
                // The remedy for useless stamps: a clock from outside.
                (Some(rate), Some(start)) => Ok(regular(start, rate, samples)),
                (given, _) => timing(&stamps?, given.or(nominal), what),
            }
        }
        Clock::Blocks { stamps, offset_ns, rows, block, rate } => {
            let mut found = timing(&Stamps::new(&stamps, SECOND, 0, what)?, block.recip(), what)?;
            for segment in &mut found.segments {
                segment.start = segment.start.saturating_mul(rows as i64);
                segment.len = segment.len.saturating_mul(rows);
                segment.start_ns = segment.start_ns.saturating_add(offset_ns);
            }
            Ok(Timing { rate: options.fs.unwrap_or(rate), ..found })
        }
        Clock::Segments { segments, rate } => {
            Ok(Timing { rate: options.fs.unwrap_or(rate), segments, notes: Vec::new() })
        }
    }
}

fn shifted(mut segments: Vec<Segment>, start: Option<i64>) -> Vec<Segment> {
    if let (Some(start), Some(first)) = (start, segments.first().map(|s| s.start_ns)) {
        for segment in &mut segments {
            segment.start_ns = segment.start_ns.saturating_sub(first).saturating_add(start);
        }
    }
    segments
}

/// The decimal that a number stored as f32 was meant to be: 0.001 rather than 0.0010000000474974513.
pub fn decimal(stored: f64) -> f64 {
    (stored as f32).to_string().parse().unwrap_or(stored)
}

/// The unit a vendor's words mean. Unknown words stay as they are and convert to nothing.
pub fn unit(text: &str) -> Unit {
    let plain: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let symbol = match plain.to_lowercase().as_str() {
        "" | "nan" | "none" | "unknown" | "n/a" => return Unit::none(),
        "micro-strain/second" | "microstrain/s" => "ustrain/s",
        "nano-strain/second" | "nanostrain/s" | "nm/m/s" | "(nm/m)/s" => "nstrain/s",
        "nm/m" | "nanostrain" => "nstrain",
        "strain/second" | "1/s" if plain.starts_with('s') => "strain/s",
        "radians" | "radian" => "rad",
        "radians/s" | "radian/s" => "rad/s",
        _ => plain.as_str(),
    };
    Unit::parse(symbol).unwrap_or_else(|| Unit::opaque(text.trim()))
}
