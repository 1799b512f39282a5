//! The interpreter against SciPy, NumPy and ObsPy (interp/reference.py).

use std::collections::HashMap;

use dasc_ir::graph::builder::Section;
use dasc_ir::graph::interp::{Tensor, Value, interpret};
use dasc_ir::graph::{
    Builder, ChannelAxis, Edge, Emission, Expr, Init, NodeId, Reduction, Role, Rows, Scope, Signal, StateVar,
    TimeAxis, TransformKind, WindowBody,
};
use dasc_ir::{DType, Rational, Unit};

fn reference() -> HashMap<&'static str, Vec<f64>> {
    let numbers = |line: &'static str| {
        let mut words = line.split(' ');
        let name = words.next().unwrap();
        (name, words.map(|w| w.parse().unwrap()).collect())
    };
    include_str!("interp/reference.txt").lines().map(numbers).collect()
}

/// A record of two channels at 100 Hz.
fn record(ranges: &[(i64, i64)]) -> (Builder, NodeId) {
    let mut builder = Builder::new();
    builder.enter("TEST", None);
    let axis = ChannelAxis::regular(2, 1.0);
    let time = TimeAxis {
        period: Rational::new(1, 100).unwrap(),
        origin: Rational::ZERO,
        rows: Rows::Segments(ranges.to_vec()),
    };
    let source = builder.source(Signal {
        dtype: DType::F64,
        unit: Unit::none(),
        time: Some(time),
        inner: None,
        channel: Some(axis),
    });
    (builder, source)
}

fn tensor(builder: Builder, output: NodeId, input: &[f64]) -> Tensor {
    match interpret(&builder.finish(vec![output]), input).unwrap().remove(0) {
        Value::Signal(tensor) => tensor,
        Value::Events(_) => panic!("a signal was expected"),
    }
}

fn close(name: &str, found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len(), "{name}");
    for (i, (a, b)) in found.iter().zip(expected).enumerate() {
        assert!((a - b).abs() <= 1e-12 * (1.0 + b.abs()), "{name}[{i}]: {a} is not {b}");
    }
}

const EDGES: [(&str, Edge); 4] =
    [("zero", Edge::Zero), ("nearest", Edge::Nearest), ("reflect", Edge::Reflect), ("mirror", Edge::Mirror)];

#[test]
fn windows_have_the_edges_of_scipy() {
    let expected = reference();
    let dot = || WindowBody::Dot(vec![0.5, -1.0, 2.0, 0.25, 1.5]);
    let cases = [
        ("dot", "input", Role::Time, (-2, 2), 1, dot()),
        ("ahead", "input", Role::Time, (0, 4), 1, dot()),
        ("short", "short", Role::Time, (-4, 0), 1, dot()),
        ("min", "input", Role::Time, (-2, 2), 1, WindowBody::Fold(Reduction::Min)),
        ("hop", "input", Role::Time, (-2, 2), 3, WindowBody::Fold(Reduction::Max)),
        ("channel", "input", Role::Channel, (-2, 2), 1, dot()),
    ];
    for (mode, edge) in EDGES {
        for (name, input, along, taps, hop, body) in &cases {
            // SciPy fills with zeros beyond a minimum or maximum as well.
            let input = &expected[input];
            let (mut b, x) = record(&[(0, input.len() as i64 / 2)]);
            let y = b.window(x, *along, *taps, *hop, edge, body.clone(), Unit::none(), DType::F64).unwrap();
            let name = format!("{name}_{mode}");
            close(&name, &tensor(b, y, input).values, &expected[name.as_str()]);
        }
    }
    let (mut b, x) = record(&[(0, 23)]);
    let y = b.window(x, Role::Time, (-2, 2), 1, Edge::Valid, dot(), Unit::none(), DType::F64).unwrap();
    let valid = tensor(b, y, &expected["input"]);
    assert_eq!(valid.ranges, [(2, 21)]);
    close("valid", &valid.values, &expected["valid"]);
}

#[test]
fn sections_are_sosfilt_and_start_anew_in_every_segment() {
    let expected = reference();
    let sections: Vec<Section> =
        expected["sos"].chunks(6).map(|s| Section { b: [s[0], s[1], s[2]], a: [s[4], s[5]] }).collect();
    let (mut b, x) = record(&[(0, 23)]);
    let y = b.biquads(x, 1.0, &sections).unwrap();
    close("sosfilt", &tensor(b, y, &expected["input"]).values, &expected["sosfilt"]);

    let twice: Vec<f64> = [&expected["input"][..], &expected["input"][..]].concat();
    let (mut b, x) = record(&[(0, 23), (30, 53)]);
    let y = b.biquads(x, 1.0, &sections).unwrap();
    let found = tensor(b, y, &twice);
    assert_eq!(found.values[..46], found.values[46..]);
}

