//! A record ten times the memory budget, made up while it is read, in processes of their own: the most memory such a process
//! ever had stays within the budget and a constant for the program itself, also where the whole record is needed, and then
//! the temporary store stays at the size of the record in F64. With a smaller budget a process takes less, so it is the budget
//! that keeps it small. Where a pipeline needs more than it was given, it says how much.

mod script;

use std::process::{Command, ExitCode};

use dasc_ir::{DType, Result};
use dasc_runtime::{Detection, Feed, Observer, Options, RowsView, Run, StatisticView};

const BUDGET: usize = 32 << 20;
/// The program, its compiler at work, the threads' stacks and the allocator's slack.
const PROGRAM: usize = 32 << 20;
const CHANNELS: usize = 1024;
const ROWS: i64 = (10 * BUDGET / (CHANNELS * 4)) as i64;
/// Scripts, each with how many of the record's rows there are to one of its first output, how many its windows and edges may
/// cost, and whether it needs the temporary store.
const SCRIPTS: [(&str, i64, i64, bool); 2] = [
    (
        "READ r | BANDPASS 1Hz 40Hz | DECIMATE 5 | RMS 500ms AS level | WRITE rms.npy\nFROM level | MAX AXIS=time | WRITE max.npy",
        5,
        500,
        false,
    ),
    (
        "READ r | BANDPASS 1Hz 40Hz ZEROPHASE=TRUE AS level | WRITE level.npy\nFROM level | MAX AXIS=time | WRITE max.npy",
        1,
        0,
        true,
    ),
];
/// A budget for the same record that should keep a process smaller. (Above [`BUDGET`] chunks are as large as suits the caches.)
const SMALLER: usize = BUDGET / 4;
/// Scripts that cannot work within [`TOO_LITTLE`] for a record of their own.
const BEYOND: [&str; 3] = [
    "READ r | WHITEN record | WRITE w.npy",
    "READ r | BANDPASS 0.1Hz 100Hz ZEROPHASE TOL=1e-8 | WRITE z.npy",
    "READ r | TEMPLATE_MATCH 1s..20s | WRITE t.npy",
];
const TOO_LITTLE: usize = 4 << 20;
const BEYOND_ROWS: i64 = 60_000;
const BEYOND_CHANNELS: usize = 64;
/// Tells the program that it is the child, which script to run and within which budget.
const CHILD: &str = "DASC_TEST_MEMORY_CHILD";

