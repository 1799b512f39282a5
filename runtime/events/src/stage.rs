//! One operator at work: a step that sees events one by one, and the order in which its results leave.

use crate::{Event, Order};

/// The state of an operator. Events come in order of start; what a step does may depend on them alone.
pub trait Step: Send {
    /// Takes the next event; what is finished by it goes to `out`, in any order.
    fn event(&mut self, event: Event, out: &mut Vec<Event>);

    /// Learns that no later event begins before `watermark`, and answers with an instant before which none of its own
    /// later results begin: at most `watermark`.
    fn until(&mut self, watermark: i64, out: &mut Vec<Event>) -> i64;

    /// Learns that no event will come any more.
    fn finish(&mut self, out: &mut Vec<Event>);

    /// A copy in the same state: saved, it can be gone on from later.
    fn saved(&self) -> Box<dyn Step>;

    /// Whether results are events it was given, which keep their ids.
    fn keeps_ids(&self) -> bool {
        false
    }

    /// How many events it holds.
    fn held(&self) -> usize;
}

/// Events that are ready, and the instant before which no more will begin.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ready {
    pub events: Vec<Event>,
    pub watermark: i64,
}

/// A step with the order of its results.
pub struct Stage {
    step: Box<dyn Step>,
    order: Order,
}

impl Stage {
    pub fn new(step: Box<dyn Step>) -> Stage {
        Stage { step, order: Order::default() }
    }

    /// Takes events in order, none of which begins before the last watermark.
    pub fn push(&mut self, events: Vec<Event>, watermark: i64) -> Ready {
        let mut out = Vec::new();
        for event in events {
            // A step is told of every event's start as a watermark, so that batches cannot be told apart.
            self.step.until(event.start_ns, &mut out);
            self.step.event(event, &mut out);
        }
        let watermark = self.step.until(watermark, &mut out);
        self.order.put(out);
        let events = if self.step.keeps_ids() {
            self.order.take(watermark)
        } else {
            self.order.take_numbered(watermark)
        };
        Ready { events, watermark }
    }

    /// The rest, when nothing will come any more.
    pub fn finish(&mut self) -> Vec<Event> {
        let mut out = Vec::new();
        self.step.finish(&mut out);
        self.order.put(out);
        if self.step.keeps_ids() { self.order.rest() } else { self.order.rest_numbered() }
    }

    /// The state, to be gone on from later.
    pub fn saved(&self) -> Stage {
        Stage { step: self.step.saved(), order: self.order.clone() }
    }

    /// How many events are held.
    pub fn held(&self) -> usize {
        self.step.held().saturating_add(self.order.len())
    }
}
