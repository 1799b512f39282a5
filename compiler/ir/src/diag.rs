//! What a user reads when something is wrong: where it is, what is wrong, and what to do about it.
//!
//! Libraries return a [`Diag`]; only the command line prints one.

use std::fmt;

/// A stretch of a script, as byte offsets into source number `source` (0 is the main script).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct Span {
    pub source: u32,
    pub start: u32,
    pub end: u32,
}

/// Who has to act, and so which exit code the command line ends with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blame {
    /// The script, a parameter or a flag: exit code 2.
    Usage,
    /// A file, the disk, the machine: exit code 1.
    World,
    /// The compiler broke one of its own invariants: exit code 1.
    Compiler,
}

/// One mistake: message, place, further places and the remedy.
#[derive(Clone, Debug, PartialEq)]
pub struct Diag {
    pub blame: Blame,
    /// One sentence that names the thing, the value and the limit.
    pub message: String,
    pub span: Option<Span>,
    /// A few words to stand under the caret.
    pub label: Option<String>,
    /// Other places that matter (`first defined here`).
    pub related: Vec<(Span, String)>,
    /// The remedy.
    pub help: Option<String>,
}

pub type Result<T, E = Diag> = std::result::Result<T, E>;

impl Diag {
    fn new(blame: Blame, message: impl Into<String>) -> Diag {
        Diag { blame, message: message.into(), span: None, label: None, related: Vec::new(), help: None }
    }

    /// A mistake in the script, a parameter or a flag.
    pub fn usage(message: impl Into<String>) -> Diag {
        Diag::new(Blame::Usage, message)
    }

    /// Something outside the program failed: a file, the disk, the machine.
    pub fn world(message: impl Into<String>) -> Diag {
        Diag::new(Blame::World, message)
    }

    /// The compiler contradicts itself; names the pass and the node.
    pub fn compiler(message: impl Into<String>) -> Diag {
        Diag::new(Blame::Compiler, message)
    }

    /// Places the mistake, unless a nearer place is already known.
    pub fn at(mut self, span: impl Into<Option<Span>>) -> Diag {
        self.span = self.span.or(span.into());
        self
    }

    pub fn label(mut self, label: impl Into<String>) -> Diag {
        self.label = Some(label.into());
        self
    }

    pub fn help(mut self, help: impl Into<String>) -> Diag {
        self.help = Some(help.into());
        self
    }

    pub fn related(mut self, span: Span, text: impl Into<String>) -> Diag {
        self.related.push((span, text.into()));
        self
    }
}

impl fmt::Display for Diag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.message)?;
        match &self.help {
            Some(help) => write!(f, " ({help})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Diag {}
