//! Half-open windows on the axes of what is read, either end of which may be open.

use dasc_ir::literal::Literal;
use dasc_ir::parameter::{Kind, Parameter, quantity_in};

/// UTC nanoseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instant(pub i64);

impl Parameter for Instant {
    /// No unit describes an instant, so that the kind accepts every literal and this reader decides.
    const KIND: Kind = Kind::Quantity("date and time");
    fn read(literal: &Literal) -> Result<Instant, String> {
        match literal {
            Literal::Time(ns) => Ok(Instant(*ns)),
            _ => Err("a date and time such as 2024-05-01T12:00:00".into()),
        }
    }
}

/// A place on the time axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Moment {
    /// UTC nanoseconds since 1970.
    At(i64),
    /// Seconds after the first sample of the record.
    After(f64),
}

/// `TIME=2024-05-01T12:00..2024-05-01T13:00`, `TIME=10s..20s`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TimeWindow {
    pub from: Option<Moment>,
    pub to: Option<Moment>,
}

impl Parameter for TimeWindow {
    const KIND: Kind = Kind::Range("s");
    fn read(literal: &Literal) -> Result<TimeWindow, String> {
        let moment = |end: &Literal| match end {
            Literal::Time(ns) => Ok(Moment::At(*ns)),
            other => match quantity_in(other, "s") {
                Some(seconds) if seconds >= 0.0 => Ok(Moment::After(seconds)),
                _ => Err("a range of instants or durations, such as 10s..20s".to_string()),
            },
        };
        let (from, to) = ends(literal, "a range such as 2024-05-01T12:00..2024-05-01T13:00 or 10s..20s")?;
        let (from, to) = (from.map(moment).transpose()?, to.map(moment).transpose()?);
        let empty = match (from, to) {
            (Some(Moment::At(from)), Some(Moment::At(to))) => from >= to,
            (Some(Moment::After(from)), Some(Moment::After(to))) => from >= to,
            _ => false,
        };
        if empty { Err("a range that begins before it ends".into()) } else { Ok(TimeWindow { from, to }) }
    }
}

/// `CH=0..1999/4`: every fourth channel below 1999. A single number is the one channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChannelWindow {
    /// Some instruments number channels from below zero.
    pub from: Option<i64>,
    pub to: Option<i64>,
    /// At least 1.
    pub step: u32,
}

impl Parameter for ChannelWindow {
    const KIND: Kind = Kind::Range("");
    fn read(literal: &Literal) -> Result<ChannelWindow, String> {
        const EXPECTED: &str = "channel numbers such as 100..200, 0..1999/4 or 42";
        let number = |literal: &Literal| match literal {
            Literal::Number(n) if n.fract() == 0.0 && n.abs() <= f64::from(i32::MAX) => Ok(*n as i64),
            _ => Err(EXPECTED.to_string()),
        };
        match literal {
            Literal::Range { from, to, step } => {
                let end = |end: &Option<Box<Literal>>| end.as_deref().map(number).transpose();
                let step = step.as_deref().map(u32::read).transpose().map_err(|_| EXPECTED)?.unwrap_or(1);
                let (from, to) = (end(from)?, end(to)?);
                match (from, to) {
                    (Some(from), Some(to)) if from >= to => Err("a range that begins before it ends".into()),
                    _ if step == 0 => Err("a stride of at least 1".into()),
                    _ => Ok(ChannelWindow { from, to, step }),
                }
            }
            single => {
                let from = number(single)?;
                let to = from.checked_add(1).ok_or(EXPECTED)?;
                Ok(ChannelWindow { from: Some(from), to: Some(to), step: 1 })
            }
        }
    }
}

/// `DIST=2km..18km`, in metres.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DistanceWindow {
    pub from: Option<f64>,
    pub to: Option<f64>,
}

impl Parameter for DistanceWindow {
    const KIND: Kind = Kind::Range("m");
    fn read(literal: &Literal) -> Result<DistanceWindow, String> {
        let metres = |end: &Literal| quantity_in(end, "m").ok_or("a range of distances such as 2km..18km");
        let (from, to) = ends(literal, "a range such as 2km..18km")?;
        let (from, to) = (from.map(metres).transpose()?, to.map(metres).transpose()?);
        match (from, to) {
            (Some(from), Some(to)) if from >= to => Err("a range that begins before it ends".into()),
            _ => Ok(DistanceWindow { from, to }),
        }
    }
}

fn ends<'a>(
    literal: &'a Literal,
    expected: &str,
) -> Result<(Option<&'a Literal>, Option<&'a Literal>), String> {
    match literal {
        Literal::Range { from, to, step: None } => Ok((from.as_deref(), to.as_deref())),
        _ => Err(expected.into()),
    }
}
