//! A rectangular array of numbers inside a file, up to three axes, read by position: contiguous, in pieces, chunked
//! or inline.
//!
//! Everything a header claims (shape, offsets, sizes) is checked against the file before anything is allocated.

mod chunk;
mod element;
mod file;
mod filter;
mod pieces;
mod recent;

use std::sync::Arc;

use dasc_ir::{Diag, Result};

use crate::zarr::FolderChunks;

pub use chunk::{Chunks, LARGEST as LARGEST_CHUNK, Stored, truncated};
pub use element::{Class, Element, Numbers};
pub use file::DataFile;
pub use filter::Filter;
pub use pieces::Pieces;
pub use recent::Recent;

/// Missing leading axes have length 1; the last axis varies fastest.
#[derive(Debug)]
pub struct Array {
    pub file: Arc<DataFile>,
    pub name: String,
    pub element: Element,
    pub shape: [u64; 3],
    layout: Layout,
}

#[derive(Debug)]
pub enum Layout {
    Contiguous {
        offset: u64,
    },
    /// In parts, with something else between them.
    Pieces(Pieces),
    Inline(Vec<u8>),
    Chunked(Chunks),
    /// In files of a folder, of which the array's own describes them.
    Folder(FolderChunks),
}

/// Rows narrower than this are read together with what lies between the wanted parts.
const NARROW: u64 = 64 << 10;
/// Scratch memory of one read.
const SCRATCH: u64 = 4 << 20;

/// Sixty-four million time stamps. A header may claim any number, and chunks that were never written cost nothing.
const LARGEST_COORDINATE: u64 = 512 << 20;

impl Array {
    pub fn new(
        file: Arc<DataFile>,
        name: &str,
        element: Element,
        shape: [u64; 3],
        layout: Layout,
    ) -> Result<Array> {
        let place = format!("dataset '{name}' of '{}'", file.path());
        let bytes =
            volume(shape).and_then(|n| n.checked_mul(element.size.into())).filter(|n| *n <= i64::MAX as u64);
        let bytes =
            bytes.ok_or_else(|| Diag::world(format!("{place} claims an impossible shape {shape:?}")))?;
        match &layout {
            Layout::Contiguous { offset } => {
                let present = file.len().saturating_sub(*offset);
                if present < bytes {
                    return Err(truncated(&place, bytes, present));
                }
            }
            Layout::Pieces(pieces) => pieces.check(&file, &place, bytes)?,
            Layout::Inline(data) if (data.len() as u64) < bytes => {
                return Err(truncated(&place, bytes, data.len() as u64));
            }
            Layout::Inline(_) | Layout::Chunked(_) | Layout::Folder(_) => {}
        }
        Ok(Array { file, name: name.to_string(), element, shape, layout })
    }

    /// Chunks of the array that were never written.
    pub fn missing_chunks(&self) -> u64 {
        let Layout::Chunked(chunks) = &self.layout else { return 0 };
        let grid = self.shape.iter().zip(chunks.shape).map(|(n, c)| n.div_ceil(c.max(1)));
        grid.product::<u64>().saturating_sub(chunks.table.len() as u64)
    }

