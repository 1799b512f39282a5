//! The texts a [`Span`] can point into: the script, what stands after `-e`, the values of `--set`.

use dasc_ir::{Diag, Result, Span};

/// Longer scripts are refused: nobody writes one, and every later bound follows from this one.
pub const MAX_BYTES: usize = 4 << 20;

/// Names and texts by source number. The main script is source 0.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    entries: Vec<(String, String)>,
}

impl Sources {
    /// One script. `name` is what diagnostics call it: its path, `<stdin>`, `-e`.
    pub fn script(name: impl Into<String>, text: impl Into<String>) -> Result<Sources> {
        let mut sources = Sources::default();
        sources.add(name, text)?;
        Ok(sources)
    }

    /// Adds a text and answers with its number. Refuses texts of more than [`MAX_BYTES`].
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<String>) -> Result<u32> {
        let (name, text) = (name.into(), text.into());
        if text.len() > MAX_BYTES {
            return Err(Diag::usage(format!(
                "{name} has {} bytes; a script may have {MAX_BYTES}",
                text.len()
            )));
        }
        let number =
            u32::try_from(self.entries.len()).map_err(|_| Diag::usage("there are too many sources"))?;
        self.entries.push((name, text));
        Ok(number)
    }

    /// The name of a source; empty for a number that is not in use.
    pub fn name(&self, source: u32) -> &str {
        self.entry(source).0
    }

    /// The text of a source; empty for a number that is not in use.
    pub fn text(&self, source: u32) -> &str {
        self.entry(source).1
    }

    /// The text under a span; empty when it points nowhere.
    pub fn snippet(&self, span: Span) -> &str {
        self.text(span.source).get(span.start as usize..span.end as usize).unwrap_or("")
    }

    fn entry(&self, source: u32) -> (&str, &str) {
        self.entries.get(source as usize).map_or(("", ""), |(name, text)| (name, text))
    }
}

/// The text of a script file, or where it stops being UTF-8.
pub fn decode(name: &str, bytes: Vec<u8>) -> Result<String> {
    String::from_utf8(bytes).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        let before = error.as_bytes().get(..good).unwrap_or_default();
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        Diag::usage(format!("{name} is not a script: line {line} is not UTF-8 text"))
            .help("a data file is read with READ, not run")
    })
}
