//! `dasc explain`: for every step what comes out, how it streams and what it keeps; then passes and kernels.

use dasc_compiler::Plan;
use dasc_compiler::plan::{Pass, Place};
use dasc_compiler::work::stage_bytes;
use dasc_ir::Rational;
use dasc_ir::graph::facts::{Class, Facts, Halo, Reach, facts};
use dasc_ir::graph::{Graph, NodeId, Prim, Signal, Type};
use serde_json::{Value, json};

use super::Context;
use crate::args::ScriptArgs;
use crate::bind::{Bound, Pipeline, bind};
use crate::event_flow::Origin;
use crate::groups::{Group, groups, selections};
use crate::numbers;
use crate::outcome::{Done, Outcome};
use crate::script::{self, Script};
use crate::sinks::write::shape;
use crate::table::{Style, table};
use crate::terminal::Ink;

pub fn explain(args: &ScriptArgs, context: &mut Context) -> Outcome {
    let script = script::load(args, &mut context.sources)?;
    let mut pipelines = bind(&script)?;
    let mut answers = Vec::new();
    for (number, pipeline) in pipelines.iter_mut().enumerate() {
        super::remarks(&pipeline.record, context);
        pipeline.observe_loose_ends();
        let (graph, plan) = dasc_compiler::compile(pipeline.graph.clone())?;
        let told = Told::new(&script, context, pipeline, &graph, &plan)?;
        if context.terminal.json {
            answers.push(told.json());
        } else {
            let gap = if number > 0 { "\n" } else { "" };
            context.terminal.out(&format!("{gap}{}", told.text(context.terminal.ink())))?;
        }
    }
    if context.terminal.json {
        context.terminal.answer(json!({ "script": script.name, "records": answers }))?;
    }
    Ok(Done::Well)
}

/// Everything that is told of one record.
struct Told<'a> {
    pipeline: &'a Pipeline,
    steps: Vec<StepFacts>,
    passes: Vec<PassFacts>,
    traffic: Traffic,
    /// Bytes of temporary store that whole-record steps need.
    stored: u64,
    /// Bytes of memory that a transform of the whole record needs for a single channel.
    line: u64,
}

struct StepFacts {
    number: usize,
    text: String,
    result: String,
    kind: String,
    facts: Option<Facts>,
    carry_bytes: u64,
    /// What the step says of itself.
    notes: Vec<String>,
}

struct PassFacts {
    /// Where its rows come from: the record, the temporary store, or both.
    reads: String,
    kernels: Vec<Group>,
}

/// What kernels read and write in memory that is not their own scratch.
pub struct Traffic {
    /// In the whole run.
    pub bytes: f64,
    /// For each sample of the record.
    pub per_sample: f64,
}

