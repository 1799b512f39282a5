//! Values as written to literals, with the names in force and what the parameter expects.

use dasc_ir::literal::Literal;
use dasc_ir::parameter::{Kind, like_a_path};
use dasc_ir::{Diag, Span};

use crate::names::{Names, Stop};
use crate::syntax::{Form, Value};
use crate::word;
use crate::zone::Zone;

/// The bytes that all literals of an expanded script may take, so that names that hold names that hold names
/// cannot fill the memory.
const MAX_LITERAL_BYTES: usize = 64 << 20;

/// Lists in lists, whether written so or by names.
const MAX_DEPTH: usize = 16;

/// The names in force, and the bytes that values have taken so far.
#[derive(Default)]
pub struct Evaluator {
    pub names: Names,
    spent: usize,
}

impl Evaluator {
    /// The literal for a parameter of this kind; `None` where anything may stand.
    /// `zone` is what the clocks of the step show.
    pub fn literal(&mut self, value: &Value, kind: Option<Kind>, zone: &Zone) -> Result<Literal, Stop> {
        let literal = match &value.form {
            Form::Word(word) => self.word(word, kind, zone),
            Form::Text(text) => self.names.fill(text).map(Literal::Text),
            Form::List(items) => {
                let inner = match kind {
                    Some(Kind::List(inner)) => Some(*inner),
                    other => other,
                };
                let items: Result<Vec<_>, Stop> =
                    items.iter().map(|item| self.literal(item, inner, zone)).collect();
                return self.nested(Literal::List(items?), value.span);
            }
            Form::Call(name, args) => {
                let args: Result<Vec<_>, Stop> =
                    args.iter().map(|arg| self.literal(arg, None, zone)).collect();
                return self.nested(Literal::Call(name.clone(), args?), value.span);
            }
        };
        let literal = literal.map_err(|stop| stop.map(|diag| diag.at(value.span)))?;
        self.spend(size(&literal), value.span)?;
        Ok(literal)
    }

    fn word(&self, word: &str, kind: Option<Kind>, zone: &Zone) -> Result<Literal, Stop> {
        let core = kind.map(innermost);
        let knows = |words: &[&str]| words.iter().any(|known| known.eq_ignore_ascii_case(word));
        let own_word = match core {
            Some(Kind::Choice(words)) => knows(words),
            Some(Kind::Reference) => knows(&["max"]),
            _ => false,
        };
        if own_word || knows(&["none"]) {
            return Ok(Literal::Word(word.to_string()));
        }
        // `a.h5` is a path, whatever `a` may be; within a path or a text write {b.low}.
        let verbatim = match core {
            Some(Kind::Path | Kind::Text) => word.contains('.'),
            Some(Kind::FlowOrPath) => like_a_path(word),
            _ => false,
        };
        let named = if verbatim { None } else { self.names.get(word)? };
        let filled = self.names.fill(word)?;
        match (core, named) {
            (Some(Kind::Branch), _) => Ok(Literal::Word(filled)),
            (Some(Kind::FlowOrPath), None) if verbatim => Ok(Literal::Text(filled)),
            (Some(Kind::FlowOrPath), None) => Ok(Literal::Word(filled)),
            (Some(Kind::Text), Some(value)) => match word::label(&value) {
                Some(text) => Ok(Literal::Text(text)),
                None => Ok(value),
            },
            (Some(Kind::Path), Some(Literal::Word(text))) => Ok(Literal::Text(text)),
            (Some(Kind::FlowOrPath), Some(Literal::Word(text))) if like_a_path(&text) => {
                Ok(Literal::Text(text))
            }
            (_, Some(value)) => Ok(value),
            (Some(Kind::Path), None) => Ok(Literal::Text(filled)),
            (Some(Kind::Text), None) => Ok(Literal::Word(filled)),
            (_, None) if knows(&["true"]) => Ok(Literal::Flag(true)),
            (_, None) if knows(&["false"]) => Ok(Literal::Flag(false)),
            (_, None) => {
                let end = |name: &str| self.names.get(name).ok().flatten();
                let literal = word::literal(&filled, zone, end)?;
                Ok(literal.unwrap_or(Literal::Word(filled)))
            }
        }
    }

    /// A list or a call, if it is not too deep; its items have been counted.
    fn nested(&mut self, literal: Literal, span: Span) -> Result<Literal, Stop> {
        if depth(&literal) > MAX_DEPTH {
            let text = format!("lists are nested more than {MAX_DEPTH} deep");
            return Err(Some(Diag::usage(text).at(span).help("a list holds values, or lists of values")));
        }
        self.spend(size_of::<Literal>(), span)?;
        Ok(literal)
    }

    /// Whether values have taken all the room there is, so that nothing further can be read.
    pub fn exhausted(&self) -> bool {
        self.spent > MAX_LITERAL_BYTES
    }

    /// Counts the bytes of a value that is kept.
    pub fn spend(&mut self, bytes: usize, span: Span) -> Result<(), Stop> {
        self.spent = self.spent.saturating_add(bytes);
        if self.spent <= MAX_LITERAL_BYTES {
            return Ok(());
        }
        let text = format!("the values of the script take more than {} MiB", MAX_LITERAL_BYTES >> 20);
        Err(Some(Diag::usage(text).at(span).help("names in lists in loops multiply: use shorter lists")))
    }
}

/// What a list is made of, or an option may be.
pub fn innermost(kind: Kind) -> Kind {
    match kind {
        Kind::List(inner) | Kind::Optional(inner) => innermost(*inner),
        other => other,
    }
}

fn depth(literal: &Literal) -> usize {
    match literal {
        Literal::List(items) | Literal::Call(_, items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

/// About the bytes a literal takes.
fn size(literal: &Literal) -> usize {
    const NODE: usize = size_of::<Literal>();
    let own = match literal {
        Literal::Text(text) | Literal::Word(text) => text.len(),
        Literal::Quantity(_, unit) => unit.symbol().len(),
        Literal::Range { from, to, step } => {
            [from, to, step].into_iter().flatten().map(|end| size(end)).sum()
        }
        Literal::List(items) => items.iter().map(size).sum(),
        Literal::Call(name, items) => name.len() + items.iter().map(size).sum::<usize>(),
        Literal::Number(_) | Literal::Flag(_) | Literal::Time(_) => 0,
    };
    NODE.saturating_add(own)
}
