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
        y = entry.build(&args, Span::default(), b, y)?;
    }
    Ok(y)
}

/// Until when an operator on events holds them back, from its own example; models are files that only a user has.
pub fn event_facts(entry: &dasc_events::ops::Entry, input: &dasc_events::EventsType) -> Result<String> {
    let (keyword, rest) = entry.schema.example.split_once(' ').unwrap_or((entry.schema.example, ""));
    let reads_a_file = entry.schema.params.iter().any(|p| p.kind == dasc_ir::parameter::Kind::Path);
    let span = Span::default();
    let args = match keyword {
        "WHERE" => vec![Arg { key: None, value: Literal::Text(rest.into()), span }],
        _ => rest.split_whitespace().map(argument).collect(),
    };
    if reads_a_file {
        return Ok("gives each event out as it comes".into());
    }
    let context = dasc_events::ops::Context {
        input,
        folder: std::path::Path::new(""),
        models: &dasc_ir::model::NoModels,
    };
    let bound = (entry.bind)(&args, span, &context)?;
    Ok(match bound.waits.as_str() {
        "" => "gives each event out as it comes".into(),
        waits => format!("holds an event {waits}"),
    })
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
        // `0..1999/4` has a stride, `20..150km/h` a unit.
        let stride = |(_, step): &(&str, &str)| step.bytes().all(|b| b.is_ascii_digit());
        let (to, step) = rest.split_once('/').filter(stride).unwrap_or((rest, ""));
        // The unit of the last end is the unit of both.
        let unit = if let Literal::Quantity(_, unit) = literal(to) { Some(unit) } else { None };
        let with_unit = |end: Literal| match (end, &unit) {
            (Literal::Number(value), Some(unit)) => Literal::Quantity(value, unit.clone()),
            (other, _) => other,
        };
        let end = |text: &str| (!text.is_empty()).then(|| Box::new(with_unit(literal(text))));
        let step = (!step.is_empty()).then(|| Box::new(literal(step)));
        return Literal::Range { from: end(from), to: end(to), step };
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
