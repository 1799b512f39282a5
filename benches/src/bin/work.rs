//! The side of dasc in `benches/peers`: runs a script on an array in memory, in this process, as often as it is told on standard input.
//!
//! ```text
//! work run INPUT.npy RATE SPACING THREADS 'BANDPASS 10 200 | ABS'
//! work copy THREADS
//! work compile 'BANDPASS 10 200 | ABS'
//! ```
//! `run` takes lines: an empty one is a run, a path is where a run's result goes. Every answer is a line of JSON. `copy` answers to
//! every line with the bytes that this machine copies in a second; `compile` with the seconds from text to machine code.

use std::io::{BufRead, Write};
use std::path::Path;
use std::time::Instant;

use dasc_benches::memory::{Glance, Keep, Memory};
use dasc_benches::{npy, script};
use dasc_compiler::work::stage_bytes;
use dasc_cpu::roof::{Arrays, Writes};
use dasc_ir::{DType, Diag, Result};
use dasc_runtime::{Options, Run, Stats};

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["run", input, rate, spacing, threads, steps] => {
            run(Path::new(input), (number(rate)?, number(spacing)?), number(threads)? as usize, steps)
        }
        ["copy", threads] => copy(number(threads)? as usize),
        ["compile", steps] => compile(steps),
        _ => Err(Diag::usage("work run INPUT.npy RATE SPACING THREADS STEPS | copy THREADS | compile STEPS")),
    }
}

fn number(text: &str) -> Result<f64> {
    text.parse().map_err(|_| Diag::usage(format!("{text} is no number")))
}

fn options(threads: usize) -> Options {
    Options { threads, memory: 2 << 30, ..Options::default() }
}

fn run(input: &Path, (rate, spacing): (f64, f64), threads: usize, steps: &str) -> Result<()> {
    let array = npy::read(input)?;
    let [rows, channels] = array.shape[..] else { return Err(Diag::usage("rows of channels are needed")) };
    let record = script::signal(array.dtype, (rows, channels), rate, spacing)?;
    let memory = Memory::new(&array.bytes, channels * array.dtype.size());
    let run = Run::prepare(script::graph(steps, &record)?, &options(threads))?;
    for line in std::io::stdin().lock().lines() {
        let line = line.map_err(|error| Diag::world(error.to_string()))?;
        if line.is_empty() {
            let clock = Instant::now();
            let stats = run.execute(&memory, &mut Glance::default())?;
            let seconds = clock.elapsed().as_secs_f64();
            answer(&format!("{{\"seconds\": {seconds:e}, \"stages\": {}}}", stages(&run, &stats)))?;
        } else {
            let mut keep = Keep::default();
            run.execute(&memory, &mut keep)?;
            npy::write(Path::new(&line), &keep.array()?)?;
            answer("{}")?;
        }
    }
    Ok(())
}

/// Pass by pass the seconds and bytes of every stage.
fn stages(run: &Run, stats: &Stats) -> String {
    let passes = run.plan().passes.iter().zip(&stats.times).map(|(pass, times)| {
        let each = pass.flow.stages.iter().zip(&times.stages);
        let each =
            each.map(|(stage, seconds)| format!("[{seconds:e}, {:e}]", stage_bytes(stage, &pass.flow)));
        format!("[{}]", each.collect::<Vec<_>>().join(", "))
    });
    format!("[{}]", passes.collect::<Vec<_>>().join(", "))
}

fn copy(threads: usize) -> Result<()> {
    let mut arrays = Arrays::new(256 << 20);
    for line in std::io::stdin().lock().lines() {
        line.map_err(|error| Diag::world(error.to_string()))?;
        let mut best = |writes| (0..3).filter_map(|_| arrays.copy(writes, threads)).fold(0.0, f64::max);
        let (plain, streaming) = (best(Writes::Plain), best(Writes::Streaming));
        answer(&format!("{{\"plain\": {plain:e}, \"streaming\": {streaming:e}}}"))?;
    }
    Ok(())
}

/// Medians of eleven, from the text on: with an empty cache of kernels, and from a full one.
fn compile(steps: &str) -> Result<()> {
    let folder = tempfile::tempdir().map_err(|error| Diag::world(error.to_string()))?;
    let record = script::signal(DType::F32, (32_768, 2048), 1000.0, 1.0)?;
    let median = |cache: Option<&Path>| -> Result<f64> {
        let mut seconds = Vec::new();
        for _ in 0..11 {
            let clock = Instant::now();
            let options = Options { cache: cache.map(Path::to_path_buf), ..options(1) };
            Run::prepare(script::graph(steps, &record)?, &options)?;
            seconds.push(clock.elapsed().as_secs_f64());
        }
        seconds.sort_by(f64::total_cmp);
        Ok(seconds[seconds.len() / 2])
    };
    let cold = median(None)?;
    // The cache makes its own folder, which nobody else may open.
    let cached = median(Some(&folder.path().join("cache")))?;
    answer(&format!("{{\"cold\": {cold:e}, \"cached\": {cached:e}}}"))
}

fn answer(line: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    let written = writeln!(out, "{line}").and_then(|()| out.flush());
    written.map_err(|error| Diag::world(format!("nobody listens: {error}")))
}
