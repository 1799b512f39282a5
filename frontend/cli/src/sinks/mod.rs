//! The sinks of a script: prepared while the graph is built, checked before the run, drained during it.
//!
//! One file for each. A sink's `prepare` reads the statement and adds to the graph what can be computed there; its
//! drain takes rows as they come and leaves a file, or none.

mod drawing;
mod events;
mod fan;
mod heatmap;
mod inner;
mod pixels;
mod provenance;
mod section;
mod spectrogram;
pub mod style;
mod traces;
mod wavenumber;
pub mod write;

use dasc_dql::Step;
use dasc_ir::{Diag, Result, Span};
use dasc_runtime::{RowsView, StatisticView};
use dasc_sink::{Event, EventFormat, Mode, Rotation, Summary, Target};

use crate::bind::{Assembly, Flow, Pipeline};

pub use fan::{Fan, Finished, given_up};
pub use provenance::provenance;

/// A sink before the run.
#[derive(Debug)]
pub struct SinkSpec {
    /// Position in the script's steps.
    pub step: usize,
    pub span: Span,
    pub keyword: String,
    pub target: Target,
    /// When it goes on in another file than `target`, if it does.
    pub rotation: Option<Rotation>,
    pub mode: Mode,
    /// The output it drains; `None` for tables of events alone.
    pub output: Option<usize>,
    /// Flows of events attached to its flow, by their position in the pipeline.
    pub events: Vec<usize>,
    pub kind: Kind,
}

/// What a sink makes of its flow.
#[derive(Debug)]
pub enum Kind {
    Write(write::Spec),
    /// With the format of standard output, if it goes there.
    Events(Option<EventFormat>),
    Traces(traces::Spec),
    Heatmap(heatmap::Spec),
    Section(section::Spec),
    Spectrogram(spectrogram::Spec),
}

/// What a sink did with events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    Done,
    /// It wants them all at the end.
    Held,
}

/// A sink during the run.
pub trait Drain {
    /// Whether rows may come in ranges of channels ([`dasc_runtime::Observer::takes_ranges`]).
    fn takes_ranges(&self) -> bool {
        false
    }

    /// Rows of its output, in order.
    fn rows(&mut self, segment: usize, rows: &RowsView) -> Result<()>;

    /// Its output, if that has no time axis.
    fn statistic(&mut self, segment: usize, value: &StatisticView) -> Result<()>;

    /// Rows go on behind a gap that nobody knew of before; the first of them was taken at an instant.
    fn goes_on(&mut self, _start_ns: i64) -> Result<()> {
        Ok(())
    }

    /// More events of its flow, in order. Those that a sink does not take as they come it is given when it finishes.
    fn events(&mut self, _events: &[Event]) -> Result<Taken> {
        Ok(Taken::Held)
    }

    /// Leaves the file. `events` are those of its flow that were held for it.
    fn finish(self: Box<Self>, events: &[Event]) -> Result<Summary>;
}

/// Reads a statement and adds to the graph what it needs there.
pub fn prepare(assembly: &mut Assembly, step: &Step, flow: &Flow) -> Result<SinkSpec> {
    let mut sink = match step.keyword.as_str() {
        "WRITE" => write::prepare(assembly, step, flow),
        "EVENTS" => events::prepare(assembly, step, flow),
        "PLOT_TS" => traces::prepare(assembly, step, flow),
        "PLOT_HEATMAP" => heatmap::prepare(assembly, step, flow),
        "PLOT_SPEC" => spectrogram::prepare(assembly, step, flow),
        other => Err(Diag::compiler(format!("{other} is in the vocabulary but neither operator nor sink"))),
    }?;
    sink.events = flow.events.clone();
    flow.events.iter().for_each(|events| assembly.observe_events(*events));
    Ok(sink)
}

/// Opens a sink for a run.
pub fn open(
    sink: &SinkSpec,
    pipeline: &Pipeline,
    provenance: &dasc_sink::Provenance,
) -> Result<Box<dyn Drain>> {
    let opened: Result<Box<dyn Drain>> = match &sink.kind {
        Kind::Write(spec) => write::open(spec, sink, pipeline, provenance),
        Kind::Events(_) => events::open(sink, pipeline, provenance),
        Kind::Traces(spec) => traces::open(spec, sink, pipeline, provenance),
        Kind::Heatmap(spec) => heatmap::open(spec, sink, pipeline, provenance),
        Kind::Section(spec) => section::open(spec, sink, pipeline, provenance),
        Kind::Spectrogram(spec) => spectrogram::open(spec, sink, pipeline, provenance),
    };
    opened.map_err(|diag| diag.at(sink.span))
}

impl SinkSpec {
    /// The part of a specification that writing a picture needs.
    fn copied(&self) -> SinkSpec {
        SinkSpec {
            step: self.step,
            span: self.span,
            keyword: self.keyword.clone(),
            target: self.target.clone(),
            rotation: self.rotation.clone(),
            mode: self.mode,
            output: self.output,
            events: self.events.clone(),
            kind: Kind::Events(None),
        }
    }

    /// Bytes that the sink will write, where that follows from shapes.
    pub fn expected_bytes(&self, pipeline: &Pipeline) -> Option<u64> {
        match &self.kind {
            Kind::Write(_) => {
                let signal = pipeline.graph.signal(*pipeline.graph.outputs.get(self.output?)?)?;
                let rows = signal.time.as_ref().map_or(Some(1), |time| time.rows.count())?;
                let row =
                    u64::from(signal.inner_len()) * u64::from(signal.channels()) * signal.dtype.size() as u64;
                rows.checked_mul(row)
            }
            _ => None,
        }
    }
}
