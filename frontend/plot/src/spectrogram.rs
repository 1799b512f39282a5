//! The spectrogram: power over time and frequency, in decibels.

use dasc_ir::Result;

use crate::axis::{Axis, TimeAxis};
use crate::cells::{Cell, Statistic};
use crate::colormap::Colormap;
use crate::field::{Field, Marks, TimeRuns};
use crate::figure::Figure;
use crate::limits::Limits;
use crate::picture::Picture;
use crate::quantity::{Quantity, typeset};
use crate::raster::Raster;

/// What the samples of the raster are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spectrum {
    /// Power, drawn as 10·log10 of its mean; no power at all is the lowest colour.
    Power,
    /// Decibels already; a cell shows their maximum, because a mean of levels is no level.
    Level,
}

/// Where the power comes from; the title says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channels {
    One(u64),
    /// The mean over the first to the last channel.
    Mean(u64, u64),
}

/// How to draw a spectrogram.
#[derive(Clone, Debug, PartialEq)]
pub struct Spectrogram {
    pub time: TimeAxis,
    pub frequency: Axis,
    /// `Power` and its unit (`(nstrain/s)^2/Hz`), or with [`Spectrum::Level`] the level's own unit.
    pub quantity: Quantity,
    pub spectrum: Spectrum,
    pub channels: Channels,
    pub colormap: Colormap,
    /// In decibels.
    pub limits: Limits,
}

impl Spectrogram {
    pub fn new(time: TimeAxis, frequency: Axis, quantity: Quantity, channels: Channels) -> Spectrogram {
        Spectrogram {
            time,
            frequency,
            quantity,
            spectrum: Spectrum::Power,
            channels,
            colormap: Colormap::INFERNO,
            limits: Limits::Percent { low: 2.0, high: 99.5 },
        }
    }
}

/// Draws a raster whose rows are frames and whose columns are frequencies: time to the right, frequency upwards.
/// Events are spans of time. Errors as [`crate::plot_heatmap`].
pub fn plot_spectrogram(raster: &Raster, style: &Spectrogram, figure: &Figure) -> Result<Picture> {
    let power = |cell: Cell| cell.value(Statistic::Mean).map(|power| 10.0 * power.max(0.0).log10());
    let level = |cell: Cell| cell.value(Statistic::Max);
    let unit = typeset(&style.quantity.unit);
    let decibels = if unit.is_empty() || unit == "1" { "dB".to_string() } else { format!("dB re 1 {unit}") };
    let (value, statistic, unit): (&dyn Fn(Cell) -> Option<f64>, _, _) = match style.spectrum {
        Spectrum::Power => (&power, "mean power", decibels),
        Spectrum::Level => (&level, "maximum", style.quantity.unit.clone()),
    };
    let suffix = match style.channels {
        Channels::One(channel) => format!("channel {channel}"),
        Channels::Mean(first, last) if first == last => format!("channel {first}"),
        Channels::Mean(first, last) => format!("mean over channels {first}–{last}"),
    };
    let field = Field {
        raster,
        time: style.time,
        columns: &style.frequency,
        runs: TimeRuns::Right,
        value,
        statistic: [statistic, "frames", "frequencies"],
        marks: Marks::Spans,
        quantity: Quantity::new(style.quantity.name.clone(), unit),
        map: style.colormap,
        limits: style.limits,
        symmetric: style.colormap.is_diverging() && style.spectrum == Spectrum::Level,
        suffix: if figure.title.is_empty() { suffix } else { format!(" — {suffix}") },
    };
    field.draw(figure)
}
