//! Flows of events while a script is bound: where each comes from, and what is known of its events.

use dasc_dql::Step;
use dasc_events::ops::{Bound, Context, Entry};
use dasc_events::{Event, EventsType, Group};
use dasc_ir::Result;
use dasc_ir::graph::{ChannelAxis, Emission, Graph, NodeId, Prim, TimeAxis};

use crate::bind::Assembly;
use crate::clock::Clock;

/// A flow of events.
#[derive(Debug)]
pub struct EventFlow {
    pub ty: EventsType,
    pub origin: Origin,
}

/// What makes the events of a flow.
#[derive(Debug)]
pub enum Origin {
    Detector(Detector),
    /// An operator on the events of earlier flows, all together.
    Operator {
        operator: Bound,
        inputs: Vec<usize>,
    },
}

/// A step that detects, as far as its events need it.
#[derive(Clone, Debug)]
pub struct Detector {
    /// The table of its detections.
    pub node: NodeId,
    name: String,
    unit: String,
    emission: Emission,
    time: TimeAxis,
    channels: Option<ChannelAxis>,
}

impl EventFlow {
    /// The events of a table; `None` for nodes that detect nothing.
    pub fn detected(graph: &Graph, node: NodeId) -> Option<EventFlow> {
        let table = graph.node(node);
        let Prim::Emit(emission) = &table.prim else { return None };
        let level = graph.signal(*table.inputs.first()?)?;
        let detector = Detector {
            node,
            name: format!("{} {}", table.operator, emission.detector),
            unit: level.unit.symbol().to_string(),
            emission: emission.clone(),
            time: level.time.clone()?,
            channels: level.channel.clone(),
        };
        let ty = EventsType { unit: Some(detector.unit.clone()), columns: Vec::new() };
        Some(EventFlow { ty, origin: Origin::Detector(detector) })
    }

    /// What an operator makes of the events of earlier flows.
    pub fn made(assembly: &Assembly, step: &Step, entry: &Entry, inputs: &[usize]) -> Result<EventFlow> {
        let input = together(&assembly.events, inputs);
        let script = assembly.script;
        let context = Context { input: &input, folder: &script.folder, models: script.models.as_ref() };
        let operator = (entry.bind)(&step.args, step.span, &context)?;
        Ok(EventFlow {
            ty: operator.ty.clone(),
            origin: Origin::Operator { operator, inputs: inputs.to_vec() },
        })
    }
}

/// What is known of the events of several flows.
pub fn together(flows: &[EventFlow], numbers: &[usize]) -> EventsType {
    let types = numbers.iter().filter_map(|number| flows.get(*number)).map(|flow| flow.ty.clone());
    types.reduce(|a, b| a.union(&b)).unwrap_or_default()
}

impl Detector {
    /// Rows that may lie between stretches of one event.
    pub fn tolerance(&self) -> i64 {
        let seconds = self.time.period.as_f64();
        if seconds > 0.0 { (self.emission.merge_seconds / seconds).floor() as i64 } else { 0 }
    }

    /// Channels that may lie between stretches of one event.
    pub fn neighbours(&self) -> u32 {
        self.emission.merge_channels
    }

    /// The instant of a row of the level.
    pub fn instant(&self, clock: &Clock, segment: usize, row: i64) -> i64 {
        clock.instant(segment, &self.time, row)
    }

    /// The event of a group of stretches.
    pub fn event(&self, group: &Group, clock: &Clock) -> Event {
        let instant = |row: i64| self.instant(clock, group.segment, row);
        let number = |position: u32| self.channels.as_ref().map_or(0, |axis| axis.number(position));
        let metres =
            |position: u32| self.channels.as_ref().map_or(f64::NAN, |axis| axis.distance_at(position));
        let (low, high) = group.channels;
        Event {
            id: 0,
            start_ns: instant(group.first),
            end_ns: instant(group.last),
            peak_ns: instant(group.peak),
            channel_lo: number(low),
            channel_hi: number(high),
            start_channel: number(group.first_channel),
            peak_channel: number(group.peak_channel),
            distance_lo: metres(low),
            distance_hi: metres(high),
            score: group.level,
            unit: self.unit.clone(),
            detector: self.name.clone(),
            ..Event::default()
        }
    }
}
