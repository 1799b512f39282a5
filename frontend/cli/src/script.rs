//! The script: where it comes from, what its paths are relative to, and what its outputs are named after.

use std::io::Read;
use std::path::{Path, PathBuf};

use dasc_dql::{Program, Sources, Vocabulary};
use dasc_ir::{Diag, Result};
use dasc_stdlib::ops::OPERATORS;

use crate::args::ScriptArgs;
use crate::outcome::Outcome;

/// A script that was read and expanded.
#[derive(Debug)]
pub struct Script {
    /// What diagnostics call it.
    pub name: String,
    /// Begins the names of outputs that have none.
    pub stem: String,
    /// What paths in it are relative to.
    pub folder: PathBuf,
    pub text: String,
    pub program: Program,
}

/// Reads and expands what the flags name. The text becomes source 0.
pub fn load(args: &ScriptArgs, sources: &mut Sources) -> Outcome<Script> {
    let (name, text) = text(args)?;
    sources.add(name.clone(), text.clone())?;
    let file = args.script.as_deref().filter(|path| *path != Path::new("-"));
    let stem = file.and_then(Path::file_stem).map(|stem| stem.to_string_lossy().into_owned());
    let folder = file.and_then(Path::parent).map(Path::to_path_buf).unwrap_or_default();
    let program =
        dasc_dql::parse_importing(sources, &args.set, &vocabulary(), &|path| imported(&folder.join(path)))?;
    if program.steps.is_empty() {
        return Err(Diag::usage(format!("{name} has no steps")).help("begin with READ").into());
    }
    Ok(Script { name, stem: stem.unwrap_or_else(|| "dasc".into()), folder, text, program })
}

/// Name and text of a file of definitions.
fn imported(path: &Path) -> Result<(String, String)> {
    let name = path.display().to_string();
    let bytes = read_file(path).map_err(|error| {
        Diag::usage(format!("cannot read the definitions '{name}': {error}"))
            .help("the path of an IMPORT is relative to the script")
    })?;
    Ok((name.clone(), dasc_dql::source::decode(&name, bytes)?))
}

/// All keywords a script may use.
pub fn vocabulary() -> Vocabulary {
    let events = dasc_events::ops::OPERATORS.iter().map(|entry| entry.schema);
    Vocabulary::new(OPERATORS.iter().map(|entry| entry.schema).chain(events))
}

/// Name and text of the script.
pub fn text(args: &ScriptArgs) -> Result<(String, String)> {
    if let Some(text) = &args.expression {
        return Ok(("-e".into(), text.clone()));
    }
    let Some(path) = &args.script else { return Err(Diag::usage("no script is given")) };
    let (name, read) = if path == Path::new("-") {
        let mut bytes = Vec::new();
        let limit = dasc_dql::source::MAX_BYTES as u64 + 1;
        ("<stdin>".to_string(), std::io::stdin().take(limit).read_to_end(&mut bytes).map(|_| bytes))
    } else {
        (path.display().to_string(), read_file(path))
    };
    let bytes = read.map_err(|error| {
        let diag = Diag::usage(format!("cannot read the script '{name}': {error}"));
        diag.help("give the path of a script, - for standard input, or the script itself with -e")
    })?;
    Ok((name.clone(), dasc_dql::source::decode(&name, bytes)?))
}

/// A script's bytes, but no more than a script may have: data files are large.
fn read_file(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let limit = dasc_dql::source::MAX_BYTES as u64 + 1;
    std::fs::File::open(path)?.take(limit).read_to_end(&mut bytes)?;
    Ok(bytes)
}
