//! A raster drawn as an image with axes and colour bar: what waterfalls and spectrograms share.

use dasc_ir::Result;

use crate::axis::{TimeAxis, duration};
use crate::canvas::{Anchor, Area, BLACK, Canvas, WHITE};
use crate::cells::Cell;
use crate::colorbar::Colors;
use crate::colormap::Colormap;
use crate::figure::Figure;
use crate::frame::{Frame, LABEL, LowEnd, lay_out};
use crate::limits::Limits;
use crate::overlay::{SpanStyle, mark_places, mark_spans, tag_spans};
use crate::picture::Picture;
use crate::places::Axis;
use crate::quantity::Quantity;
use crate::raster::Raster;
use crate::ticks::{Room, Scale};

/// Where the raster's rows run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Runs {
    Down,
    Up,
    Right,
}

/// What the raster's rows are.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Rows<'a> {
    Times(TimeAxis),
    Places(&'a Axis),
}

impl Rows<'_> {
    fn edges(&self, rows: (u64, u64)) -> Result<(f64, f64)> {
        match self {
            Rows::Times(time) => time.edges(rows),
            Rows::Places(axis) => axis.edges(rows),
        }
    }

    fn scale(&self, ends: (f64, f64), room: Room) -> Scale {
        match self {
            Rows::Times(time) => time.scale(ends, room),
            Rows::Places(axis) => axis.scale(ends, room),
        }
    }
}

pub(crate) struct Field<'a> {
    pub raster: &'a Raster,
    pub rows: Rows<'a>,
    pub columns: &'a Axis,
    pub runs: Runs,
    /// The value of a cell; minus infinity is below every limit, `None` is missing.
    pub value: &'a dyn Fn(Cell) -> Option<f64>,
    /// How a cell's value came about, and what its rows are, for the footnote: `peak`, `samples`.
    pub statistic: [&'a str; 2],
    pub quantity: Quantity,
    pub map: Colormap,
    pub limits: Limits,
    pub symmetric: bool,
    /// Ends the title and is never cut.
    pub suffix: String,
}

impl Field<'_> {
    pub fn draw(&self, figure: &Figure) -> Result<Picture> {
        let mut canvas = Canvas::new(figure)?;
        let rows = self.raster.rows().unwrap_or((0, 1));
        let ends = self.rows.edges(rows)?;
        let positions = self.columns.edges((0, self.raster.columns() as u64))?;
        let colors = self.colors()?;
        let upright = self.runs != Runs::Right;
        let low_end = if self.runs == Runs::Down { LowEnd::Top } else { LowEnd::Bottom };
        let scale = |of_rows: bool, room: Room| match of_rows {
            true => self.rows.scale(ends, room),
            false => self.columns.scale(positions, room),
        };
        let right = |height| colors.room(&canvas, height);
        let frame = lay_out(
            &canvas,
            figure,
            |room| scale(!upright, room),
            |room| scale(upright, room),
            low_end,
            (0.0, &right),
        );
        self.draw_cells(&mut canvas, frame.panel, &colors);
        self.mark_gaps(&mut canvas, &frame);
        let empty = self.raster.cells().all(|cell| cell.count == 0);
        match self.rows {
            // The footnote still counts events where there is nothing to mark them on.
            _ if empty => {}
            Rows::Times(time) if self.columns.is_fibre() => {
                mark_places(&mut canvas, &frame, self, figure, time, (ends, positions));
            }
            Rows::Times(time) => {
                mark_spans(&mut canvas, frame.panel, figure, time, ends, SpanStyle::Edges);
                tag_spans(&mut canvas, frame.panel, figure, time, ends);
            }
            // Without a time axis events have no place.
            Rows::Places(_) => {}
        }
        frame.draw(&mut canvas, figure, &self.suffix, &self.note(figure));
        colors.draw(&mut canvas, frame.panel);
        if empty {
            say_empty(&mut canvas, frame.panel);
        }
        Ok(canvas.finish(figure))
    }

    fn colors(&self) -> Result<Colors> {
        let values = self.raster.cells().filter_map(|cell| (self.value)(cell));
        let mut values: Vec<f64> = values.filter(|value| value.is_finite()).collect();
        let (low, high) = self.limits.resolve(&mut values, self.symmetric)?;
        let beyond = (values.iter().any(|value| *value < low), values.iter().any(|value| *value > high));
        Ok(Colors { map: self.map, low, high, beyond, quantity: self.quantity.clone() })
    }

    fn draw_cells(&self, canvas: &mut Canvas, panel: Area, colors: &Colors) {
        let (bins, across) = (self.row_cells(panel), self.column_cells(panel));
        let color = |bins: &(usize, usize), columns: &(usize, usize)| {
            let mut cell = Cell::EMPTY;
            for bin in bins.0..bins.1 {
                for column in columns.0..columns.1 {
                    cell = cell.merged(self.raster.cell(bin, column));
                }
            }
            (self.value)(cell).map(|value| colors.color(value))
        };
        canvas.image(panel, |x, y| match self.runs {
            Runs::Right => color(bins.get(x)?, across.iter().rev().nth(y)?),
            Runs::Down => color(bins.get(y)?, across.get(x)?),
            Runs::Up => color(bins.iter().rev().nth(y)?, across.get(x)?),
        });
    }

    /// The bins that each pixel along the rows shows.
    fn row_cells(&self, panel: Area) -> Vec<(usize, usize)> {
        let Some((first, end)) = self.raster.rows() else { return Vec::new() };
        let width = self.raster.row_width() as f64;
        let start = (first - self.raster.first_bin() * self.raster.row_width()) as f64 / width;
        let length = if self.runs == Runs::Right { panel.width } else { panel.height };
        pixel_cells(start, (end - first) as f64 / width, length, self.raster.shape().0)
    }

    fn column_cells(&self, panel: Area) -> Vec<(usize, usize)> {
        let length = if self.runs == Runs::Right { panel.height } else { panel.width };
        let cells = self.raster.columns() as f64 / self.raster.column_width() as f64;
        pixel_cells(0.0, cells, length, self.raster.shape().1)
    }

    /// Red marks beside the axis of rows wherever rows are missing, however short the gap.
    fn mark_gaps(&self, canvas: &mut Canvas, frame: &Frame) {
        let panel = frame.panel;
        let thick = canvas.pt(3.0);
        for (pixel, bins) in self.row_cells(panel).into_iter().enumerate() {
            if (bins.0..bins.1).any(|bin| self.raster.has_gap(bin)) {
                let at = pixel as f32;
                let mark = match self.runs {
                    Runs::Down => {
                        Area { left: panel.right(), top: panel.top + at, width: thick, height: 1.0 }
                    }
                    Runs::Up => Area {
                        left: panel.right(),
                        top: panel.bottom() - at - 1.0,
                        width: thick,
                        height: 1.0,
                    },
                    Runs::Right => {
                        Area { left: panel.left + at, top: panel.top - thick, width: 1.0, height: thick }
                    }
                };
                canvas.fill(mark, GAP_INK);
            }
        }
    }

    fn note(&self, figure: &Figure) -> String {
        let (rows, columns) = (self.raster.row_width(), self.raster.column_width());
        let mut notes = Vec::new();
        if rows > 1 || columns > 1 {
            let [statistic, of_rows] = self.statistic;
            let sides = [(rows, of_rows), (columns as u64, self.columns.columns())];
            let sides =
                sides.into_iter().filter(|(count, _)| *count > 1).map(|(count, of)| format!("{count} {of}"));
            notes.push(format!("each cell: {statistic} of {}", sides.collect::<Vec<_>>().join(" × ")));
        }
        if let Limits::Percent { low, high } = self.limits {
            notes.push(format!("colour limits: {low}–{high} %"));
        }
        if let Rows::Times(time) = self.rows {
            notes.extend(gap_note(self.raster, time));
            notes.extend(event_note(figure));
        }
        notes.join("  ·  ")
    }
}

