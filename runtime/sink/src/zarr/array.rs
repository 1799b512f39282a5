//! One Zarr array that grows along axis 0: rows are held until a band of chunks is complete.

use super::chunks::{chunk_shape, indices, runs};
use super::store::ChunkStore;
use crate::layout::Dtype;
use crate::signal::rows_of;
use dasc_ir::{Diag, Result};
use rayon::prelude::*;
use serde_json::{Map, Value};
use std::sync::Arc;
use zarrs::array::codec::ZstdCodec;
use zarrs::array::{Array, ArrayBuilder, ArrayBytes, DataType, FillValue, data_type};

/// Everything about an array before its first row. `inner` is the shape of a row.
pub(super) struct Plan<'a> {
    pub(super) name: &'a str,
    pub(super) element: Element,
    pub(super) rows: Option<u64>,
    pub(super) inner: Vec<u64>,
    pub(super) dimensions: Vec<String>,
    pub(super) attributes: Map<String, Value>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Element {
    I64,
    F32,
    F64,
    Complex64,
    Complex128,
}

pub(super) struct ArrayWriter {
    array: Array<ChunkStore>,
    store: Arc<ChunkStore>,
    /// Shape of a row, and of a chunk with its rows first.
    inner: Vec<usize>,
    chunk: Vec<usize>,
    item: usize,
    fill: Vec<u8>,
    row_bytes: usize,
    band: Vec<u8>,
    /// Rows in `band`, and rows in all.
    held: usize,
    rows: u64,
}

/// zstd's fastest regular level: noise hardly compresses further at any price.
const LEVEL: i32 = 1;

/// Bands of arrays made by others may be this large, or they are not appended to.
const FOREIGN_BAND: usize = 1 << 30;

impl ArrayWriter {
    /// Starts an array, or goes on with the existing one when `resuming`.
    pub(super) fn open(store: &Arc<ChunkStore>, plan: Plan<'_>, resuming: bool) -> Result<ArrayWriter> {
        let path = format!("/{}", plan.name);
        let inner = plan.inner.iter().map(|n| usize::try_from(*n)).collect::<Result<Vec<_>, _>>();
        let inner = inner.map_err(|_| Diag::usage(format!("a row of '{}' is too large", plan.name)))?;
        let (item, fill) = (plan.element.size(), plan.element.fill());
        let array = if resuming {
            Array::open(store.clone(), &path).map_err(|error| store.diag(&error))?
        } else {
            let shape: Vec<u64> = std::iter::once(0).chain(plan.inner.iter().copied()).collect();
            let chunk: Vec<u64> =
                chunk_shape(plan.rows, &inner, item).into_iter().map(|n| n as u64).collect();
            ArrayBuilder::new(shape, chunk, plan.element.data_type(), FillValue::new(fill.clone()))
                .dimension_names(Some(plan.dimensions))
                .attributes(plan.attributes)
                .bytes_to_bytes_codecs(vec![Arc::new(ZstdCodec::new(LEVEL, false))])
                .build(store.clone(), &path)
                .map_err(|error| store.diag(&error))?
        };
        let origin = vec![0; inner.len() + 1];
        let chunk = array.chunk_shape_usize(&origin).map_err(|error| store.diag(&error))?;
        let product = |shape: &[usize]| shape.iter().try_fold(item, |bytes, n| bytes.checked_mul(*n));
        let row_bytes = product(&inner).unwrap_or(usize::MAX);
        let band_bytes = chunk.first().and_then(|rows| rows.checked_mul(row_bytes));
        let chunk_bytes = product(&chunk).filter(|bytes| *bytes <= FOREIGN_BAND);
        let bounded =
            band_bytes.filter(|bytes| chunk_bytes.is_some() && (*bytes <= FOREIGN_BAND || !resuming));
        let mut band = Vec::new();
        if bounded.is_none_or(|bytes| band.try_reserve_exact(bytes).is_err()) {
            return Err(Diag::usage(format!("'{}': no memory for chunks of {chunk:?}", plan.name))
                .help("select fewer channels, or write to a new folder"));
        }
        let store = store.clone();
        let rows = array.shape().first().copied().unwrap_or(0);
        let mut writer =
            ArrayWriter { array, store, inner, chunk, item, fill, row_bytes, band, held: 0, rows };
        if resuming {
            writer.reload()?;
        }
        Ok(writer)
    }

    pub(super) fn rows(&self) -> u64 {
        self.rows
    }

    /// Appends rows that lie `row_stride` bytes apart.
    pub(super) fn push(&mut self, rows: usize, data: &[u8], row_stride: usize) -> Result<()> {
        if self.row_bytes == 0 {
            self.rows = self.rows.saturating_add(rows as u64);
            return Ok(());
        }
        for part in rows_of(data, rows, self.row_bytes, row_stride) {
            let mut part = part;
            while !part.is_empty() {
                let room = self.band_rows().saturating_sub(self.held).saturating_mul(self.row_bytes);
                let (now, later) = part.split_at(room.min(part.len()));
                self.band.extend_from_slice(now);
                let added = now.len() / self.row_bytes;
                self.held += added;
                self.rows = self.rows.saturating_add(added as u64);
                if self.held == self.band_rows() {
                    self.flush()?;
                }
                part = later;
            }
        }
        Ok(())
    }

    /// Writes what is held, then the array's metadata.
    pub(super) fn finish(mut self) -> Result<()> {
        if self.held > 0 {
            self.flush()?;
        }
        let shape = std::iter::once(self.rows).chain(self.inner.iter().map(|n| *n as u64)).collect();
        self.array.set_shape(shape).map_err(|error| self.store.diag(&error))?;
        self.array.store_metadata().map_err(|error| self.store.diag(&error))
    }

