//! HDF5 in all its dialects. A worker process describes the file; the dialect is told from that description, and
//! samples are read by position, so the C library never runs in the process that holds the user's work.

mod context;
mod describe;
mod description;
mod dialects;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use dasc_ir::{Diag, Result};

use crate::ReadOptions;
use crate::array::DataFile;
use crate::found;
use crate::record::Record;
use crate::worker::{self, Job};

pub(crate) use describe::describe as describe_here;
use description::Attributes;
pub use description::{Dataset, Description, Storage, Value};

/// What an HDF5 file holds, asked of a worker.
pub(crate) fn describe(file: &DataFile) -> Result<Description> {
    worker::ask(Job::Hdf5, file.path(), file.place())
}

/// What several files hold.
pub(crate) fn describe_each(files: &[&DataFile]) -> Vec<Result<Description>> {
    let files: Vec<(&str, &Path)> = files.iter().map(|file| (file.path(), file.place())).collect();
    worker::ask_each(Job::Hdf5, &files)
}

/// Opens an HDF5 record, whatever its dialect.
pub(crate) fn open(file: Arc<DataFile>, options: &ReadOptions) -> Result<Record> {
    let description = describe(&file)?;
    open_described(file, description, options)
}

/// The same of a file that has been described.
pub(crate) fn open_described(
    file: Arc<DataFile>,
    description: Description,
    options: &ReadOptions,
) -> Result<Record> {
    let context = context::Context { description: &description, file: file.clone() };
    let dialect = dialects::DIALECTS.iter().find(|d| (d.recognise)(&description)).ok_or_else(|| {
        let datasets: Vec<&str> = description.datasets.keys().take(8).map(String::as_str).collect();
        let known: Vec<&str> = dialects::DIALECTS.iter().map(|d| d.name).collect();
        let message =
            format!("'{}' is HDF5 of no known layout; it holds {}", file.path(), datasets.join(", "));
        Diag::world(message)
            .help(format!("known layouts: {}; `dasc inspect` lists what is in the file", known.join(", ")))
    })?;
    let mut found = (dialect.interpret)(&context)?;
    found.attributes = provenance(&description, &found.payload);
    let array = context.array(&found.payload)?;
    found::record(dialect.name, found, array, options)
}

/// Attributes of the samples and of every group above them.
fn provenance(description: &Description, payload: &str) -> BTreeMap<String, String> {
    let mut kept = BTreeMap::new();
    let mut keep = |attributes: Option<&Attributes>| {
        for (name, value) in attributes.into_iter().flatten() {
            let text: String = value.describe().chars().take(200).collect();
            kept.insert(name.clone(), text);
        }
    };
    let groups = &description.groups;
    keep(groups.get(""));
    for (at, _) in payload.match_indices('/') {
        keep(payload.get(..at).and_then(|group| groups.get(group)));
    }
    keep(description.datasets.get(payload).map(|d| &d.attributes));
    kept
}
