//! Sinks for events: batches of records in, a table out.
//!
//! Every format has the columns of [`event_schema`] in the same order, and after them those that operators have added. Arrow
//! and Parquet hold the instants as timestamps; CSV and JSON lines as integers under the same names, and as text,
//! `2024-05-01T07:00:00.000000001Z`, in the further columns `start` and `end`, because neither a spreadsheet nor JavaScript
//! keeps 19 digits. What is unknown (NaN) is null, in CSV an empty field. QuakeML is for programs of seismology.

mod columnar;
mod hook;
mod instant;
mod parquet;
mod quakeml;
mod text;

use crate::layout::Provenance;
use crate::output::{Output, Summary};
use crate::target::{Mode, Target, resolve};
use arrow::array::{
    ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray, TimestampNanosecondArray, UInt64Array,
};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use dasc_events::{Cell, Column, ColumnKind, Event};
use dasc_ir::{Diag, Result};
use std::collections::HashMap;
use std::sync::Arc;

/// Takes events as they are found. As with [`SignalSink`](crate::SignalSink), a drop without `finish` removes the
/// output, and after an error every further call fails.
pub trait EventSink: Send {
    /// # Errors
    /// A full or failing disk.
    fn append(&mut self, events: &[Event]) -> Result<()>;

    /// Makes the output whole, durable and visible.
    ///
    /// # Errors
    /// A full or failing disk; a name taken meanwhile.
    fn finish(self: Box<Self>) -> Result<Summary>;
}

/// File format of events, chosen by the name's ending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventFormat {
    /// `.parquet`, Snappy-compressed, a row group per 64 Ki events, provenance in the file's metadata.
    Parquet,
    /// `.csv` as in RFC 4180, with a header.
    Csv,
    /// `.jsonl` or `.ndjson`.
    JsonLines,
    /// `.arrow`: Arrow's IPC file.
    ArrowFile,
    /// `.xml`, `.qml` or `.quakeml`: QuakeML 1.2.
    QuakeMl,
    /// Arrow's IPC stream, one batch an append; on standard output unless another format is asked for.
    ArrowStream,
}

impl EventFormat {
    /// What standard output takes under the name of a format, which is its file ending.
    ///
    /// # Errors
    /// Formats that are written whole.
    pub fn piped(name: Option<&str>) -> Result<EventFormat> {
        match name {
            None | Some("arrow") => Ok(EventFormat::ArrowStream),
            Some("csv") => Ok(EventFormat::Csv),
            Some("jsonl" | "ndjson") => Ok(EventFormat::JsonLines),
            Some(other) => {
                Err(Diag::usage(format!("{other} is written whole and cannot go to standard output"))
                    .help("take FORMAT=jsonl, csv or arrow, or give a file's name"))
            }
        }
    }

    /// Whether a person can read it.
    pub fn is_text(self) -> bool {
        matches!(self, EventFormat::Csv | EventFormat::JsonLines)
    }

    /// The format of a file, or that of standard output unless asked for another.
    ///
    /// # Errors
    /// An ending that is none of the above.
    pub fn of(target: &Target) -> Result<EventFormat> {
        let Target::File(path) = target else { return Ok(EventFormat::ArrowStream) };
        let ending = path.extension().and_then(|e| e.to_str()).unwrap_or("").to_ascii_lowercase();
        match ending.as_str() {
            "parquet" => Ok(EventFormat::Parquet),
            "csv" => Ok(EventFormat::Csv),
            "jsonl" | "ndjson" => Ok(EventFormat::JsonLines),
            "arrow" => Ok(EventFormat::ArrowFile),
            "xml" | "qml" | "quakeml" => Ok(EventFormat::QuakeMl),
            _ => {
                Err(Diag::usage(format!("'{}' does not say in which format to write events", path.display()))
                    .help(
                        "end the name in .parquet, .csv, .jsonl, .arrow or .xml (QuakeML), or give '-' for an Arrow stream",
                    ))
            }
        }
    }
}

