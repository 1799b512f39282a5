//! Maps of one and two inputs, and weights given with the graph.

use super::Grower;
use crate::graph::NodeId;
use crate::graph::axis::Signal;
use crate::graph::prim::Role;
use crate::{DType, Result, Unit};

impl Grower<'_> {
    pub(super) fn map(&mut self, x: NodeId) -> Result<NodeId> {
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
    pub(super) fn join(&mut self, x: NodeId) -> Result<NodeId> {
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
    pub(super) fn place(&mut self, x: NodeId) -> Result<NodeId> {
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

    /// Times a weight per channel, inner position or both, given with the graph.
    pub(super) fn weigh(&mut self, x: NodeId) -> Result<NodeId> {
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
}
