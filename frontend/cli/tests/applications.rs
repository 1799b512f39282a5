//! Recipes that end in alarms, on events of known place and time within a real recording's noise.
//!
//! Noise: the ten seconds of `tests/data/decimated_optodas.hdf5`, made longer channel by channel: stretches of 4 s from random
//! places, weighted by a sine window and overlapped by half, which keeps each channel's level and spectrum; waves that channels share
//! do not stay. SNR: the root mean square of the made-up signal in the recipe's band, in the loudest second of the loudest
//! channel where and while there is something to find, over that of the noise in the same band on the median channel.

mod dasc;

use std::f64::consts::{FRAC_1_SQRT_2, PI, TAU};

use dasc::Workplace;
use dasc_io::synthetic::{self, Truth};
use dasc_io::{ReadOptions, Source};

const RATE: usize = 500;
const LEVELS: [f64; 5] = [-6.0, 0.0, 6.0, 12.0, 20.0];

struct Application {
    recipe: &'static str,
    channels: usize,
    seconds: usize,
    spacing: usize,
    /// In which signal and noise are compared, in hertz.
    band: (f64, f64),
    seeds: u64,
    /// From this SNR on nine of ten are found, with at most so many false alarms per channel-hour.
    from: f64,
    alarms: f64,
}

/// What a table of events says.
#[derive(Clone, Debug)]
struct Found {
    start: f64,
    end: f64,
    channels: (f64, f64),
}

#[test]
fn earthquakes_are_found() {
    let quake = Application {
        recipe: "quake",
        channels: 64,
        seconds: 60,
        spacing: 10,
        band: (5.0, 20.0),
        seeds: 3,
        from: 12.0,
        alarms: 0.1,
    };
    sweep(&quake, |truth, found| overlap(truth, found) > 0.0);
}

#[test]
fn leaks_are_found_and_what_passes_is_not() {
    let leak = Application {
        recipe: "leak",
        channels: 64,
        seconds: 180,
        spacing: 2,
        band: (30.0, 200.0),
        seeds: 2,
        from: 6.0,
        alarms: 0.1,
    };
    sweep(&leak, |truth, found| {
        let at = truth.channels.0 as f64;
        let there = found.channels.0 - 2.0 <= at && at <= found.channels.1 + 2.0;
        there && overlap(truth, found) > 0.5 * (truth.end - truth.start)
    });
}

fn overlap(truth: &Truth, found: &Found) -> f64 {
    truth.end.min(found.end) - truth.start.max(found.start)
}

/// Runs the recipe at every SNR, prints the table and holds it to what is promised.
fn sweep(a: &Application, is: impl Fn(&Truth, &Found) -> bool) {
    println!("{}: SNR (dB), found, of, false alarms per channel-hour", a.recipe);
    for level in LEVELS {
        let (mut hits, mut all, mut wrong) = (0, 0, 0);
        for seed in 1..=a.seeds {
            let (truths, found) = run(a, level, seed);
            all += truths.len();
            for truth in &truths {
                hits += usize::from(found.iter().any(|f| is(truth, f)));
            }
            wrong += found.iter().filter(|f| !truths.iter().any(|t| is(t, f))).count();
        }
        let hours = (a.channels * a.seconds) as f64 * a.seeds as f64 / 3600.0;
        let alarms = wrong as f64 / hours;
        println!("| {level} | {hits} | {all} | {alarms:.2} |");
        if level >= a.from {
            assert!(10 * hits >= 9 * all, "{}: {hits} of {all} at {level} dB", a.recipe);
            assert!(alarms <= a.alarms, "{}: {alarms} false alarms per channel-hour at {level} dB", a.recipe);
        }
    }
}

fn run(a: &Application, level: f64, seed: u64) -> (Vec<Truth>, Vec<Found>) {
    let rows = a.seconds * RATE;
    // A quieter scene has no quieter truth: the noise is the recording's, so none is made up.
    let kind = a.recipe;
    let scene = synthetic::open(
        &format!(
            "{kind}?channels={}&samples={rows}&fs={RATE}Hz&dx={}m&noise=0&seed={seed}",
            a.channels, a.spacing
        ),
        &ReadOptions::default(),
    )
    .unwrap();
    let signal = read(&scene, rows, a.channels);
    let noise = noise(rows, a.channels, seed);
    let loudest = scene.truth().iter().map(|truth| loudest_second(&signal, truth, a)).fold(0.0, f64::max);
    let mut quiet: Vec<f64> = (0..a.channels).step_by(4).map(|c| mean_square(&noise, c, a)).collect();
    quiet.sort_by(f64::total_cmp);
    let gain = (10f64.powf(level / 10.0) * quiet[quiet.len() / 2] / loudest).sqrt();
    let data: Vec<u8> = signal
        .iter()
        .zip(&noise)
        .flat_map(|(s, n)| ((gain * f64::from(*s) + f64::from(*n)) as f32).to_le_bytes())
        .collect();

    let place = Workplace::new();
    std::fs::write(place.path("data.dat"), data).unwrap();
    let sidecar = format!(
        r#"{{"channels":{},"rate":{RATE},"type":"f32","spacing":{},"unit":"nstrain/s","start":"2024-01-01T00:00:00Z"}}"#,
        a.channels, a.spacing
    );
    place.file("data.dat.json", &sidecar);
    assert_eq!(place.run(&["new", a.recipe, "recipe.dql"]).code, 0);
    let ran = place.run(&["run", "recipe.dql", "--set", "source=data.dat", "--set", "out=found"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let mut found = Vec::new();
    for entry in std::fs::read_dir(place.path("")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|e| e == "csv") {
            found.extend(table(&std::fs::read_to_string(path).unwrap()));
        }
    }
    (scene.truth(), found)
}

fn table(text: &str) -> Vec<Found> {
    let mut lines = text.lines();
    let head: Vec<&str> = lines.next().unwrap().split(',').collect();
    let at = |name: &str| head.iter().position(|column| *column == name);
    let row = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        let number = |name: &str| at(name).and_then(|i| cells[i].parse::<f64>().ok());
        let seconds = |name: &str| (number(name).unwrap() - 1_704_067_200e9) / 1e9;
        Found {
            start: seconds("start_ns"),
            end: seconds("end_ns"),
            channels: (number("channel_lo").unwrap(), number("channel_hi").unwrap()),
        }
    };
    lines.map(row).collect()
}

