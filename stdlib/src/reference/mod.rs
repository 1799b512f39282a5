//! The operators' reference, `docs/operators.md`, made of the schemas and of what the graphs of their examples say.

mod example;

use std::sync::Arc;

use dasc_ir::graph::facts::{Facts, carry, facts};
use dasc_ir::graph::{Builder, ChannelAxis, Graph, Rows, Signal, TimeAxis, Type};
use dasc_ir::model::Models;
use dasc_ir::operator::{Param, Schema, written};
use dasc_ir::parameter::Kind;
use dasc_ir::{DType, Diag, Rational, Result, Unit};

pub use example::build_example;

use crate::ops::{Entry, OPERATORS};
use crate::pieces::weight::remark;

const PREFACE: &str = "\
# Operators

Made from the operators' own definitions in `stdlib/src/ops` and `stdlib/defs`; a test keeps it so (`BLESS=1 cargo test -p dasc-stdlib` rewrites it).

Required values are given by position or by name, the others by name: `BANDPASS 10Hz 200Hz ORDER=6`. A number without a unit is
in the parameter's unit; where a window is meant it is a number of samples. Integers become f32; sums, statistics and the states
of recurrences are f64. A stretch is what lies between two gaps: filters start anew in each.

Each example is built on an hour of 64 channels at 1 kHz, and its class read from the graph: **P** sample by sample · **S** exact with
finite state · **H** needs some samples ahead, so it lags · **2** another pass over the data · **W** the whole record at once.
What it agrees with is its definition in another program; [accuracy.md](accuracy.md) says how closely, [add-an-operator.md](add-an-operator.md) how to add one.
The pictures are drawn by dasc itself (`docs/pictures/draw.sh`).

";

const EVENTS: &str = "\
\n# Operators on events

