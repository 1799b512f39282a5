//! The record of an event, and what is known of all events of a flow before any exists.

use std::collections::BTreeMap;

use crate::groups::nanoseconds;

/// Something that happened at some time and place. Times are nanoseconds since 1970-01-01 UTC, channels the file's own
/// numbers, distances metres along the fibre; both ends of a range belong to it.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Event {
    /// Unique within its flow, from 1 in order of time.
    pub id: u64,
    pub start_ns: i64,
    pub end_ns: i64,
    pub peak_ns: i64,
    pub channel_lo: i64,
    pub channel_hi: i64,
    /// The channel on which it starts, and the one on which it has its peak.
    pub start_channel: i64,
    pub peak_channel: i64,
    /// NaN when the distance of the channel is unknown, as for `distance_hi`.
    pub distance_lo: f64,
    pub distance_hi: f64,
    /// What the detector measured, in `unit`.
    pub score: f64,
    pub unit: String,
    /// Which step found it.
    pub detector: String,
    /// Of a track an instant and the distance in metres at which it then is: with its speed, the line fitted to its points.
    pub passes: Option<(i64, f64)>,
    /// What operators have added, by the name of its column; a missing cell is unknown.
    pub extra: BTreeMap<&'static str, Cell>,
}

/// A value of an added column.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    Number(f64),
    Text(String),
}

/// A column that an operator adds to its events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    pub name: &'static str,
    pub kind: ColumnKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnKind {
    /// With the symbol of its unit, empty for a pure number.
    Number(&'static str),
    /// Whole numbers from 0.
    Count,
    Text,
}

/// How many events an event is made of.
pub(crate) const COUNT: Column = Column { name: "count", kind: ColumnKind::Count };

/// What TRACK adds: metres per second, positive towards larger distances.
pub(crate) const SPEED: Column = Column { name: "speed", kind: ColumnKind::Number("m/s") };

/// What is known of a flow of events.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct EventsType {
    /// The symbol of the scores' unit; `None` where detectors of different units come together.
    pub unit: Option<String>,
    pub columns: Vec<Column>,
}

impl EventsType {
    /// The type with a column more, unless it is there.
    pub fn with(mut self, column: Column) -> EventsType {
        if !self.columns.iter().any(|known| known.name == column.name) {
            self.columns.push(column);
        }
        self
    }

    /// The type of two flows together.
    pub fn union(mut self, other: &EventsType) -> EventsType {
        if self.unit != other.unit {
            self.unit = None;
        }
        other.columns.iter().fold(self, |ty, column| ty.with(*column))
    }
}

impl Event {
    pub fn duration(&self) -> f64 {
        (i128::from(self.end_ns) - i128::from(self.start_ns)) as f64 / 1e9
    }

    /// How many channel numbers it spans.
    pub fn channels(&self) -> f64 {
        (i128::from(self.channel_hi) - i128::from(self.channel_lo) + 1) as f64
    }

    /// The middle of its stretch of fibre, in metres; NaN when unknown.
    pub fn place(&self) -> f64 {
        0.5 * (self.distance_lo + self.distance_hi)
    }

    /// The lower and upper end of its stretch of fibre, whichever way the channels run.
    pub fn reach(&self) -> (f64, f64) {
        (self.distance_lo.min(self.distance_hi), self.distance_lo.max(self.distance_hi))
    }

    /// How fast it moves, if it was followed: metres per second, positive towards larger distances.
    pub fn speed(&self) -> Option<f64> {
        self.number(SPEED.name)
    }

    /// The line of a track within its time and its stretch of fibre: two instants, and where it then is between the end at the
    /// smaller distance (0) and the other (1).
    pub fn line(&self) -> Option<[(i64, f64); 2]> {
        let (speed, (at, place)) = (self.speed()?, self.passes?);
        let (low, high) = self.reach();
        let end = |ns: i64| {
            let there = place + speed * ((i128::from(ns) - i128::from(at)) as f64 / 1e9);
            let within = if high > low { there.clamp(low, high) } else { low };
            let share = if high > low { (within - low) / (high - low) } else { 0.5 };
            let left = within != there && speed != 0.0;
            let instant = if left { at.saturating_add(nanoseconds((within - place) / speed)) } else { ns };
            (instant, share)
        };
        (speed.is_finite() && low.is_finite() && high.is_finite())
            .then(|| [end(self.start_ns), end(self.end_ns)])
    }

    pub fn number(&self, column: &str) -> Option<f64> {
        match self.extra.get(column) {
            Some(Cell::Number(value)) => Some(*value),
            Some(Cell::Text(_)) | None => None,
        }
    }

    pub fn text(&self, column: &str) -> Option<&str> {
        match self.extra.get(column) {
            Some(Cell::Text(text)) => Some(text),
            Some(Cell::Number(_)) | None => None,
        }
    }

    /// The order of events in every flow: by start, then place, then end.
    pub fn precedes(&self, other: &Event) -> std::cmp::Ordering {
        (self.start_ns, self.channel_lo, self.end_ns, self.channel_hi, &self.detector)
            .cmp(&(other.start_ns, other.channel_lo, other.end_ns, other.channel_hi, &other.detector))
            .then(self.score.total_cmp(&other.score))
            .then(self.id.cmp(&other.id))
    }
}
