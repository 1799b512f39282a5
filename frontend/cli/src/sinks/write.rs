//! WRITE: the rows of a flow as an array with coordinates.

use dasc_dql::Step;
use dasc_dql::statements::{DataFormat, Write};
use dasc_io::Survey;
use dasc_ir::graph::{
    ChannelAxis, Graph, InnerAxis, InnerRole, Labels, NodeId, Prim, Role, Scope, Signal, TimeAxis,
};
use dasc_ir::{DType, Diag, Rational, Result, Unit};
use dasc_runtime::{RowsView, StatisticView};
use dasc_sink::{
    AxisInfo, Coordinate, Coords, Dtype, Event, Jump, Layout, Provenance, SignalSink, Summary, Target,
};

use super::style::quantity_name;
use super::wavenumber::wavenumbers;
use super::{Drain, Kind, SinkSpec};
use crate::bind::{Assembly, Flow, Pipeline};
use crate::clock::Clock;
use crate::names;

/// Nothing but the flow is needed.
#[derive(Debug)]
pub struct Spec {
    /// Rows of a signal with a time axis, unless it is a stream without an end; stretches of a statistic.
    rows: Option<u64>,
}

pub fn prepare(assembly: &mut Assembly, step: &Step, flow: &Flow) -> Result<SinkSpec> {
    let write = Write::from_args(&step.args, step.span)?;
    let format = write.format.map(|format| match format {
        DataFormat::Zarr => "zarr",
        DataFormat::Npy => "npy",
    });
    let header = assembly.record.header();
    let (script, path, known) = (assembly.script, write.path.as_ref(), &["npy", "zarr"]);
    let (target, rotation) = match write.every {
        None => (names::target(script, step, header, path, format, known)?, None),
        Some(every) => {
            let (target, rotation) = names::rotated(script, step, header, every, path, format, known)?;
            (target, Some(rotation))
        }
    };
    if target == Target::Stdout && format == Some("zarr") {
        return Err(Diag::usage("a Zarr is a folder and cannot go to standard output")
            .at(step.span)
            .help("leave FORMAT out for NumPy's format, or give the folder's name"));
    }
    let signal = assembly.b.signal(flow.node)?;
    let rows = match &signal.time {
        Some(time) => time.rows.count(),
        None if per_segment(assembly.b.graph(), flow.node) => Some(header.segments.len() as u64),
        None => Some(1),
    };
    Ok(SinkSpec {
        step: step.index,
        span: step.span,
        keyword: step.keyword.clone(),
        target,
        rotation,
        mode: names::mode(write.mode),
        output: Some(assembly.output(flow.node)),
        events: Vec::new(),
        kind: Kind::Write(Spec { rows }),
    })
}

/// Whether a value without a time axis differs from stretch to stretch.
fn per_segment(graph: &Graph, node: NodeId) -> bool {
    match &graph.node(node).prim {
        Prim::Reduce { along: Role::Time, scope, .. } => *scope == Scope::Segment,
        _ => graph.node(node).inputs.iter().any(|input| per_segment(graph, *input)),
    }
}

pub fn open(
    spec: &Spec,
    sink: &SinkSpec,
    pipeline: &Pipeline,
    provenance: &Provenance,
) -> Result<Box<dyn Drain>> {
    let node = sink.output.and_then(|output| pipeline.graph.outputs.get(output)).copied();
    let signal = node.and_then(|node| pipeline.graph.signal(node));
    let signal = signal.ok_or_else(|| Diag::compiler("WRITE has no signal"))?;
    let clock = pipeline.record.clock();
    let mut axes = Vec::new();
    match &signal.time {
        Some(time) => axes.push(time_axis(time, &clock, spec.rows)),
        // A single statistic is its other axes, unless it has none.
        None if spec.rows.is_none_or(|rows| rows > 1)
            || (signal.inner.is_none() && signal.channel.is_none()) =>
        {
            axes.push(plain("segment", spec.rows, Coords::Index { first: 0, step: 1 }));
        }
        None => {}
    }
    axes.extend(signal.inner.as_ref().map(inner_axis));
    axes.extend(signal.channel.as_ref().map(|axis| channel_axis(axis, pipeline.record.survey.as_ref())));
    let element = match signal.dtype {
        DType::F64 | DType::I32 | DType::I64 => Dtype::F64,
        DType::C32 => Dtype::Complex64,
        DType::F32 | DType::I16 | DType::Bool => Dtype::F32,
    };
    let sub = axes.iter().skip(1).map(|axis| usize::try_from(axis.len.unwrap_or(1)).unwrap_or(usize::MAX));
    let row_bytes = sub.fold(element.size(), usize::saturating_mul);
    let name = quantity_name(&signal.unit).to_lowercase();
    let layout =
        Layout { name, unit: signal.unit.clone(), dtype: element, axes, provenance: provenance.clone() };
    let file = match &sink.rotation {
        None => dasc_sink::open_signal(&sink.target, layout, sink.mode)?,
        Some(rotation) => dasc_sink::open_signals(rotation.clone(), layout, sink.mode)?,
    };
    Ok(Box::new(Array {
        file,
        element,
        row_bytes,
        next: 0,
        timed: signal.time.is_some(),
        most: spec.rows.unwrap_or(u64::MAX),
        buffer: Vec::new(),
    }))
}