/// Starts writing events.
///
/// Under `Mode::Append` the existing file is read and copied beside itself, so it must be one of ours: CSV with the
/// same header, JSON lines, Parquet or Arrow with the same columns.
///
/// # Errors
/// What [`Target::check`] says; existing events of another shape under `Mode::Append`, and QuakeML, which
/// cannot be continued.
pub fn open_events(
    target: &Target,
    format: EventFormat,
    mode: Mode,
    provenance: &Provenance,
    added: &[Column],
) -> Result<Box<dyn EventSink>> {
    if let Target::Hook(url) = target {
        return Ok(Box::new(hook::HookSink::create(url, added)));
    }
    let existing = match (target, mode) {
        (Target::File(path), Mode::Append) => Some(resolve(path)?).filter(|path| path.exists()),
        _ => None,
    };
    if format == EventFormat::QuakeMl && mode == Mode::Append {
        return Err(
            Diag::usage("QuakeML cannot be appended to").help("say MODE=overwrite, or give another name")
        );
    }
    let output = Output::create(target, mode)?;
    match format {
        EventFormat::QuakeMl => Ok(Box::new(quakeml::QuakeMlSink::create(output, provenance)?)),
        EventFormat::Csv => {
            Ok(Box::new(text::TextSink::create(output, text::Style::Csv, added, existing.as_deref())?))
        }
        EventFormat::JsonLines => {
            Ok(Box::new(text::TextSink::create(output, text::Style::JsonLines, added, existing.as_deref())?))
        }
        EventFormat::Parquet => {
            Ok(Box::new(parquet::ParquetSink::create(output, provenance, added, existing.as_deref())?))
        }
        EventFormat::ArrowFile => {
            Ok(Box::new(columnar::FileSink::create(output, provenance, added, existing.as_deref())?))
        }
        EventFormat::ArrowStream => Ok(Box::new(columnar::StreamSink::create(output, provenance, added)?)),
    }
}

/// The columns of events: `id` (u64); `start_ns`, `end_ns`, `peak_ns` (timestamp in ns, UTC); `channel_lo`,
/// `channel_hi` (i64); `distance_lo`, `distance_hi` (f64, m, nullable); `score` (f64, nullable); `unit`, `detector`; then those
/// added by operators, nullable.
pub fn event_schema(added: &[Column]) -> SchemaRef {
    let instant = || DataType::Timestamp(TimeUnit::Nanosecond, Some("UTC".into()));
    let metres = |name: &str| {
        Field::new(name, DataType::Float64, true)
            .with_metadata(HashMap::from([("unit".to_string(), "m".to_string())]))
    };
    let mut fields = vec![
        Field::new("id", DataType::UInt64, false),
        Field::new("start_ns", instant(), false),
        Field::new("end_ns", instant(), false),
        Field::new("peak_ns", instant(), false),
        Field::new("channel_lo", DataType::Int64, false),
        Field::new("channel_hi", DataType::Int64, false),
        metres("distance_lo"),
        metres("distance_hi"),
        Field::new("score", DataType::Float64, true),
        Field::new("unit", DataType::Utf8, false),
        Field::new("detector", DataType::Utf8, false),
    ];
    fields.extend(added.iter().map(|column| {
        match column.kind {
            ColumnKind::Text => Field::new(column.name, DataType::Utf8, true),
            ColumnKind::Count => Field::new(column.name, DataType::Int64, true),
            ColumnKind::Number("") => Field::new(column.name, DataType::Float64, true),
            ColumnKind::Number(unit) => Field::new(column.name, DataType::Float64, true)
                .with_metadata(HashMap::from([("unit".to_string(), unit.to_string())])),
        }
    }));
    Arc::new(Schema::new(fields))
}

/// The columns with provenance as metadata.
fn described(provenance: &Provenance, added: &[Column]) -> SchemaRef {
    let columns: Schema = event_schema(added).as_ref().clone();
    Arc::new(columns.with_metadata(provenance.texts().into_iter().collect()))
}

