//! `dasc ops`: the operators and statements, from their schemas.

use dasc_dql::statements::STATEMENTS;
use dasc_ir::operator::{Param, Schema, written};
use dasc_ir::parameter::Kind;
use dasc_stdlib::ops::OPERATORS;
use dasc_stdlib::reference::description;
use serde_json::{Value, json};

use super::Context;
use crate::args::OpsArgs;
use crate::outcome::{Done, Outcome};
use crate::script::vocabulary;
use crate::table::{Style, table};
use crate::terminal::Ink;

pub fn ops(args: &OpsArgs, context: &mut Context) -> Outcome {
    let terminal = context.terminal;
    let Some(name) = &args.name else {
        if terminal.json {
            let list = |schemas: Vec<&'static Schema>| schemas.into_iter().map(as_json).collect::<Vec<_>>();
            terminal
                .answer(json!({ "operators": list(operators()), "event_operators": list(event_operators()), "statements": list(STATEMENTS.to_vec()) }))?;
        } else {
            terminal.out(&overview(terminal.ink()))?;
        }
        return Ok(Done::Well);
    };
    let words = vocabulary();
    let Some(schema) = words.find(name) else {
        let at = dasc_ir::Span {
            source: context.sources.add("dasc ops", name.clone())?,
            start: 0,
            end: name.len() as u32,
        };
        return Err(words.unknown(name, at).into());
    };
    if terminal.json {
        terminal.answer(as_json(schema))?
    } else {
        terminal.out(&page(schema, terminal.ink()))?
    }
    Ok(Done::Well)
}

fn operators() -> Vec<&'static Schema> {
    OPERATORS.iter().map(|entry| entry.schema).collect()
}

fn event_operators() -> Vec<&'static Schema> {
    dasc_events::ops::OPERATORS.iter().map(|entry| entry.schema).collect()
}

fn overview(ink: Ink) -> String {
    let rows = |schemas: Vec<&'static Schema>| -> Vec<Vec<String>> {
        schemas.iter().map(|schema| vec![schema.name.to_string(), schema.summary()]).collect()
    };
    let columns = [("", Style::Keyword), ("", Style::Plain)];
    format!(
        "{}\n{}\n{}\n{}\n{}\n{}\nOne of them in full: dasc ops BANDPASS\n",
        ink.bold("Operators"),
        table(&columns, &rows(operators()), ink),
        ink.bold("Operators on events"),
        table(&columns, &rows(event_operators()), ink),
        ink.bold("Statements"),
        table(&columns, &rows(STATEMENTS.to_vec()), ink)
    )
}

fn page(schema: &Schema, ink: Ink) -> String {
    let mut text = format!("{}\n\n", ink.keyword(&schema.signature()));
    for line in schema.doc {
        text += &format!("{}\n", line.trim());
    }
    if !schema.formula.is_empty() {
        text += &format!("\n    {}\n", schema.formula.join("\n    "));
    }
    if !schema.params.is_empty() {
        let row = |param: &Param| {
            let without = if param.required() { "required" } else { "NONE" };
            let default = param.default.map_or(without.into(), |default| written(default, &param.kind));
            vec![param.name.to_uppercase(), kind(&param.kind), default, description(param)]
        };
        let rows: Vec<Vec<String>> = schema.params.iter().map(row).collect();
        let head = [
            ("parameter", Style::Keyword),
            ("is", Style::Plain),
            ("default", Style::Plain),
            ("", Style::Dim),
        ];
        text += &format!("\n{}", table(&head, &rows, ink));
    }
    text += &format!("\n{}  {}\n", ink.dim("example   "), schema.example);
    if !schema.reference.is_empty() {
        text += &format!("{}  {}\n", ink.dim("agrees with"), schema.reference);
    }
    text
}

/// What a parameter accepts, in a few words.
fn kind(kind: &Kind) -> String {
    match kind {
        Kind::Quantity(unit) => format!("number in {unit}"),
        Kind::Number => "number".into(),
        Kind::Integer => "whole number".into(),
        Kind::Flag => "flag".into(),
        Kind::Choice(words) => words.join(" or "),
        Kind::Range("") => "range".into(),
        Kind::Range(unit) => format!("range in {unit}"),
        Kind::Text => "text".into(),
        Kind::Path => "path".into(),
        Kind::List(inner) => format!("list: {}", self::kind(inner)),
        Kind::Optional(inner) => self::kind(inner),
        Kind::Reference => "level, max or noise(window)".into(),
        Kind::Branch => "name of a flow".into(),
        Kind::FlowOrPath => "name of a flow or path".into(),
    }
}

fn as_json(schema: &Schema) -> Value {
    let param = |param: &Param| {
        json!({ "name": param.name.to_uppercase(), "kind": kind(&param.kind), "doc": description(param),
                "default": param.default.map(|default| written(default, &param.kind)) })
    };
    let doc: Vec<&str> = schema.doc.iter().map(|line| line.trim()).collect();
    json!({ "name": schema.name, "signature": schema.signature(), "doc": doc.join("\n"),
            "formula": schema.formula, "example": schema.example, "reference": schema.reference,
            "parameters": schema.params.iter().map(param).collect::<Vec<_>>() })
}
