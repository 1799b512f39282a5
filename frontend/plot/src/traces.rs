//! Time series of one or several channels.

use dasc_ir::{Diag, Result};

use crate::axis::TimeAxis;
use crate::canvas::{Anchor, Area, BLACK, Canvas, GREY, Ink};
use crate::cells::{Cell, Statistic};
use crate::field::{GAP_INK, event_note, gap_note, say_empty};
use crate::figure::Figure;
use crate::frame::{Frame, LowEnd, SMALL, lay_out};
use crate::limits::percentile;
use crate::overlay::{SpanStyle, mark_spans, tag_spans};
use crate::picture::Picture;
use crate::quantity::Quantity;
use crate::raster::Raster;
use crate::ticks::{Room, Scale, Tick, exponent, linear_ticks, number};

/// How several traces share the panel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TraceLayout {
    /// One trace with a scale of its own, several below one another.
    #[default]
    Auto,
    /// On one scale, with a legend: 8 traces at most.
    Overlay,
    /// Below one another at one common scale, with a scale bar.
    Offset,
}

/// How to draw traces; column `i` of the raster is the trace `labels[i]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Traces {
    pub time: TimeAxis,
    pub labels: Vec<String>,
    pub quantity: Quantity,
    pub layout: TraceLayout,
}

/// Okabe and Ito's colours, told apart by most eyes.
pub(crate) const INKS: [Ink; 8] = [
    [0x00, 0x72, 0xb2, 0xff],
    [0xd5, 0x5e, 0x00, 0xff],
    [0x00, 0x9e, 0x73, 0xff],
    [0xcc, 0x79, 0xa7, 0xff],
    [0x56, 0xb4, 0xe9, 0xff],
    [0xe6, 0x9f, 0x00, 0xff],
    [0x1a, 0x1a, 0x1a, 0xff],
    [0x8c, 0x56, 0x4b, 0xff],
];
const ONE_INK: Ink = [0x1f, 0x3b, 0x64, 0xff];
const LINE: f32 = 0.7;
const LEGEND_COLUMNS: usize = 4;

/// Draws the columns of a raster as traces: a line where samples lie apart, the envelope from minimum to maximum
/// where they are dense. Missing samples break the line. Errors: more than 8 traces overlaid or 64 offset, labels
/// and columns that differ in number, columns folded together, an impossible size or time axis.
pub fn plot_traces(raster: &Raster, style: &Traces, figure: &Figure) -> Result<Picture> {
    let count = raster.columns();
    let overlay = match style.layout {
        TraceLayout::Auto => count == 1,
        TraceLayout::Overlay => true,
        TraceLayout::Offset => false,
    };
    let most = if overlay { 8 } else { 64 };
    if count > most || raster.column_width() > 1 {
        let way = if overlay { "overlaid" } else { "below one another" };
        return Err(Diag::usage(format!("{count} traces {way} cannot be told apart; {most} can"))
            .help("choose channels with CH=, or draw a heatmap"));
    }
    if style.labels.len() != count {
        return Err(Diag::compiler(format!("plot: {} labels for {count} traces", style.labels.len())));
    }
    let mut canvas = Canvas::new(figure)?;
    let seconds = style.time.edges(raster.rows().unwrap_or((0, 1)))?;
    let levels = if overlay { Levels::shared(raster) } else { Levels::stacked(raster) };
    let right = |_: f32| canvas.pt(if overlay { 16.0 } else { 30.0 });
    let legend_rows = if overlay && count > 1 { count.div_ceil(LEGEND_COLUMNS) } else { 0 };
    let above = canvas.pt((SMALL + 4.0) * legend_rows as f32);
    let frame = lay_out(
        &canvas,
        figure,
        |room| style.time.scale(seconds, room),
        |room| if overlay { levels.scale(&style.quantity, room) } else { stacked_scale(&style.labels, room) },
        LowEnd::Bottom,
        (above, &right),
    );
    let panel = frame.panel;
    mark_spans(&mut canvas, panel, figure, style.time, seconds, SpanStyle::Shade);
    draw_gaps(&mut canvas, raster, panel);
    let ink = |index: usize| match count {
        2..=8 => INKS.get(index % INKS.len()).copied().unwrap_or(BLACK),
        _ => ONE_INK,
    };
    for column in 0..count {
        draw_trace(&mut canvas, raster, column, panel, ink(column), |value| {
            frame.y(levels.at(column, value))
        });
    }
    tag_spans(&mut canvas, panel, figure, style.time, seconds);
    if overlay && count > 1 {
        draw_legend(&mut canvas, &frame, style, ink);
    }
    let mut notes = Vec::new();
    if raster.row_width() > 1 {
        notes.push(format!("envelope of {} samples", raster.row_width()));
    }
    if !overlay {
        notes.push("mean of each trace removed".to_string());
    }
    notes.extend(gap_note(raster, style.time));
    notes.extend(event_note(figure));
    frame.draw(&mut canvas, figure, "", &notes.join("  ·  "));
    if !overlay {
        draw_scale_bar(&mut canvas, &frame, &levels, &style.quantity);
    }
    if raster.cells().all(|cell| cell.count == 0) {
        say_empty(&mut canvas, panel);
    }
    Ok(canvas.finish(figure))
}

