//! Segments turned round: rows are stored one after another as they come and read from the last to the first, in pieces.
//!
//! What was read for the last time is cut off the end of the file, so that a store being read and the one being written from
//! it together stay at the size of one.

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
    pub fn create(folder: Option<&Path>, stream: &Stream, segment: usize) -> Result<Backwards> {
        let (start, stop) = stream.rows[segment];
        Ok(Backwards {
            store: Store::create(folder)?,
            start,
            stop: stop.max(start),
            stored: 0,
            parts: (stream.inner * stream.planes) as usize,
            lanes: stream.channels as usize * stream.element(),
        })
    }

    /// Bytes of one stored row.
    fn row(&self) -> usize {
        (self.parts * self.lanes).max(1)
    }

    /// Bytes on disk.
    pub fn held(&self) -> u64 {
        self.stored as u64 * self.row() as u64
    }

    /// Takes the segment's next rows.
    pub fn write(&mut self, view: &RowsView) -> Result<()> {
        if view.first != self.start + self.stored {
            return Err(Diag::compiler("run: rows to be turned round come out of order"));
        }
        let at_once = (PIECE / self.row()).max(1);
        let mut piece = Vec::with_capacity(at_once.min(view.rows) * self.row());
        for first in (0..view.rows).step_by(at_once) {
            piece.clear();
            for row in first..(first + at_once).min(view.rows) {
                for inner in 0..view.inner() {
                    for plane in 0..view.planes() {
                        piece.extend_from_slice(view.lanes(row, inner, plane));
                    }
                }
            }
            self.store.write(&piece, self.held())?;
            self.stored += ((first + at_once).min(view.rows) - first) as i64;
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
        let mut piece = vec![0u8; at_once.min(rows) * row];
        let mut done = 0;
        while done < rows {
            let count = at_once.min(rows - done);
            let from = end - (done + count) as i64;
            if from < 0 || from + count as i64 > self.stored {
                return Err(Diag::compiler("run: rows are turned round that are not stored"));
            }
            let piece = &mut piece[..count * row];
            self.store.read(piece, from as u64 * row as u64)?;
            for (i, stored) in piece.chunks_exact(row).rev().enumerate() {
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
            self.store.shrink(self.held())?;
        }
        Ok(())
    }
}
