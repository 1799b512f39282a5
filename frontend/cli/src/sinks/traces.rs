//! PLOT_TS: channels as curves over time.

use dasc_dql::Step;
use dasc_dql::statements::PlotTs;
use dasc_ir::Result;
use dasc_ir::graph::{ChannelAxis, InnerRole, TimeAxis};
use dasc_plot::{Figure, Quantity, Raster, RasterSize, TraceLayout, Traces};
use dasc_sink::Provenance;

use super::drawing::Drawing;
use super::pixels::{self, Columns, Pixels};
use super::style::{self, Look};
use super::{Drain, Kind, SinkSpec, inner};
use crate::bind::{Assembly, Flow, Pipeline};

#[derive(Debug)]
pub struct Spec {
    positions: Vec<u32>,
    /// The number of each channel.
    labels: Vec<String>,
    time: TimeAxis,
    quantity: Quantity,
    title: String,
    look: Look,
}

/// Curves that can be told apart without being asked for.
const MOST: usize = 12;

pub fn prepare(assembly: &mut Assembly, step: &Step, flow: &Flow) -> Result<SinkSpec> {
    let plot = PlotTs::from_args(&step.args, step.span)?;
    let b = &assembly.b;
    let time = b.time(flow.node)?.clone();
    let signal = b.real(flow.node)?;
    if let Some(inner) = &signal.inner {
        return Err(b
            .diag(format!("draws one value per sample, but its input has {}", inner::contents(inner)))
            .help(match inner.role {
                InnerRole::Label => "choose one, for example LABEL=P, or draw all with PLOT_SPEC",
                _ => "draw it with PLOT_SPEC",
            }));
    }
    if plot.limits.is_some() {
        return Err(b.diag("takes no LIMITS: every curve fills its own band").help("leave LIMITS out"));
    }
    let channels = signal.channel.clone().unwrap_or_else(|| ChannelAxis::regular(1, 1.0));
    let quantity = style::quantity(assembly, flow.node)?;
    let mut positions = pixels::chosen(b, &channels, plot.ch)?;
    positions.retain(|position| !flow.muted.contains(&channels.number(*position)));
    let thinned = plot.ch.is_none() && positions.len() > MOST;
    if thinned {
        let all = positions.len();
        positions =
            (0..MOST).filter_map(|i| positions.get((2 * i + 1) * all / (2 * MOST)).copied()).collect();
    }
    if positions.len() > 64 {
        let message = format!("cannot draw {} curves that could be told apart; 64 can", positions.len());
        return Err(b.diag(message).help("choose fewer with CH=, or draw a PLOT_HEATMAP"));
    }
    let labels: Vec<String> = positions.iter().map(|p| channels.number(*p).to_string()).collect();
    let title = match labels.as_slice() {
        // Without channels there is no number to tell.
        [_] if signal.channel.is_none() => quantity.name.clone(),
        [only] => format!("Channel {only}"),
        some if thinned => format!("{}, {} of {} channels", quantity.name, some.len(), channels.len),
        some => format!("{}, {} channels", quantity.name, some.len()),
    };
    let look = Look { title: plot.title, size: plot.size };
    let spec = Spec { positions, labels, time, quantity, title, look };
    style::sink(assembly, step, (plot.out.as_ref(), plot.mode), flow.node, Kind::Traces(spec))
}

pub fn open(
    spec: &Spec,
    sink: &SinkSpec,
    pipeline: &Pipeline,
    provenance: &Provenance,
) -> Result<Box<dyn Drain>> {
    let clock = pipeline.record.clock();
    let style = Traces {
        time: pixels::time_axis(&spec.time, &clock, false),
        labels: spec.labels.clone(),
        quantity: spec.quantity.clone(),
        layout: TraceLayout::Auto,
    };
    let figure = style::figure(&spec.look, &spec.title, pipeline, provenance, Vec::new());
    figure.pixels()?;
    let pixels = Pixels::new(Columns::Channels(spec.positions.clone()), RasterSize::traces(), &spec.time)?;
    let axis = style.time;
    let draw = move |raster: &Raster, figure: &Figure| dasc_plot::plot_traces(raster, &style, figure);
    Ok(Drawing { pixels, figure, axis, time: spec.time.clone(), clock, sink: sink.copied() }
        .drain(|_| None, draw))
}
