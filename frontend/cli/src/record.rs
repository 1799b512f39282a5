//! READ: the file opened, seen through the statement's windows, and joined with its channel table.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use dasc_dql::Step;
use dasc_dql::statements::{
    BadRule, ByteOrder, FilePath, FollowRule, GapRule, OverlapRule, Read, SampleType,
};
use dasc_dql::window::{Moment, TimeWindow};
use dasc_io::{
    ASSUMED_SPACING, Channels, Endian, FileType, Follow, Header, Location, OnBad, OnGap, OnOverlap,
    ReadOptions, Segment, Selected, Source, Survey, Window,
};
use dasc_ir::graph::{Builder, ChannelAxis, Labels, NodeId, Rows, Signal, TimeAxis};
use dasc_ir::parameter::Seconds;
use dasc_ir::{DType, Diag, Rational, Result, Unit};
use dasc_runtime::Feed;

use crate::clock::Clock;
use crate::names;
use crate::script::Script;

/// An opened record.
pub struct Record {
    /// The path as written.
    pub name: String,
    /// `None` for made-up signals and URLs.
    pub file: Option<PathBuf>,
    /// Whether the samples are computed rather than read.
    pub made_up: bool,
    /// All channels of the file, whichever were chosen.
    pub channels: Channels,
    pub source: Arc<dyn Source>,
    /// The table of channels joined with it.
    pub survey: Option<Survey>,
    /// What every user of it should know, in words: that a window asked for more than there is, that distances are assumed.
    pub remarks: Vec<String>,
}

impl Record {
    /// Opens what a READ names. Mistakes are placed at the statement.
    pub fn open(script: &Script, step: &Step) -> Result<Record> {
        let read = Read::from_args(&step.args, step.span)?;
        let FilePath(name) = &read.path;
        let path = names::located(script, name);
        Record::opened(script, &read, name, path).map_err(|diag| diag.at(step.span))
    }

    /// Opens a file in place of the one a READ names, seen as that would be; `path` is relative to the current folder.
    pub fn open_instead(script: &Script, step: &Step, path: &str) -> Result<Record> {
        let read = Read::from_args(&step.args, step.span)?;
        Record::opened(script, &read, path, PathBuf::from(path))
    }

    /// A record that is there already.
    pub fn of(name: &str, source: Box<dyn Source>) -> Record {
        let (name, channels, source) = (name.to_string(), source.header().channels, Arc::from(source));
        Record { name, file: None, made_up: true, channels, source, survey: None, remarks: Vec::new() }
    }

    /// A live stream from where it goes on behind a gap.
    pub fn behind(&self, gap: Segment) -> Record {
        let mut header = self.header().clone();
        header.segments = vec![gap];
        Record {
            name: self.name.clone(),
            file: None,
            made_up: self.made_up,
            channels: self.channels,
            source: Arc::new(Behind { header, stream: self.source.clone() }),
            survey: self.survey.clone(),
            remarks: Vec::new(),
        }
    }

    fn opened(script: &Script, read: &Read, name: &str, path: PathBuf) -> Result<Record> {
        if name == "-" {
            return Err(Diag::usage("cannot read standard input: this version reads files and URLs")
                .help("save it to a file first"));
        }
        let location = Location { path: path.to_string_lossy().into_owned(), options: options(read)? };
        let source = dasc_io::open(&location)?;
        let channels = source.header().channels;
        let window = window(read, source.header())?;
        let mut remarks = clipped(&window, source.header());
        remarks.extend(source.remarks());
        let source: Arc<dyn Source> = match window == Window::default() {
            true => Arc::from(source),
            false => Arc::new(Selected::new(source, &window)?),
        };
        let survey = match &read.geometry {
            Some(FilePath(table)) => {
                let table = names::located(script, table);
                Some(survey(&table.to_string_lossy(), source.header())?)
            }
            None => None,
        };
        if source.header().assumes_spacing() && survey.as_ref().and_then(Survey::distances).is_none() {
            remarks.push(ASSUMED_SPACING.to_string());
        }
        let made_up = name.starts_with("synthetic:");
        let one = !made_up && !name.contains("://") && !dasc_io::names_several(&location.path);
        let file = one.then_some(path);
        Ok(Record { name: name.to_string(), file, made_up, channels, source, survey, remarks })
    }

    pub fn header(&self) -> &Header {
        self.source.header()
    }

    pub fn clock(&self) -> Clock {
        Clock::new(&self.header().segments, self.header().rate)
    }

    /// Samples without gaps times channels.
    pub fn samples(&self) -> u64 {
        self.header().samples().saturating_mul(self.header().channels.count as u64)
    }