struct Array {
    file: Box<dyn SignalSink>,
    element: Dtype,
    row_bytes: usize,
    next: u64,
    timed: bool,
    /// Stretches of a statistic that are kept.
    most: u64,
    buffer: Vec<u8>,
}

/// Bytes gathered before they are handed to the file.
const BATCH: usize = 4 << 20;

impl Array {
    fn flush(&mut self) -> Result<()> {
        let rows = self.buffer.len().checked_div(self.row_bytes).unwrap_or(0);
        if rows > 0 {
            self.file.write(self.next, rows, &self.buffer, self.row_bytes)?;
            self.next = self.next.saturating_add(rows as u64);
            self.buffer.clear();
        }
        Ok(())
    }

    /// Appends the channels of one row and inner position; `planes` are their bytes, `number` an element as F64.
    fn put(&mut self, dtype: DType, planes: [&[u8]; 2], channels: usize, number: impl Fn(usize) -> f64) {
        match (dtype, self.element) {
            (DType::F32, Dtype::F32) | (DType::F64, Dtype::F64) => self.buffer.extend_from_slice(planes[0]),
            (DType::C32, _) => {
                let pairs = planes[0].as_chunks::<4>().0.iter().zip(planes[1].as_chunks::<4>().0);
                for (real, imaginary) in pairs {
                    self.buffer.extend_from_slice(real);
                    self.buffer.extend_from_slice(imaginary);
                }
            }
            (_, Dtype::F32) => {
                (0..channels).for_each(|c| self.buffer.extend_from_slice(&(number(c) as f32).to_ne_bytes()));
            }
            _ => (0..channels).for_each(|c| self.buffer.extend_from_slice(&number(c).to_ne_bytes())),
        }
    }
}

impl Array {
    /// Writes the channels of a range of some rows where they belong in the file.
    fn range(&mut self, rows: &RowsView) -> Result<()> {
        let lanes = self.row_bytes.checked_div(rows.inner()).unwrap_or(0);
        let from = rows.first_channel * self.element.size();
        for row in 0..rows.rows {
            for inner in 0..rows.inner() {
                let second = if rows.planes() > 1 { rows.lanes(row, inner, 1) } else { &[] };
                let planes = [rows.lanes(row, inner, 0), second];
                self.put(rows.dtype, planes, rows.channels, |c| rows.value(row, inner, 0, c));
                let number = self.next.saturating_add(row as u64);
                self.file.piece(number, inner * lanes + from, &self.buffer)?;
                self.buffer.clear();
            }
        }
        if from + rows.channels * self.element.size() >= lanes {
            self.file.whole(rows.rows)?;
            self.next = self.next.saturating_add(rows.rows as u64);
        }
        Ok(())
    }
}

impl Drain for Array {
    fn takes_ranges(&self) -> bool {
        self.file.takes_pieces()
    }

    fn rows(&mut self, _: usize, rows: &RowsView) -> Result<()> {
        if rows.channels * rows.inner() * self.element.size() < self.row_bytes {
            return self.range(rows);
        }
        for row in 0..rows.rows {
            for inner in 0..rows.inner() {
                let second = if rows.planes() > 1 { rows.lanes(row, inner, 1) } else { &[] };
                let planes = [rows.lanes(row, inner, 0), second];
                self.put(rows.dtype, planes, rows.channels, |c| rows.value(row, inner, 0, c));
            }
            if self.buffer.len() >= BATCH {
                self.flush()?;
            }
        }
        self.flush()
    }