fn main() -> ExitCode {
    if let Ok(what) = std::env::var(CHILD) {
        let mut what = what.split(' ').filter_map(|n| n.parse::<usize>().ok());
        return what
            .next()
            .zip(what.next())
            .map_or(ExitCode::FAILURE, |(number, budget)| child(number, budget));
    }
    if !cfg!(target_os = "linux") {
        println!("skipped: peak memory is read from /proc, which this system does not have");
        return ExitCode::SUCCESS;
    }
    let peaks: Vec<Option<usize>> = (0..SCRIPTS.len()).map(|number| peak_within(number, BUDGET)).collect();
    let smaller = peak_within(0, SMALLER);
    let told = (0..BEYOND.len()).filter(|number| tells(*number)).count() == BEYOND.len();
    // What else a process holds is the same for both, and a chunk of the source takes a quarter of the budget.
    let binds = peaks[0].zip(smaller).is_some_and(|(large, small)| large >= small + (BUDGET - SMALLER) / 4);
    if !binds {
        println!("a quarter of the budget made no process smaller: FAILED");
    }
    if told && binds && peaks.iter().all(Option::is_some) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Whether a pipeline that needs more than it was given says so, and how much to within the allocator's slack.
fn tells(number: usize) -> bool {
    let program = std::env::current_exe().expect("the test's own path");
    let what = format!("{} {TOO_LITTLE}", SCRIPTS.len() + number);
    let output = Command::new(program).env(CHILD, what).output().expect("a child process");
    let text = String::from_utf8_lossy(&output.stdout);
    let mut numbers = text.split_whitespace().filter_map(|n| n.parse::<usize>().ok());
    let (Some(peak), Some(held)) = (numbers.next(), numbers.next()) else {
        println!("the child failed: {text}{}", String::from_utf8_lossy(&output.stderr));
        return false;
    };
    let honest = peak <= 2 * held + PROGRAM;
    println!(
        "{}: peak memory {:.1} MiB, told {:.1} MiB: {}",
        BEYOND[number],
        peak as f64 / f64::from(1 << 20),
        held as f64 / f64::from(1 << 20),
        if honest { "ok" } else { "FAILED" }
    );
    honest
}

/// Runs a script of [`BEYOND`] and prints the peak of its own memory and what the run says it held.
fn child_beyond(script: &str, budget: usize) -> ExitCode {
    let signal = script::signal(DType::F32, 1000.0, &[(0, BEYOND_ROWS)], BEYOND_CHANNELS as u32);
    let graph = script::graph(script, &signal).expect("a sound script");
    let run =
        Run::prepare(graph, &Options { memory: budget, threads: 2, ..Options::default() }).expect("a plan");
    let stats = run.execute(&MadeUp(BEYOND_CHANNELS), &mut Seen { rows: 0, most: 0.0 }).expect("a whole run");
    let warned = stats.warnings.iter().any(|w| w.contains("more than the 4.2 MB given"));
    assert!(stats.over_budget && warned, "{:?}", stats.warnings);
    println!("{} {}", own_peak(), stats.peak_held);
    ExitCode::SUCCESS
}

/// The peak of a process that runs a script, where that is within the budget and the program's own.
fn peak_within(number: usize, budget: usize) -> Option<usize> {
    let program = std::env::current_exe().expect("the test's own path");
    let output =
        Command::new(program).env(CHILD, format!("{number} {budget}")).output().expect("a child process");
    let text = String::from_utf8_lossy(&output.stdout);
    let peak: Option<usize> = text.trim().parse().ok();
    let Some(peak) = peak.filter(|_| output.status.success()) else {
        println!("the child failed: {text}{}", String::from_utf8_lossy(&output.stderr));
        return None;
    };
    let (mib, within) = (|bytes: usize| bytes as f64 / f64::from(1 << 20), peak <= budget + PROGRAM);
    println!(
        "peak memory {:.1} MiB for a record of {:.0} MiB; the budget is {:.0} MiB and {:.0} MiB for the program: {}",
        mib(peak),
        mib(ROWS as usize * CHANNELS * 4),
        mib(budget),
        mib(PROGRAM),
        if within { "ok" } else { "FAILED" }
    );
    within.then_some(peak)
}

/// Runs a script and prints the peak of its own memory in bytes.
fn child(number: usize, budget: usize) -> ExitCode {
    if let Some(script) = number.checked_sub(SCRIPTS.len()).and_then(|n| BEYOND.get(n)) {
        return child_beyond(script, budget);
    }
    let (script, step, edges, stores) = SCRIPTS[number];
    let signal = script::signal(DType::F32, 1000.0, &[(0, ROWS)], CHANNELS as u32);
    let graph = script::graph(script, &signal).expect("a sound script");
    let run =
        Run::prepare(graph, &Options { memory: budget, threads: 2, ..Options::default() }).expect("a plan");
    let mut seen = Seen { rows: 0, most: 0.0 };
    let stats = run.execute(&MadeUp(CHANNELS), &mut seen).expect("a whole run");
    assert_eq!(stats.bytes_in, 10 * BUDGET as u64, "the whole record was read");
    // Within one frame of the end, one RMS for each fifth row; the maximum over all is among those seen.
    assert!(
        seen.rows >= ROWS / step - edges && seen.rows <= ROWS / step && seen.most > 0.0,
        "{} rows, {}",
        seen.rows,
        seen.most
    );
    // In F64 the record is twice as large; padding and what is read ahead add a little.
    let record = 10 * BUDGET as u64;
    assert_eq!(stats.peak_stored > 0, stores, "{} bytes stored", stats.peak_stored);
    assert!(stats.peak_stored <= record * 21 / 10, "{} bytes stored", stats.peak_stored);
    println!("{}", own_peak());
    ExitCode::SUCCESS
}

/// The most memory that this process had, in bytes.
fn own_peak() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").expect("/proc/self/status");
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("VmHWM");
    let kib: usize = peak.trim().trim_end_matches(" kB").parse().expect("a number of kB");
    kib << 10
}

/// A record of noise on so many channels that is nowhere kept.
struct MadeUp(usize);

impl Feed for MadeUp {
    fn read(&self, first: i64, rows: usize, out: &mut [u8], stride: usize) -> Result<()> {
        for (row, bytes) in (first..).zip(out.chunks_mut(stride).take(rows)) {
            let mut bits = (row as u32).wrapping_mul(0x9e37_79b9) | 1;
            for sample in bytes[..self.0 * 4].chunks_exact_mut(4) {
                bits ^= bits << 13;
                bits ^= bits >> 17;
                bits ^= bits << 5;
                sample.copy_from_slice(&(bits as i32 as f32 * 1e-9).to_ne_bytes());
            }
        }
        Ok(())
    }
}

/// Counts rows and looks at the numbers, but keeps nothing.
struct Seen {
    rows: i64,
    most: f64,
}

impl Observer for Seen {
    fn rows(&mut self, _output: usize, _segment: usize, rows: &RowsView) -> Result<()> {
        self.rows += rows.rows as i64;
        Ok(())
    }

    fn statistic(&mut self, _output: usize, _segment: usize, value: &StatisticView) -> Result<()> {
        for channel in 0..value.channels {
            self.most = self.most.max(value.value(0, 0, channel));
        }
        Ok(())
    }

    fn detections(&mut self, _output: usize, _detections: Vec<Detection>) -> Result<()> {
        Ok(())
    }
}
