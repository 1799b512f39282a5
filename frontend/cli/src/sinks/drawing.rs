//! A picture while its rows come: what PLOT_TS, PLOT_HEATMAP and PLOT_SPEC share.

use dasc_ir::graph::TimeAxis;
use dasc_ir::{Diag, Result};
use dasc_plot::{Figure, Picture, Raster};
use dasc_runtime::{RowsView, StatisticView};
use dasc_sink::{Event, Summary};

use super::pixels::{self, Pixels};
use super::{Drain, SinkSpec, style};
use crate::clock::Clock;

/// The grid that rows fill and the figure around it.
pub struct Drawing {
    pub pixels: Pixels,
    pub figure: Figure,
    /// The picture's time axis, and the one of the rows it stands for.
    pub axis: dasc_plot::TimeAxis,
    pub time: TimeAxis,
    pub clock: Clock,
    pub sink: SinkSpec,
}

impl Drawing {
    /// The sink that draws it: `extent` places an event on the axis of channels, `draw` makes the picture at the end.
    pub fn drain(
        self,
        extent: impl Fn(&Event) -> Option<(f64, f64)> + 'static,
        draw: impl FnOnce(&Raster, &Figure) -> Result<Picture> + 'static,
    ) -> Box<dyn Drain> {
        Box::new(Drawn { drawing: self, extent, draw })
    }
}

struct Drawn<E, D> {
    drawing: Drawing,
    extent: E,
    draw: D,
}

impl<E, D> Drain for Drawn<E, D>
where
    E: Fn(&Event) -> Option<(f64, f64)>,
    D: FnOnce(&Raster, &Figure) -> Result<Picture>,
{
    fn rows(&mut self, _: usize, rows: &RowsView) -> Result<()> {
        self.drawing.pixels.push(rows)
    }

    fn statistic(&mut self, _: usize, _: &StatisticView) -> Result<()> {
        Err(Diag::compiler(format!("{} was given a statistic", self.drawing.sink.keyword)))
    }

    fn finish(self: Box<Self>, events: &[Event]) -> Result<Summary> {
        let Drawing { pixels, mut figure, axis, time, clock, sink } = self.drawing;
        let events = pixels::shift(events, &axis, &time, &clock);
        figure.events = style::marks(&events, self.extent);
        let picture = (self.draw)(&pixels.raster, &figure)?;
        style::save(&sink, &picture, pixels.raster.rows().map_or(0, |(a, b)| b - a))
    }
}
