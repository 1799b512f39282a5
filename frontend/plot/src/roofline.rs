//! Rooflines (Williams, Waterman and Patterson 2009): how fast pieces of work run, by operations for each byte they move, under what a
//! machine's memory and arithmetic allow.

use dasc_ir::{Diag, Result};

use crate::canvas::{Anchor, Area, BLACK, Canvas, GREY, Ink, WHITE};
use crate::figure::Figure;
use crate::frame::{Frame, LowEnd, SMALL, lay_out};
use crate::picture::Picture;
use crate::ticks::{Room, Scale, log_ticks};
use crate::traces::INKS;

/// What is drawn. The last level is drawn in full, those before it faintly behind it.
#[derive(Clone, Debug, PartialEq)]
pub struct Roofline {
    pub levels: Vec<Level>,
}

/// A machine with so many threads. A point of one level is joined with the one at its place in the next.
#[derive(Clone, Debug, PartialEq)]
pub struct Level {
    /// `2 threads`.
    pub name: String,
    /// Bytes per second.
    pub slopes: Vec<Roof>,
    /// Operations per second.
    pub peaks: Vec<Roof>,
    pub points: Vec<RooflinePoint>,
}

/// A limit.
#[derive(Clone, Debug, PartialEq)]
pub struct Roof {
    pub label: String,
    pub rate: f64,
}

/// A piece of work.
#[derive(Clone, Debug, PartialEq)]
pub struct RooflinePoint {
    pub label: String,
    /// Operations per byte, above 0.
    pub intensity: f64,
    /// Operations per second, above 0.
    pub rate: f64,
}

const BEYOND: Ink = [0xf1, 0xf2, 0xf4, 0xff];
const GRID: Ink = [0xdd, 0xdf, 0xe3, 0xff];
const FAINT: Ink = [0xa9, 0xae, 0xb8, 0xff];
const ROOF: Ink = [0x1f, 0x3b, 0x64, 0xff];
const NAME: f32 = 7.0;
const DOT: f32 = 3.4;

/// Draws a roofline on logarithmic axes: operations per byte across, 10⁹ operations per second upwards. Errors: no level, a roof or
/// a point that is not above 0, an impossible size.
pub fn plot_roofline(roofline: &Roofline, figure: &Figure) -> Result<Picture> {
    let Some((front, behind)) = roofline.levels.split_last() else {
        return Err(Diag::compiler("plot: a roofline of no machine"));
    };
    check(roofline)?;
    let mut canvas = Canvas::new(figure)?;
    let axes = Axes::around(roofline);
    let right = |_: f32| canvas.pt(14.0);
    let scale = |(low, high): (f64, f64), title: &str, unit: &str, room: Room| Scale {
        ticks: room.fill(|most| log_ticks(low, high, 1.0, most)),
        title: title.into(),
        unit: unit.into(),
    };
    let frame = lay_out(
        &canvas,
        figure,
        |room| scale(axes.across, "Operations per byte", "", room),
        |room| scale(axes.up, "Operations per second", " (Gop/s)", room),
        LowEnd::Bottom,
        (0.0, &right),
    );
    let view = View { frame: &frame, axes };
    draw_beyond(&mut canvas, &view, front);
    draw_grid(&mut canvas, &frame);
    for level in behind {
        draw_roofs(&mut canvas, &view, level, (0.8, FAINT));
    }
    draw_roofs(&mut canvas, &view, front, (1.4, ROOF));
    let mut taken: Vec<Area> = draw_legend(&mut canvas, &frame, &roofline.levels).into_iter().collect();
    name_roofs(&mut canvas, &view, front, &mut taken);
    draw_points(&mut canvas, &view, roofline, taken);
    let many = roofline.levels.len() > 1;
    let note = if many {
        "grey: beyond what the machine allows with all threads"
    } else {
        "grey: beyond what the machine allows"
    };
    frame.draw(&mut canvas, figure, "", note);
    Ok(canvas.finish(figure))
}

