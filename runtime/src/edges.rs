//! Rows and lanes beyond the ends of a stream, written from those that exist.

use dasc_ir::graph::Edge;
use dasc_ir::kernel::BufferAt;

use crate::rows::{Layout, Rows};

/// The position inside `start .. stop` that a position beyond it stands for; `None` for zero. `Edge::Odd` gives the position on the
/// other side of the end.
pub(crate) fn mapped(edge: Edge, position: i64, start: i64, stop: i64) -> Option<i64> {
    let len = stop - start;
    let offset = position - start;
    match edge {
        Edge::Valid | Edge::Zero | Edge::Cover => None,
        Edge::Nearest => Some(offset.clamp(0, len - 1) + start),
        Edge::Reflect => {
            let folded = offset.rem_euclid(2 * len);
            Some(start + if folded < len { folded } else { 2 * len - 1 - folded })
        }
        Edge::Mirror if len == 1 => Some(start),
        Edge::Mirror => {
            let folded = offset.rem_euclid(2 * len - 2);
            Some(start + if folded < len { folded } else { 2 * len - 2 - folded })
        }
        // The builder refuses segments that are shorter than what is asked.
        Edge::Odd => {
            let across = if offset < 0 { -offset } else { 2 * (len - 1) - offset };
            Some(start + across.clamp(0, (len - 1).max(0)))
        }
    }
}

/// Whether the `before` rows before a segment can be written once its rows up to `end` exist.
pub(crate) fn lead_known(edge: Edge, (start, stop): (i64, i64), before: i64, end: i64) -> bool {
    match edge {
        _ if before == 0 => true,
        // Room for them is made with the first row.
        _ if end <= start => false,
        Edge::Valid | Edge::Zero | Edge::Cover | Edge::Nearest => true,
        Edge::Reflect => end >= (start + before).min(stop),
        Edge::Mirror | Edge::Odd => end >= (start + before + 1).min(stop),
    }
}

impl Rows {
    /// What exists once the rows up to `end` do.
    pub(crate) fn progress_at(&self, end: i64) -> crate::rows::Progress {
        crate::rows::Progress {
            end,
            lead: self.progress.lead || lead_known(self.edge, (self.start, self.stop), self.before, end),
            tail: self.progress.tail || end >= self.stop,
        }
    }
}

/// Writes the rows beyond the segment that become known when progress goes from `was` to `now`, for `lanes` lanes at `at`.
///
/// # Safety
/// Rows `start − before .. stop + after`, as far as they become known, and the rows they are made of lie in live memory
/// that nobody else touches in these lanes.
#[allow(clippy::too_many_arguments)]
pub(crate) unsafe fn extend(
    at: &BufferAt,
    layout: &Layout,
    edge: Edge,
    (start, stop): (i64, i64),
    (before, after): (i64, i64),
    was: &crate::rows::Progress,
    now: &crate::rows::Progress,
    lanes: usize,
) {
    let lead = (now.lead && !was.lead).then_some((start - before, start));
    let tail = (now.tail && !was.tail).then_some((stop, stop + after));
    let bytes = lanes * layout.element;
    for row in [lead, tail].into_iter().flatten().flat_map(|(a, b)| a..b) {
        let place = |row: i64| at.base.wrapping_offset((row as isize).wrapping_mul(at.row));
        let (to, from) = (place(row), mapped(edge, row, start, stop).map(place));
        let end = place(if row < start { start } else { stop - 1 });
        for part in 0..layout.inner * layout.planes {
            let offset = part * layout.lane_stride * layout.element;
            // SAFETY: promised by the caller; source and target rows differ.
            unsafe {
                match from {
                    Some(from) if edge == Edge::Odd => {
                        through(
                            to.wrapping_add(offset),
                            end.wrapping_add(offset),
                            from.wrapping_add(offset),
                            lanes,
                            layout.element,
                        );
                    }
                    Some(from) => std::ptr::copy_nonoverlapping(
                        from.wrapping_add(offset),
                        to.wrapping_add(offset),
                        bytes,
                    ),
                    None => std::ptr::write_bytes(to.wrapping_add(offset), 0, bytes),
                }
            }
        }
    }
}

/// `to = 2 · end − from` for floats of `element` bytes, computed in F64.
///
/// # Safety
/// Each place has `lanes` floats of that size, aligned, and `to` is neither of the others.
unsafe fn through(to: *mut u8, end: *const u8, from: *const u8, lanes: usize, element: usize) {
    for lane in 0..lanes {
        // SAFETY: promised by the caller.
        unsafe {
            if element == 8 {
                let (end, from) = (*end.cast::<f64>().add(lane), *from.cast::<f64>().add(lane));
                *to.cast::<f64>().add(lane) = 2.0 * end - from;
            } else {
                let (end, from) =
                    (f64::from(*end.cast::<f32>().add(lane)), f64::from(*from.cast::<f32>().add(lane)));
                *to.cast::<f32>().add(lane) = (2.0 * end - from) as f32;
            }
        }
    }
}

/// Writes the lanes beyond the channels into a row's padding.
pub(crate) fn extend_lanes(row: &mut [u8], layout: &Layout, edge: Edge, channels: usize, reach: usize) {
    let e = layout.element;
    for part in 0..layout.inner * layout.planes {
        let first = part * layout.lane_stride + layout.lane_pad;
        let outside = (-(reach as i64)..0).chain(channels as i64..(channels + reach) as i64);
        for lane in outside {
            let to = (first as i64 + lane) as usize * e;
            if to + e > row.len() {
                continue;
            }
            match mapped(edge, lane, 0, channels as i64) {
                Some(from) => {
                    let from = (first + from as usize) * e;
                    row.copy_within(from..from + e, to);
                }
                None => row[to..to + e].fill(0),
            }
        }
    }
}
