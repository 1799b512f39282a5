//! Tokens one by one, and what is said where another is expected.

use dasc_ir::{Diag, Result, Span};

use super::Parser;
use crate::syntax::Spelled;
use crate::token::{KEYWORDS, Lexeme, Token};

impl<'a> Parser<'a> {
    pub(super) fn name(&mut self, what: &str, form: &str) -> Result<Spelled> {
        let lexeme = self.take(Token::Name, what).map_err(|diag| diag.help(format!("for example {form}")))?;
        let text = self.slice(lexeme).to_string();
        let span = lexeme.span(self.stretch.source);
        if KEYWORDS.iter().any(|keyword| keyword.eq_ignore_ascii_case(&text)) {
            return Err(Diag::usage(format!("`{text}` is a word of the language and cannot be a name"))
                .at(span)
                .help("choose another name"));
        }
        Ok(Spelled { text, span })
    }

    pub(super) fn keyword(&mut self, word: &str, form: &str) -> Result<()> {
        if self.word(word) {
            return Ok(());
        }
        Err(self.here_unexpected(word).help(format!("for example {form}")))
    }

    pub(super) fn word(&mut self, word: &str) -> bool {
        let here =
            self.peek().is_some_and(|l| l.token == Token::Name && self.slice(l).eq_ignore_ascii_case(word));
        self.at += usize::from(here);
        here
    }

    pub(super) fn expect(&mut self, token: Token, form: &str) -> Result<()> {
        let wanted = token.describe(match token {
            Token::Open => "(",
            Token::Comma => ",",
            Token::Equals => "=",
            Token::ClosePlace => "]",
            _ => "",
        });
        self.take(token, &wanted).map(|_| ()).map_err(|diag| diag.help(format!("for example {form}")))
    }

    pub(super) fn accept(&mut self, token: Token) -> bool {
        let here = self.peek().is_some_and(|lexeme| lexeme.token == token);
        self.at += usize::from(here);
        here
    }

    pub(super) fn take(&mut self, token: Token, what: &str) -> Result<Lexeme> {
        match self.peek() {
            Some(lexeme) if lexeme.token == token => {
                self.at += 1;
                Ok(lexeme)
            }
            _ => Err(self.here_unexpected(what)),
        }
    }

    pub(super) fn here_unexpected(&self, wanted: &str) -> Diag {
        match self.peek() {
            Some(lexeme) => self.unexpected(lexeme, wanted),
            None => Diag::usage(format!("{wanted} is expected here, not the end of the definition"))
                .at(self.here())
                .help(
                    "a definition ends with its line, unless a bracket is open or the next line is indented",
                ),
        }
    }

    pub(super) fn unexpected(&self, lexeme: Lexeme, wanted: &str) -> Diag {
        let given = lexeme.token.describe(self.slice(lexeme));
        let diag = Diag::usage(format!("{wanted} is expected here, not {given}"))
            .at(lexeme.span(self.stretch.source));
        match lexeme.token {
            Token::OpenPlace => diag.help("only a name has places: write v[t-1] and, after WHERE, v = …"),
            Token::Bar => diag.help("the steps that use a definition begin on a line of their own"),
            _ => diag,
        }
    }

    pub(super) fn peek(&self) -> Option<Lexeme> {
        self.lexemes.get(self.at).copied()
    }

    pub(super) fn slice(&self, lexeme: Lexeme) -> &'a str {
        self.text.get(lexeme.start..lexeme.end).unwrap_or("")
    }

    /// The token here, or the last one at the end of the text.
    pub(super) fn here(&self) -> Span {
        let lexeme = self.peek().or(self.lexemes.last().copied());
        let end = self.stretch.end.min(self.text.len()) as u32;
        lexeme.map_or(Span { source: self.stretch.source, start: end, end }, |l| l.span(self.stretch.source))
    }
}