/// From amplitude to height.
struct Levels {
    low: f64,
    high: f64,
    /// The mean of each trace, which lies at its base line; empty where all share one scale.
    means: Vec<f64>,
}

impl Levels {
    /// The whole range with a little room; a constant gets room of its own.
    fn shared(raster: &Raster) -> Levels {
        let kept = raster.cells().filter(|cell| cell.count > 0);
        let (low, high) = kept.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), cell| {
            (low.min(cell.min.into()), high.max(cell.max.into()))
        });
        if low > high {
            return Levels { low: -1.0, high: 1.0, means: Vec::new() };
        }
        let spread = high - low;
        let most = low.abs().max(high.abs());
        let room = if spread > most * 1e-7 {
            spread * 0.05
        } else if most > 0.0 {
            most * 0.1
        } else {
            1.0
        };
        Levels { low: low - room, high: high + room, means: Vec::new() }
    }

    /// A common amplitude about the mean of each trace: a thousandth of the cells may be cut off at the border.
    fn stacked(raster: &Raster) -> Levels {
        let (bins, columns) = raster.shape();
        let mean = |column| {
            let whole = (0..bins).fold(Cell::EMPTY, |whole, bin| whole.merged(raster.cell(bin, column)));
            whole.value(Statistic::Mean).unwrap_or(0.0)
        };
        let means: Vec<f64> = (0..columns).map(mean).collect();
        let cells = raster.cells().zip(means.iter().cycle()).filter(|(cell, _)| cell.count > 0);
        let swing = |(cell, mean): (Cell, &f64)| (f64::from(cell.max) - mean).max(mean - f64::from(cell.min));
        let mut peaks: Vec<f64> = cells.map(swing).collect();
        peaks.sort_unstable_by(f64::total_cmp);
        let peak = [99.9, 100.0]
            .into_iter()
            .filter_map(|percent| percentile(&peaks, percent))
            .find(|peak| *peak > 0.0);
        let peak = peak.unwrap_or(1.0);
        Levels { low: -peak, high: peak, means }
    }

    /// The height of a value as a fraction of the panel.
    fn at(&self, column: usize, value: f64) -> f64 {
        match self.means.get(column) {
            Some(mean) => base_line(column, self.means.len()).0 + self.rise(value - mean),
            None => (value - self.low) / (self.high - self.low),
        }
    }

    /// How far an amplitude reaches above a base line.
    fn rise(&self, amplitude: f64) -> f64 {
        amplitude / self.high * REACH * base_line(0, self.means.len()).1
    }

    fn scale(&self, quantity: &Quantity, room: Room) -> Scale {
        let exponent = exponent(self.low.abs().max(self.high.abs()));
        let factor = 10f64.powi(-exponent);
        let ticks = room.fill(|most| linear_ticks(self.low, self.high, factor, most, false));
        let (title, unit) = quantity.label(exponent);
        Scale { ticks, title, unit }
    }
}

