//! The yardstick: f32 in, four second-order sections with f64 (or f32) state, |x|, f32 out; 32768 rows of 2048 channels.
//!
//! Prints Gsample/s on one and two threads beside a copy of the same arrays: `cargo run --release -p dasc-cpu --example yardstick`.

use std::time::Instant;

use dasc_cpu::{Codegen, MachineKernel, Options, compile};
use dasc_ir::DType;
use dasc_ir::kernel::{
    Affine, Buffer, BufferAt, BufferId, Call, Carry, CarryId, Domain, Executable, Instr, Kernel, LaneAt,
    Lanes, Loop, LoopRef, Role, Step, verify,
};
use dasc_ir::scalar::{Binary, Unary};

const ROWS: usize = 32_768;
const CHANNELS: usize = 2048;
/// Padded, because a power of two puts every row into one set of the cache.
const STRIDE: usize = 2064;
const RUNS: usize = 5;

fn main() {
    let input: Vec<f32> =
        (0..ROWS * STRIDE).map(|i| (i as u32).wrapping_mul(2_654_435_761) as i32 as f32 / 2e9).collect();
    let mut output = vec![0f32; ROWS * STRIDE];
    for threads in [1, 2] {
        let seconds = median(|| copy(&input, &mut output, threads));
        report("copy", threads, "", seconds);
    }
    for state in [DType::F32, DType::F64] {
        let kernel = sections(state);
        let here = |codegen: &Codegen| codegen.isa().is_ok() && *codegen != Codegen::Auto;
        let codegens = Codegen::ALL.into_iter().filter(here);
        for (codegen, group) in codegens.flat_map(|c| [None, Some(4), Some(8)].map(|group| (c, group))) {
            let options = Options { codegen, group, ..Options::default() };
            let start = Instant::now();
            let machine = match compile(&kernel, &options).and_then(|code| code.load()) {
                Ok(machine) => machine,
                Err(diag) => return eprintln!("{diag}"),
            };
            let compiled = start.elapsed();
            let name = format!(
                "{state} state, {codegen}, group {}",
                group.map_or("chosen".into(), |g: usize| g.to_string())
            );
            for threads in [1, 2] {
                let mut best = (f64::INFINITY, 0);
                for rows in [8, 16, 64] {
                    let seconds = median(|| filter(&machine, &kernel, &input, &mut output, threads, rows));
                    if seconds < best.0 {
                        best = (seconds, rows);
                    }
                }
                let note =
                    format!("tiles of {} rows, compiled in {:.2} ms", best.1, compiled.as_secs_f64() * 1e3);
                report(&name, threads, &note, best.0);
            }
        }
    }
}

fn report(name: &str, threads: usize, note: &str, seconds: f64) {
    let samples = (ROWS * CHANNELS) as f64 / seconds / 1e9;
    println!("{name:<36} {threads} thread(s)  {samples:6.3} Gsample/s  {:6.1} GB/s  {note}", samples * 8.0);
}

/// `run` returns the processor seconds of its slowest thread, so that other processes count less.
fn median(mut run: impl FnMut() -> f64) -> f64 {
    let mut seconds: Vec<f64> = (0..RUNS).map(|_| run()).collect();
    seconds.sort_by(f64::total_cmp);
    seconds[RUNS / 2]
}

/// Processor seconds of a piece of work on this thread.
fn timed(work: impl FnOnce()) -> f64 {
    let now = || {
        let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: `time` is a valid place for the answer.
        unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) };
        time.tv_sec as f64 + time.tv_nsec as f64 * 1e-9
    };
    let start = now();
    work();
    now() - start
}

fn slowest(threads: Vec<std::thread::ScopedJoinHandle<'_, f64>>) -> f64 {
    threads.into_iter().map(|t| t.join().unwrap_or(f64::NAN)).fold(0.0, f64::max)
}

fn copy(input: &[f32], output: &mut [f32], threads: usize) -> f64 {
    let part = ROWS / threads * STRIDE;
    std::thread::scope(|scope| {
        let parts = input.chunks(part).zip(output.chunks_mut(part));
        slowest(parts.map(|(from, to)| scope.spawn(|| timed(|| to.copy_from_slice(from)))).collect())
    })
}

