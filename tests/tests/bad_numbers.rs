//! Numbers that are not finite, through recurrences: NaN at their place, zero for what follows, and nothing else. That is
//! the policy of `Builder::biquads`; the references here are computed from it.

mod script;

use dasc_ir::DType;
use dasc_ir::graph::builder::Section;
use dasc_ir::graph::{Builder, Graph};
use dasc_runtime::Options;
use dasc_tests::noise::Noise;
use dasc_tests::record::{Record, run};

const CHANNELS: usize = 3;
const ROWS: usize = 900;

/// A record in which channel 0 is sound, channel 1 has a burst, and channel 2 begins and ends badly.
fn holed() -> Vec<f64> {
    let mut noise = Noise(5);
    let mut input: Vec<f64> = (0..ROWS * CHANNELS).map(|_| f64::from(noise.value() as f32)).collect();
    for row in 300..340 {
        input[row * CHANNELS + 1] = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY][row % 3];
    }
    for row in (0..5).chain(ROWS - 5..ROWS) {
        input[row * CHANNELS + 2] = f64::NAN;
    }
    input
}

fn results(graph: &Graph, input: &[f64]) -> Vec<f64> {
    let options = Options { chunk: Some(37), threads: 2, ..Options::default() };
    let (found, _) = run(graph, &Record::new(graph, input), &options).unwrap();
    found.outputs[0].clone()
}

#[test]
fn a_band_pass_is_finite_again_after_a_burst() {
    let input = holed();
    let zeroed: Vec<f64> = input.iter().map(|x| if x.is_finite() { *x } else { 0.0 }).collect();
    for steps in
        ["BANDPASS 10Hz 40Hz", "BANDPASS 10Hz 40Hz | LOWPASS 30Hz", "NOTCH 50Hz Q=30", "HIGHPASS 1Hz ORDER=2"]
    {
        let record = script::signal(DType::F32, 1000.0, &[(0, ROWS as i64)], CHANNELS as u32);
        let graph = script::graph(&format!("READ record | {steps}"), &record).unwrap();
        let (found, sound) = (results(&graph, &input), results(&graph, &zeroed));
        for (at, (x, y)) in found.iter().zip(&sound).enumerate() {
            // The NaN of the first filter is the second one's bad sample, so one that is in series behaves the same
            // at the same places, and otherwise sees another past.
            let (row, channel) = (at / CHANNELS, at % CHANNELS);
            assert_eq!(x.is_nan(), !input[at].is_finite(), "{steps}: row {row} of channel {channel} is {x}");
            if x.is_finite() && !steps.contains('|') {
                assert_eq!(x.to_bits(), y.to_bits(), "{steps}: row {row} of channel {channel}");
            }
        }
    }
}

#[test]
fn sections_follow_the_stated_policy() {
    let sections =
        [Section { b: [0.2, 0.4, 0.2], a: [-1.2, 0.6] }, Section { b: [1.0, -2.0, 1.0], a: [-1.7, 0.8] }];
    let mut b = Builder::new();
    let x = b.source(script::signal(DType::F64, 1000.0, &[(0, ROWS as i64)], CHANNELS as u32));
    let y = b.biquads(x, 0.5, &sections).unwrap();
    let graph = b.finish(vec![y]);
    let input = holed();
    let found = results(&graph, &input);
    for channel in 0..CHANNELS {
        let mut state = [[0.0f64; 2]; 2];
        for row in 0..ROWS {
            let given = input[row * CHANNELS + channel];
            let mut y = 0.5 * if given.is_finite() { given } else { 0.0 };
            for (section, s) in sections.iter().zip(&mut state) {
                let x = y;
                y = section.b[0] * x + s[0];
                s[0] = section.b[1] * x - section.a[0] * y + s[1];
                s[1] = section.b[2] * x - section.a[1] * y;
            }
            let got = found[row * CHANNELS + channel];
            if given.is_finite() {
                assert!(
                    (got - y).abs() <= 1e-12 * y.abs().max(1.0),
                    "row {row} of channel {channel}: {got}, not {y}"
                );
            } else {
                assert!(got.is_nan(), "row {row} of channel {channel}: {got}, not NaN");
            }
        }
    }
}
