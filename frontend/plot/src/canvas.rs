//! Drawing on pixels: areas, lines, text and images. Lengths are pixels; sizes of text and lines are points.

use dasc_ir::{Diag, Result};
use tiny_skia::{
    Color, FillRule, LineCap, LineJoin, Paint, Path, PathBuilder, Pixmap, Rect, Stroke, Transform,
};

use crate::figure::Figure;
use crate::font::Font;
use crate::picture::Picture;

/// Red, green, blue, opacity.
pub(crate) type Ink = [u8; 4];

pub(crate) const BLACK: Ink = [0x1a, 0x1a, 0x1a, 0xff];
pub(crate) const GREY: Ink = [0x60, 0x60, 0x60, 0xff];
pub(crate) const WHITE: Ink = [0xff, 0xff, 0xff, 0xff];
/// The two stripes of the hatch that stands for missing samples.
const HATCH: [[u8; 3]; 2] = [[0xb4, 0xb4, 0xb4], [0xd2, 0xd2, 0xd2]];

/// A rectangle whose sides lie on pixel borders.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Area {
    pub left: f32,
    pub top: f32,
    pub width: f32,
    pub height: f32,
}

/// Which point of a line of text is placed: start, middle or end.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

pub(crate) struct Canvas {
    pixels: Pixmap,
    font: Font,
    pt: f32,
    /// Where text stands, so that tests can tell that none is clipped or overlaps.
    #[cfg(test)]
    written: Vec<(Area, String)>,
}

impl Area {
    pub fn new(left: f32, top: f32, right: f32, bottom: f32) -> Area {
        let (left, top) = (left.round(), top.round());
        Area { left, top, width: (right.round() - left).max(1.0), height: (bottom.round() - top).max(1.0) }
    }

    pub fn right(self) -> f32 {
        self.left + self.width
    }

    pub fn bottom(self) -> f32 {
        self.top + self.height
    }

    pub fn overlaps(self, other: Area) -> bool {
        self.left < other.right()
            && other.left < self.right()
            && self.top < other.bottom()
            && other.top < self.bottom()
    }

    pub fn contains(self, other: Area) -> bool {
        other.left >= self.left
            && other.top >= self.top
            && other.right() <= self.right()
            && other.bottom() <= self.bottom()
    }
}

impl Canvas {
    /// A white page. Errors: a size that is no figure.
    pub fn new(figure: &Figure) -> Result<Canvas> {
        let (width, height) = figure.pixels()?;
        let pixels = Pixmap::new(width, height);
        let mut pixels = pixels
            .ok_or_else(|| Diag::usage(format!("a figure of {width} × {height} pixels is too large")))?;
        pixels.fill(Color::WHITE);
        Ok(Canvas {
            pixels,
            font: Font::bundled()?,
            pt: figure.dpi as f32 / 72.0,
            #[cfg(test)]
            written: Vec::new(),
        })
    }

    pub fn finish(self, figure: &Figure) -> Picture {
        #[cfg(test)]
        self.check_text();
        let (width, height) = (self.pixels.width(), self.pixels.height());
        let rgb = self.pixels.pixels().iter().flat_map(|p| [p.red(), p.green(), p.blue()]).collect();
        Picture { width, height, dpi: figure.dpi, rgb, text: figure.provenance.clone() }
    }

    pub fn page(&self) -> Area {
        Area { left: 0.0, top: 0.0, width: self.pixels.width() as f32, height: self.pixels.height() as f32 }
    }

    /// Pixels of `points` points.
    pub fn pt(&self, points: f32) -> f32 {
        points * self.pt
    }

    pub fn fill(&mut self, area: Area, ink: Ink) {
        if let Some(rect) = Rect::from_xywh(area.left, area.top, area.width, area.height) {
            self.pixels.fill_rect(rect, &paint(ink), Transform::identity(), None);
        }
    }

    /// Fills a polygon.
    pub fn polygon(&mut self, corners: &[(f32, f32)], ink: Ink) {
        if let Some(path) = path(corners, true) {
            self.pixels.fill_path(&path, &paint(ink), FillRule::Winding, Transform::identity(), None);
        }
    }

    /// A line through points, `points` points wide.
    pub fn line(&mut self, corners: &[(f32, f32)], points: f32, ink: Ink) {
        if let Some(path) = path(corners, false) {
            self.stroke(&path, points, ink);
        }
    }

    /// The outline of an area, centred on its border.
    pub fn outline(&mut self, area: Area, points: f32, ink: Ink) {
        if let Some(rect) = Rect::from_xywh(area.left, area.top, area.width, area.height) {
            self.stroke(&PathBuilder::from_rect(rect), points, ink);
        }
    }

    fn stroke(&mut self, path: &Path, points: f32, ink: Ink) {
        let stroke = Stroke {
            width: self.pt(points),
            line_cap: LineCap::Butt,
            line_join: LineJoin::Bevel,
            ..Stroke::default()
        };
        self.pixels.stroke_path(path, &paint(ink), &stroke, Transform::identity(), None);
    }