impl<'a> Told<'a> {
    fn new(
        script: &Script,
        context: &Context,
        pipeline: &'a Pipeline,
        graph: &Graph,
        plan: &Plan,
    ) -> dasc_ir::Result<Told<'a>> {
        let all = facts(&pipeline.graph);
        let steps = pipeline.steps.iter().map(|bound| step(script, context, pipeline, bound, &all)).collect();
        let codegen = context.settings.codegen;
        let pass = |pass: &Pass| -> dasc_ir::Result<PassFacts> {
            let flows = [&pass.flow, &pass.finals];
            let all = flows.into_iter().flat_map(|flow| groups(flow, graph, plan, codegen));
            let mut kernels = all.collect::<dasc_ir::Result<Vec<Group>>>()?;
            kernels.extend(selections(pass, graph, plan));
            Ok(PassFacts { reads: reads(pass), kernels })
        };
        let passes = plan.passes.iter().map(pass).collect::<dasc_ir::Result<_>>()?;
        let (stored, line) = (plan.stored_bytes(), plan.longest_line().map_or(0, |(_, bytes)| bytes));
        Ok(Told { pipeline, steps, passes, traffic: traffic(plan, pipeline), stored, line })
    }

    fn text(&self, ink: Ink) -> String {
        let mut text = format!("{}\n", ink.bold(&headline(self.pipeline)));
        for gap in gaps(self.pipeline) {
            text += &format!("  gap of {} after sample {}\n", numbers::seconds(gap.seconds), gap.after);
        }
        text.push('\n');
        let columns = [
            ("", Style::Dim),
            ("step", Style::Keyword),
            ("result", Style::Right),
            ("of", Style::Plain),
            ("class", Style::Plain),
            ("carry", Style::Right),
            ("needs", Style::Plain),
            ("latency", Style::Right),
            ("passes", Style::Right),
        ];
        let rows: Vec<Vec<String>> = self.steps.iter().map(StepFacts::row).collect();
        text += &table(&columns, &rows, ink);
        for step in &self.steps {
            for note in &step.notes {
                text += &format!("  {}\n", ink.dim(&format!("step {} {note}", step.number)));
            }
        }
        let mut used: Vec<Class> = self.steps.iter().filter_map(|step| Some(step.facts?.class())).collect();
        used.sort();
        used.dedup();
        let legend: Vec<String> =
            used.iter().map(|class| format!("{} {}", class.letter(), meaning(*class))).collect();
        text += &format!("\n  {}\n\n", ink.dim(&legend.join("  ·  ")));
        let plural = |n: usize, one: &str, many: &str| format!("{n} {}", if n == 1 { one } else { many });
        let kernels: usize = self.passes.iter().map(|pass| pass.kernels.len()).sum();
        text += &format!(
            "{}  {} over the data, {}, {} bytes moved per sample\n",
            ink.bold("Plan"),
            plural(self.passes.len(), "pass", "passes"),
            plural(kernels, "kernel", "kernels"),
            numbers::three_digits(self.traffic.per_sample)
        );
        if self.stored > 0 {
            text += &format!("      {} of temporary store\n", numbers::bytes(self.stored as f64));
        }
        if self.line > 0 {
            let line = numbers::bytes(self.line as f64);
            text +=
                &format!("      {line} of memory to transform a whole channel at once, beside the rows\n");
        }
        let samples = samples(self.pipeline);
        for (number, pass) in self.passes.iter().enumerate() {
            text += &format!("  {}\n", ink.dim(&format!("pass {} over {}", number + 1, pass.reads)));
            let rows: Vec<Vec<String>> = pass
                .kernels
                .iter()
                .map(|kernel| {
                    let ffts = if kernel.transforms > 0 {
                        format!(" + {}", plural(kernel.transforms, "FFT", "FFTs"))
                    } else {
                        String::new()
                    };
                    vec![
                        "  ".into(),
                        kernel.operators.join(" · "),
                        plural(kernel.loops, "loop", "loops") + &ffts,
                        kernel.made(),
                        format!("{} B/sample", numbers::three_digits(kernel.bytes / samples)),
                    ]
                })
                .collect();
            text += &table(
                &[
                    ("", Style::Plain),
                    ("", Style::Keyword),
                    ("", Style::Plain),
                    ("", Style::Plain),
                    ("", Style::Right),
                ],
                &rows,
                ink,
            );
        }
        text
    }

    fn json(&self) -> Value {
        let samples = samples(self.pipeline);
        let steps: Vec<Value> = self.steps.iter().map(StepFacts::json).collect();
        let kernel = |kernel: &Group| {
            json!({ "operators": kernel.operators, "loops": kernel.loops, "ffts": kernel.transforms,
                    "codegen": kernel.made(), "bytes_per_sample": kernel.bytes / samples })
        };
        let passes: Vec<Value> = self
            .passes
            .iter()
            .map(|pass| json!({ "reads": pass.reads, "kernels": pass.kernels.iter().map(kernel).collect::<Vec<_>>() }))
            .collect();
        json!({ "record": self.pipeline.record.name, "steps": steps, "passes": passes, "stored_bytes": self.stored, "line_bytes": self.line,
                "bytes_moved": self.traffic.bytes, "bytes_per_sample": self.traffic.per_sample })
    }
}

impl StepFacts {
    fn row(&self) -> Vec<String> {
        let mut row =
            vec![self.number.to_string(), shortened(&self.text, 34), self.result.clone(), self.kind.clone()];
        let Some(facts) = self.facts else { return row };
        let latency = match facts.latency() {
            Some(latency) if latency == Rational::ZERO => "0".into(),
            Some(latency) => numbers::exact_seconds(latency),
            None => "end".into(),
        };
        row.extend([
            facts.class().letter().to_string(),
            if self.carry_bytes == 0 { "–".into() } else { numbers::bytes(self.carry_bytes as f64) },
            needs(&facts),
            latency,
            facts.passes.to_string(),
        ]);
        row
    }

