//! `dasc run`: one run for every record of the script, in order.

use std::io::IsTerminal;
use std::time::Instant;

use dasc_events::Event;
use dasc_ir::Diag;
use dasc_runtime::{Backend, Options, Run, Stats};
use dasc_sink::{Summary, Target};
use serde_json::{Value, json};

use super::Context;
use crate::args::RunArgs;
use crate::bandwidth::copy_bandwidth;
use crate::bind::{Pipeline, bind, bind_behind};
use crate::interrupt::Interrupt;
use crate::numbers;
use crate::outcome::{Done, Outcome, Stop};
use crate::progress::{self, Progress};
use crate::script::{self, Script};
use crate::sinks::{self, Fan, Finished, SinkSpec};
use crate::status::Status;
use crate::{cut, names, settings};

pub fn run(args: &RunArgs, context: &mut Context) -> Outcome {
    let interrupt = Interrupt::listen()?;
    let script = script::load(&args.script, &mut context.sources)?;
    let status = args.status.as_deref().map(Status::serve).transpose()?;
    let manner = Manner { chunk: args.chunk, interpret: args.interpret, dry: args.dry_run, status };
    carry_out(&script, &manner, &interrupt, context)
}

/// How to run.
pub struct Manner {
    pub chunk: Option<usize>,
    pub interpret: bool,
    pub dry: bool,
    /// Who is told how it goes.
    pub status: Option<Status>,
}

/// Binds, checks and runs a script.
pub fn carry_out(script: &Script, manner: &Manner, interrupt: &Interrupt, context: &Context) -> Outcome {
    let pipelines = bind(script)?;
    if let Some(loose) = pipelines.iter().find(|pipeline| pipeline.idle()) {
        let read = loose.steps.first().and_then(|bound| script.program.steps.get(bound.step));
        return Err(Diag::usage(format!(
            "nothing is done with '{}': no step writes or draws it",
            loose.record.name
        ))
        .at(read.map(|step| step.span))
        .help("end with WRITE, EVENTS, PLOT_TS, PLOT_HEATMAP or PLOT_SPEC")
        .into());
    }
    names::check(&pipelines)?;
    notes(&pipelines, context);
    if manner.dry {
        return dry_run(script, &pipelines, context);
    }
    names::check_terminal(&pipelines, std::io::stdout().is_terminal())?;
    let (mut answers, mut done) = (Vec::new(), Done::Well);
    for pipeline in pipelines {
        let (answer, lossy) = one(script, pipeline, manner, interrupt, context)?;
        answers.push(answer);
        if lossy {
            done = Done::WithLosses;
        }
    }
    if context.terminal.json {
        context.terminal.answer(json!({ "script": script.name, "runs": answers }))?;
    }
    Ok(done)
}

/// What the settings mean for the runtime.
pub fn options(settings: &settings::Settings, chunk: Option<usize>, interpret: bool) -> Options {
    Options {
        threads: settings.threads,
        memory: settings.memory,
        chunk,
        block: None,
        backend: if interpret { Backend::Interpreter } else { Backend::Machine(settings.codegen) },
        cache: settings.cache.clone(),
        temporary: settings.temporary.clone(),
    }
}

/// Runs a pipeline and its cuts; answers with what is told of them, and whether something was left out.
fn one(
    script: &Script,
    pipeline: Pipeline,
    manner: &Manner,
    interrupt: &Interrupt,
    context: &Context,
) -> Outcome<(Value, bool)> {
    let terminal = &context.terminal;
    let Ran { stats, finished, compiled, seconds } = pass(script, &pipeline, manner, interrupt, context)?;
    let Finished { written, events, cuts } = finished;
    stats.warnings.iter().for_each(|warning| terminal.say(&format!("warning: {warning}")));
    let mut answer = report(&pipeline, &stats, &written, events, seconds);
    if terminal.json {
        answer["compile_seconds"] = json!(compiled);
    }
    tell(&pipeline, &stats, &written, events, (compiled, seconds), context);
    let losses = pipeline.record.source.losses();
    for loss in &losses {
        terminal.say(&format!("{} {}: {loss}", terminal.faint_ink().warn("note"), pipeline.record.name));
    }
    let mut lossy = !losses.is_empty();
    if pipeline.cuts.iter().any(|cut| !cut.sinks.is_empty()) {
        let made;
        let left_out;
        (made, left_out) = make_cuts(script, pipeline, &cuts, manner, interrupt, context)?;
        lossy |= left_out;
        if let Some(outputs) = answer["outputs"].as_array_mut() {
            outputs.extend(made);
        }
    }
    Ok((answer, lossy))
}

