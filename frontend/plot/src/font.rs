//! Text as outlines of the bundled font, so that no font of the machine changes a figure.

use dasc_ir::{Diag, Result};
use tiny_skia::{Path, PathBuilder};
use ttf_parser::{Face, GlyphId, OutlineBuilder};

static DEJAVU: &[u8] = include_bytes!("../assets/DejaVuSans.ttf");

pub(crate) struct Font {
    face: Face<'static>,
}

impl Font {
    pub fn bundled() -> Result<Font> {
        let face = Face::parse(DEJAVU, 0);
        Ok(Font { face: face.map_err(|e| Diag::compiler(format!("plot: the bundled font is broken: {e}")))? })
    }

    /// Width of a line of text at `size` pixels to the em.
    pub fn width(&self, text: &str, size: f32) -> f32 {
        self.layout(text).last().map_or(0.0, |(_, start, advance)| start + advance) * self.unit(size)
    }

    /// The outline of a line of text whose baseline starts at (0, 0); y grows downwards. `None` if nothing is visible.
    pub fn outline(&self, text: &str, size: f32) -> Option<Path> {
        let unit = self.unit(size);
        let mut pen = Pen { path: PathBuilder::new(), unit, x: 0.0 };
        for (glyph, start, _) in self.layout(text) {
            pen.x = start * unit;
            self.face.outline_glyph(glyph, &mut pen);
        }
        pen.path.finish()
    }

    /// `text`, cut and ended with … where it is wider than `width`; empty where not even that fits.
    pub fn fit(&self, text: &str, size: f32, width: f32) -> String {
        // No figure shows more than a few hundred letters; a megabyte of title must not cost a quadratic search.
        let text: String = text.chars().take(600).collect();
        if self.width(&text, size) <= width {
            return text;
        }
        let ends: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
        let shortened = |end: usize| format!("{}…", text.get(..end).unwrap_or_default().trim_end());
        let fitting = ends.partition_point(|end| self.width(&shortened(*end), size) <= width);
        fitting.checked_sub(1).and_then(|last| ends.get(last)).map(|end| shortened(*end)).unwrap_or_default()
    }

    /// Glyphs with their start and advance in font units, kerned. Letters the font lacks become �; line breaks
    /// and other control characters become spaces.
    fn layout(&self, text: &str) -> Vec<(GlyphId, f32, f32)> {
        let mut glyphs = Vec::new();
        let (mut x, mut before) = (0.0, None);
        for letter in text.chars() {
            let letter = if letter.is_control() { ' ' } else { letter };
            let glyph = self.face.glyph_index(letter).or_else(|| self.face.glyph_index('\u{fffd}'));
            let glyph = glyph.unwrap_or(GlyphId(0));
            x += before.map_or(0.0, |before| self.kerning(before, glyph));
            let advance = f32::from(self.face.glyph_hor_advance(glyph).unwrap_or(0));
            glyphs.push((glyph, x, advance));
            x += advance;
            before = Some(glyph);
        }
        glyphs
    }

    fn kerning(&self, left: GlyphId, right: GlyphId) -> f32 {
        let tables = self.face.tables().kern.into_iter().flat_map(|kern| kern.subtables);
        let mut horizontal = tables.filter(|table| table.horizontal && !table.has_state_machine);
        horizontal.find_map(|table| table.glyphs_kerning(left, right)).map_or(0.0, f32::from)
    }

    fn unit(&self, size: f32) -> f32 {
        size / f32::from(self.face.units_per_em().max(1))
    }
}

struct Pen {
    path: PathBuilder,
    unit: f32,
    x: f32,
}

impl OutlineBuilder for Pen {
    fn move_to(&mut self, x: f32, y: f32) {
        self.path.move_to(self.x + x * self.unit, -y * self.unit);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.path.line_to(self.x + x * self.unit, -y * self.unit);
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        let unit = self.unit;
        self.path.quad_to(self.x + x1 * unit, -y1 * unit, self.x + x * unit, -y * unit);
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        let unit = self.unit;
        let at = self.x;
        self.path.cubic_to(at + x1 * unit, -y1 * unit, at + x2 * unit, -y2 * unit, at + x * unit, -y * unit);
    }

    fn close(&mut self) {
        self.path.close();
    }
}
