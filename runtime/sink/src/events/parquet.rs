//! Events as Parquet, a row group at a time.

use super::{
    BATCH, Column, Event, EventSink, check_columns, described, event_batch, event_schema, fenced, unlike,
    with_history,
};
use crate::layout::Provenance;
use crate::output::{Buffered, Output, Summary, commit};
use arrow::array::RecordBatch;
use dasc_ir::{Diag, Result};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::Compression;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use std::fs::File;
use std::path::Path;

pub(super) struct ParquetSink {
    writer: ArrowWriter<Buffered>,
    added: Vec<Column>,
    rows: u64,
    failed: bool,
}

impl ParquetSink {
    pub(super) fn create(
        output: Output,
        provenance: &Provenance,
        added: &[Column],
        existing: Option<&Path>,
    ) -> Result<ParquetSink> {
        match existing {
            None => ParquetSink::start(output, provenance, added),
            Some(path) => fenced(path, || ParquetSink::copy(output, provenance, added, path)),
        }
    }

    /// Provenance goes into the Arrow schema, where pyarrow finds it, and beside it for readers that know no Arrow.
    fn start(output: Output, provenance: &Provenance, added: &[Column]) -> Result<ParquetSink> {
        let metadata = provenance.texts().into_iter().map(|(key, value)| KeyValue::new(key, value)).collect();
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_max_row_group_row_count(Some(BATCH))
            .set_key_value_metadata(Some(metadata))
            .build();
        let writer = ArrowWriter::try_new(output.buffered(), described(provenance, added), Some(properties))
            .map_err(|error| Diag::world(format!("cannot write events: {error}")))?;
        Ok(ParquetSink { writer, added: added.to_vec(), rows: 0, failed: false })
    }

    /// Starts with the rows of an existing file.
    fn copy(output: Output, provenance: &Provenance, added: &[Column], path: &Path) -> Result<ParquetSink> {
        let unreadable = |error: &dyn std::fmt::Display| unlike(path, &error.to_string());
        let file = File::open(path).map_err(|error| unreadable(&error))?;
        let reader = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| unreadable(&error))?;
        check_columns(path, reader.schema(), added)?;
        let mut sink =
            ParquetSink::start(output, &with_history(provenance, reader.schema().metadata()), added)?;
        for batch in reader.with_batch_size(BATCH).build().map_err(|error| unreadable(&error))? {
            let batch = batch.map_err(|error| unreadable(&error))?;
            // Not `with_schema`, which wants the old file's metadata kept.
            let batch = RecordBatch::try_new(event_schema(added), batch.columns().to_vec());
            let batch = batch.map_err(|error| unreadable(&error))?;
            sink.writer.write(&batch).map_err(|error| sink.writer.inner().get_ref().diag(&error))?;
        }
        Ok(sink)
    }
}

impl EventSink for ParquetSink {
    fn append(&mut self, events: &[Event]) -> Result<()> {
        for part in events.chunks(BATCH) {
            let batch = event_batch(part, &self.added)?;
            if let Err(error) = self.writer.write(&batch) {
                self.failed = true;
                return Err(self.writer.inner().get_ref().diag(&error));
            }
        }
        self.rows = self.rows.saturating_add(events.len() as u64);
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<Summary> {
        if self.failed {
            return Err(self.writer.inner().get_ref().diag(&"an earlier write failed"));
        }
        self.writer.finish().map_err(|error| self.writer.inner().get_ref().diag(&error))?;
        // The footer is out and flushed; `into_inner` would write another one.
        let nothing = Output::pipe(Box::new(std::io::sink())).buffered();
        let buffered = std::mem::replace(self.writer.inner_mut(), nothing);
        commit(buffered, self.rows)
    }
}
