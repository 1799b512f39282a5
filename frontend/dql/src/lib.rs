//! DQL, the language of pipelines: a text becomes flat [`Step`]s or a list of mistakes. docs/dql.md is its reference.
//!
//! ```
//! use dasc_dql::{Sources, Vocabulary, parse};
//!
//! let mut sources = Sources::script("pipeline.dql", "READ fiber.dat\nWRITE copy.npy")?;
//! let program = parse(&mut sources, &[], &Vocabulary::new([])).expect("no mistakes");
//! assert_eq!(program.steps.len(), 2);
//! # Ok::<(), dasc_ir::Diag>(())
//! ```

mod arguments;
mod check;
pub mod collision;
mod evaluate;
mod expand;
mod import;
mod names;
mod params;
mod parse;
mod render;
mod report;
pub mod source;
pub mod statements;
pub mod step;
mod syntax;
mod token;
mod vocabulary;
pub mod window;
mod word;
mod zone;

pub use render::{render, render_all};
pub use source::Sources;
pub use step::{ParamDecl, ParamType, Program, Step};
pub use vocabulary::Vocabulary;

use dasc_ir::Diag;

/// Reads and expands the script that is source 0. `set` are the values given for its `PARAM`s; they become sources
/// too. On failure all mistakes that could be told apart, in the order of the script.
pub fn parse(
    sources: &mut Sources,
    set: &[(String, String)],
    vocabulary: &Vocabulary,
) -> Result<Program, Vec<Diag>> {
    let refuse = |_: &str, _: Option<&str>| {
        Err(Diag::usage("files cannot be imported here").help("write the definitions into the script"))
    };
    parse_importing(sources, set, vocabulary, &refuse)
}

/// The same for a script that may `IMPORT` files of definitions: `read` gives the name that diagnostics use, and the text, of a path
/// as written in the script (`None`) or in the imported file of this name. One file has one name. Imported texts become sources.
pub fn parse_importing(
    sources: &mut Sources,
    set: &[(String, String)],
    vocabulary: &Vocabulary,
    read: import::Read<'_>,
) -> Result<Program, Vec<Diag>> {
    let mut given = params::Given::new(set, sources).map_err(|diag| vec![diag])?;
    let mut report = report::Report::default();
    let statements = parse::script(sources, 0, &mut report);
    let statements = import::resolve(statements, sources, read, &mut report);
    let program = expand::program(&statements, &mut given, sources, vocabulary, &mut report);
    if report.is_empty() {
        given.unused(sources, &program.params).for_each(|diag| report.add(diag));
    }
    if report.is_empty() { Ok(program) } else { Err(report.finish()) }
}

/// The `PARAM`s of the script that is source 0, for `--help`: those that could be read, whether or not they have a value.
pub fn declared(sources: &Sources) -> Vec<ParamDecl> {
    let mut report = report::Report::default();
    params::declared(&parse::script(sources, 0, &mut report))
}
