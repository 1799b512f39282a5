//! PLOT_HEATMAP of rows with something within: what lies within over the channels, at one time or in the mean over time. Lags
//! make a virtual shot gather, frequencies a spectrum along the fibre.

use dasc_dql::Step;
use dasc_dql::statements::PlotHeatmap;
use dasc_ir::graph::{ChannelAxis, InnerAxis, Labels, Role};
use dasc_ir::{Diag, Result};
use dasc_plot::{Colormap, Figure, Limits, Quantity, Raster, RasterSize, Section, Spectrum};
use dasc_runtime::{RowsView, StatisticView};
use dasc_sink::{Event, Provenance, Summary};

use super::inner::{self, Values};
use super::style::{self, Look};
use super::{Drain, Kind, SinkSpec, heatmap, pixels};
use crate::bind::{Assembly, Flow, Pipeline};

#[derive(Debug)]
pub struct Spec {
    positions: Vec<u32>,
    inner: InnerAxis,
    channels: ChannelAxis,
    quantity: Quantity,
    power: bool,
    title: String,
    colormap: Option<Colormap>,
    limits: Option<Limits>,
    look: Look,
}

pub fn prepare(
    assembly: &mut Assembly,
    step: &Step,
    flow: &Flow,
    plot: PlotHeatmap,
    inner: InnerAxis,
) -> Result<SinkSpec> {
    let measured = style::quantity(assembly, flow.node)?;
    let b = &mut assembly.b;
    let signal = b.signal(flow.node)?;
    let channels = signal.channel.clone().ok_or_else(|| {
        b.diag("needs a channel axis, which its input does not have").help("draw it with PLOT_SPEC")
    })?;
    let what = match channels.labels {
        Labels::Wavenumbers { .. } => "Frequency and wavenumber",
        Labels::Regular | Labels::Numbers(_) => inner::title(&inner, &signal.unit, false),
    };
    let mean = signal.time.is_some();
    let title = if mean { format!("{what}, mean over time") } else { what.to_string() };
    let positions = pixels::chosen(b, &channels, plot.ch)?;
    let Values { node, power } = Values::of(b, flow.node, &inner)?;
    let (quantity, limits_unit) = inner::quantity(b, node, power, measured)?;
    let node = if mean { inner::mean(b, node, Role::Time)? } else { node };
    let limits = plot.limits.as_ref().map(|given| style::limits(given, &limits_unit)).transpose()?;
    let colormap = plot.cmap.as_deref().map(Colormap::named).transpose()?;
    let look = Look { title: plot.title, size: plot.size };
    let spec = Spec { positions, inner, channels, quantity, power, title, colormap, limits, look };
    style::sink(assembly, step, (plot.out.as_ref(), plot.mode), node, Kind::Section(spec))
}

pub fn open(
    spec: &Spec,
    sink: &SinkSpec,
    pipeline: &Pipeline,
    provenance: &Provenance,
) -> Result<Box<dyn Drain>> {
    let (channels, _) = heatmap::axis(&spec.channels, &spec.positions);
    let spectrum = spec.power.then_some(Spectrum::Power);
    let mut style = Section::new(inner::axis(&spec.inner), channels, spec.quantity.clone(), spectrum);
    style.colormap = spec.colormap;
    style.limits = spec.limits.unwrap_or(style.limits);
    let figure = style::figure(&spec.look, &spec.title, pipeline, provenance, Vec::new());
    figure.pixels()?;
    let rows = u64::from(spec.inner.len);
    let positions = spec.positions.clone();
    Ok(Box::new(Gather { positions, rows, raster: None, style, figure, sink: sink.copied() }))
}

struct Gather {
    positions: Vec<u32>,
    rows: u64,
    /// The mean of the stretches that came.
    raster: Option<Raster>,
    style: Section,
    figure: Figure,
    sink: SinkSpec,
}

impl Drain for Gather {
    fn rows(&mut self, _: usize, _: &RowsView) -> Result<()> {
        Err(Diag::compiler(format!("{} was given rows of a mean", self.sink.keyword)))
    }

    fn statistic(&mut self, _: usize, value: &StatisticView) -> Result<()> {
        let mut raster = Raster::new(self.positions.len(), RasterSize::default(), Some(self.rows))?;
        let mut row = Vec::with_capacity(self.positions.len());
        for (number, inner) in (0..self.rows).zip(0..value.inner) {
            row.clear();
            row.extend(self.positions.iter().map(|p| value.value(inner, 0, *p as usize) as f32));
            raster.push_rows(number, &row, row.len().max(1))?;
        }
        match &mut self.raster {
            None => self.raster = Some(raster),
            // A stretch between gaps may have a stack of its own; the picture shows their mean.
            Some(known) => {
                known.merge(&raster)?;
                self.style.statistic = Some(dasc_plot::Statistic::Mean);
            }
        }
        Ok(())
    }

    fn finish(self: Box<Self>, _: &[Event]) -> Result<Summary> {
        let raster = match self.raster {
            Some(raster) => raster,
            None => Raster::new(self.positions.len(), RasterSize::default(), Some(self.rows))?,
        };
        let picture = dasc_plot::plot_section(&raster, &self.style, &self.figure)?;
        style::save(&self.sink, &picture, self.rows)
    }
}
