//! A record in memory, an observer that keeps everything, and ways to run one over the other.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use dasc_ir::graph::interp::{Stretch, Tensor, Value};
use dasc_ir::graph::{Graph, NodeId, Prim, Rows, Signal};
use dasc_ir::{DType, Result};
use dasc_runtime::{Detection, Feed, InMemory, Observer, Options, RowsView, Run, StatisticView, Stats};

use crate::noise::Noise;
use crate::pages::Guarded;

/// Rows of a source, in the source's type.
pub struct Record {
    segments: Vec<(i64, i64)>,
    row: usize,
    bytes: Vec<u8>,
    lending: Option<Lending>,
}

/// The same rows as memory that every second who asks may read, with pages beside it that nobody may.
struct Lending {
    samples: Arc<Guarded>,
    asked: AtomicU32,
}

impl Record {
    /// From the numbers the Graph interpreter takes.
    ///
    /// # Panics
    /// When the graph has no source with rows.
    pub fn new(graph: &Graph, input: &[f64]) -> Record {
        let signal = source(graph);
        let segments = match signal.time.as_ref().map(|t| &t.rows) {
            Some(Rows::Segments(ranges)) => ranges.clone(),
            other => panic!("a record with rows, not {other:?}"),
        };
        let bytes = input.iter().flat_map(|x| encode(signal.dtype, *x)).collect();
        Record { segments, row: signal.channels() as usize * signal.dtype.size(), bytes, lending: None }
    }

    /// The same record, which lends its rows to every second who asks, beginning with the first. None for one that begins long before
    /// it ends.
    pub fn lending(mut self) -> Option<Record> {
        let (first, stop) = self.ends();
        let rows = usize::try_from(stop - first).ok().filter(|rows| rows * self.row < 1 << 20)?;
        let mut samples = Guarded::new(rows * self.row, rows.is_multiple_of(2));
        let mut before = 0;
        for (start, stop) in self.segments.iter().filter(|(start, stop)| start < stop) {
            let (at, len) = ((start - first) as usize * self.row, (stop - start) as usize * self.row);
            samples.bytes_mut()[at..at + len].copy_from_slice(&self.bytes[before..before + len]);
            before += len;
        }
        self.lending = Some(Lending { samples: Arc::new(samples), asked: AtomicU32::new(0) });
        Some(self)
    }

    /// How often it was asked to lend.
    pub fn asked(&self) -> u32 {
        self.lending.as_ref().map_or(0, |lending| lending.asked.load(Ordering::Relaxed))
    }

    /// The first row and the one after the last.
    fn ends(&self) -> (i64, i64) {
        let some = || self.segments.iter().filter(|(start, stop)| start < stop);
        (some().map(|s| s.0).min().unwrap_or(0), some().map(|s| s.1).max().unwrap_or(0))
    }
}

/// The type of a graph's source.
///
/// # Panics
/// When the graph has none.
pub fn source(graph: &Graph) -> &Signal {
    let source = graph.ids().find(|id| matches!(graph.node(*id).prim, Prim::Source)).expect("a source");
    graph.signal(source).expect("a signal")
}

fn channels(graph: &Graph, id: NodeId) -> usize {
    graph.signal(id).map_or(1, |s| s.channels() as usize)
}

fn encode(dtype: DType, x: f64) -> Vec<u8> {
    match dtype {
        DType::I16 => (x as i16).to_ne_bytes().to_vec(),
        DType::I32 => (x as i32).to_ne_bytes().to_vec(),
        DType::F32 => (x as f32).to_ne_bytes().to_vec(),
        DType::F64 => x.to_ne_bytes().to_vec(),
        other => panic!("no source of {other}"),
    }
}

impl Feed for Record {
    fn read(&self, first: i64, rows: usize, out: &mut [u8], stride: usize) -> Result<()> {
        let mut before = 0;
        for &(start, stop) in &self.segments {
            if start <= first && first + rows as i64 <= stop {
                for i in 0..rows {
                    let at = (before + (first - start) as usize + i) * self.row;
                    out[i * stride..i * stride + self.row].copy_from_slice(&self.bytes[at..at + self.row]);
                }
                return Ok(());
            }
            before += (stop - start).max(0) as usize;
        }
        panic!("rows {first}+{rows} are in no segment of {:?}", self.segments);
    }

    fn in_memory(&self) -> Option<InMemory> {
        let lending = self.lending.as_ref()?;
        let lends = lending.asked.fetch_add(1, Ordering::Relaxed).is_multiple_of(2);
        lends.then(|| InMemory { samples: lending.samples.clone(), first: self.ends().0, row: self.row })
    }
}

