//! EVENTS: the events of a flow as a table.

use dasc_dql::Step;
use dasc_dql::statements::{Events, FilePath, Mode, TableFormat};
use dasc_events::{Cell, Column, ColumnKind};
use dasc_io::Survey;
use dasc_ir::{Diag, Result};
use dasc_runtime::{RowsView, StatisticView};
use dasc_sink::{Event, EventFormat, EventSink, Provenance, Summary, Target};

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
    let (script, path) = (assembly.script, events.path.as_ref());
    let (target, rotation) = match events.every {
        _ if let Some(url) = hook(&events) => (Target::Hook(url.map_err(|diag| diag.at(step.span))?), None),
        None => (names::target(script, step, header, path, format, &known)?, None),
        Some(every) => {
            let (target, rotation) = names::rotated(script, step, header, every, path, format, &known)?;
            (target, Some(rotation))
        }
    };
    let piped = match &target {
        Target::Stdout => Some(EventFormat::piped(format).map_err(|diag| diag.at(step.span))?),
        Target::File(_) => None,
        Target::Hook(_) => Some(EventFormat::JsonLines),
    };
    Ok(SinkSpec {
        step: step.index,
        span: step.span,
        keyword: step.keyword.clone(),
        target,
        rotation,
        mode: names::mode(events.mode),
        output: None,
        events: Vec::new(),
        kind: Kind::Events(piped),
    })
}

/// The address of a web hook, if that is where events go.
fn hook(events: &Events) -> Option<Result<String>> {
    let FilePath(url) = events.path.as_ref()?;
    if !url.starts_with("http://") && !url.starts_with("https://") {
        return None;
    }
    let refused = |what: &str| {
        Some(Err(Diag::usage(format!(
            "{what} means nothing for a web hook, which takes every event as JSON"
        ))
        .help(format!("leave {what} out; write a file beside it with another EVENTS"))))
    };
    match events {
        Events { every: Some(_), .. } => refused("EVERY"),
        Events { format: Some(_), .. } => refused("FORMAT"),
        Events { mode: Mode::Overwrite | Mode::Append, .. } => refused("MODE"),
        _ => Some(Ok(url.clone())),
    }
}

pub fn open(sink: &SinkSpec, pipeline: &Pipeline, provenance: &Provenance) -> Result<Box<dyn Drain>> {
    let mut added = together(&pipeline.events, &sink.events).columns;
    let tells = |survey: &&Survey| {
        let facts = survey.facts();
        PLACE.iter().all(|column| facts.iter().any(|known| known.column == column.name))
    };
    let survey = pipeline.record.survey.as_ref().filter(tells).cloned();
    if survey.is_some() {
        added.extend(PLACE);
    }
    let format = match sink.kind {
        Kind::Events(Some(piped)) => piped,
        _ => EventFormat::of(&sink.target)?,
    };
    let file = match &sink.rotation {
        None => dasc_sink::open_events(&sink.target, format, sink.mode, provenance, &added)?,
        Some(rotation) => dasc_sink::open_event_files(rotation.clone(), sink.mode, provenance, &added),
    };
    Ok(Box::new(Table { file, survey }))
}

/// What a table of channels adds to events.
const PLACE: [Column; 2] = [
    Column { name: "latitude", kind: ColumnKind::Number("deg") },
    Column { name: "longitude", kind: ColumnKind::Number("deg") },
];

struct Table {
    file: Box<dyn EventSink>,
    /// Where the channels lie, if that is known.
    survey: Option<Survey>,
}

impl Table {
    fn append(&mut self, events: &[Event]) -> Result<()> {
        let Some(survey) = &self.survey else { return self.file.append(events) };
        let located: Vec<Event> = events.iter().map(|event| located(event, survey)).collect();
        self.file.append(&located)
    }
}

/// The event with the place of the channel in its middle.
fn located(event: &Event, survey: &Survey) -> Event {
    let mut event = event.clone();
    let place = survey.between((event.channel_lo, event.distance_lo), (event.channel_hi, event.distance_hi));
    if let Some((latitude, longitude)) = place.and_then(|place| place.latitude.zip(place.longitude)) {
        event.extra.extend(PLACE.map(|c| c.name).into_iter().zip([latitude, longitude].map(Cell::Number)));
    }
    event
}

impl Drain for Table {
    fn rows(&mut self, _: usize, _: &RowsView) -> Result<()> {
        Ok(())
    }

    fn statistic(&mut self, _: usize, _: &StatisticView) -> Result<()> {
        Ok(())
    }

    fn events(&mut self, events: &[Event]) -> Result<Taken> {
        if !events.is_empty() {
            self.append(events)?;
        }
        Ok(Taken::Done)
    }

    fn finish(mut self: Box<Self>, events: &[Event]) -> Result<Summary> {
        self.append(events)?;
        self.file.finish()
    }
}
