//! `dasc completions`: generated from the declarations of the command line.

use super::{Context, command};
use crate::args::CompletionsArgs;
use crate::outcome::{Done, Outcome};

pub fn completions(args: &CompletionsArgs, context: &mut Context) -> Outcome {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut command(), "dasc", &mut text);
    let text = String::from_utf8_lossy(&text);
    if context.terminal.json {
        context.terminal.answer(serde_json::json!({ "shell": args.shell.to_string(), "script": text }))?;
    } else {
        context.terminal.out(&text)?;
    }
    Ok(Done::Well)
}
