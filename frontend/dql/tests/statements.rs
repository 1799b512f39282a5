//! The language's own statements, read from scripts into their records.

mod words;

use dasc_dql::statements::{FilePath, Limit, Mode, PlotSpec, Read, SampleType, Size, Write};
use dasc_dql::window::{ChannelWindow, DistanceWindow, Instant, Moment, TimeWindow};
use dasc_dql::{Program, Sources, parse};
use dasc_ir::parameter::{Hertz, Metres};

fn read(text: &str) -> Program {
    let mut sources = Sources::script("script", text).unwrap();
    parse(&mut sources, &[], &words::vocabulary()).unwrap()
}

fn source(text: &str) -> Read {
    let step = &read(text).steps[0];
    Read::from_args(&step.args, step.span).unwrap()
}

/// 2024-05-01T00:00:00Z, by Python: `calendar.timegm((2024, 5, 1, 0, 0, 0)) * 10**9`.
const MAY_DAY: i64 = 1_714_521_600_000_000_000;
const HOUR: i64 = 3_600_000_000_000;

#[test]
fn a_raw_file_is_described() {
    let raw = source(
        "READ 'a b.raw' CHANNELS=2048 FS=1kHz DTYPE=int16 SCALE=1.5e-9 DX=50cm UNIT=strain START=2024-05-01",
    );
    assert_eq!(raw.path, FilePath("a b.raw".into()));
    assert_eq!((raw.channels, raw.fs, raw.dx), (Some(2048), Some(Hertz(1000.0)), Some(Metres(0.5))));
    assert_eq!((raw.dtype, raw.scale, raw.endian), (Some(SampleType::Int16), Some(1.5e-9), None));
    assert_eq!((raw.unit.as_deref(), raw.start), (Some("strain"), Some(Instant(MAY_DAY))));
}

#[test]
fn windows_are_half_open_and_utc() {
    let cut = source("READ a.h5 TIME=2024-05-01T02:00..03:00 TZ=+02:00 CH=0..1999/4 DIST=2..18km");
    let time = TimeWindow { from: Some(Moment::At(MAY_DAY)), to: Some(Moment::At(MAY_DAY + HOUR)) };
    assert_eq!(cut.time, Some(time));
    assert_eq!(cut.ch, Some(ChannelWindow { from: Some(0), to: Some(1999), step: 4 }));
    assert_eq!(cut.dist, Some(DistanceWindow { from: Some(2000.0), to: Some(18000.0) }));
    let one = source("READ a.h5 CH=42 TIME=..1min");
    assert_eq!(one.ch, Some(ChannelWindow { from: Some(42), to: Some(43), step: 1 }));
    assert_eq!(one.time, Some(TimeWindow { from: None, to: Some(Moment::After(60.0)) }));
}

#[test]
fn sinks_take_their_path_with_or_without_its_key() {
    let program = read("READ a.h5\nWRITE a.npy MODE=append\nWRITE\nPLOT_SPEC b.png LIMITS=2%.. SIZE=800x600");
    let sink = |at: usize| Write::from_args(&program.steps[at].args, program.steps[at].span).unwrap();
    assert_eq!((sink(1).path, sink(1).mode), (Some(FilePath("a.npy".into())), Mode::Append));
    assert_eq!((sink(2).path, sink(2).mode), (None, Mode::New));
    let plot = PlotSpec::from_args(&program.steps[3].args, program.steps[3].span).unwrap();
    assert_eq!(
        (plot.out, plot.size),
        (Some(FilePath("b.png".into())), Some(Size { width: 800, height: 600 }))
    );
    let limits = plot.limits.unwrap();
    assert_eq!((limits.from, limits.to), (Some(Limit::Percentile(2.0)), None));
}

#[test]
fn spans_point_at_what_was_written() {
    let text = "READ a.h5 AS raw\nFROM raw | BANDPASS 10Hz HIGH=20Hz ZEROPHASE AS b";
    let mut sources = Sources::script("script", text).unwrap();
    let program = parse(&mut sources, &[], &words::vocabulary()).unwrap();
    let step = &program.steps[1];
    assert_eq!(sources.snippet(step.span), "BANDPASS 10Hz HIGH=20Hz ZEROPHASE AS b");
    let args: Vec<&str> = step.args.iter().map(|arg| sources.snippet(arg.span)).collect();
    assert_eq!(args, ["10Hz", "20Hz", "ZEROPHASE"]);
    assert_eq!(sources.snippet(step.args[1].key.as_ref().unwrap().1), "HIGH");
    assert_eq!(sources.snippet(step.from.as_ref().unwrap().1), "FROM raw");
    assert_eq!(sources.snippet(step.name.as_ref().unwrap().1), "b");
}

#[test]
fn params_are_declared_without_values() {
    let text = "PARAM day: date \"the day\"\nPARAM low: frequency = 10\nREAD {day}.h5\nNONSENSE\n";
    let sources = Sources::script("script", text).unwrap();
    let params = dasc_dql::declared(&sources);
    let shown: Vec<String> = params
        .iter()
        .map(|p| {
            format!("{} {} {:?} {:?}", p.name, p.ty.name(), p.default.as_ref().map(|d| d.to_string()), p.help)
        })
        .collect();
    assert_eq!(shown, ["day date None Some(\"the day\")", "low frequency Some(\"10Hz\") None"]);
}

#[test]
fn a_script_that_is_no_text_is_refused_with_its_line() {
    let diag = dasc_dql::source::decode("data.dat", b"READ a\nREAD \xff\n".to_vec()).unwrap_err();
    assert_eq!(diag.message, "data.dat is not a script: line 2 is not UTF-8 text");
}
