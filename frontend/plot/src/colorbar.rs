//! The colour bar: pointed where values lie beyond its ends.

use crate::canvas::{Anchor, Area, BLACK, Canvas};
use crate::colormap::Colormap;
use crate::frame::{LABEL, SMALL};
use crate::quantity::Quantity;
use crate::ticks::{Room, Scale, exponent, linear_ticks};

/// Colours for values from `low` to `high`.
pub(crate) struct Colors {
    pub map: Colormap,
    pub low: f64,
    pub high: f64,
    /// Whether values lie below and above.
    pub beyond: (bool, bool),
    pub quantity: Quantity,
}

const GAP: f32 = 10.0;
const BAR: f32 = 10.0;
const TICK: f32 = 2.5;

impl Colors {
    pub fn color(&self, value: f64) -> [u8; 3] {
        self.map.color((value - self.low) / (self.high - self.low))
    }

    fn scale(&self, canvas: &Canvas, height: f32) -> Scale {
        let exponent = exponent(self.low.abs().max(self.high.abs()));
        let factor = 10f64.powi(-exponent);
        let line = |_: &str| f64::from(canvas.pt(SMALL * 1.6));
        let room = Room { length: height.into(), size: &line };
        let ticks = room.fill(|most| linear_ticks(self.low, self.high, factor, most, false));
        let (title, unit) = self.quantity.label(exponent);
        Scale { ticks, title, unit }
    }

    /// Pixels that the bar needs to the right of a panel of this height, margin included.
    pub fn room(&self, canvas: &Canvas, height: f32) -> f32 {
        canvas.pt(GAP + BAR + TICK + 3.0 + 5.0 + LABEL + 8.0)
            + self.widest(canvas, &self.scale(canvas, height))
    }

    fn widest(&self, canvas: &Canvas, scale: &Scale) -> f32 {
        scale.ticks.iter().map(|tick| canvas.text_width(&tick.label, SMALL)).fold(0.0, f32::max)
    }

    pub fn draw(&self, canvas: &mut Canvas, panel: Area) {
        let point = canvas.pt(BAR * 0.9).round();
        let left = (panel.right() + canvas.pt(GAP)).round();
        let right = left + canvas.pt(BAR).round();
        let middle = (left + right) / 2.0;
        let top = panel.top + if self.beyond.1 { point } else { 0.0 };
        let bottom = panel.bottom() - if self.beyond.0 { point } else { 0.0 };
        let bar = Area::new(left, top, right, bottom);
        let ink = |[red, green, blue]: [u8; 3]| [red, green, blue, 0xff];
        canvas.image(bar, |_, y| Some(self.map.color(1.0 - (y as f64 + 0.5) / f64::from(bar.height))));
        let mut border = vec![(left, top)];
        if self.beyond.1 {
            canvas.polygon(&[(left, top), (middle, panel.top), (right, top)], ink(self.map.color(1.0)));
            border.push((middle, panel.top));
        }
        border.extend([(right, top), (right, bottom)]);
        if self.beyond.0 {
            canvas.polygon(
                &[(left, bottom), (middle, panel.bottom()), (right, bottom)],
                ink(self.map.color(0.0)),
            );
            border.push((middle, panel.bottom()));
        }
        border.extend([(left, bottom), (left, top)]);
        canvas.line(&border, 0.7, BLACK);
        let scale = self.scale(canvas, bar.height);
        for tick in scale.ticks.iter().filter(|tick| !tick.label.is_empty()) {
            let y = bar.bottom() - tick.at as f32 * bar.height;
            canvas.line(&[(right, y), (right + canvas.pt(TICK), y)], 0.7, BLACK);
            canvas.text(&tick.label, SMALL, (right + canvas.pt(TICK + 3.0), y), Anchor::Start, BLACK);
        }
        let x = right + canvas.pt(TICK + 3.0 + 5.0 + LABEL / 2.0) + self.widest(canvas, &scale);
        let title = canvas.fit_before(&scale.title, &scale.unit, LABEL, panel.height);
        canvas.text_upwards(&title, LABEL, (x, panel.top + panel.height / 2.0), Anchor::Middle, BLACK);
    }
}