fn check(roofline: &Roofline) -> Result<()> {
    for level in &roofline.levels {
        let roofs = level.slopes.iter().chain(&level.peaks).map(|roof| roof.rate);
        let points = level.points.iter().flat_map(|point| [point.intensity, point.rate]);
        if let Some(odd) = roofs.chain(points).find(|value| !(*value > 0.0 && value.is_finite())) {
            return Err(Diag::compiler(format!("plot: {odd} has no place on a logarithmic axis")));
        }
        if level.slopes.is_empty() || level.peaks.is_empty() {
            return Err(Diag::compiler("plot: a roofline without roofs"));
        }
    }
    Ok(())
}

fn highest(roofs: &[Roof]) -> f64 {
    roofs.iter().map(|roof| roof.rate).fold(f64::MIN_POSITIVE, f64::max)
}

/// The natural logarithms of the ends of both axes.
#[derive(Clone, Copy)]
struct Axes {
    across: (f64, f64),
    up: (f64, f64),
}

impl Axes {
    /// All points and the ridges of all roofs, with room around them.
    fn around(roofline: &Roofline) -> Axes {
        let levels = || roofline.levels.iter();
        let ridges = levels().map(|level| highest(&level.peaks) / highest(&level.slopes));
        let points = || levels().flat_map(|level| &level.points);
        let across: Vec<f64> = ridges.chain(points().map(|point| point.intensity)).collect();
        let peaks = levels().flat_map(|level| &level.peaks).map(|roof| roof.rate);
        let up: Vec<f64> = peaks.chain(points().map(|point| point.rate)).collect();
        Axes { across: spread(&across, 1.0, (4.0, 5.0)), up: spread(&up, 1e-9, (4.0, 2.2)) }
    }
}

/// The logarithms of the ends, at least a hundredfold apart.
fn spread(values: &[f64], factor: f64, (below, above): (f64, f64)) -> (f64, f64) {
    let low = values.iter().copied().fold(f64::INFINITY, f64::min) * factor / below;
    let high = values.iter().copied().fold(0.0, f64::max) * factor * above;
    (low.min(high / 100.0).ln(), high.ln())
}

struct View<'a> {
    frame: &'a Frame,
    axes: Axes,
}

impl View<'_> {
    /// The pixel of operations per byte and operations per second.
    fn at(&self, intensity: f64, rate: f64) -> (f32, f32) {
        let panel = self.frame.panel;
        let share = |value: f64, (low, high): (f64, f64)| (value.ln() - low) / (high - low);
        let x = panel.left + share(intensity, self.axes.across) as f32 * panel.width;
        (x, self.frame.y(share(rate * 1e-9, self.axes.up)))
    }

    /// Where a slope enters the panel, and where it meets a peak: operations per byte.
    fn stretch(&self, slope: f64, peak: f64) -> (f64, f64) {
        let enters = self.axes.across.0.exp().max(self.axes.up.0.exp() * 1e9 / slope);
        (enters, (peak / slope).max(enters))
    }

    fn end(&self) -> f64 {
        self.axes.across.1.exp()
    }
}

/// Shades what no work can reach.
fn draw_beyond(canvas: &mut Canvas, view: &View, level: &Level) {
    let (slope, peak, panel) = (highest(&level.slopes), highest(&level.peaks), view.frame.panel);
    let (enters, ridge) = view.stretch(slope, peak);
    let corners = [
        (panel.left, panel.top),
        (panel.left, view.at(enters, slope * enters).1),
        view.at(enters, slope * enters),
        view.at(ridge, peak),
        (panel.right(), view.at(view.end(), peak).1),
        (panel.right(), panel.top),
    ];
    canvas.polygon(&corners, BEYOND);
}

fn draw_grid(canvas: &mut Canvas, frame: &Frame) {
    let panel = frame.panel;
    for tick in frame.across.ticks.iter().filter(|tick| !tick.label.is_empty()) {
        let x = panel.left + tick.at as f32 * panel.width;
        canvas.line(&[(x, panel.top), (x, panel.bottom())], 0.5, GRID);
    }
    for tick in frame.down.ticks.iter().filter(|tick| !tick.label.is_empty()) {
        let y = frame.y(tick.at);
        canvas.line(&[(panel.left, y), (panel.right(), y)], 0.5, GRID);
    }
}

