//! The verbs, one file each, and the way from the command line to them.

mod bench;
mod check;
mod compile;
mod completions;
mod convert;
mod explain;
mod inspect;
mod man;
mod new;
mod occasion;
mod ops;
mod plot;
mod replay;
mod run;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};
use dasc_dql::Sources;
use dasc_ir::Diag;

use crate::args::{Cli, Verb};
use crate::fetch;
use crate::help;
use crate::interrupt;
use crate::outcome::{Outcome, Stop, exit_code};
use crate::record::Record;
use crate::settings::Settings;
use crate::streams;
use crate::terminal::Terminal;

/// What every verb is given.
pub struct Context {
    pub settings: Settings,
    pub terminal: Terminal,
    /// What diagnostics point into.
    pub sources: Sources,
}

/// Tells what every user of a record should know.
fn remarks(record: &Record, context: &Context) {
    let ink = context.terminal.faint_ink();
    for remark in &record.remarks {
        context.terminal.say(&format!("{} {}: {remark}", ink.warn("note"), record.name));
    }
}

/// Parses, runs, prints mistakes and answers with the exit code.
pub fn dispatch(args: &[OsString]) -> ExitCode {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => return usage(&error, args),
    };
    let (settings, unreadable) = match Settings::new(&cli.global) {
        Ok(settings) => (settings, None),
        Err(diag) => (Settings::plain(&cli.global), Some(diag)),
    };
    let terminal = Terminal::new(&settings);
    fetch::watch(terminal);
    fetch::watch_openings(terminal);
    streams::watch(terminal);
    dasc_io::remember_in(settings.cache.clone());
    let mut context = Context { settings, terminal, sources: Sources::default() };
    let outcome = match unreadable {
        Some(diag) => Err(Stop::from(diag)),
        None => perform(cli.verb, &mut context),
    };
    let outcome = if outcome.is_err() && interrupt::was_asked() { Err(Stop::Interrupted) } else { outcome };
    match &outcome {
        Err(Stop::Mistakes(diags)) => context.terminal.mistakes(diags, &context.sources),
        // Whoever asked for JSON gets this as JSON too.
        Err(Stop::Interrupted) if context.settings.json => {
            context.terminal.mistakes(&[Diag::world(INTERRUPTED)], &context.sources)
        }
        Err(Stop::Interrupted) => context.terminal.say(INTERRUPTED),
        Ok(_) | Err(Stop::ClosedPipe) => {}
    }
    exit_code(&outcome)
}

const INTERRUPTED: &str = "interrupted; nothing unfinished was left behind";

fn perform(verb: Verb, context: &mut Context) -> Outcome {
    match verb {
        Verb::Check(args) => check::check(&args, context),
        Verb::Explain(args) => explain::explain(&args, context),
        Verb::Compile(args) => compile::compile(&args, context),
        Verb::Run(args) => run::run(&args, context),
        Verb::Bench(args) => bench::bench(&args, context),
        Verb::Inspect(args) => inspect::inspect(&args, context),
        Verb::Plot(args) => plot::plot(&args, context),
        Verb::Convert(args) => convert::convert(&args, context),
        Verb::Replay(args) => replay::replay(&args, context),
        Verb::Ops(args) => ops::ops(&args, context),
        Verb::New(args) => new::new(&args, context),
        Verb::Completions(args) => completions::completions(&args, context),
        Verb::Man(args) => man::man(&args, context),
    }
}

/// Help and version are data; anything else is a mistake in the flags.
fn usage(error: &clap::Error, args: &[OsString]) -> ExitCode {
    let asked = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    if !asked && args.iter().any(|arg| arg == "--json") {
        // Whoever asked for JSON gets the mistake as JSON too.
        let settings = Settings {
            quiet: false,
            verbose: 0,
            json: true,
            color: crate::args::When::Auto,
            threads: 0,
            memory: 0,
            codegen: dasc_runtime::Codegen::default(),
            cache: None,
            temporary: None,
        };
        Terminal::new(&settings).mistakes(&[flags_mistaken(&error.to_string())], &Sources::default());
        return ExitCode::from(2);
    }
    // A closed output is no failure of ours.
    let _ = error.print();
    if error.kind() == ErrorKind::DisplayHelp {
        let _ = std::io::Write::write_all(&mut std::io::stdout(), help::of_script(args).as_bytes());
    }
    ExitCode::from(if asked { 0 } else { 2 })
}

/// What clap says in paragraphs: first the mistake with what it is about, then tips and the usage, last how to ask for help.
fn flags_mistaken(text: &str) -> Diag {
    let words = |paragraph: &str| paragraph.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut paragraphs = text.split("\n\n");
    let diag = Diag::usage(words(paragraphs.next().unwrap_or_default().trim_start_matches("error: ")));
    let tips = paragraphs.filter(|paragraph| !paragraph.starts_with("For more information"));
    let help = tips.map(|tip| words(tip.trim().trim_start_matches("tip: "))).collect::<Vec<_>>().join("; ");
    if help.is_empty() { diag } else { diag.help(help) }
}

/// The whole command line as clap knows it, for completions and man pages.
pub fn command() -> clap::Command {
    Cli::command()
}
