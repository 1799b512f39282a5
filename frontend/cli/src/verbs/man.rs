//! `dasc man`: the man pages, generated from the declarations of the command line.

use dasc_ir::Diag;
use serde_json::json;

use super::{Context, command};
use crate::args::ManArgs;
use crate::outcome::{Done, Outcome};

pub fn man(args: &ManArgs, context: &mut Context) -> Outcome {
    let failed = |error: std::io::Error| {
        Diag::world(format!("cannot write man pages into '{}': {error}", args.folder.display()))
            .help("give a folder that you may write to")
    };
    std::fs::create_dir_all(&args.folder).map_err(failed)?;
    clap_mangen::generate_to(command(), &args.folder).map_err(failed)?;
    context.terminal.say(&format!("wrote dasc.1 and a page for every verb into {}", args.folder.display()));
    if context.terminal.json {
        context.terminal.answer(json!({ "folder": args.folder }))?;
    }
    Ok(Done::Well)
}
