//! EVENTS: the events of a flow as a table.

use dasc_dql::Step;
use dasc_dql::statements::{Events, TableFormat};
use dasc_ir::{Diag, Result};
use dasc_runtime::{RowsView, StatisticView};
use dasc_sink::{Event, EventSink, Provenance, Summary};

use super::{Drain, Kind, SinkSpec, Taken};
use crate::bind::{Assembly, Flow, Pipeline};
use crate::event_flow::together;
use crate::names;

pub fn prepare(assembly: &mut Assembly, step: &Step, flow: &Flow) -> Result<SinkSpec> {
    let events = Events::from_args(&step.args, step.span)?;
    if flow.events.is_empty() {
        return Err(Diag::usage("EVENTS has no events to write: nothing before it detects any")
            .at(step.span)
            .help("put a detection before it, for example THRESHOLD_DETECT -30"));
    }
    let format = events.format.map(|format| match format {
        TableFormat::Parquet => "parquet",
        TableFormat::Csv => "csv",
        TableFormat::JsonLines => "jsonl",
        TableFormat::Arrow => "arrow",
        TableFormat::QuakeMl => "xml",
    });
    let known = ["parquet", "csv", "jsonl", "ndjson", "arrow", "xml", "qml", "quakeml"];
    let header = assembly.record.header();
    let target = names::target(assembly.script, step, header, events.path.as_ref(), format, &known)?;
    Ok(SinkSpec {
        step: step.index,
        span: step.span,
        keyword: step.keyword.clone(),
        target,
        mode: names::mode(events.mode),
        output: None,
        events: Vec::new(),
        kind: Kind::Events,
    })
}

pub fn open(sink: &SinkSpec, pipeline: &Pipeline, provenance: &Provenance) -> Result<Box<dyn Drain>> {
    let added = together(&pipeline.events, &sink.events).columns;
    Ok(Box::new(Table(dasc_sink::open_events(&sink.target, sink.mode, provenance, &added)?)))
}

struct Table(Box<dyn EventSink>);

impl Drain for Table {
    fn rows(&mut self, _: usize, _: &RowsView) -> Result<()> {
        Ok(())
    }

    fn statistic(&mut self, _: usize, _: &StatisticView) -> Result<()> {
        Ok(())
    }

    fn events(&mut self, events: &[Event]) -> Result<Taken> {
        if !events.is_empty() {
            self.0.append(events)?;
        }
        Ok(Taken::Done)
    }

    fn finish(mut self: Box<Self>, events: &[Event]) -> Result<Summary> {
        self.0.append(events)?;
        self.0.finish()
    }
}
