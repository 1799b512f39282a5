//! Random small graphs and records, for property tests: whatever the builder accepts must verify, print, parse, compile, and give
//! the same however it is cut.
//!
//! Values stay moderate (bounded maps, stable recurrences, filters and taps of gains up to 1), so that a result rounded to f32 stays near the f64 meaning
//! unless [`Limits::steps`] asks for functions that jump.

mod numbers;
mod pointwise;
mod recurrence;
mod rows;
mod spectrum;
#[cfg(test)]
mod tests;
mod window;

use numbers::Random;

use super::axis::{ChannelAxis, Labels, Rows, Signal, TimeAxis};
use super::builder::Builder;
use super::prim::Emission;
use super::{Graph, NodeId, Type};
use crate::{DType, Rational, Result, Unit};

/// How large a random graph is, and what may be in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Limits {
    /// Operators that are tried; some are refused by the builder and left out.
    pub operators: usize,
    pub rows: u32,
    pub segments: u32,
    pub channels: u32,
    /// Frames, FFTs and overlap-add, which agree by tolerance only.
    pub transforms: bool,
    /// Reductions over time that are broadcast back, and transforms of whole segments.
    pub whole: bool,
    /// Functions that jump (floor, comparisons of computed values).
    pub steps: bool,
    /// A table among the outputs.
    pub events: bool,
    /// NaN in float records.
    pub nan: bool,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            operators: 8,
            rows: 300,
            segments: 3,
            channels: 6,
            transforms: true,
            whole: true,
            steps: true,
            events: true,
            nan: true,
        }
    }
}

/// A graph of a seed; the same for the same seed and limits.
pub fn random_graph(seed: u64, limits: &Limits) -> Graph {
    let mut random = Random::new(seed);
    let mut builder = Builder::new();
    builder.enter("READ", None);
    let source = builder.source(random_source(&mut random, limits));
    let mut grower = Grower { builder, pool: vec![source], random, limits };
    for step in 0..limits.operators {
        let name = format!("STEP{step}");
        grower.builder.enter(&name, None);
        // What the builder refuses (a window longer than the record, a branch at another rate) is simply not there.
        let _refused = grower.grow();
    }
    let mut outputs = vec![grower.newest()];
    for _ in 0..grower.random.below(3) {
        let other = grower.any();
        if !outputs.contains(&other) {
            outputs.push(other);
        }
    }
    if limits.events && grower.random.chance(3) {
        grower.builder.enter("DETECT", None);
        outputs.extend(grower.detection());
    }
    grower.builder.finish(outputs)
}

/// A record for a graph: the numbers of its source, as [`super::interp::interpret`] takes them. Integers for integer sources, and
/// numbers that an f32 holds for F32.
pub fn random_input(graph: &Graph, seed: u64, limits: &Limits) -> Vec<f64> {
    let Some(Type::Signal(signal)) = graph.nodes.first().map(|n| &n.ty) else { return Vec::new() };
    let rows = signal.time.as_ref().and_then(|t| t.rows.count()).unwrap_or(0);
    let mut random = Random::new(seed ^ 0x5eed);
    let holes = limits.nan && signal.dtype.is_float() && random.chance(3);
    let count = rows * u64::from(signal.inner_len()) * u64::from(signal.channels());
    let offset = random.between(-2.0, 2.0);
    (0..count)
        .map(|_| {
            let value = offset + random.between(-1.0, 1.0) + random.between(-1.0, 1.0);
            match signal.dtype {
                DType::I16 | DType::I32 | DType::I64 => (value * 1000.0).round(),
                _ if holes && random.chance(60) => f64::NAN,
                DType::F64 => value,
                DType::Bool | DType::F32 | DType::C32 => f64::from(value as f32),
            }
        })
        .collect()
}

fn random_source(random: &mut Random, limits: &Limits) -> Signal {
    let (mut ranges, mut row) = (Vec::new(), random.below(40) as i64 - 10);
    for _ in 0..=random.below(limits.segments.max(1).into()) {
        let len = 1 + random.below(u64::from(limits.rows.max(1))) as i64 / i64::from(limits.segments.max(1));
        ranges.push((row, row + len));
        row += len + 1 + random.below(50) as i64;
    }
    let rate = [100, 1000, 3000][random.below(3) as usize];
    Signal {
        dtype: [DType::I16, DType::I32, DType::F32, DType::F64][random.below(4) as usize],
        unit: Unit::parse("count").unwrap_or_else(Unit::none),
        time: Some(TimeAxis {
            period: Rational::integer(1) / Rational::integer(rate),
            origin: Rational::ZERO,
            rows: Rows::Segments(ranges),
        }),
        inner: None,
        channel: Some(ChannelAxis {
            len: 1 + random.below(limits.channels.max(1).into()) as u32,
            first: random.below(100) as i64,
            stride: 1 + random.below(2) as i64,
            distance: 0.0,
            spacing: 2.5,
            positions: None,
            labels: Labels::Regular,
        }),
    }
}

struct Grower<'a> {
    builder: Builder,
    pool: Vec<NodeId>,
    random: Random,
    limits: &'a Limits,
}

impl Grower<'_> {
    fn newest(&self) -> NodeId {
        self.pool.last().copied().unwrap_or(NodeId(0))
    }

    /// The newest node, mostly; chains grow long and still branch.
    fn any(&mut self) -> NodeId {
        if self.random.chance(3) {
            self.pool[self.random.below(self.pool.len() as u64) as usize]
        } else {
            self.newest()
        }
    }

    fn grow(&mut self) -> Result<()> {
        let x = self.any();
        let grown = match self.random.below(18) {
            0 | 1 => self.map(x)?,
            2 => self.join(x)?,
            3 => self.place(x)?,
            4 if self.random.chance(3) => self.coupled(x)?,
            4 => self.recurrence(x)?,
            5 => self.filter(x)?,
            6 | 7 => self.time_window(x)?,
            8 => self.space_window(x)?,
            9 => self.statistic(x)?,
            10 => self.slice(x)?,
            11 => self.gather(x)?,
            12 => self.weigh(x)?,
            13 if self.pool.len().is_multiple_of(3) && self.signal(x)?.inner.is_none() => self.slant(x)?,
            13 => self.bank(x)?,
            14 => self.side_by_side(x)?,
            15 => self.beyond(x)?,
            16 => self.backwards(x)?,
            _ => self.spectrum(x)?,
        };
        self.pool.push(grown);
        Ok(())
    }

    fn signal(&self, x: NodeId) -> Result<Signal> {
        self.builder.real(x).cloned()
    }

    fn float(&mut self) -> DType {
        if self.random.chance(4) { DType::F64 } else { DType::F32 }
    }

    fn detection(&mut self) -> Option<NodeId> {
        let x = self.any();
        let on = self.random.between(-0.5, 1.5);
        let off = on - self.random.between(0.0, 1.0);
        let emission =
            Emission { on, off, merge_seconds: 0.01, merge_channels: 1, detector: "random".to_string() };
        self.builder.emit(x, emission).ok()
    }
}