/// Makes the files of cuts, in as many runs as it takes; answers with what is told of each, and whether some were left out.
fn make_cuts(
    script: &Script,
    pipeline: Pipeline,
    found: &[Vec<Event>],
    manner: &Manner,
    interrupt: &Interrupt,
    context: &Context,
) -> Outcome<(Vec<Value>, bool)> {
    let terminal = &context.terminal;
    let ink = terminal.faint_ink();
    let clock = Instant::now();
    let (mut pipeline, mut cuts) = cut::prepare(script, pipeline, found)?;
    cuts.notes.iter().for_each(|note| terminal.say(&format!("{} {note}", ink.warn("note"))));
    let (mut made, mut bytes) = (Vec::new(), 0.0);
    while let Some(ids) = cuts.next(&mut pipeline) {
        let ran = pass(script, &pipeline, manner, interrupt, context)?;
        for ((sink, summary), id) in pipeline.sinks.iter().zip(&ran.finished.written).zip(ids) {
            bytes += summary.bytes as f64;
            let mut file = output(sink, summary);
            file["event"] = json!(id);
            made.push(file);
        }
    }
    let plural = if cuts.files() == 1 { "" } else { "s" };
    terminal.say(&format!(
        "{} {} file{plural} cut around events in {}  {}",
        ink.good("wrote"),
        numbers::count(cuts.files() as u64),
        numbers::seconds(clock.elapsed().as_secs_f64()),
        ink.dim(&numbers::bytes(bytes))
    ));
    Ok((made, cuts.lossy))
}

/// A run over the record, and how long it took.
struct Ran {
    stats: Stats,
    finished: Finished,
    compiled: f64,
    seconds: f64,
}

fn pass(
    script: &Script,
    pipeline: &Pipeline,
    manner: &Manner,
    interrupt: &Interrupt,
    context: &Context,
) -> Outcome<Ran> {
    let terminal = &context.terminal;
    let clock = Instant::now();
    let options = options(&context.settings, manner.chunk, manner.interpret);
    let prepared = Run::prepare(pipeline.graph.clone(), &options)?;
    let compiled = clock.elapsed().as_secs_f64();
    let mut progress = Progress::new(terminal, decodes(pipeline), manner.status.clone());
    progress.reads(&pipeline.record);
    let provenance = sinks::provenance(script, pipeline);
    let clock = Instant::now();
    let finished = Fan::open(pipeline, &provenance, &mut progress, interrupt).and_then(|mut fan| {
        let mut stats = prepared.execute(&pipeline.record, &mut fan)?;
        while let Some(gap) = pipeline.record.source.resumes()? {
            let behind = bind_behind(script, pipeline, gap)?;
            fan.goes_on(&behind, gap, &stats)?;
            let prepared = Run::prepare(behind.graph.clone(), &options)?;
            stats.go_on(prepared.execute(&behind.record, &mut fan)?);
        }
        Ok((stats, fan.finish()?))
    });
    progress.done();
    if sinks::given_up(pipeline, interrupt) {
        return Err(Stop::Interrupted);
    }
    let (stats, finished) = finished?;
    Ok(Ran { stats, finished, compiled, seconds: clock.elapsed().as_secs_f64() })
}

