//! PLOT_SPEC: power over time and frequency. The mean over channels is computed in the graph, so it streams.

use dasc_dql::Step;
use dasc_dql::statements::PlotSpec;
use dasc_ir::graph::{Builder, InnerAxis, InnerRole, NodeId, Reduction, Role, Scope, TimeAxis};
use dasc_ir::{DType, Dimension, Result, Unit};
use dasc_plot::{Axis, Channels, Colormap, Figure, Limits, Quantity, Raster, RasterSize, Spectrogram};
use dasc_sink::Provenance;
use dasc_stdlib::pieces::level::{decibel, is_power, power_unit, squared_magnitude};

use super::drawing::Drawing;
use super::pixels::{self, Columns, Pixels};
use super::style::{self, Look};
use super::{Drain, Kind, SinkSpec};
use crate::bind::{Assembly, Flow, Pipeline};
use crate::names;

#[derive(Debug)]
pub struct Spec {
    time: TimeAxis,
    frequency: InnerAxis,
    unit: Unit,
    channels: Channels,
    /// Channels averaged over, if some in between are left out.
    some: Option<usize>,
    colormap: Option<Colormap>,
    limits: Option<Limits>,
    look: Look,
}

pub fn prepare(assembly: &mut Assembly, step: &Step, flow: &Flow) -> Result<SinkSpec> {
    let plot = PlotSpec::from_args(&step.args, step.span)?;
    let time = assembly.b.time(flow.node)?.clone();
    let frequency = frequencies(&assembly.b, flow.node)?;
    let b = &mut assembly.b;
    let (mut channels, mut some) = (Channels::One(0), None);
    let mut node = flow.node;
    if let Some(axis) = b.signal(node)?.channel.clone() {
        let mut positions = pixels::chosen(b, &axis, plot.ch)?;
        positions.retain(|position| !flow.muted.contains(&axis.number(*position)));
        let (Some(&first), Some(&last)) = (positions.first(), positions.last()) else {
            return Err(b.diag("has no channel left: those chosen are muted").help("choose others with CH="));
        };
        let number = |position| u64::try_from(axis.number(position)).unwrap_or(0);
        channels = if first == last {
            Channels::One(number(first))
        } else {
            Channels::Mean(number(first), number(last))
        };
        let between = (last - first) as usize + 1;
        some = (positions.len() < between).then_some(positions.len());
        if positions.len() < axis.len as usize {
            node = b.gather(node, positions)?;
        }
    }
    let node = mean_power(b, node)?;
    let unit = b.signal(node)?.unit.clone();
    let limits = plot.limits.as_ref().map(|given| style::limits(given, &decibel())).transpose()?;
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
        kind: Kind::Spectrogram(Spec { time, frequency, unit, channels, some, colormap, limits, look }),
    })
}

fn frequencies(b: &Builder, node: NodeId) -> Result<InnerAxis> {
    let signal = b.signal(node)?;
    match &signal.inner {
        Some(axis) if axis.role == InnerRole::Frequency => Ok(axis.clone()),
        _ => {
            let longest = signal.time.as_ref().and_then(|time| time.rows.longest()).unwrap_or(1024);
            let frame = (longest / 8).clamp(2, 1024).next_power_of_two().min(longest.max(1));
            Err(b
                .diag("needs frequencies, and its input has none")
                .help(format!("put STFT {frame} before it")))
        }
    }
}

/// Power of every frequency, averaged over the channels that have one.
fn mean_power(b: &mut Builder, x: NodeId) -> Result<NodeId> {
    let signal = b.signal(x)?;
    let (unit, dtype) = (signal.unit.clone(), signal.dtype);
    let power = if dtype == DType::C32 {
        squared_magnitude(b, x)?
    } else if unit.dimension == Dimension::LEVEL {
        // A mean of levels is no level, so they become powers for the while.
        b.map(&[x], Unit::none(), DType::F32, |e| {
            let nepers = e.constant_of(std::f64::consts::LN_10 / 10.0, DType::F32);
            vec![(e.input(0).to(DType::F32) * nepers).exp()]
        })?
    } else if is_power(&unit) {
        x
    } else {
        b.map1(x, power_unit(&unit), |x, _| x * x)?
    };
    if b.signal(power)?.channel.is_none() {
        return Ok(power);
    }
    // A channel of NaN is left out of the mean, not the picture.
    let unit = b.signal(power)?.unit.clone();
    let float = b.signal(power)?.float();
    let known = b.map(&[power], unit.clone(), float, |e| {
        let x = e.input(0).to(float);
        vec![x.eq(x).select(x, e.constant_of(0.0, float))]
    })?;
    let one = b.map(&[power], Unit::none(), float, |e| {
        let x = e.input(0).to(float);
        vec![x.eq(x).select(e.constant_of(1.0, float), e.constant_of(0.0, float))]
    })?;
    let sum = b.reduce(known, Role::Channel, Reduction::Sum, Scope::Segment)?;
    let count = b.reduce(one, Role::Channel, Reduction::Sum, Scope::Segment)?;
    b.map(&[sum, count], unit, DType::F64, |e| vec![e.input(0) / e.input(1)])
}

pub fn open(
    spec: &Spec,
    sink: &SinkSpec,
    pipeline: &Pipeline,
    provenance: &Provenance,
) -> Result<Box<dyn Drain>> {
    let clock = pipeline.record.clock();
    let axis = Axis::frequency(spec.frequency.start, spec.frequency.step);
    let quantity = Quantity::new("Power", spec.unit.symbol().trim_start_matches("1^2"));
    let mut style =
        Spectrogram::new(pixels::time_axis(&spec.time, &clock, true), axis, quantity, spec.channels);
    style.colormap = spec.colormap.unwrap_or(style.colormap);
    style.limits = spec.limits.unwrap_or(style.limits);
    let title = match spec.some {
        Some(count) => format!("Spectrogram, {count} channels"),
        None => "Spectrogram".to_string(),
    };
    let figure = style::figure(&spec.look, &title, pipeline, provenance, Vec::new());
    figure.pixels()?;
    let pixels = Pixels::new(Columns::Inner(spec.frequency.len), RasterSize::default(), &spec.time)?;
    let axis = style.time;
    let draw = move |raster: &Raster, figure: &Figure| dasc_plot::plot_spectrogram(raster, &style, figure);
    Ok(Drawing { pixels, figure, axis, time: spec.time.clone(), clock, sink: sink.copied() }
        .drain(|_| None, draw))
}
