//! What a dialect may ask of a file: attributes, scalars, coordinate arrays; and the errors for those that are missing.

use std::collections::HashMap;
use std::sync::Arc;

use dasc_ir::{Diag, Rational, Result, time::parse_utc};

use super::description::{Dataset, Description, Storage, Value};
use crate::array::{Array, Chunks, DataFile, Layout, Numbers, Stored};
use crate::found;

pub struct Context<'a> {
    pub description: &'a Description,
    pub file: Arc<DataFile>,
}

impl Context<'_> {
    pub fn missing(&self, what: &str) -> Diag {
        listed(found::lacks(self.file.path(), what))
    }

    pub fn dataset(&self, path: &str) -> Result<&Dataset> {
        self.description.datasets.get(path).ok_or_else(|| self.missing(&format!("dataset '{path}'")))
    }

    /// A finite number, from an attribute.
    pub fn number(&self, path: &str, name: &str) -> Result<f64> {
        self.description.number(path, name).ok_or_else(|| self.missing(&format!("attribute '{path}@{name}'")))
    }

    /// A finite number, from a scalar dataset.
    pub fn scalar(&self, path: &str) -> Result<f64> {
        self.description
            .value(path)
            .and_then(Value::number)
            .ok_or_else(|| self.missing(&format!("value '{path}'")))
    }

    /// A rate from an attribute or value in hertz.
    pub fn rate(&self, hertz: f64, what: &str) -> Result<Rational> {
        found::rate(self.file.path(), hertz, what).map_err(listed)
    }

    /// A rate from a sampling interval in seconds.
    pub fn interval(&self, seconds: f64, what: &str) -> Result<Rational> {
        found::interval(self.file.path(), seconds, what).map_err(listed)
    }

    pub fn instant(&self, text: Option<&str>, what: &str) -> Result<i64> {
        let text = text.ok_or_else(|| self.missing(what))?;
        parse_utc(text).ok_or_else(|| self.missing(&format!("a time in {what} ('{text}')")))
    }

    /// The numbers of a one-dimensional dataset.
    pub fn numbers(&self, path: &str) -> Result<Numbers> {
        self.array(path)?.numbers()
    }

    pub fn array(&self, path: &str) -> Result<Array> {
        let dataset = self.dataset(path)?;
        let place = format!("dataset '{path}' of '{}'", self.file.path());
        let element = dataset
            .element
            .ok_or_else(|| Diag::world(format!("{place} holds {}, not plain numbers", dataset.type_name)))?;
        let shape = three(&dataset.shape, 1).ok_or_else(|| {
            Diag::world(format!("{place} has {} axes; at most 3 are read", dataset.shape.len()))
        })?;
        let layout = match &dataset.storage {
            Storage::Contiguous { offset } => Layout::Contiguous { offset: *offset },
            Storage::Compact(bytes) => Layout::Inline(bytes.clone()),
            Storage::Elsewhere(why) => return Err(Diag::world(format!("{place} cannot be read: {why}"))),
            Storage::Chunked { chunk, filters, chunks } => {
                let bad = || {
                    Diag::world(format!(
                        "{place} has chunks of shape {chunk:?} in an array of shape {shape:?}"
                    ))
                };
                let size = three(chunk, 1).filter(|_| chunk.len() == dataset.shape.len()).ok_or_else(bad)?;
                let mut table = HashMap::with_capacity(chunks.len());
                for stored in chunks {
                    let first = three(&stored.first, 0).ok_or_else(bad)?;
                    table.insert(
                        first,
                        Stored { offset: stored.offset, size: stored.size, mask: stored.mask },
                    );
                }
                let across =
                    shape[2].div_ceil(size[2].max(1)).saturating_mul(shape[1].div_ceil(size[1].max(1)));
                let width = element.size.into();
                Layout::Chunked(Chunks::new(&self.file, path, width, size, across, table, filters.clone())?)
            }
        };
        Array::new(self.file.clone(), path, element, shape, layout)
    }
}

fn listed(diag: Diag) -> Diag {
    diag.help("`dasc inspect` lists what is in the file")
}

/// Pads on the left with `fill` to three axes.
fn three(axes: &[u64], fill: u64) -> Option<[u64; 3]> {
    let mut padded = [fill; 3];
    let at = 3usize.checked_sub(axes.len())?;
    padded[at..].copy_from_slice(axes);
    Some(padded)
}
