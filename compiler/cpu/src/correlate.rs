//! Correlation steps: frames against frames of the same row, by FFT in F64, one lane a call.
//!
//! Samples that are not finite would spread over a whole frame; they count as zero in the transform, and every sum they belong to
//! becomes NaN, as it would be if it were added up.

use std::fmt;
use std::ops::Range;

use dasc_ir::kernel::{BufferAt, Correlate, Kernel, LANES, Lanes, Role};
use dasc_ir::{DType, Diag, Result};

use crate::fft::stages::{Element, Elements, Stages, Z, paired, parted, root, widest};

/// Lanes that are transformed together: a whole vector of them, and fewer where frames are long, so that memory stays small.
const TOGETHER: usize = 8;
const LONG_TOGETHER: usize = 2;
const _: () = assert!(LANES.is_multiple_of(TOGETHER) && LANES.is_multiple_of(LONG_TOGETHER));

/// Bytes for whole vectors, from which on frames are long.
const LONG: usize = 16 << 20;

/// A planned correlation. Shared between threads.
pub struct Plan {
    x: Side,
    t: Side,
    lags: usize,
    lo: i64,
    /// Length of the transforms: long enough that no lag that is wanted wraps around onto another.
    len: usize,
    /// Of half the length, for real numbers go in pairs.
    stages: Option<Stages<f64>>,
    /// `exp(−2πi k / len)`.
    roots: Vec<Z<f64>>,
}

/// What a run works on.
struct Work<const L: usize> {
    frames: Tile<L>,
    template: Tile<L>,
    sums: Elements<f64, L>,
    /// Each lag of all lanes.
    columns: Vec<[f64; L]>,
}

/// One of the two that are correlated.
#[derive(Clone, Copy)]
struct Side {
    inner: usize,
    double: bool,
    /// One lane that serves all.
    single: bool,
    constant: bool,
}

impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "correlation of {} with {} by FFT of {}", self.x.inner, self.t.inner, self.len)
    }
}

impl Plan {
    /// Plans the step of a verified kernel.
    pub fn new(kernel: &Kernel, step: &Correlate) -> Plan {
        let output = &kernel.buffers[step.output.index()];
        let side = |buffer: dasc_ir::kernel::BufferId| {
            let buffer = &kernel.buffers[buffer.index()];
            Side {
                inner: buffer.inner as usize,
                double: buffer.dtype == DType::F64,
                single: buffer.lanes == Lanes::Fixed(1) && output.lanes != Lanes::Fixed(1),
                constant: buffer.role == Role::Constant,
            }
        };
        let (x, t, lags, lo) = (side(step.x), side(step.t), output.inner as usize, i64::from(step.lo));
        let (n, m) = (x.inner as i64, t.inner as i64);
        let len = fast_length((n - lo).max(lo + lags as i64 - 1 + m).max(n).max(m) as usize);
        let (half, quarter) = (len / 2, len / 4);
        let roots = (0..=quarter).map(|k| root(k, len)).collect();
        Plan { x, t, lags, lo, len, stages: Stages::new(half), roots }
    }

    /// Bytes that a run takes for itself.
    pub fn scratch(&self) -> usize {
        if self.is_long() { self.scratch_of::<LONG_TOGETHER>() } else { self.scratch_of::<TOGETHER>() }
    }

    fn scratch_of<const L: usize>(&self) -> usize {
        3 * Elements::<f64, L>::bytes(self.len / 2) + self.lags * size_of::<[f64; L]>()
    }

    fn is_long(&self) -> bool {
        self.scratch_of::<TOGETHER>() > LONG
    }