    /// Copies the box of `count` elements from `start` into `out`, densely, in native byte order.
    pub fn read(&self, start: [u64; 3], count: [u64; 3], out: &mut [u8]) -> Result<()> {
        let width = u64::from(self.element.size);
        let inside = (0..3).all(|a| start[a].checked_add(count[a]).is_some_and(|end| end <= self.shape[a]));
        let bytes = volume(count).and_then(|n| n.checked_mul(width));
        if !inside || bytes != Some(out.len() as u64) {
            let box_ =
                format!("{count:?} elements at {start:?} of {:?} into {} bytes", self.shape, out.len());
            return Err(Diag::compiler(format!("'{}' was asked for {box_}", self.name)));
        }
        if out.is_empty() {
            return Ok(());
        }
        match &self.layout {
            Layout::Contiguous { offset } => {
                self.rows(start, count, out, |at, bytes| self.file.read_at(bytes, offset + at))?;
            }
            Layout::Pieces(pieces) => {
                self.rows(start, count, out, |at, bytes| pieces.read(&self.file, at, bytes))?;
            }
            Layout::Inline(data) => self.rows(start, count, out, |at, bytes| {
                let from = at as usize;
                bytes.copy_from_slice(&data[from..from + bytes.len()]);
                Ok(())
            })?,
            Layout::Chunked(chunks) => {
                let width = u64::from(self.element.size);
                let decoded = |first| chunks.decoded(&self.file, &self.name, width, first);
                self.gather(chunks.shape, decoded, &[0; 8], start, count, out)?;
            }
            Layout::Folder(chunks) => {
                let decoded = |first| chunks.decoded(&self.file, first);
                self.gather(chunks.shape, decoded, &chunks.fill, start, count, out)?;
            }
        }
        self.element.to_native(out);
        Ok(())
    }

    /// All numbers of a one-dimensional array.
    pub fn numbers(&self) -> Result<Numbers> {
        let bytes =
            volume(self.shape).and_then(|n| n.checked_mul(self.element.size.into())).unwrap_or(u64::MAX);
        let place = || format!("coordinate '{}' of '{}'", self.name, self.file.path());
        if bytes > LARGEST_COORDINATE {
            let message = format!("{} has {bytes} bytes; at most {LARGEST_COORDINATE} are read", place());
            return Err(Diag::world(message).help("split the file into shorter ones"));
        }
        if self.missing_chunks() > 0 {
            return Err(Diag::world(format!("{} was never written to its end", place())));
        }
        let mut raw = buffer(bytes, &self.name)?;
        self.read([0; 3], self.shape, &mut raw)?;
        Numbers::decode(self.element.native(), &mut raw).ok_or_else(|| {
            let what = self.element.describe();
            Diag::world(format!("dataset '{}' of '{}' holds {what} values", self.name, self.file.path()))
        })
    }

    /// Visits the runs of a box within densely stored rows; `fetch` fills bytes from a position.
    fn rows(
        &self,
        start: [u64; 3],
        count: [u64; 3],
        out: &mut [u8],
        fetch: impl Fn(u64, &mut [u8]) -> Result<()>,
    ) -> Result<()> {
        let (shape, width) = (self.shape, u64::from(self.element.size));
        let at = |i: u64, j: u64| ((start[0] + i) * shape[1] + start[1] + j) * shape[2] * width;
        let full = count[2] == shape[2];
        if full && (count[1] == shape[1] || count[0] == 1) {
            return fetch(at(0, 0), out);
        }
        let plane = (count[1] * count[2] * width) as usize;
        let (row, whole, skip) = ((count[2] * width) as usize, shape[2] * width, (start[2] * width) as usize);
        for (i, out) in out.chunks_exact_mut(plane).enumerate() {
            if full {
                fetch(at(i as u64, 0), out)?;
            } else if whole > NARROW {
                for (j, out) in out.chunks_exact_mut(row).enumerate() {
                    fetch(at(i as u64, j as u64) + skip as u64, out)?;
                }
            } else {
                let together = (SCRATCH / whole).max(1) as usize;
                let mut scratch = buffer(whole * (together as u64).min(count[1]), &self.name)?;
                for (block, out) in out.chunks_mut(row * together).enumerate() {
                    let rows = out.len() / row;
                    let scratch = &mut scratch[..rows * whole as usize];
                    fetch(at(i as u64, (block * together) as u64), scratch)?;
                    for (from, to) in scratch.chunks_exact(whole as usize).zip(out.chunks_exact_mut(row)) {
                        to.copy_from_slice(&from[skip..skip + row]);
                    }
                }
            }
        }
        Ok(())
    }

