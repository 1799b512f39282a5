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
    pub step: i64,
    pub distance: f64,
    pub gauge_length: Option<f64>,
    pub notes: Vec<String>,
}

impl Rows {
    pub fn element(&self) -> Element {
        Element::new(self.file_type, self.big_endian)
    }

    /// The header of a record of these rows at `path`.
    pub fn header(self, path: &str) -> Result<Header> {
        let count = usize::try_from(self.channels);
        let count = count.map_err(|_| Diag::world(format!("'{path}' has too many channels")))?;
        Ok(Header {
            format: self.format,
            file_type: self.file_type,
            scale: self.scale,
            unit: self.unit,
            rate: self.rate,
            channels: Channels { first: self.first, step: self.step, count },
            spacing: self.spacing,
            distance: self.distance,
            gauge_length: self.gauge_length,
            segments: vec![Segment { start: 0, len: self.samples, start_ns: self.start_ns }],
            attributes: BTreeMap::new(),
            notes: self.notes,
        })
    }
}

pub fn record(file: Arc<DataFile>, rows: Rows) -> Result<Record> {
    let path = file.path().to_string();
    if rows.samples == 0 {
        return Err(Diag::world(format!("'{path}' holds no samples"))
            .help("its writer was stopped before the first; leave the file out"));
    }
    let layout = Layout::Contiguous { offset: rows.offset };
    let (shape, axes) = match rows.channel_major {
        true => ([1, rows.channels, rows.samples], Axes::ChannelTime),
        false => ([1, rows.samples, rows.channels], Axes::TimeChannel),
    };
    let array = Array::new(file, "samples", rows.element(), shape, layout)?;
    Record::new(rows.header(&path)?, array, axes)
}
