//! The page around the data: titles, axes, footnote, and the area that is left for the panel.

use crate::canvas::{Anchor, Area, BLACK, Canvas, GREY};
use crate::figure::Figure;
use crate::ticks::{Room, Scale};

pub(crate) const TITLE: f32 = 11.5;
pub(crate) const LABEL: f32 = 9.0;
pub(crate) const SMALL: f32 = 8.0;
pub(crate) const NOTE: f32 = 6.5;
const MARGIN: f32 = 8.0;
const TICK: f32 = 3.5;

/// The side on which the low end of the vertical axis lies.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum LowEnd {
    Top,
    Bottom,
}

/// The panel and the scales that fit around it.
pub(crate) struct Frame {
    pub panel: Area,
    pub across: Scale,
    pub down: Scale,
    pub low_end: LowEnd,
}

/// Lays the page out. `right` is the width in pixels that a colour bar or a scale needs for a given panel height;
/// `above` is the height of a legend row.
pub(crate) fn lay_out(
    canvas: &Canvas,
    figure: &Figure,
    across: impl Fn(Room) -> Scale,
    down: impl Fn(Room) -> Scale,
    low_end: LowEnd,
    (above, right): (f32, &dyn Fn(f32) -> f32),
) -> Frame {
    let pt = |points| canvas.pt(points);
    let page = canvas.page();
    let header = if figure.subtitle.is_empty() { TITLE + 7.0 } else { TITLE + SMALL + 11.0 };
    let top = pt(MARGIN + header) + above;
    let bottom = page.height - pt(MARGIN + NOTE + 7.0 + LABEL + 5.0 + SMALL + 3.0 + TICK);
    let height = (bottom - top).max(1.0);
    let line = |_: &str| f64::from(pt(SMALL * 1.6));
    let down = down(Room { length: height.into(), size: &line });
    let widest = down.ticks.iter().map(|tick| canvas.text_width(&tick.label, SMALL)).fold(0.0, f32::max);
    let left = pt(MARGIN + LABEL + 6.0 + 3.0 + TICK) + widest.min(page.width * 0.25);
    let panel = Area::new(left, top, (page.width - right(height)).max(left + 1.0), bottom);
    let size = |label: &str| f64::from(canvas.text_width(label, SMALL) + pt(SMALL));
    let across = across(Room { length: panel.width.into(), size: &size });
    Frame { panel, across, down, low_end }
}

impl Frame {
    /// Border, ticks, axis titles, titles of the figure and the footnote. `suffix` is never cut from the title.
    pub fn draw(&self, canvas: &mut Canvas, figure: &Figure, suffix: &str, note: &str) {
        self.draw_titles(canvas, figure, suffix, note);
        canvas.outline(self.panel, 0.8, BLACK);
        self.draw_across(canvas);
        self.draw_down(canvas);
    }

    fn draw_titles(&self, canvas: &mut Canvas, figure: &Figure, suffix: &str, note: &str) {
        let (page, left, margin) = (canvas.page(), self.panel.left, canvas.pt(MARGIN));
        let room = page.width - margin - left;
        let title = canvas.fit_before(&figure.title, suffix, TITLE, room);
        let y = margin + canvas.pt(TITLE / 2.0);
        canvas.text(&title, TITLE, (left, y), Anchor::Start, BLACK);
        let subtitle = canvas.fit(&figure.subtitle, SMALL, room);
        let y = margin + canvas.pt(TITLE + 5.0 + SMALL / 2.0);
        canvas.text(&subtitle, SMALL, (left, y), Anchor::Start, GREY);
        let note = canvas.fit(note, NOTE, room);
        canvas.text(
            &note,
            NOTE,
            (left, page.height - margin - canvas.pt(NOTE / 2.0 - 1.0)),
            Anchor::Start,
            GREY,
        );
    }

    fn draw_across(&self, canvas: &mut Canvas) {
        let (page, panel) = (canvas.page(), self.panel);
        let y = panel.bottom() + canvas.pt(TICK + 3.0 + SMALL / 2.0);
        for tick in &self.across.ticks {
            let x = panel.left + tick.at as f32 * panel.width;
            let length = if tick.label.is_empty() { TICK * 0.55 } else { TICK };
            canvas.line(&[(x, panel.bottom()), (x, panel.bottom() + canvas.pt(length))], 0.7, BLACK);
            let half = canvas.text_width(&tick.label, SMALL) / 2.0;
            if x - half >= 0.0 && x + half <= page.width {
                canvas.text(&tick.label, SMALL, (x, y), Anchor::Middle, BLACK);
            }
        }
        let margin = canvas.pt(MARGIN);
        let title =
            canvas.fit_before(&self.across.title, &self.across.unit, LABEL, page.width - 2.0 * margin);
        let half = canvas.text_width(&title, LABEL) / 2.0 + margin;
        let x = (panel.left + panel.width / 2.0).min(page.width - half).max(half.min(page.width / 2.0));
        canvas.text(
            &title,
            LABEL,
            (x, y + canvas.pt(SMALL / 2.0 + 5.0 + LABEL / 2.0)),
            Anchor::Middle,
            BLACK,
        );
    }

    fn draw_down(&self, canvas: &mut Canvas) {
        let (page, panel) = (canvas.page(), self.panel);
        for tick in &self.down.ticks {
            let y = self.y(tick.at);
            let length = if tick.label.is_empty() { TICK * 0.55 } else { TICK };
            canvas.line(&[(panel.left, y), (panel.left - canvas.pt(length), y)], 0.7, BLACK);
            let label = canvas.fit(&tick.label, SMALL, page.width * 0.25);
            canvas.text(&label, SMALL, (panel.left - canvas.pt(TICK + 3.0), y), Anchor::End, BLACK);
        }
        let room = panel.bottom() - canvas.pt(MARGIN);
        let title = canvas.fit_before(&self.down.title, &self.down.unit, LABEL, room);
        let half = canvas.text_width(&title, LABEL) / 2.0 + canvas.pt(MARGIN / 2.0);
        let middle = panel.top + panel.height / 2.0;
        canvas.text_upwards(
            &title,
            LABEL,
            (canvas.pt(MARGIN + LABEL / 2.0), middle.max(half)),
            Anchor::Middle,
            BLACK,
        );
    }

    /// The height of a fraction of the vertical axis.
    pub fn y(&self, at: f64) -> f32 {
        let at = if self.low_end == LowEnd::Top { at } else { 1.0 - at };
        self.panel.top + at as f32 * self.panel.height
    }
}
