//! PLOT_SPEC: what lies within rows, over time: power over frequency, correlations over lags. The mean over channels is
//! computed in the graph, so it streams.

use dasc_dql::Step;
use dasc_dql::statements::PlotSpec;
use dasc_ir::Result;
use dasc_ir::graph::{Builder, InnerAxis, Role, Signal, TimeAxis};
use dasc_plot::{
    Channels, Colormap, Figure, Heatmap, Limits, Orientation, Quantity, Raster, RasterSize, Spectrogram,
};
use dasc_sink::Provenance;

use super::drawing::Drawing;
use super::inner::{self, Values};
use super::pixels::{self, Columns, Pixels};
use super::style::{self, Look};
use super::{Drain, Kind, SinkSpec};
use crate::bind::{Assembly, Flow, Pipeline};

#[derive(Debug)]
pub struct Spec {
    time: TimeAxis,
    inner: InnerAxis,
    quantity: Quantity,
    power: bool,
    title: String,
    /// Of which channels, if there are any.
    channels: Option<Channels>,
    colormap: Option<Colormap>,
    limits: Option<Limits>,
    look: Look,
}

pub fn prepare(assembly: &mut Assembly, step: &Step, flow: &Flow) -> Result<SinkSpec> {
    let plot = PlotSpec::from_args(&step.args, step.span)?;
    let measured = style::quantity(assembly, flow.node)?;
    let b = &mut assembly.b;
    let (inner, time) = axes(b, b.signal(flow.node)?)?;
    let mut title = inner::title(&inner, &b.signal(flow.node)?.unit, true).to_string();
    let (mut channels, mut node) = (None, flow.node);
    if let Some(axis) = b.signal(node)?.channel.clone() {
        let mut positions = pixels::chosen(b, &axis, plot.ch)?;
        positions.retain(|position| !flow.muted.contains(&axis.number(*position)));
        let (Some(&first), Some(&last)) = (positions.first(), positions.last()) else {
            return Err(b.diag("has no channel left: those chosen are muted").help("choose others with CH="));
        };
        let number = |position| u64::try_from(axis.number(position)).unwrap_or(0);
        channels = Some(if first == last {
            Channels::One(number(first))
        } else {
            Channels::Mean(number(first), number(last))
        });
        // Where some in between are left out the ends do not tell how many there are.
        if positions.len() <= (last - first) as usize {
            title = format!("{title}, {} channels", positions.len());
        }
        if positions.len() < axis.len as usize {
            node = b.gather(node, positions)?;
        }
    }
    let Values { node, power } = Values::of(b, node, &inner)?;
    let (quantity, limits_unit) = inner::quantity(b, node, power, measured)?;
    let node = match b.signal(node)?.channel {
        Some(_) => inner::mean(b, node, Role::Channel)?,
        None => node,
    };
    let limits = plot.limits.as_ref().map(|given| style::limits(given, &limits_unit)).transpose()?;
    let colormap = plot.cmap.as_deref().map(Colormap::named).transpose()?;
    let look = Look { title: plot.title, size: plot.size };
    let spec = Spec { time, inner, quantity, power, title, channels, colormap, limits, look };
    style::sink(assembly, step, (plot.out.as_ref(), plot.mode), node, Kind::Spectrogram(spec))
}

/// What lies within a row, and time; a refusal says what draws the rest.
fn axes(b: &Builder, signal: &Signal) -> Result<(InnerAxis, TimeAxis)> {
    let Some(inner) = signal.inner.clone() else {
        let longest = signal.time.as_ref().and_then(|time| time.rows.longest()).unwrap_or(1024);
        let frame = (longest / 8).clamp(2, 1024).next_power_of_two().min(longest.max(1));
        return Err(b
            .diag("needs frequencies, lags or the like within its rows, and its input has none")
            .help(format!("put STFT {frame} before it")));
    };
    let time = signal.time.clone().ok_or_else(|| {
        b.diag("needs a time axis, which its input does not have")
            .help("PLOT_HEATMAP draws it over the channels")
    })?;
    Ok((inner, time))
}

pub fn open(
    spec: &Spec,
    sink: &SinkSpec,
    pipeline: &Pipeline,
    provenance: &Provenance,
) -> Result<Box<dyn Drain>> {
    let clock = pipeline.record.clock();
    let time = pixels::time_axis(&spec.time, &clock, true);
    let figure = style::figure(&spec.look, &spec.title, pipeline, provenance, Vec::new());
    figure.pixels()?;
    let pixels = Pixels::new(Columns::Inner(spec.inner.len), RasterSize::default(), &spec.time)?;
    let drawing = Drawing { pixels, figure, axis: time, time: spec.time.clone(), clock, sink: sink.copied() };
    Ok(drawing.drain(|_| None, picture(spec, time)))
}

/// What draws it in the end.
type Draw = dyn FnOnce(&Raster, &Figure) -> Result<dasc_plot::Picture>;

fn picture(spec: &Spec, time: dasc_plot::TimeAxis) -> Box<Draw> {
    let axis = inner::axis(&spec.inner);
    if spec.power {
        let mut style = Spectrogram::new(time, axis, spec.quantity.clone(), spec.channels);
        style.colormap = spec.colormap.unwrap_or(style.colormap);
        style.limits = spec.limits.unwrap_or(style.limits);
        return Box::new(move |raster, figure| dasc_plot::plot_spectrogram(raster, &style, figure));
    }
    let mut style = Heatmap::new(time, axis, spec.quantity.clone());
    style.of = spec.channels;
    style.orientation = Orientation::TimeRight;
    style.colormap = spec.colormap;
    style.limits = spec.limits.unwrap_or(style.limits);
    Box::new(move |raster, figure| dasc_plot::plot_heatmap(raster, &style, figure))
}