fn read(source: &dyn Source, rows: usize, channels: usize) -> Vec<f32> {
    let mut bytes = vec![0; rows * channels * 4];
    source.read(0..rows as i64, 0..channels, &mut bytes, channels * 4).unwrap();
    bytes.as_chunks::<4>().0.iter().map(|b| f32::from_ne_bytes(*b)).collect()
}

/// The recording's noise in nstrain/s, of any length, for any number of channels.
fn noise(rows: usize, channels: usize, seed: u64) -> Vec<f32> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/data/decimated_optodas.hdf5");
    dasc_io::set_worker(env!("CARGO_BIN_EXE_dasc"));
    let file = dasc_io::open(&dasc_io::Location::new(path)).unwrap();
    let (length, width) = (file.header().segments[0].len as usize, file.header().channels.count);
    assert_eq!(file.header().rate.as_f64(), RATE as f64);
    let record = read(file.as_ref(), length, width);
    let (stretch, hop) = (4 * RATE, 2 * RATE);
    let window: Vec<f64> = (0..stretch).map(|i| (PI * (i as f64 + 0.5) / stretch as f64).sin()).collect();
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut made = vec![0.0; rows * channels];
    for channel in 0..channels {
        let from = channel % width;
        let mean = (0..length).map(|t| f64::from(record[t * width + from])).sum::<f64>() / length as f64;
        for begin in (0..rows + hop).step_by(hop) {
            // Marsaglia's xorshift.
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let place = (state >> 20) as usize % (length - stretch);
            for (i, weight) in window.iter().enumerate() {
                let Some(row) = (begin + i).checked_sub(hop).filter(|row| *row < rows) else { continue };
                let x = f64::from(record[(place + i) * width + from]) - mean;
                made[row * channels + channel] += (1e9 * weight * x) as f32;
            }
        }
    }
    made
}

fn in_band(data: &[f32], channel: usize, a: &Application) -> Vec<f64> {
    let mut x: Vec<f64> = data.iter().skip(channel).step_by(a.channels).map(|x| f64::from(*x)).collect();
    for (corner, high) in [(a.band.0, true), (a.band.1, false)] {
        second_order(&mut x, corner, high);
        second_order(&mut x, corner, high);
    }
    x.iter().map(|x| x * x).collect()
}

fn mean_square(data: &[f32], channel: usize, a: &Application) -> f64 {
    let squares = in_band(data, channel, a);
    squares.iter().sum::<f64>() / squares.len() as f64
}

/// The mean square of the loudest second while it happens, on the loudest of its channels.
fn loudest_second(data: &[f32], truth: &Truth, a: &Application) -> f64 {
    let seconds = truth.start.ceil() as usize..(truth.end as usize).min(a.seconds);
    let channel = |c: usize| {
        let squares = in_band(data, c, a);
        let second = |t: usize| squares[t * RATE..(t + 1) * RATE].iter().sum::<f64>() / RATE as f64;
        seconds.clone().map(second).fold(0.0, f64::max)
    };
    let last = truth.channels.1.min(a.channels - 1);
    (truth.channels.0..=last).step_by(4).map(channel).fold(0.0, f64::max)
}

/// A low-pass or high-pass of second order (Bristow-Johnson's cookbook).
fn second_order(x: &mut [f64], corner: f64, high: bool) {
    let w = TAU * corner / RATE as f64;
    let (alpha, cos) = (w.sin() * FRAC_1_SQRT_2, w.cos());
    let (b0, b1) = if high { (0.5 * (1.0 + cos), -1.0 - cos) } else { (0.5 * (1.0 - cos), 1.0 - cos) };
    let (a0, a1, a2) = (1.0 + alpha, -2.0 * cos, 1.0 - alpha);
    let (mut s1, mut s2) = (0.0, 0.0);
    for x in x {
        let y = (b0 * *x + s1) / a0;
        s1 = b1 * *x - a1 * y + s2;
        s2 = b0 * *x - a2 * y;
        *x = y;
    }
}
