//! Part of a record: NumPy slicing by time, channel number or distance.

use dasc_ir::graph::{Builder, ChannelAxis, InnerRole, NodeId, Role, Rows};
use dasc_ir::literal::Literal;
use dasc_ir::parameter::{Span1, quantity_in};
use dasc_ir::{Rational, Result, operator};

use super::Operator;
use crate::pieces::span;

operator! {
    /// Part of the data: a stretch of time, some channels, a band of frequencies, or several of these. Ranges are half-open and either end may be missing.
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
        /// Frequencies of a spectrum, in hertz or with a unit.
        freq: Option<Span1> = None,
    }
    example "SLICE TIME=2s..5s CH=10..50/2";
    reference "NumPy slicing: x[2000:5000, 10:50:2]";
}

impl Operator for Slice {
    fn build(&self, b: &mut Builder, x: NodeId) -> Result<NodeId> {
        if self.time.is_none() && self.ch.is_none() && self.dist.is_none() && self.freq.is_none() {
            return Err(b.diag("needs TIME, CH, DIST or FREQ").help("for example SLICE TIME=2s..5s"));
        }
        let mut y = x;
        if let Some(range) = &self.time {
            y = chosen_times(b, y, range)?;
        }
        if let Some(range) = &self.ch {
            y = chosen_numbers(b, y, range, "CH")?;
        }
        if let Some(range) = &self.dist {
            y = distances(b, y, range)?;
        }
        if let Some(range) = &self.freq {
            y = frequencies(b, y, range)?;
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

/// The same, all of which must be there.
pub(crate) fn whole_times(b: &mut Builder, x: NodeId, range: &Span1) -> Result<NodeId> {
    let axis = b.time(x)?;
    let (period, len) = (axis.period, extent_of(&axis.rows));
    let start = range.from.as_ref().map(|end| row(b, end, period, len)).transpose()?.unwrap_or(0);
    // A stretch of which nothing is there is refused as any other.
    if let (Some(end), Some(len)) = (&range.to, len)
        && start < len
        && row(b, end, period, Some(len))? > len
    {
        let seconds = (period * Rational::integer(len as i64)).as_f64();
        return Err(b
            .diag(format!("needs all of TIME, but {end} lies beyond the end at {seconds} s, sample {len}"))
            .help(format!("end at {seconds}s at the latest, or leave the end open")));
    }
    chosen_times(b, x, range)
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

/// Channels by number, chosen as CH of SLICE does; `parameter` is what a refusal calls the range.
pub(crate) fn chosen_numbers(
    b: &mut Builder,
    x: NodeId,
    range: &Span1,
    parameter: &str,
) -> Result<NodeId> {
    let chosen = span::numbers(b, x, range, parameter)?;
    b.slice(x, Role::Channel, chosen.start.into(), chosen.end.into(), chosen.step)
}

/// Frequencies from one end to below the other.
fn frequencies(b: &mut Builder, x: NodeId, range: &Span1) -> Result<NodeId> {
    let axis = b.signal(x)?.inner.clone().filter(|axis| axis.role == InnerRole::Frequency);
    let axis = axis.ok_or_else(|| {
        b.diag("needs a frequency axis for FREQ, which its input does not have").help("STFT, SPECTROGRAM and FFT make one")
    })?;
    if range.step.is_some() {
        return Err(b.diag("takes no step for FREQ"));
    }
    let hertz = |end: &Option<Literal>| match end {
        None => Ok(None),
        Some(end) => {
            let hertz = quantity_in(end, "Hz");
            hertz.map(Some).ok_or_else(|| b.diag(format!("needs frequencies for FREQ, not {end}")))
        }
    };
    // A bin that lies at an end within rounding is meant.
    let bin = |f: f64| (((f - axis.start) / axis.step) * (1.0 - 1e-12)).ceil().max(0.0) as u64;
    let start = hertz(&range.from)?.map_or(0, bin);
    let stop = hertz(&range.to)?.map_or(u64::from(axis.len), bin).min(axis.len.into());
    if start >= stop {
        let highest = axis.start + f64::from(axis.len.saturating_sub(1)) * axis.step;
        return Err(b
            .diag(format!("selects no frequency: the input has {} Hz to {highest} Hz every {} Hz", axis.start, axis.step))
            .help("choose a wider range within, or longer frames"));
    }
    b.slice(x, Role::Inner, start, stop, 1)
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
