//! Values a script can write, before any operator has said what it expects of them.

use std::fmt;

use crate::{Span, Unit};

/// A literal of the language, as written: numbers keep the unit they came with.
#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    /// `10`: takes the unit of the parameter it is given to.
    Number(f64),
    /// `10Hz`, `-30dB`, `2%`.
    Quantity(f64, Unit),
    /// `'a b.h5'`, `out/a.png`.
    Text(String),
    /// `linear`, `max`, `time`: a bare word.
    Word(String),
    /// `TRUE`, or a flag that is merely named: `ZEROPHASE`.
    Flag(bool),
    /// `10..20`, `..5km`, `2%..98%`, with an optional stride `0..1999/4`.
    Range { from: Option<Box<Literal>>, to: Option<Box<Literal>>, step: Option<Box<Literal>> },
    /// `[1, 2, 5..10]`.
    List(Vec<Literal>),
    /// `noise(10s)`.
    Call(String, Vec<Literal>),
    /// `2024-05-01T12:00:00Z`: UTC nanoseconds since 1970.
    Time(i64),
}

/// A value given to a parameter, with the places of both.
#[derive(Clone, Debug, PartialEq)]
pub struct Arg {
    /// `None` for a positional argument.
    pub key: Option<(String, Span)>,
    pub value: Literal,
    pub span: Span,
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |items: &[Literal]| items.iter().map(Literal::to_string).collect::<Vec<_>>().join(", ");
        match self {
            // Nobody counts three hundred zeros.
            Literal::Number(x) if x.abs() >= 1e15 => write!(f, "{x:e}"),
            Literal::Number(x) => write!(f, "{x}"),
            Literal::Quantity(x, unit) => write!(f, "{x}{unit}"),
            Literal::Text(text) => write!(f, "'{}'", text.replace('\'', "''")),
            Literal::Word(word) => f.write_str(word),
            Literal::Flag(on) => write!(f, "{}", if *on { "TRUE" } else { "FALSE" }),
            Literal::Range { from, to, step } => {
                let end =
                    |end: &Option<Box<Literal>>| end.as_ref().map(|x| x.to_string()).unwrap_or_default();
                write!(f, "{}..{}", end(from), end(to))?;
                step.as_ref().map_or(Ok(()), |step| write!(f, "/{step}"))
            }
            Literal::List(items) => write!(f, "[{}]", list(items)),
            Literal::Call(name, items) => write!(f, "{name}({})", list(items)),
            Literal::Time(ns) => write!(f, "{}", crate::time::format_utc(*ns)),
        }
    }
}
