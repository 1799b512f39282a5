//! The yardstick's kernel alone, by every back end and by hand, on the same arrays and by the processor time of its threads.

use std::ffi::CString;
use std::path::Path;
use std::process::Command;

use dasc_compiler::plan::Stage;
use dasc_cpu::{Codegen, MachineKernel, Options, compile};
use dasc_ir::kernel::{BufferAt, Call, Executable, Kernel, LoopRef};
use dasc_ir::{Diag, Result};
use dasc_runtime::Run;

/// Channels from one row to the next: a power of two would put every row into the same sets of the cache.
const PAD: usize = 16;
const TILES: [usize; 4] = [8, 16, 32, 64];
const RUNS: usize = 5;

/// `wide.c` and its struct of coefficients, which are those of the kernel in order.
type ByHand = unsafe extern "C" fn(
    *const f32,
    *mut f32,
    usize,
    usize,
    usize,
    usize,
    *const f64,
    *mut f64,
    usize,
    *const f64,
);

struct Arrays {
    rows: usize,
    channels: usize,
    input: Vec<f32>,
    output: Vec<f32>,
    mean: Vec<f64>,
}

impl Arrays {
    fn stride(&self) -> usize {
        self.channels + PAD
    }
}

/// Prints Gsample/s of each on one and two threads; an error if the results differ in a bit.
pub fn compare(run: &Run, rows: usize, channels: usize) -> Result<()> {
    let kernel = last_kernel(run)?;
    let sample = |i: usize| ((i as u32).wrapping_mul(2_654_435_761) >> 8) as f32 / 8_388_608.0 - 1.0;
    let mut arrays = Arrays {
        rows,
        channels,
        input: (0..rows * (channels + PAD)).map(sample).collect(),
        output: vec![0.0; rows * (channels + PAD)],
        mean: (0..channels).map(|c| c as f64 / 1e5).collect(),
    };
    let folder = tempfile::tempdir().map_err(|e| Diag::world(format!("no temporary folder: {e}")))?;
    let mut expected: Option<Vec<f32>> = None;
    let mut tell = |name: &str, arrays: &mut Arrays, work: &Work| -> Result<()> {
        arrays.output.fill(0.0);
        drive(arrays, 1, 16, work);
        match &expected {
            None => expected = Some(arrays.output.clone()),
            Some(expected) => {
                let same = |(a, b): (&f32, &f32)| a.to_bits() == b.to_bits();
                if !expected.iter().zip(&arrays.output).all(same) {
                    return Err(Diag::compiler(format!("{name} computes something else")));
                }
            }
        }
        for threads in [1, 2] {
            let each = TILES.map(|tile| (median(|| drive(arrays, threads, tile, work)), tile));
            let best = each.into_iter().min_by(|a, b| a.0.total_cmp(&b.0)).unwrap_or((f64::NAN, 0));
            let samples = (arrays.rows * arrays.channels) as f64 / best.0 / 1e9;
            println!(
                "kernel, {name}, {threads} thread(s): {samples:.3} Gsample/s, {:.1} GB/s, tiles of {} rows",
                samples * 8.0,
                best.1
            );
        }
        Ok(())
    };
    for codegen in Codegen::ALL.into_iter().filter(|c| *c != Codegen::Auto && c.isa().is_ok()) {
        let machine = compile(kernel, &Options { codegen, ..Options::default() })?.load()?;
        let work = |part: &Part| machine_part(&machine, kernel, part);
        tell(codegen.name(), &mut arrays, &work)?;
    }
    match by_hand(folder.path()) {
        Ok(function) => {
            let coefficients = &kernel.params[1..];
            let work = |part: &Part| hand_part(function, coefficients, part);
            tell("C with intrinsics", &mut arrays, &work)
        }
        Err(why) => {
            println!("SKIPPED the kernel by hand: {why}");
            Ok(())
        }
    }
}

fn last_kernel(run: &Run) -> Result<&Kernel> {
    let stages = run.plan().passes.last().into_iter().flat_map(|pass| &pass.flow.stages);
    let mut kernels = stages.filter_map(|stage| match stage {
        Stage::Kernel(stage) => Some(&stage.kernel),
        Stage::Gather { .. }
        | Stage::Transform { .. }
        | Stage::Slant { .. }
        | Stage::Quantile { .. }
        | Stage::Rank { .. }
        | Stage::Call { .. } => None,
    });
    kernels.next_back().ok_or_else(|| Diag::compiler("the yardstick has no kernel"))
}

/// Some rows of some channels, and the state that goes with the channels.
struct Part {
    input: *const f32,
    output: *mut f32,
    mean: *const f64,
    state: *mut f64,
    stride: usize,
    state_stride: usize,
    first: usize,
    channels: usize,
    start: usize,
    rows: usize,
}

type Work<'a> = dyn Fn(&Part) + Sync + 'a;

