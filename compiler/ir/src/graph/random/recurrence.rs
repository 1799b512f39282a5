//! Scans: recurrences and filters whose values stay moderate.

use super::Grower;
use crate::graph::builder::Section;
use crate::graph::prim::{Init, StateVar};
use crate::graph::{Expr, NodeId};
use crate::{DType, Result};

impl Grower<'_> {
    /// Two branches in one recurrence of two variables, the second fed by the first: `a` follows `x`, `b` follows `a + y`.
    pub(super) fn coupled(&mut self, x: NodeId) -> Result<NodeId> {
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
    pub(super) fn recurrence(&mut self, x: NodeId) -> Result<NodeId> {
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
    pub(super) fn filter(&mut self, x: NodeId) -> Result<NodeId> {
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
