//! Events in Arrow's own formats: a stream for pipes, a file with an index for disks.

use super::{
    BATCH, Column, Event, EventSink, check_columns, described, event_batch, fenced, unlike, with_history,
};
use crate::layout::Provenance;
use crate::output::{Buffered, Output, Summary, commit};
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use arrow::ipc::reader::FileReader;
use arrow::ipc::writer::{FileWriter, StreamWriter};
use dasc_ir::{Diag, Result};
use std::fs::File;
use std::io::Write;
use std::path::Path;

pub(super) struct StreamSink {
    writer: StreamWriter<Buffered>,
    schema: SchemaRef,
    added: Vec<Column>,
    rows: u64,
}

impl StreamSink {
    /// The schema goes out at once, so that a reader has columns even when no event ever comes.
    pub(super) fn create(output: Output, provenance: &Provenance, added: &[Column]) -> Result<StreamSink> {
        let schema = described(provenance, added);
        let writer = StreamWriter::try_new(output.buffered(), &schema).map_err(|error| refused(&error))?;
        let mut sink = StreamSink { writer, schema, added: added.to_vec(), rows: 0 };
        sink.flush()?;
        Ok(sink)
    }

    fn flush(&mut self) -> Result<()> {
        let flushed = self.writer.get_mut().flush();
        flushed.map_err(|error| self.writer.get_ref().get_ref().diag(&error))
    }
}

impl EventSink for StreamSink {
    fn append(&mut self, events: &[Event]) -> Result<()> {
        for part in events.chunks(BATCH) {
            let batch = event_batch(part, &self.added)?
                .with_schema(self.schema.clone())
                .map_err(|error| refused(&error))?;
            self.writer.write(&batch).map_err(|error| self.writer.get_ref().get_ref().diag(&error))?;
        }
        self.rows = self.rows.saturating_add(events.len() as u64);
        self.flush()
    }

    fn finish(mut self: Box<Self>) -> Result<Summary> {
        self.writer.finish().map_err(|error| self.writer.get_ref().get_ref().diag(&error))?;
        commit(self.writer.into_inner().map_err(|error| refused(&error))?, self.rows)
    }
}

pub(super) struct FileSink {
    writer: FileWriter<Buffered>,
    schema: SchemaRef,
    added: Vec<Column>,
    rows: u64,
}

impl FileSink {
    pub(super) fn create(
        output: Output,
        provenance: &Provenance,
        added: &[Column],
        existing: Option<&Path>,
    ) -> Result<FileSink> {
        match existing {
            None => FileSink::start(output, provenance, added),
            Some(path) => fenced(path, || FileSink::copy(output, provenance, added, path)),
        }
    }

    fn start(output: Output, provenance: &Provenance, added: &[Column]) -> Result<FileSink> {
        let schema = described(provenance, added);
        let writer = FileWriter::try_new(output.buffered(), &schema).map_err(|error| refused(&error))?;
        Ok(FileSink { writer, schema, added: added.to_vec(), rows: 0 })
    }

    /// Starts with the rows of an existing file.
    fn copy(output: Output, provenance: &Provenance, added: &[Column], path: &Path) -> Result<FileSink> {
        let unreadable = |error: &dyn std::fmt::Display| unlike(path, &error.to_string());
        let file = File::open(path).map_err(|error| unreadable(&error))?;
        let reader = FileReader::try_new_buffered(file, None).map_err(|error| unreadable(&error))?;
        check_columns(path, &reader.schema(), added)?;
        let mut sink = FileSink::start(output, &with_history(provenance, reader.schema().metadata()), added)?;
        for batch in reader {
            let batch = batch.map_err(|error| unreadable(&error))?;
            // Not `with_schema`, which wants the old file's metadata kept.
            let batch = RecordBatch::try_new(sink.schema.clone(), batch.columns().to_vec());
            let batch = batch.map_err(|error| unreadable(&error))?;
            sink.writer.write(&batch).map_err(|error| sink.writer.get_ref().get_ref().diag(&error))?;
        }
        Ok(sink)
    }
}

impl EventSink for FileSink {
    fn append(&mut self, events: &[Event]) -> Result<()> {
        for part in events.chunks(BATCH) {
            let batch = event_batch(part, &self.added)?
                .with_schema(self.schema.clone())
                .map_err(|error| refused(&error))?;
            self.writer.write(&batch).map_err(|error| self.writer.get_ref().get_ref().diag(&error))?;
        }
        self.rows = self.rows.saturating_add(events.len() as u64);
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<Summary> {
        self.writer.finish().map_err(|error| self.writer.get_ref().get_ref().diag(&error))?;
        commit(self.writer.into_inner().map_err(|error| refused(&error))?, self.rows)
    }
}

fn refused(error: &ArrowError) -> Diag {
    Diag::world(format!("cannot write events: {error}"))
}
