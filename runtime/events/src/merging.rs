//! From stretches, each on one channel, to groups over neighbouring channels, as the stretches come.

use std::collections::{BTreeMap, HashMap};

/// A stretch of rows on one channel in which a detector was on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stretch {
    pub segment: usize,
    /// Position of the channel.
    pub channel: u32,
    /// First and last row, and the row of the highest level.
    pub first: i64,
    pub last: i64,
    pub peak: i64,
    pub level: f64,
}

/// Stretches that belong together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Group {
    pub segment: usize,
    pub first: i64,
    pub last: i64,
    /// Row of the highest level.
    pub peak: i64,
    pub level: f64,
    /// Positions of the channels of the first row and of the peak; of several the lowest.
    pub first_channel: u32,
    pub peak_channel: u32,
    /// Positions of the outermost channels.
    pub channels: (u32, u32),
    pub stretches: u64,
}

/// Groups stretches of channels at most `channels` apart, with at most `rows` rows between them. A chain of stretches that are
/// near each other is one group.
#[derive(Clone, Debug)]
pub struct Merging {
    rows: i64,
    channels: u32,
    segment: usize,
    /// Groups that may still grow, by a number that rises with their first stretch.
    open: BTreeMap<u64, Group>,
    /// The latest stretch of each channel: its group and its last row. Earlier ones of the channel end before it begins.
    latest: HashMap<u32, (u64, i64)>,
    next: u64,
}

impl Merging {
    pub fn new(rows: i64, channels: u32) -> Merging {
        let rows = rows.max(0);
        Merging { rows, channels, segment: 0, open: BTreeMap::new(), latest: HashMap::new(), next: 0 }
    }

    /// Takes the next stretch, in order of segment, first row and channel; groups that it ends go to `done`.
    pub fn push(&mut self, stretch: Stretch, done: &mut Vec<Group>) {
        self.until(stretch.segment, stretch.first, done);
        let mut group = Group {
            segment: stretch.segment,
            first: stretch.first,
            last: stretch.last,
            peak: stretch.peak,
            level: stretch.level,
            first_channel: stretch.channel,
            peak_channel: stretch.channel,
            channels: (stretch.channel, stretch.channel),
            stretches: 1,
        };
        let number = self.next;
        self.next = self.next.saturating_add(1);
        let reach =
            stretch.channel.saturating_sub(self.channels)..=stretch.channel.saturating_add(self.channels);
        let near = |channel: u32, last: i64| {
            // Neighbouring rows of one channel that the detector ended are two groups unless merging is asked for.
            last.saturating_add(self.rows) >= stretch.first && (channel != stretch.channel || self.rows > 0)
        };
        let mut joined: Vec<u64> = if self.latest.len() as u64 <= 2 * u64::from(self.channels) {
            let within = self.latest.iter().filter(|(channel, _)| reach.contains(channel));
            within.filter(|(channel, (_, last))| near(**channel, *last)).map(|(_, (of, _))| *of).collect()
        } else {
            let known = reach.filter_map(|channel| Some((channel, *self.latest.get(&channel)?)));
            known.filter(|(channel, (_, last))| near(*channel, *last)).map(|(_, (of, _))| of).collect()
        };
        joined.sort_unstable();
        joined.dedup();
        let kept = joined.first().copied().unwrap_or(number);
        for other in &joined {
            if let Some(other) = self.open.remove(other) {
                group = other.and(&group);
            }
        }
        if joined.len() > 1 {
            for (of, _) in self.latest.values_mut().filter(|(of, _)| joined.contains(of)) {
                *of = kept;
            }
        }
        self.open.insert(kept, group);
        self.latest.insert(stretch.channel, (kept, stretch.last));
    }

    /// Learns that no later stretch begins before `row` of `segment`.
    pub fn until(&mut self, segment: usize, row: i64, done: &mut Vec<Group>) {
        if segment != self.segment {
            self.finish(done);
            self.segment = segment;
        }
        let reach = self.rows;
        let over = |group: &Group| group.last.saturating_add(reach) < row;
        if !self.open.values().any(over) {
            return;
        }
        self.open.retain(|_, group| {
            if over(group) {
                done.push(*group);
            }
            !over(group)
        });
        let open = &self.open;
        self.latest.retain(|_, (of, _)| open.contains_key(of));
    }

