//! The statements that belong to the language itself: sources, sinks and plots. Operators come from the standard library.

use dasc_ir::literal::{Arg, Literal};
use dasc_ir::operator::Schema;
pub use dasc_ir::parameter::FilePath;
use dasc_ir::parameter::{Hertz, Kind, Metres, Parameter, Seconds};
use dasc_ir::{Diag, Span, Unit, choice, operator};

use crate::window::{ChannelWindow, DistanceWindow, Instant, TimeWindow};

/// All statements.
pub static STATEMENTS: [&Schema; 8] = [
    &Read::SCHEMA,
    &Mute::SCHEMA,
    &Cut::SCHEMA,
    &Write::SCHEMA,
    &Events::SCHEMA,
    &PlotTs::SCHEMA,
    &PlotHeatmap::SCHEMA,
    &PlotSpec::SCHEMA,
];

/// Names within braces that the run fills in: a path may hold them without a definition.
pub const RUN_NAMES: [&str; 5] = ["date", "hour", "id", "minute", "start"];

/// Whether a step takes no flow but begins one.
pub fn begins_flow(schema: &Schema) -> bool {
    schema.name == Read::SCHEMA.name
}

/// What is wrong with the arguments of a statement, as its own reader tells. `None` for operators.
pub fn check(schema: &Schema, args: &[Arg], call: Span) -> Option<Diag> {
    let read = |name: &str| match name {
        "READ" => Read::from_args(args, call).err(),
        "MUTE" => Mute::from_args(args, call).err(),
        "CUT" => Cut::from_args(args, call).err(),
        "WRITE" => Write::from_args(args, call).err(),
        "EVENTS" => Events::from_args(args, call).err(),
        "PLOT_TS" => PlotTs::from_args(args, call).err(),
        "PLOT_HEATMAP" => PlotHeatmap::from_args(args, call).err(),
        "PLOT_SPEC" => PlotSpec::from_args(args, call).err(),
        _ => None,
    };
    read(schema.name)
}

operator! {
    /// Reads a file, a folder or a stream, and begins a flow. Several READs begin several flows.
    ///
    /// What a file does not say of itself is given here or in a sidecar file beside it.
    Read = "READ" (
        /// A path (relative to the script), a folder or pattern of files such as 'day/*.h5', or a URL.
        path: FilePath,
    ) {
        /// Number of channels, where the file does not say.
        channels: Option<u32> = None,
        /// Sampling rate.
        fs: Option<Hertz> = None,
        /// Type of a sample.
        dtype: Option<SampleType> = None,
        /// Byte order of raw samples.
        endian: Option<ByteOrder> = None,
        /// Factor from stored values to the unit.
        scale: Option<f64> = None,
        /// Distance between channels.
        dx: Option<Metres> = None,
        /// Unit of the data after SCALE.
        unit: Option<String> = None,
        /// Time of the first sample.
        start: Option<Instant> = None,
        /// Half-open window of time: instants, or durations from the beginning of the record.
        time: Option<TimeWindow> = None,
        /// Half-open window of channels, by the file's own numbers, with an optional stride: 0..1999/4.
        ch: Option<ChannelWindow> = None,
        /// Half-open window of distance along the fibre.
        dist: Option<DistanceWindow> = None,
        /// Table of channels (CSV or Parquet): distance, latitude, longitude, depth, quality; a quality of 0 mutes.
        geometry: Option<FilePath> = None,
        /// What the clocks in START and TIME show: +02:00, or a zone by name, Europe/Berlin.
        tz: Option<String> = None,
        /// What becomes of gaps: filters start anew after them, missing rows are NaN, or none is taken.
        on_gap: GapRule = GapRule::Reset,
        /// What becomes of samples that two files have: they must be the same, or the earlier file's count.
        on_overlap: OverlapRule = OverlapRule::Same,
        /// What becomes of a file among others that cannot be read: it stops the run, or is left out with a note and exit code 3.
        on_bad: BadRule = BadRule::Stop,
        /// Reads a folder or pattern as a live stream: the files that are there and those that come (all), or only those that come (new).
        follow: FollowRule = FollowRule::No,
        /// How long a live stream waits for a sender that went away; none unless given.
        reconnect: Option<Seconds> = None,
    }
    example "READ fiber.dat CHANNELS=2048 FS=1kHz DTYPE=float32 DX=1m";
    reference "";
}

operator! {
    /// Takes the channels listed in a file out of the flow, marked as muted.
    Mute = "MUTE" (
        /// A table with a column of channel numbers (CSV or Parquet).
        path: FilePath,
    ) {}
    example "MUTE bad.csv";
    reference "";
}