/// Everything a run gave: numbers as `[row][inner][channel][plane]`, and detections.
#[derive(Clone, Debug, Default)]
pub struct Collected {
    pub outputs: Vec<Vec<f64>>,
    /// Channels of each output.
    channels: Vec<usize>,
    pub detections: Vec<Vec<Detection>>,
    /// For each output the segment and row before which no detection begins any more, as far as was told.
    settled: Vec<(usize, i64)>,
    /// Whether rows may come in ranges of channels.
    pub ranges: bool,
    /// In how many ranges they came, more than those of all channels.
    pub parts: u64,
}

impl Collected {
    pub fn new(run: &Run) -> Collected {
        let outputs = run.graph().outputs.len();
        Collected {
            outputs: vec![Vec::new(); outputs],
            detections: vec![Vec::new(); outputs],
            settled: vec![(0, i64::MIN); outputs],
            channels: run.graph().outputs.iter().map(|id| channels(run.graph(), *id)).collect(),
            ranges: false,
            parts: 0,
        }
    }

    /// Where the bits differ; any NaN equals any other.
    pub fn difference(&self, other: &Collected) -> Option<String> {
        for (i, (a, b)) in self.outputs.iter().zip(&other.outputs).enumerate() {
            if a.len() != b.len() {
                return Some(format!("output {i} has {} and {} values", a.len(), b.len()));
            }
            let differ = |(x, y): (&f64, &f64)| x.to_bits() != y.to_bits() && !(x.is_nan() && y.is_nan());
            if let Some(at) = a.iter().zip(b).position(differ) {
                return Some(format!("output {i} at {at} of {}: {:e} and {:e}", a.len(), a[at], b[at]));
            }
        }
        let differ = self.detections != other.detections;
        differ.then(|| format!("detections {:?} and {:?}", self.detections, other.detections))
    }

    /// # Panics
    /// When the bits differ.
    pub fn assert_same(&self, other: &Collected, what: &str) {
        if let Some(difference) = self.difference(other) {
            panic!("{what}: {difference}");
        }
    }
}

impl Observer for Collected {
    fn rows(&mut self, output: usize, _segment: usize, rows: &RowsView) -> Result<()> {
        let (all, planes) = (self.channels[output], rows.planes());
        let size = rows.rows * rows.inner() * all * planes;
        let values = &mut self.outputs[output];
        if rows.first_channel == 0 {
            values.resize(values.len() + size, f64::NAN);
        } else {
            self.parts += 1;
        }
        let base = values.len() - size;
        for row in 0..rows.rows {
            for inner in 0..rows.inner() {
                for channel in 0..rows.channels {
                    for plane in 0..planes {
                        let lane = (row * rows.inner() + inner) * all + rows.first_channel + channel;
                        values[base + lane * planes + plane] = rows.value(row, inner, plane, channel);
                    }
                }
            }
        }
        Ok(())
    }

    fn takes_ranges(&self, _output: usize) -> bool {
        self.ranges
    }

    fn statistic(&mut self, output: usize, _segment: usize, value: &StatisticView) -> Result<()> {
        for inner in 0..value.inner {
            for channel in 0..value.channels {
                for plane in 0..value.planes {
                    self.outputs[output].push(value.value(inner, plane, channel));
                }
            }
        }
        Ok(())
    }

    fn detections(&mut self, output: usize, detections: Vec<Detection>) -> Result<()> {
        for d in detections {
            let (place, settled) = ((d.segment, d.first), self.settled[output]);
            assert!(place >= settled, "a detection at {place:?} after all before {settled:?} were told");
            let last = self.detections[output].last().map(|d| (d.segment, d.first, d.channel));
            assert!(last < Some((d.segment, d.first, d.channel)), "{d:?} comes after {last:?}");
            self.detections[output].push(d);
        }
        Ok(())
    }

    fn settled(&mut self, output: usize, segment: usize, row: i64) -> Result<()> {
        let last = self.settled[output];
        assert!((segment, row) >= last, "settled before {:?} after {last:?}", (segment, row));
        self.settled[output] = (segment, row);
        Ok(())
    }
}

/// Runs a graph from beginning to end.
pub fn run(graph: &Graph, feed: &dyn Feed, options: &Options) -> Result<(Collected, Stats)> {
    let run = Run::prepare(graph.clone(), options)?;
    let mut collected = Collected::new(&run);
    let stats = run.execute(feed, &mut collected)?;
    Ok((collected, stats))
}