    /// Correlates `rows` rows from the absolute index `start`, all `lanes` rounded up to whole groups of [`LANES`].
    ///
    /// # Safety
    /// For each row (row 0 of a constant) and each lane rounded up to whole groups (lane 0 of what has one), the elements of all
    /// three buffers lie in live memory of the planned types; the output's are used by nobody else meanwhile.
    pub unsafe fn run(
        &self,
        inputs: (&BufferAt, &BufferAt),
        output: &BufferAt,
        start: i64,
        rows: i64,
        lanes: usize,
    ) -> Result<()> {
        let rows = start..start.saturating_add(rows.max(0));
        // SAFETY: the caller's promise.
        unsafe {
            match self.is_long() {
                true => self.run_on::<LONG_TOGETHER>(inputs, output, rows, lanes),
                false => self.run_on::<TOGETHER>(inputs, output, rows, lanes),
            }
        }
    }

    /// # Safety
    /// That of [`Plan::run`].
    unsafe fn run_on<const L: usize>(
        &self,
        (x, t): (&BufferAt, &BufferAt),
        output: &BufferAt,
        rows: Range<i64>,
        lanes: usize,
    ) -> Result<()> {
        let transform =
            widest!(transform[const L: usize](stages: &Stages<f64>, elements: &mut Elements<f64, L>));
        let multiply =
            widest!(multiply[const L: usize](plan: &Plan, stages: &Stages<f64>, work: &mut Work<L>));
        let stages = self.stages.as_ref().ok_or_else(|| Diag::compiler("a correlation of an odd length"))?;
        let half = self.len / 2;
        let mut work = Work {
            frames: Tile::new(half),
            template: Tile::new(half),
            sums: Elements::new(half),
            columns: vec![[0.0; L]; self.lags],
        };
        for group in 0..lanes.next_multiple_of(LANES) / L {
            for row in rows.clone() {
                let first = row == rows.start;
                for (side, at, tile) in [(self.t, t, &mut work.template), (self.x, x, &mut work.frames)] {
                    // What serves all groups, or all rows, stays.
                    if side.constant && !(first && (group == 0 || !side.single)) {
                        continue;
                    }
                    // SAFETY: the caller vouches for all inner positions of this row and group; `widest!` for the processor.
                    unsafe {
                        tile.read(side, at, row, group);
                        transform(stages, &mut tile.elements);
                    }
                }
                // SAFETY: `widest!` chose what the processor has.
                unsafe { multiply(self, stages, &mut work) };
                for lane in 0..L {
                    self.spoil(&work.frames.bad[lane], &work.template.bad[lane], lane, &mut work.columns);
                }
                self.clear(&mut work.columns);
                let base = output.base.wrapping_offset((row as isize).wrapping_mul(output.row));
                let base = base.wrapping_add(group * size_of::<[f64; L]>());
                for (l, column) in work.columns.iter().enumerate() {
                    let to = base.wrapping_offset(l as isize * output.inner).cast::<[f64; L]>();
                    // SAFETY: the caller's promise; a group is `L` contiguous elements.
                    unsafe { to.write_unaligned(*column) };
                }
            }
        }
        Ok(())
    }

    /// NaN where a sum has a factor that is not finite: `x[q]` meets `t[k]` at lag `q − k`.
    fn spoil<const L: usize>(&self, bad_x: &[usize], bad_t: &[usize], lane: usize, columns: &mut [[f64; L]]) {
        let mut spoil = |from: i64, to: i64| {
            let from = (from - self.lo).max(0);
            for l in from..(to - self.lo).min(self.lags as i64 - 1) + 1 {
                columns[l as usize][lane] = f64::NAN;
            }
        };
        for &q in bad_x {
            spoil(q as i64 - (self.t.inner as i64 - 1), q as i64);
        }
        for &k in bad_t {
            spoil(-(k as i64), self.x.inner as i64 - 1 - k as i64);
        }
    }

    /// Exact zeros at lags at which nothing meets.
    fn clear<const L: usize>(&self, columns: &mut [[f64; L]]) {
        let meets = 1 - self.t.inner as i64..self.x.inner as i64;
        for (lag, column) in (self.lo..).zip(columns) {
            if !meets.contains(&lag) {
                *column = [0.0; L];
            }
        }
    }
}