operator! {
    /// Cuts the flow around events: the sinks after it are made once for every event of a named flow.
    ///
    /// Their names hold `{id}` or `{start}` of the event. Rows are those whose instants lie from PAD before the event's start to PAD
    /// after its end, both belonging to it; a cut ends where its stretch of data ends. The record is read again once its events are known, and
    /// the rows are the same bits as those of the whole flow. At most 1000 files.
    Cut = "CUT" (
        /// Name of the flow whose events are cut out.
        events: FlowName,
    ) {
        /// Time before the start of an event and after its end: one for both, or two, [5s,30s].
        pad: Vec<Seconds> = vec![Seconds(5.0)],
        /// Time before the start alone, in place of PAD.
        before: Option<Seconds> = None,
        /// Time after the end alone, in place of PAD.
        after: Option<Seconds> = None,
        /// All channels, or only those of the event.
        channels: CutChannels = CutChannels::All,
    }
    example "CUT quakes PAD=[5s,30s]";
    reference "";
}

operator! {
    /// Writes the flow to a file: Zarr v3 or NumPy, by the ending of the path.
    Write = "WRITE" () {
        /// Where to; `<script>-<step>` with the format's ending unless given. May stand without its key.
        path: Option<FilePath> = None,
        /// The format, where the path's ending does not say.
        format: Option<DataFormat> = None,
        /// What to do about a file that exists.
        mode: Mode = Mode::New,
        /// Begins another file at each multiple of this time since 1970 UTC, 1h or 1d; the name tells them apart by {start}, {date}, {hour}, {minute}.
        every: Option<Seconds> = None,
    }
    example "WRITE filtered.npy MODE=overwrite";
    reference "";
}

operator! {
    /// Writes the events of the flow as a table: Parquet, CSV, JSON lines (.jsonl), Arrow or QuakeML (.xml), by the ending of the path; or
    /// sends each to a web hook, http:// or https://, as JSON.
    Events = "EVENTS" () {
        /// Where to; `<script>-<step>.parquet` unless given. May stand without its key.
        path: Option<FilePath> = None,
        /// The format, where the path's ending does not say.
        format: Option<TableFormat> = None,
        /// What to do about a file that exists.
        mode: Mode = Mode::New,
        /// Begins another file at each multiple of this time since 1970 UTC, 1h or 1d; the name tells them apart by {start}, {date}, {hour}, {minute}.
        every: Option<Seconds> = None,
    }
    example "EVENTS events.parquet";
    reference "";
}

operator! {
    /// Draws channels as curves over time.
    PlotTs = "PLOT_TS" () {
        /// The picture; `<script>-<step>.png` unless given. May stand without its key.
        out: Option<FilePath> = None,
        /// The channels to draw, by the file's own numbers.
        ch: Option<ChannelWindow> = None,
        /// Heading of the picture.
        title: Option<String> = None,
        /// Ends of the value axis: percentiles or values.
        limits: Option<Limits> = None,
        /// Width and height in pixels.
        size: Option<Size> = None,
        /// What to do about a file that exists.
        mode: Mode = Mode::New,
    }
    example "PLOT_TS OUT=traces.png CH=100..110";
    reference "";
}

operator! {
    /// Draws values over time and distance. What has frequencies, lags, speeds or the like within its rows is drawn over these and
    /// distance, in the mean over time: correlations as a virtual shot gather, spectra in dB.
    ///
    /// Events are boxes, those that TRACK has followed lines. Frequencies in equal ratios have a logarithmic axis.
    PlotHeatmap = "PLOT_HEATMAP" () {
        /// The picture; `<script>-<step>.png` unless given. May stand without its key.
        out: Option<FilePath> = None,
        /// Colour map.
        cmap: Option<String> = None,
        /// The channels to draw, by the file's own numbers.
        ch: Option<ChannelWindow> = None,
        /// Heading of the picture.
        title: Option<String> = None,
        /// Ends of the colour scale: percentiles or values.
        limits: Option<Limits> = None,
        /// Width and height in pixels.
        size: Option<Size> = None,
        /// What to do about a file that exists.
        mode: Mode = Mode::New,
    }
    example "PLOT_HEATMAP OUT=waterfall.png CMAP=seismic LIMITS=2%..98%";
    reference "";
}

