//! The keywords a script may use: the operators of the standard library, given by the caller, and the language's own statements.

use std::collections::HashMap;

use dasc_ir::operator::Schema;
use dasc_ir::spelling::nearest;
use dasc_ir::{Diag, Span};

use crate::parse::KEYWORDS;
use crate::statements::STATEMENTS;

#[derive(Clone, Debug)]
pub struct Vocabulary {
    schemas: HashMap<&'static str, &'static Schema>,
}

impl Vocabulary {
    /// The operators given, and [`STATEMENTS`].
    pub fn new(operators: impl IntoIterator<Item = &'static Schema>) -> Vocabulary {
        let all = operators.into_iter().chain(STATEMENTS);
        Vocabulary { schemas: all.map(|schema| (schema.name, schema)).collect() }
    }

    /// The schema of a keyword, in any case.
    pub fn find(&self, keyword: &str) -> Option<&'static Schema> {
        self.schemas.get(keyword.to_uppercase().as_str()).copied()
    }

    /// That a keyword is unknown, with the nearest known ones.
    pub fn unknown(&self, keyword: &str, span: Span) -> Diag {
        self.unknown_beside(keyword, span, &[])
    }

    /// The same where a script defines operators of its own.
    pub fn unknown_beside(&self, keyword: &str, span: Span, defined: &[&str]) -> Diag {
        let diag = Diag::usage(format!("there is no step {}", shortened(keyword))).at(span);
        if keyword.contains(['.', '/', ':', '\\']) {
            return diag.help(format!("to read a file write READ {}", shortened(keyword)));
        }
        let mut known: Vec<&str> =
            self.schemas.keys().copied().chain(KEYWORDS).chain(defined.iter().copied()).collect();
        known.sort_unstable();
        let mut near: Vec<String> = Vec::new();
        while let Some(word) = nearest(keyword, known.iter().copied()).filter(|_| near.len() < 3) {
            known.retain(|other| *other != word);
            near.push(word);
        }
        match near.split_last() {
            None => diag.help(format!("known: {}; `dasc ops` says what each does", listed(&known))),
            Some((only, [])) => diag.help(format!("did you mean {only}?")),
            Some((last, rest)) => diag.help(format!("did you mean {} or {last}?", rest.join(", "))),
        }
    }
}

/// All keywords, cut where they become a wall of text.
fn listed(known: &[&str]) -> String {
    const MOST: usize = 60;
    match known.get(..MOST) {
        Some(first) => format!("{} and {} more", first.join(", "), known.len() - MOST),
        None => known.join(", "),
    }
}

impl dasc_define::Callees for Vocabulary {
    fn knows(&self, name: &str) -> bool {
        self.find(name).is_some() || KEYWORDS.iter().any(|keyword| keyword.eq_ignore_ascii_case(name))
    }

    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.schemas.keys().map(|name| name.to_string()).collect();
        names.sort_unstable();
        names
    }
}

/// At most 60 characters of a word, for a message.
fn shortened(word: &str) -> String {
    match word.char_indices().nth(60) {
        Some((at, _)) => format!("{}…", word.get(..at).unwrap_or("")),
        None => word.to_string(),
    }
}
