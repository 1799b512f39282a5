//! Expressions, by precedence climbing.

use dasc_ir::{Diag, Result, Span, Unit};

use super::Parser;
use crate::syntax::{Argument, Binary, Form, Function, Place, Spelled, Term, TermId};
use crate::token::{KEYWORDS, Lexeme, Token};

/// Brackets, conditions and calls may be nested so deep.
const MAX_DEPTH: usize = 64;
/// Terms of one definition.
const MAX_TERMS: usize = 10_000;
/// How tightly comparisons bind.
const COMPARISON: u8 = 4;

impl Parser<'_> {
    pub(super) fn expression(&mut self) -> Result<TermId> {
        self.climb(0)
    }

    fn deeper(&mut self, span: Span) -> Result<()> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Diag::usage(format!("expressions are nested more than {MAX_DEPTH} deep"))
                .at(span)
                .help("give parts of it names of their own after WHERE"));
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
            return Err(Diag::usage("an expression is expected here")
                .at(self.here())
                .help("for example y[t-1] + x[t]"));
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
            return Err(Diag::usage(format!("{} takes no names", name.text)).at(key.span).help(format!(
                "write {}({})",
                name.text,
                if function.folds() { "a, b" } else { "x" }
            )));
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
            return Err(Diag::usage(format!("a definition has at most {MAX_TERMS} terms"))
                .at(span)
                .help("split it into definitions that call each other"));
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

    pub(super) fn number(&self, lexeme: Lexeme) -> Result<(f64, Option<Unit>)> {
        let (text, span) = (self.slice(lexeme), lexeme.span(self.stretch.source));
        let (value, unit) = split_number(text);
        let value: f64 = value
            .parse()
            .map_err(|_| Diag::usage("this is no number").at(span).help("for example 0.5, 1e-6 or 20ms"))?;
        if !value.is_finite() {
            return Err(Diag::usage("this number is too large").at(span).help("the limit is about 1.8e308"));
        }
        if unit.is_empty() {
            return Ok((value, None));
        }
        let parsed = Unit::parse(unit).ok_or_else(|| {
            let shown: String = unit.chars().take(40).collect();
            let diag = Diag::usage(format!("there is no unit {shown}")).at(span);
            diag.help(if self.is_known(unit) {
                format!("to multiply write {value} * {shown}")
            } else {
                Unit::MADE_OF.to_string()
            })
        })?;
        Ok((value, Some(parsed)))
    }

    fn is_known(&self, name: &str) -> bool {
        self.definition.inputs.iter().any(|input| input.text == name)
            || self.definition.params.iter().any(|param| param.name == name)
    }
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
