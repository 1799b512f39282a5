//! `--help` of a verb that is given a script: its PARAMs too.

use std::ffi::OsString;
use std::path::Path;

use dasc_dql::{ParamDecl, Sources};

/// The PARAMs of the first argument that is a script, or of `-e`, as a section of help; empty without any.
pub fn of_script(args: &[OsString]) -> String {
    let texts: Vec<String> = args.iter().map(|arg| arg.to_string_lossy().into_owned()).collect();
    let inline =
        texts.iter().position(|arg| arg == "-e" || arg == "--expression").and_then(|at| texts.get(at + 1));
    let file = texts.iter().skip(2).find(|arg| Path::new(arg).extension().is_some_and(|e| e == "dql"));
    let (name, text) = match (inline, file) {
        (Some(text), _) => ("-e".to_string(), text.clone()),
        (None, Some(path)) => match std::fs::read_to_string(path) {
            Ok(text) => (path.clone(), text),
            // The verb itself says what is wrong with the file.
            Err(_) => return String::new(),
        },
        (None, None) => return String::new(),
    };
    let Ok(sources) = Sources::script(name.clone(), text) else { return String::new() };
    let params = dasc_dql::declared(&sources);
    if params.is_empty() {
        return String::new();
    }
    let lines: Vec<String> = params.iter().map(line).collect();
    format!("\nParameters of {name}:\n{}\n", lines.join("\n"))
}

fn line(param: &ParamDecl) -> String {
    let default = param.default.as_ref().map(|value| format!(" = {value}")).unwrap_or_default();
    let form = format!("--set {}=<{}>{default}", param.name, param.ty.name());
    format!("  {form:<40} {}", param.help.as_deref().unwrap_or(""))
}
