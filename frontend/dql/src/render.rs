//! A mistake as a person reads it: message, file, line and column, the line with a caret, the remedy.

use std::ops::Range;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use dasc_ir::{Blame, Diag, Span};

use crate::source::Sources;

/// Columns of a rendered line; longer source lines are cut around the caret.
const WIDTH: usize = 140;

/// One mistake, ending with a line end. Colour is by ANSI escapes.
pub fn render(diag: &Diag, sources: &Sources, color: bool) -> String {
    let message = printable(&diag.message);
    let mut group = Group::with_title(Level::ERROR.primary_title(message));
    let mut places: Vec<Place> =
        diag.span.iter().map(|span| Place::new(*span, diag.label.clone(), true)).collect();
    places.extend(diag.related.iter().map(|(span, text)| Place::new(*span, Some(text.clone()), false)));
    while let Some(first) = places.first() {
        let source = first.span.source;
        let (here, elsewhere): (Vec<_>, Vec<_>) =
            places.into_iter().partition(|place| place.span.source == source);
        places = elsewhere;
        group = group.element(snippet(sources, source, here));
    }
    if let Some(help) = &diag.help {
        group = group.element(Level::HELP.message(printable(help)));
    }
    if diag.blame == Blame::Compiler {
        group = group
            .element(Level::NOTE.message("this is a mistake in dasc, not in your script; please report it"));
    }
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    let renderer = renderer.term_width(WIDTH).decor_style(DecorStyle::Unicode);
    renderer.render(&[group]) + "\n"
}

/// All mistakes, with an empty line between them.
pub fn render_all(diags: &[Diag], sources: &Sources, color: bool) -> String {
    diags.iter().map(|diag| render(diag, sources, color)).collect::<Vec<_>>().join("\n")
}

struct Place {
    span: Span,
    text: Option<String>,
    primary: bool,
}

impl Place {
    fn new(span: Span, text: Option<String>, primary: bool) -> Place {
        Place { span, text: text.map(|text| printable(&text)), primary }
    }
}

/// The lines from the first place to the last, with their numbers.
fn snippet<'a>(
    sources: &'a Sources,
    source: u32,
    places: Vec<Place>,
) -> Snippet<'a, annotate_snippets::Annotation<'a>> {
    let text = sources.text(source);
    let spans: Vec<Range<usize>> = places.iter().map(|place| within(text, place.span)).collect();
    let first = spans.iter().map(|span| span.start).min().unwrap_or(0);
    let last = spans.iter().map(|span| span.end).max().unwrap_or(0);
    let begin = text.get(..first).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
    let end = text.get(last..).and_then(|after| after.find('\n')).map_or(text.len(), |at| last + at);
    let line = text.get(..begin).map_or(1, |before| before.matches('\n').count() + 1);
    let lines = text.get(begin..end).unwrap_or("");
    let annotations = places.into_iter().zip(spans).map(|(place, span)| {
        let kind = if place.primary { AnnotationKind::Primary } else { AnnotationKind::Context };
        kind.span(span.start - begin..span.end - begin).label(place.text)
    });
    Snippet::source(lines).line_start(line).path(sources.name(source)).annotations(annotations)
}

/// The span cut to the text, to whole characters and to its first line.
fn within(text: &str, span: Span) -> Range<usize> {
    let floor = |mut at: usize| {
        at = at.min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let start = floor(span.start as usize);
    let end = floor(span.end as usize).max(start);
    let line = text.get(start..end).and_then(|inside| inside.find('\n'));
    start..line.map_or(end, |at| start + at)
}

/// Control characters of a script do not reach the terminal.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' { '\u{fffd}' } else { c }).collect()
}
