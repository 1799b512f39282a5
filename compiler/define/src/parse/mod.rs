//! Tokens to a definition: its head and equations here, expressions by precedence climbing. The first mistake ends the reading.

mod cursor;
mod expression;
mod place;

use dasc_ir::{Diag, Result, Span, Unit};

pub use place::checked_shift;

use crate::syntax::{Definition, Equation, Function, Param, Spelled, TermId};
use crate::token::{Lexeme, Token, tokens};

/// Equations of one definition.
const MAX_EQUATIONS: usize = 200;

const FORM: &str = "DEF NAME(x, p: s = 1) = y WHERE y[t] = …";
/// Names that stand for the place being computed and the sample period.
pub const RESERVED: [&str; 3] = ["t", "c", "dt"];

/// Where a text stands: source number and bytes.
#[derive(Clone, Copy, Debug)]
pub struct Stretch {
    pub source: u32,
    pub start: usize,
    pub end: usize,
}

/// Reads `DEF NAME(x, p: unit) = e WHERE …`.
pub fn definition(text: &str, stretch: Stretch) -> Result<Definition> {
    let mut parser = Parser::new(text, stretch);
    parser.keyword("DEF", FORM)?;
    let name = parser.name("a name for the definition", FORM)?;
    parser.definition.name = name.text.to_uppercase();
    parser.definition.span = name.span;
    parser.expect(Token::Open, FORM)?;
    while !parser.accept(Token::Close) {
        if !(parser.definition.inputs.is_empty() && parser.definition.params.is_empty()) {
            parser.expect(Token::Comma, FORM)?;
        }
        parser.parameter()?;
    }
    if parser.definition.inputs.is_empty() {
        let text = format!("{} has no input", name.text);
        return Err(Diag::usage(text).at(name.span).help(format!("for example {FORM}")));
    }
    parser.expect(Token::Equals, FORM)?;
    parser.body()
}

/// Reads `e WHERE …`, what stands after the `=` of a `DEF`, over names given here.
pub fn body(text: &str, inputs: Vec<Spelled>, params: Vec<Param>) -> Result<Definition> {
    let mut parser = Parser::new(text, Stretch { source: 0, start: 0, end: text.len() });
    (parser.definition.inputs, parser.definition.params) = (inputs, params);
    parser.definition.name = "DEF".into();
    parser.body()
}

