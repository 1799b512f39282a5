//! From detections, one stretch on one channel each, to events over neighbouring channels with instants and places.

use std::collections::HashMap;

use dasc_ir::graph::{ChannelAxis, Emission, Graph, NodeId, Prim, TimeAxis};
use dasc_runtime::Detection;
use dasc_sink::Event;

use crate::clock::Clock;

/// A step that detects, as far as its events need it.
#[derive(Clone, Debug)]
pub struct Detector {
    /// Position in the graph's outputs.
    pub output: usize,
    name: String,
    unit: String,
    emission: Emission,
    time: TimeAxis,
    channels: Option<ChannelAxis>,
}

impl Detector {
    /// `None` for nodes that detect nothing.
    pub fn new(graph: &Graph, node: NodeId, output: usize) -> Option<Detector> {
        let table = graph.node(node);
        let Prim::Emit(emission) = &table.prim else { return None };
        let level = graph.signal(*table.inputs.first()?)?;
        Some(Detector {
            output,
            name: format!("{} {}", table.operator, emission.detector),
            unit: level.unit.symbol().to_string(),
            emission: emission.clone(),
            time: level.time.clone()?,
            channels: level.channel.clone(),
        })
    }

    /// The events of the detections, numbered later.
    pub fn events(&self, detections: &[Detection], clock: &Clock) -> Vec<Event> {
        let seconds = self.time.period.as_f64();
        let tolerance =
            if seconds > 0.0 { (self.emission.merge_seconds / seconds).floor() as i64 } else { 0 };
        let groups = merge(detections, tolerance, self.emission.merge_channels);
        groups.iter().filter_map(|group| self.event(group, clock)).collect()
    }

    fn event(&self, group: &[Detection], clock: &Clock) -> Option<Event> {
        let peak = group.iter().max_by(|a, b| a.level.total_cmp(&b.level).then(b.peak.cmp(&a.peak)))?;
        let instant = |row: i64| clock.instant(peak.segment, &self.time, row);
        let (low, high) = (group.iter().map(|d| d.channel).min()?, group.iter().map(|d| d.channel).max()?);
        let number = |position: u32| self.channels.as_ref().map_or(0, |axis| axis.number(position));
        let metres =
            |position: u32| self.channels.as_ref().map_or(f64::NAN, |axis| axis.distance_at(position));
        Some(Event {
            id: 0,
            start_ns: instant(group.iter().map(|d| d.first).min()?),
            end_ns: instant(group.iter().map(|d| d.last).max()?),
            peak_ns: instant(peak.peak),
            channel_lo: number(low),
            channel_hi: number(high),
            distance_lo: metres(low),
            distance_hi: metres(high),
            score: peak.level,
            unit: self.unit.clone(),
            detector: self.name.clone(),
        })
    }
}

/// Sorts events by time, then channel, and numbers them from 1.
pub fn number<'a>(events: impl Iterator<Item = &'a mut Event>) {
    let mut events: Vec<&mut Event> = events.collect();
    events.sort_by(|a, b| {
        (a.start_ns, a.channel_lo, a.end_ns, &a.detector).cmp(&(
            b.start_ns,
            b.channel_lo,
            b.end_ns,
            &b.detector,
        ))
    });
    for (id, event) in (1..).zip(events) {
        event.id = id;
    }
}

/// Groups detections of channels at most `channels` apart, with at most `rows` rows between them.
fn merge(detections: &[Detection], rows: i64, channels: u32) -> Vec<Vec<Detection>> {
    let mut sorted = detections.to_vec();
    sorted.sort_by_key(|d| (d.segment, d.first, d.channel));
    let last = sorted.iter().map(|d| d.channel).max().unwrap_or(0);
    let mut parent: Vec<usize> = (0..sorted.len()).collect();
    // The latest detection of each channel: earlier ones of the channel end before it begins.
    let mut latest: HashMap<u32, usize> = HashMap::new();
    for (at, d) in sorted.iter().enumerate() {
        for channel in d.channel.saturating_sub(channels)..=d.channel.saturating_add(channels).min(last) {
            let Some(&other) = latest.get(&channel) else { continue };
            let near = sorted.get(other).is_some_and(|o| {
                let touches = o.last.saturating_add(rows) >= d.first;
                // Neighbouring rows of one channel that the detector ended are two events unless merging is asked for.
                o.segment == d.segment && touches && (channel != d.channel || rows > 0)
            });
            if near {
                let (a, b) = (root(&mut parent, other), root(&mut parent, at));
                if let Some(slot) = parent.get_mut(a.max(b)) {
                    *slot = a.min(b);
                }
            }
        }
        latest.insert(d.channel, at);
    }
    let mut groups: Vec<Vec<Detection>> = Vec::new();
    let mut place: HashMap<usize, usize> = HashMap::new();
    for (at, d) in sorted.iter().enumerate() {
        let slot = *place.entry(root(&mut parent, at)).or_insert_with(|| {
            groups.push(Vec::new());
            groups.len() - 1
        });
        if let Some(group) = groups.get_mut(slot) {
            group.push(*d);
        }
    }
    groups
}

fn root(parent: &mut [usize], mut at: usize) -> usize {
    while let Some(&up) = parent.get(at) {
        if up == at {
            break;
        }
        let above = parent.get(up).copied().unwrap_or(up);
        if let Some(slot) = parent.get_mut(at) {
            *slot = above;
        }
        at = above;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(channel: u32, first: i64, last: i64, level: f64) -> Detection {
        Detection { segment: 0, channel, first, last, peak: first, level }
    }

    fn sizes(detections: &[Detection], rows: i64, channels: u32) -> Vec<usize> {
        merge(detections, rows, channels).iter().map(Vec::len).collect()
    }

    #[test]
    fn neighbours_that_overlap_become_one() {
        let front =
            [found(3, 10, 14, 1.0), found(4, 12, 16, 2.0), found(5, 16, 18, 1.0), found(9, 12, 14, 1.0)];
        assert_eq!(sizes(&front, 0, 0), [1, 1, 1, 1]);
        assert_eq!(sizes(&front, 0, 1), [3, 1]);
        assert_eq!(sizes(&front, 0, 5), [4]);
    }

    #[test]
    fn pauses_are_bridged_only_when_asked() {
        let two = [found(0, 10, 14, 1.0), found(0, 17, 20, 2.0)];
        assert_eq!(sizes(&two, 0, 0), [1, 1]);
        assert_eq!(sizes(&two, 2, 0), [1, 1]);
        assert_eq!(sizes(&two, 3, 0), [2]);
    }

    #[test]
    fn a_detection_that_links_two_groups_joins_them() {
        let three = [found(0, 0, 9, 1.0), found(2, 0, 9, 1.0), found(1, 5, 9, 1.0)];
        assert_eq!(sizes(&three, 0, 1), [3]);
        let gap = [found(0, 0, 9, 1.0), Detection { segment: 1, ..found(1, 5, 9, 1.0) }];
        assert_eq!(sizes(&gap, 0, 1), [1, 1]);
    }
}
