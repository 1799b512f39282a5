//! Every operator of the standard library, by its own example: interpreter and machine code give the same bits, whole or
//! in chunks, on any number of threads, stopped and continued anywhere; and they mean what the Graph says.

mod script;

use dasc_ir::graph::facts::{Class, facts};
use dasc_ir::graph::{Graph, interp};
use dasc_ir::{DType, Unit};
use dasc_runtime::{Backend, Options};
use dasc_stdlib::ops::OPERATORS;
use dasc_stdlib::reference::EXAMPLE_UNITS;
use dasc_tests::noise::Noise;
use dasc_tests::record::{Record, far, run, run_in_parts};

/// Long enough for the examples' seconds at this rate, with a gap.
const RATE: f64 = 500.0;
const SEGMENTS: &[(i64, i64)] = &[(0, 1301), (1400, 2600)];
/// For what needs the whole record at once, and refuses gaps.
const WHOLE: &[(i64, i64)] = &[(0, 1301)];

/// Steps on a record, with the numbers of the record.
struct Case {
    name: String,
    graph: Graph,
    input: Vec<f64>,
    record: Record,
}

#[test]
fn f32_on_1_channel() {
    check(DType::F32, 1);
}

#[test]
fn f32_on_5_channels() {
    check(DType::F32, 5);
}

#[test]
fn f32_on_37_channels() {
    check(DType::F32, 37);
}

#[test]
fn i16_on_1_channel() {
    check(DType::I16, 1);
}

#[test]
fn i16_on_5_channels() {
    check(DType::I16, 5);
}

#[test]
fn i16_on_37_channels() {
    check(DType::I16, 37);
}

/// What one operator alone does not show: several passes, rates, crossings of channels, whole transforms of frames.
const CHAINS: [&str; 13] = [
    "DETREND | BANDPASS 10Hz 200Hz | NORMALIZE",
    "DECIMATE 5 | STA_LTA 0.1s 1s METHOD=recursive | SPATIAL_SMOOTH 3 | DEMEAN",
    "COMMON_MODE | STFT 64 | SQUARE | MEAN AXIS=channel | DB",
    "MEDIAN 5 | DIFF | STACK 100ms | MAX AXIS=time",
    "STFT 64 | ABS | ENVELOPE",
    "DEMEAN | MEDIAN AXIS=time",
    "COMMON_MODE METHOD=median | MEDIAN 40 | NORMALIZE METHOD=mad",
    "STFT 64 | ABS | MEDIAN AXIS=time | MEDIAN AXIS=channel | PERCENTILE 30 AXIS=frequency",
    "STFT 64 | ABS | MEDIAN 4 AXIS=frequency | PERCENTILE 80 WINDOW=3 AXIS=channel | ARGMAX AXIS=frequency",
    "LOWPASS 40Hz | HILBERT | ABS | TAPER 0.1",
    "BANDPASS 10Hz 200Hz ZEROPHASE=TRUE",
    "DETREND | HIGHPASS 1Hz ZEROPHASE=TRUE | NORMALIZE",
    "NOTCH 50Hz ZEROPHASE=TRUE | DECIMATE 4 ZEROPHASE=TRUE | STA_LTA 0.1s 1s METHOD=recursive",
];

#[test]
fn chains() {
    check_all(CHAINS.into_iter(), DType::F32, 5);
    check_all(CHAINS.into_iter(), DType::I16, 5);
}

fn check(dtype: DType, channels: u32) {
    assert!(OPERATORS.len() > 30, "only {} operators", OPERATORS.len());
    check_all(OPERATORS.iter().map(|entry| entry.schema.example), dtype, channels);
}

fn check_all<'a>(steps: impl Iterator<Item = &'a str>, dtype: DType, channels: u32) {
    let failures: Vec<String> = steps
        .filter_map(|steps| {
            let failure = case(steps, dtype, channels).and_then(|case| holds(&case)).err()?;
            Some(format!("{steps} as {dtype} on {channels} channels: {failure}"))
        })
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn case(steps: &str, dtype: DType, channels: u32) -> Result<Case, String> {
    let text = format!("READ record | {steps}");
    let graph_in = |segments: &[(i64, i64)], unit: &str| {
        let mut signal = script::signal(dtype, RATE, segments, channels);
        signal.unit = Unit::parse(unit).ok_or("no unit")?;
        // Examples choose channels by number, from 10 on.
        signal.channel.as_mut().ok_or("no channels")?.first = 10;
        script::graph(&text, &signal)
    };
    let graph = |segments: &[(i64, i64)]| {
        let [first, others @ ..] = EXAMPLE_UNITS else { return Err("examples have no unit".to_string()) };
        graph_in(segments, first)
            .or_else(|refusal| others.iter().find_map(|unit| graph_in(segments, unit).ok()).ok_or(refusal))
    };
    let (graph, segments) = match graph(SEGMENTS) {
        Ok(graph) => (graph, SEGMENTS),
        Err(refusal) => {
            let graph = graph(WHOLE)?;
            if !is_whole(&graph) {
                return Err(format!("refused a record with a gap: {refusal}"));
            }
            (graph, WHOLE)
        }
    };
    let rows: i64 = segments.iter().map(|(a, b)| b - a).sum();
    let mut noise = Noise(u64::from(channels));
    let input: Vec<f64> = (0..rows * i64::from(channels))
        .map(|_| {
            if dtype == DType::F32 {
                f64::from(noise.value() as f32)
            } else {
                (noise.value() * 1000.0).round()
            }
        })
        .collect();
    let record = Record::new(&graph, &input);
    Ok(Case { name: steps.to_string(), graph, input, record })
}

fn holds(case: &Case) -> Result<(), String> {
    let words = |e: dasc_ir::Diag| e.to_string();
    let options = |backend, threads, chunk| Options { backend, threads, chunk, ..Options::default() };
    let machine = |threads, chunk| options(Backend::default(), threads, Some(chunk));
    let (whole, _) = run(&case.graph, &case.record, &machine(1, 1 << 20)).map_err(words)?;

    let oracle = options(Backend::Interpreter, 1, Some(1 << 20));
    let (prescribed, _) = run(&case.graph, &case.record, &oracle).map_err(words)?;
    whole.difference(&prescribed).map_or(Ok(()), |d| Err(format!("not what the interpreter gives: {d}")))?;

    for (threads, chunk) in [(2, 1 << 20), (1, 1), (2, 13), (2, 64)] {
        let (cut, _) = run(&case.graph, &case.record, &machine(threads, chunk)).map_err(words)?;
        let differ = |d| Err(format!("chunks of {chunk} on {threads} threads: {d}"));
        whole.difference(&cut).map_or(Ok(()), differ)?;
    }

    let seed = case.name.bytes().fold(7, |seed: u64, b| seed.wrapping_mul(31) + u64::from(b));
    let machine = Options::default();
    match run_in_parts(&case.graph, &case.record, &machine, seed) {
        Ok((continued, saves)) => {
            assert!(saves > 0, "nothing was saved");
            let differ = |d| Err(format!("continued after {saves} interruptions: {d}"));
            whole.difference(&continued).map_or(Ok(()), differ)?;
        }
        Err(diag) => return Err(diag.to_string()),
    }

    let meaning = interp::interpret(&case.graph, &case.input).map_err(words)?;
    far(&meaning[0], &whole, 0, 0.0).map_or(Ok(()), |d| Err(format!("not what the graph means: {d}")))
}

fn is_whole(graph: &Graph) -> bool {
    facts(graph).last().is_some_and(|last| last.class() == Class::Whole)
}
