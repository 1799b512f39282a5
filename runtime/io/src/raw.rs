//! Rows of samples from some byte of a file to its end: what `.dat` and `.npy` have in common.

use std::collections::BTreeMap;
use std::sync::Arc;

use dasc_ir::{Diag, Rational, Result, Unit};

use crate::array::{Array, DataFile, Element, Layout};
use crate::record::{Axes, Record};
use crate::{Channels, FileType, Header, Segment};

/// Everything that must be known about rows of samples.
pub struct Rows {
    pub format: &'static str,
    pub file_type: FileType,
    pub big_endian: bool,
    pub offset: u64,
    /// Channel after channel instead of row after row.
    pub channel_major: bool,
    pub samples: u64,
    pub channels: u64,
    pub rate: Rational,
    pub scale: f64,
    pub spacing: f64,
    pub unit: Unit,
    pub start_ns: i64,
    pub first: i64,
    pub distance: f64,
    pub notes: Vec<String>,
}

pub fn record(file: Arc<DataFile>, rows: Rows) -> Result<Record> {
    let path = file.path().to_string();
    if rows.samples == 0 {
        return Err(Diag::world(format!("'{path}' holds no samples"))
            .help("its writer was stopped before the first; leave the file out"));
    }
    let count =
        usize::try_from(rows.channels).map_err(|_| Diag::world(format!("'{path}' has too many channels")))?;
    let element = Element::new(rows.file_type, rows.big_endian);
    let layout = Layout::Contiguous { offset: rows.offset };
    let (shape, axes) = match rows.channel_major {
        true => ([1, rows.channels, rows.samples], Axes::ChannelTime),
        false => ([1, rows.samples, rows.channels], Axes::TimeChannel),
    };
    let array = Array::new(file, "samples", element, shape, layout)?;
    let header = Header {
        format: rows.format,
        file_type: rows.file_type,
        scale: rows.scale,
        unit: rows.unit,
        rate: rows.rate,
        channels: Channels { first: rows.first, step: 1, count },
        spacing: rows.spacing,
        distance: rows.distance,
        gauge_length: None,
        segments: vec![Segment { start: 0, len: rows.samples, start_ns: rows.start_ns }],
        attributes: BTreeMap::new(),
        notes: rows.notes,
    };
    Record::new(header, array, axes)
}
