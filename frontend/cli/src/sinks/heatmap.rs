//! PLOT_HEATMAP: values over time and distance. What has something within its rows is drawn without time (`section.rs`).

use dasc_dql::Step;
use dasc_dql::statements::PlotHeatmap;
use dasc_ir::Result;
use dasc_ir::graph::{ChannelAxis, TimeAxis};
use dasc_plot::{Axis, Colormap, Figure, Heatmap, Limits, Quantity, Raster, RasterSize};
use dasc_sink::{Event, Provenance};

use super::drawing::Drawing;
use super::pixels::{self, Columns, Pixels};
use super::style::{self, Look};
use super::{Drain, Kind, SinkSpec, section, wavenumber};
use crate::bind::{Assembly, Flow, Pipeline};

#[derive(Debug)]
pub struct Spec {
    positions: Vec<u32>,
    time: TimeAxis,
    channels: ChannelAxis,
    quantity: Quantity,
    colormap: Option<Colormap>,
    limits: Option<Limits>,
    look: Look,
}

pub fn prepare(assembly: &mut Assembly, step: &Step, flow: &Flow) -> Result<SinkSpec> {
    let plot = PlotHeatmap::from_args(&step.args, step.span)?;
    let b = &assembly.b;
    if let Some(inner) = b.signal(flow.node)?.inner.clone() {
        return section::prepare(assembly, step, flow, plot, inner);
    }
    let time = b.time(flow.node)?.clone();
    let signal = b.real(flow.node)?;
    let channels = signal.channel.clone().ok_or_else(|| {
        b.diag("needs a channel axis, which its input does not have").help("draw it with PLOT_TS")
    })?;
    let quantity = style::quantity(assembly, flow.node)?;
    let positions = pixels::chosen(b, &channels, plot.ch)?;
    let limits = plot.limits.as_ref().map(|given| style::limits(given, &signal.unit)).transpose()?;
    let colormap = plot.cmap.as_deref().map(Colormap::named).transpose()?;
    let look = Look { title: plot.title, size: plot.size };
    let spec = Spec { positions, time, channels, quantity, colormap, limits, look };
    style::sink(assembly, step, (plot.out.as_ref(), plot.mode), flow.node, Kind::Heatmap(spec))
}

pub fn open(
    spec: &Spec,
    sink: &SinkSpec,
    pipeline: &Pipeline,
    provenance: &Provenance,
) -> Result<Box<dyn Drain>> {
    let clock = pipeline.record.clock();
    let (axis, metres) = axis(&spec.channels, &spec.positions);
    let mut style = Heatmap::new(pixels::time_axis(&spec.time, &clock, false), axis, spec.quantity.clone());
    style.colormap = spec.colormap;
    style.limits = spec.limits.unwrap_or(style.limits);
    let figure = style::figure(&spec.look, &spec.quantity.name, pipeline, provenance, Vec::new());
    figure.pixels()?;
    let pixels = Pixels::new(Columns::Channels(spec.positions.clone()), RasterSize::default(), &spec.time)?;
    let extent = move |event: &Event| match metres {
        true => Some(event.reach()).filter(|(a, b)| a.is_finite() && b.is_finite()),
        false if event.distance_hi < event.distance_lo => {
            Some((event.channel_hi as f64, event.channel_lo as f64))
        }
        false => Some((event.channel_lo as f64, event.channel_hi as f64)),
    };
    let axis = style.time;
    let draw = move |raster: &Raster, figure: &Figure| dasc_plot::plot_heatmap(raster, &style, figure);
    Ok(Drawing { pixels, figure, axis, time: spec.time.clone(), clock, sink: sink.copied() }
        .drain(extent, draw))
}

/// Distance where channels lie evenly, numbers where a channel table says that they do not; wavenumbers where those took their place.
pub fn axis(channels: &ChannelAxis, positions: &[u32]) -> (Axis, bool) {
    if let Some(axis) = wavenumber::columns(channels, positions) {
        return (axis, false);
    }
    let first = positions.first().copied().unwrap_or(0);
    let second = positions.get(1).copied().unwrap_or(first.saturating_add(1));
    let (start, next) = (channels.distance_at(first), channels.distance_at(second));
    let places: Vec<f64> = positions.iter().map(|p| channels.distance_at(*p)).collect();
    let last = places.last().copied().unwrap_or(start);
    let step = match places.len() {
        0 | 1 => {
            if next == start {
                channels.spacing
            } else {
                next - start
            }
        }
        n => (last - start) / (n - 1) as f64,
    };
    let even = places
        .iter()
        .enumerate()
        .all(|(i, place)| (place - (start + i as f64 * step)).abs() <= 0.5 * step.abs());
    if even && step != 0.0 && step.is_finite() {
        return (Axis::distance(start, step), true);
    }
    let numbers = (channels.number(first), channels.number(second));
    (Axis::channels(numbers.0 as f64, (numbers.1 - numbers.0) as f64), false)
}
