//! What is said of a pipeline before it runs, against what the run counts: bytes in and out, passes, rows and state.

mod script;

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, Ordering};

use dasc_compiler::plan::{Place, Plan, Stage};
use dasc_ir::graph::facts::{carry, facts};
use dasc_ir::graph::{Graph, Type};
use dasc_ir::kernel::LANES;
use dasc_ir::{DType, Result};
use dasc_runtime::{Detection, Feed, Observer, Options, RowsView, Run, StatisticView, Stats};
use dasc_tests::noise::Noise;
use dasc_tests::record::{Collected, Record};

const SEGMENTS: [(i64, i64); 2] = [(0, 1500), (1600, 2900)];
const ROWS: u64 = 2800;
const CHANNELS: u32 = 21;

/// Scripts with how often they read the record.
const SCRIPTS: [(&str, u32); 9] = [
    ("READ r | ABS", 1),
    ("READ r | BANDPASS 10Hz 200Hz", 1),
    ("READ r | DECIMATE 5 | RMS 500ms", 1),
    ("READ r | STFT 128", 1),
    ("READ r | MAX AXIS=time", 1),
    ("READ r | DEMEAN", 2),
    ("READ r | DETREND | BANDPASS 10Hz 200Hz | NORMALIZE", 3),
    ("READ r | BANDPASS 10Hz 200Hz AS y | WRITE y.npy\nFROM y | DECIMATE 5 | WRITE z.npy", 1),
    ("READ r | LOWPASS 40Hz AS y | WRITE y.npy\nFROM y | DEMEAN | WRITE z.npy", 2),
];

/// Pairs of steps that differ in how long their windows are, and in nothing else that is kept. None of them decimates: the next
/// row of those begins further on.
const WINDOWS: [(&str, &str); 3] = [
    ("FIR 10Hz 40Hz TAPS=33", "FIR 10Hz 40Hz TAPS=65"),
    ("FIR 10Hz 40Hz TAPS=65", "FIR 10Hz 40Hz TAPS=257"),
    ("MEDIAN 5", "MEDIAN 15"),
];

/// Counts what is really read.
struct Counting {
    record: Record,
    /// Bytes of a row of the source.
    row: u64,
    bytes: AtomicU64,
}

impl Feed for Counting {
    fn read(&self, first: i64, rows: usize, out: &mut [u8], stride: usize) -> Result<()> {
        self.bytes.fetch_add(rows as u64 * self.row, Ordering::Relaxed);
        self.record.read(first, rows, out, stride)
    }
}

fn prepare(script: &str, dtype: DType) -> Run {
    let graph = script::graph(script, &script::signal(dtype, 1000.0, &SEGMENTS, CHANNELS)).unwrap();
    Run::prepare(graph, &Options { chunk: Some(100), threads: 2, ..Options::default() }).unwrap()
}

fn execute(run: &Run) -> (Collected, Stats, u64) {
    let mut noise = Noise(1);
    let input: Vec<f64> = (0..ROWS * u64::from(CHANNELS)).map(|_| (noise.value() * 999.0).round()).collect();
    let source = run.graph().ids().find_map(|id| run.graph().signal(id)).unwrap();
    let row = u64::from(CHANNELS) * source.dtype.size() as u64;
    let feed = Counting { record: Record::new(run.graph(), &input), row, bytes: AtomicU64::new(0) };
    let mut collected = Collected::new(run);
    let stats = run.execute(&feed, &mut collected).unwrap();
    (collected, stats, feed.bytes.into_inner())
}

#[test]
fn every_pass_reads_the_record_once() {
    for dtype in [DType::F32, DType::I16] {
        for (script, passes) in SCRIPTS {
            let run = prepare(script, dtype);
            let (_, stats, read) = execute(&run);
            let reading = |plan: &Plan| {
                plan.passes.iter().filter(|p| p.flow.streams.iter().any(|s| s.place == Place::Source)).count()
            };
            let said = run.graph().outputs.iter().map(|id| facts(run.graph())[id.index()].passes).max();
            assert_eq!(said, Some(passes), "{script}: passes by the facts");
            assert_eq!(reading(run.plan()), passes as usize, "{script}: passes of the plan that read");
            assert_eq!(stats.passes, passes, "{script}: passes of the run");
            let record = ROWS * u64::from(CHANNELS) * dtype.size() as u64;
            assert_eq!(stats.bytes_in, record * u64::from(passes), "{script}: bytes in");
            assert_eq!(read, stats.bytes_in, "{script}: bytes asked of the source");
            assert_eq!(
                (stats.rows_done, stats.rows_total),
                (ROWS * u64::from(passes), ROWS * u64::from(passes)),
                "{script}"
            );
        }
    }
}

#[test]
fn outputs_are_handed_out_once() {
    for (script, _) in SCRIPTS {
        let run = prepare(script, DType::F32);
        let (collected, stats, _) = execute(&run);
        let mut bytes = 0;
        for (output, values) in run.graph().outputs.iter().zip(&collected.outputs) {
            let Type::Signal(signal) = &run.graph().node(*output).ty else { panic!("{script}: a table") };
            let rows = signal.time.as_ref().map_or(SEGMENTS.len() as u64, |t| t.rows.count().unwrap());
            let count = rows * u64::from(signal.inner_len()) * u64::from(signal.channels());
            assert_eq!(
                values.len() as u64,
                count * u64::from(signal.planes()),
                "{script}: values of {output}"
            );
            bytes += count * signal.dtype.size() as u64;
        }
        assert_eq!(stats.bytes_out, bytes, "{script}: bytes out");
    }
}

