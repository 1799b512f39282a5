//! CUT: the signal around events, as a second run over the record once its events are known.
//!
//! Every cut is a slice of the flow in the same graph, so that its rows are those of the whole flow by bits. A few sinks
//! at a time are made in one run; between runs nothing is held but the events.

use std::collections::{BTreeSet, HashMap, VecDeque};

use dasc_dql::Step;
use dasc_dql::statements::{Cut, CutChannels};
use dasc_events::Event;
use dasc_ir::graph::{ChannelAxis, Graph, Labels, NodeId, Role, Rows, TimeAxis};
use dasc_ir::{Blame, Diag, Result, Span};
use dasc_sink::Target;

use crate::bind::{Assembly, Flow, Pipeline};
use crate::clock::Clock;
use crate::names;
use crate::script::Script;
use crate::sinks::{self, SinkSpec};

/// The most files that cuts make for one record.
const MOST_FILES: usize = 1000;

/// The most sinks that are made in one run.
const AT_ONCE: usize = 32;

/// A CUT before the run.
#[derive(Debug)]
pub struct CutSpec {
    pub span: Span,
    /// The flows of events that are cut out, all together.
    pub events: Vec<usize>,
    /// Nanoseconds before the start and after the end of an event.
    before: i64,
    after: i64,
    channels: CutChannels,
    node: NodeId,
    muted: BTreeSet<i64>,
    /// The sinks behind it, with `{id}` and `{start}` still in their names.
    pub sinks: Vec<SinkSpec>,
}

/// The sinks of cuts, made ready for runs.
pub struct Cuts {
    /// Those still to be made.
    sinks: VecDeque<SinkSpec>,
    /// For each of these the node that it drains and the id of its event.
    nodes: VecDeque<(NodeId, u64)>,
    files: usize,
    /// What was not as asked, in words.
    pub notes: Vec<String>,
    /// Whether some of what was asked is left out.
    pub lossy: bool,
}

/// The flow behind a CUT.
pub fn begin(assembly: &mut Assembly, step: &Step, flow: Flow) -> Result<Flow> {
    let Cut { events, pad, before, after, channels } = Cut::from_args(&step.args, step.span)?;
    assembly.b.enter(Cut::SCHEMA.name, Some(step.span));
    if assembly.record.header().is_live() {
        return Err(assembly
            .b
            .diag("reads the record again around each event, and a live stream has gone by then")
            .help("record it with WRITE and cut the record"));
    }
    let name = events.0;
    let from = step.branches.iter().find(|(known, _)| *known == name).map(|(_, from)| *from);
    let Some(other) = from.and_then(|from| assembly.flows.get(&from)) else {
        return Err(Diag::usage(format!("the flow `{name}` belongs to another READ"))
            .at(step.span)
            .help("cut around events of the same READ"));
    };
    if other.events.is_empty() {
        return Err(Diag::usage(format!("the flow `{name}` has no events: nothing before it detects any"))
            .at(step.span)
            .help("name the flow after a detection: THRESHOLD_DETECT -30 AS quakes"));
    }
    let sides = (before.is_some(), after.is_some());
    let (first, last) = match pad.as_slice() {
        [both] => (*both, *both),
        [first, last] => (*first, *last),
        _ => {
            return Err(Diag::usage(format!("PAD has {} durations", pad.len()))
                .at(step.span)
                .help("one for both sides, or two: PAD=[5s,30s] begins 5 s before and ends 30 s after"));
        }
    };
    let (before, after) = (before.unwrap_or(first), after.unwrap_or(last));
    let name = |own, given: bool| if given { own } else { "PAD" };
    let pads = [(name("BEFORE", sides.0), before.0), (name("AFTER", sides.1), after.0)];
    if let Some((name, value)) = pads.iter().find(|(_, value)| !(0.0..=86_400.0).contains(value)) {
        return Err(Diag::usage(format!("{name} is {value} s"))
            .at(step.span)
            .help("it lies between 0 s and a day"));
    }
    let b = &assembly.b;
    b.time(flow.node)?;
    if channels == CutChannels::Event {
        let numbered = |axis: &ChannelAxis| !matches!(axis.labels, Labels::Wavenumbers { .. });
        if !b.signal(flow.node)?.channel.as_ref().is_some_and(numbered) {
            return Err(b
                .diag("needs a channel axis for CHANNELS=event, which its input does not have")
                .help("leave CHANNELS out"));
        }
    }
    let events = other.events.clone();
    events.iter().for_each(|events| assembly.observe_events(*events));
    assembly.cuts.push(CutSpec {
        span: step.span,
        events,
        before: (before.0 * 1e9).round() as i64,
        after: (after.0 * 1e9).round() as i64,
        channels,
        node: flow.node,
        muted: flow.muted.clone(),
        sinks: Vec::new(),
    });
    Ok(Flow { cut: Some(assembly.cuts.len() - 1), ..flow })
}