    /// Appends the record to a graph: in the file's own type, then in its unit. Integers become F32.
    pub fn build(&self, b: &mut Builder) -> Result<NodeId> {
        let header = self.header();
        let raw = dtype(header.file_type);
        let scaled = header.scale != 1.0 || !raw.is_float();
        let unit = if scaled { Unit::parse("count").unwrap_or_else(Unit::none) } else { header.unit.clone() };
        let x = b.source(Signal {
            dtype: raw,
            unit,
            time: Some(time_axis(header, &self.name)?),
            inner: None,
            channel: Some(channel_axis(header, &self.name, self.survey.as_ref())?),
        });
        if !scaled {
            return Ok(x);
        }
        // The product is taken in F64 and rounded once, so that 32-bit integers lose nothing before it.
        let float = if raw == DType::F64 { DType::F64 } else { DType::F32 };
        b.map(&[x], header.unit.clone(), float, |e| {
            let wide = e.input(0).to(DType::F64);
            let value = if header.scale == 1.0 { wide } else { wide * e.constant(header.scale) };
            vec![value.to(float)]
        })
    }
}

/// A live stream whose header says where it goes on.
struct Behind {
    header: Header,
    stream: Arc<dyn Source>,
}

impl Source for Behind {
    fn header(&self) -> &Header {
        &self.header
    }

    fn read(&self, rows: Range<i64>, channels: Range<usize>, out: &mut [u8], stride: usize) -> Result<()> {
        self.stream.read(rows, channels, out, stride)
    }

    fn wait(&self, first: i64, most: usize) -> Result<usize> {
        self.stream.wait(first, most)
    }

    fn halt(&self) {
        self.stream.halt();
    }

    fn bytes_read(&self) -> u64 {
        self.stream.bytes_read()
    }
}

/// The time axis of a record at a path.
pub fn time_axis(header: &Header, name: &str) -> Result<TimeAxis> {
    let period = header.rate.recip().filter(|period| *period > Rational::ZERO);
    let period = period.ok_or_else(|| Diag::world(format!("'{name}' has the rate {}", header.rate)))?;
    let range = |s: &Segment| (s.start, s.start.saturating_add(i64::try_from(s.len).unwrap_or(i64::MAX)));
    let rows = match header.segments.last() {
        Some(segment) if header.is_live() => Rows::From(segment.start),
        _ => Rows::Segments(header.segments.iter().map(range).collect()),
    };
    Ok(TimeAxis { period, origin: Rational::ZERO, rows })
}

/// Its channels, where a survey has them if there is one.
pub fn channel_axis(header: &Header, name: &str, survey: Option<&Survey>) -> Result<ChannelAxis> {
    let count = header.channels.count;
    let len = u32::try_from(count).ok().filter(|len| *len <= 1 << 26);
    let too_many = || Diag::usage(format!("'{name}' has {count} channels")).help("choose some with CH");
    Ok(ChannelAxis {
        len: len.ok_or_else(too_many)?,
        first: header.channels.first,
        stride: header.channels.step,
        distance: header.distance,
        spacing: header.spacing,
        positions: survey.and_then(Survey::distances),
        labels: Labels::Regular,
    })
}

impl Feed for Record {
    fn wait(&self, first: i64, most: usize) -> Result<usize> {
        self.source.wait(first, most)
    }

    fn halt(&self) {
        self.source.halt();
    }

    fn read(&self, first: i64, rows: usize, out: &mut [u8], stride: usize) -> Result<()> {
        let end = first.saturating_add(i64::try_from(rows).unwrap_or(i64::MAX));
        self.source.read(first..end, 0..self.header().channels.count, out, stride)
    }
}

/// The table of channels at `path` joined with a record.
pub fn survey(path: &str, header: &Header) -> Result<Survey> {
    Survey::new(dasc_io::read_geometry(path)?, header, path)
}

/// The type of the file's samples in the graph.
pub fn dtype(file: FileType) -> DType {
    match file {
        FileType::I16 => DType::I16,
        FileType::I32 => DType::I32,
        FileType::F32 => DType::F32,
        FileType::F64 => DType::F64,
    }
}

