//! Where a name is read: `[t-1]`, `[c+2 | nearest]`.

use dasc_ir::graph::Edge;
use dasc_ir::{Diag, Result, Span};

use super::Parser;
use crate::syntax::{Place, Shift, Spelled};
use crate::token::Token;

/// Shifts along time and along channels.
const MAX_DELAY: f64 = 16_777_216.0;
const MAX_CHANNELS: i32 = 4096;

impl Parser<'_> {
    /// `t`, `t - 1`, `c + 2 | nearest`.
    pub(super) fn place(&mut self) -> Result<Place> {
        const WHERE: &str = "a place is t, t-1, t+1, c-1 or c+1 | nearest";
        let index = self.name("t or c", WHERE)?;
        let along_time = match index.text.as_str() {
            "t" => true,
            "c" => false,
            _ => {
                let shown: String = index.text.chars().take(40).collect();
                return Err(Diag::usage(format!("`{shown}` is no axis")).at(index.span).help(WHERE));
            }
        };
        let back = match self.peek().map(|l| l.token) {
            Some(Token::Minus) => Some(true),
            Some(Token::Plus) => Some(false),
            _ => None,
        };
        let shift = match back {
            None => Shift::By(0),
            Some(back) => {
                self.at += 1;
                self.shift(back, along_time)?
            }
        };
        if along_time {
            if let Some(bar) = self.peek().filter(|l| l.token == Token::Bar) {
                return Err(Diag::usage("time has no edge to choose: what lies before a stretch is 0")
                    .at(bar.span(self.stretch.source))
                    .help("for other values write an equation such as y[t<0] = 1"));
            }
            return Ok(if shift == Shift::By(0) { Place::Here } else { Place::Time(shift) });
        }
        let mut edge = Edge::Reflect;
        if self.accept(Token::Bar) {
            let name = self.name("an edge", WHERE)?;
            const EDGES: [(&str, Edge); 4] = [
                ("zero", Edge::Zero),
                ("nearest", Edge::Nearest),
                ("reflect", Edge::Reflect),
                ("mirror", Edge::Mirror),
            ];
            let known = EDGES.iter().find(|(known, _)| known.eq_ignore_ascii_case(&name.text));
            edge = known.map(|(_, edge)| *edge).ok_or_else(|| {
                let shown: String = name.text.chars().take(40).collect();
                Diag::usage(format!("there is no edge {shown}"))
                    .at(name.span)
                    .help("the edges are zero, nearest, reflect and mirror")
            })?;
        }
        Ok(if shift == Shift::By(0) { Place::Here } else { Place::Channel(shift, edge) })
    }

    /// A whole number, or the name of a parameter.
    fn shift(&mut self, back: bool, along_time: bool) -> Result<Shift> {
        let span = self.here();
        let expected = || {
            Diag::usage("a shift is a whole number known beforehand")
                .at(span)
                .help("write x[t-1], or x[t-n] with a parameter n: 1")
        };
        let Some(lexeme) = self.peek() else { return Err(expected()) };
        self.at += 1;
        match lexeme.token {
            Token::Number => {
                let (value, unit) = self.number(lexeme)?;
                if let Some(unit) = unit {
                    return Err(Diag::usage(format!(
                        "a shift counts samples or channels and has no unit, not {unit}"
                    ))
                    .at(span)
                    .help("write the number alone: x[t-1]"));
                }
                checked_shift(value, back, along_time, span).map(Shift::By)
            }
            Token::Name => {
                let name = Spelled { text: self.slice(lexeme).to_string(), span };
                let Some(param) = self.definition.params.iter().find(|param| param.name == name.text) else {
                    return Err(expected());
                };
                if !param.unit.is_none() {
                    let text = format!(
                        "a shift counts samples or channels, but `{}` is in {}",
                        name.text, param.unit
                    );
                    return Err(Diag::usage(text)
                        .at(span)
                        .related(param.span, "declared here")
                        .help(format!("declare it as a plain number: {}: 1", name.text)));
                }
                Ok(Shift::Param { name, back })
            }
            _ => Err(expected()),
        }
    }
}

/// A shift of this many samples or channels, within the limits.
pub fn checked_shift(value: f64, back: bool, along_time: bool, span: Span) -> Result<i32> {
    let most = if along_time { MAX_DELAY } else { f64::from(MAX_CHANNELS) };
    if value.fract() != 0.0 || !(0.0..=most).contains(&value) {
        let (what, axis) = if along_time { ("samples", "t") } else { ("channels", "c") };
        return Err(Diag::usage(format!(
            "a shift is a whole number of {what} from 0 to {most}, not {value}"
        ))
        .at(span)
        .help(format!(
            "{axis}-2 is two {what} back, {axis}+2 two ahead; between {what} take a mean of two places"
        )));
    }
    Ok(if back { -(value as i32) } else { value as i32 })
}