#[test]
fn transforms_are_those_of_numpy_and_scipy() {
    let expected = reference();
    for (name, rows, kind) in [
        ("hilbert", 23, TransformKind::Analytic),
        ("hilbert_even", 22, TransformKind::Analytic),
        ("rfft", 23, TransformKind::Forward),
        ("rfft_even", 20, TransformKind::Forward),
    ] {
        let (mut b, x) = record(&[(0, rows)]);
        let y = b.transform(x, kind, Role::Time).unwrap();
        close(name, &tensor(b, y, &expected["input"][..2 * rows as usize]).values, &expected[name]);
    }
}

#[test]
fn frames_are_those_of_stft_and_overlap_add_lays_them_back() {
    let expected = reference();
    let tapered = |b: &mut Builder, x: NodeId, lo: i32, edge: Edge| {
        let frames = b.frame(x, 8, 3, lo, edge).unwrap();
        b.map(&[frames], Unit::none(), DType::F64, |e| {
            let phase = e.index(Role::Inner) * e.constant(std::f64::consts::TAU) / e.len(Role::Inner);
            vec![e.input(0) * (e.constant(0.5) - e.constant(0.5) * phase.cos())]
        })
        .unwrap()
    };
    let (mut b, x) = record(&[(0, 23)]);
    let frames = tapered(&mut b, x, -4, Edge::Zero);
    let z = b.transform(frames, TransformKind::Forward, Role::Inner).unwrap();
    close("stft", &tensor(b, z, &expected["input"]).values, &expected["stft"]);

    let (mut b, x) = record(&[(0, 23)]);
    let time = b.time(x).unwrap().clone();
    let frames = tapered(&mut b, x, 0, Edge::Valid);
    let z = b.transform(frames, TransformKind::Forward, Role::Inner).unwrap();
    let back = b.inverse(z, 8, 0.0).unwrap();
    let laid = b.overlap_add(back, 3, 0, time).unwrap();
    let values = interpret(&b.finish(vec![back, laid]), &expected["input"]).unwrap();
    let [Value::Signal(back), Value::Signal(laid)] = &values[..] else { panic!("two signals were expected") };
    close("frames_back", &back.values, &expected["frames_back"]);
    close("overlap_add", &laid.values, &expected["overlap_add"]);
}

#[test]
fn statistics_cover_their_scope() {
    let expected = reference();
    for (name, how) in [
        ("sum", Reduction::Sum),
        ("min", Reduction::Min),
        ("max", Reduction::Max),
        ("mean", Reduction::Mean),
        ("std", Reduction::Std),
    ] {
        for (scope, over) in [(Scope::Record, "record"), (Scope::Segment, "segments")] {
            let (mut b, x) = record(&[(0, 9), (20, 34)]);
            let y = b.reduce(x, Role::Time, how, scope).unwrap();
            let name = format!("{name}_{over}");
            close(&name, &tensor(b, y, &expected["input"]).values, &expected[name.as_str()]);
        }
        let (mut b, x) = record(&[(0, 9), (20, 34)]);
        let y = b.reduce(x, Role::Channel, how, Scope::Segment).unwrap();
        let name = format!("{name}_channel");
        close(&name, &tensor(b, y, &expected["input"]).values, &expected[name.as_str()]);
    }
}

#[test]
fn a_mean_of_each_segment_is_broadcast_back_to_it() {
    let expected = reference();
    let (mut b, x) = record(&[(0, 9), (20, 34)]);
    let mean = b.reduce(x, Role::Time, Reduction::Mean, Scope::Segment).unwrap();
    let y = b.map(&[x, mean], Unit::none(), DType::F64, |e| vec![e.input(0) - e.input(1)]).unwrap();
    let found = tensor(b, y, &expected["input"]).values;
    let means = &expected["mean_segments"];
    let by_hand: Vec<f64> = expected["input"]
        .iter()
        .enumerate()
        .map(|(i, x)| x - means[if i < 18 { i % 2 } else { 2 + i % 2 }])
        .collect();
    close("demeaned", &found, &by_hand);
}

