//! Zarr v3 folders: an array `data`, a coordinate array for every axis, provenance as attributes of the group.
//!
//! Names and attributes follow what xarray and CF expect (`dimension_names`, `units`, `coordinates`), so that
//! `xarray.open_zarr(path)` has axes and times. Chunks of about 2 MiB, compressed with zstd.

mod array;
mod chunks;
mod resume;
mod store;

use crate::directory::AtomicDir;
use crate::layout::{AxisInfo, Coords, Jump, Layout};
use crate::output::Summary;
use crate::signal::{Gate, SignalSink};
use crate::target::{Mode, resolve};
use array::{ArrayWriter, Element, Plan};
use dasc_ir::{Diag, Result, Unit};
use serde_json::{Map, Value, json};
use std::path::Path;
use std::sync::Arc;
use store::ChunkStore;
use zarrs::array::Array;
use zarrs::group::GroupBuilder;
use zarrs::metadata::NodeMetadata;
use zarrs::metadata_ext::group::consolidated_metadata::ConsolidatedMetadata;

/// Name of the array that holds the signal.
const DATA: &str = "data";
/// Group attribute with the attributes of the runs that were appended to.
const HISTORY: &str = "earlier_runs";

pub(crate) struct ZarrSink {
    // Declared before the folder, so that no file is open in it when a drop removes it.
    data: ArrayWriter,
    along: Vec<Along>,
    layout: Layout,
    gate: Gate,
    history: Vec<Value>,
    store: Arc<ChunkStore>,
    folder: AtomicDir,
}

/// A coordinate along axis 0, which grows with the rows.
struct Along {
    name: String,
    coords: Coords,
    writer: ArrayWriter,
}

impl ZarrSink {
    pub(crate) fn create(path: &Path, layout: Layout, mode: Mode) -> Result<ZarrSink> {
        ZarrSink::create_on(path, layout, mode, store::open_file)
    }

    pub(crate) fn create_on(
        path: &Path,
        layout: Layout,
        mode: Mode,
        open: store::Opener,
    ) -> Result<ZarrSink> {
        let gate = Gate::new(&layout)?;
        check_names(&layout)?;
        let resuming = mode == Mode::Append && resolve(path)?.exists();
        let folder = AtomicDir::create(path, mode)?;
        let store = Arc::new(ChunkStore::new(folder.partial(), folder.target(), open));
        let mut history = Vec::new();
        if resuming {
            folder.adopt()?;
            resume::check(&store, &layout)?;
            history = resume::history(&store)?;
        }
        let inner = layout.axes.iter().skip(1).map(|axis| axis.len.unwrap_or(0)).collect();
        let names = layout.axes.iter().map(|axis| axis.name.clone()).collect();
        let element = Element::from(layout.dtype);
        let rows = layout.axes.first().and_then(|axis| axis.len);
        let plan = Plan {
            name: DATA,
            element,
            rows,
            inner,
            dimensions: names,
            attributes: data_attributes(&layout),
        };
        let data = ArrayWriter::open(&store, plan, resuming)?;
        let mut along = Vec::new();
        for (index, axis) in layout.axes.iter().enumerate() {
            for (name, unit, coords) in axis.coordinates() {
                if index > 0 && resuming {
                    continue;
                }
                let writer = coordinate(&store, axis, name, unit, coords, resuming && index == 0)?;
                if index == 0 {
                    along.push(Along { name: name.to_string(), coords: coords.clone(), writer });
                } else {
                    whole(writer, name, coords, axis.len.unwrap_or(0))?;
                }
            }
        }
        if resuming {
            resume::check_clock(&layout, &data, &mut along)?;
        }
        Ok(ZarrSink { data, along, layout, gate, history, store, folder })
    }
}

impl SignalSink for ZarrSink {
    fn write(&mut self, first_row: u64, rows: usize, data: &[u8], row_stride: usize) -> Result<()> {
        let (writer, along) = (&mut self.data, &mut self.along);
        self.gate.pass(first_row, rows, data, row_stride, |range| {
            writer.push(rows, data, row_stride)?;
            for coordinate in along {
                for row in range.clone() {
                    coordinate.writer.push(1, &value(&coordinate.name, &coordinate.coords, row)?, 8)?;
                }
            }
            Ok(())
        })
    }

