//! Order statistics of rows as they pass: a quantile over each row, and running ranks. What is picked is a number of the data, so that
//! the bits depend on nothing but the numbers.

use std::ops::Range;

use dasc_ir::graph::{Quantile, Role};
use rayon::prelude::*;

use crate::rows::{Layout, Rows};
use crate::sliding::{Number, Sliding};

/// Lanes that are worked on together where a line of numbers runs across rows or positions: a cache line of them.
const TOGETHER: usize = 16;

/// The quantile of every row over its channels or its inner positions, in F64.
pub(crate) fn quantiles(
    (along, quantile): (Role, Quantile),
    channels: usize,
    from: &mut Rows,
    to: &mut Rows,
    rows: Range<i64>,
) {
    match from.layout.element {
        8 => quantiles_of::<f64>(along, quantile, channels, from, to, rows),
        _ => quantiles_of::<f32>(along, quantile, channels, from, to, rows),
    }
}

fn quantiles_of<T: Number>(
    along: Role,
    quantile: Quantile,
    channels: usize,
    from: &mut Rows,
    to: &mut Rows,
    rows: Range<i64>,
) {
    let (a, b) = (from.layout, to.layout);
    let source: &[u8] = from.bytes_mut(rows.start, rows.end);
    let target = to.bytes_mut(rows.start, rows.end);
    let rows = source.par_chunks_exact(a.row()).zip(target.par_chunks_exact_mut(b.row()));
    rows.for_each_init(Vec::new, |values: &mut Vec<f64>, (row, out)| {
        let mut write = |inner: usize, lane: usize, value: f64| {
            value.put(out, inner * b.lane_stride + b.lane_pad + lane);
        };
        let at = |inner: usize, lane: usize| inner * a.lane_stride + a.lane_pad + lane;
        if along == Role::Channel {
            for inner in 0..a.inner {
                values.clear();
                values.extend((0..channels).map(|lane| T::get(row, at(inner, lane)).wide()));
                write(inner, 0, quantile.of(values));
            }
        } else {
            for lane in 0..channels {
                values.clear();
                values.extend((0..a.inner).map(|inner| T::get(row, at(inner, lane)).wide()));
                write(0, lane, quantile.of(values));
            }
        }
    });
}

/// For every element the tap of a rank among those `lo ..= hi` around it. Rows, and inner positions, are those whose taps all exist; the
/// lanes beside the channels hold what the edge has there.
pub(crate) fn ranks(
    along: Role,
    (taps, rank): ((i32, i32), u32),
    channels: usize,
    from: &mut Rows,
    to: &mut Rows,
    rows: Range<i64>,
) {
    match from.layout.element {
        8 => ranks_of::<f64>(along, taps, rank as usize, channels, from, to, rows),
        _ => ranks_of::<f32>(along, taps, rank as usize, channels, from, to, rows),
    }
}

fn ranks_of<T: Number>(
    along: Role,
    (lo, hi): (i32, i32),
    rank: usize,
    channels: usize,
    from: &mut Rows,
    to: &mut Rows,
    rows: Range<i64>,
) {
    let (a, b) = (from.layout, to.layout);
    let count = hi.abs_diff(lo) as usize + 1;
    let fresh = || (Vec::new(), Vec::new(), Sliding::<T>::new(count, rank));
    if along == Role::Time {
        let source: &[u8] = from.bytes_mut(rows.start + i64::from(lo), rows.end + i64::from(hi));
        let target = to.bytes_mut(rows.start, rows.end);
        let outputs = (rows.end - rows.start).max(0) as usize;
        let groups = channels.div_ceil(TOGETHER);
        // Each group of lanes is a column of its own, laid into the rows when all are done.
        let columns: Vec<Vec<T>> = (0..a.inner * groups)
            .into_par_iter()
            .map_init(fresh, |(line, out, sliding), group| {
                let (inner, lanes) = (group / groups, lanes_of(group % groups, channels));
                let mut column = vec![T::default(); outputs * lanes.len()];
                for (offset, lane) in lanes.clone().enumerate() {
                    let at = inner * a.lane_stride + a.lane_pad + lane;
                    line.clear();
                    line.extend(source.chunks_exact(a.row()).map(|row| T::get(row, at)));
                    sliding.run(line, out);
                    for (row, value) in column.chunks_exact_mut(lanes.len()).zip(out.iter()) {
                        row[offset] = *value;
                    }
                }
                column
            })
            .collect();
        target.par_chunks_exact_mut(b.row()).enumerate().for_each(|(number, row)| {
            for (group, column) in columns.iter().enumerate() {
                let (inner, lanes) = (group / groups, lanes_of(group % groups, channels));
                let first = inner * b.lane_stride + b.lane_pad + lanes.start;
                let values = column.get(number * lanes.len()..).unwrap_or(&[]);
                for (offset, value) in values.iter().take(lanes.len()).enumerate() {
                    value.put(row, first + offset);
                }
            }
        });
        return;
    }
    let source: &[u8] = from.bytes_mut(rows.start, rows.end);
    let target = to.bytes_mut(rows.start, rows.end);
    let rows = source.par_chunks_exact(a.row()).zip(target.par_chunks_exact_mut(b.row()));
    rows.for_each_init(fresh, |(line, out, sliding), (row, written)| {
        let at = |layout: &Layout, inner: usize, lane: usize| inner * layout.lane_stride + lane;
        if along == Role::Channel {
            for inner in 0..a.inner {
                let first = at(&a, inner, a.lane_pad).wrapping_add_signed(lo as isize);
                line.clear();
                line.extend((first..first + channels + count - 1).map(|place| T::get(row, place)));
                sliding.run(line, out);
                for (lane, value) in out.iter().enumerate() {
                    value.put(written, at(&b, inner, b.lane_pad + lane));
                }
            }
        } else {
            for lane in 0..channels {
                line.clear();
                line.extend((0..a.inner).map(|inner| T::get(row, at(&a, inner, a.lane_pad + lane))));
                sliding.run(line, out);
                for (inner, value) in out.iter().enumerate() {
                    value.put(written, at(&b, inner, b.lane_pad + lane));
                }
            }
        }
    });
}

fn lanes_of(group: usize, channels: usize) -> Range<usize> {
    group * TOGETHER..channels.min((group + 1) * TOGETHER)
}
