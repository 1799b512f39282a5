//! `dasc inspect`: what files hold.

use dasc_io::Inspection;
use dasc_ir::Diag;
use serde_json::{Value, json};

use super::Context;
use crate::args::InspectArgs;
use crate::numbers;
use crate::outcome::{Done, Outcome, Stop};
use crate::table::{Style, table};
use crate::terminal::Ink;

pub fn inspect(args: &InspectArgs, context: &mut Context) -> Outcome {
    if args.write_sidecar {
        return write_sidecars(args, context);
    }
    if args.script {
        return scripts(args, context);
    }
    let mut answers = Vec::new();
    let mut mistakes = Vec::new();
    let mut left_out = false;
    for file in &args.files {
        match dasc_io::inspect(file, args.geometry.as_deref()) {
            Ok(found) => {
                left_out |= !found.left_out.is_empty();
                match context.terminal.json {
                    true => answers.push(serde_json::to_value(&found).unwrap_or(Value::Null)),
                    false => {
                        let text = describe(&found, context.terminal.verbose, context.terminal.ink());
                        context.terminal.out(&text)?;
                    }
                }
                mistakes.extend(found.problem.map(Diag::world));
            }
            Err(diag) => mistakes.push(diag),
        }
    }
    if context.terminal.json {
        context.terminal.document(json!({ "files": answers }), &mistakes, &context.sources)?;
    }
    match mistakes.len() {
        0 if left_out => Ok(Done::WithLosses),
        0 => Ok(Done::Well),
        n if n >= args.files.len() => {
            // The answer above is the one JSON document of this run.
            context.terminal.json = false;
            Err(Stop::Mistakes(mistakes))
        }
        _ => {
            mistakes.iter().for_each(|diag| context.terminal.say(&format!("skipped: {diag}")));
            Ok(Done::WithLosses)
        }
    }
}

/// The scripts that made the files.
fn scripts(args: &InspectArgs, context: &Context) -> Outcome {
    let mut found = Vec::new();
    for file in &args.files {
        let script = dasc_io::script_of(file)?;
        if !context.terminal.json {
            context.terminal.out(&format!("{}\n", script.trim_end()))?;
        }
        found.push(json!({ "path": file, "script": script }));
    }
    if context.terminal.json {
        context.terminal.answer(json!({ "scripts": found }))?;
    }
    Ok(Done::Well)
}

fn write_sidecars(args: &InspectArgs, context: &Context) -> Outcome {
    let mut written = Vec::new();
    for file in &args.files {
        if !std::path::Path::new(file).is_file() {
            return Err(Diag::world(format!("there is no file '{file}'")).into());
        }
        let source = dasc_io::open(&dasc_io::Location::new(file.as_str())).ok();
        let path = dasc_io::draft_sidecar(file, source.as_ref().map(|source| source.header()))?;
        let rest = if source.is_some() { "complete" } else { "replace the texts in < >, then READ takes it" };
        context.terminal.say(&format!("wrote {}: {rest}", path.display()));
        written.push(path);
    }
    if context.terminal.json {
        context.terminal.answer(json!({ "sidecars": written }))?;
    }
    Ok(Done::Well)
}

fn describe(found: &Inspection, verbose: u8, ink: Ink) -> String {
    let mut text = format!("{}  {}\n", ink.bold(&found.path), ink.dim(&numbers::bytes(found.bytes as f64)));
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut row = |name: &str, value: String| rows.push(vec![name.to_string(), value]);
    if let Some(record) = &found.record {
        row("format", record.format.clone());
        row(
            "shape",
            format!("{} samples × {} channels of {}", record.samples, record.channels, record.file_type),
        );
        let exact = if record.rate.contains('/') { format!(" ({} Hz)", record.rate) } else { String::new() };
        row("rate", format!("{}{exact}", numbers::hertz(record.rate_hz)));
        row("duration", numbers::seconds(record.samples as f64 / record.rate_hz));
        let last = record
            .first_channel
            .saturating_add(record.channel_step.saturating_mul(record.channels as i64 - 1));
        row(
            "channels",
            format!(
                "{} to {last}, every {} m from {} m",
                record.first_channel,
                short(record.spacing_m),
                short(record.distance_m)
            ),
        );
        if let Some(gauge) = record.gauge_length_m {
            row("gauge", format!("{} m", short(gauge)));
        }
        let unit = if record.unit.is_empty() { "not given".to_string() } else { record.unit.clone() };
        let scale = if record.scale == 1.0 { String::new() } else { format!(" after × {}", record.scale) };
        row("unit", format!("{unit}{scale}"));
        match record.segments.as_slice() {
            [one] => row("start", one.start.clone()),
            several => {
                for (i, segment) in several.iter().enumerate().take(20) {
                    row(
                        &format!("stretch {}", i + 1),
                        format!(
                            "{}  {} samples from {}",
                            segment.start, segment.samples, segment.start_sample
                        ),
                    );
                }
                if several.len() > 20 {
                    row("", format!("and {} more stretches", several.len() - 20));
                }
            }
        }
        for facts in &record.survey {
            let all = if facts.known < record.channels {
                format!(", known of {} channels", facts.known)
            } else {
                String::new()
            };
            let unit = if facts.unit.is_empty() { String::new() } else { format!(" {}", facts.unit) };
            row(facts.column, format!("{} to {}{unit}{all}", short(facts.least), short(facts.most)));
        }
        for note in record.notes.iter().chain(&found.left_out) {
            row("note", note.clone());
        }
        if verbose > 0 {
            for (name, value) in &record.attributes {
                row(name, value.clone());
            }
        }
    }
    text += &table(&[("", Style::Dim), ("", Style::Plain)], &rows, ink);
    if verbose > 0 || found.record.is_none() {
        let listed = |d: &dasc_io::Listed| {
            let shape: Vec<String> = d.shape.iter().map(u64::to_string).collect();
            vec![d.path.clone(), shape.join(" × "), d.type_name.clone(), d.storage.clone()]
        };
        let rows: Vec<Vec<String>> = found.datasets.iter().map(listed).collect();
        if !rows.is_empty() {
            let head = [
                ("dataset", Style::Keyword),
                ("shape", Style::Plain),
                ("type", Style::Plain),
                ("storage", Style::Dim),
            ];
            text += &table(&head, &rows, ink);
        }
        found
            .skipped
            .iter()
            .for_each(|skipped| text += &format!("  {}\n", ink.dim(&format!("passed over {skipped}"))));
    }
    text
}

/// A length without the noise of f64.
fn short(metres: f64) -> String {
    let text = format!("{metres:.6}");
    text.trim_end_matches('0').trim_end_matches('.').to_string()
}
