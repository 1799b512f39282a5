//! Part of a record: NumPy slicing by time, channel number or distance.

use dasc_ir::graph::{Builder, ChannelAxis, NodeId, Role, Rows};
use dasc_ir::literal::Literal;
use dasc_ir::parameter::{Span1, quantity_in};
use dasc_ir::{Rational, Result, operator};

use super::Operator;

operator! {
    /// Part of the data: a stretch of time, some channels, or both. Ranges are half-open and either end may be missing.
    ///
    /// Nothing is renumbered: channels keep the numbers of the file, rows their place in the record. An end beyond the
    /// data means its end; a range that selects nothing is refused.
    Slice = "SLICE" () {
        /// Durations from the first sample of the input (`2s..5s`), sample numbers (`100..300`) or shares (`10%..90%`); `/k` keeps every k-th row, without an anti-alias filter.
        time: Option<Span1> = None,
        /// Channel numbers of the file; `/k` keeps every k-th number.
        ch: Option<Span1> = None,
        /// Distance along the fibre in metres, or with its unit.
        dist: Option<Span1> = None,
    }
    example "SLICE TIME=2s..5s CH=10..50/2";
    reference "NumPy slicing: x[2000:5000, 10:50:2]";
}

impl Operator for Slice {
    fn build(&self, b: &mut Builder, x: NodeId) -> Result<NodeId> {
        if self.time.is_none() && self.ch.is_none() && self.dist.is_none() {
            return Err(b.diag("needs TIME, CH or DIST").help("for example SLICE TIME=2s..5s"));
        }
        let mut y = x;
        if let Some(range) = &self.time {
            y = chosen_times(b, y, range)?;
        }
        if let Some(range) = &self.ch {
            y = chosen_numbers(b, y, range)?;
        }
        if let Some(range) = &self.dist {
            y = distances(b, y, range)?;
        }
        Ok(y)
    }
}

/// A stretch of time, chosen as TIME of SLICE does.
pub(crate) fn chosen_times(b: &mut Builder, x: NodeId, range: &Span1) -> Result<NodeId> {
    let axis = b.time(x)?;
    let (period, len) = (axis.period, extent_of(&axis.rows));
    let start = range.from.as_ref().map(|end| row(b, end, period, len)).transpose()?.unwrap_or(0);
    let stop = range.to.as_ref().map(|end| row(b, end, period, len)).transpose()?;
    let stop = stop.unwrap_or(u64::MAX).min(len.unwrap_or(u64::MAX));
    b.slice(x, Role::Time, start, stop, range.step.unwrap_or(1))
}

/// Rows from the first to the last, gaps included.
fn extent_of(rows: &Rows) -> Option<u64> {
    match rows {
        Rows::Segments(ranges) => {
            let (first, last) = (ranges.first()?.0, ranges.last()?.1);
            u64::try_from(last.saturating_sub(first)).ok()
        }
        Rows::From(_) => None,
    }
}

/// The first row at or after one end of the range.
fn row(b: &Builder, end: &Literal, period: Rational, len: Option<u64>) -> Result<u64> {
    let unusable = || {
        b.diag(format!("cannot use {end} as an end of TIME"))
            .help("give durations from the start such as 2s, or sample numbers; times of day belong to READ")
    };
    let exact = match end {
        Literal::Number(n) if n.fract() == 0.0 => *n,
        Literal::Quantity(share, unit) if unit.symbol() == "%" => {
            let len = len.ok_or_else(|| b.diag("cannot take a share of a live stream, which has no end"))?;
            share / 100.0 * len as f64
        }
        Literal::Quantity(..) => {
            let seconds = quantity_in(end, "s").ok_or_else(unusable)?;
            match Rational::approximate(seconds) {
                Some(exact) => (exact / period).as_f64(),
                None => seconds / period.as_f64(),
            }
        }
        _ => return Err(unusable()),
    };
    if exact >= 0.0 {
        return Ok(exact.ceil() as u64);
    }
    Err(b.diag(format!("counts TIME from the start, so {end} does not exist")).help("the smallest value is 0"))
}

/// Channels by number, chosen as CH of SLICE does.
pub(crate) fn chosen_numbers(b: &mut Builder, x: NodeId, range: &Span1) -> Result<NodeId> {
    let axis = channels(b, x)?;
    let number = |end: &Literal| match end {
        Literal::Number(n) if n.fract() == 0.0 && n.abs() < 1e15 => Ok(*n as i64),
        other => Err(b.diag(format!("needs whole channel numbers for CH, not {other}"))),
    };
    let from = range.from.as_ref().map(number).transpose()?;
    let to = range.to.as_ref().map(number).transpose()?;
    let stride = axis.stride.max(1);
    let position = |number: i64| -(axis.first.saturating_sub(number)).div_euclid(stride);
    let step = i64::from(range.step.unwrap_or(1));
    if step == 0 {
        return Err(b.diag("needs a step of at least 1 for CH"));
    }
    if step > 1 && step % stride != 0 {
        let message = format!("cannot take channel numbers {step} apart: those of the input are {stride} apart");
        return Err(b.diag(message).help(format!("use a multiple of {stride}")));
    }
    let start = from.map_or(0, position).max(0) as u64;
    let stop = to.map_or(i64::from(axis.len), position).clamp(0, axis.len.into()) as u64;
    if start >= stop {
        let last = axis.number(axis.len.saturating_sub(1));
        let message = format!("selects no channel: the input has numbers {} to {last}", axis.first);
        return Err(b.diag(message).help(format!("for example CH={}..{}", axis.first, last.saturating_add(1))));
    }
    let step = if step > 1 { u32::try_from(step / stride).unwrap_or(u32::MAX) } else { 1 };
    b.slice(x, Role::Channel, start, stop, step)
}

fn distances(b: &mut Builder, x: NodeId, range: &Span1) -> Result<NodeId> {
    if range.step.is_some() {
        return Err(b.diag("takes no step for DIST").help("thin out by number with CH=..., or average with SPATIAL_SMOOTH"));
    }
    let metres = |end: &Option<Literal>, open: f64| match end {
        None => Ok(open),
        Some(end) => quantity_in(end, "m").ok_or_else(|| b.diag(format!("needs distances for DIST, not {end}"))),
    };
    let (from, to) = (metres(&range.from, f64::NEG_INFINITY)?, metres(&range.to, f64::INFINITY)?);
    let axis = channels(b, x)?;
    let chosen: Vec<u32> =
        (0..axis.len).filter(|c| (from..to).contains(&axis.distance_at(*c))).collect();
    let (Some(&first), Some(&last)) = (chosen.first(), chosen.last()) else {
        let (near, far) = (axis.distance_at(0), axis.distance_at(axis.len.saturating_sub(1)));
        return Err(b
            .diag(format!("selects no channel: the input lies at {near} m to {far} m"))
            .help("choose a range within"));
    };
    if chosen.len() as u64 == u64::from(last - first) + 1 {
        b.slice(x, Role::Channel, first.into(), u64::from(last) + 1, 1)
    } else {
        // Channels keep numbers that grow evenly, by which events and files name them.
        let (first, last) = (axis.number(first), axis.number(last));
        Err(b
            .diag(format!("selects channels that are not neighbours: {} of those from {first} to {last} lie in the range", chosen.len()))
            .help("the surveyed positions turn back on themselves there; choose channels with CH="))
    }
}

fn channels(b: &Builder, x: NodeId) -> Result<ChannelAxis> {
    let axis = b.signal(x)?.channel.clone();
    axis.ok_or_else(|| b.diag("needs a channel axis, which its input does not have"))
}
