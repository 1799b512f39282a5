//! Random small graphs and records, for property tests: whatever the builder accepts must verify, print, parse, compile, and give
//! the same however it is cut.
//!
//! Values stay moderate (bounded maps, stable recurrences, filters and taps of gains up to 1), so that a result rounded to f32 stays near the f64 meaning
//! unless [`Limits::steps`] asks for functions that jump.

#[cfg(test)]
mod tests;

use super::axis::{ChannelAxis, InnerAxis, InnerRole, Labels, Rows, Signal, TimeAxis};
use super::builder::{Builder, Section, div_ceil};
use super::prim::{Edge, Emission, Init, Reduction, Role, Scope, Slant, StateVar, TransformKind, WindowBody};
use super::{Expr, Graph, NodeId, Quantile, Type};
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

    fn map(&mut self, x: NodeId) -> Result<NodeId> {
        let (unit, dtype) = (self.signal(x)?.unit, self.float());
        let (a, b) = (self.random.between(-1.5, 1.5), self.random.between(-1.0, 1.0));
        let kind = self.random.below(if self.limits.steps { 12 } else { 9 });
        self.builder.map(&[x], unit, dtype, |e| {
            let x = e.input(0).to(dtype);
            let (a, b) = (e.constant_of(a, dtype), e.constant_of(b, dtype));
            let one = e.constant_of(1.0, dtype);
            vec![match kind {
                0 => x * a + b,
                1 => x.fma(a, b),
                2 => x.abs().min(a.abs()),
                3 => (x.abs() + one).sqrt(),
                4 => x / (x.abs() + one),
                5 => (-x.abs()).exp(),
                6 => (x.abs() + one).log(),
                7 => (x / (x.abs() + one)).cos() - x.max(b),
                8 => x.eq(x).select(x, b),
                9 => x.gt(b).select(x, -x),
                10 => (x * a).floor(),
                _ => x.lt(a).and(x.ge(b)).select(a, x),
            }]
        })
    }

    /// Two branches, or a branch and a statistic.
    fn join(&mut self, x: NodeId) -> Result<NodeId> {
        let y = self.pool[self.random.below(self.pool.len() as u64) as usize];
        let (unit, dtype) = (self.signal(x)?.unit, self.float());
        self.signal(y)?;
        let kind = self.random.below(3);
        self.builder.map(&[x, y], unit, dtype, |e| {
            let (x, y) = (e.input(0).to(dtype), e.input(1).to(dtype));
            vec![match kind {
                0 => x - y,
                1 => x / (y.abs() + e.constant_of(1.0, dtype)),
                _ => x.max(y) + e.constant_of(0.5, dtype) * y,
            }]
        })
    }

    /// A taper: depends on the place along an axis.
    fn place(&mut self, x: NodeId) -> Result<NodeId> {
        let signal = self.signal(x)?;
        let dtype = self.float();
        let role = match self.random.below(3) {
            0 if signal.time.is_some() => Role::Time,
            1 if signal.inner.is_some() => Role::Inner,
            _ => Role::Channel,
        };
        let row = signal.time.is_some() && self.random.chance(4);
        self.builder.map(&[x], signal.unit, dtype, |e| {
            let mut weight = (e.index(role) + e.constant(0.5)) / e.len(role);
            if row {
                weight = weight + (e.row() * e.constant(0.125)).sin();
            }
            vec![(e.input(0).to(DType::F64) * weight).to(dtype)]
        })
    }

    /// Two branches in one recurrence of two variables, the second fed by the first: `a` follows `x`, `b` follows `a + y`.
    fn coupled(&mut self, x: NodeId) -> Result<NodeId> {
        let y = self.pool[self.random.below(self.pool.len() as u64) as usize];
        let (sx, sy) = (self.signal(x)?, self.signal(y)?);
        let dtype = self.float();
        let (p, q) = (self.random.between(0.05, 0.9), self.random.between(0.05, 0.9));
        let first = Expr::write(&[sx.dtype, sy.dtype], |e| vec![e.input(1).to(DType::F64)]);
        let init = if self.random.chance(2) { Init::First(first) } else { Init::Value(0.5) };
        let state = vec![
            StateVar { dtype: DType::F64, init: Init::Value(0.0) },
            StateVar { dtype: DType::F64, init },
        ];
        let step = Expr::write_scan(&[sx.dtype, sy.dtype], &[DType::F64, DType::F64], |e| {
            let (x, y) = (e.input(0).to(DType::F64), e.input(1).to(DType::F64));
            let (a, b) = (e.state(0), e.state(1));
            let a = (x - a).fma(e.constant(p), a);
            let b = (a * e.constant(0.5) + y - b).fma(e.constant(q), b);
            vec![a, b, (a - b).to(dtype)]
        });
        self.builder.scan_expr(&[x, y], state, sx.unit, dtype, step)
    }

    /// A leaky integrator, or an exact sum of integers.
    fn recurrence(&mut self, x: NodeId) -> Result<NodeId> {
        let signal = self.signal(x)?;
        if !signal.dtype.is_float() {
            let state = vec![StateVar { dtype: DType::F64, init: Init::Value(0.0) }];
            return self.builder.scan(x, state, signal.unit, DType::F64, |e| {
                let sum = e.state(0) + e.input(0).to(DType::F64);
                vec![sum, sum.to(DType::F64)]
            });
        }
        let dtype = self.float();
        let kept = if self.random.chance(4) { dtype } else { DType::F64 };
        let init = match self.random.below(3) {
            0 => Init::First(Expr::write(&[signal.dtype], |e| vec![e.input(0).to(kept)])),
            1 => Init::Value(0.25),
            _ => Init::Value(0.0),
        };
        let (rate, guarded) = (self.random.between(0.05, 0.9), self.random.chance(2));
        self.builder.scan(x, vec![StateVar { dtype: kept, init }], signal.unit, dtype, |e| {
            let (x, state) = (e.input(0).to(kept), e.state(0));
            let x = if guarded { x.eq(x).select(x, state) } else { x };
            let next = (x - state).fma(e.constant_of(rate, kept), state);
            vec![next, next.to(dtype)]
        })
    }

    /// One or two stable second-order sections.
    fn filter(&mut self, x: NodeId) -> Result<NodeId> {
        let sections: Vec<Section> = (0..=self.random.below(2))
            .map(|_| {
                let (radius, angle) = (self.random.between(0.1, 0.9), self.random.between(0.2, 3.0));
                let b0 = if self.random.chance(3) { 1.0 } else { self.random.between(0.1, 0.6) };
                let b1 = if self.random.chance(3) { 0.0 } else { self.random.between(-0.5, 0.5) };
                Section { b: [b0, b1, -b0], a: [-2.0 * radius * angle.cos(), radius * radius] }
            })
            .collect();
        // Passes no record on larger than it came, so that rounding is not magnified either.
        let gain = self.random.between(0.2, 1.0) / largest_gain(&sections);
        self.builder.biquads(x, gain, &sections)
    }

    fn time_window(&mut self, x: NodeId) -> Result<NodeId> {
        let signal = self.signal(x)?;
        self.builder.time(x)?;
        let lo = 2 - self.random.below(9) as i32;
        let hi = lo + self.random.below(8) as i32;
        let hop = if self.random.chance(2) { 1 } else { 1 + self.random.below(4) as u32 };
        let edge = self.edge(true);
        let (body, dtype) = self.body(&signal, lo, hi);
        let window = self.builder.window(x, Role::Time, (lo, hi), hop, edge, body, signal.unit, dtype)?;
        if hop > 1 && self.random.chance(3) {
            let half = Rational::integer(i64::from(hop) - 1) / Rational::integer(2);
            let period = signal.time.map_or(Rational::ZERO, |t| t.period);
            self.builder.shift_origin(window, period * half);
        }
        Ok(window)
    }

    fn space_window(&mut self, x: NodeId) -> Result<NodeId> {
        let signal = self.signal(x)?;
        let along = if signal.inner.is_some() && self.random.chance(2) { Role::Inner } else { Role::Channel };
        let lo = -(self.random.below(4) as i32);
        let wide = if along == Role::Inner && self.random.chance(3) { 20 } else { 6 };
        let hi = lo + self.random.below(wide) as i32;
        let edge = self.edge(along == Role::Inner);
        let hop = if along == Role::Inner && self.random.chance(3) { 2 } else { 1 };
        let (body, dtype) = self.body(&signal, lo, hi);
        self.builder.window(x, along, (lo, hi), hop, edge, body, signal.unit, dtype)
    }

    fn edge(&mut self, valid: bool) -> Edge {
        let edges = [Edge::Zero, Edge::Nearest, Edge::Reflect, Edge::Mirror, Edge::Valid];
        edges[self.random.below(if valid { 5 } else { 4 }) as usize]
    }

    fn body(&mut self, signal: &Signal, lo: i32, hi: i32) -> (WindowBody, DType) {
        let taps = (hi - lo + 1) as usize;
        let dtype = self.float();
        match self.random.below(6) {
            0 => (WindowBody::Rank(self.random.below(taps as u64) as u32), dtype),
            5 => (WindowBody::Fold(Reduction::Sum), DType::F64),
            1 => (WindowBody::Fold(Reduction::Min), dtype),
            2 => (WindowBody::Fold(Reduction::Max), dtype),
            3 => {
                let most = 1.0 / taps as f64;
                (WindowBody::Dot((0..taps).map(|_| self.random.between(-most, most)).collect()), dtype)
            }
            _ => {
                let expr = Expr::write(&[signal.dtype], |e| {
                    let (first, last) = (e.tap(0, lo).to(dtype), e.tap(0, hi).to(dtype));
                    let middle = e.tap(0, (lo + hi) / 2).to(dtype);
                    vec![first.min(last).max(middle.min(first.max(last))) + (first - last).abs()]
                });
                (WindowBody::Stencil(expr), dtype)
            }
        }
    }

    /// A reduction, and mostly its difference from what was reduced.
    fn statistic(&mut self, x: NodeId) -> Result<NodeId> {
        let signal = self.signal(x)?;
        let along = match self.random.below(3) {
            0 if self.limits.whole => Role::Time,
            1 if signal.inner.is_some() => Role::Inner,
            _ => Role::Channel,
        };
        let shares = [0.0, 0.3, 0.5, 0.9, 1.0];
        let quantile = Quantile::new(shares[self.random.below(5) as usize]).unwrap_or(Quantile::MEDIAN);
        let quantile = Reduction::Quantile(quantile);
        let all = [Reduction::Sum, Reduction::Min, Reduction::Max, Reduction::Mean, Reduction::Std, quantile];
        // The largest of nothing is −∞, which would not stay moderate.
        let nothing = along == Role::Time
            && matches!(signal.time.as_ref().map(|t| &t.rows), Some(Rows::Segments(r)) if r.iter().any(|(a, b)| a >= b));
        let how = match all[self.random.below(6) as usize] {
            Reduction::Min | Reduction::Max if nothing => Reduction::Sum,
            how => how,
        };
        let scope = if self.random.chance(2) { Scope::Segment } else { Scope::Record };
        let statistic = self.builder.reduce(x, along, how, scope)?;
        if self.random.chance(4) {
            return Ok(statistic);
        }
        let dtype = self.float();
        self.builder.map(&[x, statistic], signal.unit, dtype, |e| {
            let (x, s) = (e.input(0).to(DType::F64), e.input(1).to(DType::F64));
            let result = match how {
                Reduction::Min | Reduction::Max | Reduction::Mean | Reduction::Quantile(_) => x - s,
                Reduction::Sum | Reduction::Std => x / (s.abs() + e.constant(1.0)),
            };
            vec![result.to(dtype)]
        })
    }

    fn slice(&mut self, x: NodeId) -> Result<NodeId> {
        let signal = self.builder.signal(x)?.clone();
        let (along, len) = match self.random.below(3) {
            0 if signal.inner.is_some() => (Role::Inner, u64::from(signal.inner_len())),
            1 => (Role::Channel, u64::from(signal.channels())),
            _ => (Role::Time, self.builder.time(x)?.rows.count().unwrap_or(0)),
        };
        let start = self.random.below(1 + len / 3);
        let stop = start + 1 + self.random.below(len.max(1));
        let step = if self.random.chance(2) { 1 } else { 1 + self.random.below(3) as u32 };
        self.builder.slice(x, along, start, stop, step)
    }

    /// Rows beyond the segments.
    fn beyond(&mut self, x: NodeId) -> Result<NodeId> {
        let rows = self.random.below(12) as u32;
        let edges = [Edge::Odd, Edge::Zero, Edge::Nearest, Edge::Reflect, Edge::Mirror];
        let edge = edges[self.random.below(5) as usize];
        if self.random.chance(3) {
            let after = self.random.below(12) as u32;
            return self.builder.extend(x, (rows, after), edge);
        }
        let extended = self.builder.extend(x, (rows, rows), edge)?;
        if self.random.chance(2) { self.builder.trim(extended, rows) } else { Ok(extended) }
    }

    /// A segment backwards, mostly filtered there and turned round again.
    fn backwards(&mut self, x: NodeId) -> Result<NodeId> {
        if !self.limits.whole {
            return self.map(x);
        }
        let reversed = self.builder.reverse(x)?;
        if self.random.chance(4) {
            return Ok(reversed);
        }
        let filtered = self.filter(reversed)?;
        self.builder.reverse(filtered)
    }

    fn gather(&mut self, x: NodeId) -> Result<NodeId> {
        let channels = u64::from(self.builder.signal(x)?.channels());
        let picked = (0..=self.random.below(self.limits.channels.max(1).into()))
            .map(|_| self.random.below(channels) as u32)
            .collect();
        self.builder.gather(x, picked)
    }

    /// Times a weight per channel, inner position or both, given with the graph.
    fn weigh(&mut self, x: NodeId) -> Result<NodeId> {
        let signal = self.signal(x)?;
        let dtype = self.float();
        let axes = self.random.below(4);
        let given = Signal {
            dtype,
            unit: Unit::none(),
            time: None,
            inner: signal.inner.clone().filter(|_| axes & 1 == 0),
            channel: signal.channel.clone().filter(|_| axes & 2 == 0),
        };
        let count = given.inner_len() * given.channels();
        let values: Vec<f64> = (0..count).map(|_| self.random.between(-1.0, 1.0)).collect();
        let weight = self.builder.constant(given, &values)?;
        let both = if self.random.chance(2) { [x, weight] } else { [weight, x] };
        self.builder.map(&both, signal.unit, dtype, |e| vec![e.input(0).to(dtype) * e.input(1).to(dtype)])
    }

    /// Sums along a few lines across channels and rows.
    fn slant(&mut self, x: NodeId) -> Result<NodeId> {
        let signal = self.signal(x)?;
        let lo = 2 - self.random.below(6) as i32;
        let (taps, lines) = (1 + self.random.below(7), 1 + self.random.below(4));
        let reach = self.random.below(9) as u32;
        let most = f64::from(reach);
        let mut shift = || match self.random.below(3) {
            0 => self.random.between(-most, most).round(),
            _ => self.random.between(-most, most),
        };
        let shifts: Vec<Vec<f64>> = (0..lines).map(|_| (0..taps).map(|_| shift()).collect()).collect();
        let even = self.random.chance(2);
        let weights = (0..taps).map(|_| if even { 1.0 } else { self.random.between(-0.5, 2.0) }).collect();
        let speeds: Vec<f64> = (0..lines).map(|p| (p * p) as f64).collect();
        let axis = InnerAxis::listed(InnerRole::Velocity, &speeds, Unit::none());
        let (squared, extended) = (self.random.chance(3), self.random.chance(2));
        let x = self.builder.convert(x, DType::F32)?;
        let (before, edge) =
            (self.random.below(3) as u32 * reach, [Edge::Zero, Edge::Nearest][self.random.below(2) as usize]);
        let x = if extended { self.builder.extend(x, (before, reach), edge)? } else { x };
        let ends = (lo, lo + taps as i32 - 1);
        let sums = self.builder.slant(
            x,
            ends,
            Slant { reach, shifts, weights, squared },
            axis,
            signal.unit.clone(),
        )?;
        self.builder.map(&[sums], signal.unit, DType::F32, |e| {
            let x = e.input(0);
            vec![x / (x.abs() + e.constant_of(1.0, DType::F32))]
        })
    }

    /// Several filters over the same taps, and sometimes their results as samples at another rate.
    fn bank(&mut self, x: NodeId) -> Result<NodeId> {
        let signal = self.signal(x)?;
        let time = self.builder.time(x)?.clone();
        let lo = 2 - self.random.below(9) as i32;
        let taps = 1 + self.random.below(12);
        let hop = 1 + self.random.below(4) as u32;
        let filters = 1 + self.random.below(5);
        let most = 1.0 / taps as f64;
        let bank =
            (0..filters).map(|_| (0..taps).map(|_| self.random.between(-most, most)).collect()).collect();
        let (edge, dtype) = (self.edge(true), self.float());
        let positions: Vec<f64> = (0..filters).map(|p| (p * p) as f64).collect();
        let axis = InnerAxis::listed(InnerRole::Scale, &positions, Unit::none());
        let ends = (lo, lo + taps as i32 - 1);
        let bank = self.builder.bank(x, ends, hop, edge, bank, axis, signal.unit, dtype)?;
        if self.random.chance(2) {
            return Ok(bank);
        }
        let up = filters as i64;
        let moved = |row: i64| div_ceil(row * up, hop.into());
        let rows = time.rows.map(|a, b| (moved(a), moved(b)));
        let period = time.period * Rational::integer(hop.into()) / Rational::integer(up);
        self.builder.overlap_add(bank, filters as u32, 0, TimeAxis { period, rows, ..time })
    }

    /// Up to three signals beside each other.
    fn side_by_side(&mut self, x: NodeId) -> Result<NodeId> {
        let dtype = self.float();
        let unit = self.signal(x)?.unit;
        let mut inputs = Vec::new();
        for i in 0..=self.random.below(3) {
            let y = if i == 0 { x } else { self.pool[self.random.below(self.pool.len() as u64) as usize] };
            let y = self.builder.convert(y, dtype)?;
            inputs.push(self.builder.map(&[y], unit.clone(), dtype, |e| vec![e.input(0)])?);
        }
        let mut len = 0;
        for input in &inputs {
            len += self.signal(*input)?.inner_len();
        }
        let axis = InnerAxis {
            role: InnerRole::Band,
            len,
            start: 0.0,
            step: 1.0,
            unit: Unit::none(),
            positions: None,
        };
        self.builder.join(&inputs, axis)
    }

    /// Frames and their power spectrum, or what an inverse transform makes of them again; or an envelope.
    fn spectrum(&mut self, x: NodeId) -> Result<NodeId> {
        if !self.limits.transforms {
            return self.map(x);
        }
        let time = self.builder.time(x)?.clone();
        if self.limits.whole && self.random.chance(4) {
            let analytic = self.builder.transform(x, TransformKind::Analytic, Role::Time)?;
            return self.modulus(analytic);
        }
        let n = [4, 6, 8, 15, 16][self.random.below(5) as usize];
        let hop = 1 + self.random.below((n + 2).into()) as u32;
        let lo = [0, -(n as i32) / 2, 1 - n as i32][self.random.below(3) as usize];
        let edge = if self.random.chance(4) { Edge::Cover } else { self.edge(true) };
        let padded = edge == Edge::Zero && self.random.chance(2);
        let frames = self.builder.frame_padded(x, n, hop, lo, edge, padded)?;
        if self.random.chance(4) {
            return Ok(frames);
        }
        if self.random.chance(3) {
            return self.correlation(frames, n);
        }
        let dtype = self.builder.real(frames)?.float();
        let unit = self.builder.signal(frames)?.unit.clone();
        let tapered = self.builder.map(&[frames], unit, dtype, |e| {
            let phase = e.index(Role::Inner) * e.constant(std::f64::consts::TAU) / e.len(Role::Inner);
            let window = e.constant(0.5) - e.constant(0.5) * phase.cos();
            vec![(e.input(0).to(DType::F64) * window).to(dtype)]
        })?;
        let spectrum = self.builder.transform(tapered, TransformKind::Forward, Role::Inner)?;
        let spectrum = if self.random.chance(3) { self.fan(spectrum)? } else { spectrum };
        if self.random.chance(2) {
            return self.modulus(spectrum);
        }
        if self.random.chance(4) {
            let analytic = self.builder.analytic(spectrum, n, 0.0)?;
            return self.modulus(analytic);
        }
        let start = f64::from(lo) * time.period.as_f64();
        let back = self.builder.inverse(spectrum, n, start)?;
        let weights = match self.random.below(3) {
            0 => Vec::new(),
            _ => (0..n).map(|_| self.random.between(0.5, 2.0)).collect(),
        };
        self.builder.overlap_mean(back, hop, lo, weights, time)
    }

    /// Weights wavenumbers of blocks of channels, and mostly comes back from them.
    fn fan(&mut self, x: NodeId) -> Result<NodeId> {
        let signal = self.builder.signal(x)?.clone();
        let channels = signal.channels();
        let blocks: Vec<u32> = (1..=channels).filter(|n| channels % n == 0).collect();
        let block = blocks[self.random.below(blocks.len() as u64) as usize];
        let wavenumbers = self.builder.wavenumbers(x, block)?;
        let weighted = self.builder.map(&[wavenumbers], signal.unit, DType::C32, |e| {
            let weight = ((e.index(Role::Channel) - e.index(Role::Inner)) * e.constant(0.25)).cos();
            let weight = weight.to(DType::F32);
            vec![e.input(0) * weight, e.imaginary(0) * weight]
        })?;
        if self.random.chance(4) {
            return Ok(weighted);
        }
        self.builder.from_wavenumbers(weighted)
    }

    /// Frames against a template given with the graph, a mean over channels, or themselves.
    fn correlation(&mut self, frames: NodeId, n: u32) -> Result<NodeId> {
        let dtype = self.float();
        let frames = self.builder.convert(frames, dtype)?;
        let signal = self.signal(frames)?;
        let template = match self.random.below(3) {
            0 => {
                let len = 1 + self.random.below(2 * u64::from(n)) as u32;
                let channel = signal.channel.clone().filter(|_| self.random.chance(2));
                let inner = signal.inner.clone().map(|axis| InnerAxis { len, ..axis });
                let given = Signal { dtype, unit: Unit::none(), time: None, inner, channel };
                let count = given.inner_len() * given.channels();
                let values: Vec<f64> = (0..count).map(|_| self.random.between(-0.3, 0.3)).collect();
                self.builder.constant(given, &values)?
            }
            1 => self.builder.reduce(frames, Role::Channel, Reduction::Mean, Scope::Segment)?,
            _ => frames,
        };
        let lo = self.random.below(2 * u64::from(n)) as i32 - n as i32;
        let hi = lo + self.random.below(u64::from(n)) as i32;
        let lags = self.builder.correlate(frames, template, (lo, hi))?;
        self.builder.map(&[lags], signal.unit, dtype, |e| {
            let x = e.input(0);
            vec![(x / (x.abs() + e.constant(1.0))).to(dtype)]
        })
    }

    fn modulus(&mut self, x: NodeId) -> Result<NodeId> {
        let unit = self.builder.signal(x)?.unit.clone();
        self.builder.map(&[x], unit, DType::F32, |e| {
            let (re, im) = (e.input(0), e.imaginary(0));
            vec![(re * re + im * im).sqrt()]
        })
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

/// The most by which sections can magnify any record: the sum of the magnitudes of their impulse response, over as many
/// samples as poles of radius 0.9 take to fade below 1e-20.
fn largest_gain(sections: &[Section]) -> f64 {
    let mut kept = vec![[0.0; 2]; sections.len()];
    let mut sum = 0.0;
    for sample in 0..500 {
        let mut x = if sample == 0 { 1.0 } else { 0.0 };
        for (section, kept) in sections.iter().zip(&mut kept) {
            let y = section.b[0] * x + kept[0];
            *kept = [section.b[1] * x - section.a[0] * y + kept[1], section.b[2] * x - section.a[1] * y];
            x = y;
        }
        sum += x.abs();
    }
    sum.max(1.0)
}

/// SplitMix64 (Steele et al. 2014).
struct Random(u64);

impl Random {
    fn new(seed: u64) -> Random {
        Random(seed.wrapping_mul(0x2545_f491_4f6c_dd1d))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n.max(1)
    }

    /// True once in `n`.
    fn chance(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    fn between(&mut self, lo: f64, hi: f64) -> f64 {
        lo + (hi - lo) * ((self.next() >> 11) as f64 / (1u64 << 53) as f64)
    }
}
