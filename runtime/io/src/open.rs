//! Opening a record by what the file contains, not by its name.

use std::path::Path;
use std::sync::Arc;

use dasc_ir::{Diag, Rational, Result, Unit};

use crate::array::DataFile;
use crate::{
    FileType, Source, dat, folder, gaps, hdf5, live, mseed, npy, segy, sentek, sintela, synthetic, tdms, zarr,
};

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
    pub on_gap: OnGap,
    pub on_overlap: OnOverlap,
    pub on_bad: OnBad,
    /// How long a live stream waits for a sender that went away.
    pub reconnect: Option<std::time::Duration>,
    pub follow: Follow,
}

/// Whether a folder is read as it grows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Follow {
    /// Its files are those that are there.
    #[default]
    No,
    /// Those that are there, then those that come.
    All,
    /// Those that come.
    New,
}

/// What becomes of a gap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnGap {
    /// What lies behind it is a stretch of its own.
    #[default]
    Reset,
    /// Missing rows are NaN.
    Mask,
    Error,
}

/// What becomes of samples that two files of a record have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnOverlap {
    /// They must be the same, and count once.
    #[default]
    Same,
    /// Those of the earlier file count, whatever the others are.
    First,
}

/// What becomes of a file among others that cannot be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnBad {
    #[default]
    Stop,
    Skip,
}

impl ReadOptions {
    /// The options for a file that is part of a record.
    pub(crate) fn of_a_part(&self) -> ReadOptions {
        ReadOptions { on_gap: OnGap::Reset, follow: Follow::No, reconnect: None, ..self.clone() }
    }

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
        if options.follow != Follow::No {
            return Err(Diag::usage("FOLLOW is for folders, and a live stream goes on by itself")
                .help("leave FOLLOW out; RECONNECT=1h waits for a sender that went away"));
        }
        return Ok(Box::new(live::open(path, options)?));
    }
    if options.reconnect.is_some() {
        return Err(Diag::usage(format!("RECONNECT is for live streams, and '{path}' is none"))
            .help("leave RECONNECT out; FOLLOW=all or FOLLOW=new waits for files that come into a folder"));
    }
    if options.follow != Follow::No && !folder::names_several(path) {
        return Err(Diag::usage(format!(
            "FOLLOW is for folders and patterns of files, and '{path}' is none"
        ))
        .help("give the folder that files come into, or a pattern such as 'incoming/*.h5'"));
    }
    if folder::names_several(path) {
        if options.start.is_some() {
            return Err(Diag::usage(format!("START cannot be the beginning of every file of '{path}'"))
                .help("leave START out; the files, or sidecars beside them, say when they begin"));
        }
        if options.follow != Follow::No {
            return Ok(Box::new(folder::follow(path, options)?));
        }
        return gaps::apply(Box::new(folder::open(path, options)?), options.on_gap);
    }
    let source = match zarr::is_zarr(Path::new(path)) {
        true => Box::new(zarr::open(path, options)?),
        false => open_file(Arc::new(DataFile::open(path)?), options)?,
    };
    gaps::apply(source, options.on_gap)
}

/// The record in a file.
pub(crate) fn open_file(file: Arc<DataFile>, options: &ReadOptions) -> Result<Box<dyn Source>> {
    let path = file.path().to_string();
    let path = path.as_str();
    let record = match kind(&file)? {
        Kind::Hdf5 => hdf5::open(file, options)?,
        Kind::Npy => npy::open(file, options)?,
        Kind::Tdms => tdms::open(file, options)?,
        Kind::Segy => segy::open(file, options)?,
        Kind::Miniseed => return Ok(Box::new(mseed::open(file, options)?)),
        Kind::Sentek => sentek::open(file, options)?,
        Kind::SintelaRaw => sintela::open_raw(file, options)?,
        Kind::SintelaProtobuf => sintela::open_protobuf(file, options)?,
        Kind::Plain if named_like_hdf5(path) => {
            return Err(Diag::world(format!(
                "'{path}' is named like an HDF5 file but does not begin like one"
            ))
            .help("it is damaged, empty or still being written; a headerless file wants the ending .dat"));
        }
        Kind::Plain => dat::open(file, options)?,
        Kind::Foreign(what) => {
            let known = "dasc reads HDF5 (all vendors), NetCDF-4, TDMS, SEG-Y, miniSEED, Sentek, Sintela, \
                         Zarr, NumPy .npy and headerless .dat files";
            return Err(
                Diag::world(format!("'{path}' is {what}, which this version cannot read")).help(known)
            );
        }
    };
    Ok(Box::new(record))
}

fn named_like_hdf5(path: &str) -> bool {
    let ending = path.rsplit('.').next().unwrap_or("").to_ascii_lowercase();
    matches!(ending.as_str(), "h5" | "hdf5" | "hdf" | "nc")
}

pub(crate) enum Kind {
    Hdf5,
    Npy,
    Tdms,
    Segy,
    Miniseed,
    Sentek,
    SintelaRaw,
    SintelaProtobuf,
    Foreign(&'static str),
    /// No magic number: samples from the first byte on.
    Plain,
}

pub(crate) fn kind(file: &DataFile) -> Result<Kind> {
    const HDF5: &[u8] = b"\x89HDF\r\n\x1a\n";
    let head = file.head(4096)?;
    // HDF5 allows a user block of 512, 1024, … bytes before its signature.
    let mut offset = 512u64;
    let mut magic = head.starts_with(HDF5);
    while !magic && offset <= 1 << 20 && offset + 8 <= file.len() {
        let mut eight = [0; 8];
        file.read_at(&mut eight, offset)?;
        magic = eight == HDF5;
        offset *= 2;
    }
    if magic {
        return Ok(Kind::Hdf5);
    }
    let foreign: [(&[u8], &str); 4] = [
        (b"PAR1", "a Parquet file"),
        (b"PK\x03\x04", "a ZIP archive"),
        (b"\x1f\x8b", "compressed with gzip"),
        (b"CDF", "a classic NetCDF file"),
    ];
    Ok(match foreign.iter().find(|(magic, _)| head.starts_with(magic)) {
        Some((_, what)) => Kind::Foreign(what),
        None if head.starts_with(b"\x93NUMPY") => Kind::Npy,
        None if head.starts_with(b"TDSm") => Kind::Tdms,
        None if head.starts_with(&sintela::SYNC.to_le_bytes()) => Kind::SintelaRaw,
        None if head.starts_with(sintela::MAGIC) => Kind::SintelaProtobuf,
        None if mseed::begins_so(&head) => Kind::Miniseed,
        None if segy::begins_so(&head) => Kind::Segy,
        None if sentek::begins_so(&head) => Kind::Sentek,
        None => Kind::Plain,
    })
}