    fn statistic(&mut self, segment: usize, value: &StatisticView) -> Result<()> {
        if self.timed || segment as u64 >= self.most {
            return Ok(());
        }
        for inner in 0..value.inner {
            let second = if value.planes > 1 { value.lanes(inner, 1) } else { &[] };
            let planes = [value.lanes(inner, 0), second];
            self.put(value.dtype, planes, value.channels, |c| value.value(inner, 0, c));
        }
        self.flush()
    }

    fn goes_on(&mut self, start_ns: i64) -> Result<()> {
        self.flush()?;
        self.file.jump(self.next, start_ns)
    }

    fn finish(mut self: Box<Self>, _: &[Event]) -> Result<Summary> {
        self.flush()?;
        self.file.finish()
    }
}

fn plain(name: &str, len: impl Into<Option<u64>>, coords: Coords) -> AxisInfo {
    AxisInfo { name: name.into(), unit: Unit::none(), len: len.into(), coords, also: Vec::new() }
}

/// Instants of rows; after a gap the clock starts again.
fn time_axis(time: &TimeAxis, clock: &Clock, len: Option<u64>) -> AxisInfo {
    let mut row = 0u64;
    let mut jumps = Vec::new();
    let mut start_ns = 0;
    for (number, (_, (from, to), instant)) in clock.stretches(time).into_iter().enumerate() {
        match number {
            0 => start_ns = instant,
            _ => jumps.push(Jump { row, start_ns: instant }),
        }
        row = row.saturating_add(to.saturating_sub(from).unsigned_abs());
    }
    let rate = time.period.recip().unwrap_or(Rational::ONE);
    AxisInfo { unit: second(), ..plain("time", len, Coords::Time { start_ns, rate, jumps }) }
}

fn inner_axis(axis: &InnerAxis) -> AxisInfo {
    let name = match axis.role {
        InnerRole::Frequency => "frequency",
        InnerRole::Frame => "frame",
        InnerRole::Lag => "lag",
        InnerRole::Velocity => "velocity",
        InnerRole::Slowness => "slowness",
        InnerRole::Scale => "scale",
        InnerRole::Band => "band",
        InnerRole::Label => "label",
    };
    let coords = match &axis.positions {
        Some(positions) => Coords::Values(positions.to_vec()),
        None => Coords::Linear { start: axis.start, step: axis.step },
    };
    AxisInfo { unit: axis.unit.clone(), ..plain(name, u64::from(axis.len), coords) }
}

/// Channels by number; beside it their distances and whatever else a survey says of them.
fn channel_axis(axis: &ChannelAxis, survey: Option<&Survey>) -> AxisInfo {
    let unit = |symbol: &str| Unit::parse(symbol).unwrap_or_else(Unit::none);
    let coords = match &axis.positions {
        Some(positions) => Coords::Values(positions.to_vec()),
        None => Coords::Linear { start: axis.distance, step: axis.spacing },
    };
    let numbers = match &axis.labels {
        Labels::Regular => Coords::Index { first: axis.first, step: axis.stride },
        Labels::Numbers(numbers) => Coords::Indices(numbers.to_vec()),
        Labels::Wavenumbers { .. } => {
            let coords = Coords::Values(wavenumbers(axis).unwrap_or_default());
            return AxisInfo { unit: unit("1/m"), ..plain("wavenumber", u64::from(axis.len), coords) };
        }
    };
    let mut also = vec![Coordinate { name: "distance".into(), unit: unit("m"), coords }];
    if let Some(survey) = survey {
        let channels: Vec<(i64, f64)> =
            (0..axis.len).map(|c| (axis.number(c), axis.distance_at(c))).collect();
        also.extend(survey.columns(&channels).into_iter().map(|(column, values)| Coordinate {
            name: column.name.into(),
            unit: unit(column.unit),
            coords: Coords::Values(values),
        }));
    }
    AxisInfo { also, ..plain("channel", u64::from(axis.len), numbers) }
}

fn second() -> Unit {
    Unit::parse("s").unwrap_or_else(Unit::none)
}

/// The axes of a signal as a person reads them: `32768 × 513 × 2048`.
pub fn shape(signal: &Signal) -> String {
    let rows = signal.time.as_ref().map(|time| time.rows.count().map_or("∞".into(), |n| n.to_string()));
    let inner = signal.inner.as_ref().map(|axis| axis.len.to_string());
    let channels = signal.channel.as_ref().map(|axis| axis.len.to_string());
    let parts: Vec<String> = [rows, inner, channels].into_iter().flatten().collect();
    if parts.is_empty() { "1".into() } else { parts.join(" × ") }
}
