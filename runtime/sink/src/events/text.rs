//! Events as CSV (RFC 4180) and as JSON lines.

use super::instant::Instant;
use super::{Event, EventSink, event_schema, unlike};
use crate::disk::failed;
use crate::output::{Buffered, Output, Summary, commit};
use dasc_ir::{Diag, Result};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::Path;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    Csv,
    JsonLines,
}

pub(super) struct TextSink {
    out: Buffered,
    style: Style,
    rows: u64,
}

impl TextSink {
    /// Begins with the header, or with a copy of the existing lines.
    pub(super) fn create(output: Output, style: Style, existing: Option<&Path>) -> Result<TextSink> {
        let mut out = output.buffered();
        match existing {
            Some(path) => {
                let mut file = File::open(path).map_err(|error| failed("read", path, 0, &error))?;
                let whole = check(&mut file, style).map_err(|error| failed("read", path, 0, &error))?;
                whole.map_err(|why| unlike(path, &why))?;
                io::copy(&mut file, &mut out).map_err(|error| out.get_ref().diag(&error))?;
                if style == Style::Csv && file.metadata().is_ok_and(|meta| meta.len() == 0) {
                    out.write_all(csv_header().as_bytes()).map_err(|error| out.get_ref().diag(&error))?;
                }
            }
            None if style == Style::Csv => {
                out.write_all(csv_header().as_bytes()).map_err(|error| out.get_ref().diag(&error))?;
            }
            None => {}
        }
        Ok(TextSink { out, style, rows: 0 })
    }
}

impl EventSink for TextSink {
    fn append(&mut self, events: &[Event]) -> Result<()> {
        for event in events {
            let line = match self.style {
                Style::Csv => csv_line(event),
                Style::JsonLines => json_line(event)?,
            };
            self.out.write_all(line.as_bytes()).map_err(|error| self.out.get_ref().diag(&error))?;
        }
        self.rows = self.rows.saturating_add(events.len() as u64);
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<Summary> {
        commit(self.out, self.rows)
    }
}

/// Whether existing lines may be continued; leaves the file at its start. An empty file may.
fn check(file: &mut File, style: Style) -> io::Result<Result<(), String>> {
    let length = file.metadata()?.len();
    if length == 0 {
        return Ok(Ok(()));
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    file.rewind()?;
    if last != *b"\n" {
        return Ok(Err("its last line is cut off".into()));
    }
    let mut first = Vec::new();
    BufReader::new(&mut *file).take(1 << 16).read_until(b'\n', &mut first)?;
    file.rewind()?;
    let first = String::from_utf8_lossy(&first);
    let agrees = match style {
        Style::Csv => first.trim_end() == csv_header().trim_end(),
        Style::JsonLines => same_keys(&first),
    };
    let expected = if style == Style::Csv { "header" } else { "keys" };
    Ok(if agrees {
        Ok(())
    } else {
        Err(format!("its {expected} differ, the first line is '{}'", first.trim_end()))
    })
}

fn same_keys(line: &str) -> bool {
    let value: serde_json::Value = serde_json::from_str(line).unwrap_or_default();
    let columns = event_schema();
    value.as_object().is_some_and(|object| {
        object.len() == columns.fields().len()
            && columns.fields().iter().all(|f| object.contains_key(f.name()))
    })
}

fn csv_header() -> String {
    let columns = event_schema();
    let names: Vec<&str> = columns.fields().iter().map(|field| field.name().as_str()).collect();
    names.join(",") + "\r\n"
}

fn csv_line(e: &Event) -> String {
    let number = |value: f64| if value.is_nan() { String::new() } else { format!("{value:?}") };
    let text = |value: &str| {
        if value.contains([',', '"', '\r', '\n']) {
            format!("\"{}\"", value.replace('"', "\"\""))
        } else {
            value.into()
        }
    };
    format!(
        "{},{},{},{},{},{},{},{},{},{},{}\r\n",
        e.id,
        Instant(e.start_ns),
        Instant(e.end_ns),
        Instant(e.peak_ns),
        e.channel_lo,
        e.channel_hi,
        number(e.distance_lo),
        number(e.distance_hi),
        number(e.score),
        text(&e.unit),
        text(&e.detector)
    )
}

/// JSON has no infinities; they become null as NaN does.
fn json_line(e: &Event) -> Result<String> {
    let number = |value: f64| if value.is_finite() { format!("{value:?}") } else { "null".into() };
    let text = |value: &str| {
        serde_json::to_string(value)
            .map_err(|error| Diag::compiler(format!("sink: '{value}' as JSON: {error}")))
    };
    Ok(format!(
        "{{\"id\":{},\"start_ns\":\"{}\",\"end_ns\":\"{}\",\"peak_ns\":\"{}\",\"channel_lo\":{},\"channel_hi\":{},\
         \"distance_lo\":{},\"distance_hi\":{},\"score\":{},\"unit\":{},\"detector\":{}}}\n",
        e.id,
        Instant(e.start_ns),
        Instant(e.end_ns),
        Instant(e.peak_ns),
        e.channel_lo,
        e.channel_hi,
        number(e.distance_lo),
        number(e.distance_hi),
        number(e.score),
        text(&e.unit)?,
        text(&e.detector)?
    ))
}
