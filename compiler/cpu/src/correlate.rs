//! Correlation steps: frames against frames of the same row, by FFT in F64, one lane a call.
//!
//! Samples that are not finite would spread over a whole frame; they count as zero in the transform, and every sum they belong to
//! becomes NaN, as it would be if it were added up.

use std::fmt;
use std::sync::Arc;

use dasc_fft::{Complex64, ComplexToReal, Number, RealToComplex};
use dasc_ir::kernel::{BufferAt, Correlate, Kernel, LANES, Lanes, Role};
use dasc_ir::{DType, Result};

use crate::fft::misfit;

/// Lanes that are transformed together: as many as keep their frames in the cache, and memory small where frames are long.
const TOGETHER: usize = 4;
const _: () = assert!(LANES.is_multiple_of(TOGETHER));

/// A planned correlation. Shared between threads.
pub struct Plan {
    x: Side,
    t: Side,
    lags: usize,
    lo: i64,
    /// Length of the transforms: long enough that no lag that is wanted wraps around onto another.
    len: usize,
    forward: Arc<dyn RealToComplex<f64>>,
    inverse: Arc<dyn ComplexToReal<f64>>,
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

impl Side {
    fn lanes(self) -> usize {
        if self.single { 1 } else { TOGETHER }
    }
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
        let (forward, inverse) = (f64::forward(len), f64::inverse(len));
        Plan { x, t, lags, lo, len, forward, inverse }
    }

    /// Bytes that a run takes for itself.
    pub fn scratch(&self) -> usize {
        let bins = self.len / 2 + 1;
        let tile = |side: Side| (self.len * size_of::<f64>() + bins * size_of::<Complex64>()) * side.lanes();
        let own = self.len * size_of::<f64>() + bins * size_of::<Complex64>();
        tile(self.x) + tile(self.t) + own + self.lags * TOGETHER * size_of::<f64>()
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
        let (mut frames, mut template) = (Tile::new(self, self.x), Tile::new(self, self.t));
        let mut sums = vec![0.0; self.len];
        let mut columns = vec![0.0; self.lags * TOGETHER];
        let mut bins = vec![Complex64::default(); self.len / 2 + 1];
        for group in 0..lanes.next_multiple_of(LANES) / TOGETHER {
            let mut first = true;
            for row in start..start.saturating_add(rows.max(0)) {
                // SAFETY: the caller vouches for all inner positions of this row and group.
                unsafe {
                    if first || !self.t.constant {
                        template.read(self, self.t, t, row, group)?;
                    }
                    if first || !self.x.constant {
                        frames.read(self, self.x, x, row, group)?;
                    }
                }
                first = false;
                for lane in 0..TOGETHER {
                    let (a, b) = (frames.lane(self.x, lane), template.lane(self.t, lane));
                    let half = bins.len();
                    let (xs, ts) = (&frames.bins[a * half..][..half], &template.bins[b * half..][..half]);
                    for ((bin, x), t) in bins.iter_mut().zip(xs).zip(ts) {
                        *bin = x * t.conj();
                    }
                    real_ends(&mut bins, self.len);
                    let done = self.inverse.process_with_scratch(&mut bins, &mut sums, &mut frames.scratch);
                    done.map_err(misfit)?;
                    let scale = 1.0 / self.len as f64;
                    for l in 0..self.lags {
                        let lag = (self.lo + l as i64).rem_euclid(self.len as i64) as usize;
                        columns[l * TOGETHER + lane] = sums[lag] * scale;
                    }
                    self.spoil(&frames.bad[a], &template.bad[b], lane, &mut columns);
                    self.clear(lane, &mut columns);
                }
                let base = output.base.wrapping_offset((row as isize).wrapping_mul(output.row));
                let base = base.wrapping_add(group * TOGETHER * size_of::<f64>());
                for (l, column) in columns.chunks_exact(TOGETHER).enumerate() {
                    let to = base.wrapping_offset(l as isize * output.inner).cast::<f64>();
                    // SAFETY: the caller's promise; a group is `TOGETHER` contiguous elements.
                    unsafe { to.copy_from_nonoverlapping(column.as_ptr(), TOGETHER) };
                }
            }
        }
        Ok(())
    }

