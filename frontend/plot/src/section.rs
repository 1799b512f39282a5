//! A section: values over the channels and what lies within a row, without time. Lags make it a virtual shot gather,
//! frequencies a spectrum along the fibre.

use dasc_ir::Result;

use crate::cells::{Cell, Statistic};
use crate::colormap::Colormap;
use crate::field::{Field, Rows, Runs};
use crate::figure::Figure;
use crate::heatmap::Tone;
use crate::limits::Limits;
use crate::picture::Picture;
use crate::places::Axis;
use crate::quantity::Quantity;
use crate::raster::Raster;
use crate::spectrogram::{Level, Spectrum};

/// How to draw a section.
#[derive(Clone, Debug, PartialEq)]
pub struct Section {
    /// Lags and samples of a frame run downwards, frequencies and speeds upwards.
    pub inner: Axis,
    pub channels: Axis,
    pub quantity: Quantity,
    /// Powers become decibels; without, values are drawn as they are.
    pub spectrum: Option<Spectrum>,
    /// `None`: inferno for powers, RdBu for data that swing about zero, viridis for others.
    pub colormap: Option<Colormap>,
    pub limits: Limits,
    /// Of values drawn as they are; `None` as for [`crate::Heatmap`].
    pub statistic: Option<Statistic>,
}

impl Section {
    pub fn new(inner: Axis, channels: Axis, quantity: Quantity, spectrum: Option<Spectrum>) -> Section {
        let limits = match spectrum {
            Some(_) => Limits::Percent { low: 2.0, high: 99.5 },
            None => Limits::ROBUST,
        };
        Section { inner, channels, quantity, spectrum, colormap: None, limits, statistic: None }
    }
}

/// Draws a raster whose rows are positions of the inner axis and whose columns are channels. Events have no place in it.
/// Errors as [`crate::plot_heatmap`].
pub fn plot_section(raster: &Raster, style: &Section, figure: &Figure) -> Result<Picture> {
    let tone = Tone::of(raster, style.statistic, style.colormap);
    let plain = |cell: Cell| cell.value(tone.statistic);
    let level = style.spectrum.map(|spectrum| Level::of(spectrum, &style.quantity));
    let map = match level {
        Some(_) => style.colormap.unwrap_or(Colormap::INFERNO),
        None => tone.map,
    };
    let field = Field {
        raster,
        rows: Rows::Places(&style.inner),
        columns: &style.channels,
        runs: if style.inner.runs_down() { Runs::Down } else { Runs::Up },
        value: match &level {
            Some(level) => &level.value,
            None => &plain,
        },
        statistic: [level.as_ref().map_or(tone.name(), |level| level.name), style.inner.columns()],
        quantity: level.as_ref().map_or(&style.quantity, |level| &level.quantity).clone(),
        map,
        limits: style.limits,
        symmetric: map.is_diverging() && style.spectrum != Some(Spectrum::Power),
        suffix: String::new(),
    };
    field.draw(figure)
}