    fn band_rows(&self) -> usize {
        self.chunk.first().copied().unwrap_or(1)
    }

    fn inner_chunk(&self) -> &[usize] {
        self.chunk.get(1..).unwrap_or(&[])
    }

    /// Chunk row that the rows held belong to.
    fn band_index(&self) -> u64 {
        self.rows.saturating_sub(self.held as u64) / (self.band_rows().max(1) as u64)
    }

    fn flush(&mut self) -> Result<()> {
        let band = self.band_index();
        indices(&self.inner, self.inner_chunk()).into_par_iter().try_for_each(|index| {
            let chunk =
                self.gather(&index).ok_or_else(|| Diag::compiler("sink: a Zarr band is cut wrongly"))?;
            let key: Vec<u64> = std::iter::once(band).chain(index.iter().map(|i| *i as u64)).collect();
            self.array.store_chunk(&key, ArrayBytes::from(chunk)).map_err(|error| self.store.diag(&error))
        })?;
        self.band.clear();
        self.held = 0;
        Ok(())
    }

    /// The chunk `index` of the band; what lies beyond the array is filled.
    fn gather(&self, index: &[usize]) -> Option<Vec<u8>> {
        let line = self.inner_chunk().iter().product::<usize>() * self.item;
        let mut chunk = self.fill.repeat(line / self.item * self.band_rows());
        let runs = runs(&self.inner, self.inner_chunk(), index, self.item);
        for (row, to) in self.band.chunks_exact(self.row_bytes).zip(chunk.chunks_exact_mut(line)) {
            for run in &runs {
                to.get_mut(run.chunk..)?
                    .get_mut(..run.len)?
                    .copy_from_slice(row.get(run.row..)?.get(..run.len)?);
            }
        }
        Some(chunk)
    }

    /// Brings back the last, incomplete band of an existing array.
    fn reload(&mut self) -> Result<()> {
        let held = usize::try_from(self.rows % (self.band_rows().max(1) as u64)).unwrap_or(0);
        if held == 0 || self.row_bytes == 0 {
            return Ok(());
        }
        self.band.resize(held * self.row_bytes, 0);
        self.held = held;
        let (band, line) = (self.band_index(), self.inner_chunk().iter().product::<usize>() * self.item);
        for index in indices(&self.inner, self.inner_chunk()) {
            let key: Vec<u64> = std::iter::once(band).chain(index.iter().map(|i| *i as u64)).collect();
            let chunk: ArrayBytes<'_> =
                self.array.retrieve_chunk(&key).map_err(|error| self.store.diag(&error))?;
            let chunk = chunk.into_fixed().map_err(|error| self.store.diag(&error))?;
            let runs = runs(&self.inner, self.inner_chunk(), &index, self.item);
            for (row, from) in self.band.chunks_exact_mut(self.row_bytes).zip(chunk.chunks_exact(line)) {
                for run in &runs {
                    let source = from.get(run.chunk..).and_then(|bytes| bytes.get(..run.len));
                    let place = row.get_mut(run.row..).and_then(|bytes| bytes.get_mut(..run.len));
                    let (Some(source), Some(place)) = (source, place) else {
                        return Err(Diag::compiler("sink: a Zarr chunk is cut wrongly"));
                    };
                    place.copy_from_slice(source);
                }
            }
        }
        Ok(())
    }

    /// The last element of a one-dimensional array of 64-bit values, if it is in the band held.
    pub(super) fn last(&self) -> Option<[u8; 8]> {
        self.band.last_chunk().copied()
    }

    /// The array's element `row`, read from its chunk; for one-dimensional arrays of 64-bit values.
    pub(super) fn element(&self, row: u64) -> Result<Option<[u8; 8]>> {
        let rows = self.band_rows().max(1) as u64;
        let chunk: ArrayBytes<'_> =
            self.array.retrieve_chunk(&[row / rows]).map_err(|error| self.store.diag(&error))?;
        let chunk = chunk.into_fixed().map_err(|error| self.store.diag(&error))?;
        let start = usize::try_from(row % rows).ok().and_then(|row| row.checked_mul(8));
        Ok(start.and_then(|start| chunk.get(start..)?.first_chunk().copied()))
    }
}

impl From<Dtype> for Element {
    fn from(dtype: Dtype) -> Element {
        match dtype {
            Dtype::F32 => Element::F32,
            Dtype::F64 => Element::F64,
            Dtype::Complex64 => Element::Complex64,
            Dtype::Complex128 => Element::Complex128,
        }
    }
}

impl Element {
    pub(super) fn size(self) -> usize {
        match self {
            Element::F32 => 4,
            Element::I64 | Element::F64 | Element::Complex64 => 8,
            Element::Complex128 => 16,
        }
    }

    pub(super) fn data_type(self) -> DataType {
        match self {
            Element::I64 => data_type::int64(),
            Element::F32 => data_type::float32(),
            Element::F64 => data_type::float64(),
            Element::Complex64 => data_type::complex64(),
            Element::Complex128 => data_type::complex128(),
        }
    }

    /// NaN, or zero for integers.
    fn fill(self) -> Vec<u8> {
        match self {
            Element::I64 => vec![0; 8],
            Element::F32 => f32::NAN.to_ne_bytes().to_vec(),
            Element::F64 => f64::NAN.to_ne_bytes().to_vec(),
            Element::Complex64 => f32::NAN.to_ne_bytes().repeat(2),
            Element::Complex128 => f64::NAN.to_ne_bytes().repeat(2),
        }
    }
}