    fn jump(&mut self, row: u64, start_ns: i64) -> Result<()> {
        self.gate.jump(row)?;
        for coordinate in &mut self.along {
            if let Coords::Time { jumps, .. } = &mut coordinate.coords {
                jumps.retain(|jump| jump.row < row);
                jumps.push(Jump { row, start_ns });
            }
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<Summary> {
        let rows = self.gate.complete()?;
        self.data.finish()?;
        for coordinate in self.along {
            coordinate.writer.finish()?;
        }
        // The group comes last: without it a folder is no Zarr group.
        let mut attributes = self.layout.provenance.attributes();
        attributes.insert("Conventions".into(), json!("CF-1.11"));
        if !self.history.is_empty() {
            attributes.insert(HISTORY.into(), Value::Array(self.history));
        }
        let group = GroupBuilder::new().attributes(attributes).build(self.store.clone(), "/");
        let mut group = group.map_err(|error| self.store.diag(&error))?;
        group.set_consolidated_metadata(Some(consolidated(&self.store, &self.layout)?));
        group.store_metadata().map_err(|error| self.store.diag(&error))?;
        let bytes = self.store.sync()?;
        let path = self.folder.target().to_path_buf();
        drop(group);
        drop(self.store);
        self.folder.commit()?;
        Ok(Summary { path, files: 1, bytes, rows })
    }
}

/// What all arrays say of themselves, which readers then need not open one by one.
fn consolidated(store: &Arc<ChunkStore>, layout: &Layout) -> Result<ConsolidatedMetadata> {
    let mut all = ConsolidatedMetadata::default();
    let names = layout.axes.iter().flat_map(AxisInfo::coordinates).map(|(name, ..)| name);
    for name in names.chain([DATA]) {
        let array = Array::open(store.clone(), &format!("/{name}")).map_err(|error| store.diag(&error))?;
        all.metadata.insert(name.to_string(), NodeMetadata::Array(array.metadata().clone()));
    }
    Ok(all)
}

/// Axis and coordinate names become names of folders and of variables.
fn check_names(layout: &Layout) -> Result<()> {
    let mut seen = vec![DATA];
    for name in layout.axes.iter().flat_map(AxisInfo::coordinates).map(|(name, ..)| name) {
        let plain = name.chars().all(|c| c.is_alphanumeric() || "_-. ".contains(c));
        if name.is_empty() || name.starts_with(['.', '_']) || !plain {
            return Err(Diag::usage(format!("'{name}' cannot be the name of a Zarr coordinate"))
                .help("use letters, digits, '-' and '_'"));
        }
        if seen.contains(&name) {
            return Err(Diag::usage(format!("two Zarr arrays would be called '{name}'"))
                .help("rename one of the axes"));
        }
        seen.push(name);
    }
    Ok(())
}

fn data_attributes(layout: &Layout) -> Map<String, Value> {
    let mut attributes = Map::new();
    attributes.insert("long_name".into(), json!(layout.name));
    if !layout.unit.symbol().is_empty() {
        attributes.insert("units".into(), json!(layout.unit.symbol()));
    }
    let further: Vec<&str> =
        layout.axes.iter().flat_map(|a| a.also.iter().map(|c| c.name.as_str())).collect();
    if !further.is_empty() {
        attributes.insert("coordinates".into(), json!(further.join(" ")));
    }
    attributes
}

fn coordinate(
    store: &Arc<ChunkStore>,
    axis: &AxisInfo,
    name: &str,
    unit: &Unit,
    coords: &Coords,
    resuming: bool,
) -> Result<ArrayWriter> {
    let mut attributes = Map::new();
    if let Coords::Time { rate, .. } = coords {
        attributes.insert("units".into(), json!("nanoseconds since 1970-01-01"));
        attributes.insert("calendar".into(), json!("proleptic_gregorian"));
        attributes.insert("standard_name".into(), json!("time"));
        // A fraction such as 1000 or 10000/3: the exact rate, which the rounded times only approximate.
        attributes.insert("sampling_rate_hz".into(), json!(rate.to_string()));
    } else if !unit.symbol().is_empty() {
        attributes.insert("units".into(), json!(unit.symbol()));
    }
    let element = if coords.is_integer() { Element::I64 } else { Element::F64 };
    let dimensions = vec![axis.name.clone()];
    ArrayWriter::open(
        store,
        Plan { name, element, rows: axis.len, inner: vec![], dimensions, attributes },
        resuming,
    )
}

fn whole(mut writer: ArrayWriter, name: &str, coords: &Coords, len: u64) -> Result<()> {
    for index in 0..len {
        writer.push(1, &value(name, coords, index)?, 8)?;
    }
    writer.finish()
}

fn value(name: &str, coords: &Coords, index: u64) -> Result<[u8; 8]> {
    coords.bytes_at(index).ok_or_else(|| {
        Diag::usage(format!("the coordinate '{name}' has no value for element {index}"))
            .help("times must lie between the years 1678 and 2262, and explicit coordinates must cover every element")
    })
}

#[cfg(test)]
mod tests;
