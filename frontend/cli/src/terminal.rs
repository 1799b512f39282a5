//! The only place that prints: data on standard output, everything else on standard error.

use std::io::{ErrorKind, IsTerminal, Write};

use dasc_dql::Sources;
use dasc_ir::{Blame, Diag};
use serde_json::{Value, json};

use crate::args::When;
use crate::outcome::{Outcome, Stop};
use crate::settings::Settings;

/// Where to print and in what manner.
#[derive(Clone, Copy, Debug)]
pub struct Terminal {
    pub quiet: bool,
    pub verbose: u8,
    pub json: bool,
    /// Colours on standard output and on standard error.
    pub color: [bool; 2],
    /// Whether standard error is a terminal.
    pub live: bool,
}

impl Terminal {
    pub fn new(settings: &Settings) -> Terminal {
        let none = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
            || std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let (out, err) = (std::io::stdout().is_terminal(), std::io::stderr().is_terminal());
        let color = |terminal: bool| match settings.color {
            When::Always => true,
            When::Never => false,
            When::Auto => terminal && !none,
        };
        let Settings { quiet, verbose, json, .. } = *settings;
        Terminal { quiet, verbose, json, color: [color(out), color(err)], live: err }
    }

    /// Prints data.
    pub fn out(&self, text: &str) -> Outcome<()> {
        let mut out = std::io::stdout().lock();
        out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(|error| match error.kind() {
            ErrorKind::BrokenPipe => Stop::ClosedPipe,
            _ => Diag::world(format!("cannot write to standard output: {error}")).into(),
        })
    }

    /// Prints the one JSON document of a verb that did its work.
    pub fn answer(&self, document: Value) -> Outcome<()> {
        self.document(document, &[], &Sources::default())
    }

    /// Prints the one JSON document of a verb. Every one has `version` (of its form), `ok` and `diagnostics`, whatever
    /// else is in it; `ok` says that there are no diagnostics.
    pub fn document(&self, mut document: Value, diags: &[Diag], sources: &Sources) -> Outcome<()> {
        if let Some(object) = document.as_object_mut() {
            let diagnostics: Vec<Value> = diags.iter().map(|diag| as_json(diag, sources)).collect();
            object.insert("version".into(), json!(1));
            object.insert("ok".into(), json!(diags.is_empty()));
            object.insert("diagnostics".into(), diagnostics.into());
        }
        self.out(&format!("{document:#}\n"))
    }

    /// Tells what is going on, unless quiet.
    pub fn say(&self, text: &str) {
        if !self.quiet {
            self.complain(text);
        }
    }

    /// Tells details that `-v` asks for.
    pub fn detail(&self, text: &str) {
        if self.verbose > 0 {
            self.complain(text);
        }
    }

    /// Prints to standard error. That it is closed is nobody's concern.
    fn complain(&self, text: &str) {
        let _ = writeln!(std::io::stderr().lock(), "{text}");
    }

    /// Shows mistakes with their places in the script; as JSON on standard output if that was asked for.
    pub fn mistakes(&self, diags: &[Diag], sources: &Sources) {
        if self.json {
            // A closed standard output leaves only the exit code.
            let _ = self.document(json!({}), diags, sources);
        }
        let text = dasc_dql::render_all(diags, sources, self.color[1]);
        self.complain(text.trim_end());
    }

    /// The style for standard output.
    pub fn ink(&self) -> Ink {
        Ink { on: self.color[0] }
    }

    /// The style for standard error.
    pub fn faint_ink(&self) -> Ink {
        Ink { on: self.color[1] }
    }
}

fn as_json(diag: &Diag, sources: &Sources) -> Value {
    let place = |span: dasc_ir::Span| {
        let before = sources.text(span.source).get(..span.start as usize).unwrap_or("");
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        json!({ "source": sources.name(span.source), "line": line, "column": column,
                "start": span.start, "end": span.end, "text": sources.snippet(span) })
    };
    let blame = match diag.blame {
        Blame::Usage => "usage",
        Blame::World => "world",
        Blame::Compiler => "compiler",
    };
    let related: Vec<Value> =
        diag.related.iter().map(|(span, text)| json!({ "text": text, "place": place(*span) })).collect();
    json!({ "message": diag.message, "help": diag.help, "blame": blame, "label": diag.label,
            "place": diag.span.map(place), "related": related })
}

/// Colours a piece of text, or does not.
#[derive(Clone, Copy, Debug)]
pub struct Ink {
    pub on: bool,
}

impl Ink {
    fn paint(self, code: &str, text: &str) -> String {
        if self.on && !text.is_empty() { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_string() }
    }

    pub fn bold(self, text: &str) -> String {
        self.paint("1", text)
    }

    pub fn dim(self, text: &str) -> String {
        self.paint("2", text)
    }

    pub fn keyword(self, text: &str) -> String {
        self.paint("1;36", text)
    }

    pub fn good(self, text: &str) -> String {
        self.paint("32", text)
    }

    pub fn warn(self, text: &str) -> String {
        self.paint("33", text)
    }
}
