//! How an array is cut into chunks, and where the parts of a chunk lie in a band of whole rows.

/// Bytes of a chunk before compression: large enough for disks and object stores, small enough to read one channel.
const CHUNK_BYTES: usize = 2 << 20;
/// Bytes of the rows that are held until their chunks are complete.
const BAND_BYTES: usize = 32 << 20;
/// Rows of a chunk before it is made narrower.
const ROWS: usize = 1024;

/// Chunk shape for rows of the shape `inner`, elements of `item` bytes and, if known, `rows` rows. Every length ≥ 1.
pub(super) fn chunk_shape(rows: Option<u64>, inner: &[usize], item: usize) -> Vec<usize> {
    let mut shape: Vec<usize> = inner.iter().map(|n| (*n).max(1)).collect();
    let bytes = |shape: &[usize]| shape.iter().fold(item.max(1), |product, n| product.saturating_mul(*n));
    let band_rows = (BAND_BYTES / bytes(&shape)).max(1);
    while bytes(&shape).saturating_mul(band_rows.min(ROWS)) > CHUNK_BYTES {
        // The first of the longest, so that the last axis, which is contiguous, is cut late.
        let Some(longest) = shape.iter_mut().rev().max_by_key(|n| **n).filter(|n| **n > 1) else { break };
        *longest = longest.div_ceil(2);
    }
    let fitting = (CHUNK_BYTES / bytes(&shape)).clamp(1, band_rows);
    let known = rows.and_then(|rows| usize::try_from(rows).ok()).unwrap_or(usize::MAX).max(1);
    shape.insert(0, fitting.min(known));
    shape
}

/// A contiguous part of one row: where it begins in the row and in the chunk's row, and its length, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) row: usize,
    pub(super) chunk: usize,
    pub(super) len: usize,
}

/// The runs of a row of the shape `inner` that belong to chunk `index`, with chunks of the shape `chunk`.
pub(super) fn runs(inner: &[usize], chunk: &[usize], index: &[usize], item: usize) -> Vec<Run> {
    let mut runs = vec![Run { row: 0, chunk: 0, len: item }];
    // From the fastest axis outwards; the runs so far lie within one element of the axis.
    let (mut row_step, mut chunk_step) = (item, item);
    for ((axis, width), position) in inner.iter().zip(chunk).zip(index).rev() {
        let start = position.saturating_mul(*width).min(*axis);
        let count = (*width).min(axis - start);
        runs = match runs.as_slice() {
            // A whole element of this axis is contiguous on both sides, so its neighbours join it.
            [only] if only.len == row_step && only.len == chunk_step => {
                vec![Run { row: start * row_step, chunk: 0, len: count * row_step }]
            }
            several => (0..count)
                .flat_map(|i| several.iter().map(move |run| (i, run)))
                .map(|(i, run)| Run {
                    row: (start + i) * row_step + run.row,
                    chunk: i * chunk_step + run.chunk,
                    len: run.len,
                })
                .collect(),
        };
        row_step *= axis;
        chunk_step *= width;
    }
    runs.retain(|run| run.len > 0);
    runs
}

/// All chunk indices of rows of the shape `inner`, in C order.
pub(super) fn indices(inner: &[usize], chunk: &[usize]) -> Vec<Vec<usize>> {
    let mut all = vec![vec![]];
    for (axis, width) in inner.iter().zip(chunk) {
        let count = axis.div_ceil(*width);
        all = all
            .into_iter()
            .flat_map(|head: Vec<usize>| (0..count).map(move |i| head.iter().copied().chain([i]).collect()))
            .collect();
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn chunks_are_megabytes_and_bands_bounded() {
        for (rows, inner, item) in [
            (None, vec![2000], 4),
            (None, vec![17534], 4),
            (None, vec![2_000_000], 4),
            (None, vec![100, 513], 8),
            (None, vec![], 8),
            (None, vec![1], 4),
        ] {
            let shape = chunk_shape(rows, &inner, item);
            let bytes = shape.iter().product::<usize>() * item;
            assert!((1 << 20..=4 << 20).contains(&bytes), "{inner:?}: {shape:?} has {bytes} bytes");
            let band = shape[0] * inner.iter().product::<usize>() * item;
            assert!(band <= BAND_BYTES, "{inner:?}: a band of {band} bytes");
        }
        assert_eq!(chunk_shape(Some(7), &[3], 4), [7, 3]);
        assert_eq!(chunk_shape(Some(0), &[0], 4), [1, 1]);
    }

    proptest! {
        /// Each byte of a row lands in exactly one chunk, at the place C order gives it.
        #[test]
        fn runs_cover_a_row_once(dims in prop::collection::vec((1usize..7, 1usize..4), 0..4), item in 1usize..5) {
            let inner: Vec<usize> = dims.iter().map(|d| d.0).collect();
            let chunk: Vec<usize> = dims.iter().map(|d| d.1).collect();
            let mut seen = vec![0; inner.iter().product::<usize>() * item];
            for index in indices(&inner, &chunk) {
                for run in runs(&inner, &chunk, &index, item) {
                    for offset in 0..run.len {
                        let (byte, element) = ((run.row + offset) % item, (run.row + offset) / item);
                        let (mut rest, mut step, mut place) = (element, 1, 0);
                        for axis in (0..inner.len()).rev() {
                            let position = rest % inner[axis];
                            rest /= inner[axis];
                            prop_assert_eq!(position / chunk[axis], index[axis]);
                            place += position % chunk[axis] * step;
                            step *= chunk[axis];
                        }
                        prop_assert_eq!(place * item + byte, run.chunk + offset);
                        seen[run.row + offset] += 1;
                    }
                }
            }
            prop_assert!(seen.iter().all(|count| *count == 1));
        }
    }
}
