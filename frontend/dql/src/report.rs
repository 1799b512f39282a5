//! Collects mistakes: each once, in the order of the script, and no more than a person would read.

use std::collections::HashSet;

use dasc_ir::{Diag, Span};

/// After so many mistakes a script is given up.
const MOST: usize = 20;

#[derive(Debug, Default)]
pub struct Report {
    diags: Vec<Diag>,
    seen: HashSet<(Option<Span>, String)>,
}

impl Report {
    /// Adds a mistake, unless the same one was reported at the same place: the body of a loop is read many times.
    pub fn add(&mut self, mut diag: Diag) {
        shorten(&mut diag.message);
        diag.help.iter_mut().for_each(shorten);
        if !self.full() && self.seen.insert((diag.span, diag.message.clone())) {
            self.diags.push(diag);
        }
    }

    /// Adds what stopped a reading, unless it was a mistake that had been reported before.
    pub fn add_stop(&mut self, stop: Option<Diag>) {
        stop.into_iter().for_each(|diag| self.add(diag));
    }

    /// No further mistake will be taken.
    pub fn full(&self) -> bool {
        self.diags.len() >= MOST
    }

    pub fn is_empty(&self) -> bool {
        self.diags.is_empty()
    }

    /// All mistakes in the order of their places.
    pub fn finish(mut self) -> Vec<Diag> {
        let full = self.full();
        self.diags.sort_by_key(|diag| diag.span.map_or((u32::MAX, u32::MAX), |s| (s.source, s.start)));
        if full {
            let more = format!("reading stopped after {MOST} mistakes; there may be more");
            self.diags.push(Diag::usage(more).help("mend these first"));
        }
        self.diags
    }
}

/// A value of a hostile script may be as long as the script.
fn shorten(text: &mut String) {
    const LONGEST: usize = 600;
    if let Some((at, _)) = text.char_indices().nth(LONGEST) {
        text.truncate(at);
        text.push('…');
    }
}
