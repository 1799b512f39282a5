//! Chains of events that are near each other: connected components, found while events come.

use std::collections::BTreeSet;

use crate::Event;

/// When two events belong together.
pub trait Nearness: Clone + Send {
    /// Whether an event belongs to an earlier one.
    fn near(&self, earlier: &Event, event: &Event) -> bool;

    /// The last start that an event near this one can have.
    fn last_start(&self, earlier: &Event) -> i64;
}

/// A chain of events.
#[derive(Clone, Debug)]
pub struct Chain {
    /// All of them as one.
    pub event: Event,
    /// How many they are.
    pub count: u64,
    /// Numbers of the channels on which members begin.
    pub channels: BTreeSet<i64>,
    /// Those that later events can still be near.
    live: Vec<Event>,
}

/// The chains that may still grow.
#[derive(Clone, Debug)]
pub struct Groups<N> {
    nearness: N,
    open: Vec<Chain>,
}

impl<N: Nearness> Groups<N> {
    pub fn new(nearness: N) -> Groups<N> {
        Groups { nearness, open: Vec::new() }
    }

    /// Takes the next event in order.
    pub fn push(&mut self, event: Event) {
        let near = |chain: &Chain| chain.live.iter().any(|earlier| self.nearness.near(earlier, &event));
        let mut joined: Option<Chain> = None;
        let mut rest = Vec::with_capacity(self.open.len().saturating_add(1));
        for chain in std::mem::take(&mut self.open) {
            if !near(&chain) {
                rest.push(chain);
            } else {
                joined = Some(match joined {
                    None => chain,
                    Some(first) => first.and(chain),
                });
            }
        }
        let alone = Chain {
            count: 1,
            channels: BTreeSet::from([event.channel_lo]),
            live: vec![event.clone()],
            event,
        };
        rest.push(match joined {
            None => alone,
            Some(chain) => chain.and(alone),
        });
        self.open = rest;
    }

    /// Ends chains that no event from `watermark` on can be near, and answers with the earliest start of those still open.
    pub fn until(&mut self, watermark: i64, mut done: impl FnMut(Chain)) -> i64 {
        let mut earliest = watermark;
        let mut open = Vec::new();
        for mut chain in std::mem::take(&mut self.open) {
            chain.live.retain(|event| self.nearness.last_start(event) >= watermark);
            if chain.live.is_empty() {
                done(chain);
            } else {
                earliest = earliest.min(chain.event.start_ns);
                open.push(chain);
            }
        }
        self.open = open;
        earliest
    }

    pub fn finish(&mut self, done: impl FnMut(Chain)) {
        std::mem::take(&mut self.open).into_iter().for_each(done);
    }

    pub fn held(&self) -> usize {
        self.open.iter().map(|chain| chain.live.len()).sum()
    }
}

impl Chain {
    fn and(mut self, other: Chain) -> Chain {
        self.event = combined(self.event, &other.event);
        self.count = self.count.saturating_add(other.count);
        self.channels.extend(other.channels);
        self.live.extend(other.live);
        self
    }
}

/// Two events as one: their hull in time and space, the peak and added columns of the stronger, the earlier one's detector.
pub fn combined(a: Event, b: &Event) -> Event {
    let stronger = match a.score.total_cmp(&b.score) {
        std::cmp::Ordering::Less => true,
        std::cmp::Ordering::Equal => b.peak_ns < a.peak_ns,
        std::cmp::Ordering::Greater => false,
    };
    let (low, high) =
        (if b.channel_lo < a.channel_lo { b } else { &a }, if b.channel_hi > a.channel_hi { b } else { &a });
    let strong = if stronger { b } else { &a };
    let first = if a.precedes(b).is_le() { &a } else { b };
    Event {
        id: 0,
        start_ns: a.start_ns.min(b.start_ns),
        end_ns: a.end_ns.max(b.end_ns),
        peak_ns: strong.peak_ns,
        channel_lo: low.channel_lo,
        channel_hi: high.channel_hi,
        start_channel: first.start_channel,
        peak_channel: strong.peak_channel,
        distance_lo: low.distance_lo,
        distance_hi: high.distance_hi,
        score: strong.score,
        unit: strong.unit.clone(),
        detector: first.detector.clone(),
        passes: strong.passes,
        extra: strong.extra.clone(),
    }
}

/// Seconds as nanoseconds, without going beyond an i64.
pub fn nanoseconds(seconds: f64) -> i64 {
    // A float becomes the nearest integer of the type, and NaN zero.
    (seconds * 1e9).round() as i64
}

/// Metres between two stretches of fibre; 0 where they overlap. Where distances are unknown, between channel numbers.
pub fn apart(a: &Event, b: &Event) -> f64 {
    let ((a_low, a_high), (b_low, b_high)) = (a.reach(), b.reach());
    (b_low - a_high).max(a_low - b_high).max(0.0)
}
