//! The waterfall: amplitude over distance and time.

use dasc_ir::Result;

use crate::axis::{Axis, TimeAxis};
use crate::cells::Statistic;
use crate::colormap::Colormap;
use crate::field::{Field, Marks, TimeRuns};
use crate::figure::Figure;
use crate::limits::{Limits, percentile};
use crate::picture::Picture;
use crate::quantity::Quantity;
use crate::raster::Raster;

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
    pub channels: Axis,
    pub quantity: Quantity,
    pub orientation: Orientation,
    /// `None`: RdBu for data that swing about zero, viridis for others. A diverging map is centred on zero.
    pub colormap: Option<Colormap>,
    pub limits: Limits,
    /// `None`: the peak for data with negative values, the mean for others.
    pub statistic: Option<Statistic>,
}

impl Heatmap {
    pub fn new(time: TimeAxis, channels: Axis, quantity: Quantity) -> Heatmap {
        Heatmap {
            time,
            channels,
            quantity,
            orientation: Orientation::default(),
            colormap: None,
            limits: Limits::ROBUST,
            statistic: None,
        }
    }
}

/// Draws a raster whose columns are channels. Missing samples are hatched, rows left out are marked in red at the
/// side. Errors: limits out of order, axes without extent, an impossible size.
pub fn plot_heatmap(raster: &Raster, style: &Heatmap, figure: &Figure) -> Result<Picture> {
    let negative = raster.cells().any(|cell| cell.min < 0.0);
    let statistic = style.statistic.unwrap_or(if negative { Statistic::Peak } else { Statistic::Mean });
    let both_signs = negative && swings(raster, statistic);
    let map = style.colormap.unwrap_or(if both_signs { Colormap::RDBU } else { Colormap::VIRIDIS });
    let name = match statistic {
        Statistic::Mean => "mean",
        Statistic::Min => "minimum",
        Statistic::Max => "maximum",
        Statistic::Peak => "peak",
    };
    let field = Field {
        raster,
        time: style.time,
        columns: &style.channels,
        runs: match style.orientation {
            Orientation::TimeDown => TimeRuns::Down,
            Orientation::TimeUp => TimeRuns::Up,
            Orientation::TimeRight => TimeRuns::Right,
        },
        value: &|cell| cell.value(statistic),
        statistic: [name, "samples", "channels"],
        marks: Marks::Boxes,
        quantity: style.quantity.clone(),
        map,
        limits: style.limits,
        symmetric: map.is_diverging(),
        suffix: String::new(),
    };
    field.draw(figure)
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
