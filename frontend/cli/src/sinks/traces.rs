//! PLOT_TS: channels as curves over time.

use dasc_dql::Step;
use dasc_dql::statements::PlotTs;
use dasc_ir::Result;
use dasc_ir::graph::{ChannelAxis, Labels, TimeAxis};
use dasc_plot::{Figure, Quantity, Raster, RasterSize, TraceLayout, Traces};
use dasc_sink::Provenance;

use super::drawing::Drawing;
use super::pixels::{self, Columns, Pixels};
use super::style::{self, Look, quantity_name};
use super::{Drain, Kind, SinkSpec};
use crate::bind::{Assembly, Flow, Pipeline};
use crate::names;

#[derive(Debug)]
pub struct Spec {
    positions: Vec<u32>,
    time: TimeAxis,
    channels: ChannelAxis,
    quantity: Quantity,
    look: Look,
    /// Channels were left out because there are too many to draw.
    thinned: bool,
}

/// Curves that can be told apart without being asked for.
const MOST: usize = 12;

pub fn prepare(assembly: &mut Assembly, step: &Step, flow: &Flow) -> Result<SinkSpec> {
    let plot = PlotTs::from_args(&step.args, step.span)?;
    let b = &assembly.b;
    let time = b.time(flow.node)?.clone();
    let signal = b.real(flow.node)?;
    if signal.inner.is_some() {
        return Err(b
            .diag("draws one value per sample, but its input has frequencies")
            .help("draw it with PLOT_SPEC"));
    }
    if plot.limits.is_some() {
        return Err(b.diag("takes no LIMITS: every curve fills its own band").help("leave LIMITS out"));
    }
    let single = ChannelAxis {
        len: 1,
        first: 0,
        stride: 1,
        distance: 0.0,
        spacing: 1.0,
        positions: None,
        labels: Labels::Regular,
    };
    let channels = signal.channel.clone().unwrap_or(single);
    let quantity = Quantity::new(quantity_name(&signal.unit), signal.unit.symbol());
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
    let target =
        names::target(assembly.script, step, assembly.record.header(), plot.out.as_ref(), None, &["png"])?;
    let look = Look { title: plot.title, size: plot.size };
    Ok(SinkSpec {
        step: step.index,
        span: step.span,
        keyword: step.keyword.clone(),
        target,
        mode: style::picture_mode(names::mode(plot.mode))?,
        output: Some(assembly.output(flow.node)),
        events: Vec::new(),
        kind: Kind::Traces(Spec { positions, time, channels, quantity, look, thinned }),
    })
}

pub fn open(
    spec: &Spec,
    sink: &SinkSpec,
    pipeline: &Pipeline,
    provenance: &Provenance,
) -> Result<Box<dyn Drain>> {
    let labels: Vec<String> =
        spec.positions.iter().map(|p| format!("{}", spec.channels.number(*p))).collect();
    let title = match (spec.thinned, labels.as_slice()) {
        (_, [only]) => format!("Channel {only}"),
        (true, some) => format!("{} of {} channels", some.len(), spec.channels.len),
        (false, some) => format!("{} channels", some.len()),
    };
    let clock = pipeline.record.clock();
    let style = Traces {
        time: pixels::time_axis(&spec.time, &clock, false),
        labels,
        quantity: spec.quantity.clone(),
        layout: TraceLayout::Auto,
    };
    let figure = style::figure(&spec.look, &title, pipeline, provenance, Vec::new());
    figure.pixels()?;
    let pixels = Pixels::new(Columns::Channels(spec.positions.clone()), RasterSize::traces(), &spec.time)?;
    let axis = style.time;
    let draw = move |raster: &Raster, figure: &Figure| dasc_plot::plot_traces(raster, &style, figure);
    Ok(Drawing { pixels, figure, axis, time: spec.time.clone(), clock, sink: sink.copied() }
        .drain(|_| None, draw))
}
