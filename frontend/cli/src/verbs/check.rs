//! `dasc check`: everything that can be wrong before a run.

use serde_json::json;

use super::Context;
use crate::args::ScriptArgs;
use crate::bind::bind;
use crate::names;
use crate::outcome::{Done, Outcome};
use crate::script;

pub fn check(args: &ScriptArgs, context: &mut Context) -> Outcome {
    let script = script::load(args, &mut context.sources)?;
    let pipelines = bind(&script)?;
    names::check(&pipelines)?;
    pipelines.iter().for_each(|pipeline| super::remarks(&pipeline.record, context));
    let (steps, records) = (script.program.steps.len(), pipelines.len());
    let sinks: usize = pipelines
        .iter()
        .map(|p| p.sinks.len() + p.cuts.iter().map(|cut| cut.sinks.len()).sum::<usize>())
        .sum();
    if context.terminal.json {
        let answer = json!({ "script": script.name, "steps": steps, "records": records, "sinks": sinks });
        context.terminal.answer(answer)?;
        return Ok(Done::Well);
    }
    if context.terminal.verbose > 0 {
        context.terminal.out(&script.program.to_string())?;
    }
    let ink = context.terminal.faint_ink();
    let plural = |n: usize| if n == 1 { "" } else { "s" };
    context.terminal.say(&format!(
        "{} {}: {steps} step{}, {records} record{}, {sinks} sink{}",
        ink.good("✓"),
        script.name,
        plural(steps),
        plural(records),
        plural(sinks)
    ));
    Ok(Done::Well)
}