fn machine_part(machine: &MachineKernel, kernel: &Kernel, p: &Part) {
    let at = |base: *mut u8, row: usize| BufferAt { base, row: row as isize, inner: 0, plane: 0 };
    let buffers = [
        at(p.input.cast_mut().cast(), p.stride * 4),
        at(p.mean.cast_mut().cast(), 0),
        at(p.output.cast(), p.stride * 4),
    ];
    let carry = |k: usize| at(p.state.wrapping_add(k * p.state_stride).cast(), 0);
    let carries: Vec<BufferAt> = (0..kernel.carries.len()).map(carry).collect();
    let call = Call {
        buffers: &buffers,
        carries: &carries,
        params: &kernel.params,
        start: p.start as i64,
        rows: p.rows as i64,
        lanes: p.channels,
        lane0: p.first as i64,
    };
    // SAFETY: `drive` gives parts of whole groups of lanes that lie within the arrays, apart for each thread.
    unsafe { machine.run(LoopRef::Step(0), &call) };
}

fn hand_part(function: ByHand, coefficients: &[f64], p: &Part) {
    let (input, output) =
        (p.input.wrapping_add(p.start * p.stride), p.output.wrapping_add(p.start * p.stride));
    // SAFETY: as for `machine_part`; the coefficients are a gain and four pairs.
    unsafe {
        function(
            input,
            output,
            p.rows,
            p.channels,
            p.stride,
            p.stride,
            p.mean,
            p.state,
            p.state_stride,
            coefficients.as_ptr(),
        )
    };
}

/// Each thread takes a share of the channels through all rows, a tile at a time. Processor seconds of the slowest.
fn drive(arrays: &mut Arrays, threads: usize, tile: usize, work: &Work) -> f64 {
    let (rows, stride, share) = (arrays.rows, arrays.stride(), arrays.channels / threads);
    let (input, output) = (arrays.input.as_ptr() as usize, arrays.output.as_mut_ptr() as usize);
    let mean = arrays.mean.as_ptr() as usize;
    std::thread::scope(|scope| {
        let run = |thread: usize| {
            move || {
                let first = thread * share;
                let state_stride = share + PAD;
                let mut state = vec![0f64; 8 * state_stride];
                let part = |start: usize, state: *mut f64| Part {
                    input: (input as *const f32).wrapping_add(first),
                    output: (output as *mut f32).wrapping_add(first),
                    mean: (mean as *const f64).wrapping_add(first),
                    state,
                    stride,
                    state_stride,
                    first,
                    channels: share,
                    start,
                    rows: tile.min(rows - start),
                };
                let start = seconds();
                for row in (0..rows).step_by(tile) {
                    work(&part(row, state.as_mut_ptr()));
                }
                seconds() - start
            }
        };
        let threads: Vec<_> = (0..threads).map(|thread| scope.spawn(run(thread))).collect();
        threads.into_iter().map(|t| t.join().unwrap_or(f64::NAN)).fold(0.0, f64::max)
    })
}

/// Processor seconds of this thread, in which other processes do not count.
fn seconds() -> f64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is a valid place for the answer.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) };
    time.tv_sec as f64 + time.tv_nsec as f64 * 1e-9
}

fn median(mut run: impl FnMut() -> f64) -> f64 {
    let mut seconds: Vec<f64> = (0..RUNS).map(|_| run()).collect();
    seconds.sort_by(f64::total_cmp);
    seconds[RUNS / 2]
}

/// Builds and loads `wide.c`; or says why not.
fn by_hand(folder: &Path) -> std::result::Result<ByHand, String> {
    if !std::arch::is_x86_feature_detected!("avx2") || !std::arch::is_x86_feature_detected!("fma") {
        return Err("this processor has no AVX2 with fused multiply-add".into());
    }
    let (source, library) = (concat!(env!("CARGO_MANIFEST_DIR"), "/peers/wide.c"), folder.join("wide.so"));
    let mut cc = Command::new("cc");
    cc.args(["-O3", "-march=native", "-shared", "-fPIC", source, "-o"]).arg(&library);
    let built = cc.status().map_err(|e| format!("cc does not run: {e}"))?;
    if !built.success() {
        return Err("cc does not build it".into());
    }
    let path = CString::new(library.to_string_lossy().as_bytes()).map_err(|e| e.to_string())?;
    // SAFETY: the library was built a moment ago from a source without initialisers; it is never unloaded.
    let symbol = unsafe { libc::dlsym(libc::dlopen(path.as_ptr(), libc::RTLD_NOW), c"yardstick".as_ptr()) };
    if symbol.is_null() {
        return Err("the built library cannot be loaded".into());
    }
    // SAFETY: the symbol is a function of this type.
    Ok(unsafe { std::mem::transmute::<*mut libc::c_void, ByHand>(symbol) })
}
