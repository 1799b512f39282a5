//! Opening a record by what the file contains, not by its name.

use std::sync::Arc;

use dasc_ir::{Diag, Rational, Result, Unit};

use crate::array::DataFile;
use crate::{FileType, Source, dat, hdf5, live, npy, synthetic};

/// Where a record is, and what the user says about it.
#[derive(Clone, Debug, Default)]
pub struct Location {
    /// A file's path, its URL (`file://`, `http://`, `https://`), `tcp://host:port` of a live stream, or `synthetic:<kind>?key=value&…`.
    pub path: String,
    pub options: ReadOptions,
}

impl Location {
    pub fn new(path: impl Into<String>) -> Location {
        Location { path: path.into(), options: ReadOptions::default() }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endian {
    Little,
    Big,
}

/// Parameters of READ. `fs`, `scale`, `dx`, `unit` and `start` override what a file says; `channels`, `dtype` and
/// `endian` describe files that say nothing, and must agree with those that do.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReadOptions {
    pub channels: Option<u64>,
    /// Samples per second.
    pub fs: Option<Rational>,
    pub dtype: Option<FileType>,
    pub endian: Option<Endian>,
    pub scale: Option<f64>,
    /// Metres between channels.
    pub dx: Option<f64>,
    pub unit: Option<Unit>,
    /// UTC, nanoseconds since 1970.
    pub start: Option<i64>,
}

impl ReadOptions {
    /// Refuses values that no record can have.
    pub fn check(&self) -> Result<()> {
        if self.channels == Some(0) {
            return Err(Diag::usage("CHANNELS is 0").help("give the number of channels in a row, at least 1"));
        }
        if let Some(fs) = self.fs.filter(|fs| *fs <= Rational::ZERO || *fs > Rational::integer(1_000_000_000))
        {
            return Err(
                Diag::usage(format!("FS is {fs} Hz")).help("give a sampling rate above 0 and up to 1 GHz")
            );
        }
        if let Some(dx) = self.dx.filter(|dx| !(*dx > 0.0 && dx.is_finite())) {
            return Err(
                Diag::usage(format!("DX is {dx} m")).help("give the metres between channels, more than 0")
            );
        }
        if let Some(scale) = self.scale.filter(|s| !s.is_finite() || *s == 0.0) {
            return Err(Diag::usage(format!("SCALE is {scale}")).help("give a finite factor other than 0"));
        }
        Ok(())
    }
}

/// Opens the record at `location`. Errors name the file, what is wrong with it and what to do.
pub fn open(location: &Location) -> Result<Box<dyn Source>> {
    let (path, options) = (location.path.as_str(), &location.options);
    options.check()?;
    if let Some(text) = path.strip_prefix("synthetic:") {
        return Ok(Box::new(synthetic::open(text, options)?));
    }
    if path.starts_with("tcp://") {
        return Ok(Box::new(live::open(path, options)?));
    }
    let file = Arc::new(DataFile::open(path)?);
    Ok(Box::new(match kind(&file)? {
        Kind::Hdf5 => hdf5::open(file, options)?,
        Kind::Npy => npy::open(file, options)?,
        Kind::Plain if named_like_hdf5(path) => {
            return Err(Diag::world(format!(
                "'{path}' is named like an HDF5 file but does not begin like one"
            ))
            .help("it is damaged, empty or still being written; a headerless file wants the ending .dat"));
        }
        Kind::Plain => dat::open(file, options)?,
        Kind::Foreign(what) => {
            let known = "dasc reads HDF5 (all vendors), NetCDF-4, NumPy .npy and headerless .dat files";
            return Err(
                Diag::world(format!("'{path}' is {what}, which this version cannot read")).help(known)
            );
        }
    }))
}

fn named_like_hdf5(path: &str) -> bool {
    let ending = path.rsplit('.').next().unwrap_or("").to_ascii_lowercase();
    matches!(ending.as_str(), "h5" | "hdf5" | "hdf" | "nc")
}

pub(crate) enum Kind {
    Hdf5,
    Npy,
    Foreign(&'static str),
    /// No magic number: samples from the first byte on.
    Plain,
}

pub(crate) fn kind(file: &DataFile) -> Result<Kind> {
    const HDF5: &[u8] = b"\x89HDF\r\n\x1a\n";
    let head = file.head(512)?;
    // HDF5 allows a user block of 512, 1024, … bytes before its signature.
    let mut offset = 512u64;
    let mut magic = head.starts_with(HDF5);
    while !magic && offset <= 1 << 20 && offset + 8 <= file.len() {
        let mut eight = [0; 8];
        file.read_at(&mut eight, offset)?;
        magic = eight == HDF5;
        offset *= 2;
    }
    let foreign: [(&[u8], &str); 10] = [
        (b"TDSm", "a TDMS file"),
        (b"PAR1", "a Parquet file"),
        (b"PK\x03\x04", "a ZIP archive"),
        (b"\x1f\x8b", "compressed with gzip"),
        (b"CDF", "a classic NetCDF file"),
        (b"\x44\x33\x22\x11", "a Sintela raw file"),
        // The textual header begins with `C 1` in EBCDIC or ASCII.
        (b"\xc3\x40\xf1", "a SEG-Y file"),
        (b"C 1 ", "a SEG-Y file"),
        (b"PBUFMETA", "a Sintela protobuf file"),
        (b"MS\x03", "a miniSEED 3 file"),
    ];
    Ok(match foreign.iter().find(|(magic, _)| head.starts_with(magic)) {
        _ if magic => Kind::Hdf5,
        _ if head.starts_with(b"\x93NUMPY") => Kind::Npy,
        Some((_, what)) => Kind::Foreign(what),
        None if is_miniseed(&head) => Kind::Foreign("a miniSEED file"),
        None => Kind::Plain,
    })
}

/// A record of miniSEED 2 begins with six digits, the quality of its data and a blank.
fn is_miniseed(head: &[u8]) -> bool {
    head.get(..8).is_some_and(|start| {
        start[..6].iter().all(u8::is_ascii_digit) && b"DRQM".contains(&start[6]) && start[7] == b' '
    })
}
