//! Detected events over the data: outlined boxes and lines on a field of channels, shaded spans along a time axis.

use crate::axis::TimeAxis;
use crate::canvas::{Anchor, Area, BLACK, Canvas, Ink, WHITE};
use crate::field::{Field, Runs};
use crate::figure::{Event, Figure, Mark};
use crate::frame::Frame;

const LABEL: f32 = 7.0;
/// More marks than this would hide the data; the footnote still counts all.
const MOST: usize = 2000;

/// Boxes and lines on a field. The ends are seconds and positions at the edges of the panel.
pub(crate) fn mark_places(
    canvas: &mut Canvas,
    frame: &Frame,
    field: &Field,
    figure: &Figure,
    time: TimeAxis,
    (seconds, positions): ((f64, f64), (f64, f64)),
) {
    let mut labels = Vec::new();
    let panel = frame.panel;
    // A place of the panel, as fractions of the axes of time and of positions.
    let turned = |(time, place): (f64, f64)| match field.runs {
        Runs::Right => (time, 1.0 - place),
        Runs::Down => (place, time),
        Runs::Up => (place, 1.0 - time),
    };
    for event in figure.events.iter().take(MOST) {
        if let (Mark::Line, Some((from, to))) = (event.mark, event.extent) {
            let start = (fraction(time.seconds_at(event.start_ns), seconds), fraction(from, positions));
            let end = (fraction(time.seconds_at(event.end_ns), seconds), fraction(to, positions));
            let Some(line) = visible_line(start, end) else { continue };
            let pixel = |(x, y): (f64, f64)| {
                (panel.left + x as f32 * panel.width, panel.top + y as f32 * panel.height)
            };
            let line = line.map(|place| pixel(turned(place)));
            canvas.line(&line, 2.6, HALO);
            canvas.line(&line, 1.2, BLACK);
            let [(x0, y0), (x1, y1)] = line;
            let near = canvas.pt(2.0);
            let beside = |share: f32| {
                let (x, y) = (x0 + share * (x1 - x0), y0 + share * (y1 - y0));
                Area::new(x - near, y - near, x + near, y + near)
            };
            labels.push(([0.0, 1.0, 0.5, 0.25, 0.75].map(beside).to_vec(), event.label.as_str()));
            continue;
        }
        let Some(span) = visible(span(event, time), seconds) else { continue };
        let half = field.columns.half_step();
        let extent = event.extent.map(|(low, high)| (low.min(high) - half, low.max(high) + half));
        let Some(column) = visible(extent.unwrap_or(positions), positions) else { continue };
        let ((x0, y0), (x1, y1)) = (turned((span.0, column.0)), turned((span.1, column.1)));
        let least = canvas.pt(4.0);
        let (left, right) = stretch(panel.left, panel.width, (x0.min(x1), x0.max(x1)), least);
        let (top, bottom) = stretch(panel.top, panel.height, (y0.min(y1), y0.max(y1)), least);
        let area = Area::new(left, top, right, bottom);
        canvas.outline(area, 2.2, HALO);
        canvas.outline(area, 1.0, BLACK);
        labels.push((vec![area], event.label.as_str()));
    }
    let marks: Vec<Area> = labels.iter().flat_map(|(areas, _)| areas).copied().collect();
    let mut tags = Vec::new();
    for (areas, label) in labels {
        tag(canvas, panel, &areas, label, &marks, &mut tags);
    }
}

/// Around black marks, so that they show on dark colours.
const HALO: Ink = [0xff, 0xff, 0xff, 0xd0];

/// How a span of time is marked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SpanStyle {
    /// A pale band, on paper.
    Shade,
    /// White lines with a dark rim, which show on any colour and leave the colours between them alone.
    Edges,
}

const SHADE: Ink = [0xe6, 0x9f, 0x00, 0x38];
const SHADE_EDGE: Ink = [0xb8, 0x7a, 0x00, 0xff];

/// Marks the time of each event over the whole height of the panel.
pub(crate) fn mark_spans(
    canvas: &mut Canvas,
    panel: Area,
    figure: &Figure,
    time: TimeAxis,
    seconds: (f64, f64),
    style: SpanStyle,
) {
    for (area, _) in spans(canvas, panel, figure, time, seconds) {
        if style == SpanStyle::Shade {
            canvas.fill(area, SHADE);
        }
        for x in [area.left, area.right()] {
            let line = [(x, area.top), (x, area.bottom())];
            match style {
                SpanStyle::Shade => canvas.line(&line, 0.8, SHADE_EDGE),
                SpanStyle::Edges => {
                    canvas.line(&line, 2.0, BLACK);
                    canvas.line(&line, 1.0, WHITE);
                }
            }
        }
    }
}

/// Tags at the top of the spans; drawn after the data, which would cross them out.
pub(crate) fn tag_spans(
    canvas: &mut Canvas,
    panel: Area,
    figure: &Figure,
    time: TimeAxis,
    seconds: (f64, f64),
) {
    let mut tags = Vec::new();
    for (area, label) in spans(canvas, panel, figure, time, seconds) {
        let top = Area { height: 1.0, top: panel.top + canvas.pt(LABEL * 1.9), ..area };
        tag(canvas, panel, &[top], label, &[], &mut tags);
    }
}

fn spans<'a>(
    canvas: &Canvas,
    panel: Area,
    figure: &'a Figure,
    time: TimeAxis,
    seconds: (f64, f64),
) -> Vec<(Area, &'a str)> {
    let area = |event: &'a Event| {
        let at = visible(span(event, time), seconds)?;
        let (left, right) = stretch(panel.left, panel.width, at, canvas.pt(1.5));
        Some((Area::new(left, panel.top, right, panel.bottom()), event.label.as_str()))
    };
    figure.events.iter().take(MOST).filter_map(area).collect()
}

