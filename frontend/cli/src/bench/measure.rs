//! The measuring itself: copies and runs by turns, for every number of threads.

use std::time::Instant;

use dasc_cpu::roof::Arrays;
use dasc_ir::Diag;
use dasc_runtime::{Detection, Observer, Options, RowsView, Run, StatisticView, Stats};

use super::median;
use super::parts::{Part, parts};
use super::roofs::{Copies, Peaks};
use crate::bind::Pipeline;
use crate::interrupt::Interrupt;
use crate::outcome::{Outcome, Stop};

/// What was measured of one record.
pub struct Measured {
    pub parts: Vec<Part>,
    /// Samples of the record.
    pub samples: f64,
    /// Seconds from graph to machine code, cold.
    pub compile: f64,
    /// One for every number of threads, in the order asked for.
    pub runs: Vec<Threaded>,
}

/// The runs with some number of threads.
pub struct Threaded {
    pub threads: usize,
    pub copies: Vec<Copies>,
    pub peaks: Peaks,
    pub laps: Vec<Lap>,
}

/// One run.
pub struct Lap {
    pub seconds: f64,
    pub stats: Stats,
}

/// Measures a pipeline `repeat` times with each number of threads; a first run of each is not counted.
pub fn measure(
    pipeline: &Pipeline,
    (options, threads, repeat): (&Options, &[usize], usize),
    arrays: &mut Arrays,
    interrupt: &Interrupt,
    mut tell: impl FnMut(usize, usize),
) -> Outcome<Measured> {
    if pipeline.record.header().is_live() {
        return Err(Diag::usage("a live stream cannot be measured again and again")
            .help("give --rows and --channels, which measure on samples in memory, or --read with a file")
            .into());
    }
    let clock = Instant::now();
    Run::prepare(pipeline.graph.clone(), &Options { cache: None, ..options.clone() })?;
    let compile = clock.elapsed().as_secs_f64();
    // All of them first, so that too many threads are refused before anything is measured.
    let prepare = |threads: &usize| {
        Run::prepare(pipeline.graph.clone(), &Options { threads: *threads, ..options.clone() })
    };
    let prepared = threads.iter().map(prepare).collect::<dasc_ir::Result<Vec<Run>>>()?;
    let mut runs: Vec<(Run, Threaded)> = Vec::new();
    for (run, &threads) in prepared.into_iter().zip(threads) {
        let (copies, laps, peaks) = (Vec::new(), Vec::new(), Peaks::measure(threads));
        lap(&run, pipeline, interrupt)?;
        runs.push((run, Threaded { threads, copies, peaks, laps }));
    }
    for number in 0..repeat {
        tell(number, repeat);
        for (run, threaded) in &mut runs {
            threaded.copies.push(Copies::measure(arrays, threaded.threads));
            threaded.laps.push(lap(run, pipeline, interrupt)?);
        }
    }
    let codegen = match options.backend {
        dasc_runtime::Backend::Machine(codegen) => codegen,
        dasc_runtime::Backend::Interpreter => dasc_runtime::Codegen::default(),
    };
    let parts = match runs.first() {
        Some((run, _)) => parts(run, codegen)?,
        None => Vec::new(),
    };
    let runs = runs.into_iter().map(|(_, threaded)| threaded).collect();
    Ok(Measured { parts, samples: pipeline.record.samples() as f64, compile, runs })
}

fn lap(run: &Run, pipeline: &Pipeline, interrupt: &Interrupt) -> Outcome<Lap> {
    let mut glance = Glance { interrupt, seen: 0.0 };
    let clock = Instant::now();
    let stats = run.execute(&pipeline.record, &mut glance);
    let seconds = clock.elapsed().as_secs_f64();
    std::hint::black_box(glance.seen);
    if interrupt.asked() {
        return Err(Stop::Interrupted);
    }
    Ok(Lap { seconds, stats: stats? })
}

impl Measured {
    /// Bytes that all parts have to move.
    pub fn bytes(&self) -> f64 {
        self.parts.iter().filter_map(|part| part.bytes).sum()
    }
}

impl Threaded {
    /// The run of middle length: its seconds are told, so that they add up.
    pub fn middle(&self) -> Option<&Lap> {
        let mut order: Vec<&Lap> = self.laps.iter().collect();
        order.sort_by(|a, b| a.seconds.total_cmp(&b.seconds));
        order.get(order.len().saturating_sub(1) / 2).copied()
    }

    /// The middle of what a run is as a share of the limit that was measured just before it.
    pub fn share(&self, bytes: f64, seconds: impl Fn(&Lap) -> f64) -> f64 {
        let pairs = self.laps.iter().zip(&self.copies);
        median(pairs.map(|(lap, copies)| bytes / seconds(lap) / copies.limit()).collect())
    }

    /// The middle of how much faster it is than with other threads.
    pub fn faster(&self, than: &Threaded, seconds: impl Fn(&Lap) -> f64) -> f64 {
        median(than.laps.iter().zip(&self.laps).map(|(a, b)| seconds(a) / seconds(b)).collect())
    }
}

impl Lap {
    /// What is in no part of the plan: reading, handing out, and what lies between.
    pub fn outside(&self, parts: &[Part]) -> f64 {
        (self.seconds - parts.iter().map(|part| part.seconds(&self.stats)).sum::<f64>()).max(0.0)
    }
}

/// Looks at a number of what it is given, so that nothing can be left out, and writes nothing.
struct Glance<'a> {
    interrupt: &'a Interrupt,
    seen: f64,
}

impl Observer for Glance<'_> {
    fn rows(&mut self, _: usize, _: usize, rows: &RowsView) -> dasc_ir::Result<()> {
        if rows.rows > 0 {
            self.seen += rows.value(rows.rows - 1, 0, 0, 0);
        }
        Ok(())
    }

    fn takes_ranges(&self, _: usize) -> bool {
        true
    }

    fn statistic(&mut self, _: usize, _: usize, _: &StatisticView) -> dasc_ir::Result<()> {
        Ok(())
    }

    fn detections(&mut self, _: usize, detections: Vec<Detection>) -> dasc_ir::Result<()> {
        self.seen += detections.len() as f64;
        Ok(())
    }

    fn progress(&mut self, _: &Stats) -> dasc_ir::Result<()> {
        match self.interrupt.asked() {
            true => Err(Diag::world("interrupted")),
            false => Ok(()),
        }
    }
}
