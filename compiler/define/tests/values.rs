//! Definitions against SciPy and NumPy (tests/reference/values.py), and what a sample that is not finite does.

use dasc_define::{NoLibrary, define};
use dasc_ir::graph::interp::{Value, interpret};
use dasc_ir::graph::{Builder, ChannelAxis, Rows, Signal, TimeAxis};
use dasc_ir::{DType, Rational, Unit};

const ROWS: usize = 40;
const CHANNELS: usize = 3;

/// One record of `x` in channels 0 to 2 and `u` in channels 3 to 5.
fn evaluate(text: &str, x: &[f64], u: &[f64]) -> Vec<f64> {
    let mut b = Builder::new();
    let time = TimeAxis {
        period: Rational::ONE / Rational::integer(100),
        origin: Rational::ZERO,
        rows: Rows::Segments(vec![(0, ROWS as i64)]),
    };
    let channel = ChannelAxis::regular(2 * CHANNELS as u32, 1.0);
    let both = b.source(Signal {
        dtype: DType::F64,
        unit: Unit::none(),
        time: Some(time),
        inner: None,
        channel: Some(channel),
    });
    let first = b.gather(both, vec![0, 1, 2]).unwrap();
    let second = b.gather(both, vec![3, 4, 5]).unwrap();
    let y = define(&mut b, text, &[("x", first), ("u", second)], &[], &NoLibrary)
        .unwrap_or_else(|diag| panic!("{text}: {diag} at {:?}", diag.span));
    let graph = b.finish(vec![y]);
    let input: Vec<f64> =
        x.chunks(CHANNELS).zip(u.chunks(CHANNELS)).flat_map(|(x, u)| [x, u].concat()).collect();
    match interpret(&graph, &input).unwrap().swap_remove(0) {
        Value::Signal(tensor) => tensor.values,
        Value::Events(_) => panic!("{text} gives events"),
    }
}

fn numbers(line: &str) -> Vec<f64> {
    line.split_whitespace().map(|word| word.parse().unwrap()).collect()
}

#[test]
fn definitions_mean_what_scipy_computes() {
    let mut lines = include_str!("reference/values.txt").lines();
    let (x, u) = (numbers(lines.next().unwrap()), numbers(lines.next().unwrap()));
    let mut count = 0;
    while let (Some(text), Some(expected)) = (lines.next(), lines.next()) {
        let (found, expected) = (evaluate(text, &x, &u), numbers(expected));
        assert_eq!(found.len(), expected.len(), "{text}");
        for (i, (found, expected)) in found.iter().zip(&expected).enumerate() {
            let far = (found - expected).abs() > 1e-12 * (1.0 + expected.abs());
            assert!(!far, "{text}: {found} at {i}, not {expected}");
        }
        count += 1;
    }
    assert_eq!(count, 20);
}

#[test]
fn a_sample_that_is_not_finite_spoils_only_its_own_row() {
    let mut x = vec![1.0; ROWS * CHANNELS];
    let u = vec![0.0; ROWS * CHANNELS];
    x[10 * CHANNELS] = f64::NAN;
    x[20 * CHANNELS + 1] = f64::INFINITY;
    let mut zeroed = x.clone();
    zeroed.iter_mut().filter(|x| !x.is_finite()).for_each(|x| *x = 0.0);
    for text in [
        "y WHERE y[t] = 0.9 * y[t-1] + x[t] + 0.5 * x[t-1]",
        "y WHERE y[t] = max(x[t], 0.8 * y[t-1])",
        "y WHERE y[t] = y[t-1] + (IF x > y[t-1] THEN 0.5 ELSE 0.1) * (x - y[t-1])",
    ] {
        let (found, clean) = (evaluate(text, &x, &u), evaluate(text, &zeroed, &u));
        for (i, (found, clean)) in found.iter().zip(&clean).enumerate() {
            assert!(clean.is_finite());
            if x[i].is_finite() {
                assert_eq!(found.to_bits(), clean.to_bits(), "{text} at {i}");
            } else {
                assert!(found.is_nan(), "{text} at {i}: {found}");
            }
        }
    }
}

#[test]
fn what_a_nonlinear_recurrence_breaks_is_one_row() {
    let mut x = vec![2.0; ROWS * CHANNELS];
    let u = vec![0.0; ROWS * CHANNELS];
    x[5 * CHANNELS] = 0.0;
    // 1 / 0 in row 5 of channel 0; the next row goes on from zero.
    let found = evaluate("y WHERE y[t] = 1 / x + 0 * y[t-1] ^ 2 + 0.5 * y[t-1]", &x, &u);
    let channel: Vec<f64> = found.iter().step_by(CHANNELS).copied().collect();
    assert_eq!(channel[5], f64::INFINITY);
    assert_eq!(channel[6], 0.5);
    assert_eq!(channel[7], 0.75);
}