They work on the events found so far in a flow; the signal flows on as it is ([dql.md](dql.md#events)). All of them stream.

";

/// The text of `docs/operators.md`; `pictures` are the operators in small letters that have one in `docs/pictures`, `models` opens those of
/// the examples.
pub fn reference(pictures: &[String], models: &Arc<dyn Models>) -> Result<String> {
    let mut text = PREFACE.to_string();
    text += "| Operator | Class | |\n|---|---|---|\n";
    for entry in OPERATORS.iter() {
        let class = last_facts(&example_graph(entry, models)?)?.class().letter();
        let name = entry.schema.name;
        text += &format!(
            "| [{name}](#{}) | {class} | {} |\n",
            name.to_lowercase(),
            entry.schema.summary().replace('|', "\\|")
        );
    }
    for entry in OPERATORS.iter() {
        let graph = example_graph(entry, models)?;
        text += &section(entry.schema, Some(&units(&graph)), &streaming(&graph)?);
        let name = entry.schema.name.to_lowercase();
        if pictures.contains(&name) {
            text += &format!("\n![{}](pictures/{name}.png)\n", entry.schema.name);
        }
    }
    text += EVENTS;
    text += "| Operator | |\n|---|---|\n";
    for entry in dasc_events::ops::OPERATORS {
        let name = entry.schema.name;
        text += &format!("| [{name}](#{}) | {} |\n", name.to_lowercase(), entry.schema.summary());
    }
    let known = dasc_events::EventsType { unit: Some("dB".into()), columns: Vec::new() };
    for entry in dasc_events::ops::OPERATORS {
        text += &section(entry.schema, None, &example::event_facts(entry, &known)?);
    }
    Ok(text)
}

/// What examples may be given: the first of these units that an operator does not refuse.
pub const EXAMPLE_UNITS: &[&str] = &["nstrain/s", "nstrain", "m/s", "rad"];

/// The graph of an operator's own example on [`sample_signal`], which is in the first of [`EXAMPLE_UNITS`] that it takes.
pub fn example_graph(entry: &Entry, models: &Arc<dyn Models>) -> Result<Graph> {
    let graph = |unit: &str| {
        let mut b = Builder::new();
        b.set_models(models.clone());
        let unit = Unit::parse(unit).unwrap_or_else(Unit::none);
        let x = b.source(Signal { unit, ..sample_signal() });
        let y = build_example(&mut b, x, entry.schema.example)?;
        Ok(b.finish(vec![y]))
    };
    let [first, others @ ..] = EXAMPLE_UNITS else { return Err(Diag::compiler("examples have no unit")) };
    // A refusal for another reason than the unit is told of the first.
    graph(first).or_else(|refusal| others.iter().find_map(|unit| graph(unit).ok()).ok_or(refusal))
}

/// An hour of 64 channels at 1 kHz, 5 m apart, in nanostrain per second.
pub fn sample_signal() -> Signal {
    Signal {
        dtype: DType::F32,
        unit: Unit::parse("nstrain/s").unwrap_or_else(Unit::none),
        time: Some(TimeAxis {
            period: Rational::ONE / Rational::integer(1000),
            origin: Rational::ZERO,
            rows: Rows::Segments(vec![(0, 3_600_000)]),
        }),
        inner: None,
        channel: Some(ChannelAxis::regular(64, 5.0)),
    }
}

fn section(schema: &Schema, unit: Option<&str>, streaming: &str) -> String {
    let mut text = format!("\n## {}\n\n", schema.name);
    for paragraph in schema.doc.split(|line| line.trim().is_empty()) {
        let lines: Vec<&str> = paragraph.iter().map(|line| line.trim()).collect();
        text += &format!("{}\n\n", lines.join(" "));
    }
    if !schema.formula.is_empty() {
        text += &format!("```text\n{}\n```\n\n", schema.formula.join("\n"));
    }
    text += &format!("`{}`\n\n", schema.signature());
    if !schema.params.is_empty() {
        text += "| Parameter | Takes | Default | |\n|---|---|---|---|\n";
        for param in schema.params {
            text += &row(param);
        }
        text += "\n";
    }
    text += &format!(
        "- Example: `{}`\n- Agrees with: `{}`{}\n",
        schema.example,
        schema.reference,
        if unit.is_some() { " ([how closely](accuracy.md))" } else { "" },
    );
    if let Some(unit) = unit {
        text += &format!("- Unit: {unit}\n");
    }
    text += &format!("- Streaming: {streaming}\n");
    text
}

/// What the example makes of the unit of its input.
fn units(graph: &Graph) -> String {
    let unit = |signal: &Signal| match signal.unit.symbol() {
        "" => "none".to_string(),
        symbol => format!("`{symbol}`"),
    };
    let given = graph.nodes.iter().find_map(|node| match &node.ty {
        Type::Signal(signal) => Some(unit(signal)),
        Type::Table => None,
    });
    let made = graph.outputs.last().map(|output| match graph.signal(*output) {
        Some(signal) => unit(signal),
        None => "a table of events".to_string(),
    });
    match (given, made) {
        (Some(given), Some(made)) if given == made => format!("{given} stays"),
        (Some(given), Some(made)) => format!("{given} becomes {made}"),
        (_, _) => "none".to_string(),
    }
}

/// The facts of the result.
fn last_facts(graph: &Graph) -> Result<Facts> {
    facts(graph).last().copied().ok_or_else(|| Diag::compiler("an example has no nodes"))
}

/// Class, passes, reach and memory in words; reaches in samples of the record.
fn streaming(graph: &Graph) -> Result<String> {
    let last = last_facts(graph)?;
    let mut text = format!("**{}**", last.class().letter());
    if last.passes > 1 {
        text += &format!(", {} passes", last.passes);
    }
    for (reach, words) in [(last.back, "back"), (last.ahead, "ahead")] {
        if let Some(rows) = last.rows(reach).filter(|rows| *rows > Rational::ZERO) {
            let plural = if rows == Rational::ONE { "" } else { "s" };
            text += &format!(", looks {rows} sample{plural} {words}");
        }
    }
    match carry(&facts(graph)) {
        0 => {}
        1 => text += ", keeps 1 number a channel",
        n => text += &format!(", keeps {n} numbers a channel"),
    }
    Ok(text)
}

fn row(param: &Param) -> String {
    let name = if param.default.is_some() { param.name.to_uppercase() } else { param.name.to_string() };
    let default = param.default.map(|d| written(d, &param.kind)).filter(|d| d != "NONE").unwrap_or_default();
    format!("| {name} | {} | {default} | {} |\n", takes(&param.kind), description(param).replace('|', "\\|"))
}

/// What a parameter's documentation says, and what holds for all of its kind.
pub fn description(param: &Param) -> String {
    let doc: Vec<&str> = param.doc.iter().map(|line| line.trim()).collect();
    let words = match &param.kind {
        Kind::Choice(words) | Kind::Optional(Kind::Choice(words)) => *words,
        _ => &[],
    };
    doc.join(" ") + &remark(words).map(|text| format!(" {text}")).unwrap_or_default()
}

/// What a kind accepts, in words.
pub fn takes(kind: &Kind) -> String {
    match kind {
        Kind::Quantity(unit) => unit.to_string(),
        Kind::Number => "number".to_string(),
        Kind::Integer => "whole number".to_string(),
        Kind::Flag => "flag".to_string(),
        Kind::Choice(words) => words.join(", "),
        Kind::Range("") => "range".to_string(),
        Kind::Range(unit) => format!("range in {unit}"),
        Kind::Text => "text".to_string(),
        Kind::Path => "path".to_string(),
        Kind::List(kind) => format!("list of {}", takes(kind)),
        Kind::Optional(kind) => takes(kind),
        Kind::Reference => "level, max, noise(window)".to_string(),
        Kind::Branch => "name of a flow".to_string(),
        Kind::FlowOrPath => "name of a flow, or path".to_string(),
    }
}