    /// Assembles a box from the chunks it touches, decoded side by side. Where none was written there are elements like `fill`.
    fn gather(
        &self,
        size: [u64; 3],
        decoded: impl Fn([u64; 3]) -> Result<Decoded> + Sync,
        fill: &[u8],
        start: [u64; 3],
        count: [u64; 3],
        out: &mut [u8],
    ) -> Result<()> {
        let width = u64::from(self.element.size);
        let fill = fill.get(..usize::from(self.element.size)).unwrap_or(fill);
        let range = |axis: usize| start[axis] / size[axis]..=(start[axis] + count[axis] - 1) / size[axis];
        let all = range(0).flat_map(|a| range(1).flat_map(move |b| range(2).map(move |c| [a, b, c])));
        let all: Vec<[u64; 3]> = all.map(|[a, b, c]| [a * size[0], b * size[1], c * size[2]]).collect();
        // Few at a time, so that a box of many chunks does not hold them all.
        for some in all.chunks(2 * threads()) {
            for (first, chunk) in some.iter().zip(side_by_side(some, &decoded)) {
                let chunk = chunk?;
                let from: [u64; 3] = std::array::from_fn(|x| start[x].max(first[x]));
                let to: [u64; 3] = std::array::from_fn(|x| (start[x] + count[x]).min(first[x] + size[x]));
                let run = ((to[2] - from[2]) * width) as usize;
                for (i, j) in (from[0]..to[0]).flat_map(|i| (from[1]..to[1]).map(move |j| (i, j))) {
                    let row = ((i - start[0]) * count[1] + j - start[1]) * count[2];
                    let target = ((row + from[2] - start[2]) * width) as usize;
                    let target = &mut out[target..target + run];
                    match &chunk {
                        Some(chunk) => {
                            let row = ((i - first[0]) * size[1] + j - first[1]) * size[2];
                            let source = ((row + from[2] - first[2]) * width) as usize;
                            target.copy_from_slice(&chunk[source..source + run]);
                        }
                        None => target.chunks_exact_mut(fill.len()).for_each(|to| to.copy_from_slice(fill)),
                    }
                }
            }
        }
        Ok(())
    }
}

/// A chunk, if one was written.
type Decoded = Option<Arc<Vec<u8>>>;

fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Chunks decoded on all processors, in their order.
fn side_by_side(
    firsts: &[[u64; 3]],
    decoded: &(impl Fn([u64; 3]) -> Result<Decoded> + Sync),
) -> Vec<Result<Decoded>> {
    if firsts.len() < 2 {
        return firsts.iter().map(|first| decoded(*first)).collect();
    }
    let each = firsts.len().div_ceil(threads());
    std::thread::scope(|scope| {
        let work = |part: &[[u64; 3]]| part.iter().map(|first| decoded(*first)).collect::<Vec<_>>();
        let (mine, others) = firsts.split_at(each);
        let others: Vec<_> = others.chunks(each).map(|part| scope.spawn(move || work(part))).collect();
        let mut all = work(mine);
        for other in others {
            let lost = |_| vec![Err(Diag::compiler("a thread that decodes chunks ended")); each];
            all.extend(other.join().unwrap_or_else(lost));
        }
        all
    })
}

/// Elements in a box, unless they cannot be counted.
pub fn volume(shape: [u64; 3]) -> Option<u64> {
    shape.iter().try_fold(1u64, |product, n| product.checked_mul(*n))
}

/// Zeroed memory, or a refusal where the machine has none.
pub fn buffer(bytes: u64, what: &str) -> Result<Vec<u8>> {
    let refused = || Diag::world(format!("{bytes} bytes for '{what}' do not fit in memory"));
    let size = usize::try_from(bytes).map_err(|_| refused())?;
    let mut memory = Vec::new();
    memory.try_reserve_exact(size).map_err(|_| refused())?;
    memory.resize(size, 0);
    Ok(memory)
}
