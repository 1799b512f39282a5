//! Sums along lines across channels and rows. One row and line a call, its lanes side by side, taps in order in F64 with a product and a
//! sum each rounded: the bits depend on nothing else.

use std::ops::Range;

use dasc_ir::graph::Slant;
use rayon::prelude::*;

use crate::rows::{Layout, Rows};

/// Lines ready to be summed along.
pub(crate) struct Lines {
    /// Rows read before and after each.
    pub reach: i64,
    lo: i64,
    squared: bool,
    weights: Vec<f64>,
    /// For every line and tap the offset of a row, and the weights of it and of the next.
    taps: Vec<Vec<(i64, f64, f64)>>,
}

/// Bytes of a number.
const F32: usize = size_of::<f32>();

impl Lines {
    pub fn new(slant: &Slant, lo: i32) -> Lines {
        let of = |shifts: &Vec<f64>| shifts.iter().map(|s| Slant::between(*s)).collect();
        Lines {
            reach: slant.reach.into(),
            lo: lo.into(),
            squared: slant.squared,
            weights: slant.weights.clone(),
            taps: slant.shifts.iter().map(of).collect(),
        }
    }

    /// Sums for these rows. The lanes beside the channels of `from` are there, as zeros.
    pub fn run(&self, from: &mut Rows, to: &mut Rows, rows: Range<i64>) {
        let (a, b) = (from.layout, to.layout);
        let first = rows.start - self.reach;
        let source: &[u8] = from.bytes_mut(first, rows.end + self.reach);
        let target = to.bytes_mut(rows.start, rows.end);
        let lines = target.par_chunks_exact_mut(b.row()).enumerate().flat_map_iter(|(row, bytes)| {
            let lines = bytes.chunks_exact_mut(b.lane_stride * F32).take(b.inner).zip(&self.taps);
            lines.map(move |(line, taps)| (row, line, taps))
        });
        lines.for_each_init(Vec::new, |sums, (row, line, taps)| {
            let lanes = line.get_mut(b.lane_pad * F32..).unwrap_or_default();
            let count = (b.lane_stride - 2 * b.lane_pad).min(a.lane_stride - 2 * a.lane_pad);
            sums.clear();
            sums.resize(count, 0.0);
            for (k, (&(offset, here, next), &weight)) in (self.lo..).zip(taps.iter().zip(&self.weights)) {
                let at = |row: i64| lanes_of(source, &a, row, k, count);
                let row = row as i64 + self.reach + offset;
                if next > 0.0 {
                    self.add(sums, weight, (at(row), here), (at(row + 1), next));
                } else {
                    self.add_row(sums, weight, at(row));
                }
            }
            for (out, sum) in lanes.as_chunks_mut().0.iter_mut().zip(sums) {
                *out = (*sum as f32).to_ne_bytes();
            }
        });
    }

    fn add(&self, sums: &mut [f64], weight: f64, (x, here): (&[u8], f64), (y, next): (&[u8], f64)) {
        let values = x.as_chunks().0.iter().zip(y.as_chunks().0);
        let values = values.map(|(x, y)| here * number(x) + next * number(y));
        self.sum(sums, weight, values);
    }

    fn add_row(&self, sums: &mut [f64], weight: f64, x: &[u8]) {
        self.sum(sums, weight, x.as_chunks().0.iter().map(number));
    }

    fn sum(&self, sums: &mut [f64], weight: f64, values: impl Iterator<Item = f64>) {
        if self.squared {
            sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += weight * (value * value));
        } else {
            sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += weight * value);
        }
    }
}

fn number(bytes: &[u8; F32]) -> f64 {
    f32::from_ne_bytes(*bytes).into()
}

/// The bytes of the lanes `k` channels on, of a row counted from the beginning of the memory.
fn lanes_of<'a>(source: &'a [u8], layout: &Layout, row: i64, k: i64, count: usize) -> &'a [u8] {
    let from = row * layout.row() as i64 + (layout.lane_pad as i64 + k) * F32 as i64;
    let from = usize::try_from(from).unwrap_or(usize::MAX);
    source.get(from..from.saturating_add(count * F32)).unwrap_or_default()
}
