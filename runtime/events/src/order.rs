//! Events that become ready in any order, given out in the one order of every flow.

use crate::Event;

/// Holds events until nothing can come before them.
#[derive(Clone, Debug, Default)]
pub struct Order {
    held: Vec<Event>,
    given: u64,
}

impl Order {
    pub fn put(&mut self, events: impl IntoIterator<Item = Event>) {
        self.held.extend(events);
    }

    /// Those that begin before the watermark, in order.
    pub fn take(&mut self, watermark: i64) -> Vec<Event> {
        let (mut ready, held): (Vec<Event>, Vec<Event>) =
            std::mem::take(&mut self.held).into_iter().partition(|event| event.start_ns < watermark);
        self.held = held;
        ready.sort_by(Event::precedes);
        ready
    }

    /// As [`Order::take`], numbered from 1 over the life of this order.
    pub fn take_numbered(&mut self, watermark: i64) -> Vec<Event> {
        let mut ready = self.take(watermark);
        self.number(&mut ready);
        ready
    }

    /// All that is left, in order.
    pub fn rest(&mut self) -> Vec<Event> {
        let mut ready = std::mem::take(&mut self.held);
        ready.sort_by(Event::precedes);
        ready
    }

    pub fn rest_numbered(&mut self) -> Vec<Event> {
        let mut ready = self.rest();
        self.number(&mut ready);
        ready
    }

    fn number(&mut self, events: &mut [Event]) {
        for event in events {
            self.given = self.given.saturating_add(1);
            event.id = self.given;
        }
    }

    pub fn len(&self) -> usize {
        self.held.len()
    }

    pub fn is_empty(&self) -> bool {
        self.held.is_empty()
    }
}