/// The highest slope and peak as one line; the others end where they meet it.
fn draw_roofs(canvas: &mut Canvas, view: &View, level: &Level, (width, ink): (f32, Ink)) {
    let (slope, peak) = (highest(&level.slopes), highest(&level.peaks));
    let (enters, ridge) = view.stretch(slope, peak);
    let roof = [view.at(enters, slope * enters), view.at(ridge, peak), view.at(view.end(), peak)];
    canvas.line(&roof, width, ink);
    for other in level.slopes.iter().map(|roof| roof.rate).filter(|rate| *rate < slope) {
        let (enters, ridge) = view.stretch(other, peak);
        canvas.line(&[view.at(enters, other * enters), view.at(ridge, peak)], width * 0.6, ink);
    }
    for other in level.peaks.iter().map(|roof| roof.rate).filter(|rate| *rate < peak) {
        canvas.line(&[view.at(other / slope, other), view.at(view.end(), other)], width * 0.6, ink);
    }
}

/// Writes names along the roofs, where there is room for them.
fn name_roofs(canvas: &mut Canvas, view: &View, level: &Level, taken: &mut Vec<Area>) {
    let (slope, peak, panel) = (highest(&level.slopes), highest(&level.peaks), view.frame.panel);
    for roof in &level.slopes {
        let (enters, ridge) = view.stretch(roof.rate, peak);
        let (a, b) = (view.at(enters, roof.rate * enters), view.at(ridge, peak));
        let length = (b.0 - a.0).hypot(b.1 - a.1);
        let label = canvas.fit(&roof.label, NAME, length * 0.9);
        let angle = (a.1 - b.1).atan2(b.0 - a.0);
        // The highest has its name above it, the others below.
        let side = if roof.rate == slope { 1.0 } else { -1.0 } * canvas.pt(NAME * 0.8);
        let middle = ((a.0 + b.0) / 2.0 - side * angle.sin(), (a.1 + b.1) / 2.0 - side * angle.cos());
        let half = canvas.text_width(&label, NAME) / 2.0;
        let size = canvas.pt(NAME * 0.7);
        let corner = |along: f32, across: f32| {
            let (along, across) = (along * half, across * size * 0.8);
            (
                middle.0 + along * angle.cos() - across * angle.sin(),
                middle.1 - along * angle.sin() - across * angle.cos(),
            )
        };
        let paper = if roof.rate == slope { BEYOND } else { WHITE };
        canvas.polygon(&[corner(-1.0, -1.0), corner(1.0, -1.0), corner(1.0, 1.0), corner(-1.0, 1.0)], paper);
        canvas.text_along(&label, NAME, middle, angle, ROOF);
        // A name that leans is a chain of small areas.
        for step in -8..=8 {
            let along = half * step as f32 / 8.0;
            let (x, y) = (middle.0 + along * angle.cos(), middle.1 - along * angle.sin());
            taken.push(Area::new(x - size, y - size, x + size, y + size));
        }
    }
    for roof in &level.peaks {
        let y = view.at(view.end(), roof.rate).1 - canvas.pt(NAME * 0.9);
        let room = panel.right() - view.at(roof.rate / slope, roof.rate).0 - canvas.pt(8.0);
        let label = canvas.fit(&roof.label, NAME, room);
        let right = panel.right() - canvas.pt(5.0);
        let (width, half) = (canvas.text_width(&label, NAME), canvas.pt(NAME * 0.6));
        let area = Area::new(right - width, y - half, right, y + half);
        if !taken.iter().any(|other| other.overlaps(area)) {
            canvas.fill(area, if roof.rate == peak { BEYOND } else { WHITE });
            canvas.text(&label, NAME, (right, y), Anchor::End, ROOF);
            taken.push(area);
        }
    }
}

