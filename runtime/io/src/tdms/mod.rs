//! TDMS (National Instruments) as Silixa's iDAS and LabVIEW write it: every channel of a fibre is a TDMS channel.
//!
//! A file is a chain of segments, each with metadata that add to those before and raw data of all channels, interleaved
//! (row after row) or channel after channel. Source: National Instruments, "TDMS File Format Internal Structure".

mod metadata;
mod segment;
mod value;

use std::collections::BTreeMap;
use std::sync::Arc;

use dasc_ir::{Diag, Rational, Result, time::parse_utc};

use crate::array::{Array, DataFile, Layout, Pieces};
use crate::found::{self, Clock, Found, lacks};
use crate::record::{Axes, Record};
use crate::{ASSUMED_SPACING, ReadOptions, silixa};
use segment::Contents;
use value::Value;

pub(crate) fn open(file: Arc<DataFile>, options: &ReadOptions) -> Result<Record> {
    let Contents { properties, element, channels, rows, parts, bytes, channel_major, notes } =
        segment::read(&file)?;
    let path = file.path().to_string();
    let number = |name: &str| properties.get(name).and_then(Value::number);
    let (rate, what) = match number("SamplingFrequency[Hz]") {
        Some(hertz) => (found::rate(&path, hertz, "SamplingFrequency[Hz]"), Some(hertz)),
        None => match number("wf_increment") {
            Some(seconds) => (found::interval(&path, seconds, "wf_increment"), None),
            None => (Err(lacks(&path, "'SamplingFrequency[Hz]' and 'wf_increment'")), None),
        },
    };
    let rate: Rational = match options.fs {
        Some(fs) => fs,
        None => rate.map_err(|e| e.help("give FS to READ"))?,
    };
    let start = start(&properties);
    let mut found = Found::new("samples", Clock::Regular { start_ns: start.unwrap_or(0), rate });
    found.notes = notes;
    if start.is_none() && options.start.is_none() {
        found.notes.push("the file has no start time; 1970-01-01 is taken, give START to READ".into());
    }
    match what {
        // Raw numbers depend on the rate they were taken at, not on what the user corrects it to.
        Some(hertz) => silixa::describe(&mut found, number, hertz, &path)?,
        None => {
            found.notes.push(ASSUMED_SPACING.into());
            let unit = properties.get("unit_string").map(Value::text);
            found.unit = unit.unwrap_or_default();
        }
    }
    found.attributes = properties
        .iter()
        .map(|(name, value)| (name.clone(), value.text().chars().take(200).collect()))
        .collect();
    let shape = match channel_major {
        true => [1, channels, rows],
        false => [1, rows, channels],
    };
    if channel_major {
        found.axes = Axes::ChannelTime;
    }
    if rows == 0 {
        return Err(Diag::world(format!("'{path}' holds no samples"))
            .help("its writer was stopped before the first; leave the file out"));
    }
    let array = Array::new(file, "samples", element, shape, Layout::Pieces(Pieces::Listed { parts, bytes }))?;
    found::record("tdms", found, array, options)
}

/// The time stamp of GPS where there is one, then of the computer, in whatever form.
fn start(properties: &BTreeMap<String, Value>) -> Option<i64> {
    ["GPSTimeStamp", "ISO8601 Timestamp", "CPUTimeStamp", "wf_start_time"].iter().find_map(|name| {
        match properties.get(*name)? {
            Value::Instant(ns) => Some(*ns),
            Value::Text(text) => parse_utc(text),
            Value::Number(_) | Value::Other(_) => None,
        }
    })
}
