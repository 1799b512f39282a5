//! FFT steps against the defining sum, in F64.

use std::f64::consts::TAU;

use dasc_cpu::fft::Plan;
use dasc_ir::kernel::random::Random;
use dasc_ir::kernel::{BufferAt, BufferId, Fft, FftKind};

const LANES: usize = 32;
const ROWS: usize = 3;

fn at<T>(data: &mut [T], inner: usize, planes: usize) -> BufferAt {
    let size = size_of::<T>() as isize;
    let inner_stride = LANES as isize * size;
    let plane = inner_stride * inner as isize;
    BufferAt { base: data.as_mut_ptr().cast(), row: plane * planes as isize, inner: inner_stride, plane }
}

fn run<T>(kind: FftKind, n: usize, input: &mut [T], start: i64) -> Vec<f32> {
    let half = n / 2 + 1;
    let (from, to) = match kind {
        FftKind::Forward | FftKind::ForwardWide => ((n, 1), (half, 2)),
        FftKind::Inverse => ((half, 2), (n, 1)),
        FftKind::ComplexForward | FftKind::ComplexInverse => ((n, 2), (n, 2)),
        FftKind::Analytic => ((half, 2), (n, 2)),
    };
    let mut output = vec![0.0; ROWS * LANES * to.0 * to.1];
    let plan = Plan::new(&Fft { kind, n: n as u32, input: BufferId(0), output: BufferId(1) });
    let (mut a, mut b) = (at(input, from.0, from.1), at(&mut output, to.0, to.1));
    // As if the data began at row `start`.
    a.base = a.base.wrapping_offset(-(start as isize) * a.row);
    b.base = b.base.wrapping_offset(-(start as isize) * b.row);
    // SAFETY: both arrays hold so many rows and lanes in the layout of `at`.
    unsafe { plan.run(&a, &b, start, ROWS as i64, LANES) }.unwrap();
    output
}

#[test]
fn forward_equals_the_sum() {
    for n in [1, 2, 5, 6, 8, 10, 14, 15, 64, 90, 100, 180, 500, 512] {
        let mut rng = Random(n as u64);
        let half = n / 2 + 1;
        let mut x: Vec<f32> = (0..ROWS * n * LANES).map(|_| rng.between(-999, 999) as f32 / 999.0).collect();
        let y = run(FftKind::Forward, n, &mut x, 17);
        for row in 0..ROWS {
            for lane in [0, 15, 16, 31] {
                let (mut error, mut size) = (0.0, 0.0);
                for k in 0..half {
                    let (mut re, mut im) = (0.0, 0.0);
                    for t in 0..n {
                        let v = f64::from(x[(row * n + t) * LANES + lane]);
                        let angle = -TAU * ((k * t) % n) as f64 / n as f64;
                        re += v * angle.cos();
                        im += v * angle.sin();
                    }
                    let got_re = f64::from(y[((row * 2) * half + k) * LANES + lane]);
                    let got_im = f64::from(y[((row * 2 + 1) * half + k) * LANES + lane]);
                    error += (got_re - re).powi(2) + (got_im - im).powi(2);
                    size += re * re + im * im;
                }
                let bound = 8.0 * 6e-8 * (n as f64).log2().max(1.0);
                assert!(error.sqrt() <= bound * size.sqrt(), "n {n} row {row} lane {lane}: {error}");
            }
        }
    }
}

#[test]
fn inverses_undo() {
    for (there, back) in
        [(FftKind::Forward, FftKind::Inverse), (FftKind::ComplexForward, FftKind::ComplexInverse)]
    {
        for n in [1usize, 2, 3, 7, 8, 14, 25, 60, 128, 450] {
            let planes = if there == FftKind::Forward { 1 } else { 2 };
            let mut rng = Random(n as u64);
            let count = ROWS * n * planes * LANES;
            let mut x: Vec<f32> = (0..count).map(|_| rng.between(-999, 999) as f32 / 999.0).collect();
            let mut spectrum = run(there, n, &mut x, 0);
            let again = run(back, n, &mut spectrum, 0);
            for (a, b) in x.iter().zip(&again) {
                assert!((a - b).abs() < 2e-6, "{there:?} of {n}: {a} became {b}");
            }
        }
    }
}

/// The real part of the analytic signal is the signal; its spectrum has no negative frequencies.
#[test]
fn the_analytic_signal_has_the_half_spectrum_it_came_from() {
    for n in [1usize, 2, 3, 7, 8, 14, 25, 60, 128, 450] {
        let mut rng = Random(n as u64);
        let mut x: Vec<f32> = (0..ROWS * n * LANES).map(|_| rng.between(-999, 999) as f32 / 999.0).collect();
        let mut spectrum = run(FftKind::Forward, n, &mut x, 3);
        let mut analytic = run(FftKind::Analytic, n, &mut spectrum, 3);
        for (i, a) in x.iter().enumerate() {
            let (row, rest) = (i / (n * LANES), i % (n * LANES));
            let b = analytic[row * 2 * n * LANES + rest];
            assert!((a - b).abs() < 2e-6, "n {n}: {a} became {b}");
        }
        let bins = run(FftKind::ComplexForward, n, &mut analytic, 3);
        for (i, bin) in bins.iter().enumerate() {
            let k = i / LANES % n;
            assert!(2 * k <= n || bin.abs() < 1e-4, "n {n}: bin {k} is {bin}");
        }
    }
}

/// Beside an offset of 1e6 a wide transform keeps the digits of everything else; only its results are F32.
#[test]
fn a_wide_transform_rounds_each_bin_by_itself() {
    for n in [1usize, 2, 15, 62, 64, 90] {
        let mut rng = Random(n as u64);
        let small: Vec<f64> = (0..ROWS * n * LANES).map(|_| rng.between(-999, 999) as f64 / 999.0).collect();
        let mut raised: Vec<f64> = small.iter().map(|x| x + 1e6).collect();
        let y = run(FftKind::ForwardWide, n, &mut raised, 17);
        let half = n / 2 + 1;
        for (row, lane, k) in (0..ROWS)
            .flat_map(|r| [0, 15, 16, 31].map(|l| (r, l)))
            .flat_map(|(r, l)| (1..half).map(move |k| (r, l, k)))
        {
            let sum = |part: fn(f64) -> f64| -> f64 {
                let angle = |t: usize| -TAU * ((k * t) % n) as f64 / n as f64;
                (0..n).map(|t| small[(row * n + t) * LANES + lane] * part(angle(t))).sum()
            };
            for (plane, expected) in [sum(f64::cos), sum(f64::sin)].into_iter().enumerate() {
                let got = f64::from(y[((row * 2 + plane) * half + k) * LANES + lane]);
                assert!(
                    (got - expected).abs() < 1e-5,
                    "n {n} row {row} lane {lane} bin {k}: {got} for {expected}"
                );
            }
        }
    }
}