/// Each thread takes a share of the channels through all rows, a tile at a time.
fn filter(
    machine: &MachineKernel,
    kernel: &Kernel,
    input: &[f32],
    output: &mut [f32],
    threads: usize,
    rows: usize,
) -> f64 {
    let share = CHANNELS / threads;
    let (from, to) = (input.as_ptr() as usize, output.as_mut_ptr() as usize);
    std::thread::scope(|scope| {
        let run = |thread: usize| {
            move || {
                let first = thread * share;
                let size = kernel.carries[0].dtype.size();
                let mut state = vec![vec![0f64; (share + 16) * size / 8]; kernel.carries.len()];
                let carries: Vec<BufferAt> = state
                    .iter_mut()
                    .map(|s| BufferAt { base: s.as_mut_ptr().cast(), row: 0, inner: 0, plane: 0 })
                    .collect();
                let at = |base: usize| BufferAt {
                    base: (base as *mut u8).wrapping_add(first * 4),
                    row: (STRIDE * 4) as isize,
                    inner: 0,
                    plane: 0,
                };
                let buffers = [at(from), at(to)];
                timed(|| {
                    for start in (0..ROWS).step_by(rows) {
                        let call = Call {
                            buffers: &buffers,
                            carries: &carries,
                            params: &kernel.params,
                            start: start as i64,
                            rows: rows.min(ROWS - start) as i64,
                            lanes: share,
                            lane0: first as i64,
                        };
                        // SAFETY: both arrays hold ROWS rows of STRIDE lanes, threads write apart channels, and the
                        // arrays outlive the scope.
                        unsafe { machine.run(LoopRef::Step(0), &call) };
                    }
                })
            }
        };
        slowest((0..threads).map(|thread| scope.spawn(run(thread))).collect())
    })
}

/// Transposed direct form II, four times; any stable section costs the same.
fn sections(state: DType) -> Kernel {
    let buffer = |name: &str, role| Buffer {
        name: name.into(),
        dtype: DType::F32,
        inner: 1,
        planes: 1,
        lanes: Lanes::Block,
        role,
    };
    let mut kernel = Kernel {
        name: "yardstick".into(),
        buffers: vec![buffer("in", Role::Input), buffer("out", Role::Output)],
        ..Kernel::default()
    };
    let mut body = Loop { inner: 1, domain: Domain::Rows(BufferId(1)), ..Loop::default() };
    let mut list = Vec::new();
    let mut push = |instr: Instr| {
        let val = body.push(instr);
        list.push(val);
        val
    };
    let load = Instr::Load {
        buffer: BufferId(0),
        row: Affine::ROW,
        inner: Affine::ZERO,
        plane: 0,
        lane: LaneAt::Shift(0),
    };
    let mut x = push(load);
    if state == DType::F64 {
        x = push(Instr::Cast { to: DType::F64, a: x });
    }
    for k in 0..4u32 {
        for s in 0..2 {
            let name = format!("section {k} state {s}");
            kernel.carries.push(Carry { name, dtype: state, inner: 1, lanes: Lanes::Block, init: 0.0 });
        }
        kernel.params.extend([0.21, 0.02, -0.19, 1.6 - 0.1 * f64::from(k), -0.72]);
        let s1 = push(Instr::Carry(CarryId(2 * k)));
        let b0 = push(Instr::Param { slot: 5 * k, dtype: state });
        let y = push(Instr::Fma { a: b0, b: x, c: s1 });
        let s2 = push(Instr::Carry(CarryId(2 * k + 1)));
        let b1 = push(Instr::Param { slot: 5 * k + 1, dtype: state });
        let t = push(Instr::Fma { a: b1, b: x, c: s2 });
        let a1 = push(Instr::Param { slot: 5 * k + 3, dtype: state });
        let n1 = push(Instr::Fma { a: a1, b: y, c: t });
        push(Instr::SetCarry { carry: CarryId(2 * k), value: n1 });
        let b2 = push(Instr::Param { slot: 5 * k + 2, dtype: state });
        let t = push(Instr::Binary { op: Binary::Mul, a: b2, b: x });
        let a2 = push(Instr::Param { slot: 5 * k + 4, dtype: state });
        let n2 = push(Instr::Fma { a: a2, b: y, c: t });
        push(Instr::SetCarry { carry: CarryId(2 * k + 1), value: n2 });
        x = y;
    }
    let mut y = push(Instr::Unary { op: Unary::Abs, a: x });
    if state == DType::F64 {
        y = push(Instr::Cast { to: DType::F32, a: y });
    }
    push(Instr::Store { buffer: BufferId(1), inner: Affine::ZERO, plane: 0, value: y });
    body.body = list;
    kernel.steps.push(Step::Loop(body));
    if let Err(diag) = verify(&kernel) {
        eprintln!("{diag}");
    }
    kernel
}
