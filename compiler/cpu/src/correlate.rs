//! Correlation steps: frames against frames of the same row, by FFT in F64, one lane a call.
//!
//! Samples that are not finite would spread over a whole frame; they count as zero in the transform, and every sum they belong to
//! becomes NaN, as it would be if it were added up.

use std::fmt;

use dasc_ir::kernel::{BufferAt, Correlate, Kernel, LANES, Lanes, Role};
use dasc_ir::{DType, Diag, Result};

use crate::fft::stages::{Elements, Stages, Z, paired, parted, root, widest};

/// Lanes that are transformed together: as many as keep their frames in the cache, and memory small where frames are long.
const TOGETHER: usize = 8;
const _: () = assert!(LANES.is_multiple_of(TOGETHER));

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
    transform: unsafe fn(&Stages<f64>, &mut Elements<f64, TOGETHER>),
    multiply: unsafe fn(&Plan, &Stages<f64>, &mut Work),
}

/// What a run works on.
struct Work {
    frames: Tile,
    template: Tile,
    sums: Elements<f64, TOGETHER>,
    /// Each lag of all lanes.
    columns: Vec<[f64; TOGETHER]>,
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
        let transform = widest!(transform[](stages: &Stages<f64>, elements: &mut Elements<f64, TOGETHER>));
        let multiply = widest!(multiply[](plan: &Plan, stages: &Stages<f64>, work: &mut Work));
        let roots = (0..=quarter).map(|k| root(k, len)).collect();
        Plan { x, t, lags, lo, len, stages: Stages::new(half), roots, transform, multiply }
    }

    /// Bytes that a run takes for itself.
    pub fn scratch(&self) -> usize {
        3 * Elements::<f64, TOGETHER>::bytes(self.len / 2) + self.lags * TOGETHER * size_of::<f64>()
    }

    /// Correlates `rows` rows from the absolute index `start`, all `lanes` rounded up to whole groups of [`LANES`].
    ///
    /// # Safety
    /// For each row (row 0 of a constant) and each lane rounded up to whole groups (lane 0 of what has one), the elements of all
    /// three buffers lie in live memory of the planned types; the output's are used by nobody else meanwhile.
    pub unsafe fn run(
        &self,
        (x, t): (&BufferAt, &BufferAt),
        output: &BufferAt,
        start: i64,
        rows: i64,
        lanes: usize,
    ) -> Result<()> {
        let stages = self.stages.as_ref().ok_or_else(|| Diag::compiler("a correlation of an odd length"))?;
        let half = self.len / 2;
        let mut work = Work {
            frames: Tile::new(half),
            template: Tile::new(half),
            sums: Elements::new(half),
            columns: vec![[0.0; TOGETHER]; self.lags],
        };
        for group in 0..lanes.next_multiple_of(LANES) / TOGETHER {
            for row in start..start.saturating_add(rows.max(0)) {
                let first = row == start;
                for (side, at, tile) in [(self.t, t, &mut work.template), (self.x, x, &mut work.frames)] {
                    // What serves all groups, or all rows, stays.
                    if side.constant && !(first && (group == 0 || !side.single)) {
                        continue;
                    }
                    // SAFETY: the caller vouches for all inner positions of this row and group; `widest!` for the processor.
                    unsafe {
                        tile.read(side, at, row, group);
                        (self.transform)(stages, &mut tile.elements);
                    }
                }
                // SAFETY: `widest!` chose what the processor has.
                unsafe { (self.multiply)(self, stages, &mut work) };
                for lane in 0..TOGETHER {
                    self.spoil(&work.frames.bad[lane], &work.template.bad[lane], lane, &mut work.columns);
                }
                self.clear(&mut work.columns);
                let base = output.base.wrapping_offset((row as isize).wrapping_mul(output.row));
                let base = base.wrapping_add(group * TOGETHER * size_of::<f64>());
                for (l, column) in work.columns.iter().enumerate() {
                    let to = base.wrapping_offset(l as isize * output.inner).cast::<[f64; TOGETHER]>();
                    // SAFETY: the caller's promise; a group is `TOGETHER` contiguous elements.
                    unsafe { to.write_unaligned(*column) };
                }
            }
        }
        Ok(())
    }

    /// NaN where a sum has a factor that is not finite: `x[q]` meets `t[k]` at lag `q − k`.
    fn spoil(&self, bad_x: &[usize], bad_t: &[usize], lane: usize, columns: &mut [[f64; TOGETHER]]) {
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
    fn clear(&self, columns: &mut [[f64; TOGETHER]]) {
        let meets = 1 - self.t.inner as i64..self.x.inner as i64;
        for (lag, column) in (self.lo..).zip(columns) {
            if !meets.contains(&lag) {
                *column = [0.0; TOGETHER];
            }
        }
    }
}

/// # Safety
/// None of its own.
#[inline(always)]
unsafe fn transform(stages: &Stages<f64>, elements: &mut Elements<f64, TOGETHER>) {
    stages.run(elements);
}

/// From both spectra of pairs to the columns of lags.
///
/// # Safety
/// None of its own.
#[inline(always)]
unsafe fn multiply(plan: &Plan, stages: &Stages<f64>, work: &mut Work) {
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
        let (mut one, mut other) = ([[0.0; TOGETHER]; 2], [[0.0; TOGETHER]; 2]);
        for lane in 0..TOGETHER {
            let bins = |of: &[_]| parted(Z::of(&of[k], lane), Z::of(&of[mirror], lane), plan.roots[k]);
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
struct Tile {
    /// Numbers in pairs.
    elements: Elements<f64, TOGETHER>,
    /// Positions that are not finite, per lane.
    bad: [Vec<usize>; TOGETHER],
}

impl Tile {
    fn new(half: usize) -> Tile {
        Tile { elements: Elements::new(half), bad: Default::default() }
    }

    /// Reads the frames of a row; one lane that serves all is laid into all.
    ///
    /// # Safety
    /// As [`Plan::run`].
    unsafe fn read(&mut self, side: Side, at: &BufferAt, row: i64, group: usize) {
        let row = if side.constant { 0 } else { row };
        let size = if side.double { size_of::<f64>() } else { size_of::<f32>() };
        let base = at.base.wrapping_offset((row as isize).wrapping_mul(at.row));
        let base = if side.single { base } else { base.wrapping_add(group * TOGETHER * size) };
        self.bad.iter_mut().for_each(Vec::clear);
        let mut parts = self.elements.now.as_flattened_mut().iter_mut();
        for (inner, part) in parts.by_ref().take(side.inner).enumerate() {
            let from = base.wrapping_offset(inner as isize * at.inner);
            // SAFETY: the caller's promise; a group is `TOGETHER` contiguous elements.
            *part = unsafe {
                match (side.single, side.double) {
                    (true, true) => [from.cast::<f64>().read_unaligned(); TOGETHER],
                    (true, false) => [f64::from(from.cast::<f32>().read_unaligned()); TOGETHER],
                    (false, true) => from.cast::<[f64; TOGETHER]>().read_unaligned(),
                    (false, false) => from.cast::<[f32; TOGETHER]>().read_unaligned().map(f64::from),
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
        parts.for_each(|part| *part = [0.0; TOGETHER]);
    }
}
