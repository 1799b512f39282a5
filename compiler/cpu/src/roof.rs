//! What this machine could do at best: bytes copied and multiply-adds made in a second, measured, to judge kernels by.

use std::hint::black_box;
use std::sync::Barrier;
use std::time::{Duration, Instant};

/// A cache line.
#[repr(C, align(64))]
#[derive(Clone, Copy, Debug, Default)]
struct Line([u64; 8]);

/// Copies as many lines.
type CopyLines = fn(&[Line], &mut [Line]);

/// How a copy writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writes {
    /// Through the caches, which read every line before it is written.
    Plain,
    /// Past them (non-temporal), as much as the processor can.
    Streaming,
}

/// Two arrays to copy between.
#[derive(Debug)]
pub struct Arrays {
    from: Vec<Line>,
    to: Vec<Line>,
}

impl Arrays {
    /// Two of `bytes` each, all of their memory given by the system.
    pub fn new(bytes: usize) -> Arrays {
        let lines = bytes.div_ceil(size_of::<Line>()).max(1);
        Arrays { from: vec![Line([1; 8]); lines], to: vec![Line([2; 8]); lines] }
    }

    /// Bytes read and written in a second by so many threads, each with a share of the arrays. `None` where the processor has
    /// no instruction for it.
    pub fn copy(&mut self, writes: Writes, threads: usize) -> Option<f64> {
        let copy: CopyLines = match writes {
            Writes::Plain => |from, to| to.copy_from_slice(from),
            Writes::Streaming => streaming()?,
        };
        let threads = threads.max(1);
        let bytes = 2.0 * size_of_val(self.from.as_slice()) as f64;
        let share = self.from.len().div_ceil(threads);
        let parts = self.from.chunks(share).zip(self.to.chunks_mut(share));
        let work = parts.map(|(from, to)| move || copy(black_box(from), black_box(to))).collect();
        Some(bytes / together(work).as_secs_f64().max(1e-9))
    }
}

/// Floating-point operations in a second by so many threads: multiply-adds, two operations each, in as many chains as keep every
/// unit busy, on the widest vectors of the processor.
pub fn multiply_adds(double: bool, threads: usize) -> f64 {
    let chains = chains(double);
    let work = (0..threads.max(1))
        .map(|_| {
            move || {
                black_box((chains.run)(ROUNDS));
            }
        })
        .collect();
    let operations = 2.0 * chains.each as f64 * ROUNDS as f64 * threads.max(1) as f64;
    operations / together(work).as_secs_f64().max(1e-9)
}

/// Rounds of the chains: some milliseconds.
const ROUNDS: usize = 1 << 20;

/// From the moment all threads begin to the moment the last ends.
fn together<W: FnOnce() + Send>(work: Vec<W>) -> Duration {
    let start = Barrier::new(work.len());
    let spans = std::thread::scope(|scope| {
        let run = |work: W| {
            let start = &start;
            move || {
                start.wait();
                let begun = Instant::now();
                work();
                (begun, Instant::now())
            }
        };
        let threads: Vec<_> = work.into_iter().map(|work| scope.spawn(run(work))).collect();
        threads.into_iter().filter_map(|thread| thread.join().ok()).collect::<Vec<_>>()
    });
    let begun = spans.iter().map(|(begun, _)| *begun).min();
    let ended = spans.iter().map(|(_, ended)| *ended).max();
    begun.zip(ended).map_or(Duration::ZERO, |(begun, ended)| ended - begun)
}

/// A loop of multiply-adds.
#[derive(Clone, Copy)]
struct Chains {
    /// Makes so many rounds; what comes out is of no use but to be kept.
    run: fn(usize) -> f64,
    /// Multiply-adds in a round.
    each: usize,
}

#[cfg(target_arch = "x86_64")]
mod wide {
    use std::arch::x86_64::*;
    use std::hint::black_box;

    use super::{Chains, Line};

    /// Ten chains hide the latency of two units and leave registers for the factors.
    const COUNT: usize = 10;