    /// Ends all groups.
    pub fn finish(&mut self, done: &mut Vec<Group>) {
        done.extend(std::mem::take(&mut self.open).into_values());
        self.latest.clear();
    }

    /// Segment and first row of the earliest group that is still open.
    pub fn earliest(&self) -> Option<(usize, i64)> {
        self.open.values().map(|group| (group.segment, group.first)).min()
    }
}

impl Group {
    /// Both as one. The earlier of two peaks of the same level is the peak, then that of the lower channel.
    fn and(self, other: &Group) -> Group {
        let higher = match other.level.total_cmp(&self.level) {
            std::cmp::Ordering::Greater => true,
            std::cmp::Ordering::Equal => (other.peak, other.peak_channel) < (self.peak, self.peak_channel),
            std::cmp::Ordering::Less => false,
        };
        let strong = if higher { other } else { &self };
        let first = (self.first, self.first_channel).min((other.first, other.first_channel));
        Group {
            segment: self.segment,
            first: first.0,
            last: self.last.max(other.last),
            peak: strong.peak,
            level: strong.level,
            first_channel: first.1,
            peak_channel: strong.peak_channel,
            channels: (self.channels.0.min(other.channels.0), self.channels.1.max(other.channels.1)),
            stretches: self.stretches.saturating_add(other.stretches),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(channel: u32, first: i64, last: i64, level: f64) -> Stretch {
        Stretch { segment: 0, channel, first, last, peak: first, level }
    }

    fn sizes(stretches: &[Stretch], rows: i64, channels: u32) -> Vec<u64> {
        let (mut merging, mut done) = (Merging::new(rows, channels), Vec::new());
        let mut sorted = stretches.to_vec();
        sorted.sort_by_key(|s| (s.segment, s.first, s.channel));
        sorted.iter().for_each(|s| merging.push(*s, &mut done));
        merging.finish(&mut done);
        done.sort_by_key(|g| (g.segment, g.first, g.channels));
        done.iter().map(|g| g.stretches).collect()
    }

    #[test]
    fn neighbours_that_overlap_become_one() {
        let front =
            [found(3, 10, 14, 1.0), found(4, 12, 16, 2.0), found(5, 16, 18, 1.0), found(9, 12, 14, 1.0)];
        assert_eq!(sizes(&front, 0, 0), [1, 1, 1, 1]);
        assert_eq!(sizes(&front, 0, 1), [3, 1]);
        assert_eq!(sizes(&front, 0, 5), [4]);
    }

    /// A front that reaches the middle first and is strongest at an end.
    #[test]
    fn a_group_knows_where_it_begins_and_where_it_peaks() {
        let arms =
            [found(2, 10, 14, 2.0), found(1, 12, 16, 2.0), found(3, 12, 16, 3.0), found(0, 14, 18, 3.0)];
        let (mut merging, mut done) = (Merging::new(0, 1), Vec::new());
        arms.iter().for_each(|stretch| merging.push(*stretch, &mut done));
        merging.finish(&mut done);
        let [group] = done[..] else { panic!("{done:?}") };
        assert_eq!((group.first, group.first_channel, group.channels), (10, 2, (0, 3)));
        assert_eq!((group.peak, group.peak_channel), (12, 3));
    }

    #[test]
    fn pauses_are_bridged_only_when_asked() {
        let two = [found(0, 10, 14, 1.0), found(0, 17, 20, 2.0)];
        assert_eq!(sizes(&two, 0, 0), [1, 1]);
        assert_eq!(sizes(&two, 2, 0), [1, 1]);
        assert_eq!(sizes(&two, 3, 0), [2]);
    }

    #[test]
    fn a_stretch_that_links_two_groups_joins_them() {
        let three = [found(0, 0, 9, 1.0), found(2, 0, 9, 1.0), found(1, 5, 9, 1.0)];
        assert_eq!(sizes(&three, 0, 1), [3]);
        let gap = [found(0, 0, 9, 1.0), Stretch { segment: 1, ..found(1, 5, 9, 1.0) }];
        assert_eq!(sizes(&gap, 0, 1), [1, 1]);
    }
}