pub(crate) const GAP_INK: [u8; 4] = [0xc8, 0x2a, 0x2a, 0xff];

/// `2 gaps, 3.2 s missing`.
pub(crate) fn gap_note(raster: &Raster, time: TimeAxis) -> Option<String> {
    let (gaps, rows) = raster.gaps();
    let missing = duration(time.seconds(rows));
    (gaps > 0)
        .then(|| format!("{gaps} gap{}, {missing} missing (red marks)", if gaps == 1 { "" } else { "s" }))
}

/// `12 events`.
pub(crate) fn event_note(figure: &Figure) -> Option<String> {
    let count = figure.events.len();
    (count > 0).then(|| format!("{count} event{}", if count == 1 { "" } else { "s" }))
}

/// Writes that there is nothing to see.
pub(crate) fn say_empty(canvas: &mut Canvas, panel: Area) {
    let middle = (panel.left + panel.width / 2.0, panel.top + panel.height / 2.0);
    let half = (canvas.text_width("no data", LABEL) / 2.0 + canvas.pt(6.0), canvas.pt(LABEL));
    canvas.fill(Area::new(middle.0 - half.0, middle.1 - half.1, middle.0 + half.0, middle.1 + half.1), WHITE);
    canvas.text("no data", LABEL, middle, Anchor::Middle, BLACK);
}

/// For each of `length` pixels over `[start, start + span)` the cells whose centres lie in it, else the one it lies in.
fn pixel_cells(start: f64, span: f64, length: f32, cells: usize) -> Vec<(usize, usize)> {
    let pixels = length.max(1.0) as usize;
    let edge = |pixel: usize| start + span * pixel as f64 / pixels as f64;
    let range = |pixel| {
        let (low, high) = (edge(pixel), edge(pixel + 1));
        let (from, to) = ((low - 0.5).ceil().max(0.0) as usize, (high - 0.5).ceil().max(0.0) as usize);
        let (from, to) = if from < to {
            (from, to)
        } else {
            let at = ((low + high) / 2.0) as usize;
            (at, at + 1)
        };
        (from.min(cells.saturating_sub(1)), to.min(cells))
    };
    (0..pixels).map(range).collect()
}
