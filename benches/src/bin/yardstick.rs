//! The yardstick: mean supplied or measured, Butterworth band-pass of order 4 with F64 state, absolute value, on F32 time-major data.
//!
//! `cargo run --release -p dasc-benches --bin yardstick [-- ROWS CHANNELS]` prints Gsample/s beside the machine's copy
//! bandwidth and the same kernel written by hand (`benches/peers/wide.c`) in the same run. With `DASC_PEERS` set to a Python
//! that has SciPy and Numba, `benches/peers/yardstick.py` follows.

#[path = "../kernels.rs"]
mod kernels;

use std::process::Command;
use std::time::Instant;

use dasc_ir::graph::{Builder, ChannelAxis, Graph, Rows, Signal, TimeAxis};
use dasc_ir::{DType, Diag, Rational, Result, Unit};
use dasc_runtime::{Backend, Codegen, Detection, Feed, Observer, Options, RowsView, Run, StatisticView};
use dasc_stdlib::ops::{Abs, Bandpass, Demean, then};

/// Rows that lie in memory.
struct Memory {
    samples: Vec<u8>,
    row: usize,
}

impl Feed for Memory {
    fn read(&self, first: i64, rows: usize, out: &mut [u8], stride: usize) -> Result<()> {
        for i in 0..rows {
            let from = &self.samples[(first as usize + i) * self.row..][..self.row];
            out[i * stride..i * stride + self.row].copy_from_slice(from);
        }
        Ok(())
    }
}

/// Looks at one number of every row, so that nothing can be left out.
struct Glance(f64);

impl Observer for Glance {
    fn rows(&mut self, _: usize, _: usize, rows: &RowsView) -> Result<()> {
        self.0 += rows.value(rows.rows - 1, 0, 0, 0);
        Ok(())
    }

    fn statistic(&mut self, _: usize, _: usize, _: &StatisticView) -> Result<()> {
        Ok(())
    }

    fn detections(&mut self, _: usize, _: Vec<Detection>) -> Result<()> {
        Ok(())
    }
}

fn graph(rows: i64, channels: u32, demean: bool) -> Result<Graph> {
    let mut b = Builder::new();
    let time = TimeAxis {
        period: Rational::approximate(1e-3).unwrap_or(Rational::ONE),
        origin: Rational::ZERO,
        rows: Rows::Segments(vec![(0, rows)]),
    };
    let channel = ChannelAxis::regular(channels, 1.0);
    let source = Signal {
        dtype: DType::F32,
        unit: Unit::none(),
        time: Some(time),
        inner: None,
        channel: Some(channel),
    };
    let mut x = b.source(source);
    if demean {
        x = then(&mut b, x, &Demean::new())?;
    }
    let x = then(&mut b, x, &Bandpass::new(10.0, 200.0))?;
    let x = then(&mut b, x, &Abs::new())?;
    Ok(b.finish(vec![x]))
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn main() -> Result<()> {
    let arg =
        |i: usize, default: usize| std::env::args().nth(i).and_then(|a| a.parse().ok()).unwrap_or(default);
    let (rows, channels) = (arg(1, 32_768), arg(2, 2048));
    let sample = |i: usize| ((i as u32).wrapping_mul(2_654_435_761) >> 8) as f32 / 8_388_608.0 - 1.0;
    let samples = (0..rows * channels).flat_map(|i| sample(i).to_ne_bytes()).collect();
    let memory = Memory { samples, row: channels * 4 };
    let total = (rows * channels) as f64;
    let copy = median((0..5).map(|_| copy_bandwidth(&memory.samples)).collect());
    println!("copy, one thread: {copy:.1} GB/s read and written");
    let demeaned = || graph(rows as i64, channels as u32, true);
    kernels::compare(&Run::prepare(demeaned()?, &Options::default())?, rows, channels)?;
    for (name, demean) in [("band-pass, abs", false), ("demean, band-pass, abs", true)] {
        for (threads, codegen) in [(1, Codegen::Cranelift), (1, Codegen::Auto), (2, Codegen::Auto)] {
            let options = Options { threads, backend: Backend::Machine(codegen), ..Options::default() };
            let clock = Instant::now();
            let run = Run::prepare(graph(rows as i64, channels as u32, demean)?, &options)?;
            let compile = clock.elapsed().as_secs_f64() * 1e3;
            let mut kernel = Vec::new();
            let times = (0..5).map(|_| {
                let clock = Instant::now();
                let stats = run.execute(&memory, &mut Glance(0.0))?;
                kernel.push(stats.compute_seconds);
                Ok(clock.elapsed().as_secs_f64())
            });
            let time = median(times.collect::<Result<Vec<f64>>>()?);
            println!(
                "{name}, {codegen}, {threads} thread(s): {:.3} Gsample/s whole run, {:.3} in kernels; compiled in {compile:.1} ms",
                total / time / 1e9,
                total / median(kernel) / 1e9
            );
        }
    }
    match std::env::var_os("DASC_PEERS") {
        None => println!("SKIPPED SciPy and Numba: DASC_PEERS names no Python that has them"),
        Some(python) => {
            let script = concat!(env!("CARGO_MANIFEST_DIR"), "/peers/yardstick.py");
            let sizes = [rows, channels].map(|n| n.to_string());
            let ran = Command::new(python).arg(script).args(sizes).status();
            ran.map_err(|e| Diag::world(format!("the peers do not run: {e}")))?;
        }
    }
    Ok(())
}

fn copy_bandwidth(from: &[u8]) -> f64 {
    let mut to = vec![1u8; from.len()];
    let clock = Instant::now();
    to.copy_from_slice(from);
    let bytes = 2.0 * from.len() as f64;
    let time = clock.elapsed().as_secs_f64();
    std::hint::black_box(&to);
    bytes / time / 1e9
}