struct Parser<'a> {
    text: &'a str,
    stretch: Stretch,
    lexemes: Vec<Lexeme>,
    at: usize,
    depth: usize,
    definition: Definition,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str, stretch: Stretch) -> Parser<'a> {
        let text = text.get(..stretch.end).unwrap_or(text);
        let lexemes = tokens(text, stretch.start).filter(|lexeme| lexeme.token != Token::Newline).collect();
        let span = Span { source: stretch.source, start: stretch.start as u32, end: stretch.end as u32 };
        let definition = Definition {
            name: String::new(),
            span,
            inputs: Vec::new(),
            params: Vec::new(),
            terms: Vec::new(),
            result: 0,
            equations: Vec::new(),
            doc: Vec::new(),
        };
        Parser { text, stretch, lexemes, at: 0, depth: 0, definition }
    }

    /// `x`, or `p: unit = literal`.
    fn parameter(&mut self) -> Result<()> {
        let name = self.fresh_name("the name of an input or parameter")?;
        self.differs_in_more_than_case(&name)?;
        if !self.accept(Token::Colon) {
            if !self.definition.params.is_empty() {
                return Err(Diag::usage(format!("the input `{}` stands after a parameter", name.text))
                    .at(name.span)
                    .help(
                        "inputs come first; a parameter has a unit: `p: s`, or `p: 1` for a plain number",
                    ));
            }
            self.definition.inputs.push(name);
            return Ok(());
        }
        let unit = self.unit()?;
        let positive = self.accept(Token::Gt);
        if positive {
            let span = self.here();
            let lexeme = self.take(Token::Number, "0, the only limit there is")?;
            if self.number(lexeme)? != (0.0, None) {
                return Err(Diag::usage("the only limit of a parameter is 0")
                    .at(span)
                    .help("write `p: s > 0`"));
            }
        }
        let mut default = None;
        if self.accept(Token::Equals) {
            let sign = if self.accept(Token::Minus) { -1.0 } else { 1.0 };
            let span = self.here();
            let lexeme = self.take(Token::Number, "a number as the default")?;
            let (value, given) = self.number(lexeme)?;
            let value = match &given {
                None => Some(value),
                Some(given) => given.convert(value, &unit),
            };
            default = Some(
                sign * value.ok_or_else(|| {
                    Diag::usage(format!("`{}` is in {unit}, which its default is not", name.text))
                        .at(span)
                        .help(format!("give the default in {unit}, or without a unit"))
                })?,
            );
        }
        self.definition.params.push(Param { name: name.text, span: name.span, unit, positive, default });
        Ok(())
    }

    /// The unit of a parameter: everything up to `>`, `=`, `,` or `)`.
    fn unit(&mut self) -> Result<Unit> {
        let first = self.here();
        let mut end = first.start;
        while let Some(lexeme) = self.peek() {
            match lexeme.token {
                Token::Name
                | Token::Number
                | Token::Over
                | Token::Times
                | Token::Power
                | Token::Minus
                | Token::Stray => {
                    end = lexeme.end as u32;
                    self.at += 1;
                }
                _ => break,
            }
        }
        let span = Span { end: end.max(first.start), ..first };
        let text = self.text.get(span.start as usize..span.end as usize).unwrap_or("");
        if text == "1" || text.eq_ignore_ascii_case("number") {
            return Ok(Unit::none());
        }
        let unit = Unit::parse(text).filter(|_| !text.is_empty());
        unit.ok_or_else(|| {
            let shown: String = text.chars().take(40).collect();
            let diag = if text.is_empty() {
                "a unit is expected here".into()
            } else {
                format!("there is no unit {shown}")
            };
            Diag::usage(diag).at(if text.is_empty() { first } else { span }).help(Unit::MADE_OF)
        })
    }

    fn body(mut self) -> Result<Definition> {
        self.definition.result = self.expression()?;
        if self.word("WHERE") {
            loop {
                self.equation()?;
                if !self.accept(Token::Semicolon) {
                    break;
                }
                if self.peek().is_none() {
                    break;
                }
            }
        }
        match self.peek() {
            None => Ok(self.definition),
            Some(extra) => {
                let diag = self.unexpected(extra, "the end of the definition");
                Err(match extra.token {
                    Token::Equals => {
                        diag.help("equations come after WHERE and are separated by `;`; `==` compares")
                    }
                    Token::Name
                        if self
                            .text
                            .get(..extra.start)
                            .is_some_and(|t| t.trim_end().ends_with(|c: char| c.is_ascii_digit())) =>
                    {
                        diag.help("a unit stands right after its number: 10Hz")
                    }
                    _ => diag,
                })
            }
        }
    }

    /// `v[t] = e`, `v[t<0] = e`, `v = e`.
    fn equation(&mut self) -> Result<()> {
        let name = self.name("an equation", "y[t] = y[t-1] + x[t]")?;
        self.refuse_reserved(&name)?;
        let mut initial = false;
        if self.accept(Token::OpenPlace) {
            let index = self.name("t", "y[t] = …")?;
            if index.text != "t" {
                return Err(Diag::usage("an equation gives values along time")
                    .at(index.span)
                    .help(format!("write {}[t] = …", name.text)));
            }
            if self.accept(Token::Lt) {
                let zero = self.here();
                if self.take(Token::Number, "0").is_ok_and(|l| self.slice(l) == "0") {
                    initial = true;
                } else {
                    return Err(Diag::usage("initial values stand before 0")
                        .at(zero)
                        .help(format!("write {}[t<0] = …", name.text)));
                }
            }
            if let Some(shift) = self.peek().filter(|l| matches!(l.token, Token::Minus | Token::Plus)) {
                return Err(Diag::usage(format!("an equation gives {0}[t], not another sample", name.text))
                    .at(shift.span(self.stretch.source))
                    .help("move every t of the equation by the same number of samples"));
            }
            self.expect(Token::ClosePlace, "y[t] = …")?;
        }
        self.expect(Token::Equals, "y[t] = y[t-1] + x[t]")?;
        let value = self.expression()?;
        let known = self.definition.equations.iter_mut().find(|e| e.name == name.text);
        let twice = |first: Span| {
            let what = if initial { "initial values" } else { "an equation" };
            Diag::usage(format!("`{}` has {what} already", name.text))
                .at(name.span)
                .related(first, "first given here")
                .help("drop one of the two")
        };
        match (known, initial) {
            (Some(known), true) => {
                if known.initial.is_some() {
                    return Err(twice(known.span));
                }
                known.initial = Some(value);
            }
            (Some(known), false) if known.value == TermId::MAX => known.value = value,
            (Some(known), false) => return Err(twice(known.span)),
            (None, _) => {
                if self.definition.equations.len() >= MAX_EQUATIONS {
                    return Err(Diag::usage(format!("a definition has at most {MAX_EQUATIONS} equations"))
                        .at(name.span)
                        .help("split it into definitions that call each other"));
                }
                self.shadows_nothing(&name)?;
                let (value, initial) = if initial { (TermId::MAX, Some(value)) } else { (value, None) };
                self.definition.equations.push(Equation { name: name.text, span: name.span, value, initial });
            }
        }
        Ok(())
    }

    fn fresh_name(&mut self, what: &str) -> Result<Spelled> {
        let name = self.name(what, FORM)?;
        self.refuse_reserved(&name)?;
        self.shadows_nothing(&name)?;
        Ok(name)
    }

    /// Steps give values by name in any case.
    fn differs_in_more_than_case(&self, name: &Spelled) -> Result<()> {
        let inputs = self.definition.inputs.iter().map(|input| (&input.text, input.span));
        let params = self.definition.params.iter().map(|param| (&param.name, param.span));
        match inputs.chain(params).find(|(known, _)| known.eq_ignore_ascii_case(&name.text)) {
            None => Ok(()),
            Some((known, span)) => {
                let text = format!(
                    "`{}` and `{known}` differ only in case, which a step does not tell apart",
                    name.text
                );
                Err(Diag::usage(text)
                    .at(name.span)
                    .related(span, "first defined here")
                    .help("choose another name"))
            }
        }
    }

    fn refuse_reserved(&self, name: &Spelled) -> Result<()> {
        if RESERVED.contains(&name.text.as_str()) {
            let text = format!(
                "`{}` is reserved: t and c are the place being computed, dt the sample period",
                name.text
            );
            return Err(Diag::usage(text).at(name.span).help("choose another name"));
        }
        if Function::named(&name.text).is_some() {
            return Err(Diag::usage(format!("`{}` is a function and cannot be a name", name.text))
                .at(name.span)
                .help("choose another name"));
        }
        Ok(())
    }

    fn shadows_nothing(&self, name: &Spelled) -> Result<()> {
        let inputs = self.definition.inputs.iter().map(|input| (&input.text, input.span));
        let params = self.definition.params.iter().map(|param| (&param.name, param.span));
        match inputs.chain(params).find(|(known, _)| **known == name.text) {
            None => Ok(()),
            Some((_, span)) => Err(Diag::usage(format!("`{}` is defined already", name.text))
                .at(name.span)
                .related(span, "first defined here")
                .help("choose another name: definitions do not hide each other")),
        }
    }
}
