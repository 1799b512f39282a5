//! Figures of fibre recordings as PNG: waterfalls, spectrograms, sections and traces.
//!
//! Samples stream into a [`Raster`], whose memory does not depend on the length of the record; a `plot_*`
//! function then draws it with physical axes, robust colour limits, gaps and detected events.
//!
//! ```
//! use dasc_ir::Rational;
//! use dasc_plot::*;
//!
//! let mut raster = Raster::new(3, RasterSize::default(), None)?;
//! raster.push_rows(0, &[1.0, -2.0, 3.0, 4.0, f32::NAN, 6.0], 3)?;
//! let style = Heatmap::new(
//!     TimeAxis { start_ns: None, period: Rational::new(1, 1000).unwrap() },
//!     Axis::distance(0.0, 2.0),
//!     Quantity::new("Strain rate", "nstrain/s"),
//! );
//! let png: Vec<u8> = plot_heatmap(&raster, &style, &Figure::new("Three channels"))?.png()?;
//! assert!(png.starts_with(b"\x89PNG"));
//! # Ok::<(), dasc_ir::Diag>(())
//! ```

mod axis;
mod canvas;
mod cells;
mod clock;
mod colorbar;
mod colormap;
mod field;
mod figure;
mod font;
mod frame;
mod heatmap;
mod limits;
mod overlay;
mod picture;
mod places;
mod quantity;
mod raster;
mod roofline;
mod section;
mod spectrogram;
mod ticks;
mod traces;

#[cfg(test)]
mod extremes;

pub use axis::TimeAxis;
pub use cells::{Cell, Statistic};
pub use clock::utc;
pub use colormap::Colormap;
pub use figure::{Event, Figure, Mark};
pub use heatmap::{Heatmap, Orientation, plot_heatmap};
pub use limits::{Limits, percentile};
pub use picture::Picture;
pub use places::{Axis, Measure};
pub use quantity::Quantity;
pub use raster::{Raster, RasterSize};
pub use roofline::{Level, Roof, Roofline, RooflinePoint, plot_roofline};
pub use section::{Section, plot_section};
pub use spectrogram::{Channels, Spectrogram, Spectrum, plot_spectrogram};
pub use ticks::{Tick, linear_ticks};
pub use traces::{TraceLayout, Traces, plot_traces};