/// How far the peak reaches from its base line, in distances of base lines: neighbours overlap a little.
const REACH: f64 = 0.75;

/// Height of a base line, the first at the top, and the distance between two, as fractions of the panel.
fn base_line(column: usize, count: usize) -> (f64, f64) {
    let margin = REACH + 0.05;
    let pitch = 1.0 / (count.saturating_sub(1) as f64 + 2.0 * margin);
    (1.0 - (column as f64 + margin) * pitch, pitch)
}

/// The name of every trace at its base line, every second where they are too many, and so on.
fn stacked_scale(labels: &[String], room: Room) -> Scale {
    let at = |index| base_line(index, labels.len());
    let height = (room.size)("");
    let every = (height / (at(0).1 * room.length)).ceil().max(1.0) as usize;
    let shown = labels.iter().enumerate().step_by(every);
    let ticks = shown.map(|(index, label)| Tick { at: at(index).0, label: label.clone() });
    Scale { ticks: ticks.collect(), title: "Channel".to_string(), unit: String::new() }
}

fn draw_trace(
    canvas: &mut Canvas,
    raster: &Raster,
    column: usize,
    panel: Area,
    ink: Ink,
    y: impl Fn(f64) -> f32,
) {
    let Some((first, end)) = raster.rows() else { return };
    let (bins, width) = (raster.shape().0, raster.row_width());
    let per_row = f64::from(panel.width) / (end - first) as f64;
    let x = |row: f64| panel.left + ((row - first as f64) * per_row) as f32;
    let y = |value: f64| y(value).clamp(panel.top, panel.bottom());
    let mut upper: Vec<(f32, f32)> = Vec::new();
    let mut lower: Vec<(f32, f32)> = Vec::new();
    for bin in 0..=bins {
        let cell = raster.cell(bin, column);
        if cell.count == 0 {
            draw_stretch(canvas, &upper, &lower, ink);
            (upper, lower) = (Vec::new(), Vec::new());
            continue;
        }
        let number = raster.first_bin() + bin as u64;
        let start = number.saturating_mul(width).max(first) as f64;
        let stop = number.saturating_add(1).saturating_mul(width).min(end) as f64;
        // A single sample stands at its own time; a bin stands at its middle.
        let at = x(if width == 1 { start } else { (start + stop) / 2.0 });
        upper.push((at, y(cell.max.into())));
        lower.push((at, y(cell.min.into())));
    }
    draw_stretch(canvas, &upper, &lower, ink);
}

/// One unbroken stretch: the line through single samples, or the filled envelope.
fn draw_stretch(canvas: &mut Canvas, upper: &[(f32, f32)], lower: &[(f32, f32)], ink: Ink) {
    let dot = canvas.pt(1.3);
    match upper {
        [] => {}
        [(x, y)] => {
            let bottom = lower.first().map_or(*y, |(_, y)| *y).max(y + dot);
            canvas.fill(Area::new(x - dot / 2.0, y - dot / 2.0, x + dot / 2.0, bottom), ink);
        }
        _ => {
            if upper != lower {
                // Neighbouring columns are joined, so that a steep flank leaves no hole.
                let corners: Vec<_> = upper.iter().chain(lower.iter().rev()).copied().collect();
                canvas.polygon(&corners, ink);
                canvas.line(lower, LINE, ink);
            }
            canvas.line(upper, LINE, ink);
        }
    }
}

