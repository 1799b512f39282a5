//! The script: where it comes from, what its paths are relative to, and what its outputs are named after.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use dasc_dql::{Program, Sources, Step, Vocabulary};
use dasc_ir::{Diag, Result};
use dasc_model::Folder;
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
    /// Opens the models it names.
    pub models: Arc<Folder>,
}

impl Script {
    /// A mistake at a step, with how to set the PARAMs that the step was written with.
    pub fn name_settings(&self, step: &Step, mut diag: Diag) -> Diag {
        let written = self.text.get(step.span.start as usize..step.span.end as usize).unwrap_or("");
        let words: Vec<&str> = written.split(|c: char| !(c.is_alphanumeric() || c == '_')).collect();
        let used = self.program.params.iter().filter(|param| words.contains(&param.name.as_str()));
        let ways: Vec<String> = used.map(|param| format!("--set {}=…", param.name)).collect();
        if !ways.is_empty() {
            let ways = format!("this step takes values of the script's own: {}", ways.join(", "));
            diag.help = Some(diag.help.map_or(ways.clone(), |help| format!("{help}; {ways}")));
        }
        diag
    }
}

/// Reads and expands what the flags name. The text becomes source 0.
pub fn load(args: &ScriptArgs, sources: &mut Sources) -> Outcome<Script> {
    let (name, text) = text(args)?;
    sources.add(name.clone(), text.clone())?;
    let file = args.script.as_deref().filter(|path| *path != Path::new("-"));
    let stem = file.and_then(Path::file_stem).map(|stem| stem.to_string_lossy().into_owned());
    let folder = file.and_then(Path::parent).map(Path::to_path_buf).unwrap_or_default();
    let read = |path: &str, from: Option<&str>| match from {
        None => imported(&folder.join(path)),
        Some(file) => imported(&Path::new(file).with_file_name(path)),
    };
    let program = dasc_dql::parse_importing(sources, &args.set, &vocabulary(), &read)?;
    if program.steps.is_empty() {
        return Err(Diag::usage(format!("{name} has no steps")).help("begin with READ").into());
    }
    let models = Arc::new(Folder::new(&folder));
    Ok(Script { name, stem: stem.unwrap_or_else(|| "dasc".into()), folder, text, program, models })
}

/// Name and text of a file of definitions. However a path is written, a file has one name.
fn imported(path: &Path) -> Result<(String, String)> {
    let place = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    let here = std::env::current_dir().and_then(std::fs::canonicalize).unwrap_or_default();
    let name = place.strip_prefix(&here).unwrap_or(&place).display().to_string();
    let bytes = read_file(path).map_err(|error| {
        Diag::usage(format!("cannot read the definitions '{name}': {error}"))
            .help("the path of an IMPORT is relative to the file it stands in")
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
    let Some(path) = &args.script else {
        return Err(
            Diag::usage("no script is given").help("give its path, - for standard input, or -e 'READ …'")
        );
    };
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
