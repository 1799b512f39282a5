//! Reads steps as the schemas' examples and the golden vectors write them. The language proper belongs to the front end, which
//! depends on this crate; here steps are words between blanks.

use dasc_ir::graph::{Builder, NodeId};
use dasc_ir::literal::{Arg, Literal};
use dasc_ir::{Diag, Result, Span, Unit};

use crate::ops::find;

/// Appends the steps of `A x y KEY=value | B …` to `x`.
pub fn build_example(b: &mut Builder, x: NodeId, steps: &str) -> Result<NodeId> {
    let mut y = x;
    for step in steps.split('|') {
        let mut words = step.split_whitespace();
        let keyword = words.next().unwrap_or_default();
        let entry = find(keyword).ok_or_else(|| Diag::usage(format!("there is no operator {keyword}")))?;
        let args: Vec<Arg> = words.map(argument).collect();
        y = (entry.build)(&args, Span::default(), b, y)?;
    }
    Ok(y)
}

fn argument(word: &str) -> Arg {
    let span = Span::default();
    match word.split_once('=') {
        Some((key, value)) => Arg { key: Some((key.to_string(), span)), value: literal(value), span },
        None => Arg { key: None, value: literal(word), span },
    }
}

fn literal(text: &str) -> Literal {
    if let Some(items) = text.strip_prefix('[').and_then(|t| t.strip_suffix(']')) {
        return Literal::List(items.split(',').map(|item| literal(item.trim())).collect());
    }
    if let Some((from, rest)) = text.split_once("..") {
        let (to, step) = rest.split_once('/').map_or((rest, ""), |(to, step)| (to, step));
        let end = |text: &str| (!text.is_empty()).then(|| Box::new(literal(text)));
        return Literal::Range { from: end(from), to: end(to), step: end(step) };
    }
    if let Some((name, args)) = text.strip_suffix(')').and_then(|t| t.split_once('(')) {
        return Literal::Call(name.to_string(), args.split(',').map(|a| literal(a.trim())).collect());
    }
    if let Some(number) = number(text) {
        return number;
    }
    match text.to_ascii_uppercase().as_str() {
        "TRUE" => Literal::Flag(true),
        "FALSE" => Literal::Flag(false),
        _ => Literal::Word(text.to_string()),
    }
}

/// The longest numeric start of a word, with what follows as its unit.
fn number(text: &str) -> Option<Literal> {
    if !text.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c)) {
        return None;
    }
    let ends = text.char_indices().map(|(i, c)| i + c.len_utf8()).rev();
    let (end, value) = ends.filter_map(|end| Some((end, text.get(..end)?.parse::<f64>().ok()?))).next()?;
    match text.get(end..)? {
        "" => Some(Literal::Number(value)),
        unit => Unit::parse(unit).map(|unit| Literal::Quantity(value, unit)),
    }
}