/// What an open and a filled circle mean, in the lower right corner.
fn draw_legend(canvas: &mut Canvas, frame: &Frame, levels: &[Level]) -> Option<Area> {
    if levels.len() < 2 {
        return None;
    }
    let (panel, line, pad) = (frame.panel, canvas.pt(SMALL + 4.0), canvas.pt(5.0));
    let widest = levels.iter().map(|level| canvas.text_width(&level.name, SMALL)).fold(0.0, f32::max);
    let (width, height) = (widest + canvas.pt(26.0) + pad, line * levels.len() as f32 + pad);
    let right = panel.right() - canvas.pt(6.0);
    let bottom = panel.bottom() - canvas.pt(6.0);
    let area = Area::new(right - width, bottom - height, right, bottom);
    canvas.fill(area, WHITE);
    canvas.outline(area, 0.5, FAINT);
    for (number, level) in levels.iter().enumerate() {
        let last = number + 1 == levels.len();
        let y = area.top + pad / 2.0 + line * (number as f32 + 0.5);
        let (ink, stroke) = if last { (ROOF, 1.4) } else { (FAINT, 0.8) };
        let x = area.left + pad;
        canvas.line(&[(x, y), (x + canvas.pt(16.0), y)], stroke, ink);
        dot(canvas, (x + canvas.pt(8.0), y), GREY, last);
        let name = canvas.fit(&level.name, SMALL, widest + 1.0);
        canvas.text(&name, SMALL, (x + canvas.pt(20.0), y), Anchor::Start, BLACK);
    }
    Some(area)
}

/// A filled circle with a white rim, or an open one.
fn dot(canvas: &mut Canvas, (x, y): (f32, f32), ink: Ink, filled: bool) {
    let radius = canvas.pt(DOT);
    let circle = |radius: f32| {
        let corner = |k: u8| {
            let angle = f32::from(k) * std::f32::consts::TAU / 48.0;
            (x + radius * angle.cos(), y + radius * angle.sin())
        };
        (0..48u8).map(corner).collect::<Vec<_>>()
    };
    let (rim, edge) = (circle(radius + canvas.pt(0.8)), circle(radius));
    canvas.polygon(&rim, WHITE);
    canvas.polygon(&edge, ink);
    if !filled {
        canvas.polygon(&circle(radius - canvas.pt(1.2)), WHITE);
    }
}

fn draw_points(canvas: &mut Canvas, view: &View, roofline: &Roofline, mut taken: Vec<Area>) {
    let Some((front, behind)) = roofline.levels.split_last() else { return };
    let inks: Vec<Ink> = INKS.into_iter().filter(|ink| *ink != BLACK).collect();
    let ink = |number: usize| inks.get(number % inks.len().max(1)).copied().unwrap_or(BLACK);
    let at = |point: &RooflinePoint| view.at(point.intensity, point.rate);
    for (number, point) in front.points.iter().enumerate() {
        for earlier in behind.iter().filter_map(|level| level.points.get(number)) {
            canvas.line(&[at(earlier), at(point)], 0.9, ink(number));
        }
    }
    for (number, level) in roofline.levels.iter().enumerate() {
        for (place, point) in level.points.iter().enumerate() {
            dot(canvas, at(point), ink(place), number + 1 == roofline.levels.len());
            let (x, y) = at(point);
            let near = canvas.pt(DOT + 0.8);
            taken.push(Area::new(x - near, y - near, x + near, y + near));
        }
    }
    for (number, point) in front.points.iter().enumerate() {
        name_point(canvas, view.frame.panel, at(point), &point.label, ink(number), &mut taken);
    }
}