    pub fn text_width(&self, text: &str, points: f32) -> f32 {
        self.font.width(text, self.pt(points))
    }

    /// `text` cut to `width` pixels.
    pub fn fit(&self, text: &str, points: f32, width: f32) -> String {
        self.font.fit(text, self.pt(points), width)
    }

    /// `text` cut so that it fits with the whole of `ending` behind it; not even that is kept where it is too wide.
    pub fn fit_before(&self, text: &str, ending: &str, points: f32, width: f32) -> String {
        let text = self.fit(text, points, width - self.text_width(ending, points));
        self.fit(&format!("{text}{ending}"), points, width)
    }

    /// A line of text; `y` is the middle of its capitals.
    pub fn text(&mut self, text: &str, points: f32, (x, y): (f32, f32), anchor: Anchor, ink: Ink) {
        self.write(text, points, anchor, ink, Transform::from_translate(x, y));
    }

    /// A line of text that reads upwards; `x` is the middle of its capitals.
    pub fn text_upwards(&mut self, text: &str, points: f32, (x, y): (f32, f32), anchor: Anchor, ink: Ink) {
        self.write(text, points, anchor, ink, Transform::from_row(0.0, -1.0, 1.0, 0.0, x, y));
    }

    /// A line of text about its middle, leaning upwards by an angle in radians.
    pub fn text_along(&mut self, text: &str, points: f32, (x, y): (f32, f32), angle: f32, ink: Ink) {
        let (sin, cos) = angle.sin_cos();
        self.write(text, points, Anchor::Middle, ink, Transform::from_row(cos, -sin, sin, cos, x, y));
    }

    fn write(&mut self, text: &str, points: f32, anchor: Anchor, ink: Ink, place: Transform) {
        let size = self.pt(points);
        let shift = match anchor {
            Anchor::Start => 0.0,
            Anchor::Middle => -0.5,
            Anchor::End => -1.0,
        } * self.font.width(text, size);
        // Capitals of the font are 0.729 em high.
        let place = place.pre_translate(shift, 0.365 * size);
        if let Some(path) = self.font.outline(text, size) {
            #[cfg(test)]
            // What leans fills little of its bounds.
            if let (true, Some(bounds)) =
                (place.sx == 0.0 || place.kx == 0.0, path.clone().transform(place).map(|path| path.bounds()))
            {
                let area = Area {
                    left: bounds.left(),
                    top: bounds.top(),
                    width: bounds.width(),
                    height: bounds.height(),
                };
                self.written.push((area, text.to_string()));
            }
            self.pixels.fill_path(&path, &paint(ink), FillRule::Winding, place, None);
        }
    }

    /// Colours every pixel of `area`, given its column and row within the area; `None` is hatched as missing.
    pub fn image(&mut self, area: Area, color: impl Fn(usize, usize) -> Option<[u8; 3]>) {
        let (page, stripe) = (self.page(), self.pt(2.0).max(2.0) as usize);
        let width = self.pixels.width() as usize;
        let (left, top) = (area.left.max(0.0) as usize, area.top.max(0.0) as usize);
        let columns = area.right().min(page.right()).max(0.0) as usize;
        let rows = area.bottom().min(page.bottom()).max(0.0) as usize;
        let pixels = self.pixels.pixels_mut();
        for (y, line) in pixels.chunks_mut(width).enumerate().take(rows).skip(top) {
            for (x, pixel) in line.iter_mut().enumerate().take(columns).skip(left) {
                let [hatch, other] = HATCH;
                let hatch = if (x + y) / stripe % 2 == 0 { hatch } else { other };
                let [red, green, blue] = color(x - left, y - top).unwrap_or(hatch);
                *pixel = tiny_skia::ColorU8::from_rgba(red, green, blue, 0xff).premultiply();
            }
        }
    }
}

#[cfg(test)]
impl Canvas {
    fn check_text(&self) {
        for (index, (area, text)) in self.written.iter().enumerate() {
            assert!(self.page().contains(*area), "'{text}' is clipped: {area:?} in {:?}", self.page());
            for (other, neighbour) in self.written.iter().take(index) {
                assert!(!area.overlaps(*other), "'{text}' at {area:?} overlaps '{neighbour}' at {other:?}");
            }
        }
    }
}

fn path(corners: &[(f32, f32)], closed: bool) -> Option<Path> {
    let mut builder = PathBuilder::new();
    for (index, &(x, y)) in corners.iter().enumerate() {
        if index == 0 { builder.move_to(x, y) } else { builder.line_to(x, y) }
    }
    if closed {
        builder.close();
    }
    builder.finish()
}

fn paint(ink: Ink) -> Paint<'static> {
    let [red, green, blue, opacity] = ink;
    let mut paint = Paint::default();
    paint.set_color_rgba8(red, green, blue, opacity);
    paint
}
