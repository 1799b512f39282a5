//! Values: words, texts, lists and calls.

use dasc_ir::{Diag, Result, Span};

use super::{MAX_DEPTH, Parser, is_name, join};
use crate::syntax::{Form, Value};
use crate::token::{Lexeme, Token};

const VALUES: &str = "for example 10Hz, 2..5km, fiber.dat or [1, 2]";

impl Parser<'_> {
    pub(super) fn value(&mut self, depth: usize) -> Result<Value> {
        let Some(lexeme) = self.peek() else {
            return Err(Diag::usage("a value is missing").at(self.end()).help(VALUES));
        };
        let span = self.span_of(lexeme);
        let value = match lexeme.token {
            Token::OpenList => {
                let (items, span) = self.items(depth)?;
                Value { form: Form::List(items), span }
            }
            Token::Word | Token::Url => {
                let word = self.spelled();
                match self.peek().filter(|l| l.token == Token::OpenCall && l.start == lexeme.end) {
                    None => Value { form: Form::Word(word.text), span },
                    Some(_) => {
                        let (items, brackets) = self.items(depth)?;
                        Value { form: Form::Call(word.text, items), span: join(span, brackets) }
                    }
                }
            }
            Token::Text => {
                self.at += 1;
                Value { form: Form::Text(unquoted(self.slice(lexeme))), span }
            }
            _ => return Err(self.unexpected(lexeme, "a value")),
        };
        match self.peek() {
            Some(next) if next.start == value.span.end && self.sticks(next) => {
                Err(Diag::usage("a space is missing here, or quotes around the whole")
                    .at(join(value.span, self.span_of(next)))
                    .help("a text with spaces or quotes in it is quoted as one: 'a b.h5', \"it's\""))
            }
            _ => Ok(value),
        }
    }

    pub(super) fn sticks(&self, next: Lexeme) -> bool {
        matches!(
            next.token,
            Token::Word | Token::Url | Token::Text | Token::OpenText | Token::OpenList | Token::OpenCall
        )
    }

    /// The values between a bracket and its partner, separated by commas; lines may end anywhere between them.
    pub(super) fn items(&mut self, depth: usize) -> Result<(Vec<Value>, Span)> {
        let Some(open) = self.peek() else {
            return Err(Diag::usage("a list is missing").at(self.end()).help(VALUES));
        };
        let (close, bracket) = match open.token {
            Token::OpenList => (Token::CloseList, "]"),
            _ => (Token::CloseCall, ")"),
        };
        if depth == MAX_DEPTH {
            return Err(Diag::usage(format!("brackets are nested more than {MAX_DEPTH} deep"))
                .at(self.span_of(open))
                .help("a list holds values, or lists of values"));
        }
        self.at += 1;
        let mut items = Vec::new();
        loop {
            let before = self.at;
            self.newlines();
            let on_new_line = self.at > before && self.word_here().is_some_and(is_name);
            match self.peek() {
                Some(lexeme) if lexeme.token == close => {
                    self.at += 1;
                    return Ok((items, join(self.span_of(open), self.span_of(lexeme))));
                }
                None => return Err(self.unclosed(open, bracket)),
                Some(_) => items.push(self.value(depth + 1)?),
            }
            let line_end = self.at;
            self.newlines();
            match self.peek() {
                Some(lexeme) if lexeme.token == Token::Comma => self.at += 1,
                Some(lexeme) if lexeme.token == close => {}
                // `[1,` and a step on the next line: the step is read as one.
                Some(lexeme) if on_new_line && self.at == line_end && lexeme.token != Token::Pipe => {
                    self.at = before;
                    return Err(self.unclosed(open, bracket));
                }
                Some(lexeme) if self.at == line_end && lexeme.token != Token::Pipe => {
                    return Err(self
                        .unexpected(lexeme, "`,` or a closing bracket")
                        .related(self.span_of(open), "the bracket opened here"));
                }
                _ => {
                    self.at = line_end;
                    return Err(self.unclosed(open, bracket));
                }
            }
        }
    }

    pub(super) fn unclosed(&self, open: Lexeme, bracket: &str) -> Diag {
        Diag::usage(format!("{} is not closed", open.token.describe()))
            .at(self.span_of(open))
            .help(format!("add `{bracket}` after the last value"))
    }
}

/// A text without its quotes.
pub(super) fn unquoted(text: &str) -> String {
    let quote = if text.starts_with('"') { "\"" } else { "'" };
    let inner = text.strip_prefix(quote).and_then(|t| t.strip_suffix(quote)).unwrap_or(text);
    inner.replace(&quote.repeat(2), quote)
}
