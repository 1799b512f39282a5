//! Tokens to a definition, by precedence climbing. The first mistake ends the reading.

use dasc_ir::graph::Edge;
use dasc_ir::{Diag, Result, Span, Unit};

use crate::syntax::{
    Argument, Binary, Definition, Equation, Form, Function, Param, Place, Shift, Spelled, Term, TermId,
};
use crate::token::{KEYWORDS, Lexeme, Token, tokens};

/// Brackets, conditions and calls may be nested so deep.
const MAX_DEPTH: usize = 64;
/// Terms of one definition.
const MAX_TERMS: usize = 10_000;
/// Equations of one definition.
const MAX_EQUATIONS: usize = 200;
/// Shifts along time and along channels.
const MAX_DELAY: f64 = 16_777_216.0;
const MAX_CHANNELS: i32 = 4096;

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
                    Diag::usage(format!("`{}` is in {unit}, which its default is not", name.text)).at(span)
                })?,
            );
        }
        self.definition.params.push(Param { name: name.text, span: name.span, unit, default });
        Ok(())
    }

    /// The unit of a parameter: everything up to `=`, `,` or `)`.
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
            Diag::usage(diag)
                .at(if text.is_empty() { first } else { span })
                .help("for example s, Hz, m, nstrain, km/h, or 1 for a plain number")
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
                        .at(name.span));
                }
                self.shadows_nothing(&name)?;
                let (value, initial) = if initial { (TermId::MAX, Some(value)) } else { (value, None) };
                self.definition.equations.push(Equation { name: name.text, span: name.span, value, initial });
            }
        }
        Ok(())
    }

    fn expression(&mut self) -> Result<TermId> {
        self.climb(0)
    }

    fn deeper(&mut self, span: Span) -> Result<()> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Diag::usage(format!("expressions are nested more than {MAX_DEPTH} deep")).at(span));
        }
        Ok(())
    }

    fn climb(&mut self, least: u8) -> Result<TermId> {
        let mut left = self.prefix()?;
        while let Some((op, strength)) = self.operator() {
            if strength < least {
                break;
            }
            let span = self.here();
            self.at += 1;
            let right = if op == Binary::Pow {
                // To the right, so that 2^3^2 is 2^9; its exponent may have a sign.
                self.deeper(span)?;
                let right = self.climb(strength)?;
                self.depth -= 1;
                right
            } else {
                self.climb(strength + 1)?
            };
            let whole = self.join(left, right);
            left = self.push(Form::Binary(op, left, right), whole, left)?;
            if strength == COMPARISON && self.operator().is_some_and(|(_, next)| next == COMPARISON) {
                return Err(Diag::usage("comparisons cannot be chained")
                    .at(self.here())
                    .help("write a < b AND b < c"));
            }
        }
        Ok(left)
    }

    fn operator(&self) -> Option<(Binary, u8)> {
        let lexeme = self.peek()?;
        Some(match lexeme.token {
            Token::Plus => (Binary::Add, 5),
            Token::Minus => (Binary::Sub, 5),
            Token::Times => (Binary::Mul, 6),
            Token::Over => (Binary::Div, 6),
            Token::Power => (Binary::Pow, 8),
            Token::Lt => (Binary::Lt, COMPARISON),
            Token::Le => (Binary::Le, COMPARISON),
            Token::Gt => (Binary::Gt, COMPARISON),
            Token::Ge => (Binary::Ge, COMPARISON),
            Token::Eq => (Binary::Eq, COMPARISON),
            Token::Ne => (Binary::Ne, COMPARISON),
            Token::Name if self.slice(lexeme).eq_ignore_ascii_case("AND") => (Binary::And, 2),
            Token::Name if self.slice(lexeme).eq_ignore_ascii_case("OR") => (Binary::Or, 1),
            _ => return None,
        })
    }

    /// Signs and NOT, then what they stand before.
    fn prefix(&mut self) -> Result<TermId> {
        let begin = self.here();
        if self.word("NOT") {
            self.deeper(begin)?;
            let value = self.climb(3)?;
            self.depth -= 1;
            let span = Span { end: self.definition.span_of(value).end, ..begin };
            return self.push(Form::Not(value), span, value);
        }
        let (mut signs, mut negative) = (0usize, false);
        while let Some(lexeme) = self.peek() {
            match lexeme.token {
                Token::Minus => negative = !negative,
                Token::Plus => {}
                _ => break,
            }
            signs += 1;
            self.at += 1;
        }
        if signs == 0 {
            return self.primary();
        }
        let value = self.climb(7)?;
        if !negative {
            return Ok(value);
        }
        let span = Span { end: self.definition.span_of(value).end, ..begin };
        self.push(Form::Negate(value), span, value)
    }

    fn primary(&mut self) -> Result<TermId> {
        let Some(lexeme) = self.peek() else {
            return Err(Diag::usage("an expression is expected here").at(self.here()));
        };
        let span = lexeme.span(self.stretch.source);
        let first = self.definition.terms.len();
        match lexeme.token {
            Token::Number => {
                self.at += 1;
                let (value, unit) = self.number(lexeme)?;
                self.push(Form::Number(value, unit), span, first)
            }
            Token::Text => {
                self.at += 1;
                let text = self.slice(lexeme);
                let inner = text.get(1..text.len().saturating_sub(1)).unwrap_or("").to_string();
                self.push(Form::Word(inner), span, first)
            }
            Token::Open => {
                self.at += 1;
                self.deeper(span)?;
                let value = self.expression()?;
                self.depth -= 1;
                if !self.accept(Token::Close) {
                    return Err(self.here_unexpected("`)`").related(span, "opened here"));
                }
                Ok(value)
            }
            Token::Name => self.named(lexeme),
            _ => Err(self.unexpected(lexeme, "an expression")),
        }
    }

    fn named(&mut self, lexeme: Lexeme) -> Result<TermId> {
        let span = lexeme.span(self.stretch.source);
        let word = self.slice(lexeme);
        let first = self.definition.terms.len();
        if word.eq_ignore_ascii_case("IF") {
            self.at += 1;
            self.deeper(span)?;
            let condition = self.expression()?;
            self.keyword("THEN", "IF x > 0 THEN x ELSE 0")?;
            let then = self.expression()?;
            self.keyword("ELSE", "IF x > 0 THEN x ELSE 0")?;
            let other = self.expression()?;
            self.depth -= 1;
            let span = Span { end: self.definition.span_of(other).end, ..span };
            return self.push(Form::If(condition, then, other), span, first);
        }
        if KEYWORDS.iter().any(|keyword| keyword.eq_ignore_ascii_case(word)) {
            return Err(self.unexpected(lexeme, "an expression"));
        }
        self.at += 1;
        if self.peek().is_some_and(|next| next.token == Token::Open) {
            return self.call(Spelled { text: word.to_string(), span });
        }
        let mut whole = span;
        let mut place = Place::Here;
        if let Some(open) = self.peek().filter(|next| next.token == Token::OpenPlace) {
            self.at += 1;
            place = self.place()?;
            whole.end = self.here().end;
            if !self.accept(Token::ClosePlace) {
                return Err(self
                    .here_unexpected("`]`")
                    .related(open.span(self.stretch.source), "opened here"));
            }
        }
        self.push(Form::Name(word.to_string(), place), whole, first)
    }

    /// `t`, `t - 1`, `c + 2 | nearest`.
    fn place(&mut self) -> Result<Place> {
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
                    .at(span));
                }
                checked_shift(value, back, along_time, span).map(Shift::By)
            }
            Token::Name => {
                let name = Spelled { text: self.slice(lexeme).to_string(), span };
                if !self.definition.params.iter().any(|param| param.name == name.text) {
                    return Err(expected());
                }
                Ok(Shift::Param { name, back })
            }
            _ => Err(expected()),
        }
    }

    /// The arguments of a function of one sample, or of an operator or definition.
    fn call(&mut self, name: Spelled) -> Result<TermId> {
        let first = self.definition.terms.len();
        let open = self.here();
        self.at += 1;
        self.deeper(open)?;
        let mut args = Vec::new();
        while !self.peek().is_some_and(|l| l.token == Token::Close) {
            if !args.is_empty() && !self.accept(Token::Comma) {
                return Err(self.here_unexpected("`,` or `)`").related(open, "opened here"));
            }
            let next = self.lexemes.get(self.at + 1).map(|l| l.token);
            let key = match self.peek() {
                Some(lexeme) if lexeme.token == Token::Name && next == Some(Token::Equals) => {
                    self.at += 2;
                    Some(Spelled {
                        text: self.slice(lexeme).to_string(),
                        span: lexeme.span(self.stretch.source),
                    })
                }
                _ => None,
            };
            args.push(Argument { key, value: self.expression()? });
        }
        let span = Span { end: self.here().end, ..name.span };
        self.at += 1;
        self.depth -= 1;
        let Some(function) = Function::named(&name.text) else {
            return self.push(Form::Call(name.text, args), span, first);
        };
        if let Some(key) = args.iter().find_map(|arg| arg.key.as_ref()) {
            return Err(Diag::usage(format!("{} takes no names", name.text)).at(key.span));
        }
        let fits = if function.folds() { args.len() >= 2 } else { args.len() == 1 };
        if !fits {
            let wanted = if function.folds() { "two values or more" } else { "one value" };
            let diag = Diag::usage(format!("{} takes {wanted}, not {}", name.text, args.len())).at(span);
            let capital = name.text.to_uppercase();
            return Err(diag.help(format!("functions of one sample are written in small letters; an operator such as {capital}(…) in capitals")));
        }
        self.push(Form::Function(function, args.into_iter().map(|arg| arg.value).collect()), span, first)
    }

    fn push(&mut self, form: Form, span: Span, first: TermId) -> Result<TermId> {
        let terms = &mut self.definition.terms;
        if terms.len() >= MAX_TERMS {
            return Err(Diag::usage(format!("a definition has at most {MAX_TERMS} terms")).at(span));
        }
        // Operands that begin earlier widen the subtree.
        let first = terms.get(first).map_or(first, |term| term.first.min(first));
        terms.push(Term { form, span, first });
        Ok(terms.len() - 1)
    }

    fn join(&self, left: TermId, right: TermId) -> Span {
        let (left, right) = (self.definition.span_of(left), self.definition.span_of(right));
        Span { end: right.end.max(left.end), ..left }
    }

    fn number(&self, lexeme: Lexeme) -> Result<(f64, Option<Unit>)> {
        let (text, span) = (self.slice(lexeme), lexeme.span(self.stretch.source));
        let (value, unit) = split_number(text);
        let value: f64 = value.parse().map_err(|_| Diag::usage("this is no number").at(span))?;
        if !value.is_finite() {
            return Err(Diag::usage("this number is too large").at(span).help("the limit is about 1.8e308"));
        }
        if unit.is_empty() {
            return Ok((value, None));
        }
        let parsed = Unit::parse(unit).ok_or_else(|| {
            let shown: String = unit.chars().take(40).collect();
            let diag = Diag::usage(format!("there is no unit {shown}")).at(span);
            if self.is_known(unit) { diag.help(format!("to multiply write {value} * {shown}")) } else { diag }
        })?;
        Ok((value, Some(parsed)))
    }

    fn is_known(&self, name: &str) -> bool {
        self.definition.inputs.iter().any(|input| input.text == name)
            || self.definition.params.iter().any(|param| param.name == name)
    }

    fn fresh_name(&mut self, what: &str) -> Result<Spelled> {
        let name = self.name(what, FORM)?;
        self.refuse_reserved(&name)?;
        self.shadows_nothing(&name)?;
        Ok(name)
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
            return Err(
                Diag::usage(format!("`{}` is a function and cannot be a name", name.text)).at(name.span)
            );
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

    fn name(&mut self, what: &str, form: &str) -> Result<Spelled> {
        let lexeme = self.take(Token::Name, what).map_err(|diag| diag.help(format!("for example {form}")))?;
        let text = self.slice(lexeme).to_string();
        let span = lexeme.span(self.stretch.source);
        if KEYWORDS.iter().any(|keyword| keyword.eq_ignore_ascii_case(&text)) {
            return Err(
                Diag::usage(format!("`{text}` is a word of the language and cannot be a name")).at(span)
            );
        }
        Ok(Spelled { text, span })
    }

    fn keyword(&mut self, word: &str, form: &str) -> Result<()> {
        if self.word(word) {
            return Ok(());
        }
        Err(self.here_unexpected(word).help(format!("for example {form}")))
    }

    fn word(&mut self, word: &str) -> bool {
        let here =
            self.peek().is_some_and(|l| l.token == Token::Name && self.slice(l).eq_ignore_ascii_case(word));
        self.at += usize::from(here);
        here
    }

    fn expect(&mut self, token: Token, form: &str) -> Result<()> {
        let wanted = token.describe(match token {
            Token::Open => "(",
            Token::Comma => ",",
            Token::Equals => "=",
            Token::ClosePlace => "]",
            _ => "",
        });
        self.take(token, &wanted).map(|_| ()).map_err(|diag| diag.help(format!("for example {form}")))
    }

    fn accept(&mut self, token: Token) -> bool {
        let here = self.peek().is_some_and(|lexeme| lexeme.token == token);
        self.at += usize::from(here);
        here
    }

    fn take(&mut self, token: Token, what: &str) -> Result<Lexeme> {
        match self.peek() {
            Some(lexeme) if lexeme.token == token => {
                self.at += 1;
                Ok(lexeme)
            }
            _ => Err(self.here_unexpected(what)),
        }
    }

    fn here_unexpected(&self, wanted: &str) -> Diag {
        match self.peek() {
            Some(lexeme) => self.unexpected(lexeme, wanted),
            None => Diag::usage(format!("{wanted} is expected here, not the end of the definition"))
                .at(self.here()),
        }
    }

    fn unexpected(&self, lexeme: Lexeme, wanted: &str) -> Diag {
        let given = lexeme.token.describe(self.slice(lexeme));
        Diag::usage(format!("{wanted} is expected here, not {given}")).at(lexeme.span(self.stretch.source))
    }

    fn peek(&self) -> Option<Lexeme> {
        self.lexemes.get(self.at).copied()
    }

    fn slice(&self, lexeme: Lexeme) -> &'a str {
        self.text.get(lexeme.start..lexeme.end).unwrap_or("")
    }

    /// The token here, or the last one at the end of the text.
    fn here(&self) -> Span {
        let lexeme = self.peek().or(self.lexemes.last().copied());
        let end = self.stretch.end.min(self.text.len()) as u32;
        lexeme.map_or(Span { source: self.stretch.source, start: end, end }, |l| l.span(self.stretch.source))
    }
}

const COMPARISON: u8 = 4;

/// A shift of this many samples or channels, within the limits.
pub fn checked_shift(value: f64, back: bool, along_time: bool, span: Span) -> Result<i32> {
    let most = if along_time { MAX_DELAY } else { f64::from(MAX_CHANNELS) };
    if value.fract() != 0.0 || !(0.0..=most).contains(&value) {
        let what = if along_time { "samples" } else { "channels" };
        return Err(Diag::usage(format!(
            "a shift is a whole number of {what} from 0 to {most}, not {value}"
        ))
        .at(span));
    }
    Ok(if back { -(value as i32) } else { value as i32 })
}

/// The number and the unit behind it.
fn split_number(text: &str) -> (&str, &str) {
    let bytes = text.as_bytes();
    let digits = |at: usize| at + bytes.iter().skip(at).take_while(|b| b.is_ascii_digit()).count();
    let mut end = digits(0);
    if bytes.get(end) == Some(&b'.') {
        end = digits(end + 1);
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        let power = digits(end + 1 + sign);
        if power > end + 1 + sign {
            end = power;
        }
    }
    text.split_at_checked(end).unwrap_or((text, ""))
}
