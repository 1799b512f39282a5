//! What changes which rows, positions and channels there are.

use super::Grower;
use crate::graph::axis::{InnerAxis, InnerRole, Rows};
use crate::graph::prim::{Edge, Reduction, Role, Scope};
use crate::graph::{NodeId, Quantile};
use crate::{DType, Result, Unit};

impl Grower<'_> {
    /// A reduction, and mostly its difference from what was reduced.
    pub(super) fn statistic(&mut self, x: NodeId) -> Result<NodeId> {
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

    pub(super) fn slice(&mut self, x: NodeId) -> Result<NodeId> {
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
    pub(super) fn beyond(&mut self, x: NodeId) -> Result<NodeId> {
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
    pub(super) fn backwards(&mut self, x: NodeId) -> Result<NodeId> {
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

    pub(super) fn gather(&mut self, x: NodeId) -> Result<NodeId> {
        let channels = u64::from(self.builder.signal(x)?.channels());
        let picked = (0..=self.random.below(self.limits.channels.max(1).into()))
            .map(|_| self.random.below(channels) as u32)
            .collect();
        self.builder.gather(x, picked)
    }

    /// Up to three signals beside each other.
    pub(super) fn side_by_side(&mut self, x: NodeId) -> Result<NodeId> {
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
}
