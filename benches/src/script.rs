//! Scripts of operators one after another, over a record that lies in memory.

use std::sync::LazyLock;

use dasc_dql::{Sources, Vocabulary, parse, render_all};
use dasc_ir::graph::{Builder, ChannelAxis, Graph, Rows, Signal, TimeAxis};
use dasc_ir::{DType, Diag, Rational, Result, Unit};
use dasc_stdlib::ops::{OPERATORS, find};

static VOCABULARY: LazyLock<Vocabulary> =
    LazyLock::new(|| Vocabulary::new(OPERATORS.iter().map(|entry| entry.schema)));

/// A record in one stretch, `spacing` metres from channel to channel.
pub fn signal(dtype: DType, (rows, channels): (usize, usize), rate: f64, spacing: f64) -> Result<Signal> {
    let rate = Rational::approximate(rate).filter(|rate| *rate > Rational::ZERO);
    let rate = rate.ok_or_else(|| Diag::usage("a rate that is none"))?;
    Ok(Signal {
        dtype,
        unit: Unit::none(),
        time: Some(TimeAxis {
            period: Rational::ONE / rate,
            origin: Rational::ZERO,
            rows: Rows::Segments(vec![(0, rows as i64)]),
        }),
        inner: None,
        channel: Some(ChannelAxis::regular(channels as u32, spacing)),
    })
}

/// The graph of `BANDPASS 10 200 | ABS` over a record; integers become F32 first, as READ makes them.
pub fn graph(steps: &str, record: &Signal) -> Result<Graph> {
    let mut sources = Sources::script("bench", format!("READ record | {steps}"))?;
    let program = parse(&mut sources, &[], &VOCABULARY)
        .map_err(|diags| Diag::usage(render_all(&diags, &sources, false)))?;
    let mut b = Builder::new();
    let mut x = b.source(record.clone());
    if !record.dtype.is_float() {
        x = b.convert(x, DType::F32)?;
    }
    for step in program.steps.iter().skip(1) {
        let entry = find(&step.keyword);
        let entry = entry.ok_or_else(|| Diag::usage(format!("{} is no operator", step.keyword)))?;
        x = entry.build(&step.args, step.span, &mut b, x)?;
    }
    Ok(b.finish(vec![x]))
}