    fn json(&self) -> Value {
        let facts = self.facts.map(|facts| {
            json!({ "class": facts.class().letter().to_string(), "back": facts.back.to_string(), "ahead": facts.ahead.to_string(),
                    "latency_seconds": facts.latency().map(Rational::as_f64), "passes": facts.passes, "exact": facts.exact })
        });
        json!({ "step": self.number, "text": self.text, "shape": self.result, "type": self.kind,
                "carry_bytes": self.carry_bytes, "facts": facts, "notes": self.notes })
    }
}

/// `fiber.dat  ·  32768 samples × 2048 channels  ·  1 kHz  ·  32.8 s  ·  0 m to 2.05 km`.
pub fn headline(pipeline: &Pipeline) -> String {
    let header = pipeline.record.header();
    let rate = header.rate.as_f64();
    let last = header.distance + header.spacing * header.channels.count.saturating_sub(1) as f64;
    let samples =
        if header.is_live() { "∞ samples".into() } else { format!("{} samples", header.samples()) };
    let metres = |m: f64| {
        if m.abs() >= 1000.0 {
            format!("{} km", numbers::three_digits(m / 1000.0))
        } else {
            format!("{} m", numbers::three_digits(m))
        }
    };
    [
        pipeline.record.name.clone(),
        match header.channels.count {
            1 => format!("{samples} × 1 channel"),
            count => format!("{samples} × {count} channels"),
        },
        numbers::hertz(rate),
        if header.is_live() { "live".into() } else { numbers::seconds(header.samples() as f64 / rate) },
        match header.channels.count {
            1 => format!("at {}", metres(last)),
            _ => format!("{} to {}", metres(header.distance), metres(last)),
        },
        header.format.to_string(),
    ]
    .join("  ·  ")
}

/// A stretch of missing samples.
pub struct Gap {
    /// The last sample before it.
    pub after: i64,
    pub seconds: f64,
}

pub fn gaps(pipeline: &Pipeline) -> Vec<Gap> {
    let header = pipeline.record.header();
    let rate = header.rate.as_f64();
    let ends =
        header.segments.iter().map(|s| (s, s.start.saturating_add(i64::try_from(s.len).unwrap_or(i64::MAX))));
    ends.zip(header.segments.iter().skip(1))
        .map(|((segment, end), next)| {
            let stretch = segment.len as f64 / rate;
            Gap { after: end - 1, seconds: (next.start_ns as f64 - segment.start_ns as f64) / 1e9 - stretch }
        })
        .collect()
}

fn step(script: &Script, context: &Context, pipeline: &Pipeline, bound: &Bound, all: &[Facts]) -> StepFacts {
    let graph = &pipeline.graph;
    let step = script.program.steps.get(bound.step);
    let text =
        step.map(|step| context.sources.snippet(step.span).split_whitespace().collect::<Vec<_>>().join(" "));
    let operator = bound.events.and_then(|number| match &pipeline.events.get(number)?.origin {
        Origin::Operator { operator, .. } => Some(operator),
        Origin::Detector(_) => None,
    });
    let number = bound.step + 1;
    if let Some(operator) = operator {
        let waits = if operator.waits.is_empty() { "as they come" } else { &operator.waits };
        let kind = format!("held {waits}").replace("held as", "as");
        let text = text.unwrap_or_default();
        return StepFacts {
            number,
            text,
            result: "events".into(),
            kind,
            facts: None,
            carry_bytes: 0,
            notes: Vec::new(),
        };
    }
    let bare = |result: &str, kind: &str| StepFacts {
        number,
        text: text.clone().unwrap_or_default(),
        result: result.into(),
        kind: kind.into(),
        facts: None,
        carry_bytes: 0,
        notes: Vec::new(),
    };
    match step.map(|step| step.keyword.as_str()) {
        Some("EVENTS") => return bare("events", "as they come"),
        Some("CUT") => return bare("cuts", "one for each event, in further runs"),
        _ => {}
    }
    let (result, kind) = match &graph.node(bound.result).ty {
        Type::Table => ("events".to_string(), detector(graph, bound.result)),
        Type::Signal(signal) => (shape(signal), described(signal)),
    };
    let channels = |id: NodeId| {
        graph.node(id).inputs.first().and_then(|x| graph.signal(*x)).map_or(1, |s| u64::from(s.channels()))
    };
    let ids = bound.nodes.clone().map(NodeId);
    let carry_bytes = ids
        .filter_map(|id| {
            let elements = all.get(id.index())?.carry;
            Some(elements.saturating_mul(carried(graph, id)).saturating_mul(channels(id)))
        })
        .fold(0, u64::saturating_add);
    let facts = all.get(bound.result.index()).copied();
    let notes = pipeline.b.notes(&bound.nodes).map(str::to_string).collect();
    StepFacts { number, text: text.unwrap_or_default(), result, kind, facts, carry_bytes, notes }
}

