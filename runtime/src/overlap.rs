//! Laying frames back on the time axis and adding them.

use std::ops::Range;

use dasc_ir::kernel::{BufferAt, LANES, LEAST_WEIGHT};

/// How frames of `n` rows lie, frame `j` beginning at row `j * hop + lo`, and what each position weighs (nothing: sums are not divided).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Laid<'a> {
    pub n: u32,
    pub hop: u32,
    pub lo: i32,
    pub weights: &'a [f64],
}

/// Rows of the sum of frames: in order of frames, in F64. Frames outside `exist` add nothing: a segment may have rows and not a single frame.
///
/// # Safety
/// Every frame of `exist` that reaches into `rows`, and the output's `rows`, lie in live memory in these lanes (whole groups of
/// [`LANES`]), of type `f64` if `double`, else `f32`; nobody else touches the output's meanwhile.
pub(crate) unsafe fn overlap_add(
    frames: &BufferAt,
    output: &BufferAt,
    exist: (i64, i64),
    laid: Laid,
    double: bool,
    rows: Range<i64>,
    lanes: usize,
) {
    let (n, hop, lo) = (i64::from(laid.n), i64::from(laid.hop), i64::from(laid.lo));
    for row in rows {
        let first = (row - lo - n + hop).div_euclid(hop).max(exist.0);
        let last = (row - lo).div_euclid(hop).min(exist.1 - 1);
        let position = |frame: i64| row - lo - frame * hop;
        let weight: f64 = (first..=last).filter_map(|j| laid.weights.get(position(j) as usize)).sum();
        let weight = if weight > LEAST_WEIGHT { weight } else { 1.0 };
        let from = |frame: i64| {
            let row = (frame as isize).wrapping_mul(frames.row);
            frames
                .base
                .wrapping_offset(row.wrapping_add((position(frame) as isize).wrapping_mul(frames.inner)))
        };
        let to = output.base.wrapping_offset((row as isize).wrapping_mul(output.row));
        for group in (0..lanes).step_by(LANES) {
            // SAFETY: promised by the caller.
            unsafe {
                if double {
                    let sums =
                        sums((first..=last).map(|j| from(j).cast::<f64>().wrapping_add(group)), |x: f64| x);
                    let to = to.cast::<f64>().wrapping_add(group);
                    (0..LANES).for_each(|lane| to.wrapping_add(lane).write(sums[lane] / weight));
                } else {
                    let sums =
                        sums((first..=last).map(|j| from(j).cast::<f32>().wrapping_add(group)), f64::from);
                    let to = to.cast::<f32>().wrapping_add(group);
                    (0..LANES).for_each(|lane| to.wrapping_add(lane).write((sums[lane] / weight) as f32));
                }
            }
        }
    }
}

/// The sums of a group of lanes over several places.
///
/// # Safety
/// At each place lie [`LANES`] numbers in live memory.
#[inline(always)]
unsafe fn sums<T: Copy>(places: impl Iterator<Item = *mut T>, wide: impl Fn(T) -> f64) -> [f64; LANES] {
    let mut sums = [0f64; LANES];
    for place in places {
        for (lane, sum) in sums.iter_mut().enumerate() {
            // SAFETY: promised by the caller.
            *sum += wide(unsafe { place.wrapping_add(lane).read() });
        }
    }
    sums
}
