//! `IMPORT`: the definitions of other files in the place of the statement.

use dasc_ir::{Diag, Result};

use crate::parse;
use crate::report::Report;
use crate::source::Sources;
use crate::syntax::Statement;

/// Files that one script may import, those that imported files import too.
const MAX_FILES: usize = 64;

/// Gives name and text of the file at a path as written; second, the name of the file that imports it, unless that is the script.
pub type Read<'a> = &'a dyn Fn(&str, Option<&str>) -> Result<(String, String)>;

/// Replaces every import outside of loops by the definitions of its file; a file imported twice counts once.
pub fn resolve(
    statements: Vec<Statement>,
    sources: &mut Sources,
    read: Read<'_>,
    report: &mut Report,
) -> Vec<Statement> {
    let mut seen: Vec<String> = Vec::new();
    let mut resolved = Vec::new();
    // Last in, first out: what an imported file imports stands before its own definitions.
    let mut waiting: Vec<Statement> = statements.into_iter().rev().collect();
    while let Some(statement) = waiting.pop() {
        let Statement::Import { path } = &statement else {
            resolved.push(statement);
            continue;
        };
        let from = (path.span.source > 0).then(|| sources.name(path.span.source));
        let (name, text) = match read(&path.text, from) {
            Ok(found) => found,
            Err(diag) => {
                report.add(diag.at(path.span));
                continue;
            }
        };
        if seen.contains(&name) {
            continue;
        }
        if seen.len() >= MAX_FILES {
            let diag = Diag::usage(format!("a script imports at most {MAX_FILES} files"))
                .at(path.span)
                .help("put several files of definitions into one");
            report.add(diag);
            break;
        }
        seen.push(name.clone());
        let source = match sources.add(name.clone(), text) {
            Ok(source) => source,
            Err(diag) => {
                report.add(diag.at(path.span));
                continue;
            }
        };
        let inner = parse::script(sources, source, report);
        if inner.iter().any(|s| !matches!(s, Statement::Def { .. } | Statement::Import { .. })) {
            let diag = Diag::usage(format!("{name} has steps, and an imported file holds definitions only"));
            report.add(diag.at(path.span).help("move the steps into a script of their own"));
        }
        let kept =
            inner.into_iter().filter(|s| matches!(s, Statement::Def { .. } | Statement::Import { .. }));
        waiting.extend(kept.collect::<Vec<_>>().into_iter().rev());
    }
    resolved
}
