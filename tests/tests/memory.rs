//! A record ten times the memory budget, made up while it is read, in processes of their own: the most memory such a process
//! ever had stays within the budget and a constant for the program itself, also where the whole record is needed, and then
//! the temporary store stays at the size of the record in F64.

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
/// Tells the program that it is the child, and which script to run.
const CHILD: &str = "DASC_TEST_MEMORY_CHILD";

fn main() -> ExitCode {
    if let Some(number) = std::env::var(CHILD).ok().and_then(|n| n.parse::<usize>().ok()) {
        return child(number);
    }
    if !cfg!(target_os = "linux") {
        println!("skipped: peak memory is read from /proc, which this system does not have");
        return ExitCode::SUCCESS;
    }
    let failed = (0..SCRIPTS.len()).filter(|number| !stays_within(*number)).count();
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn stays_within(number: usize) -> bool {
    let program = std::env::current_exe().expect("the test's own path");
    let output = Command::new(program).env(CHILD, number.to_string()).output().expect("a child process");
    let text = String::from_utf8_lossy(&output.stdout);
    let peak: Option<usize> = text.trim().parse().ok();
    let Some(peak) = peak.filter(|_| output.status.success()) else {
        println!("the child failed: {text}{}", String::from_utf8_lossy(&output.stderr));
        return false;
    };
    let (mib, within) = (|bytes: usize| bytes as f64 / f64::from(1 << 20), peak <= BUDGET + PROGRAM);
    println!(
        "peak memory {:.1} MiB for a record of {:.0} MiB; the budget is {:.0} MiB and {:.0} MiB for the program: {}",
        mib(peak),
        mib(ROWS as usize * CHANNELS * 4),
        mib(BUDGET),
        mib(PROGRAM),
        if within { "ok" } else { "FAILED" }
    );
    within
}

/// Runs a script and prints the peak of its own memory in bytes.
fn child(number: usize) -> ExitCode {
    let (script, step, edges, stores) = SCRIPTS[number];
    let signal = script::signal(DType::F32, 1000.0, &[(0, ROWS)], CHANNELS as u32);
    let graph = script::graph(script, &signal).expect("a sound script");
    let run =
        Run::prepare(graph, &Options { memory: BUDGET, threads: 2, ..Options::default() }).expect("a plan");
    let mut seen = Seen { rows: 0, most: 0.0 };
    let stats = run.execute(&MadeUp, &mut seen).expect("a whole run");
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
    let status = std::fs::read_to_string("/proc/self/status").expect("/proc/self/status");
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("VmHWM");
    let kib: usize = peak.trim().trim_end_matches(" kB").parse().expect("a number of kB");
    println!("{}", kib << 10);
    ExitCode::SUCCESS
}

/// A record of noise that is nowhere kept.
struct MadeUp;

impl Feed for MadeUp {
    fn read(&self, first: i64, rows: usize, out: &mut [u8], stride: usize) -> Result<()> {
        for (row, bytes) in (first..).zip(out.chunks_mut(stride).take(rows)) {
            let mut bits = (row as u32).wrapping_mul(0x9e37_79b9) | 1;
            for sample in bytes[..CHANNELS * 4].chunks_exact_mut(4) {
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
