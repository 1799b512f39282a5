//! Segments turned round: rows are stored one after another as they come and read from the last to the first, in pieces.
//!
//! What was read for the last time is cut off the end of the file, so that a store being read and the one being written from
//! it together stay at the size of one.

use std::ops::Range;
use std::path::Path;

use dasc_compiler::plan::Stream;
use dasc_ir::{Diag, Result};

use crate::rows::RowsView;
use crate::store::{PIECE, Store};

/// The rows of one segment, in the type of their stream and without padding.
#[derive(Debug)]
pub(crate) struct Backwards {
    store: Store,
    /// Rows of the segment, and how many are stored.
    start: i64,
    stop: i64,
    stored: i64,
    parts: usize,
    /// Bytes of the channels of one inner position and plane.
    lanes: usize,
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
        let (parts, lanes) =
            ((stream.inner * stream.planes) as usize, stream.channels as usize * stream.element());
        let bytes = stop.saturating_sub(start).max(0).unsigned_abs().saturating_mul((parts * lanes) as u64);
        let store = Store::create(folder, bytes, memory)?;
        Ok(Backwards { store, start, stop: stop.max(start), stored: 0, parts, lanes })
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
        if self.in_memory() > 0 { 0 } else { self.bytes() }
    }

    /// Bytes in memory.
    pub fn in_memory(&self) -> usize {
        self.store.in_memory()
    }

    /// Takes the segment's next rows.
    pub fn write(&mut self, view: &RowsView) -> Result<()> {
        if view.first != self.start + self.stored {
            return Err(Diag::compiler("run: rows to be turned round come out of order"));
        }
        if let Store::Memory(memory) = &mut self.store {
            let row = self.parts * self.lanes;
            let at = self.stored as usize * row;
            let room = memory.bytes_mut().get_mut(at..at + view.rows * row);
            let beyond = || Diag::compiler("run: more rows are turned round than the segment has");
            lay(view, 0..view.rows, room.ok_or_else(beyond)?);
            self.stored += view.rows as i64;
            return Ok(());
        }
        let at_once = (PIECE / self.row()).max(1);
        let mut piece = Vec::new();
        for first in (0..view.rows).step_by(at_once) {
            let rows = first..(first + at_once).min(view.rows);
            piece.resize(rows.len() * self.row(), 0);
            lay(view, rows.clone(), &mut piece);
            self.store.write(&piece, self.bytes())?;
            self.stored += rows.len() as i64;
        }
        Ok(())
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
        let row = self.row();
        // Row `i` of the result was stored as this many rows before the end.
        let end = self.stop - first;
        let at_once = (PIECE / row).max(1);
        let mut piece = Vec::new();
        let mut done = 0;
        while done < rows {
            let count = at_once.min(rows - done);
            let from = end - (done + count) as i64;
            if from < 0 || from + count as i64 > self.stored {
                return Err(Diag::compiler("run: rows are turned round that are not stored"));
            }
            let at = from as usize * row..(from as usize + count) * row;
            let stored = match &self.store {
                Store::Memory(memory) => &memory.bytes()[at],
                Store::File { .. } => {
                    piece.resize(count * row, 0);
                    self.store.read(&mut piece, at.start as u64)?;
                    &piece
                }
            };
            for (i, stored) in stored.chunks_exact(row).rev().enumerate() {
                let place = (done + i) * stride;
                for (number, lanes) in stored.chunks_exact(self.lanes.max(1)).enumerate() {
                    let to = place + number * part;
                    out[to..to + lanes.len()].copy_from_slice(lanes);
                }
            }
            done += count;
        }
        if last {
            self.stored = end - rows as i64;
            self.store.shrink(self.bytes())?;
        }
        Ok(())
    }
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