    macro_rules! chains {
        ($name:ident, $feature:literal, $vector:ty, $set:ident, $fma:ident, $number:ty) => {
            pub fn $name() -> Chains {
                #[target_feature(enable = $feature)]
                fn run(rounds: usize) -> f64 {
                    let (a, b) = ($set(black_box(0.999)), $set(black_box(0.001)));
                    let mut sums: [$vector; COUNT] = [b; COUNT];
                    for _ in 0..rounds {
                        for sum in &mut sums {
                            *sum = $fma(*sum, a, b);
                        }
                    }
                    black_box(sums);
                    rounds as f64
                }
                let each = COUNT * size_of::<$vector>() / size_of::<$number>();
                // SAFETY: `super::chains` asks for these only where the processor has the feature.
                Chains { run: |rounds| unsafe { run(rounds) }, each }
            }
        };
    }
    chains!(singles_256, "avx2,fma", __m256, _mm256_set1_ps, _mm256_fmadd_ps, f32);
    chains!(doubles_256, "avx2,fma", __m256d, _mm256_set1_pd, _mm256_fmadd_pd, f64);
    chains!(singles_512, "avx512f", __m512, _mm512_set1_ps, _mm512_fmadd_ps, f32);
    chains!(doubles_512, "avx512f", __m512d, _mm512_set1_pd, _mm512_fmadd_pd, f64);

    pub fn stream(from: &[Line], to: &mut [Line]) {
        #[target_feature(enable = "avx")]
        fn stream(from: &[Line], to: &mut [Line]) {
            for (from, to) in from.iter().zip(to) {
                let (from, to) = (std::ptr::from_ref(from), std::ptr::from_mut(to));
                // SAFETY: both are whole lines of 64 bytes at multiples of 64, one of them borrowed for writing.
                unsafe {
                    let (from, to) = (from.cast::<__m256i>(), to.cast::<__m256i>());
                    _mm256_stream_si256(to, _mm256_load_si256(from));
                    _mm256_stream_si256(to.add(1), _mm256_load_si256(from.add(1)));
                }
            }
            // Others see what was written from here on.
            _mm_sfence();
        }
        // SAFETY: `super::streaming` asks for it only where the processor has AVX.
        unsafe { stream(from, to) }
    }
}

#[cfg(target_arch = "x86_64")]
fn chains(double: bool) -> Chains {
    use std::arch::is_x86_feature_detected as has;
    match (has!("avx512f"), has!("avx2") && has!("fma"), double) {
        (true, _, true) => wide::doubles_512(),
        (true, _, false) => wide::singles_512(),
        (false, true, true) => wide::doubles_256(),
        (false, true, false) => wide::singles_256(),
        (false, false, _) => portable_chains(double),
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn chains(double: bool) -> Chains {
    portable_chains(double)
}

/// Multiplications and additions as the compiler makes them: on arrays that fill vectors.
fn portable_chains(double: bool) -> Chains {
    fn run<T: Copy + std::ops::Mul<Output = T> + std::ops::Add<Output = T>>(rounds: usize, (a, b): (T, T)) {
        let (a, b) = black_box((a, b));
        let mut sums = [b; 32];
        for _ in 0..rounds {
            for sum in &mut sums {
                *sum = *sum * a + b;
            }
        }
        black_box(sums);
    }
    let run = match double {
        true => |rounds| (run(rounds, (0.999f64, 0.001)), rounds as f64).1,
        false => |rounds| (run(rounds, (0.999f32, 0.001)), rounds as f64).1,
    };
    Chains { run, each: 32 }
}

#[cfg(target_arch = "x86_64")]
fn streaming() -> Option<CopyLines> {
    std::arch::is_x86_feature_detected!("avx").then_some(wide::stream)
}

#[cfg(not(target_arch = "x86_64"))]
fn streaming() -> Option<CopyLines> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_are_whole_and_take_time() {
        for threads in [1, 2, 3] {
            for writes in [Writes::Plain, Writes::Streaming] {
                let mut arrays = Arrays::new(64 * 1001);
                match arrays.copy(writes, threads) {
                    Some(speed) => {
                        assert!(speed.is_finite() && speed > 0.0);
                        assert!(
                            arrays.to.iter().all(|line| line.0 == [1; 8]),
                            "{writes:?}, {threads} threads"
                        );
                    }
                    None => eprintln!("SKIPPED: this processor writes only through its caches"),
                }
            }
        }
    }

    #[test]
    fn every_loop_of_multiply_adds_runs() {
        for double in [false, true] {
            assert!(multiply_adds(double, 2) > 0.0);
            assert_eq!((portable_chains(double).run)(3), 3.0);
        }
    }
}