/// Samples of the record, or of what came of a stream.
fn samples(pipeline: &Pipeline, stats: &Stats) -> u64 {
    let record = &pipeline.record;
    if record.header().is_live() {
        return stats.rows_done.saturating_mul(record.header().channels.count as u64);
    }
    record.samples()
}

fn decodes(pipeline: &Pipeline) -> bool {
    pipeline.record.made_up
}

fn report(pipeline: &Pipeline, stats: &Stats, written: &[Summary], events: u64, seconds: f64) -> Value {
    let outputs: Vec<Value> =
        pipeline.sinks.iter().zip(written).map(|(sink, summary)| output(sink, summary)).collect();
    json!({
        "record": pipeline.record.name,
        "seconds": seconds,
        "passes": stats.passes,
        "rows": stats.rows_done,
        "bytes_in": stats.bytes_in,
        "bytes_out": stats.bytes_out,
        "peak_bytes": stats.peak_held,
        "stored_bytes": stats.peak_stored,
        "kernels": stats.kernels,
        "cache_hits": stats.cache_hits,
        "detections": events,
        "bottleneck": progress::bottleneck(stats, decodes(pipeline)),
        "outputs": outputs,
    })
}

fn output(sink: &SinkSpec, summary: &Summary) -> Value {
    json!({ "step": sink.step + 1, "kind": sink.keyword, "path": summary.path, "files": summary.files,
            "bytes": summary.bytes, "rows": summary.rows })
}

fn tell(
    pipeline: &Pipeline,
    stats: &Stats,
    written: &[Summary],
    events: u64,
    (compiled, seconds): (f64, f64),
    context: &Context,
) {
    let terminal = &context.terminal;
    let ink = terminal.faint_ink();
    for summary in written {
        let name = names::shown(&summary.path);
        let name = if name == "-" { "standard output".into() } else { name };
        let size = numbers::bytes(summary.bytes as f64);
        let size = if summary.files == 1 {
            size
        } else {
            format!("{} files, {size}", numbers::count(summary.files))
        };
        terminal.say(&format!("{} {name}  {}", ink.good("wrote"), ink.dim(&size)));
    }
    let found = match events {
        0 if pipeline.events.is_empty() => String::new(),
        1 => "  ·  1 detection".to_string(),
        n => format!("  ·  {} detections", numbers::count(n)),
    };
    let mut line = format!(
        "{}  ·  {} samples in {}{found}",
        pipeline.record.name,
        numbers::count(samples(pipeline, stats)),
        numbers::seconds(seconds)
    );
    if terminal.verbose > 0 {
        let hits = if stats.cache_hits > 0 {
            format!(", {} from the cache", stats.cache_hits)
        } else {
            String::new()
        };
        line += &format!(
            "\n  {}  ·  limited by {}  ·  {} passes  ·  {} kernels in {}{hits}  ·  {} held",
            progress::rate(stats, seconds, copy_bandwidth()),
            progress::bottleneck(stats, decodes(pipeline)),
            stats.passes,
            stats.kernels,
            numbers::seconds(compiled),
            numbers::bytes(stats.peak_held as f64)
        );
    }
    terminal.say(&line);
}

/// What was assumed or found odd while opening: gaps always, the rest with `-v`.
fn notes(pipelines: &[Pipeline], context: &Context) {
    let ink = context.terminal.faint_ink();
    for pipeline in pipelines {
        let header = pipeline.record.header();
        if header.segments.len() > 1 {
            let gaps = header.segments.len() - 1;
            let text = format!(
                "{} has {gaps} gap{}; filters start anew after each",
                pipeline.record.name,
                if gaps == 1 { "" } else { "s" }
            );
            context.terminal.say(&format!("{} {text}", ink.warn("note")));
            for path in pipeline.sinks.iter().filter_map(|sink| match &sink.target {
                Target::File(path) if path.extension().is_some_and(|e| e == "npy") => Some(path),
                Target::File(_) | Target::Stdout | Target::Hook(_) => None,
            }) {
                let name = names::shown(path);
                let text = format!(
                    "{name} holds the rows one after another; .npy cannot say where the gaps are, .zarr does"
                );
                context.terminal.say(&format!("{} {text}", ink.warn("note")));
            }
        }
        let remarks = &pipeline.record.remarks;
        super::remarks(&pipeline.record, context);
        for note in header.notes.iter().filter(|note| !remarks.contains(note)) {
            context.terminal.detail(&format!("{} {}: {note}", ink.warn("note"), pipeline.record.name));
        }
    }
}