/// Numbers that a channel's recurrences remember, by the kernels of the plan.
fn kept(plan: &Plan) -> u64 {
    let stages = plan.passes.iter().flat_map(|p| &p.flow.stages);
    let kernels = stages.filter_map(|s| if let Stage::Kernel(k) = s { Some(&k.kernel) } else { None });
    kernels.flat_map(|k| &k.carries).map(|c| u64::from(c.inner)).sum()
}

#[test]
fn state_is_what_the_facts_say() {
    let saved = |run: &Run| run.save(&mut run.begin()).unwrap().len() as u64;
    let state_of = |steps: &str| {
        let run = prepare(&format!("READ r | {steps}"), DType::F32);
        let said: u64 = carry(&facts(run.graph()));
        assert_eq!(kept(run.plan()), said, "{steps}: numbers kept per channel");
        (said, saved(&run))
    };
    let lanes = u64::from(CHANNELS).next_multiple_of(LANES as u64);
    let (none, stateless) = state_of("ABS");
    assert_eq!(none, 0);
    for (steps, numbers) in [
        ("CUMSUM", 1),
        ("LOWPASS 40Hz ORDER=2", 2),
        ("BANDPASS 10Hz 200Hz ORDER=4", 8),
        ("BANDPASS 10Hz 200Hz ORDER=8", 16),
        ("BANDPASS 10Hz 200Hz ORDER=4 | NOTCH 50Hz | CUMSUM", 11),
    ] {
        let (said, bytes) = state_of(steps);
        assert_eq!(said, numbers, "{steps}: numbers by the facts");
        assert_eq!(bytes - stateless, numbers * lanes * 8, "{steps}: bytes of saved state");
    }
}

/// Bytes of a session's state after the first `rows` rows.
fn saved_after(run: &Run, rows: i64) -> u64 {
    let mut noise = Noise(1);
    let input: Vec<f64> = (0..ROWS * u64::from(CHANNELS)).map(|_| noise.value()).collect();
    let record = Record::new(run.graph(), &input);
    let (mut session, mut collected) = (run.begin(), Collected::new(run));
    let end = run.resume(&mut session, &record, &mut collected, |stats| {
        if stats.rows_done >= rows as u64 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert!(end.unwrap().is_break(), "the record ended before row {rows}");
    run.save(&mut session).unwrap().len() as u64
}

/// What windows remember: every row of history the facts promise is in the state of a run, and not one more.
#[test]
fn history_is_what_the_facts_say() {
    let measured = |steps: &str| {
        let run = prepare(&format!("READ r | {steps}"), DType::F32);
        (carry(&facts(run.graph())), saved_after(&run, 500))
    };
    let lanes = u64::from(CHANNELS).next_multiple_of(LANES as u64);
    for (short, long) in WINDOWS {
        let ((few, less), (many, more)) = (measured(short), measured(long));
        assert!(many > few, "{long} remembers more than {short}: {many} and {few}");
        // Rows of history are F32, as the record is. All else in the state is the same for both.
        assert_eq!(more - less, (many - few) * lanes * 4, "{short} and {long}: {few} and {many} rows");
    }
}

/// A record of zeros that is nowhere kept, and an observer that takes ranges of channels or not.
struct Silence {
    ranges: bool,
    channels: u64,
}

impl Feed for Silence {
    fn read(&self, _first: i64, _rows: usize, out: &mut [u8], _stride: usize) -> Result<()> {
        out.fill(0);
        Ok(())
    }
}

impl Observer for Silence {
    fn rows(&mut self, _output: usize, _segment: usize, rows: &RowsView) -> Result<()> {
        self.channels += (rows.rows * rows.channels) as u64;
        Ok(())
    }

    fn takes_ranges(&self, _output: usize) -> bool {
        self.ranges
    }

    fn statistic(&mut self, _output: usize, _segment: usize, _value: &StatisticView) -> Result<()> {
        Ok(())
    }

    fn detections(&mut self, _output: usize, _detections: Vec<Detection>) -> Result<()> {
        Ok(())
    }
}

#[test]
fn frames_in_ranges_of_channels_stay_within_what_was_asked() {
    // A row of the result and the samples that it is made of take 33 MiB each.
    let record = script::signal(DType::F32, 1000.0, &[(0, 9000)], 2048);
    let held = |ranges| {
        let graph = script::graph("READ r | STFT 4096", &record).unwrap();
        let memory = 64_000_000;
        let run = Run::prepare(graph, &Options { memory, threads: 2, ..Options::default() }).unwrap();
        let mut observer = Silence { ranges, channels: 0 };
        let stats = run.execute(&Silence { ranges, channels: 0 }, &mut observer).unwrap();
        assert_eq!(observer.channels % 2048, 0);
        assert_eq!(stats.over_budget, stats.peak_held > memory);
        assert_eq!(stats.ranges > 1, ranges, "{} ranges", stats.ranges);
        (stats.over_budget, observer.channels)
    };
    let (whole, ranged) = (held(false), held(true));
    assert_eq!((whole.0, ranged.0), (true, false), "over the memory given");
    assert_eq!(whole.1, ranged.1, "channels of all rows");
}

#[test]
fn memory_held_stays_within_what_was_asked() {
    for (script, _) in SCRIPTS {
        let graph: Graph =
            script::graph(script, &script::signal(DType::F32, 1000.0, &SEGMENTS, CHANNELS)).unwrap();
        let memory = 1 << 20;
        let run = Run::prepare(graph, &Options { memory, threads: 2, ..Options::default() }).unwrap();
        let (_, stats, _) = execute(&run);
        assert!(stats.peak_held > 0 && stats.peak_held <= memory, "{script}: held {} bytes", stats.peak_held);
    }
}
