//! `dasc compile`: kernels into the cache, and their stages as text.

use std::time::Instant;

use dasc_compiler::plan::{Plan, Stage};
use dasc_cpu::Codegen;
use dasc_ir::kernel::Kernel;
use dasc_runtime::Run;
use serde_json::{Value, json};

use super::Context;
use super::run::options;
use crate::args::{CompileArgs, Emit};
use crate::bind::bind;
use crate::numbers;
use crate::outcome::{Done, Outcome};
use crate::script;

pub fn compile(args: &CompileArgs, context: &mut Context) -> Outcome {
    let script = script::load(&args.script, &mut context.sources)?;
    let mut pipelines = bind(&script)?;
    let mut answers = Vec::new();
    for pipeline in &mut pipelines {
        pipeline.observe_loose_ends();
        let clock = Instant::now();
        let run = Run::prepare(pipeline.graph.clone(), &options(&context.settings, None, false))?;
        let seconds = clock.elapsed().as_secs_f64();
        let mut emitted = serde_json::Map::new();
        for what in &args.emit {
            let text = match what {
                Emit::Graph => run.graph().to_string(),
                Emit::Kernel => kernels(run.plan()).map(|(kernel, _)| format!("{kernel}\n")).collect(),
                Emit::Clif | Emit::Asm => listing(run.plan(), *what, context.settings.codegen)?,
            };
            if !context.terminal.json {
                context.terminal.out(&text)?;
            }
            emitted.insert(format!("{what:?}").to_lowercase(), Value::String(text));
        }
        let count = kernels(run.plan()).count();
        let place = context.settings.cache.as_ref().map(|folder| folder.display().to_string());
        context.terminal.say(&format!(
            "{}: {count} kernel{} in {}{}",
            pipeline.record.name,
            if count == 1 { "" } else { "s" },
            numbers::seconds(seconds),
            place.as_ref().map(|folder| format!(", kept in {folder}")).unwrap_or_default()
        ));
        answers.push(
            json!({ "record": pipeline.record.name, "kernels": count, "seconds": seconds, "cache": place,
                             "emitted": emitted }),
        );
    }
    if context.terminal.json {
        context.terminal.answer(json!({ "script": script.name, "records": answers }))?;
    }
    Ok(Done::Well)
}

/// Kernels with the channels that they are for.
fn kernels(plan: &Plan) -> impl Iterator<Item = (&Kernel, u32)> {
    let flows = plan.passes.iter().flat_map(|pass| [&pass.flow, &pass.finals]);
    flows.flat_map(|flow| &flow.stages).filter_map(|stage| match stage {
        Stage::Kernel(stage) => Some((&stage.kernel, stage.channels)),
        Stage::Gather { .. }
        | Stage::Transform { .. }
        | Stage::Slant { .. }
        | Stage::Quantile { .. }
        | Stage::Rank { .. }
        | Stage::Call { .. } => None,
    })
}

/// Machine code by the back end that is asked for, or what Cranelift would be given.
fn listing(plan: &Plan, what: Emit, codegen: Codegen) -> dasc_ir::Result<String> {
    let codegen = if what == Emit::Clif { Codegen::Cranelift } else { codegen };
    let mut text = String::new();
    for (kernel, channels) in kernels(plan) {
        let options = dasc_cpu::Options {
            codegen,
            channels: Some(channels),
            listing: true,
            ..dasc_cpu::Options::default()
        };
        let code = dasc_cpu::compile(kernel, &options)?;
        for (listing, (which, made)) in code.listings.iter().zip(code.made()) {
            text += &format!("; kernel {}, {which:?}, {made}\n", kernel.name);
            text += if what == Emit::Clif { &listing.clif } else { &listing.asm };
            text.push('\n');
        }
    }
    Ok(text)
}
