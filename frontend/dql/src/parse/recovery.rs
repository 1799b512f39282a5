//! After a mistake: where reading goes on, and what the mistaken statement leaves behind.

use super::{Parser, is_name};
use crate::syntax::{Spelled, Statement, StepNode};
use crate::token::{Lexeme, Token};

impl Parser<'_> {
    /// After a mistake: to the end of the step, past the brackets that are open and will be closed.
    pub(super) fn recover(&mut self, begin: usize) {
        let read = self.lexemes.iter().take(self.at).skip(begin);
        let mut depth: i32 = read.map(|lexeme| nesting(lexeme.token)).sum();
        let mut at = self.at;
        while depth > 0 {
            match self.lexemes.get(at) {
                Some(lexeme) => depth += nesting(lexeme.token),
                None => break,
            }
            at += 1;
        }
        if depth <= 0 {
            self.at = at;
        }
        self.skip_step();
    }

    pub(super) fn skip_step(&mut self) {
        while self.peek().is_some_and(|l| !matches!(l.token, Token::Newline | Token::Pipe)) {
            self.at += 1;
        }
    }

    /// What a mistaken statement leaves behind so that others can still refer to it: its name.
    pub(super) fn remains(&self, begin: usize) -> Option<Statement> {
        let lexemes = self.lexemes.get(begin..self.at)?;
        let word = |lexeme: &Lexeme| {
            (lexeme.token == Token::Word)
                .then(|| Spelled { text: self.slice(*lexeme).to_string(), span: lexeme.span(self.source) })
        };
        let keyword = lexemes.first().and_then(word)?;
        match keyword.text.to_uppercase().as_str() {
            "LET" | "PARAM" => {
                let mut name = lexemes.get(1).and_then(word)?;
                name.text.truncate(name.text.find(':').unwrap_or(name.text.len()));
                name.span.end = name.span.start + name.text.len() as u32;
                is_name(&name.text).then_some(Statement::Let { name, value: None })
            }
            _ if lexemes.get(1).is_some_and(|lexeme| lexeme.token == Token::Equals) => {
                Some(Statement::Let { name: keyword, value: None })
            }
            "FROM" | "DEF" | "IMPORT" => None,
            _ => {
                let named = lexemes
                    .windows(2)
                    .rev()
                    .find(|pair| pair.first().is_some_and(|l| self.slice(*l).eq_ignore_ascii_case("AS")));
                let name =
                    named.and_then(|pair| pair.last()).and_then(word).or_else(|| self.quoted_name(lexemes));
                let span = keyword.span;
                Some(Statement::Step(StepNode { keyword, args: Vec::new(), name, span, broken: true }))
            }
        }
    }

    /// The name after an AS that a quote which is not closed has swallowed.
    pub(super) fn quoted_name(&self, lexemes: &[Lexeme]) -> Option<Spelled> {
        let last = lexemes.last().filter(|lexeme| lexeme.token == Token::OpenText)?;
        let mut words = self.slice(*last).split_whitespace().rev();
        let name = words.next()?.to_string();
        let span = last.span(self.source);
        words.next()?.eq_ignore_ascii_case("AS").then_some(Spelled { text: name, span })
    }
}

fn nesting(token: Token) -> i32 {
    match token {
        Token::OpenList | Token::OpenCall => 1,
        Token::CloseList | Token::CloseCall => -1,
        _ => 0,
    }
}
