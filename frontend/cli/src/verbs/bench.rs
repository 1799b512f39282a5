//! `dasc bench`: how fast every kernel of a script runs beside what the machine could do, and the whole run.

use dasc_dql::Step;
use dasc_io::FileType;
use dasc_ir::{Diag, Result};
use dasc_sink::{Mode, Target};
use serde_json::json;

use super::Context;
use super::explain::headline;
use super::run::options;
use crate::args::BenchArgs;
use crate::bench::made_up::{MadeUp, Shape};
use crate::bench::measure::measure;
use crate::bench::picture::picture;
use crate::bench::roofs::Machine;
use crate::bench::told;
use crate::bind::bind_to;
use crate::interrupt::Interrupt;
use crate::numbers;
use crate::outcome::{Done, Outcome};
use crate::record::Record;
use crate::script::{self, Script};
use crate::sinks::style::save_to;

pub fn bench(args: &BenchArgs, context: &mut Context) -> Outcome {
    let interrupt = Interrupt::listen()?;
    let machine = Machine::here();
    let threads = threads(args, context.settings.threads, machine.threads)?;
    if args.repeat == 0 {
        return Err(Diag::usage("nothing can be measured in no runs").help("give --repeat 1 or more").into());
    }
    let target = target(args)?;
    let script = script::load(&args.script, &mut context.sources)?;
    let mut pipelines = bind_to(&script, &|script, step| open(args, script, step))?;
    if target.is_some() && pipelines.len() > 1 {
        return Err(Diag::usage(format!(
            "one picture cannot hold the {} records of the script",
            pipelines.len()
        ))
        .help("leave --picture out, or measure a script with one READ")
        .into());
    }
    let terminal = context.terminal;
    let ink = terminal.ink();
    let (mut arrays, array_bytes) = machine.arrays();
    let options = options(&context.settings, None, false);
    let mut answers = Vec::new();
    for (number, pipeline) in pipelines.iter_mut().enumerate() {
        pipeline.observe_loose_ends();
        let manner = (&options, threads.as_slice(), args.repeat);
        let name = pipeline.record.name.clone();
        let measured = measure(pipeline, manner, &mut arrays, &interrupt, |run, of| {
            terminal.detail(&format!("{name}: run {} of {of}", run + 1));
        })?;
        answers.push(told::json(&name, &measured, &machine));
        if !terminal.json {
            let mut text = if number == 0 { told::machine(&machine, ink) } else { "\n".into() };
            text += &told::roofs(&measured, ink);
            text += &format!("\n{}\n", ink.bold(&headline(pipeline)));
            text += &format!(
                "  {}\n",
                ink.dim(&format!(
                    "medians of {} runs  ·  copies of {}  ·  compiled in {}",
                    args.repeat,
                    numbers::bytes(array_bytes as f64),
                    numbers::seconds(measured.compile)
                ))
            );
            text += &told::record(&measured, &machine, ink);
            terminal.out(&text)?;
        }
        if let Some((target, mode)) = &target {
            let written = save_to(target, *mode, &picture(&name, &measured, &machine)?, 0)?;
            terminal.say(&format!("{} {}", terminal.faint_ink().good("wrote"), written.path.display()));
        }
    }
    if let Err(why) = &machine.clock {
        terminal.say(&format!("cycles are not counted here: {why}"));
    }
    if terminal.json {
        terminal.answer(json!({
            "script": script.name, "machine": machine.json(), "repeat": args.repeat, "copy_bytes": array_bytes,
            "records": answers, "picture": args.picture,
        }))?;
    }
    Ok(Done::Well)
}

/// Those asked for, in order; else 1, 2, 4, … and all of them.
fn threads(args: &BenchArgs, most: usize, there: usize) -> Result<Vec<usize>> {
    let all = if most == 0 { there } else { most };
    let mut list = args.threads_list.clone();
    if list.is_empty() {
        let doubled = std::iter::successors(Some(1usize), |threads| threads.checked_mul(2));
        list.extend(doubled.take_while(|threads| *threads < all));
        list.push(all);
    }
    if list.contains(&0) {
        return Err(Diag::usage("no run has 0 threads").help("give --threads-list 1,2,4"));
    }
    list.sort_unstable();
    list.dedup();
    Ok(list)
}

/// What a READ of the script stands for: its own record, the file given instead, or samples in memory.
fn open(args: &BenchArgs, script: &Script, step: &Step) -> Result<Record> {
    let made_up = args.rows.is_some() || args.channels.is_some() || args.dtype.is_some() || args.fs.is_some();
    if made_up {
        let shape = Shape {
            rows: args.rows.unwrap_or(32_768),
            channels: args.channels.map_or(2048, |channels| channels as usize),
            file_type: args.dtype.map_or(FileType::F32, |dtype| dtype.of()),
            rate: args.fs.unwrap_or(1000.0),
        };
        return Ok(Record::of("samples in memory", Box::new(MadeUp::new(shape)?)));
    }
    match &args.read {
        Some(file) => Record::open_instead(script, step, file),
        None => Record::open(script, step).map_err(|diag| {
            let instead = "--rows and --channels measure the script on samples in memory instead";
            let help = diag.help.iter().map(String::as_str).chain([instead]).collect::<Vec<_>>().join("; ");
            diag.help(help)
        }),
    }
}

/// Where the picture goes. Refuses what could not be written, before minutes of measuring.
fn target(args: &BenchArgs) -> Result<Option<(Target, Mode)>> {
    let Some(path) = &args.picture else { return Ok(None) };
    if path.extension().is_none_or(|ending| !ending.eq_ignore_ascii_case("png")) {
        return Err(
            Diag::usage(format!("'{}' is no name of a picture", path.display())).help("end it in .png")
        );
    }
    let (target, mode) =
        (Target::File(path.clone()), if args.overwrite { Mode::Overwrite } else { Mode::New });
    target.check(mode)?;
    Ok(Some((target, mode)))
}