/// Missing rows, shaded, with a red mark above the panel so that short gaps show.
fn draw_gaps(canvas: &mut Canvas, raster: &Raster, panel: Area) {
    let Some((first, end)) = raster.rows() else { return };
    let (bins, across) = raster.shape();
    let per_row = f64::from(panel.width) / (end - first) as f64;
    for bin in (0..bins).filter(|bin| raster.has_gap(*bin)) {
        let row = (raster.first_bin() + bin as u64).saturating_mul(raster.row_width());
        let left = panel.left + (row.saturating_sub(first) as f64 * per_row) as f32;
        let right = left.max((left + (raster.row_width() as f64 * per_row) as f32).min(panel.right()));
        if (0..across).all(|column| raster.cell(bin, column).count == 0) {
            canvas.fill(Area::new(left, panel.top, right, panel.bottom()), [0xe4, 0xe4, 0xe4, 0xff]);
        }
        canvas.fill(Area::new(left, panel.top - canvas.pt(3.0), right, panel.top), GAP_INK);
    }
}

/// One or two rows of names above the panel.
fn draw_legend(canvas: &mut Canvas, frame: &Frame, style: &Traces, ink: impl Fn(usize) -> Ink) {
    let panel = frame.panel;
    let (stroke, gap) = (canvas.pt(12.0), canvas.pt(4.0));
    let columns = style.labels.len().min(LEGEND_COLUMNS);
    let most = panel.width / columns.max(1) as f32 - stroke - 3.0 * gap;
    let labels: Vec<String> = style.labels.iter().map(|label| canvas.fit(label, SMALL, most)).collect();
    let widest = labels.iter().map(|label| canvas.text_width(label, SMALL)).fold(0.0, f32::max);
    let rows = labels.len().div_ceil(LEGEND_COLUMNS);
    for (index, label) in labels.iter().enumerate() {
        let x = panel.left + (index % LEGEND_COLUMNS) as f32 * (stroke + 3.0 * gap + widest);
        let below = rows - 1 - index / LEGEND_COLUMNS;
        let y = panel.top - canvas.pt(SMALL / 2.0 + 4.0 + below as f32 * (SMALL + 3.0));
        canvas.line(&[(x, y), (x + stroke, y)], 1.8, ink(index));
        canvas.text(label, SMALL, (x + stroke + gap, y), Anchor::Start, BLACK);
    }
}

/// A bar to the right of the panel as high as a round amplitude.
fn draw_scale_bar(canvas: &mut Canvas, frame: &Frame, levels: &Levels, quantity: &Quantity) {
    let round = |limit: f64| {
        let unit = 10f64.powi(limit.log10().floor() as i32);
        [5.0, 2.0, 1.0].into_iter().map(|m| m * unit).find(|value| *value <= limit).unwrap_or(unit)
    };
    let value = round(levels.high * 1.2);
    let label = amount(value, quantity);
    let panel = frame.panel;
    let height = (levels.rise(value) * f64::from(panel.height)) as f32;
    let (x, middle) = (panel.right() + canvas.pt(8.0), panel.top + panel.height / 2.0);
    let (top, bottom) = (middle - height / 2.0, middle + height / 2.0);
    canvas.line(&[(x, top), (x, bottom)], 1.6, BLACK);
    let label = canvas.fit(&label, SMALL, panel.height);
    canvas.text_upwards(&label, SMALL, (x + canvas.pt(9.0), middle), Anchor::Middle, GREY);
}

/// `20 nstrain/s`, `5 × 10⁻⁶ m/s`, `10⁴ count`; `value` is 1, 2 or 5 times a power of ten.
fn amount(value: f64, quantity: &Quantity) -> String {
    let power = (value.log10() + 1e-9).floor() as i32;
    let unit = |power| quantity.unit(power);
    let text = match number(value / 10f64.powi(power), 0) {
        _ if (-1..4).contains(&power) => format!("{} {}", number(value, usize::from(power < 0)), unit(0)),
        one if one == "1" => unit(power),
        digit => format!("{digit} × {}", unit(power)),
    };
    text.trim_end().to_string()
}
