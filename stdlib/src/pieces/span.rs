//! Ranges of channels by their numbers in the file.

use dasc_ir::Result;
use dasc_ir::graph::{Builder, NodeId};
use dasc_ir::literal::Literal;
use dasc_ir::parameter::Span1;

/// Positions `start, start + step, … < end` of the channel axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Positions {
    pub start: u32,
    pub end: u32,
    pub step: u32,
}

/// The positions of a range of channel numbers. Refuses what is no number, a step that meets none and a range without a channel.
pub fn numbers(b: &Builder, x: NodeId, range: &Span1, parameter: &str) -> Result<Positions> {
    let axis = b.signal(x)?.channel.clone();
    let axis = axis.ok_or_else(|| b.diag("needs a channel axis, which its input does not have"))?;
    let number = |end: &Literal| match end {
        Literal::Number(n) if n.fract() == 0.0 && n.abs() < 1e15 => Ok(*n as i64),
        other => Err(b.diag(format!("needs whole channel numbers for {parameter}, not {other}"))),
    };
    let from = range.from.as_ref().map(number).transpose()?;
    let to = range.to.as_ref().map(number).transpose()?;
    let stride = axis.stride.max(1);
    let position = |number: i64| -(axis.first.saturating_sub(number)).div_euclid(stride);
    let step = i64::from(range.step.unwrap_or(1));
    if step == 0 {
        return Err(b.diag(format!("needs a step of at least 1 for {parameter}")));
    }
    if step > 1 && step % stride != 0 {
        let message =
            format!("cannot take channel numbers {step} apart: those of the input are {stride} apart");
        return Err(b.diag(message).help(format!("use a multiple of {stride}")));
    }
    let start = from.map_or(0, position).clamp(0, axis.len.into()) as u32;
    let end = to.map_or(i64::from(axis.len), position).clamp(0, axis.len.into()) as u32;
    if start >= end {
        let last = axis.number(axis.len.saturating_sub(1));
        let message = format!("selects no channel: the input has numbers {} to {last}", axis.first);
        let example = format!("for example {parameter}={}..{}", axis.first, last.saturating_add(1));
        return Err(b.diag(message).help(example));
    }
    let step = if step > 1 { u32::try_from(step / stride).unwrap_or(u32::MAX) } else { 1 };
    Ok(Positions { start, end, step })
}
