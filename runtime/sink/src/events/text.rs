//! Events as CSV (RFC 4180) and as JSON lines.

use super::instant::Instant;
use super::{Cell, Column, ColumnKind, Event, EventSink, event_schema, unlike};
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
    added: Vec<Column>,
    rows: u64,
}

impl TextSink {
    /// Begins with the header, or with a copy of the existing lines.
    pub(super) fn create(
        output: Output,
        style: Style,
        added: &[Column],
        existing: Option<&Path>,
    ) -> Result<TextSink> {
        let mut out = output.buffered();
        match existing {
            Some(path) => {
                let mut file = File::open(path).map_err(|error| failed("read", path, 0, &error))?;
                let whole =
                    check(&mut file, style, added).map_err(|error| failed("read", path, 0, &error))?;
                whole.map_err(|why| unlike(path, &why))?;
                io::copy(&mut file, &mut out).map_err(|error| out.get_ref().diag(&error))?;
                if style == Style::Csv && file.metadata().is_ok_and(|meta| meta.len() == 0) {
                    out.write_all(csv_header(added).as_bytes())
                        .map_err(|error| out.get_ref().diag(&error))?;
                }
            }
            None if style == Style::Csv => {
                out.write_all(csv_header(added).as_bytes()).map_err(|error| out.get_ref().diag(&error))?;
            }
            None => {}
        }
        Ok(TextSink { out, style, added: added.to_vec(), rows: 0 })
    }
}

impl EventSink for TextSink {
    fn append(&mut self, events: &[Event]) -> Result<()> {
        for event in events {
            let line = match self.style {
                Style::Csv => csv_line(event, &self.added),
                Style::JsonLines => json_line(event, &self.added)?,
            };
            self.out.write_all(line.as_bytes()).map_err(|error| self.out.get_ref().diag(&error))?;
        }
        self.rows = self.rows.saturating_add(events.len() as u64);
        // Who reads a pipe wants each event when it comes.
        self.out.flush().map_err(|error| self.out.get_ref().diag(&error))
    }

    fn finish(self: Box<Self>) -> Result<Summary> {
        commit(self.out, self.rows)
    }
}

/// Whether existing lines may be continued; leaves the file at its start. An empty file may.
fn check(file: &mut File, style: Style, added: &[Column]) -> io::Result<Result<(), String>> {
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
        Style::Csv => first.trim_end() == csv_header(added).trim_end(),
        Style::JsonLines => same_keys(&first, added),
    };
    let expected = if style == Style::Csv { "header" } else { "keys" };
    Ok(if agrees {
        Ok(())
    } else {
        Err(format!("its {expected} differ, the first line is '{}'", first.trim_end()))
    })
}

/// The columns in order: those of every format, with `start` and `end` as text behind the id.
fn columns(added: &[Column]) -> Vec<String> {
    let schema = event_schema(added);
    let mut names: Vec<String> = schema.fields().iter().map(|field| field.name().clone()).collect();
    names.splice(1..1, ["start".to_string(), "end".to_string()]);
    names
}

fn same_keys(line: &str, added: &[Column]) -> bool {
    let value: serde_json::Value = serde_json::from_str(line).unwrap_or_default();
    let columns = columns(added);
    value.as_object().is_some_and(|object| {
        object.len() == columns.len() && columns.iter().all(|name| object.contains_key(name))
    })
}

fn csv_header(added: &[Column]) -> String {
    columns(added).join(",") + "\r\n"
}

/// What a cell holds.
enum Value<'a> {
    Id(u64),
    Integer(i64),
    Number(f64),
    Text(&'a str),
    /// As text.
    Time(i64),
    Unknown,
}

/// The cells of an event, in the order of the columns.
fn cells<'a>(e: &'a Event, added: &'a [Column]) -> impl Iterator<Item = Value<'a>> {
    let own = [
        Value::Id(e.id),
        Value::Time(e.start_ns),
        Value::Time(e.end_ns),
        Value::Integer(e.start_ns),
        Value::Integer(e.end_ns),
        Value::Integer(e.peak_ns),
        Value::Integer(e.channel_lo),
        Value::Integer(e.channel_hi),
        Value::Number(e.distance_lo),
        Value::Number(e.distance_hi),
        Value::Number(e.score),
        Value::Text(&e.unit),
        Value::Text(&e.detector),
    ];
    own.into_iter().chain(added.iter().map(|column| match e.extra.get(column.name) {
        Some(Cell::Number(value)) if column.kind == ColumnKind::Count => Value::Integer(*value as i64),
        Some(Cell::Number(value)) => Value::Number(*value),
        Some(Cell::Text(text)) => Value::Text(text),
        None => Value::Unknown,
    }))
}

fn csv_line(event: &Event, added: &[Column]) -> String {
    let cell = |value: Value| match value {
        Value::Id(id) => id.to_string(),
        Value::Integer(value) => value.to_string(),
        Value::Time(ns) => Instant(ns).to_string(),
        Value::Number(value) if value.is_nan() => String::new(),
        Value::Number(value) => format!("{value:?}"),
        Value::Unknown => String::new(),
        Value::Text(text) if text.contains([',', '"', '\r', '\n']) => {
            format!("\"{}\"", text.replace('"', "\"\""))
        }
        Value::Text(text) => text.into(),
    };
    cells(event, added).map(cell).collect::<Vec<_>>().join(",") + "\r\n"
}

/// JSON has no infinities; they become null as NaN does.
pub(super) fn json_line(event: &Event, added: &[Column]) -> Result<String> {
    let quoted = |text: &str| {
        serde_json::to_string(text)
            .map_err(|error| Diag::compiler(format!("sink: '{text}' as JSON: {error}")))
    };
    let mut pairs = Vec::new();
    for (name, value) in columns(added).iter().zip(cells(event, added)) {
        let value = match value {
            Value::Id(id) => id.to_string(),
            Value::Integer(value) => value.to_string(),
            Value::Time(ns) => format!("\"{}\"", Instant(ns)),
            Value::Number(value) if value.is_finite() => format!("{value:?}"),
            Value::Number(_) | Value::Unknown => "null".into(),
            Value::Text(text) => quoted(text)?,
        };
        pairs.push(format!("\"{name}\":{value}"));
    }
    Ok(format!("{{{}}}\n", pairs.join(",")))
}
