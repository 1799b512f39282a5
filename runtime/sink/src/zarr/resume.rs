//! What has to agree before rows are appended to an existing Zarr folder.

use super::array::{ArrayWriter, Element};
use super::store::ChunkStore;
use super::{Along, DATA, HISTORY};
use crate::layout::{Coords, Layout};
use dasc_ir::{Diag, Result};
use serde_json::Value;
use std::sync::Arc;
use zarrs::array::{Array, ArrayBytes, ArrayMetadata};
use zarrs::group::Group;

/// Same type, inner shape, dimensions, unit, coordinates and sampling rate; otherwise the difference is named.
pub(super) fn check(store: &Arc<ChunkStore>, layout: &Layout) -> Result<()> {
    let refuse = |text: String| refusal(store, text);
    let data = existing(store, DATA)?;
    let element = Element::from(layout.dtype);
    if *data.data_type() != element.data_type() {
        return Err(refuse(format!("its values are {:?}, the new ones {element:?}", data.data_type())));
    }
    let inner: Vec<u64> = layout.axes.iter().skip(1).map(|axis| axis.len.unwrap_or(0)).collect();
    if data.shape().get(1..) != Some(inner.as_slice()) {
        return Err(refuse(format!("its shape is {:?}, new rows have the shape {inner:?}", data.shape())));
    }
    let names: Vec<Option<&str>> = layout.axes.iter().map(|axis| Some(axis.name.as_str())).collect();
    let found: Vec<Option<&str>> =
        data.dimension_names().iter().flatten().map(|name| name.as_deref()).collect();
    if names != found {
        return Err(refuse(format!("its axes are {found:?}, the new ones {names:?}")));
    }
    let unit = data.attributes().get("units").and_then(|unit| unit.as_str()).unwrap_or("");
    if unit != layout.unit.symbol() {
        return Err(refuse(format!("its unit is '{unit}', the new one '{}'", layout.unit.symbol())));
    }
    for (index, axis) in layout.axes.iter().enumerate() {
        for (name, unit, coords) in axis.coordinates() {
            let array = existing(store, name)?;
            let element = if coords.is_integer() { Element::I64 } else { Element::F64 };
            if *array.data_type() != element.data_type() || array.shape().len() != 1 {
                return Err(refuse(format!("its coordinate '{name}' is not one axis of {element:?}")));
            }
            let rows = if index == 0 { data.shape().first().copied() } else { axis.len };
            if array.shape().first().copied() != rows {
                return Err(refuse(format!(
                    "its coordinate '{name}' has {:?} values for {rows:?}",
                    array.shape()
                )));
            }
            let text = |key: &str| {
                array.attributes().get(key).and_then(|value| value.as_str()).unwrap_or("").to_string()
            };
            let (key, ours) = match coords {
                Coords::Time { rate, .. } => ("sampling_rate_hz", rate.to_string()),
                _ => ("units", unit.symbol().to_string()),
            };
            if text(key) != ours {
                return Err(refuse(format!(
                    "{key} of its '{name}' is '{}', the new one '{ours}'",
                    text(key)
                )));
            }
            if index > 0 {
                compare(store, name, coords, &array, axis.len.unwrap_or(0))?;
            }
        }
    }
    Ok(())
}

/// What earlier runs said about themselves: the group's attributes before this run, the oldest first.
pub(super) fn history(store: &Arc<ChunkStore>) -> Result<Vec<Value>> {
    let group = Group::open(store.clone(), "/")
        .map_err(|error| refusal(store, format!("it is no Zarr group: {error}")))?;
    let mut last = group.attributes().clone();
    let mut history = match last.remove(HISTORY) {
        Some(Value::Array(earlier)) => earlier,
        _ => Vec::new(),
    };
    history.push(Value::Object(last));
    Ok(history)
}

/// An array that the writer can continue: Zarr v3, chunks all of one shape.
fn existing(store: &Arc<ChunkStore>, name: &str) -> Result<Array<ChunkStore>> {
    let array = Array::open(store.clone(), &format!("/{name}"))
        .map_err(|error| refusal(store, format!("it has no array '{name}': {error}")))?;
    let version3 = matches!(array.metadata(), ArrayMetadata::V3(_));
    if !version3 || array.chunk_grid().metadata().name() != "regular" {
        return Err(refusal(store, format!("its array '{name}' is not of Zarr v3 with chunks of one shape")));
    }
    Ok(array)
}

/// Appended rows may not lie before the existing ones; explicit coordinates and numbers go on as given.
pub(super) fn check_clock(layout: &Layout, data: &ArrayWriter, along: &mut [Along]) -> Result<()> {
    for coordinate in along {
        let Some(last) = data.rows().checked_sub(1) else { continue };
        let Coords::Time { start_ns, .. } = &coordinate.coords else { continue };
        let last = match coordinate.writer.last() {
            Some(bytes) => bytes,
            None => coordinate.writer.element(last)?.unwrap_or_default(),
        };
        let last = i64::from_ne_bytes(last);
        if *start_ns <= last {
            let name = &layout.name;
            return Err(Diag::usage(format!(
                "cannot append '{name}': its first row ({start_ns} ns) is not after the last one there ({last} ns)"
            ))
            .help("append in the order of time, or give another name"));
        }
    }
    Ok(())
}

fn compare(
    store: &Arc<ChunkStore>,
    name: &str,
    coords: &Coords,
    array: &Array<ChunkStore>,
    len: u64,
) -> Result<()> {
    let bytes: ArrayBytes<'_> =
        array.retrieve_array_subset(&array.subset_all()).map_err(|error| store.diag(&error))?;
    let bytes = bytes.into_fixed().map_err(|error| store.diag(&error))?;
    let mut found = bytes.chunks_exact(8);
    for index in 0..len {
        if found.next() != coords.bytes_at(index).as_ref().map(|b| b.as_slice()) {
            return Err(refusal(store, format!("element {index} of its coordinate '{name}' differs")));
        }
    }
    Ok(())
}

fn refusal(store: &ChunkStore, text: String) -> Diag {
    Diag::usage(format!("cannot append to '{}': {text}", store.target().display()))
        .help("give another name or MODE=overwrite")
}