/// Runs a graph and takes rows in ranges of channels wherever they are large next to `options.memory`.
///
/// # Errors
/// Those of the run.
pub fn run_in_ranges(graph: &Graph, feed: &dyn Feed, options: &Options) -> Result<(Collected, Stats)> {
    let run = Run::prepare(graph.clone(), options)?;
    let mut collected = Collected { ranges: true, ..Collected::new(&run) };
    let stats = run.execute(feed, &mut collected)?;
    Ok((collected, stats))
}

/// Runs a graph with interruptions: again and again a random chunk size, number of threads and block of channels, some chunks, and
/// all state through bytes into the next; now and then rows are taken in ranges of channels. Returns with the result how often state was saved.
///
/// # Errors
/// Those of the run; a graph with a whole-record transform cannot be saved.
pub fn run_in_parts(
    graph: &Graph,
    feed: &dyn Feed,
    options: &Options,
    seed: u64,
) -> Result<(Collected, u32)> {
    let mut noise = Noise(seed);
    let rows = source(graph).time.as_ref().and_then(|t| t.rows.longest()).unwrap_or(1);
    let (mut saved, mut saves): (Option<Vec<u8>>, u32) = (None, 0);
    let mut collected: Option<Collected> = None;
    loop {
        // The first parts end anywhere, even after one row; then larger ones come, so that the end is reached.
        let chunk = if saves < 6 { 1 + noise.below(rows) } else { rows };
        let threads = 1 + noise.below(3) as usize;
        let block = [options.block, Some(16), Some(32)][noise.below(3) as usize];
        let run = Run::prepare(
            graph.clone(),
            &Options { chunk: Some(chunk as usize), threads, block, ..options.clone() },
        )?;
        let collected = collected.get_or_insert_with(|| Collected::new(&run));
        collected.ranges = noise.below(2) == 0;
        let mut session = saved.as_deref().map_or_else(|| Ok(run.begin()), |bytes| run.restore(bytes))?;
        let mut left = 1 + noise.below(3);
        let end = run.resume(&mut session, feed, collected, |_| {
            left -= 1;
            if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        if end.is_continue() {
            return Ok((collected.clone(), saves));
        }
        saved = Some(run.save(&mut session)?);
        saves += 1;
    }
}

/// How far a result may be from its meaning, relative to its own size and to the root mean square of all: some hundreds
/// of roundings to F32 (6e-8), as they add up through a chain of operators.
const RELATIVE: f64 = 2e-5;

/// Where what was computed is not what the Graph means. `rounding` is what any value may be off besides, however small it is:
/// what is left where large values cancel has the rounding of those.
pub fn far(meaning: &Value, result: &Collected, output: usize, rounding: f64) -> Option<String> {
    match meaning {
        Value::Signal(tensor) => far_values(tensor, &result.outputs[output], rounding),
        Value::Events(events) => far_events(events, &result.detections[output]),
    }
}

fn far_values(tensor: &Tensor, got: &[f64], rounding: f64) -> Option<String> {
    // A statistic of the whole record is one row in the meaning and one per segment in the run.
    let repeat = !tensor.timed && tensor.values.len() < got.len();
    let rows = if repeat { got.len() / tensor.values.len().max(1) } else { 1 };
    let want = tensor.values.repeat(rows);
    if want.len() != got.len() {
        return Some(format!("{} values, not {}", got.len(), want.len()));
    }
    let finite = want.iter().filter(|x| x.is_finite());
    let scale = (finite.map(|x| x * x).sum::<f64>() / want.len().max(1) as f64).sqrt();
    let near = |x: f64, y: f64| {
        (x - y).abs() <= (RELATIVE * scale.max(x.abs())).max(rounding) || x == y || (x.is_nan() && y.is_nan())
    };
    let at = want.iter().zip(got).position(|(x, y)| !near(*x, *y))?;
    Some(format!("at {at} of {}: meant {:e}, got {:e}", want.len(), want[at], got[at]))
}

fn far_events(events: &[Stretch], got: &[Detection]) -> Option<String> {
    let mut want: Vec<_> = events.iter().map(|e| (e.segment, e.channel, e.first, e.end - 1)).collect();
    let mut got: Vec<_> = got.iter().map(|d| (d.segment, d.channel as usize, d.first, d.last)).collect();
    want.sort_unstable();
    got.sort_unstable();
    (want != got).then(|| format!("meant {want:?}, got {got:?}"))
}