fn dry_run(script: &Script, pipelines: &[Pipeline], context: &Context) -> Outcome {
    let bandwidth = copy_bandwidth();
    let mut answers = Vec::new();
    let mut text = String::new();
    let ink = context.terminal.ink();
    for pipeline in pipelines {
        let (header, record) = (pipeline.record.header(), &pipeline.record);
        let (_, plan) = dasc_compiler::compile(pipeline.graph.clone())?;
        let moved = super::explain::traffic(&plan, pipeline).bytes;
        let at_least = moved / bandwidth;
        let gaps = super::explain::gaps(pipeline);
        text += &format!("{} {}\n", ink.bold("reads"), super::explain::headline(pipeline));
        for gap in &gaps {
            text += &format!("  gap of {} after sample {}\n", numbers::seconds(gap.seconds), gap.after);
        }
        let mut outputs = Vec::new();
        for sink in &pipeline.sinks {
            let path = match &sink.target {
                Target::File(_) if let Some(rotation) = &sink.rotation => names::shown(&rotation.shown),
                Target::File(path) => names::shown(path),
                Target::Stdout => "-".into(),
                Target::Hook(url) => url.clone(),
            };
            let bytes = sink.expected_bytes(pipeline);
            let size = bytes
                .map(|bytes| format!("  {}", ink.dim(&numbers::bytes(bytes as f64))))
                .unwrap_or_default();
            text += &format!("{} {path}{size}\n", ink.bold("writes"));
            outputs
                .push(json!({ "step": sink.step + 1, "kind": sink.keyword, "path": path, "bytes": bytes }));
        }
        for sink in pipeline.cuts.iter().flat_map(|cut| &cut.sinks) {
            let path = match &sink.target {
                Target::File(path) => names::shown(path),
                Target::Stdout => "-".into(),
                Target::Hook(url) => url.clone(),
            };
            text +=
                &format!("{} {path}  {}\n", ink.bold("writes"), ink.dim("for every event, in further runs"));
            outputs.push(json!({ "step": sink.step + 1, "kind": sink.keyword, "path": path, "bytes": null }));
        }
        let plural = if plan.passes.len() == 1 { "" } else { "es" };
        text += &format!("{} {} pass{plural} over the data, ", ink.bold("takes"), plan.passes.len());
        text += &match header.is_live() {
            true => "for as long as the stream lasts\n".to_string(),
            false => format!(
                "{} moved: at least {} at this machine's {}/s\n",
                numbers::bytes(moved),
                numbers::seconds(at_least),
                numbers::bytes(bandwidth)
            ),
        };
        let stored = plan.stored_bytes();
        if stored > 0 {
            text += &format!("{} {} of temporary store\n", ink.bold("needs"), numbers::bytes(stored as f64));
        }
        answers.push(json!({
            "record": record.name, "stored_bytes": stored, "format": header.format, "samples": header.samples(),
            "channels": header.channels.count, "passes": plan.passes.len(), "bytes_moved": moved,
            "seconds_at_least": at_least, "outputs": outputs,
            "gaps": gaps.iter().map(|gap| json!({ "after": gap.after, "seconds": gap.seconds })).collect::<Vec<_>>(),
        }));
    }
    if context.terminal.json {
        context.terminal.answer(json!({ "script": script.name, "dry_run": true, "runs": answers }))?;
    } else {
        context.terminal.out(&text)?;
    }
    Ok(Done::Well)
}
