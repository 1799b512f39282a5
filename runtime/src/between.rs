//! Stages between kernels: each makes the rows of one stream from those of another, all channels side by side.

use std::fmt;
use std::ops::Range;

use dasc_compiler::plan::{Flow, Stage};
use dasc_ir::graph::Role;

use crate::across::Across;
use crate::lines::Lines;
use crate::order::{quantiles, ranks};
use crate::rows::{Layout, Rows};

/// A stage ready to run.
pub(crate) struct Between {
    pub input: usize,
    pub output: usize,
    /// Rows of the input that a row of the output reads, before and after its own.
    pub back: i64,
    pub ahead: i64,
    /// Fills these rows of the output.
    pub fill: Box<Fill>,
}

pub(crate) type Fill = dyn Fn(&mut Rows, &mut Rows, Range<i64>) + Send + Sync;

impl Between {
    /// `None` for a kernel, and for a model, which remembers windows from chunk to chunk.
    pub fn new(stage: &Stage, flow: &Flow) -> Option<Between> {
        let (input, output) = stage.between()?;
        let channels = flow.streams.get(input as usize).map_or(0, |s| s.channels as usize);
        let (mut back, mut ahead) = (0, 0);
        let fill: Box<Fill> = match stage.clone() {
            Stage::Kernel(_) | Stage::Call { .. } => return None,
            Stage::Gather { channels, .. } => {
                Box::new(move |from, to, rows| copy_channels(from, to, rows, &channels))
            }
            Stage::Transform { block, inverse, .. } => {
                let across = Across::new(block as usize, channels, inverse);
                Box::new(move |from, to, rows| across.run(from, to, rows))
            }
            Stage::Slant { lo, slant, .. } => {
                let lines = Lines::new(&slant, lo);
                (back, ahead) = (lines.reach, lines.reach);
                Box::new(move |from, to, rows| lines.run(from, to, rows))
            }
            Stage::Quantile { along, quantile, .. } => {
                Box::new(move |from, to, rows| quantiles((along, quantile), channels, from, to, rows))
            }
            Stage::Rank { along, lo, hi, rank, .. } => {
                if along == Role::Time {
                    (back, ahead) = (-i64::from(lo), i64::from(hi));
                }
                Box::new(move |from, to, rows| ranks(along, ((lo, hi), rank), channels, from, to, rows))
            }
        };
        Some(Between { input: input as usize, output: output as usize, back, ahead, fill })
    }
}

impl fmt::Debug for Between {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Between { input, output, back, ahead, .. } = self;
        write!(f, "Between({input} to {output}, {back} rows back, {ahead} ahead)")
    }
}

/// Rows of the channels listed, in that order.
fn copy_channels(from: &mut Rows, to: &mut Rows, rows: Range<i64>, channels: &[u32]) {
    let (a, b) = (from.layout, to.layout);
    let count = (rows.end - rows.start).max(0) as usize;
    let source = from.bytes_mut(rows.start, rows.end);
    let target = to.bytes_mut(rows.start, rows.end);
    for row in 0..count {
        for part in 0..a.inner * a.planes {
            let lane = |l: &Layout, lane: usize| {
                row * l.row() + (part * l.lane_stride + l.lane_pad + lane) * l.element
            };
            for (i, &channel) in channels.iter().enumerate() {
                let (x, y) = (lane(&a, channel as usize), lane(&b, i));
                target[y..y + a.element].copy_from_slice(&source[x..x + a.element]);
            }
        }
    }
}