/// The events as one Arrow batch of [`event_schema`].
///
/// # Errors
/// Texts of more than 2 GiB in one batch.
pub fn event_batch(events: &[Event], added: &[Column]) -> Result<RecordBatch> {
    let label = |cell: &Cell| if let Cell::Text(text) = cell { text.len() } else { 0 };
    let texts = |e: &Event| {
        let labels = e.extra.values().map(label).fold(0, usize::saturating_add);
        e.unit.len().saturating_add(e.detector.len()).saturating_add(labels)
    };
    let texts: usize = events.iter().map(texts).fold(0, usize::saturating_add);
    if i32::try_from(texts).is_err() {
        return Err(Diag::compiler("sink: the texts of a batch of events exceed 2 GiB"));
    }
    let instants = |field: fn(&Event) -> i64| -> ArrayRef {
        Arc::new(TimestampNanosecondArray::from_iter_values(events.iter().map(field)).with_timezone("UTC"))
    };
    let integers = |field: fn(&Event) -> i64| -> ArrayRef {
        Arc::new(Int64Array::from_iter_values(events.iter().map(field)))
    };
    let numbers = |field: fn(&Event) -> f64| -> ArrayRef {
        Arc::new(Float64Array::from_iter(
            events.iter().map(field).map(|value| (!value.is_nan()).then_some(value)),
        ))
    };
    let strings = |field: fn(&Event) -> &str| -> ArrayRef {
        Arc::new(StringArray::from_iter_values(events.iter().map(field)))
    };
    let mut columns = vec![
        Arc::new(UInt64Array::from_iter_values(events.iter().map(|e| e.id))) as ArrayRef,
        instants(|e| e.start_ns),
        instants(|e| e.end_ns),
        instants(|e| e.peak_ns),
        integers(|e| e.channel_lo),
        integers(|e| e.channel_hi),
        numbers(|e| e.distance_lo),
        numbers(|e| e.distance_hi),
        numbers(|e| e.score),
        strings(|e| &e.unit),
        strings(|e| &e.detector),
    ];
    columns.extend(added.iter().map(|column| -> ArrayRef {
        match column.kind {
            ColumnKind::Text => {
                Arc::new(StringArray::from_iter(events.iter().map(|event| event.text(column.name))))
            }
            ColumnKind::Count => {
                let counts = events.iter().map(|event| event.number(column.name).map(|value| value as i64));
                Arc::new(Int64Array::from_iter(counts))
            }
            ColumnKind::Number(_) => Arc::new(Float64Array::from_iter(
                events.iter().map(|event| event.number(column.name).filter(|value| !value.is_nan())),
            )),
        }
    }));
    RecordBatch::try_new(event_schema(added), columns)
        .map_err(|error| Diag::compiler(format!("sink: events: {error}")))
}

/// Metadata key under which the runs that were appended to are kept.
const HISTORY: &str = "earlier_runs";

/// Events are turned into batches of at most this many, whatever comes at once.
const BATCH: usize = 1 << 16;

/// Runs `read` over existing events, which may be anything: their decoders are known to panic on damaged files.
fn fenced<T>(path: &std::path::Path, read: impl FnOnce() -> Result<T>) -> Result<T> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(read))
        .unwrap_or_else(|_| Err(unlike(path, "it is damaged")))
}

fn unlike(path: &std::path::Path, why: &str) -> Diag {
    Diag::usage(format!("cannot append to '{}': {why}", path.display()))
        .help("give another name or MODE=overwrite")
}

/// `provenance` with that of the runs before, found in the metadata of the file they wrote, as JSON.
fn with_history(provenance: &Provenance, before: &HashMap<String, String>) -> Provenance {
    let parse = |text: &String| serde_json::from_str::<Vec<serde_json::Value>>(text).ok();
    let mut runs = before.get(HISTORY).and_then(parse).unwrap_or_default();
    let last = before.iter().filter(|(key, _)| *key != HISTORY && !key.starts_with("ARROW:"));
    runs.push(last.map(|(key, value)| (key.clone(), serde_json::Value::from(value.as_str()))).collect());
    let mut provenance = provenance.clone();
    provenance.more.push((HISTORY.into(), serde_json::Value::Array(runs).to_string()));
    provenance
}

/// Refuses existing columns that differ from ours in name, type or order.
fn check_columns(path: &std::path::Path, found: &Schema, added: &[Column]) -> Result<()> {
    let ours = event_schema(added);
    let columns = |schema: &Schema| -> Vec<(String, DataType)> {
        schema.fields().iter().map(|f| (f.name().clone(), f.data_type().clone())).collect()
    };
    if columns(found) == columns(&ours) {
        return Ok(());
    }
    let names: Vec<&str> = found.fields().iter().map(|f| f.name().as_str()).collect();
    let difference = ours.fields().iter().find(|field| {
        found.field_with_name(field.name()).map_or(true, |theirs| theirs.data_type() != field.data_type())
    });
    let difference = difference
        .map_or("their order differs".to_string(), |f| format!("no '{}' of {}", f.name(), f.data_type()));
    Err(unlike(path, &format!("its columns are {names:?}: {difference}")))
}

#[cfg(test)]
mod tests;
