//! Several results a row: what banks of filters, joins and constants mean, and what is refused.

use dasc_ir::graph::interp::{Value, interpret};
use dasc_ir::graph::{
    Builder, ChannelAxis, Edge, InnerAxis, InnerRole, NodeId, Rows, Signal, Slant, TimeAxis, TransformKind,
};
use dasc_ir::{DType, Rational, Unit};

fn source(b: &mut Builder, ranges: &[(i64, i64)], channels: u32) -> NodeId {
    b.enter("TEST", None);
    b.source(Signal {
        dtype: DType::F64,
        unit: Unit::none(),
        time: Some(TimeAxis {
            period: Rational::ONE,
            origin: Rational::ZERO,
            rows: Rows::Segments(ranges.to_vec()),
        }),
        inner: None,
        channel: Some(ChannelAxis::regular(channels, 1.0)),
    })
}

fn axis(len: u32) -> InnerAxis {
    InnerAxis { role: InnerRole::Band, len, start: 0.0, step: 1.0, unit: Unit::none(), positions: None }
}

fn numbers(b: Builder, y: NodeId, input: &[f64]) -> Vec<f64> {
    match interpret(&b.finish(vec![y]), input).unwrap().pop() {
        Some(Value::Signal(tensor)) => tensor.values,
        other => panic!("a signal, not {other:?}"),
    }
}

/// `scipy.signal.resample_poly([1, 2, 4, 8, 16], 3, 2, window=[1, 2, 3, 2, 1])` by hand: zeros between the samples, the kernel centred.
#[test]
fn phases_laid_back_are_a_resampling() {
    let kernel = [1.0, 2.0, 3.0, 2.0, 1.0];
    let (up, down, half) = (3i64, 2i64, 2i64);
    for (from, to) in [(0, 5), (3, 8), (-4, 1)] {
        let mut b = Builder::new();
        let x = source(&mut b, &[(from, to)], 1);
        let time = b.time(x).unwrap().clone();
        // Output m stands at input m · down / up; phase p of row i is m = i · up + p.
        let tap = |p: i64, k: i64| kernel.get(usize::try_from(p * down - k * up + half).unwrap_or(99));
        let phase = |p: i64| (-2..=2).map(|k| tap(p, k).copied().unwrap_or(0.0)).collect();
        let bank = (0..up).map(phase).collect();
        let y = b.bank(x, (-2, 2), 2, Edge::Zero, bank, axis(3), Unit::none(), DType::F64).unwrap();
        let at = |row: i64| -(-row * up).div_euclid(down);
        let period = Rational::integer(2) / Rational::integer(3);
        let rows = Rows::Segments(vec![(at(from), at(to))]);
        let y = b.overlap_add(y, 3, 0, TimeAxis { period, rows, ..time }).unwrap();
        let samples = [1.0, 2.0, 4.0, 8.0, 16.0];
        let found = numbers(b, y, &samples);
        let expected: Vec<f64> = (at(from)..at(to))
            .map(|m| {
                let of = |(i, x): (i64, &f64)| {
                    let k = m * down - i * up + half;
                    x * kernel.get(usize::try_from(k).unwrap_or(99)).copied().unwrap_or(0.0)
                };
                (from..to).zip(&samples).map(of).sum()
            })
            .collect();
        assert_eq!(found, expected, "from row {from}");
    }
}

