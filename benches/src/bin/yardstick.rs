//! The yardstick: mean supplied or measured, Butterworth band-pass of order 4 with F64 state, absolute value, on F32 time-major data.
//!
//! `cargo run --release -p dasc-benches --bin yardstick [-- ROWS CHANNELS]` prints Gsample/s beside the machine's copy
//! bandwidth and the same kernel written by hand (`benches/peers/wide.c`) in the same run. `benches/peers/run` has the others.

use std::time::Instant;

use dasc_benches::kernels;
use dasc_benches::memory::{Glance, Memory};
use dasc_benches::script::{graph, signal};
use dasc_ir::{DType, Result};
use dasc_runtime::{Backend, Codegen, Options, Run};

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn main() -> Result<()> {
    let arg =
        |i: usize, default: usize| std::env::args().nth(i).and_then(|a| a.parse().ok()).unwrap_or(default);
    let (rows, channels) = (arg(1, 32_768), arg(2, 2048));
    let sample = |i: usize| ((i as u32).wrapping_mul(2_654_435_761) >> 8) as f32 / 8_388_608.0 - 1.0;
    let samples: Vec<u8> = (0..rows * channels).flat_map(|i| sample(i).to_ne_bytes()).collect();
    let memory = Memory::new(&samples, channels * 4);
    let total = (rows * channels) as f64;
    let copy = median((0..5).map(|_| copy_bandwidth(memory.samples())).collect());
    println!("copy, one thread: {copy:.1} GB/s read and written");
    let record = signal(DType::F32, (rows, channels), 1000.0, 1.0)?;
    let demeaned = "DEMEAN | BANDPASS 10 200 | ABS";
    kernels::compare(&Run::prepare(graph(demeaned, &record)?, &Options::default())?, rows, channels)?;
    for steps in ["BANDPASS 10 200 | ABS", demeaned] {
        for (threads, codegen) in [(1, Codegen::Cranelift), (1, Codegen::Auto), (2, Codegen::Auto)] {
            let options = Options { threads, backend: Backend::Machine(codegen), ..Options::default() };
            let clock = Instant::now();
            let run = Run::prepare(graph(steps, &record)?, &options)?;
            let compile = clock.elapsed().as_secs_f64() * 1e3;
            let mut kernel = Vec::new();
            let times = (0..5).map(|_| {
                let clock = Instant::now();
                let stats = run.execute(&memory, &mut Glance::default())?;
                kernel.push(stats.compute_seconds);
                Ok(clock.elapsed().as_secs_f64())
            });
            let time = median(times.collect::<Result<Vec<f64>>>()?);
            println!(
                "{steps}, {codegen}, {threads} thread(s): {:.3} Gsample/s whole run, {:.3} in kernels; compiled in {compile:.1} ms",
                total / time / 1e9,
                total / median(kernel) / 1e9
            );
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
