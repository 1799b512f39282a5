//! What holds for all channels: constants, which are data, so that pipelines that differ in nothing else share their machine code; and
//! streams without channels, read by every block of channels.

use dasc_ir::graph::{Builder, ChannelAxis, Reduction, Role, Rows, Scope, Signal, TimeAxis};
use dasc_ir::{DType, Rational, Unit};
use dasc_runtime::{Options, Run};
use dasc_tests::record::{Record, run};

#[test]
fn other_numbers_are_no_other_code_and_no_other_pass() {
    let mut kernels = Vec::new();
    for weights in [[1.0, 2.0, 3.0], [-4.0, 0.5, 0.0]] {
        let mut b = Builder::new();
        b.enter("TEST", None);
        let axis = ChannelAxis::regular(3, 1.0);
        let rows = Rows::Segments(vec![(0, 2), (5, 6)]);
        let time = TimeAxis { period: Rational::ONE, origin: Rational::ZERO, rows };
        let signal =
            Signal { dtype: DType::F32, unit: Unit::none(), time: None, inner: None, channel: Some(axis) };
        let x = b.source(Signal { time: Some(time), ..signal.clone() });
        let weight = b.constant(signal, &weights).unwrap();
        let y = b.map(&[x, weight], Unit::none(), DType::F32, |e| vec![e.input(0) * e.input(1)]).unwrap();
        let graph = b.finish(vec![y, weight]);
        let record = Record::new(&graph, &[1.0, 1.0, 1.0, 2.0, 2.0, 2.0, 3.0, 3.0, 3.0]);
        let (found, _) = run(&graph, &record, &Options::default()).unwrap();
        let expected: Vec<f64> = [1.0, 2.0, 3.0].iter().flat_map(|x| weights.map(|w| w * x)).collect();
        assert_eq!(found.outputs[0], expected);
        assert_eq!(found.outputs[1], [weights, weights].concat());
        let run = Run::prepare(graph, &Options::default()).unwrap();
        assert_eq!(run.plan().passes.len(), 1);
        kernels.push(format!("{:?}", run.plan().passes[0].flow.stages));
    }
    assert_eq!(kernels[0], kernels[1]);
}

#[test]
fn every_block_of_channels_reads_the_same_stream_without_channels() {
    const CHANNELS: u32 = 5000;
    let mut b = Builder::new();
    b.enter("TEST", None);
    let axis = ChannelAxis::regular(CHANNELS, 1.0);
    let rows = Rows::Segments(vec![(0, 40)]);
    let x = b.source(Signal {
        dtype: DType::F32,
        unit: Unit::none(),
        time: Some(TimeAxis { period: Rational::ONE, origin: Rational::ZERO, rows }),
        inner: None,
        channel: Some(axis),
    });
    let largest = b.reduce(x, Role::Channel, Reduction::Max, Scope::Segment).unwrap();
    let y = b.map(&[x, largest], Unit::none(), DType::F32, |e| vec![e.input(0) - e.input(1)]).unwrap();
    let graph = b.finish(vec![y]);
    let input: Vec<f64> = (0..40 * CHANNELS).map(|i| f64::from(i % CHANNELS + i / CHANNELS)).collect();
    let (found, _) = run(&graph, &Record::new(&graph, &input), &Options::default()).unwrap();
    let expected = (0..40).flat_map(|_| (0..CHANNELS).map(|c| f64::from(c) - f64::from(CHANNELS - 1)));
    assert!(found.outputs[0].iter().copied().eq(expected), "a block read something else");
}