#[test]
fn joined_signals_stand_side_by_side() {
    let mut b = Builder::new();
    let x = source(&mut b, &[(0, 3)], 2);
    let pair = b
        .bank(x, (0, 0), 1, Edge::Zero, vec![vec![10.0], vec![100.0]], axis(2), Unit::none(), DType::F64)
        .unwrap();
    let given = Signal {
        dtype: DType::F64,
        unit: Unit::none(),
        time: None,
        inner: None,
        channel: b.signal(x).unwrap().channel.clone(),
    };
    let weight = b.constant(given, &[-1.0, -2.0]).unwrap();
    let y = b.join(&[pair, x, weight], axis(4)).unwrap();
    let found = numbers(b, y, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    let row = |a: f64, b: f64| [10.0 * a, 10.0 * b, 100.0 * a, 100.0 * b, a, b, -1.0, -2.0];
    assert_eq!(found, [row(1.0, 2.0), row(3.0, 4.0), row(5.0, 6.0)].concat());
}

/// numpy: the analytic signal of `[1, 2, 3, 4]` is `x + i·[1, −1, −1, 1]`, of `[1, 0, 0]` it is `x + i·[0, 1, −1]/√3`.
#[test]
fn the_analytic_signal_of_a_frame() {
    for (samples, imaginary) in
        [(vec![1.0, 2.0, 3.0, 4.0], vec![1.0, -1.0, -1.0, 1.0]), (vec![1.0, 0.0, 0.0], vec![0.0, 1.0, -1.0])]
    {
        let n = samples.len();
        let scale = if n == 3 { 1.0 / 3f64.sqrt() } else { 1.0 };
        let mut b = Builder::new();
        let x = source(&mut b, &[(0, n as i64)], 1);
        let frames = b.frame(x, n as u32, n as u32, 0, Edge::Valid).unwrap();
        let y = b.transform(frames, TransformKind::Analytic, dasc_ir::graph::Role::Inner).unwrap();
        let found = numbers(b, y, &samples);
        for ((z, re), im) in found.chunks(2).zip(&samples).zip(&imaginary) {
            assert!((z[0] - re).abs() < 1e-12 && (z[1] - im * scale).abs() < 1e-12, "{found:?}");
        }
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let mut b = Builder::new();
    let x = source(&mut b, &[(0, 9)], 2);
    let bank = vec![vec![1.0; 3]; 2];
    let framed = b.bank(x, (0, 2), 1, Edge::Zero, bank.clone(), axis(2), Unit::none(), DType::F64).unwrap();
    let again = b.bank(framed, (0, 2), 1, Edge::Zero, bank, axis(2), Unit::none(), DType::F64);
    assert!(again.unwrap_err().message.contains("already cut into frames"));
    let metres = b.map1(x, Unit::parse("m").unwrap(), |x, _| x).unwrap();
    let mixed = b.join(&[x, metres], axis(2)).unwrap_err();
    assert!(mixed.message.contains("different units"), "{mixed}");
    assert!(b.join(&[x, x], axis(3)).is_err());
    let scalar = Signal { dtype: DType::F64, unit: Unit::none(), time: None, inner: None, channel: None };
    assert!(b.constant(scalar, &[1.0, 2.0]).is_err());
}

/// Two lines over three channels by hand: what lies between rows is interpolated, what lies beyond the channels is zero.
#[test]
fn slants_sum_along_lines() {
    let input: Vec<f64> = (0..15).map(|i| f64::from(i * i)).collect();
    let at = |row: usize, channel: usize| input[row * 3 + channel];
    let shifts = vec![vec![-1.0, 0.0, 1.0], vec![0.75, 0.0, -0.5]];
    for (squared, weights) in [false, true].into_iter().zip([[1.0, 1.0, 1.0], [0.5, 2.0, -4.0]]) {
        let mut b = Builder::new();
        let x = source(&mut b, &[(10, 15)], 3);
        let slant = Slant { reach: 1, shifts: shifts.clone(), weights: weights.to_vec(), squared };
        let y = b.slant(x, (-1, 1), slant, axis(2), Unit::none()).unwrap();
        assert_eq!(b.time(y).unwrap().rows, Rows::Segments(vec![(11, 14)]));
        let power = |x: f64| if squared { x * x } else { x };
        let sum = |taps: [f64; 3]| taps.iter().zip(weights).map(|(x, w)| w * power(*x)).sum::<f64>();
        let mut expected = Vec::new();
        for row in 1..4 {
            let left = |c: usize| if c > 0 { at(row - 1, c - 1) } else { 0.0 };
            let right = |c: usize| if c < 2 { at(row + 1, c + 1) } else { 0.0 };
            expected.extend((0..3).map(|c| sum([left(c), at(row, c), right(c)])));
            let left = |c: usize| if c > 0 { 0.25 * at(row, c - 1) + 0.75 * at(row + 1, c - 1) } else { 0.0 };
            let right = |c: usize| if c < 2 { 0.5 * at(row - 1, c + 1) + 0.5 * at(row, c + 1) } else { 0.0 };
            expected.extend((0..3).map(|c| sum([left(c), at(row, c), right(c)])));
        }
        assert_eq!(numbers(b, y, &input), expected);
    }
}

#[test]
fn slants_that_cannot_be_are_refused() {
    let line = |reach, shifts| Slant { reach, shifts, weights: vec![1.0; 2], squared: false };
    let weighted = |weights| Slant { weights, ..line(2, vec![vec![0.0, 0.0]]) };
    let graph = |slant: Slant, len: u32| {
        let mut b = Builder::new();
        let x = source(&mut b, &[(0, 9)], 2);
        let y = b.slant(x, (0, 1), slant, axis(len), Unit::none());
        y.map(|y| dasc_ir::graph::verify::verify(&b.finish(vec![y])))
    };
    assert!(graph(line(2, vec![vec![2.0, -1.5]]), 1).unwrap().is_ok());
    let wrongs = [
        (line(2, vec![vec![2.5, 0.0]]), 1, "beyond 2"),
        (line(2, vec![vec![f64::NAN, 0.0]]), 1, "beyond 2"),
        (line(2, vec![vec![0.0]]), 1, "2 taps have 1 shifts"),
        (line(2, vec![vec![0.0, 0.0]]), 2, "1 slants give 2 positions"),
        (weighted(vec![1.0]), 1, "2 taps have 1 weights"),
        (weighted(vec![1.0, f64::NAN]), 1, "a weight of NaN"),
    ];
    for (slant, len, what) in wrongs {
        let refused = graph(slant, len).unwrap().unwrap_err();
        assert!(refused.message.contains(what), "{}", refused.message);
    }
    assert!(graph(line(5, vec![vec![0.0, 0.0]]), 1).is_err(), "no row has five before and after");
}
