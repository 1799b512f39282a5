//! Zero-phase filtering within a tolerance: no row differs from the exact form by more than the tolerance times the largest value of
//! the stretch filtered forwards.

use dasc_ir::DType;
use dasc_ir::graph::interp::{Value, interpret};
use dasc_ir::graph::{Builder, NodeId, Prim, Rows, Signal, View};
use dasc_stdlib::reference::{build_example, sample_signal};

const ROWS: usize = 600;

const FILTERS: &[&str] = &[
    "LOWPASS 40 ORDER=1",
    "LOWPASS 90 ORDER=5 DESIGN=ellip RIPPLE=0.5 ATTENUATION=40",
    "LOWPASS 100 ORDER=6 DESIGN=bessel",
    "HIGHPASS 5 ORDER=2",
    "HIGHPASS 40 ORDER=7",
    "HIGHPASS 200 ORDER=5 DESIGN=cheby1",
    "BANDPASS 2 10 ORDER=2",
    "BANDPASS 10 200",
    "BANDPASS 30 90 ORDER=4 DESIGN=cheby2",
    "BANDPASS 48 52 ORDER=2",
    "BANDSTOP 45 55",
    "NOTCH 50 Q=30",
    "DECIMATE 5",
];

#[test]
fn no_row_is_off_by_more_than_the_tolerance() {
    let mut nearest: f64 = 0.0;
    for filter in FILTERS {
        for (name, input) in inputs() {
            for tolerance in [1e-3, 1e-6] {
                let share = off_by(filter, tolerance, &input);
                assert!(share <= 1.0, "{filter} TOL={tolerance:e} on {name}: {share} times what is stated");
                nearest = nearest.max(share);
            }
        }
    }
    // What is stated is not a hundred times what happens.
    assert!(nearest > 0.01, "{nearest}");
}

/// An offset with noise, one sample in the middle, a step just before the end, and a line.
fn inputs() -> Vec<(&'static str, Vec<f64>)> {
    let mut state = 1u64;
    let mut noise = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    };
    let of = |f: &mut dyn FnMut(usize) -> f64| (0..ROWS).map(|i| f64::from(f(i) as f32)).collect();
    vec![
        ("an offset", of(&mut |_| 1e6 + noise())),
        ("an impulse", of(&mut |i| f64::from(i == ROWS / 2))),
        ("a late step", of(&mut |i| f64::from(i + 3 > ROWS))),
        ("a line", of(&mut |i| i as f64)),
    ]
}

/// The largest difference, as a share of the tolerance times the largest value of the stretch filtered forwards.
fn off_by(filter: &str, tolerance: f64, input: &[f64]) -> f64 {
    let mut b = Builder::new();
    let x = b.source(record());
    let exact = build_example(&mut b, x, &format!("{filter} ZEROPHASE=TRUE")).unwrap();
    let within = build_example(&mut b, x, &format!("{filter} ZEROPHASE=TRUE TOL={tolerance}")).unwrap();
    let forwards = b.graph().ids().find(|id| matches!(b.graph().node(*id).prim, Prim::View(View::Reverse)));
    let forwards: NodeId = b.graph().node(forwards.unwrap()).inputs[0];
    let values = interpret(&b.finish(vec![exact, within, forwards]), input).unwrap();
    let [exact, within, forwards] = &values[..] else { panic!("three outputs") };
    let largest = numbers(forwards).iter().fold(0.0, |most: f64, y| most.max(y.abs()));
    let off =
        numbers(exact).iter().zip(numbers(within)).fold(0.0, |most: f64, (a, b)| most.max((a - b).abs()));
    // Beside it there is rounding.
    off / (tolerance * largest + 1e-13 * largest)
}

fn numbers(value: &Value) -> &[f64] {
    match value {
        Value::Signal(tensor) => &tensor.values,
        Value::Events(_) => panic!("a signal"),
    }
}

fn record() -> Signal {
    let mut signal = Signal { dtype: DType::F64, ..sample_signal() };
    if let Some(time) = &mut signal.time {
        time.rows = Rows::Segments(vec![(17, 17 + ROWS as i64)]);
    }
    if let Some(channel) = &mut signal.channel {
        channel.len = 1;
    }
    signal
}
