//! What a step may look at beside its input: other flows by name, and records by path.

use std::fmt::Debug;
use std::ops::Range;
use std::sync::Arc;

use super::Builder;
use crate::graph::{NodeId, Signal};
use crate::{Diag, Rational, Result};

/// Where names and paths among a step's arguments lead. Whoever binds a script knows; without it neither can be used.
pub trait Beside: Debug + Send + Sync {
    /// The flow of this name, if it is made of the same record.
    fn flow(&self, name: &str) -> Option<NodeId>;

    /// Opens a record. `rate` is its samples per second, for files that do not say.
    fn record(&self, path: &str, rate: Option<Rational>) -> Result<Box<dyn Samples>>;
}

/// A record that is looked at while the graph is built: a template, a response.
pub trait Samples {
    /// Its axes; the rows are those of the file.
    fn signal(&self) -> &Signal;

    /// Rows within a segment, of channels by position, as `[row][channel]`.
    fn read(&self, rows: Range<i64>, channels: Range<u32>) -> Result<Vec<f64>>;
}

impl Builder {
    /// Says what lies beside the input of the next steps.
    pub fn set_beside(&mut self, beside: Arc<dyn Beside>) {
        self.beside = Some(beside);
    }

    /// Another flow of the same record.
    pub fn flow(&self, name: &str) -> Result<NodeId> {
        let found = self.beside.as_ref().and_then(|beside| beside.flow(name));
        found.ok_or_else(|| {
            self.diag(format!("finds no flow `{name}` of the same READ"))
                .help(format!("name a flow at the end of its step, … AS {name}, or put quotes around a path"))
        })
    }

    /// A record at a path.
    pub fn record(&self, path: &str, rate: Option<Rational>) -> Result<Box<dyn Samples>> {
        let Some(beside) = &self.beside else {
            return Err(Diag::compiler(format!("'{path}' is to be read where no files are")));
        };
        beside.record(path, rate).map_err(|diag| diag.at(self.span))
    }

    /// An empty builder at the same step, to choose from what is not part of the graph.
    pub fn aside(&self) -> Builder {
        Builder { operator: self.operator.clone(), span: self.span, ..Builder::new() }
    }
}
