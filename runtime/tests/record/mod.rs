//! A record in memory, and an observer that keeps everything.

use dasc_ir::graph::interp::Value;
use dasc_ir::graph::{Graph, Prim, Rows};
use dasc_ir::{DType, Result};
use dasc_runtime::{Detection, Feed, Observer, RowsView, Run, StatisticView};

/// Rows of a source, in the source's type.
pub struct Record {
    segments: Vec<(i64, i64)>,
    row: usize,
    bytes: Vec<u8>,
}

impl Record {
    /// From the numbers the Graph interpreter takes.
    pub fn new(graph: &Graph, input: &[f64]) -> Record {
        let source = graph.ids().find(|id| matches!(graph.node(*id).prim, Prim::Source)).expect("a source");
        let signal = graph.signal(source).expect("a signal");
        let segments = match signal.time.as_ref().map(|t| &t.rows) {
            Some(Rows::Segments(ranges)) => ranges.clone(),
            other => panic!("a record with rows, not {other:?}"),
        };
        let bytes = input.iter().flat_map(|x| encode(signal.dtype, *x)).collect();
        Record { segments, row: signal.channels() as usize * signal.dtype.size(), bytes }
    }
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
}

/// Everything a run gave, as bits of F64.
#[derive(Debug, Default)]
pub struct Collected {
    outputs: Vec<Vec<f64>>,
    pub detections: Vec<Vec<Detection>>,
}

impl Collected {
    pub fn new(run: &Run) -> Collected {
        let outputs = run.graph().outputs.len();
        Collected { outputs: vec![Vec::new(); outputs], detections: vec![Vec::new(); outputs] }
    }

    /// Equal bits; any NaN equals any other.
    pub fn assert_same(&self, other: &Collected, what: &str) {
        for (i, (a, b)) in self.outputs.iter().zip(&other.outputs).enumerate() {
            assert_eq!(a.len(), b.len(), "{what}: length of output {i}");
            for (at, (x, y)) in a.iter().zip(b).enumerate() {
                assert!(
                    x.to_bits() == y.to_bits() || (x.is_nan() && y.is_nan()),
                    "{what}: output {i} at {at}: {x:e} and {y:e}"
                );
            }
        }
        assert_eq!(self.detections, other.detections, "{what}: detections");
    }
}

impl Observer for Collected {
    fn rows(&mut self, output: usize, _segment: usize, rows: &RowsView) -> Result<()> {
        for row in 0..rows.rows {
            for inner in 0..rows.inner() {
                for channel in 0..rows.channels {
                    for plane in 0..rows.planes() {
                        self.outputs[output].push(rows.value(row, inner, plane, channel));
                    }
                }
            }
        }
        Ok(())
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
        self.detections[output] = detections;
        Ok(())
    }
}

/// Asserts that what was computed is what the Graph means, to the rounding of F32 through a chain of operators.
/// `floor` is the magnitude below which a result may be lost in the rounding of larger ones (an F32 FFT's bins).
pub fn near(meaning: &Value, result: &Collected, output: usize, floor: f64, what: &str) {
    let Value::Signal(tensor) = meaning else { return };
    let got = &result.outputs[output];
    let want = &tensor.values;
    // A statistic of the whole record is one row in the meaning and one per segment in the run.
    let want: Vec<f64> = if !tensor.timed && want.len() < got.len() {
        want.iter().cycle().take(got.len()).copied().collect()
    } else {
        want.clone()
    };
    assert_eq!(want.len(), got.len(), "{what}: length");
    let scale = (want.iter().map(|x| x * x).sum::<f64>() / want.len().max(1) as f64).sqrt().max(floor);
    for (at, (x, y)) in want.iter().zip(got).enumerate() {
        assert!(
            (x - y).abs() <= 2e-5 * scale.max(x.abs()) || (x.is_nan() && y.is_nan()),
            "{what} at {at}: meant {x:e}, got {y:e}"
        );
    }
}