operator! {
    /// Draws what lies within rows over time, in the mean over channels unless CH chooses one: power over frequencies and bands in
    /// dB, correlations over lags, beams over speeds and slownesses as they are.
    ///
    /// Events are marked as spans of time. Frequencies in equal ratios have a logarithmic axis; speeds, bands and others that
    /// lie unevenly have a line each.
    PlotSpec = "PLOT_SPEC" () {
        /// The picture; `<script>-<step>.png` unless given. May stand without its key.
        out: Option<FilePath> = None,
        /// Colour map.
        cmap: Option<String> = None,
        /// The channels to average over, by the file's own numbers.
        ch: Option<ChannelWindow> = None,
        /// Heading of the picture.
        title: Option<String> = None,
        /// Ends of the colour scale: percentiles or values.
        limits: Option<Limits> = None,
        /// Width and height in pixels.
        size: Option<Size> = None,
        /// What to do about a file that exists.
        mode: Mode = Mode::New,
    }
    example "PLOT_SPEC OUT=spectrogram.png CMAP=inferno";
    reference "";
}

choice! {
    /// Type of the samples of a raw file.
    SampleType {
        I16 = "i16", I32 = "i32", F32 = "f32", F64 = "f64",
        Int8 = "int8", UInt8 = "uint8", Int16 = "int16", UInt16 = "uint16", Int32 = "int32", UInt32 = "uint32",
        Int64 = "int64", Float32 = "float32", Float64 = "float64",
    }
}

choice! {
    /// What becomes of gaps.
    GapRule { Reset = "reset", Mask = "mask", Error = "error" }
}

choice! {
    /// What becomes of samples that two files have.
    OverlapRule { Same = "same", First = "first" }
}

choice! {
    /// What becomes of a file that cannot be read.
    BadRule { Stop = "stop", Skip = "skip" }
}

choice! {
    /// Whether a folder is read as it grows.
    FollowRule { No = "no", All = "all", New = "new" }
}

choice! {
    ByteOrder { Little = "little", Big = "big" }
}

choice! {
    /// The channels of a cut.
    CutChannels { All = "all", Event = "event" }
}

choice! {
    DataFormat { Zarr = "zarr", Npy = "npy" }
}

choice! {
    TableFormat { Parquet = "parquet", Csv = "csv", JsonLines = "jsonl", Arrow = "arrow", QuakeMl = "quakeml" }
}

choice! {
    /// What a sink does about output that exists: refuse, replace it, or go on after its end.
    Mode { New = "new", Overwrite = "overwrite", Append = "append" }
}

/// The name of another flow of the script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlowName(pub String);

impl From<&str> for FlowName {
    fn from(name: &str) -> FlowName {
        FlowName(name.to_string())
    }
}

impl Parameter for FlowName {
    const KIND: Kind = Kind::Branch;
    fn read(literal: &Literal) -> Result<FlowName, String> {
        match literal {
            Literal::Text(name) | Literal::Word(name) if !name.is_empty() => Ok(FlowName(name.clone())),
            _ => Err("the name of a flow".into()),
        }
    }
}

/// Ends of a value axis or a colour scale.
#[derive(Clone, Debug, PartialEq)]
pub struct Limits {
    pub from: Option<Limit>,
    pub to: Option<Limit>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Limit {
    /// 0 to 100.
    Percentile(f64),
    /// In the unit given, or in that of the data.
    Value(f64, Option<Unit>),
}

impl Parameter for Limits {
    const KIND: Kind = Kind::Range("");
    fn read(literal: &Literal) -> Result<Limits, String> {
        const EXPECTED: &str = "a range such as 2%..98% or -1e-6..1e-6";
        let end = |end: &Option<Box<Literal>>| match end.as_deref() {
            None => Ok(None),
            Some(Literal::Number(value)) => Ok(Some(Limit::Value(*value, None))),
            Some(Literal::Quantity(percent, unit)) if unit.symbol() == "%" => match percent {
                0.0..=100.0 => Ok(Some(Limit::Percentile(*percent))),
                _ => Err("percentages between 0% and 100%".to_string()),
            },
            Some(Literal::Quantity(value, unit)) => Ok(Some(Limit::Value(*value, Some(unit.clone())))),
            Some(_) => Err(EXPECTED.into()),
        };
        match literal {
            Literal::Range { from, to, step: None } => Ok(Limits { from: end(from)?, to: end(to)? }),
            _ => Err(EXPECTED.into()),
        }
    }
}

/// Width and height in pixels: `1200x800`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    pub width: u32,
    pub height: u32,
}

impl Parameter for Size {
    const KIND: Kind = Kind::Text;
    fn read(literal: &Literal) -> Result<Size, String> {
        let expected = || "width x height in pixels, such as 1200x800, each from 64 to 16384".to_string();
        let (Literal::Word(text) | Literal::Text(text)) = literal else { return Err(expected()) };
        let (width, height) = text.split_once(['x', 'X']).ok_or_else(expected)?;
        let pixels =
            |text: &str| text.parse().ok().filter(|n| (64..=16_384).contains(n)).ok_or_else(expected);
        Ok(Size { width: pixels(width)?, height: pixels(height)? })
    }
}
