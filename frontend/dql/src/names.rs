//! The names of values in force: `LET`, `PARAM` and loop variables, and what stands for them within texts.

use std::collections::HashMap;

use dasc_ir::literal::Literal;
use dasc_ir::spelling::nearest;
use dasc_ir::{Diag, Result, Span};

use crate::parse::is_name;
use crate::statements::RUN_NAMES;
use crate::word::label;

/// What stops a reading: a mistake, or `None` where it is the consequence of one that was reported.
pub type Stop = Option<Diag>;

/// What a text may grow to when names in it are filled in.
const MAX_TEXT: usize = 64 << 10;

/// Definitions, the innermost loop's last.
#[derive(Debug, Default)]
pub struct Names {
    entries: Vec<Entry>,
    index: HashMap<String, usize>,
}

#[derive(Debug)]
struct Entry {
    name: String,
    span: Span,
    /// `None` where the definition was mistaken, so that uses stay quiet.
    value: Option<Literal>,
}

impl Names {
    /// Defines a name; one that is in force cannot be defined again, unless its definition was mistaken.
    pub fn define(&mut self, name: &str, span: Span, value: Option<Literal>) -> Result<()> {
        match self.find(name) {
            Some(Entry { value: Some(_), span: earlier, .. }) => {
                Err(Diag::usage(format!("`{name}` is defined already"))
                    .at(span)
                    .related(*earlier, "first defined here")
                    .help("choose another name"))
            }
            Some(_) => Ok(()),
            None => {
                self.index.insert(name.to_string(), self.entries.len());
                self.entries.push(Entry { name: name.to_string(), span, value });
                Ok(())
            }
        }
    }

    /// How many names are in force, to be given to [`Names::close`] at the end of a loop's turn.
    pub fn open(&self) -> usize {
        self.entries.len()
    }

    pub fn close(&mut self, open: usize) {
        for entry in self.entries.drain(open.min(self.entries.len())..) {
            self.index.remove(&entry.name);
        }
    }

    pub fn known(&self) -> Vec<&str> {
        self.entries.iter().map(|entry| entry.name.as_str()).collect()
    }

    fn find(&self, name: &str) -> Option<&Entry> {
        self.index.get(name).and_then(|at| self.entries.get(*at))
    }

    /// The value of `name`, or of an end of it: `b.low`, `b.from`, `b.high`, `b.to`. `Ok(None)` for what is no name in force.
    pub fn get(&self, word: &str) -> Result<Option<Literal>, Stop> {
        let (name, field) = match word.split_once('.') {
            Some((name, field)) => (name, Some(field)),
            None => (word, None),
        };
        let Some(entry) = self.find(name) else { return Ok(None) };
        let value = entry.value.as_ref().ok_or(None)?;
        let Some(field) = field else { return Ok(Some(value.clone())) };
        let is_low = ["low", "from"].contains(&field);
        if !is_low && !["high", "to"].contains(&field) {
            return Ok(None);
        }
        let Literal::Range { from, to, .. } = value else {
            return Err(Some(
                Diag::usage(format!("`{word}` asks for an end of `{name}`, which is no range but {value}"))
                    .related(entry.span, "defined here")
                    .help(format!("write {name}, or make it a range such as 1..10Hz")),
            ));
        };
        match if is_low { from } else { to } {
            Some(end) => Ok(Some((**end).clone())),
            None => Err(Some(
                Diag::usage(format!("the range {value} of `{name}` is open there: `{word}` has no value"))
                    .related(entry.span, "defined here")
                    .help("give the range both ends, such as 1..10Hz"),
            )),
        }
    }

    /// Puts values in the place of `{name}`. Names that the run fills in stay, and so do braces around anything but a name.
    pub fn fill(&self, text: &str) -> Result<String, Stop> {
        let (mut filled, mut rest) = (String::new(), text);
        while let Some((before, after)) = rest.split_once('{') {
            filled.push_str(before);
            let end = after.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '.'));
            let (inner, tail) = match end.and_then(|end| Some((after.get(..end)?, after.get(end..)?))) {
                Some((inner, tail)) if tail.starts_with('}') && inner.split('.').all(is_name) => {
                    (inner, tail.get(1..).unwrap_or(""))
                }
                _ => {
                    filled.push('{');
                    rest = after;
                    continue;
                }
            };
            match self.get(inner)? {
                Some(value) => filled.push_str(&label(&value).ok_or_else(|| {
                    Diag::usage(format!("`{{{inner}}}` is {value}, which cannot stand within a text"))
                        .help("a text takes in numbers, quantities, words and texts")
                })?),
                None if RUN_NAMES.contains(&inner) => filled += &format!("{{{inner}}}"),
                None => return Err(Some(self.unknown(inner))),
            }
            if filled.len() > MAX_TEXT {
                let text = format!("a text grows beyond {MAX_TEXT} bytes when its names are filled in");
                return Err(Some(Diag::usage(text).help("shorten the values of the names in it")));
            }
            rest = tail;
        }
        filled.push_str(rest);
        Ok(filled)
    }

    fn unknown(&self, name: &str) -> Diag {
        let diag = Diag::usage(format!("`{{{name}}}` is not defined"));
        match nearest(name, self.known().into_iter().chain(RUN_NAMES)) {
            Some(near) => diag.help(format!("did you mean {{{near}}}?")),
            None => diag.help(format!("define it with LET {name} = … or PARAM {name}: text")),
        }
    }
}
