//! The columns of events that a condition or a model can speak of.

use dasc_ir::spelling::nearest;
use dasc_ir::{Diag, Result};

use crate::{Column, ColumnKind, Event, EventsType};

/// What an event can be asked for.
#[derive(Clone, Copy, Debug)]
pub enum Field {
    Number {
        name: &'static str,
        unit: &'static str,
        get: fn(&Event) -> f64,
    },
    Instant {
        name: &'static str,
        get: fn(&Event) -> i64,
    },
    Text {
        name: &'static str,
        get: fn(&Event) -> &str,
    },
    /// The step that found it, as written.
    Detector,
    /// The score, whose unit is that of its event.
    Score,
    /// One that an operator has added.
    Added(Column),
}

/// Names are unique within a flow.
impl PartialEq for Field {
    fn eq(&self, other: &Field) -> bool {
        self.name() == other.name()
    }
}

const HOUR: i64 = 3_600_000_000_000;

fn number(name: &'static str, unit: &'static str, get: fn(&Event) -> f64) -> Field {
    Field::Number { name, unit, get }
}

/// Every field that all events have.
fn own() -> Vec<Field> {
    vec![
        number("id", "", |e| e.id as f64),
        Field::Instant { name: "start", get: |e| e.start_ns },
        Field::Instant { name: "end", get: |e| e.end_ns },
        Field::Instant { name: "peak", get: |e| e.peak_ns },
        number("hour", "", |e| e.start_ns.div_euclid(HOUR).rem_euclid(24) as f64),
        // 1970 began on a Thursday.
        number("weekday", "", |e| {
            (e.start_ns.div_euclid(24 * HOUR).rem_euclid(7) + 3).rem_euclid(7) as f64 + 1.0
        }),
        number("duration", "s", Event::duration),
        number("channels", "", Event::channels),
        number("channel_lo", "", |e| e.channel_lo as f64),
        number("channel_hi", "", |e| e.channel_hi as f64),
        number("distance_lo", "m", |e| e.distance_lo),
        number("distance_hi", "m", |e| e.distance_hi),
        number("length", "m", |e| (e.distance_hi - e.distance_lo).abs()),
        Field::Score,
        Field::Text { name: "unit", get: |e| &e.unit },
        Field::Detector,
    ]
}

impl Field {
    /// The field of a name, in any case.
    ///
    /// # Errors
    /// A name that events of this flow do not have: the nearest that they have is suggested.
    pub fn named(name: &str, input: &EventsType) -> Result<Field> {
        let all: Vec<Field> =
            own().into_iter().chain(input.columns.iter().map(|column| Field::Added(*column))).collect();
        let plain = name.strip_suffix("_ns").unwrap_or(name);
        let found =
            all.iter().find(|f| f.name().eq_ignore_ascii_case(name) || f.name().eq_ignore_ascii_case(plain));
        if let Some(field) = found {
            return Ok(*field);
        }
        let diag = Diag::usage(format!("events have no column '{name}' here"));
        let names: Vec<&str> = all.iter().map(Field::name).collect();
        Err(match nearest(&name.to_lowercase(), names.iter().copied()) {
            Some(near) => diag.help(format!("did you mean {near}? There are {}", names.join(", "))),
            None => diag.help(format!("there are {}", names.join(", "))),
        })
    }

    pub fn name(&self) -> &'static str {
        match self {
            Field::Number { name, .. } | Field::Instant { name, .. } | Field::Text { name, .. } => name,
            Field::Detector => "detector",
            Field::Score => "score",
            Field::Added(column) => column.name,
        }
    }

    pub fn is_number(&self) -> bool {
        match self {
            Field::Number { .. } | Field::Score => true,
            Field::Instant { .. } | Field::Text { .. } | Field::Detector => false,
            Field::Added(column) => column.kind != ColumnKind::Text,
        }
    }

    /// The symbol of its unit, `None` where it is no number or its unit is not known.
    pub fn unit<'a>(&self, input: &'a EventsType) -> Option<&'a str> {
        match self {
            Field::Number { unit, .. } => Some(unit),
            Field::Score => input.unit.as_deref(),
            Field::Added(Column { kind: ColumnKind::Number(unit), .. }) => Some(unit),
            Field::Added(Column { kind: ColumnKind::Count, .. }) => Some(""),
            Field::Added(Column { kind: ColumnKind::Text, .. })
            | Field::Instant { .. }
            | Field::Text { .. }
            | Field::Detector => None,
        }
    }

    /// Its value as a number; NaN and `None` are unknown.
    pub fn number(&self, event: &Event) -> Option<f64> {
        match self {
            Field::Number { get, .. } => Some(get(event)),
            Field::Score => Some(event.score),
            Field::Added(column) => event.number(column.name),
            Field::Instant { .. } | Field::Text { .. } | Field::Detector => None,
        }
    }

    pub fn instant(&self, event: &Event) -> Option<i64> {
        match self {
            Field::Instant { get, .. } => Some(get(event)),
            Field::Number { .. } | Field::Text { .. } | Field::Detector | Field::Score | Field::Added(_) => {
                None
            }
        }
    }

    pub fn text<'a>(&self, event: &'a Event) -> Option<&'a str> {
        match self {
            Field::Text { get, .. } => Some(get(event)),
            Field::Detector => Some(&event.detector),
            Field::Added(column) => event.text(column.name),
            Field::Number { .. } | Field::Instant { .. } | Field::Score => None,
        }
    }

    /// A shorter name that equals a text of this field too: a detector goes by its operator's name alone.
    pub fn short<'a>(&self, own: &'a str) -> Option<&'a str> {
        match self {
            Field::Detector => own.split_whitespace().next(),
            Field::Number { .. }
            | Field::Instant { .. }
            | Field::Text { .. }
            | Field::Score
            | Field::Added(_) => None,
        }
    }
}