/// # Safety
/// None of its own.
#[inline(always)]
unsafe fn transform<const L: usize>(stages: &Stages<f64>, elements: &mut Elements<f64, L>) {
    stages.run(elements);
}

/// From both spectra of pairs to the columns of lags.
///
/// # Safety
/// None of its own.
#[inline(always)]
unsafe fn multiply<const L: usize>(plan: &Plan, stages: &Stages<f64>, work: &mut Work<L>) {
    let Work { frames, template, sums, columns } = work;
    let (xs, ts, product) = (&frames.elements.now, &template.elements.now, &mut sums.now);
    let half = product.len();
    // The inverse is a forward transform with real and imaginary parts exchanged, before and after.
    let [imaginary, real] = &mut product[0];
    for (lane, (re, im)) in real.iter_mut().zip(imaginary).enumerate() {
        let (x, t) = (Z::of(&xs[0], lane), Z::of(&ts[0], lane));
        let (first, last) = ((x.re + x.im) * (t.re + t.im), (x.re - x.im) * (t.re - t.im));
        (*re, *im) = (first + last, first - last);
    }
    for k in 1..=half / 2 {
        let mirror = half - k;
        let (mut one, mut other) = ([[0.0; L]; 2], [[0.0; L]; 2]);
        for lane in 0..L {
            let bins =
                |of: &[Element<f64, L>]| parted(Z::of(&of[k], lane), Z::of(&of[mirror], lane), plan.roots[k]);
            let ((x, x_mirrored), (t, t_mirrored)) = (bins(xs), bins(ts));
            let (z, mirrored) = paired(x * t.conj(), x_mirrored * t_mirrored.conj(), plan.roots[k]);
            (one[1][lane], one[0][lane]) = (z.re, z.im);
            (other[1][lane], other[0][lane]) = (mirrored.re, mirrored.im);
        }
        product[mirror] = other;
        product[k] = one;
    }
    stages.run(sums);
    let scale = 1.0 / plan.len as f64;
    for (lag, column) in (plan.lo..).zip(columns) {
        let at = lag.rem_euclid(plan.len as i64) as usize;
        *column = sums.now[at / 2][1 - at % 2].map(|sum| sum * scale);
    }
}

/// The shortest even length from `least` on whose only factors are 2, 3 and 5.
fn fast_length(least: usize) -> usize {
    let smooth = |mut n: usize| {
        for factor in [2, 3, 5] {
            while n.is_multiple_of(factor) {
                n /= factor;
            }
        }
        n == 1
    };
    (least.max(2)..).find(|n| n.is_multiple_of(2) && smooth(*n)).unwrap_or(least)
}

/// The frames of one group of lanes, then their spectra.
struct Tile<const L: usize> {
    /// Numbers in pairs.
    elements: Elements<f64, L>,
    /// Positions that are not finite, per lane.
    bad: [Vec<usize>; L],
}

impl<const L: usize> Tile<L> {
    fn new(half: usize) -> Tile<L> {
        Tile { elements: Elements::new(half), bad: std::array::from_fn(|_| Vec::new()) }
    }

    /// Reads the frames of a row; one lane that serves all is laid into all.
    ///
    /// # Safety
    /// As [`Plan::run`].
    unsafe fn read(&mut self, side: Side, at: &BufferAt, row: i64, group: usize) {
        let row = if side.constant { 0 } else { row };
        let size = if side.double { size_of::<f64>() } else { size_of::<f32>() };
        let base = at.base.wrapping_offset((row as isize).wrapping_mul(at.row));
        let base = if side.single { base } else { base.wrapping_add(group * L * size) };
        self.bad.iter_mut().for_each(Vec::clear);
        let mut parts = self.elements.now.as_flattened_mut().iter_mut();
        for (inner, part) in parts.by_ref().take(side.inner).enumerate() {
            let from = base.wrapping_offset(inner as isize * at.inner);
            // SAFETY: the caller's promise; a group is `L` contiguous elements.
            *part = unsafe {
                match (side.single, side.double) {
                    (true, true) => [from.cast::<f64>().read_unaligned(); L],
                    (true, false) => [f64::from(from.cast::<f32>().read_unaligned()); L],
                    (false, true) => from.cast::<[f64; L]>().read_unaligned(),
                    (false, false) => from.cast::<[f32; L]>().read_unaligned().map(f64::from),
                }
            };
            if part.iter().any(|value| !value.is_finite()) {
                for (value, bad) in part.iter_mut().zip(&mut self.bad) {
                    if !value.is_finite() {
                        *value = 0.0;
                        bad.push(inner);
                    }
                }
            }
        }
        parts.for_each(|part| *part = [0.0; L]);
    }
}

