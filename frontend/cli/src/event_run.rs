//! Flows of events during a run: detections become events, pass through operators and reach sinks as soon as they are ready.

use dasc_events::{Event, Merging, Order, Ready, Stage, Stretch};
use dasc_io::Segment;
use dasc_runtime::Detection;

use crate::bind::Pipeline;
use crate::clock::Clock;
use crate::event_flow::{Detector, Origin};

/// All flows of events of a pipeline at work, in the order of the pipeline.
pub struct EventRun {
    flows: Vec<Working>,
    clock: Clock,
    /// How many stretches there are; of a live stream nobody knows.
    segments: usize,
    /// For each sink and then each cut, the flows it takes together.
    joints: Vec<Joint>,
    /// Events that detectors have found.
    pub found: u64,
}

enum Working {
    Detector(Box<Source>),
    Operator { joint: Joint, stage: Stage },
}

/// A detector with what it has found.
struct Source {
    detector: Detector,
    /// Its place among the graph's outputs, if anyone takes its events.
    output: Option<usize>,
    merging: Merging,
    order: Order,
    watermark: i64,
}

/// Several flows as one, in order; one alone passes as it is.
struct Joint {
    inputs: Vec<usize>,
    order: Order,
}

impl EventRun {
    pub fn new(pipeline: &Pipeline) -> EventRun {
        let working = |flow: &crate::event_flow::EventFlow| match &flow.origin {
            Origin::Detector(detector) => Working::Detector(Box::new(Source {
                output: pipeline.graph.outputs.iter().position(|node| *node == detector.node),
                merging: Merging::new(detector.tolerance(), detector.neighbours()),
                detector: detector.clone(),
                order: Order::default(),
                watermark: i64::MIN,
            })),
            Origin::Operator { operator, inputs } => Working::Operator {
                joint: Joint { inputs: inputs.clone(), order: Order::default() },
                stage: Stage::new(operator.start()),
            },
        };
        let sinks = pipeline.sinks.iter().map(|sink| &sink.events);
        let takers = sinks.chain(pipeline.cuts.iter().map(|cut| &cut.events));
        let header = pipeline.record.header();
        EventRun {
            flows: pipeline.events.iter().map(working).collect(),
            clock: pipeline.record.clock(),
            segments: if header.is_live() { usize::MAX } else { header.segments.len() },
            joints: takers.map(|inputs| Joint { inputs: inputs.clone(), order: Order::default() }).collect(),
            found: 0,
        }
    }

    /// Another stretch follows.
    pub fn goes_on(&mut self, segment: Segment) {
        self.clock.goes_on(segment);
    }

    /// Takes detections of an output, in order.
    pub fn detected(&mut self, output: usize, detections: &[Detection]) {
        for source in sources(&mut self.flows).filter(|source| source.output == Some(output)) {
            let mut done = Vec::new();
            for d in detections {
                let Detection { segment, channel, first, last, peak, level } = *d;
                source.merging.push(Stretch { segment, channel, first, last, peak, level }, &mut done);
            }
            let events = done.iter().map(|group| source.detector.event(group, &self.clock));
            source.order.put(events);
        }
    }

    /// Learns that no later detection of an output begins before a row.
    pub fn settled(&mut self, output: usize, segment: usize, row: i64) {
        let over = segment >= self.segments;
        for source in sources(&mut self.flows).filter(|source| source.output == Some(output)) {
            let mut done = Vec::new();
            if over {
                source.merging.finish(&mut done);
            } else {
                source.merging.until(segment, row, &mut done);
            }
            source.order.put(done.iter().map(|group| source.detector.event(group, &self.clock)));
            let here = if over { i64::MAX } else { source.detector.instant(&self.clock, segment, row) };
            let open = source.merging.earliest();
            let open = open.map(|(segment, first)| source.detector.instant(&self.clock, segment, first));
            // Stretches whose clocks overlap could set it back.
            source.watermark = source.watermark.max(open.map_or(here, |open| open.min(here)));
        }
    }

    /// Moves what is ready through the operators: for each sink, and then each cut, the events that reach it.
    pub fn advance(&mut self) -> Vec<Vec<Event>> {
        self.moved(false)
    }

    /// All that is left, for each sink and cut.
    pub fn finish(&mut self) -> Vec<Vec<Event>> {
        self.moved(true)
    }

    fn moved(&mut self, last: bool) -> Vec<Vec<Event>> {
        let mut ready: Vec<Ready> = Vec::with_capacity(self.flows.len());
        for flow in &mut self.flows {
            let next = match flow {
                Working::Detector(source) => {
                    let watermark = if last { i64::MAX } else { source.watermark };
                    let events = if last {
                        source.order.rest_numbered()
                    } else {
                        source.order.take_numbered(watermark)
                    };
                    self.found = self.found.saturating_add(events.len() as u64);
                    Ready { events, watermark }
                }
                Working::Operator { joint, stage } => {
                    let Ready { events, watermark } = joint.take(&ready, last);
                    let mut next = stage.push(events, watermark);
                    if last {
                        next.events.extend(stage.finish());
                        next.watermark = i64::MAX;
                    }
                    next
                }
            };
            ready.push(next);
        }
        self.joints.iter_mut().map(|joint| joint.take(&ready, last).events).collect()
    }
}

fn sources(flows: &mut [Working]) -> impl Iterator<Item = &mut Source> {
    flows.iter_mut().filter_map(|flow| match flow {
        Working::Detector(source) => Some(source.as_mut()),
        Working::Operator { .. } => None,
    })
}

impl Joint {
    fn take(&mut self, ready: &[Ready], last: bool) -> Ready {
        let inputs = || self.inputs.iter().filter_map(|input| ready.get(*input));
        let watermark = inputs().map(|ready| ready.watermark).min().unwrap_or(i64::MAX);
        let events: Vec<Event> = inputs().flat_map(|ready| ready.events.iter().cloned()).collect();
        if self.inputs.len() <= 1 {
            return Ready { events, watermark };
        }
        self.order.put(events);
        let events = if last { self.order.rest_numbered() } else { self.order.take_numbered(watermark) };
        Ready { events, watermark }
    }
}