    /// NaN where a sum has a factor that is not finite: `x[q]` meets `t[k]` at lag `q − k`.
    fn spoil(&self, bad_x: &[usize], bad_t: &[usize], lane: usize, columns: &mut [f64]) {
        let mut spoil = |from: i64, to: i64| {
            let from = (from - self.lo).max(0);
            for l in from..(to - self.lo).min(self.lags as i64 - 1) + 1 {
                columns[l as usize * TOGETHER + lane] = f64::NAN;
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
    fn clear(&self, lane: usize, columns: &mut [f64]) {
        let meets = 1 - self.t.inner as i64..self.x.inner as i64;
        for l in 0..self.lags {
            if !meets.contains(&(self.lo + l as i64)) {
                columns[l * TOGETHER + lane] = 0.0;
            }
        }
    }
}

/// What has no counterpart at negative frequencies is real.
fn real_ends(bins: &mut [Complex64], len: usize) {
    if let Some(first) = bins.first_mut() {
        first.im = 0.0;
    }
    if len.is_multiple_of(2)
        && let Some(last) = bins.last_mut()
    {
        last.im = 0.0;
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

/// Spectra of the frames of one group of lanes.
struct Tile {
    samples: Vec<f64>,
    bins: Vec<Complex64>,
    scratch: Vec<Complex64>,
    /// Positions that are not finite, per lane.
    bad: Vec<Vec<usize>>,
}

impl Tile {
    fn new(plan: &Plan, side: Side) -> Tile {
        let lanes = side.lanes();
        let scratch = plan.forward.get_scratch_len().max(plan.inverse.get_scratch_len());
        Tile {
            samples: vec![0.0; plan.len * lanes],
            bins: vec![Complex64::default(); (plan.len / 2 + 1) * lanes],
            scratch: vec![Complex64::default(); scratch],
            bad: vec![Vec::new(); lanes],
        }
    }

    fn lane(&self, side: Side, lane: usize) -> usize {
        if side.single { 0 } else { lane }
    }

    /// Reads and transforms the frames of a row.
    ///
    /// # Safety
    /// As [`Plan::run`].
    unsafe fn read(&mut self, plan: &Plan, side: Side, at: &BufferAt, row: i64, group: usize) -> Result<()> {
        let row = if side.constant { 0 } else { row };
        let size = if side.double { size_of::<f64>() } else { size_of::<f32>() };
        let base = at.base.wrapping_offset((row as isize).wrapping_mul(at.row));
        let base = if side.single { base } else { base.wrapping_add(group * TOGETHER * size) };
        let lanes = side.lanes();
        self.samples.fill(0.0);
        self.bad.iter_mut().for_each(Vec::clear);
        for inner in 0..side.inner {
            let from = base.wrapping_offset(inner as isize * at.inner);
            for lane in 0..lanes {
                // SAFETY: the caller's promise.
                let value = unsafe {
                    if side.double {
                        from.cast::<f64>().wrapping_add(lane).read()
                    } else {
                        f64::from(from.cast::<f32>().wrapping_add(lane).read())
                    }
                };
                if value.is_finite() {
                    self.samples[lane * plan.len + inner] = value;
                } else {
                    self.bad[lane].push(inner);
                }
            }
        }
        let half = plan.len / 2 + 1;
        for lane in 0..lanes {
            let (samples, bins) =
                (&mut self.samples[lane * plan.len..][..plan.len], &mut self.bins[lane * half..][..half]);
            plan.forward.process_with_scratch(samples, bins, &mut self.scratch).map_err(misfit)?;
        }
        Ok(())
    }
}
