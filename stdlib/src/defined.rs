//! What definitions may call: the operators and each other; and the definitions that are operators of the library themselves.
//!
//! ```
//! use dasc_define::{Definitions, define};
//! use dasc_ir::graph::Builder;
//! use dasc_stdlib::defined::Callable;
//! # use dasc_stdlib::reference::sample_signal;
//! let mut b = Builder::new();
//! let x = b.source(sample_signal());
//! let none = Definitions::default();
//! let snr = define(&mut b, "RMS(x, 1s) / RMS(x, 30s)", &[("x", x)], &[], &Callable { definitions: &none })?;
//! assert!(b.signal(snr)?.unit.is_none());
//! # Ok::<(), dasc_ir::Diag>(())
//! ```

use std::sync::LazyLock;

use dasc_define::build::FOREIGN;
use dasc_define::{Callees, Definition, Definitions, Library, Stretch};
use dasc_ir::graph::{Builder, NodeId};
use dasc_ir::literal::Arg;
use dasc_ir::{Diag, Result, Span};

use crate::ops::{Built, OPERATORS, find};

/// The operators written in DQL, in the order of the documentation; each may call those before it.
const STANDARD: [&str; 3] = [
    include_str!("../defs/ewma.dql"),
    include_str!("../defs/peak_hold.dql"),
    include_str!("../defs/kurtosis.dql"),
];

/// The definitions of `stdlib/defs`, read once. A test reads them too, so that none can be missing here.
pub fn standard() -> &'static Definitions {
    static DEFINITIONS: LazyLock<Definitions> = LazyLock::new(|| read(&STANDARD).unwrap_or_default());
    &DEFINITIONS
}

/// Texts with one definition each, above which its comment stands.
fn read(texts: &[&str]) -> Result<Definitions> {
    let mut definitions = Definitions::default();
    for text in texts {
        let lines = text.split_inclusive('\n');
        let start = lines.take_while(|line| line.starts_with('#')).map(str::len).sum();
        definitions.read(text, Stretch { source: FOREIGN, start, end: text.len() }, &Built)?;
    }
    Ok(definitions)
}

/// The operators of the standard library and these definitions.
#[derive(Clone, Copy, Debug)]
pub struct Callable<'a> {
    pub definitions: &'a Definitions,
}

impl Callees for Callable<'_> {
    fn knows(&self, name: &str) -> bool {
        find(name).is_some() || self.definitions.find(name).is_some()
    }

    fn names(&self) -> Vec<String> {
        let operators = OPERATORS.iter().map(|entry| entry.schema.name.to_string());
        operators.chain(self.definitions.iter().map(|definition| definition.name.clone())).collect()
    }
}

impl Library for Callable<'_> {
    fn definition(&self, name: &str) -> Option<&Definition> {
        let found = self.definitions.find(name).or_else(|| standard().find(name));
        found.map(|definition| &**definition)
    }

    fn operator(&self, name: &str, args: &[Arg], call: Span, b: &mut Builder, x: NodeId) -> Result<NodeId> {
        match find(name) {
            Some(entry) => entry.build(args, call, b, x),
            None => Err(Diag::usage(format!("{name} cannot be used within a definition")).at(call)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_definitions_are_read() {
        let definitions = read(&STANDARD).unwrap();
        let names: Vec<String> = definitions.iter().map(|d| d.name.to_lowercase()).collect();
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("defs");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
            .collect();
        assert_eq!(files.len(), names.len());
        files.retain(|file| !names.contains(file));
        assert!(files.is_empty(), "not in the list or named otherwise: {files:?}");
        assert!(definitions.iter().all(|d| find(&d.name).is_some()));
    }
}
