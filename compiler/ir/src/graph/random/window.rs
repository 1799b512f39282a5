//! Windows along every axis, banks of filters and sums along lines.

use super::Grower;
use crate::graph::axis::{InnerAxis, InnerRole, Signal, TimeAxis};
use crate::graph::builder::div_ceil;
use crate::graph::prim::{Edge, Reduction, Role, Slant, WindowBody};
use crate::graph::{Expr, NodeId};
use crate::{DType, Rational, Result, Unit};

impl Grower<'_> {
    pub(super) fn time_window(&mut self, x: NodeId) -> Result<NodeId> {
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

    pub(super) fn space_window(&mut self, x: NodeId) -> Result<NodeId> {
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

    pub(super) fn edge(&mut self, valid: bool) -> Edge {
        let edges = [Edge::Zero, Edge::Nearest, Edge::Reflect, Edge::Mirror, Edge::Valid];
        edges[self.random.below(if valid { 5 } else { 4 }) as usize]
    }

    pub(super) fn body(&mut self, signal: &Signal, lo: i32, hi: i32) -> (WindowBody, DType) {
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

    /// Sums along a few lines across channels and rows.
    pub(super) fn slant(&mut self, x: NodeId) -> Result<NodeId> {
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
    pub(super) fn bank(&mut self, x: NodeId) -> Result<NodeId> {
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
}
