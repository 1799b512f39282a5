//! Headerless `.dat`: rows of samples from the first byte on, described by a sidecar, by READ, or by both (READ wins).

use std::sync::Arc;

use dasc_ir::{Diag, Result, Unit};

use crate::array::DataFile;
use crate::open::Endian;
use crate::raw::{Rows, record};
use crate::record::Record;
use crate::sidecar::{self, FILE_TYPES, Sidecar, sidecar_path};
use crate::{ASSUMED_SPACING, FileType, ReadOptions};

/// Channels, rate and type must be given. Byte order defaults to little, scale to 1, spacing to 1 m, start to 1970,
/// each with a note, for they do not change which numbers are read.
///
/// A last row that is cut off is an error, not a note: a file that is no whole number of rows more often means
/// that channels or type are wrong, and then every sample would be.
pub(crate) fn open(file: Arc<DataFile>, options: &ReadOptions) -> Result<Record> {
    let path = file.path().to_string();
    let sidecar = sidecar::read(&path)?.unwrap_or_default();
    let help = format!(
        "give them to READ, or put them into '{}': `dasc inspect --write-sidecar {path}` drafts it",
        sidecar_path(&path).display()
    );
    let mut rows = described(&path, "dat", &sidecar, options, &help)?;
    rows.samples = whole_rows(&file, rows.channels, rows.file_type)?;
    record(file, rows)
}

/// What a sidecar and READ say of the rows of `path`, whose number is still open; `help` says where to put what is missing.
pub(crate) fn described(
    path: &str,
    format: &'static str,
    sidecar: &Sidecar,
    options: &ReadOptions,
    help: &str,
) -> Result<Rows> {
    let channels = options.channels.or(sidecar.channels).filter(|n| *n > 0);
    let rate = options.fs.map_or_else(|| sidecar.rate(), |fs| Ok(Some(fs)))?;
    let file_type = options.dtype.map_or_else(|| sidecar.file_type(), |t| Ok(Some(t)))?;
    let (Some(channels), Some(rate), Some(file_type)) = (channels, rate, file_type) else {
        let missing = [
            (channels.is_none(), "the number of channels (CHANNELS=800)"),
            (rate.is_none(), "the sampling rate (FS=1kHz)"),
            (file_type.is_none(), "the type of a sample (DTYPE=i16)"),
        ];
        let missing: Vec<&str> = missing.iter().filter(|(gone, _)| *gone).map(|(_, what)| *what).collect();
        return Err(Diag::usage(format!("'{path}' has no header, and nothing says {}", missing.join(", ")))
            .help(help));
    };
    let mut notes = Vec::new();
    let rows = Rows {
        format,
        file_type,
        big_endian: big_endian(options, sidecar, &mut notes)?,
        offset: 0,
        channel_major: false,
        samples: 0,
        channels,
        rate,
        scale: options.scale.or(sidecar.scale).unwrap_or(1.0),
        spacing: options.dx.or(sidecar.spacing).unwrap_or_else(|| {
            notes.push(ASSUMED_SPACING.to_string());
            1.0
        }),
        unit: match &options.unit {
            Some(unit) => unit.clone(),
            None => assumed(sidecar.unit()?, Unit::none(), "unit", "none", &mut notes),
        },
        start_ns: match options.start {
            Some(start) => start,
            None => assumed(sidecar.start_ns()?, 0, "start time", "1970-01-01", &mut notes),
        },
        first: sidecar.channel0.unwrap_or(0),
        step: sidecar.channel_step.unwrap_or(1),
        distance: sidecar.distance0.unwrap_or(0.0),
        gauge_length: sidecar.gauge_length,
        notes,
    };
    let positive = |x: f64| x > 0.0 && x.is_finite();
    let wrong = [
        (!positive(rows.spacing), "spacing", rows.spacing, "more than 0"),
        (!rows.scale.is_finite() || rows.scale == 0.0, "scale", rows.scale, "finite and not 0"),
        (!rows.distance.is_finite(), "distance0", rows.distance, "finite"),
        (rows.step == 0, "channel_step", 0.0, "1, or another whole number but 0"),
        (
            rows.gauge_length.is_some_and(|g| !positive(g)),
            "gauge_length",
            rows.gauge_length.unwrap_or(0.0),
            "more than 0",
        ),
    ];
    if let Some((_, field, value, must)) = wrong.iter().find(|(wrong, ..)| *wrong) {
        return Err(Diag::world(format!("\"{field}\" of what describes '{path}' is {value}"))
            .help(format!("it must be {must}")));
    }
    Ok(rows)
}

fn whole_rows(file: &DataFile, channels: u64, file_type: FileType) -> Result<u64> {
    let impossible = || Diag::usage(format!("{channels} channels are more than '{}' has bytes", file.path()));
    let row = channels.checked_mul(file_type.size() as u64).ok_or_else(impossible)?;
    let (samples, rest) = (file.len() / row, file.len() % row);
    if rest == 0 {
        return Ok(samples);
    }
    let name = FILE_TYPES.iter().find(|(_, t)| *t == file_type).map_or("", |(name, _)| name);
    let message = format!(
        "'{}' has {} bytes, which is {samples} rows of {channels} {name} samples and {rest} bytes more",
        file.path(),
        file.len()
    );
    let cut = file.len() - rest;
    Err(Diag::usage(message).help(format!(
        "check CHANNELS and DTYPE; if they are right, the last row was cut off: `truncate -s {cut} {}` drops it",
        file.path()
    )))
}

fn big_endian(options: &ReadOptions, sidecar: &Sidecar, notes: &mut Vec<String>) -> Result<bool> {
    let given = options.endian.map(|e| e == Endian::Big);
    let given = given.map_or_else(|| sidecar.big_endian(), |e| Ok(Some(e)))?;
    Ok(assumed(given, false, "byte order", "little-endian", notes))
}

fn assumed<T>(given: Option<T>, otherwise: T, what: &str, name: &str, notes: &mut Vec<String>) -> T {
    given.unwrap_or_else(|| {
        notes.push(format!("no {what} is given; {name} is taken"));
        otherwise
    })
}