/// A step behind a CUT: a sink, prepared as far as it can be without an event.
pub fn follow(assembly: &mut Assembly, step: &Step, flow: &Flow, number: usize) -> Result<()> {
    if !["WRITE", "PLOT_TS", "PLOT_HEATMAP", "PLOT_SPEC"].contains(&step.keyword.as_str()) {
        return Err(Diag::usage(format!("{} cannot follow CUT", step.keyword)).at(step.span).help(
            match step.keyword.as_str() {
                "EVENTS" => "write the events of their own flow: FROM quakes | EVENTS events.parquet",
                _ => "put it before the CUT, which only WRITE and PLOT steps follow",
            },
        ));
    }
    let outputs = assembly.outputs.len();
    assembly.b.enter(&step.keyword, Some(step.span));
    let sink = sinks::prepare(assembly, &named(step, "{id}", "{start}"), &bare(flow));
    assembly.outputs.truncate(outputs);
    let sink = sink?;
    let tells = match &sink.target {
        Target::File(path) => ["{id}", "{start}"].iter().any(|field| path.to_string_lossy().contains(field)),
        Target::Stdout | Target::Hook(_) => false,
    };
    if !tells {
        return Err(Diag::usage(format!(
            "{} is made for every event, and all would have one name",
            step.keyword
        ))
        .at(step.span)
        .help(format!(
            "put {{id}} or {{start}} into the name: {} 'cut-{{id}}.{}'",
            step.keyword,
            match step.keyword.as_str() {
                "WRITE" => "npy",
                _ => "png",
            }
        )));
    }
    if let Some(cut) = assembly.cuts.get_mut(number) {
        cut.sinks.push(sink);
    }
    Ok(())
}

/// The step with the fields of an event.
fn named(step: &Step, id: &str, start: &str) -> Step {
    let mut step = step.clone();
    step.bindings.extend([("id".to_string(), id.to_string()), ("start".to_string(), start.to_string())]);
    step
}

/// The flow without its events, which sinks would mark.
fn bare(flow: &Flow) -> Flow {
    Flow { events: Vec::new(), ..flow.clone() }
}

/// Whether more events would make too many files.
pub fn enough(cut: &CutSpec, events: usize) -> Result<()> {
    let files = events.saturating_mul(cut.sinks.len());
    if files <= MOST_FILES {
        return Ok(());
    }
    Err(Diag::usage(format!("CUT would make more than {MOST_FILES} files"))
        .at(cut.span)
        .help("keep fewer events: join near ones with MERGE, or choose with WHERE"))
}

/// Prepares the sinks of all events. `found` are the events of each cut.
pub fn prepare(script: &Script, pipeline: Pipeline, found: &[Vec<Event>]) -> Result<(Pipeline, Cuts)> {
    let Pipeline { record, b, cuts, sinks: earlier, .. } = pipeline;
    let total = cuts.iter().zip(found).map(|(cut, events)| cut.sinks.len().saturating_mul(events.len()));
    if total.fold(0, usize::saturating_add) > MOST_FILES {
        return Err(Diag::usage(format!(
            "the CUTs of '{}' would make more than {MOST_FILES} files",
            record.name
        ))
        .help("keep fewer events: join near ones with MERGE, or choose with WHERE"));
    }
    let mut assembly = Assembly {
        script,
        record,
        b,
        outputs: Vec::new(),
        events: Vec::new(),
        steps: Vec::new(),
        sinks: Vec::new(),
        cuts: Vec::new(),
        flows: HashMap::new(),
    };
    let (mut made, mut nodes, mut notes) = (Vec::new(), VecDeque::new(), Vec::new());
    let mut lossy = false;
    for (cut, events) in cuts.iter().zip(found) {
        let mut short = Vec::new();
        let mut refused: Vec<(Vec<String>, Option<Diag>)> = vec![Default::default(); cut.sinks.len()];
        for event in events {
            assembly.b.enter(Cut::SCHEMA.name, Some(cut.span));
            let Some((node, whole)) = around(&mut assembly, cut, event)? else {
                notes.push(format!("event {} is not cut out: none of its samples are in the flow", event.id));
                lossy = true;
                continue;
            };
            if !whole {
                short.push(event.id.to_string());
            }
            let flow = Flow { node, events: Vec::new(), muted: cut.muted.clone(), cut: None };
            for (template, refused) in cut.sinks.iter().zip(&mut refused) {
                let lost = || Diag::compiler("cut: a sink without its step");
                let step = script.program.steps.get(template.step).ok_or_else(lost)?;
                let step = named(step, &event.id.to_string(), &names::instant(event.start_ns));
                assembly.b.enter(&step.keyword, Some(step.span));
                let sink = match sinks::prepare(&mut assembly, &step, &flow) {
                    Ok(sink) => sink,
                    // The whole flow suits the step, or the script had been refused: it is this cut that does not.
                    Err(diag) if diag.blame == Blame::Usage => {
                        refused.0.push(event.id.to_string());
                        refused.1.get_or_insert(diag);
                        continue;
                    }
                    Err(diag) => return Err(diag),
                };
                let node = sink.output.and_then(|output| assembly.outputs.get(output)).copied();
                nodes.push_back((node.ok_or_else(lost)?, event.id));
                made.push(sink);
            }
        }
        let all = events.len();
        if !short.is_empty() {
            let count = short.len();
            notes.push(format!("{count} of {all} cuts end early, at an end of the data: {}", listed(&short)));
        }
        for (template, (ids, first)) in cut.sinks.iter().zip(&refused) {
            let Some(first) = first else { continue };
            lossy = true;
            let (keyword, count) = (&template.keyword, ids.len());
            let (listed, why) = (listed(ids), &first.message);
            notes.push(format!("{keyword} is left out of {count} of {all} cuts: {listed}; {why}"));
        }
    }
    names::check_cuts(&earlier, &made, &assembly.record)?;
    let files = made.len();
    Ok((assembly.finish(), Cuts { sinks: made.into(), nodes, files, notes, lossy }))
}