#[test]
fn detections_are_trigger_onset() {
    let expected = reference();
    let (mut b, x) = record(&[(0, 23)]);
    let mean = b.reduce(x, Role::Time, Reduction::Mean, Scope::Record).unwrap();
    let level = b.map(&[x, mean], Unit::none(), DType::F64, |e| vec![e.input(0) - e.input(1)]).unwrap();
    let emission =
        Emission { on: 0.8, off: -0.1, merge_seconds: 0.0, merge_channels: 0, detector: "test".into() };
    let table = b.emit(level, emission).unwrap();
    let values = interpret(&b.finish(vec![table]), &expected["input"]).unwrap();
    let Value::Events(stretches) = &values[0] else { panic!("a table was expected") };
    let found: Vec<f64> = stretches
        .iter()
        .flat_map(|s| [s.channel as f64, s.first as f64, s.end as f64, s.peak_row as f64, s.peak])
        .collect();
    close("onsets", &found, &expected["onsets"]);
}

#[test]
fn nan_ends_a_stretch_and_so_does_a_gap() {
    let input: Vec<f64> = [2.0, 2.0, f64::NAN, 2.0, 3.0, 1.0].iter().flat_map(|x| [*x, 0.0]).collect();
    let (mut b, x) = record(&[(0, 4), (10, 12)]);
    let emission =
        Emission { on: 1.5, off: 0.5, merge_seconds: 0.0, merge_channels: 0, detector: "test".into() };
    let table = b.emit(x, emission).unwrap();
    let values = interpret(&b.finish(vec![table]), &input).unwrap();
    let Value::Events(stretches) = &values[0] else { panic!("a table was expected") };
    let rows: Vec<_> = stretches.iter().map(|s| (s.segment, s.first, s.end, s.peak_row)).collect();
    assert_eq!(rows, [(0, 0, 2, 0), (0, 3, 4, 3), (1, 10, 12, 10)]);
}

#[test]
fn slices_keep_the_rows_of_the_record_or_count_anew() {
    let input: Vec<f64> = (0..10).flat_map(|i| [f64::from(i), f64::from(100 + i)]).collect();
    let (mut b, x) = record(&[(5, 10), (20, 25)]);
    let y = b.slice(x, Role::Time, 2, 18, 1).unwrap();
    let found = tensor(b, y, &input);
    assert_eq!(found.ranges, [(7, 10), (20, 23)]);
    assert_eq!(found.values.iter().step_by(2).copied().collect::<Vec<_>>(), [2.0, 3.0, 4.0, 5.0, 6.0, 7.0]);

    // Every third row from row 7: 7, (10 … 19 are in the gap), 22.
    let (mut b, x) = record(&[(5, 10), (20, 25)]);
    let y = b.slice(x, Role::Time, 2, 18, 3).unwrap();
    let found = tensor(b, y, &input);
    assert_eq!(found.values.iter().step_by(2).copied().collect::<Vec<_>>(), [2.0, 7.0]);

    let (mut b, x) = record(&[(5, 10), (20, 25)]);
    let y = b.gather(x, vec![1, 1, 0]).unwrap();
    assert_eq!(tensor(b, y, &input).values[..3], [100.0, 100.0, 0.0]);
}

#[test]
fn integers_are_exact_and_state_may_begin_with_the_first_sample() {
    let (mut b, x) = record(&[(3, 6), (9, 11)]);
    let first = Expr::write(&[DType::F64], |e| vec![e.input(0)]);
    let state = vec![
        StateVar { dtype: DType::I64, init: Init::Value(9_007_199_254_740_000.0) },
        StateVar { dtype: DType::F64, init: Init::First(first) },
    ];
    let y = b
        .scan(x, state, Unit::none(), DType::F64, |e| {
            let count = e.state(0) + e.constant_of(3.0, DType::I64);
            let odd = count.binary(dasc_ir::scalar::Binary::And, e.constant_of(1.0, DType::I64));
            let result = odd.to(DType::F64) + e.constant(10.0) * (e.input(0) - e.state(1));
            vec![count, e.input(0), result + e.constant(1000.0) * e.index(Role::Time) + e.row()]
        })
        .unwrap();
    let input = [5.0, 1.0, 7.0, 1.0, 8.0, 1.0, 2.0, 1.0, 4.0, 1.0];
    let found = tensor(b, y, &input).values;
    let channel: Vec<f64> = found.iter().step_by(2).copied().collect();
    // Parity, ten times the difference to the sample before, a thousand times the place in the segment, and the row.
    assert_eq!(channel, [1.0 + 3.0, 20.0 + 1004.0, 1.0 + 10.0 + 2005.0, 1.0 + 9.0, 20.0 + 1010.0]);
}

#[test]
fn a_wrong_amount_of_data_is_refused() {
    let (b, x) = record(&[(0, 3)]);
    let error = interpret(&b.finish(vec![x]), &[0.0; 5]).unwrap_err();
    assert_eq!(error.message, "interpreting %0 of TEST: the source has 6 numbers, but 5 are given");
}
