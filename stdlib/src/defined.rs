//! What definitions of users may call: the operators, and each other.
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

use dasc_define::{Callees, Definition, Definitions, Library};
use dasc_ir::graph::{Builder, NodeId};
use dasc_ir::literal::Arg;
use dasc_ir::{Diag, Result, Span};

use crate::ops::{OPERATORS, find};

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
        self.definitions.find(name).map(|definition| &**definition)
    }

    fn operator(&self, name: &str, args: &[Arg], call: Span, b: &mut Builder, x: NodeId) -> Result<NodeId> {
        match find(name) {
            Some(entry) => (entry.build)(args, call, b, x),
            None => Err(Diag::usage(format!("{name} cannot be used within a definition")).at(call)),
        }
    }
}