/// `events 2, 5`, the first few.
fn listed(ids: &[String]) -> String {
    let shown: Vec<&str> = ids.iter().take(8).map(String::as_str).collect();
    let more = if ids.len() > shown.len() { " …" } else { "" };
    format!("event{} {}{more}", if ids.len() == 1 { "" } else { "s" }, shown.join(", "))
}

impl Cuts {
    /// How many files there are, made or not.
    pub fn files(&self) -> usize {
        self.files
    }

    /// Puts the next sinks into the pipeline, and answers with the ids of their events; `None` when all are made.
    pub fn next(&mut self, pipeline: &mut Pipeline) -> Option<Vec<u64>> {
        let count = self.sinks.len().min(AT_ONCE);
        let mut outputs: Vec<NodeId> = Vec::new();
        let (mut sinks, mut ids) = (Vec::new(), Vec::new());
        for (sink, (node, id)) in self.sinks.drain(..count).zip(self.nodes.drain(..count)) {
            let output = outputs.iter().position(|known| *known == node).unwrap_or_else(|| {
                outputs.push(node);
                outputs.len() - 1
            });
            sinks.push(SinkSpec { output: Some(output), ..sink });
            ids.push(id);
        }
        pipeline.sinks = sinks;
        pipeline.graph = Graph { outputs, ..pipeline.b.graph().clone() };
        (!ids.is_empty()).then_some(ids)
    }
}

/// The slice of the flow around an event, and whether it is as long as asked; `None` where it has no rows.
fn around(assembly: &mut Assembly, cut: &CutSpec, event: &Event) -> Result<Option<(NodeId, bool)>> {
    let axis = assembly.b.time(cut.node)?.clone();
    let (low, high) = (event.start_ns.saturating_sub(cut.before), event.end_ns.saturating_add(cut.after));
    let segments = &assembly.record.header().segments;
    // An event lies in the last stretch that begins before it.
    let segment = segments.iter().rposition(|segment| segment.start_ns <= event.start_ns).unwrap_or(0);
    let clock = assembly.record.clock();
    let Rows::Segments(ranges) = &axis.rows else {
        return Err(assembly.b.diag("cannot cut a stream without an end"));
    };
    let (Some(first), Some(&range)) = (ranges.first(), ranges.get(segment)) else { return Ok(None) };
    let rows = (
        first_row(&clock, segment, &axis, range, low),
        first_row(&clock, segment, &axis, range, high.saturating_add(1)),
    );
    if rows.0 >= rows.1 {
        return Ok(None);
    }
    let at = |row| clock.instant(segment, &axis, row);
    // A row before or after would have belonged to it as well.
    let whole =
        (rows.0 > range.0 || at(range.0.saturating_sub(1)) < low) && (rows.1 < range.1 || at(range.1) > high);
    let offset = |row: i64| row.saturating_sub(first.0).max(0).unsigned_abs();
    let mut node = assembly.b.slice(cut.node, Role::Time, offset(rows.0), offset(rows.1), 1)?;
    if cut.channels == CutChannels::Event {
        let channels = assembly.b.signal(node)?.channel.clone();
        let axis = channels.ok_or_else(|| Diag::compiler("cut: a flow that lost its channels"))?;
        let own = |position: &u32| {
            let number = axis.number(*position);
            (event.channel_lo.min(event.channel_hi)..=event.channel_lo.max(event.channel_hi))
                .contains(&number)
        };
        let (Some(from), Some(to)) = ((0..axis.len).find(own), (0..axis.len).rev().find(own)) else {
            return Ok(None);
        };
        node = assembly.b.slice(node, Role::Channel, from.into(), u64::from(to) + 1, 1)?;
    }
    Ok(Some((node, whole)))
}

/// The first row of a range at or after an instant; its end if there is none.
fn first_row(clock: &Clock, segment: usize, axis: &TimeAxis, range: (i64, i64), instant: i64) -> i64 {
    let (mut low, mut high) = range;
    while low < high {
        let middle = low + (high - low) / 2;
        if clock.instant(segment, axis, middle) < instant {
            low = middle.saturating_add(1);
        } else {
            high = middle;
        }
    }
    low
}
