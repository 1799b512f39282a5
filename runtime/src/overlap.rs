//! Laying frames back on the time axis and adding them.

use std::ops::Range;

use dasc_ir::kernel::BufferAt;

/// Rows of the sum of frames of `n` rows, frame `j` beginning at row `j * hop + lo`: in order of frames, in F64. Frames
/// outside `exist` add nothing: a segment may have rows and not a single frame.
///
/// # Safety
/// Every frame of `exist` that reaches into `rows`, and the output's `rows`, lie in live memory in these lanes, of type
/// `f64` if `double`, else `f32`; nobody else touches the output's meanwhile.
pub(crate) unsafe fn overlap_add(
    frames: &BufferAt,
    output: &BufferAt,
    exist: (i64, i64),
    (n, hop, lo): (u32, u32, i32),
    double: bool,
    rows: Range<i64>,
    lanes: usize,
) {
    let (n, hop, lo) = (i64::from(n), i64::from(hop), i64::from(lo));
    for row in rows {
        let first = (row - lo - n + hop).div_euclid(hop).max(exist.0);
        let last = (row - lo).div_euclid(hop).min(exist.1 - 1);
        let to = output.base.wrapping_offset((row as isize).wrapping_mul(output.row));
        for lane in 0..lanes {
            let mut sum = 0f64;
            for frame in first..=last {
                let inner = (row - lo - frame * hop) as isize;
                let at = (frame as isize).wrapping_mul(frames.row).wrapping_add(inner * frames.inner);
                let at = frames.base.wrapping_offset(at);
                // SAFETY: promised by the caller.
                sum += unsafe {
                    if double {
                        at.cast::<f64>().wrapping_add(lane).read()
                    } else {
                        f64::from(at.cast::<f32>().wrapping_add(lane).read())
                    }
                };
            }
            // SAFETY: promised by the caller.
            unsafe {
                if double {
                    to.cast::<f64>().wrapping_add(lane).write(sum);
                } else {
                    to.cast::<f32>().wrapping_add(lane).write(sum as f32);
                }
            }
        }
    }
}
