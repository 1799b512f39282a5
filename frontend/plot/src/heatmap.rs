//! The waterfall: amplitude over distance and time.

use dasc_ir::Result;

use crate::axis::TimeAxis;
use crate::cells::Statistic;
use crate::colormap::Colormap;
use crate::field::{Field, Rows, Runs};
use crate::figure::Figure;
use crate::limits::{Limits, percentile};
use crate::picture::Picture;
use crate::places::Axis;
use crate::quantity::Quantity;
use crate::raster::Raster;
use crate::spectrogram::Channels;

/// Which way time runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Orientation {
    /// Distance to the right, time downwards: the usual waterfall.
    #[default]
    TimeDown,
    /// Distance to the right, time upwards.
    TimeUp,
    /// Time to the right, distance upwards.
    TimeRight,
}

/// How to draw a waterfall.
#[derive(Clone, Debug, PartialEq)]
pub struct Heatmap {
    pub time: TimeAxis,
    /// Places along the fibre; or lags, speeds and the like, and then `of` says whose.
    pub columns: Axis,
    pub of: Option<Channels>,
    pub quantity: Quantity,
    pub orientation: Orientation,
    /// `None`: RdBu for data that swing about zero, viridis for others. A diverging map is centred on zero.
    pub colormap: Option<Colormap>,
    pub limits: Limits,
    /// `None`: the peak for data with negative values, the mean for others.
    pub statistic: Option<Statistic>,
}

impl Heatmap {
    pub fn new(time: TimeAxis, columns: Axis, quantity: Quantity) -> Heatmap {
        Heatmap {
            time,
            columns,
            of: None,
            quantity,
            orientation: Orientation::default(),
            colormap: None,
            limits: Limits::ROBUST,
            statistic: None,
        }
    }
}

/// Draws a raster whose rows are times. Missing samples are hatched, rows left out are marked in red at the
/// side. Errors: limits out of order, axes without extent, an impossible size.
pub fn plot_heatmap(raster: &Raster, style: &Heatmap, figure: &Figure) -> Result<Picture> {
    let tone = Tone::of(raster, style.statistic, style.colormap);
    let field = Field {
        raster,
        rows: Rows::Times(style.time),
        columns: &style.columns,
        runs: match style.orientation {
            Orientation::TimeDown => Runs::Down,
            Orientation::TimeUp => Runs::Up,
            Orientation::TimeRight => Runs::Right,
        },
        value: &|cell| cell.value(tone.statistic),
        statistic: [tone.name(), "samples"],
        quantity: style.quantity.clone(),
        map: tone.map,
        limits: style.limits,
        symmetric: tone.map.is_diverging(),
        suffix: style.of.map_or(String::new(), |of| of.suffix(figure)),
    };
    field.draw(figure)
}

/// What suits values that are drawn as they are.
pub(crate) struct Tone {
    pub statistic: Statistic,
    pub map: Colormap,
}

impl Tone {
    /// What is not given follows from the data's signs.
    pub fn of(raster: &Raster, statistic: Option<Statistic>, map: Option<Colormap>) -> Tone {
        let negative = raster.cells().any(|cell| cell.min < 0.0);
        let statistic = statistic.unwrap_or(if negative { Statistic::Peak } else { Statistic::Mean });
        let both_signs = negative && swings(raster, statistic);
        Tone { statistic, map: map.unwrap_or(if both_signs { Colormap::RDBU } else { Colormap::VIRIDIS }) }
    }

    pub fn name(&self) -> &'static str {
        match self.statistic {
            Statistic::Mean => "mean",
            Statistic::Min => "minimum",
            Statistic::Max => "maximum",
            Statistic::Peak => "peak",
        }
    }
}

/// Whether the data lie on both sides of zero, rather than on one side but for a few samples: a diverging map would
/// waste half its colours on those.
fn swings(raster: &Raster, statistic: Statistic) -> bool {
    let mut values: Vec<f64> = raster.cells().filter_map(|cell| cell.value(statistic)).collect();
    values.sort_unstable_by(f64::total_cmp);
    let ends = |low, high| Some((percentile(&values, low)?, percentile(&values, high)?));
    let balanced =
        |(low, high): (f64, f64)| low < 0.0 && high > 0.0 && (-low).min(high) >= 0.1 * (-low).max(high);
    // Sparse data are zero at both percentiles; their extremes decide.
    ends(2.0, 98.0).filter(|ends| *ends != (0.0, 0.0)).or_else(|| ends(0.0, 100.0)).is_some_and(balanced)
}