/// Writes a name beside a point, wherever nothing else is, further away if need be; left out if all is taken.
fn name_point(
    canvas: &mut Canvas,
    panel: Area,
    (x, y): (f32, f32),
    label: &str,
    ink: Ink,
    taken: &mut Vec<Area>,
) {
    let label = canvas.fit(label, SMALL, panel.width * 0.45);
    if label.is_empty() {
        return;
    }
    let (width, height) = (canvas.text_width(&label, SMALL) + canvas.pt(4.0), canvas.pt(SMALL * 1.5));
    let near = canvas.pt(DOT + 2.0);
    let places = [0.0f32, 9.0, 18.0, 30.0, 45.0].into_iter().flat_map(|further| {
        let away = canvas.pt(further);
        [
            (x + near, y - height / 2.0 + away),
            (x + near, y - height / 2.0 - away),
            (x - near - width, y - height / 2.0 + away),
            (x - near - width, y - height / 2.0 - away),
            (x - width / 2.0, y + near + away),
            (x - width / 2.0, y - near - height - away),
        ]
    });
    let free = |area: &Area| panel.contains(*area) && !taken.iter().any(|other| other.overlaps(*area));
    let area = places.map(|(left, top)| Area { left, top, width, height }).find(|area| free(area));
    if let Some(area) = area {
        let middle = (area.left + width / 2.0, area.top + height / 2.0);
        let from_name = (x.clamp(area.left, area.right()), y.clamp(area.top, area.bottom()));
        if (from_name.0 - x).hypot(from_name.1 - y) > near * 2.0 {
            canvas.line(&[(x, y), from_name], 0.5, ink);
        }
        canvas.fill(area, [0xff, 0xff, 0xff, 0xd0]);
        canvas.text(&label, SMALL, middle, Anchor::Middle, darker(ink));
        taken.push(area);
    }
}

/// A colour that reads on white.
fn darker([red, green, blue, opacity]: Ink) -> Ink {
    let dim = |part: u8| (u16::from(part) * 7 / 10) as u8;
    [dim(red), dim(green), dim(blue), opacity]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roof(label: &str, rate: f64) -> Roof {
        Roof { label: label.into(), rate }
    }

    fn level(name: &str, speed: f64, points: &[(&str, f64, f64)]) -> Level {
        let point = |(label, intensity, rate): &(&str, f64, f64)| RooflinePoint {
            label: (*label).into(),
            intensity: *intensity,
            rate: *rate * speed,
        };
        Level {
            name: name.into(),
            slopes: vec![roof("copying 20 GB/s", 20e9 * speed), roof("non-temporal 30 GB/s", 30e9 * speed)],
            peaks: vec![roof("f64 40 Gop/s", 40e9 * speed), roof("f32 80 Gop/s", 80e9 * speed)],
            points: points.iter().map(point).collect(),
        }
    }

    #[test]
    fn names_keep_clear_of_each_other_however_close_the_points_are() {
        let points: Vec<(String, f64, f64)> = (0..14)
            .map(|k| (format!("DEMEAN · BANDPASS · ABS {k}"), 2.0 + 0.01 * f64::from(k), 2e10))
            .chain([("far".into(), 1e-3, 1e5), ("above".into(), 40.0, 3e11)])
            .collect();
        let points: Vec<(&str, f64, f64)> = points.iter().map(|(n, x, y)| (n.as_str(), *x, *y)).collect();
        for size in [(7.5, 5.0), (3.0, 2.0)] {
            let mut figure = Figure::new("Roofline");
            (figure.width, figure.height) = size;
            let levels = vec![level("1 thread", 0.5, &points), level("2 threads", 1.0, &points)];
            // The canvas checks that no text is clipped or written over.
            plot_roofline(&Roofline { levels }, &figure).unwrap();
        }
        let alone = Roofline { levels: vec![level("1 thread", 1.0, &[])] };
        plot_roofline(&alone, &Figure::new("")).unwrap();
    }

    #[test]
    fn what_has_no_logarithm_is_refused() {
        for odd in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            let levels = vec![level("1 thread", 1.0, &[("x", odd, 1e9)])];
            assert!(plot_roofline(&Roofline { levels }, &Figure::new("")).is_err());
        }
        assert!(plot_roofline(&Roofline { levels: Vec::new() }, &Figure::new("")).is_err());
    }
}