fn options(read: &Read) -> Result<ReadOptions> {
    let fs = read.fs.map(|fs| {
        let exact = Rational::approximate(fs.0);
        exact.ok_or_else(|| {
            Diag::usage(format!("FS is {} Hz, which no record has", fs.0))
                .help("give a sampling rate above 0 and up to 1 GHz")
        })
    });
    let unit = read.unit.as_ref().map(|text| {
        Unit::parse(text).ok_or_else(|| Diag::usage(format!("there is no unit '{text}'")).help(Unit::MADE_OF))
    });
    Ok(ReadOptions {
        channels: read.channels.map(u64::from),
        fs: fs.transpose()?,
        dtype: read.dtype.map(file_type).transpose()?,
        endian: read.endian.map(|order| match order {
            ByteOrder::Little => Endian::Little,
            ByteOrder::Big => Endian::Big,
        }),
        scale: read.scale,
        dx: read.dx.map(|dx| dx.0),
        unit: unit.transpose()?,
        start: read.start.map(|start| start.0),
        on_gap: match read.on_gap {
            GapRule::Reset => OnGap::Reset,
            GapRule::Mask => OnGap::Mask,
            GapRule::Error => OnGap::Error,
        },
        on_overlap: match read.on_overlap {
            OverlapRule::Same => OnOverlap::Same,
            OverlapRule::First => OnOverlap::First,
        },
        on_bad: match read.on_bad {
            BadRule::Stop => OnBad::Stop,
            BadRule::Skip => OnBad::Skip,
        },
        follow: match read.follow {
            FollowRule::No => Follow::No,
            FollowRule::All => Follow::All,
            FollowRule::New => Follow::New,
        },
        reconnect: read.reconnect.map(patience).transpose()?,
    })
}

fn patience(given: Seconds) -> Result<Duration> {
    let wrong = || {
        Diag::usage(format!("RECONNECT is {} s", given.0))
            .help("give how long to wait for a sender that went away, for instance RECONNECT=1h")
    };
    Duration::try_from_secs_f64(given.0).map_err(|_| wrong())
}

fn file_type(given: SampleType) -> Result<FileType> {
    let name = match given {
        SampleType::I16 | SampleType::Int16 => return Ok(FileType::I16),
        SampleType::I32 | SampleType::Int32 => return Ok(FileType::I32),
        SampleType::F32 | SampleType::Float32 => return Ok(FileType::F32),
        SampleType::F64 | SampleType::Float64 => return Ok(FileType::F64),
        SampleType::Int8 => "int8",
        SampleType::UInt8 => "uint8",
        SampleType::UInt16 => "uint16",
        SampleType::UInt32 => "uint32",
        SampleType::Int64 => "int64",
    };
    Err(Diag::usage(format!("samples of type {name} cannot be read"))
        .help("this version reads int16, int32, float32 and float64"))
}

/// What a window asks for beyond what the record has, in words.
fn clipped(window: &Window, header: &Header) -> Vec<String> {
    let mut notes = Vec::new();
    let (first, last) = header.channels.range();
    if let Some(asked) = &window.channels
        && ((asked.start != i64::MIN && asked.start < first)
            || (asked.end != i64::MAX && asked.end > last + 1))
    {
        notes.push(format!(
            "CH asks for more channels than there are; those read are within {first}..{}",
            last + 1
        ));
    }
    notes
}

fn window(read: &Read, header: &Header) -> Result<Window> {
    let mut window = Window::default();
    if let Some(ch) = read.ch {
        window.channels = Some(ch.from.unwrap_or(i64::MIN)..ch.to.unwrap_or(i64::MAX));
        window.every = if ch.step > 1 { usize::try_from(ch.step).unwrap_or(usize::MAX) } else { 0 };
    }
    if let Some(dist) = read.dist {
        window.distance = Some(dist.from.unwrap_or(f64::NEG_INFINITY)..dist.to.unwrap_or(f64::INFINITY));
    }
    if let Some(TimeWindow { from, to }) = read.time {
        let first = header.segments.first().map_or(0, |segment| segment.start);
        let sample = |seconds: f64| {
            let exact = Rational::approximate(seconds)
                .map_or(seconds * header.rate.as_f64(), |s| (s * header.rate).as_f64());
            // The first sample at or after the instant.
            first.saturating_add(exact.ceil() as i64)
        };
        let (mut samples, mut time) = (i64::MIN..i64::MAX, i64::MIN..i64::MAX);
        match from {
            Some(Moment::After(seconds)) => samples.start = sample(seconds),
            Some(Moment::At(ns)) => time.start = ns,
            None => {}
        }
        match to {
            Some(Moment::After(seconds)) => samples.end = sample(seconds),
            Some(Moment::At(ns)) => time.end = ns,
            None => {}
        }
        window.samples = (samples != (i64::MIN..i64::MAX)).then_some(samples);
        window.time = (time != (i64::MIN..i64::MAX)).then_some(time);
    }
    Ok(window)
}
