//! Segments turned round: rows are stored one after another as they come and read from the last to the first, in pieces.
//!
//! What was read for the last time is cut off the end of the file, so that a store being read and the one being written from
//! it together stay at the size of one. Where memory is enough there is no store: the stream that is turned round keeps all of
//! its rows, and who reads it reads those, each a row before the one before.

use std::ops::Range;
use std::path::Path;

use dasc_compiler::plan::Stream;
use dasc_ir::{Diag, Result};

use crate::rows::{AllRows, Layout, Lent, RowsView};
use crate::store::{IN_MEMORY, PIECE, Store};

/// The rows of one segment, in the type of their stream.
#[derive(Debug)]
pub(crate) struct Backwards {
    place: Place,
    /// Rows of the segment, and how many are stored.
    start: i64,
    stop: i64,
    stored: i64,
    parts: usize,
    /// Bytes of the channels of one inner position and plane.
    lanes: usize,
}

#[derive(Debug)]
enum Place {
    /// Without padding.
    Store(Store),
    /// In the stream's own memory, from the last row to the first; nothing until the segment is over.
    Stream(Option<Lent>),
}

/// Whether a stream that is turned round keeps the rows of a segment itself.
pub(crate) fn stays_in_memory(stream: &Stream, segment: usize, memory: usize) -> bool {
    let (start, stop) = stream.rows[segment];
    let rows = stop.saturating_sub(start).max(0).unsigned_abs();
    rows.saturating_mul(Layout::wide(stream).row() as u64) <= (memory / IN_MEMORY) as u64
}

impl Backwards {
    /// Nothing yet of a segment of a stream.
    pub fn create(
        folder: Option<&Path>,
        stream: &Stream,
        segment: usize,
        memory: usize,
    ) -> Result<Backwards> {
        let (start, stop) = stream.rows[segment];
        let place = if stays_in_memory(stream, segment, memory) {
            Place::Stream(None)
        } else {
            Place::Store(Store::file(folder)?)
        };
        let parts = (stream.inner * stream.planes) as usize;
        let lanes = stream.channels as usize * stream.element();
        Ok(Backwards { place, start, stop: stop.max(start), stored: 0, parts, lanes })
    }

    /// Bytes of one stored row.
    fn row(&self) -> usize {
        (self.parts * self.lanes).max(1)
    }

    /// Bytes stored.
    fn bytes(&self) -> u64 {
        self.stored as u64 * self.row() as u64
    }

    /// Bytes on disk.
    pub fn held(&self) -> u64 {
        match self.place {
            Place::Store(_) => self.bytes(),
            Place::Stream(_) => 0,
        }
    }

    /// Bytes in memory.
    pub fn in_memory(&self) -> usize {
        match &self.place {
            Place::Stream(Some(rows)) => rows.held(),
            Place::Store(_) | Place::Stream(None) => 0,
        }
    }

    /// Takes the segment's next rows, unless their stream keeps them.
    pub fn write(&mut self, view: &RowsView) -> Result<()> {
        let row = self.row();
        let Place::Store(store) = &mut self.place else { return Ok(()) };
        if view.first != self.start + self.stored {
            return Err(Diag::compiler("run: rows to be turned round come out of order"));
        }
        let at_once = (PIECE / row).max(1);
        let mut piece = Vec::new();
        for first in (0..view.rows).step_by(at_once) {
            let rows = first..(first + at_once).min(view.rows);
            piece.resize(rows.len() * row, 0);
            lay(view, rows.clone(), &mut piece);
            store.write(&piece, self.stored as u64 * row as u64)?;
            self.stored += rows.len() as i64;
        }
        Ok(())
    }

    /// Takes the rows of the segment in the memory of the stream that kept them.
    pub fn take_over(&mut self, AllRows { memory, layout, origin }: AllRows) -> Result<()> {
        let rows = (self.stop - self.start) as usize;
        let last = origin + rows.saturating_sub(1) * layout.row();
        let turned = Lent::new(memory, layout, (self.start, rows), (last, -(layout.row() as isize)));
        let turned = turned.ok_or_else(|| Diag::compiler("run: a stream did not keep its rows"))?;
        (self.place, self.stored) = (Place::Stream(Some(turned)), self.stop - self.start);
        Ok(())
    }

    /// The rows of the segment turned round, where they lie in memory.
    pub fn lent(&self) -> Option<&Lent> {
        match &self.place {
            Place::Stream(rows) => rows.as_ref(),
            Place::Store(_) => None,
        }
    }

    /// Rows `first .. first + rows` of the segment turned round, each at `stride` bytes from the one before, its parts at `part`.
    /// `last` says that they are not asked for again.
    pub fn read(
        &mut self,
        first: i64,
        rows: usize,
        out: &mut [u8],
        (stride, part): (usize, usize),
        last: bool,
    ) -> Result<()> {
        let mut lay = |row: usize, part_number: usize, lanes: &[u8]| {
            let to = row * stride + part_number * part;
            out[to..to + lanes.len()].copy_from_slice(lanes);
        };
        let row = self.row();
        let store = match &mut self.place {
            Place::Store(store) => store,
            Place::Stream(Some(turned)) => {
                for (i, number) in (0..rows).flat_map(|i| (0..self.parts).map(move |part| (i, part))) {
                    lay(i, number, turned.lanes(first + i as i64, number, self.lanes));
                }
                return Ok(());
            }
            Place::Stream(None) => return Err(not_stored()),
        };
        // Row `i` of the result was stored as this many rows before the end.
        let end = self.stop - first;
        let at_once = (PIECE / row).max(1);
        let mut piece = Vec::new();
        let mut done = 0;
        while done < rows {
            let count = at_once.min(rows - done);
            let from = end - (done + count) as i64;
            if from < 0 || from + count as i64 > self.stored {
                return Err(not_stored());
            }
            piece.resize(count * row, 0);
            store.read(&mut piece, from as u64 * row as u64)?;
            for (i, stored) in piece.chunks_exact(row).rev().enumerate() {
                for (number, lanes) in stored.chunks_exact(self.lanes.max(1)).enumerate() {
                    lay(done + i, number, lanes);
                }
            }
            done += count;
        }
        if last {
            self.stored = end - rows as i64;
            store.shrink(self.stored as u64 * row as u64)?;
        }
        Ok(())
    }
}

fn not_stored() -> Diag {
    Diag::compiler("run: rows are turned round that are not stored")
}

/// Writes rows of a view one after another, without padding, to memory of their size.
fn lay(view: &RowsView, rows: Range<usize>, to: &mut [u8]) {
    let parts = (0..view.inner()).flat_map(|inner| (0..view.planes()).map(move |plane| (inner, plane)));
    let lanes = rows.flat_map(|row| parts.clone().map(move |(inner, plane)| view.lanes(row, inner, plane)));
    let mut at = 0;
    for lanes in lanes {
        to[at..at + lanes.len()].copy_from_slice(lanes);
        at += lanes.len();
    }
}
