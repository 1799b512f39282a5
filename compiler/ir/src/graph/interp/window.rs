//! Windows: taps around a centre, and what lies beyond the ends of an axis.

use super::expression::{Evaluator, Place};
use super::primitive::{accumulate, store};
use super::tensor::Tensor;
use crate::Result;
use crate::graph::prim::{Edge, Role, Slant, WindowBody};

/// Which taps a window reads.
#[derive(Clone, Copy, Debug)]
pub struct Taps {
    pub along: Role,
    pub lo: i32,
    pub hi: i32,
    pub hop: u32,
    pub edge: Edge,
}

pub fn window(taps: Taps, body: &WindowBody, x: &Tensor, out: Tensor) -> Result<Tensor> {
    let places = Places::of(&out);
    let mut evaluator = match body {
        WindowBody::Stencil(expr) => Some(Evaluator::new(expr, &[x.dtype], &[])?),
        WindowBody::Fold(_)
        | WindowBody::Dot(_)
        | WindowBody::Bank(_)
        | WindowBody::Slant(_)
        | WindowBody::Rank(_) => None,
    };
    let mut values = Vec::new();
    out.fill(|segment, row, inner, channel, element| {
        let tap = |tap: i32, plane: usize| taps.read(x, (segment, row, inner, channel, plane), tap);
        match (body, &mut evaluator) {
            (WindowBody::Stencil(_), Some(evaluator)) => {
                let place = places.at(segment, row, inner, channel);
                store(evaluator.evaluate(&place, &[], |_, t, plane| tap(t, plane as usize))?, element);
            }
            (WindowBody::Dot(coefficients), _) => {
                element[0] = coefficients
                    .iter()
                    .zip(taps.lo..)
                    .fold(0.0, |sum, (coefficient, t)| coefficient.mul_add(tap(t, 0), sum));
            }
            (WindowBody::Bank(bank), _) => {
                let coefficients = bank.get(inner).map_or(&[][..], Vec::as_slice);
                element[0] = coefficients
                    .iter()
                    .zip(taps.lo..)
                    .fold(0.0, |sum, (coefficient, t)| coefficient.mul_add(tap(t, 0), sum));
            }
            (WindowBody::Slant(Slant { shifts, weights, squared, .. }), _) => {
                let shifts = shifts.get(inner).map_or(&[][..], Vec::as_slice);
                element[0] =
                    shifts.iter().zip(weights).zip(taps.lo..).fold(0.0, |sum, ((shift, weight), t)| {
                        let (offset, here, next) = Slant::between(*shift);
                        let at = |row: i64| taps.read(x, (segment, row, 0, channel, 0), t);
                        let mut value = here * at(row + offset);
                        if next > 0.0 {
                            value += next * at(row + offset + 1);
                        }
                        sum + weight * if *squared { value * value } else { value }
                    });
            }
            (WindowBody::Fold(how), _) => {
                values.clear();
                values.extend((taps.lo..=taps.hi).map(|t| tap(t, 0)));
                element[0] = accumulate(*how, &values);
            }
            (WindowBody::Rank(rank), _) => {
                values.clear();
                values.extend((taps.lo..=taps.hi).map(|t| tap(t, 0)));
                values.sort_by(f64::total_cmp);
                let missing = values.iter().any(|x| x.is_nan());
                element[0] = values.get(*rank as usize).filter(|_| !missing).copied().unwrap_or(f64::NAN);
            }
            (WindowBody::Stencil(_), None) => element.fill(f64::NAN),
        }
        Ok(())
    })
}

impl Taps {
    /// The element `tap` places from the centre of an output element.
    fn read(
        &self,
        x: &Tensor,
        (segment, row, inner, channel, plane): (usize, i64, usize, usize, usize),
        tap: i32,
    ) -> f64 {
        let tap = i64::from(tap);
        let beyond =
            |len: usize, at: usize| extend(self.edge, at as i64 + tap, 0, len as i64).map(|i| i as usize);
        match self.along {
            Role::Time => {
                let (a, b) = x.ranges.get(segment).copied().unwrap_or((0, 0));
                extend(self.edge, row * i64::from(self.hop) + tap, a, b)
                    .map_or(0.0, |r| x.at(segment, r, inner, channel, plane))
            }
            // Position 0 is the first whose taps all exist.
            Role::Inner => {
                let at = inner as i64 * i64::from(self.hop) + tap - i64::from(self.lo);
                extend(self.edge, at, 0, x.inner as i64)
                    .map_or(0.0, |i| x.at(segment, row, i as usize, channel, plane))
            }
            Role::Channel => beyond(x.channels, channel).map_or(0.0, |c| x.at(segment, row, inner, c, plane)),
        }
    }
}

/// The index within `a .. b` that stands for `index`; `None` is zero.
pub fn extend(edge: Edge, index: i64, a: i64, b: i64) -> Option<i64> {
    edge.position(index - a, b - a).map(|i| a + i)
}

/// The positions and lengths that expressions over an array see.
#[derive(Debug)]
pub struct Places {
    timed: bool,
    ranges: Vec<(i64, i64)>,
    inner: i64,
    channels: i64,
}

impl Places {
    pub fn of(out: &Tensor) -> Places {
        Places {
            timed: out.timed,
            ranges: out.ranges.clone(),
            inner: out.inner as i64,
            channels: out.channels as i64,
        }
    }

    pub fn at(&self, segment: usize, row: i64, inner: usize, channel: usize) -> Place {
        let (a, b) = match self.ranges.get(segment) {
            Some(range) if self.timed => *range,
            _ => (row, row + 1),
        };
        Place { row, index: [row - a, inner as i64, channel as i64], len: [b - a, self.inner, self.channels] }
    }
}