fn span(event: &Event, time: TimeAxis) -> (f64, f64) {
    let (start, end) = (time.seconds_at(event.start_ns), time.seconds_at(event.end_ns));
    (start.min(end), start.max(end))
}

/// How far along an axis a value lies, from 0 at its low end to 1.
fn fraction(value: f64, axis: (f64, f64)) -> f64 {
    (value - axis.0) / (axis.1 - axis.0)
}

/// The part of a span that the axis shows, as fractions from the axis' low end; `None` when all is outside.
fn visible(span: (f64, f64), axis: (f64, f64)) -> Option<(f64, f64)> {
    let (a, b) = (fraction(span.0, axis), fraction(span.1, axis));
    let (low, high) = (a.min(b), a.max(b));
    (low <= 1.0 && high >= 0.0).then(|| (low.max(0.0), high.min(1.0)))
}

/// The part of a line within the unit square (Liang and Barsky 1984); `None` when all is outside.
fn visible_line(start: (f64, f64), end: (f64, f64)) -> Option<[(f64, f64); 2]> {
    if ![start.0, start.1, end.0, end.1].iter().all(|end| end.is_finite()) {
        return None;
    }
    let (mut from, mut to) = (0.0f64, 1.0f64);
    for (a, b) in [(start.0, end.0), (start.1, end.1)] {
        if a == b {
            if !(0.0..=1.0).contains(&a) {
                return None;
            }
            continue;
        }
        let (enters, leaves) = (-a / (b - a), (1.0 - a) / (b - a));
        from = from.max(enters.min(leaves));
        to = to.min(enters.max(leaves));
    }
    let at = |share: f64| (start.0 + share * (end.0 - start.0), start.1 + share * (end.1 - start.1));
    (from <= to).then(|| [at(from), at(to)])
}

/// A stretch of the panel at least `least` pixels long and within the panel.
fn stretch(start: f32, length: f32, (low, high): (f64, f64), least: f32) -> (f32, f32) {
    let (low, high) = (start + low as f32 * length, start + high as f32 * length);
    let more = ((least - (high - low)) / 2.0).max(0.0);
    ((low - more).max(start), (high + more).min(start + length))
}

/// A white tag beside the first of `areas` that has room above, below or within it, where no other tag and no other mark is; where
/// there is none, over marks; left out if other tags take all of it.
fn tag(canvas: &mut Canvas, panel: Area, areas: &[Area], label: &str, marks: &[Area], tags: &mut Vec<Area>) {
    let label = canvas.fit(label, LABEL, canvas.pt(90.0));
    if label.is_empty() {
        return;
    }
    let (pad, gap) = (canvas.pt(2.5), canvas.pt(1.5));
    let (width, height) = (canvas.text_width(&label, LABEL) + 2.0 * pad, canvas.pt(LABEL * 1.5));
    let beside = |area: &Area| {
        let lefts = [area.left, area.right() - width];
        let tops = [area.top - height - gap, area.bottom() + gap, area.top + gap];
        tops.into_iter().flat_map(move |top| lefts.map(|left| Area { left, top, width, height }))
    };
    let apart = |place: &Area| panel.contains(*place) && !tags.iter().any(|tag| tag.overlaps(*place));
    let places: Vec<Area> = areas.iter().flat_map(beside).filter(apart).collect();
    let free = |place: &&Area| !marks.iter().any(|mark| !areas.contains(mark) && mark.overlaps(**place));
    if let Some(place) = places.iter().find(free).or(places.first()).copied() {
        canvas.fill(place, [0xff, 0xff, 0xff, 0xe6]);
        canvas.outline(place, 0.5, BLACK);
        let middle = (place.left + width / 2.0, place.top + height / 2.0);
        canvas.text(&label, LABEL, middle, Anchor::Middle, BLACK);
        tags.push(place);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_goes_where_there_is_room_and_rather_over_a_mark_than_nowhere() {
        let mut canvas = Canvas::new(&Figure::new("")).unwrap();
        let panel = canvas.page();
        let corner = |x: f32, y: f32| Area::new(x - 5.0, y - 5.0, x + 5.0, y + 5.0);
        let (start, end) = (corner(5.0, 5.0), corner(600.0, 500.0));
        let other = Area::new(0.0, 0.0, 300.0, 300.0);
        let mut tags = Vec::new();
        tag(&mut canvas, panel, &[start, end], "#1", &[start, end, other], &mut tags);
        assert!(tags.iter().all(|tag| !tag.overlaps(other)) && tags.len() == 1, "{tags:?}");
        tag(&mut canvas, panel, &[start], "#2", &[start, other], &mut tags);
        assert!(tags.iter().any(|tag| tag.overlaps(other)) && tags.len() == 2, "{tags:?}");
        tag(&mut canvas, panel, &[start], "#3", &[start], &mut vec![panel]);
        assert_eq!(tags.len(), 2);
    }

    #[test]
    fn lines_are_cut_at_the_edges() {
        assert_eq!(visible_line((0.25, 0.5), (0.75, 1.0)), Some([(0.25, 0.5), (0.75, 1.0)]));
        assert_eq!(visible_line((-1.0, 0.0), (1.0, 1.0)), Some([(0.0, 0.5), (1.0, 1.0)]));
        assert_eq!(visible_line((0.5, 2.0), (0.5, -1.0)), Some([(0.5, 1.0), (0.5, 0.0)]));
        assert_eq!(visible_line((-0.1, 0.5), (-0.1, 0.9)), None);
        assert_eq!(visible_line((-1.0, 0.9), (0.9, 2.0)), None);
        assert_eq!(visible_line((f64::NAN, 0.5), (0.5, 0.5)), None);
    }
}
