//! What is remembered of a file: enough to place it in a record without opening it.

use std::collections::BTreeMap;

use dasc_ir::{Rational, Unit};
use serde::{Deserialize, Serialize};

use crate::{Channels, FileType, Header, Segment};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    pub format: String,
    /// Bytes of an element, negative for floats.
    element: i8,
    scale: f64,
    unit: String,
    rate: (i64, i64),
    /// First, step, count.
    channels: (i64, i64, u64),
    spacing: f64,
    distance: f64,
    gauge_length: Option<f64>,
    /// Start, length, UTC nanoseconds.
    pub segments: Vec<(i64, u64, i64)>,
    pub notes: Vec<String>,
}

impl Summary {
    pub fn of(header: &Header) -> Summary {
        let element = match header.file_type {
            FileType::I16 => 2,
            FileType::I32 => 4,
            FileType::F32 => -4,
            FileType::F64 => -8,
        };
        Summary {
            format: header.format.to_string(),
            element,
            scale: header.scale,
            unit: header.unit.symbol().to_string(),
            rate: (header.rate.num(), header.rate.den()),
            channels: (header.channels.first, header.channels.step, header.channels.count as u64),
            spacing: header.spacing,
            distance: header.distance,
            gauge_length: header.gauge_length,
            segments: header.segments.iter().map(|s| (s.start, s.len, s.start_ns)).collect(),
            notes: header.notes.clone(),
        }
    }

    pub fn rate(&self) -> Rational {
        Rational::new(self.rate.0.into(), self.rate.1.into()).unwrap_or(Rational::ONE)
    }

    /// A header for files like this one; `unit` is what the first of them says, for the symbol alone may be nobody's.
    pub fn header(&self, format: &'static str, unit: Unit, segments: Vec<Segment>) -> Option<Header> {
        let file_type = match self.element {
            2 => FileType::I16,
            4 => FileType::I32,
            -4 => FileType::F32,
            -8 => FileType::F64,
            _ => return None,
        };
        Some(Header {
            format,
            file_type,
            scale: self.scale,
            unit,
            rate: self.rate(),
            channels: Channels {
                first: self.channels.0,
                step: self.channels.1,
                count: usize::try_from(self.channels.2).ok()?,
            },
            spacing: self.spacing,
            distance: self.distance,
            gauge_length: self.gauge_length,
            segments,
            attributes: BTreeMap::new(),
            notes: self.notes.clone(),
        })
    }

    /// What makes one record of both impossible: its name and the two values.
    pub fn clash(&self, other: &Summary) -> Option<(&'static str, String, String)> {
        let named = |s: &Summary| {
            let (first, step, count) = s.channels;
            let class = if s.element < 0 { "f" } else { "i" };
            [
                ("sampling rate", format!("{} Hz", s.rate())),
                ("channels", format!("{count} from {first} by {step}")),
                ("type of a sample", format!("{class}{}", u32::from(s.element.unsigned_abs()) * 8)),
                ("scale", s.scale.to_string()),
                ("unit", s.unit.clone()),
                ("channel spacing", format!("{} m", s.spacing)),
                ("distance of the first channel", format!("{} m", s.distance)),
            ]
        };
        let (ours, theirs) = (named(self), named(other));
        let pair = ours.into_iter().zip(theirs).find(|((_, a), (_, b))| a != b)?;
        Some((pair.0.0, pair.0.1, pair.1.1))
    }
}
