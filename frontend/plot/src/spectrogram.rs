//! The spectrogram: power over time and frequency, in decibels.

use dasc_ir::Result;

use crate::axis::TimeAxis;
use crate::cells::{Cell, Statistic};
use crate::colormap::Colormap;
use crate::field::{Field, Rows, Runs};
use crate::figure::Figure;
use crate::limits::Limits;
use crate::picture::Picture;
use crate::places::Axis;
use crate::quantity::Quantity;
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

impl Channels {
    /// The end of a figure's title.
    pub(crate) fn suffix(self, figure: &Figure) -> String {
        let text = match self {
            Channels::One(channel) => format!("channel {channel}"),
            Channels::Mean(first, last) if first == last => format!("channel {first}"),
            Channels::Mean(first, last) => format!("mean over channels {first}–{last}"),
        };
        if figure.title.is_empty() { text } else { format!(" — {text}") }
    }
}

/// How to draw a spectrogram.
#[derive(Clone, Debug, PartialEq)]
pub struct Spectrogram {
    pub time: TimeAxis,
    pub frequency: Axis,
    /// `Power` and its unit (`(nstrain/s)^2/Hz`), or with [`Spectrum::Level`] the level's own unit.
    pub quantity: Quantity,
    pub spectrum: Spectrum,
    /// `None` where the data have no channels.
    pub channels: Option<Channels>,
    pub colormap: Colormap,
    /// In decibels.
    pub limits: Limits,
}

impl Spectrogram {
    pub fn new(
        time: TimeAxis,
        frequency: Axis,
        quantity: Quantity,
        channels: impl Into<Option<Channels>>,
    ) -> Spectrogram {
        Spectrogram {
            time,
            frequency,
            quantity,
            spectrum: Spectrum::Power,
            channels: channels.into(),
            colormap: Colormap::INFERNO,
            limits: Limits::Percent { low: 2.0, high: 99.5 },
        }
    }
}

/// Draws a raster whose rows are frames and whose columns are frequencies: time to the right, frequency upwards.
/// Events are spans of time. Errors as [`crate::plot_heatmap`].
pub fn plot_spectrogram(raster: &Raster, style: &Spectrogram, figure: &Figure) -> Result<Picture> {
    let level = Level::of(style.spectrum, &style.quantity);
    let field = Field {
        raster,
        rows: Rows::Times(style.time),
        columns: &style.frequency,
        runs: Runs::Right,
        value: &level.value,
        statistic: [level.name, "frames"],
        quantity: level.quantity,
        map: style.colormap,
        limits: style.limits,
        symmetric: style.colormap.is_diverging() && style.spectrum == Spectrum::Level,
        suffix: style.channels.map_or(String::new(), |channels| channels.suffix(figure)),
    };
    field.draw(figure)
}

/// How a spectrum is drawn.
pub(crate) struct Level {
    pub value: fn(Cell) -> Option<f64>,
    pub name: &'static str,
    pub quantity: Quantity,
}

impl Level {
    pub fn of(spectrum: Spectrum, quantity: &Quantity) -> Level {
        let decibels = match quantity.unit(0).as_str() {
            "" => "dB".to_string(),
            per if per.starts_with("1/") => format!("dB re {per}"),
            unit => format!("dB re 1 {unit}"),
        };
        let (value, name, unit): (fn(Cell) -> Option<f64>, _, _) = match spectrum {
            Spectrum::Power => (
                |cell| cell.value(Statistic::Mean).map(|power| 10.0 * power.max(0.0).log10()),
                "mean power",
                decibels,
            ),
            Spectrum::Level => (|cell| cell.value(Statistic::Max), "maximum", quantity.unit.clone()),
        };
        Level { value, name, quantity: Quantity::new(quantity.name.clone(), unit) }
    }
}
