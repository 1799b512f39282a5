//! PLOT_HEATMAP of rows with something within: what lies within over the channels, at one time or in the mean over time. Lags
//! make a virtual shot gather, frequencies a spectrum along the fibre.

use dasc_dql::Step;
use dasc_dql::statements::PlotHeatmap;
use dasc_ir::graph::{ChannelAxis, InnerAxis, Labels, Role};
use dasc_ir::{Diag, Result, Unit};
use dasc_plot::{Colormap, Figure, Limits, Quantity, Raster, RasterSize, Section, Spectrum};
use dasc_runtime::{RowsView, StatisticView};
use dasc_sink::{Event, Provenance, Summary};

use super::inner::{self, Values};
use super::style::{self, Look, quantity_name};
use super::{Drain, Kind, SinkSpec, heatmap, pixels};
use crate::bind::{Assembly, Flow, Pipeline};
use crate::names;

#[derive(Debug)]
pub struct Spec {
    positions: Vec<u32>,
    inner: InnerAxis,
    channels: ChannelAxis,
    unit: Unit,
    power: bool,
    /// Whether rows of several times were averaged.
    mean: bool,
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
    let b = &mut assembly.b;
    let signal = b.signal(flow.node)?;
    let channels = signal.channel.clone().ok_or_else(|| {
        b.diag("needs a channel axis, which its input does not have").help("draw it with PLOT_SPEC")
    })?;
    let mean = signal.time.is_some();
    let positions = pixels::chosen(b, &channels, plot.ch)?;
    let values = Values::of(b, flow.node, &inner)?;
    let power = values.power;
    let limits_unit = values.limits_unit(b)?;
    let node = if mean { inner::mean(b, values.node, Role::Time)? } else { values.node };
    let unit = b.signal(node)?.unit.clone();
    let limits = plot.limits.as_ref().map(|given| style::limits(given, &limits_unit)).transpose()?;
    let target =
        names::target(assembly.script, step, assembly.record.header(), plot.out.as_ref(), None, &["png"])?;
    let colormap = plot.cmap.as_deref().map(Colormap::named).transpose()?;
    let look = Look { title: plot.title, size: plot.size };
    Ok(SinkSpec {
        step: step.index,
        span: step.span,
        keyword: step.keyword.clone(),
        target,
        mode: style::picture_mode(names::mode(plot.mode))?,
        output: Some(assembly.output(node)),
        events: Vec::new(),
        kind: Kind::Section(Spec { positions, inner, channels, unit, power, mean, colormap, limits, look }),
    })
}

pub fn open(
    spec: &Spec,
    sink: &SinkSpec,
    pipeline: &Pipeline,
    provenance: &Provenance,
) -> Result<Box<dyn Drain>> {
    let (channels, _) = heatmap::axis(&spec.channels, &spec.positions);
    let quantity = match spec.power {
        true => Quantity::new("Power", spec.unit.symbol().trim_start_matches("1^2")),
        false => Quantity::new(quantity_name(&spec.unit), spec.unit.symbol()),
    };
    let spectrum = spec.power.then_some(Spectrum::Power);
    let mut style = Section::new(inner::axis(&spec.inner), channels, quantity, spectrum);
    style.colormap = spec.colormap;
    style.limits = spec.limits.unwrap_or(style.limits);
    let what = match spec.channels.labels {
        Labels::Wavenumbers { .. } => "Frequency and wavenumber",
        Labels::Regular | Labels::Numbers(_) => inner::title(&spec.inner),
    };
    let title = if spec.mean { format!("{what}, mean over time") } else { what.to_string() };
    let figure = style::figure(&spec.look, &title, pipeline, provenance, Vec::new());
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
