//! Statements that give names: `LET`, `PARAM`, the head of `FOR`; and what can be a name.

use dasc_ir::{Diag, Result, Span};

use super::Parser;
use super::value::unquoted;
use crate::syntax::{Form, Spelled, Statement, Value};
use crate::token::{Lexeme, Token};

/// Words that cannot be names.
const RESERVED: [&str; 12] =
    ["LET", "PARAM", "FOR", "IN", "END", "FROM", "AS", "DEF", "IMPORT", "TRUE", "FALSE", "NONE"];

impl Parser<'_> {
    /// Passes over `DEF … = …`, which has a grammar of its own.
    pub(super) fn definition(&mut self, head: Lexeme) -> Statement {
        let start = head.start as usize;
        let end = dasc_define::token::extent(self.text, start);
        while self.peek().is_some_and(|lexeme| (lexeme.start as usize) < end) {
            self.at += 1;
        }
        Statement::Def { source: self.source, start, end }
    }

    /// `IMPORT 'definitions.dql'`.
    pub(super) fn import(&mut self) -> Result<Statement> {
        self.at += 1;
        let span = self.here();
        let value = match self.peek().map(|l| l.token) {
            None | Some(Token::Newline | Token::Pipe) => None,
            Some(_) => Some(self.value(0)?),
        };
        match value.map(|value| (value.form, value.span)) {
            Some((Form::Word(text) | Form::Text(text), span)) if !text.is_empty() => {
                self.step_end("the path of IMPORT")?;
                Ok(Statement::Import { path: Spelled { text, span } })
            }
            Some(_) | None => Err(Diag::usage("IMPORT takes the path of a file with definitions")
                .at(span)
                .help("for example IMPORT 'definitions.dql'")),
        }
    }

    pub(super) fn binding(&mut self) -> Result<Statement> {
        self.at += 1;
        let name = self.value_name("LET", "LET low = 10Hz")?;
        self.equals("LET low = 10Hz")?;
        let value = self.value(0)?;
        self.step_end("the value of LET")?;
        Ok(Statement::Let { name, value: Some(value) })
    }

    /// `PARAM day: date = 2024-05-01 "help"`, with spaces around the colon or not.
    pub(super) fn param(&mut self) -> Result<Statement> {
        const FORM: &str = "PARAM day: date = 2024-05-01 \"the day to read\"";
        self.at += 1;
        let form = |diag: Diag| diag.help(format!("the form is {FORM}"));
        let Some(lexeme) = self.peek().filter(|l| l.token == Token::Word) else {
            return Err(form(Diag::usage("PARAM needs a name").at(self.here())));
        };
        let written = self.spelled();
        let (head, mut rest) = match written.text.split_once(':') {
            Some((head, rest)) => (head.to_string(), Some(rest.to_string())),
            None => (written.text.clone(), None),
        };
        let name_end = lexeme.start + head.len() as u32;
        let name = Spelled { span: Span { end: name_end, ..written.span }, text: head };
        self.allowed_name(&name)?;
        let mut type_start = name_end + 1;
        if rest.is_none() {
            let next =
                self.word_here().filter(|word| word.starts_with(':')).map(|word| word[1..].to_string());
            let Some(after) = next else {
                return Err(form(Diag::usage(format!("PARAM {} needs a type", name.text)).at(name.span)));
            };
            type_start = self.here().start + 1;
            self.at += 1;
            rest = Some(after);
        }
        let ty = match rest.filter(|rest| !rest.is_empty()) {
            Some(text) => {
                let end = type_start + text.len() as u32;
                Spelled { text, span: Span { source: self.source, start: type_start, end } }
            }
            None if self.word_here().is_some() => self.spelled(),
            None => {
                return Err(form(Diag::usage(format!("PARAM {} needs a type", name.text)).at(name.span)));
            }
        };
        let mut default = None;
        if self.peek().is_some_and(|l| l.token == Token::Equals) {
            self.at += 1;
            default = Some(self.value(0)?);
        }
        let mut help = None;
        if let Some(lexeme) = self.peek().filter(|l| l.token == Token::Text) {
            help = Some(unquoted(self.slice(lexeme)));
            self.at += 1;
        }
        self.step_end("PARAM").map_err(form)?;
        Ok(Statement::Param { name, ty, default, help })
    }

    pub(super) fn for_head(&mut self) -> Result<(Spelled, Option<Value>)> {
        const FORM: &str = "FOR band IN [1..10Hz, 10..100Hz]";
        self.at += 1;
        let name = self.value_name("FOR", FORM)?;
        if !self.is_word("IN") {
            let diag = Diag::usage("FOR needs IN after its name").at(self.here());
            return Err(diag.help(format!("for example {FORM}")));
        }
        self.at += 1;
        let over = self.value(0)?;
        self.step_end("the list of FOR")?;
        Ok((name, Some(over)))
    }

    /// The name of a flow: it may hold `{b}`, digits and dashes.
    pub(super) fn flow_name(&mut self, after: &str) -> Result<Spelled> {
        let Some(lexeme) = self.peek().filter(|l| l.token == Token::Word) else {
            return Err(Diag::usage(format!("{after} needs the name of a flow"))
                .at(self.here())
                .help(format!("for example {after} filtered")));
        };
        let name = self.spelled();
        let plain = |c: char| c.is_alphanumeric() || "_-.{}".contains(c);
        if !name.text.starts_with(|c: char| c.is_alphabetic() || c == '_' || c == '{')
            || !name.text.chars().all(plain)
        {
            return Err(Diag::usage(format!("`{}` cannot be the name of a flow", name.text))
                .at(self.span_of(lexeme))
                .help("a name begins with a letter and goes on with letters, digits, `_`, `-` and `.`"));
        }
        if RESERVED.contains(&name.text.to_uppercase().as_str()) {
            return Err(reserved(&name));
        }
        Ok(name)
    }

    pub(super) fn value_name(&mut self, after: &str, example: &str) -> Result<Spelled> {
        if self.word_here().is_none() {
            let diag = Diag::usage(format!("{after} needs a name")).at(self.here());
            return Err(diag.help(format!("for example {example}")));
        }
        let name = self.spelled();
        self.allowed_name(&name)?;
        Ok(name)
    }

    pub(super) fn allowed_name(&self, name: &Spelled) -> Result<()> {
        if RESERVED.contains(&name.text.to_uppercase().as_str()) {
            return Err(reserved(name));
        }
        if is_name(&name.text) {
            return Ok(());
        }
        Err(Diag::usage(format!("`{}` cannot be a name", name.text))
            .at(name.span)
            .help("a name begins with a letter and goes on with letters, digits and `_`"))
    }

    pub(super) fn equals(&mut self, example: &str) -> Result<()> {
        if self.peek().is_some_and(|l| l.token == Token::Equals) {
            self.at += 1;
            return Ok(());
        }
        Err(Diag::usage("`=` is missing").at(self.here()).help(format!("for example {example}")))
    }
}

fn reserved(name: &Spelled) -> Diag {
    Diag::usage(format!("{} is a word of the language, not a name", name.text))
        .at(name.span)
        .help("choose another name")
}

/// A letter or `_`, then letters, digits and `_`.
pub fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_alphanumeric() || c == '_')
}