#[cfg(test)]
mod tests {
    use dasc_ir::kernel::random::Random;

    use super::*;

    const ROWS: usize = 2;

    /// Inner positions, lanes, and where lane 0 of row 0 is.
    fn at(values: &mut [f64], inner: usize, lanes: usize) -> BufferAt {
        let inner_stride = (lanes * size_of::<f64>()) as isize;
        BufferAt {
            base: values.as_mut_ptr().cast(),
            row: inner_stride * inner as isize,
            inner: inner_stride,
            plane: 0,
        }
    }

    #[test]
    fn few_lanes_and_many_equal_the_sum() {
        let side = |inner: usize, single: bool| Side { inner, double: true, single, constant: single };
        for (n, m, lags, lo, single) in [(40, 7, 34, 0, false), (33, 12, 44, -11, true), (5, 5, 1, 0, false)]
        {
            let len = fast_length(n + m + lags);
            let roots = (0..=len / 4).map(|k| root(k, len)).collect();
            let plan = Plan {
                x: side(n, false),
                t: side(m, single),
                lags,
                lo,
                len,
                stages: Stages::new(len / 2),
                roots,
            };
            let mut rng = Random(n as u64);
            let mut random = |count: usize| -> Vec<f64> {
                (0..count).map(|_| rng.between(-999, 999) as f64 / 999.0).collect()
            };
            let t_lanes = if single { 1 } else { LANES };
            let (mut x, mut t) = (random(ROWS * n * LANES), random(ROWS * m * t_lanes));
            // What is not finite spoils the sums that it belongs to, in its lane and no other.
            x[3] = f64::INFINITY;
            let sum = |row: usize, lag: i64, lane: usize| -> f64 {
                let (t_row, t_lane) = if single { (0, 0) } else { (row, lane) };
                let inside = (0..m as i64).filter(|k| (0..n as i64).contains(&(lag + k)));
                inside
                    .map(|k| {
                        let x = x[(row * n + (lag + k) as usize) * LANES + lane];
                        x * t[(t_row * m + k as usize) * t_lanes + t_lane]
                    })
                    .sum()
            };
            let expected: Vec<f64> = (0..ROWS * lags * LANES)
                .map(|i| sum(i / LANES / lags, lo + (i / LANES % lags) as i64, i % LANES))
                .collect();
            let (x_at, t_at) = (at(&mut x, n, LANES), at(&mut t, m, t_lanes));
            for many in [true, false] {
                let mut output = vec![7.0; expected.len()];
                let to = at(&mut output, lags, LANES);
                // SAFETY: all three hold `ROWS` rows in the layout of `at`.
                let done = unsafe {
                    match many {
                        true => plan.run_on::<TOGETHER>((&x_at, &t_at), &to, 0..ROWS as i64, LANES),
                        false => plan.run_on::<LONG_TOGETHER>((&x_at, &t_at), &to, 0..ROWS as i64, LANES),
                    }
                };
                done.unwrap();
                for (i, (got, want)) in output.iter().zip(&expected).enumerate() {
                    let same = if want.is_finite() { (got - want).abs() < 1e-13 } else { got.is_nan() };
                    assert!(same, "{n} by {m}, lag {lo} on, many {many}, {i}: {got} for {want}");
                }
            }
        }
    }
}