/// Bytes of an element that a node keeps.
fn carried(graph: &Graph, id: NodeId) -> u64 {
    let node = graph.node(id);
    let input = node.inputs.first().and_then(|x| graph.signal(*x)).map_or(8, |s| s.dtype.size() as u64);
    match &node.prim {
        Prim::Scan { state, .. } => state.first().map_or(8, |s| s.dtype.size() as u64),
        Prim::Reduce { .. } | Prim::Emit(_) => 8,
        _ => input,
    }
}

fn detector(graph: &Graph, id: NodeId) -> String {
    match &graph.node(id).prim {
        Prim::Emit(emission) => format!("above {}", emission.detector),
        _ => String::new(),
    }
}

/// `f32 nstrain/s at 1 kHz`.
fn described(signal: &Signal) -> String {
    let unit = signal.unit.symbol();
    let rate = signal.rate().map(|rate| format!(" at {}", numbers::hertz(rate))).unwrap_or_default();
    format!("{}{}{unit}{rate}", signal.dtype, if unit.is_empty() { "" } else { " " })
}

/// What of the record a row depends on: `0.5 s back`, `the past`, `all`.
fn needs(facts: &Facts) -> String {
    let back = match facts.back {
        Reach::Whole => return with_halo("the record".into(), facts),
        Reach::State => "the past".to_string(),
        Reach::Seconds(seconds) if seconds > Rational::ZERO => {
            format!("{} back", numbers::exact_seconds(seconds))
        }
        Reach::Seconds(_) => String::new(),
    };
    let ahead = match facts.ahead {
        Reach::Whole => return with_halo("the record".into(), facts),
        Reach::State => "the future".to_string(),
        Reach::Seconds(seconds) if seconds > Rational::ZERO => {
            format!("{} ahead", numbers::exact_seconds(seconds))
        }
        Reach::Seconds(_) => String::new(),
    };
    let both: Vec<String> = [back, ahead].into_iter().filter(|part| !part.is_empty()).collect();
    with_halo(if both.is_empty() { "itself".into() } else { both.join(", ") }, facts)
}

fn with_halo(text: String, facts: &Facts) -> String {
    match facts.halo {
        Halo::Channels { below: 0, above: 0 } => text,
        Halo::Channels { below, above } => format!("{text}, channels −{below} +{above}"),
        Halo::All => format!("{text}, all channels"),
    }
}

fn meaning(class: Class) -> &'static str {
    match class {
        Class::Pointwise => "each row by itself",
        Class::State => "streams with finite state",
        Class::Halo => "streams with latency",
        Class::Passes => "reads the data more than once",
        Class::Whole => "needs the whole record",
    }
}

fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_string();
    }
    text.chars().take(most.saturating_sub(1)).chain(['…']).collect()
}

/// Where a pass takes its rows from.
fn reads(pass: &Pass) -> String {
    let record = pass.flow.streams.iter().any(|s| s.place == Place::Source);
    let store = pass.flow.streams.iter().any(|s| matches!(s.place, Place::Spool(_)));
    match (record, store) {
        (true, true) => "the record and the temporary store",
        (false, true) => "the temporary store",
        (true, false) | (false, false) => "the record",
    }
    .into()
}

/// Memory traffic of all stages of a plan.
pub fn traffic(plan: &Plan, pipeline: &Pipeline) -> Traffic {
    let stages = plan.passes.iter().flat_map(|pass| pass.flow.stages.iter().map(move |stage| (stage, pass)));
    // The sum of nothing is -0.
    let bytes =
        stages.map(|(stage, pass)| stage_bytes(stage, &pass.flow)).fold(0.0, |sum, bytes| sum + bytes);
    Traffic { bytes, per_sample: bytes / samples(pipeline) }
}

/// Samples that a plan counts on: of a live stream as many as there can be.
fn samples(pipeline: &Pipeline) -> f64 {
    let record = &pipeline.record;
    if record.header().is_live() {
        return dasc_compiler::MOST_LIVE * record.header().channels.count as f64;
    }
    record.samples().max(1) as f64
}
