//! Models on windows: state under another model is refused, stretches without a window are told of, and a model that gives no number has
//! no say. That the bits do not depend on chunks and threads is held by `every_op` and the golden cases.

use std::sync::Arc;

use dasc_ir::graph::{Builder, Call, ChannelAxis, Graph, Rows, Signal, TimeAxis};
use dasc_ir::model::{Model, Network, Normalise, Stacking};
use dasc_ir::{DType, Diag, Rational, Result, Unit};
use dasc_runtime::{Options, Run};
use dasc_tests::record::{Collected, Record, run};

/// Gives every sample back, NaN for those above a level, and refuses some.
#[derive(Debug)]
struct Echo;

impl Network for Echo {
    fn run(&self, input: &[f32], output: &mut [f32]) -> Result<()> {
        if input.iter().any(|x| *x < -100.0) {
            return Err(Diag::world("no such thing"));
        }
        for (out, x) in output.iter_mut().zip(input) {
            *out = if *x > 100.0 { f32::INFINITY } else { *x };
        }
        Ok(())
    }
}

fn graph(hash: &str, segments: &[(i64, i64)]) -> Graph {
    let mut b = Builder::new();
    b.enter("ANNOTATE", None);
    let axis = ChannelAxis::regular(2, 1.0);
    let rows = Rows::Segments(segments.to_vec());
    let x = b.source(Signal {
        dtype: DType::F32,
        unit: Unit::none(),
        time: Some(TimeAxis { period: Rational::ONE, origin: Rational::ZERO, rows }),
        inner: None,
        channel: Some(axis),
    });
    let call = Call {
        model: Model::new("echo.onnx", hash, Arc::new(Echo)),
        window: 10,
        hop: 5,
        first: 0,
        rows: 10,
        blinding: (0, 0),
        channels: 1,
        channel_step: 1,
        each_channel: false,
        labels: 1,
        normalise: Normalise::None,
        together: false,
        stacking: Stacking::Mean,
    };
    let y = b.call(x, call).unwrap();
    b.finish(vec![y])
}

#[test]
fn state_does_not_go_on_under_another_model() {
    let options = Options { chunk: Some(7), threads: 1, ..Options::default() };
    let (one, other) = (graph("aa", &[(0, 40)]), graph("bb", &[(0, 40)]));
    let record = Record::new(&one, &[1.0; 80]);
    let run = Run::prepare(one, &options).unwrap();
    let (mut session, mut seen) = (run.begin(), Collected::new(&run));
    let stop = run.resume(&mut session, &record, &mut seen, |_| std::ops::ControlFlow::Break(())).unwrap();
    assert!(stop.is_break());
    let saved = run.save(&mut session).unwrap();
    run.restore(&saved).unwrap();
    let refused = Run::prepare(other, &options).unwrap().restore(&saved).err().unwrap().to_string();
    assert!(refused.contains("another model") && refused.contains("echo.onnx"), "{refused}");
}

#[test]
fn stretches_without_a_window_are_told_of() {
    let graph = graph("aa", &[(0, 4), (10, 30), (40, 49)]);
    let record = Record::new(&graph, &[1.0; 66]);
    let (found, stats) = run(&graph, &record, &Options::default()).unwrap();
    assert_eq!(found.outputs[0].len(), 40);
    let told = &stats.warnings[0];
    assert!(
        told.contains("2 of 3 stretches") && told.contains("10 samples") && told.contains("13 samples"),
        "{told}"
    );
}

#[test]
fn what_is_no_number_has_no_say() {
    let graph = graph("aa", &[(0, 20)]);
    let mut samples = vec![2.0; 40];
    // Channel 0: an output that is infinite. Channel 1: a sample that is no number, in the first window alone.
    (samples[2 * 12], samples[2 * 3 + 1]) = (1000.0, f64::NAN);
    let (found, _) = run(&graph, &Record::new(&graph, &samples), &Options::default()).unwrap();
    for (row, pair) in found.outputs[0].chunks(2).enumerate() {
        assert_eq!(pair[0].is_nan(), row == 12, "row {row}");
        assert_eq!(pair[1].is_nan(), row < 5, "row {row}");
    }
    samples[0] = -1000.0;
    let refused = run(&graph, &Record::new(&graph, &samples), &Options::default()).err().unwrap();
    assert!(refused.to_string().contains("no such thing"));
}
