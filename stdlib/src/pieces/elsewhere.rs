//! A stretch of samples from elsewhere: of another flow of the same record, or of a file.

use dasc_ir::graph::{Builder, ChannelAxis, NodeId, Rows};
use dasc_ir::literal::Literal;
use dasc_ir::parameter::{Kind, Parameter, Span1, like_a_path};
use dasc_ir::{Rational, Result};

use crate::ops::slice::{chosen_numbers, whole_times};

/// Where samples are taken from.
#[derive(Clone, Debug, PartialEq)]
pub enum Elsewhere {
    /// A flow of the same READ, by its name.
    Flow(String),
    /// The same, as those have it who build the graph themselves.
    Node(NodeId),
    /// A record that READ could read.
    File(String),
}

impl Parameter for Elsewhere {
    const KIND: Kind = Kind::FlowOrPath;
    fn read(literal: &Literal) -> std::result::Result<Elsewhere, String> {
        match literal {
            Literal::Text(path) if !path.is_empty() => Ok(Elsewhere::File(path.clone())),
            Literal::Word(path) if like_a_path(path) => Ok(Elsewhere::File(path.clone())),
            Literal::Word(name) => Ok(Elsewhere::Flow(name.clone())),
            _ => Err("the name of a flow, or a path in quotes".into()),
        }
    }
}

/// Samples that are known while the graph is built.
#[derive(Clone, Debug)]
pub struct Known {
    /// `[row][channel]`.
    pub values: Vec<f64>,
    pub rows: u32,
    pub channels: u32,
}

/// Reads `time` of a record, and of it the channels of these numbers. It must have the rate of `x`, no gap within, and no more than
/// `most` rows.
pub fn known(
    b: &Builder,
    x: NodeId,
    path: &str,
    (time, ch): (&Span1, Option<&Span1>),
    rate: Option<Rational>,
    most: u64,
) -> Result<Known> {
    let record = b.record(path, rate)?;
    let mut aside = b.aside();
    let all = aside.source(record.signal().clone());
    same_rate(b, x, &aside, all, &format!("'{path}'"))?;
    let mut chosen = whole_times(&mut aside, all, time)?;
    if let Some(numbers) = ch {
        chosen = chosen_numbers(&mut aside, chosen, numbers, "CH")?;
    }
    let (from, rows) = one_stretch(b, &aside, chosen, most)?;
    let of = |node: NodeId| -> Result<ChannelAxis> {
        let axis = aside.signal(node)?.channel.clone();
        axis.ok_or_else(|| aside.diag(format!("finds no channels in '{path}'")))
    };
    let (axis, stored) = (of(chosen)?, of(all)?);
    let first = (0..stored.len).find(|position| stored.number(*position) == axis.number(0));
    let first = first.unwrap_or(0);
    if u64::from(axis.len) * u64::from(rows) > MOST_VALUES {
        return Err(b
            .diag(format!(
                "takes {rows} samples of {} channels from '{path}', {MOST_VALUES} values at most",
                axis.len
            ))
            .help("choose a shorter stretch with TIME, or a channel with CH"));
    }
    if axis.stride != stored.stride {
        return Err(b.diag("takes neighbouring channels, so CH has no step here"));
    }
    let values = record.read(from..from + i64::from(rows), first..first + axis.len)?;
    Ok(Known { values, rows, channels: axis.len })
}

/// Half a gigabyte of F64.
const MOST_VALUES: u64 = 1 << 26;

/// Refuses another rate than that of `x`.
pub fn same_rate(b: &Builder, x: NodeId, other: &Builder, y: NodeId, name: &str) -> Result<()> {
    let (wanted, found) = (b.rate(x)?, other.rate(y)?);
    if b.time(x)?.period == other.time(y)?.period {
        return Ok(());
    }
    Err(b
        .diag(format!("needs a template at {wanted} Hz, the rate of its input, but {name} has {found} Hz"))
        .help("bring one to the rate of the other, for instance with RESAMPLE"))
}

/// First row and length of what was chosen in `of`, which must be a single stretch of 2 to `most` rows.
pub fn one_stretch(b: &Builder, of: &Builder, chosen: NodeId, most: u64) -> Result<(i64, u32)> {
    let Rows::Segments(ranges) = &of.time(chosen)?.rows else {
        return Err(b.diag("takes a template from a record that has ended, not from a live stream"));
    };
    let parts: Vec<_> = ranges.iter().filter(|(from, to)| from < to).collect();
    let (from, to) = match parts.as_slice() {
        [(from, to)] => (*from, *to),
        _ => return Err(b.diag("takes a template without gaps, but one lies within TIME")),
    };
    match u64::try_from(to - from) {
        Ok(m) if (2..=most).contains(&m) => Ok((from, m as u32)),
        _ => Err(b
            .diag(format!("needs a template of 2 to {most} samples, not {}", to - from))
            .help("give a longer or shorter TIME, for instance 10s..12s")),
    }
}
