//! Scripts over records that exist only here: the language, the standard library and the builder in one go.

use std::sync::Arc;

use dasc_dql::{Sources, Vocabulary, parse, render_all};
use dasc_ir::graph::builder::Beside;
use dasc_ir::graph::{Builder, ChannelAxis, Graph, NodeId, Rows, Signal, TimeAxis, Type};
use dasc_ir::{DType, Rational, Unit};
use dasc_stdlib::defined::Callable;
use dasc_stdlib::ops::{self, OPERATORS};
use dasc_tests::golden::models;

/// A record of samples in time and channels. The golden cases bring their own.
#[allow(dead_code)]
pub fn signal(dtype: DType, fs: f64, segments: &[(i64, i64)], channels: u32) -> Signal {
    let rate = Rational::approximate(fs).unwrap_or_else(|| panic!("{fs} Hz is no rate"));
    Signal {
        dtype,
        unit: Unit::none(),
        time: Some(TimeAxis {
            period: Rational::ONE / rate,
            origin: Rational::ZERO,
            rows: Rows::Segments(segments.to_vec()),
        }),
        inner: None,
        channel: Some(ChannelAxis::regular(channels, 2.0)),
    }
}

/// The graph of a script whose READ stands for `record`. Statements other than READ are sinks: what they are given
/// becomes an output. Without one the last step's result does.
#[allow(dead_code)]
pub fn graph(text: &str, record: &Signal) -> Result<Graph, String> {
    graph_beside(text, record, None)
}

/// The same where paths among the arguments lead somewhere.
#[allow(dead_code)]
pub fn graph_beside(text: &str, record: &Signal, beside: Option<Arc<dyn Beside>>) -> Result<Graph, String> {
    let mut sources = Sources::script("test", text).map_err(|diag| diag.to_string())?;
    let vocabulary = Vocabulary::new(OPERATORS.iter().map(|entry| entry.schema));
    let program =
        parse(&mut sources, &[], &vocabulary).map_err(|diags| render_all(&diags, &sources, false))?;
    let mut b = Builder::new();
    if let Some(beside) = beside {
        b.set_beside(beside);
    }
    b.set_models(models());
    // Of every step what flows on, and what it made; a detection makes a table and lets its input flow on.
    let mut made: Vec<(NodeId, NodeId)> = Vec::new();
    let mut outputs = Vec::new();
    for step in &program.steps {
        let Some(input) = step.input else {
            b.enter(&step.keyword, None);
            let node = b.source(record.clone());
            made.push((node, node));
            continue;
        };
        let (flow, result) = made[input];
        match ops::find(&step.keyword) {
            Some(entry) => {
                let node =
                    entry.build(&step.args, step.span, &mut b, flow).map_err(|diag| diag.to_string())?;
                let is_table = b.graph().node(node).ty == Type::Table;
                made.push((if is_table { flow } else { node }, node));
            }
            None if program.definitions.find(&step.keyword).is_some() => {
                let definition = program.definitions.find(&step.keyword).ok_or("no definition")?;
                let library = Callable { definitions: &program.definitions };
                let branch = |name: &str| {
                    let (_, from) = step.branches.iter().find(|(known, _)| known == name)?;
                    made.get(*from).map(|made| made.0)
                };
                let node =
                    dasc_define::step(definition, &library, &mut b, flow, &branch, &step.args, step.span)
                        .map_err(|diag| render_all(&[diag], &sources, false))?;
                made.push((node, node));
            }
            None => {
                let observed = if step.keyword == "EVENTS" { result } else { flow };
                if !outputs.contains(&observed) {
                    outputs.push(observed);
                }
                made.push((flow, result));
            }
        }
    }
    if outputs.is_empty() {
        outputs.extend(made.last().map(|last| last.1));
    }
    Ok(b.finish(outputs))
}
