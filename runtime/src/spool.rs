//! Transforms that need a whole segment: rows are gathered into tiles that lie in a temporary file line by line (one line for each
//! channel and inner position), lines are put together from their pieces in all tiles, transformed in F64, laid back into tiles, and
//! read as rows. A tile is written and read at once, and so are the pieces of neighbouring lines. Memory is that of a tile and
//! of as many lines as a part of the budget holds, at least one.

use std::ops::Range;
use std::path::{Path, PathBuf};

use dasc_compiler::plan::{LINE_BYTES, Stream};
use dasc_fft::{Complex, FftDirection, Number};
use dasc_ir::graph::TransformKind;
use dasc_ir::{DType, Diag, Result};
use rayon::prelude::*;

use crate::rows::{RowsView, number};
use crate::statistics::{StatisticView, Stored};
use crate::store::Store;

/// Bytes of a tile, unless a single row has more or the memory given is small.
pub(crate) const TILE: usize = 16 << 20;
/// Tiles as small as that are read and written in pieces that still suit a disk.
const LEAST_TILE: usize = 1 << 20;

/// Rows that are turned into pieces of lines together, so that every cache line they lie in is used up.
const TOGETHER: usize = 64;

/// The share of the budget that lines being transformed may take: streams are held beside them.
const SHARE: usize = 4;

/// F64 input or F32 planes, as tiles of `tile_rows` rows in which line follows line.
#[derive(Debug)]
pub(crate) struct Spool {
    store: Store,
    folder: Option<PathBuf>,
    rows: usize,
    first: i64,
    inner: usize,
    channels: usize,
    planes: usize,
    element: usize,
    tile_rows: usize,
    /// The tile being filled, or the last one read.
    tile: Vec<u8>,
    loaded: Option<usize>,
    /// Rows taken in.
    taken: usize,
}

impl Spool {
    /// Room for the rows of a segment of a stream, as F64.
    pub fn create(folder: Option<&Path>, stream: &Stream, segment: usize, memory: usize) -> Result<Spool> {
        let (first, stop) = stream.rows[segment];
        let lines = (stream.inner as usize, stream.channels as usize);
        Spool::with_lines((folder, memory), (stop - first).max(0) as usize, first, lines, 1, 8)
    }

    /// `(inner, channels)` are the lines; each has `planes` numbers of `element` bytes in a row.
    fn with_lines(
        (folder, memory): (Option<&Path>, usize),
        rows: usize,
        first: i64,
        (inner, channels): (usize, usize),
        planes: usize,
        element: usize,
    ) -> Result<Spool> {
        let row = (inner * channels * planes * element).max(1);
        let bytes = rows as u64 * (inner * channels * planes * element) as u64;
        let mut store = Store::create(folder, bytes, memory)?;
        store.grow(bytes)?;
        Ok(Spool {
            store,
            folder: folder.map(Path::to_path_buf),
            rows,
            first,
            inner,
            channels,
            planes,
            element,
            tile_rows: ((memory / SHARE).clamp(LEAST_TILE, TILE) / row).clamp(1, rows.max(1)),
            tile: Vec::new(),
            loaded: None,
            taken: 0,
        })
    }

    /// Bytes on disk.
    pub fn held(&self) -> u64 {
        if self.store.in_memory() > 0 {
            return 0;
        }
        [self.rows, self.inner, self.channels, self.planes, self.element].iter().map(|n| *n as u64).product()
    }

    fn lines(&self) -> usize {
        self.inner * self.channels
    }

    fn tiles(&self) -> usize {
        self.rows.div_ceil(self.tile_rows)
    }

    /// Rows of a tile; the last may have fewer than the others.
    fn rows_of(&self, tile: usize) -> usize {
        self.tile_rows.min(self.rows - tile * self.tile_rows)
    }

    /// Bytes that a line has in a tile.
    fn piece(&self, tile: usize) -> usize {
        self.rows_of(tile) * self.planes * self.element
    }

    /// Where a line's piece of a tile begins in the file.
    fn offset(&self, tile: usize, line: usize) -> u64 {
        let before = tile as u64 * (self.tile_rows * self.planes * self.element) as u64;
        before * self.lines() as u64 + line as u64 * self.piece(tile) as u64
    }

    /// Takes the next rows as F64.
    pub fn write(&mut self, view: &RowsView) -> Result<()> {
        if view.first != self.first + self.taken as i64 || view.rows > self.rows - self.taken {
            return Err(Diag::compiler("run: rows to be transformed come out of order"));
        }
        let mut done = 0;
        while done < view.rows {
            let (tile, at) = (self.taken / self.tile_rows, self.taken % self.tile_rows);
            let rows = self.rows_of(tile);
            let count = (rows - at).min(view.rows - done);
            let bytes = self.lines() * self.piece(tile);
            self.tile.resize(bytes, 0);
            for begin in (0..count).step_by(TOGETHER) {
                self.turn(view, done + begin, (at + begin, rows), TOGETHER.min(count - begin));
            }
            if at + count == rows {
                self.store.write(&self.tile, self.offset(tile, 0))?;
            }
            (done, self.taken) = (done + count, self.taken + count);
        }
        if self.taken == self.rows {
            self.tile = Vec::new();
        }
        Ok(())
    }

    /// Lays `count` rows of a view, from row `from` of it on, into the tile of `rows` rows, from row `at` of it on.
    fn turn(&mut self, view: &RowsView, from: usize, (at, rows): (usize, usize), count: usize) {
        let bytes = view.dtype.size();
        for inner in 0..self.inner {
            let lanes: Vec<&[u8]> = (from..from + count).map(|row| view.lanes(row, inner, 0)).collect();
            for channel in 0..self.channels {
                let begin = ((inner * self.channels + channel) * rows + at) * self.element;
                let slots = self.tile[begin..begin + count * self.element].chunks_exact_mut(self.element);
                for (slot, lanes) in slots.zip(&lanes) {
                    let value = number(view.dtype, &lanes[channel * bytes..(channel + 1) * bytes]);
                    slot.copy_from_slice(&value.to_ne_bytes());
                }
            }
        }
    }

    /// Gives rows `first .. first + rows` as F32, interleaved as a stream of two planes wants them.
    pub fn read(
        &mut self,
        first: i64,
        rows: usize,
        out: &mut [u8],
        stride: usize,
        plane_stride: usize,
    ) -> Result<()> {
        let (begin, mut done) = ((first - self.first) as usize, 0);
        while done < rows {
            let (tile, at) = ((begin + done) / self.tile_rows, (begin + done) % self.tile_rows);
            self.load(tile)?;
            let of = self.rows_of(tile);
            let count = (of - at).min(rows - done).min(TOGETHER);
            for part in 0..self.lines() * self.planes {
                let (line, plane) = (part / self.planes, part % self.planes);
                let (inner, channel) = (line / self.channels, line % self.channels);
                let lane = (inner * self.planes + plane) * plane_stride + channel * self.element;
                let from = (part * of + at) * self.element;
                let values = self.tile[from..from + count * self.element].chunks_exact(self.element);
                for (i, value) in values.enumerate() {
                    let to = (done + i) * stride + lane;
                    out[to..to + self.element].copy_from_slice(value);
                }
            }
            done += count;
        }
        Ok(())
    }

    fn load(&mut self, tile: usize) -> Result<()> {
        if self.loaded != Some(tile) {
            self.loaded = None;
            let (bytes, at) = (self.lines() * self.piece(tile), self.offset(tile, 0));
            self.tile.resize(bytes, 0);
            self.store.read(&mut self.tile, at)?;
            self.loaded = Some(tile);
        }
        Ok(())
    }

    /// The analytic signal of every line (scipy.signal.hilbert).
    pub fn analytic(&self, memory: usize) -> Result<Spool> {
        let lines = (self.inner, self.channels);
        let mut output =
            Spool::with_lines((self.folder.as_deref(), memory), self.rows, self.first, lines, 2, 4)?;
        let n = self.rows;
        let forward = f64::complex(n, FftDirection::Forward);
        let inverse = f64::complex(n, FftDirection::Inverse);
        for batch in self.batches(memory) {
            let mut lines = self.take_lines(batch.clone())?;
            lines.par_iter_mut().for_each(|line| {
                forward.process(line);
                let half = n / 2;
                for (k, value) in line.iter_mut().enumerate() {
                    *value *= match k {
                        0 => 1.0,
                        k if k == half && n.is_multiple_of(2) => 1.0,
                        k if k < n.div_ceil(2) => 2.0,
                        _ => 0.0,
                    } / n as f64;
                }
                inverse.process(line);
            });
            output.lay_lines(batch.start, &lines)?;
        }
        Ok(output)
    }

    /// The unscaled real FFT of every channel (numpy.fft.rfft) of a plain time series, as a statistic.
    pub fn spectrum(&self, output: &mut Stored, segment: usize, memory: usize) -> Result<()> {
        let n = self.rows;
        let forward = f64::complex(n, FftDirection::Forward);
        let stride = output.lane_stride();
        for batch in self.batches(memory) {
            let mut lines = self.take_lines(batch.clone())?;
            lines.par_iter_mut().for_each(|line| forward.process(line));
            let bytes = output.bytes_mut(segment);
            for (channel, line) in batch.zip(&lines) {
                for (k, z) in line.iter().take(n / 2 + 1).enumerate() {
                    for (plane, value) in [z.re, z.im].into_iter().enumerate() {
                        let at = ((k * 2 + plane) * stride + channel) * 4;
                        bytes[at..at + 4].copy_from_slice(&(value as f32).to_ne_bytes());
                    }
                }
            }
        }
        Ok(())
    }

    /// The rows of every channel whose unscaled real FFT is given (numpy.fft.irfft), as F32.
    pub fn of_spectrum(
        folder: Option<&Path>,
        spectrum: &StatisticView,
        (first, stop): (i64, i64),
        memory: usize,
    ) -> Result<Spool> {
        let n = (stop - first).max(0) as usize;
        let mut spool = Spool::with_lines((folder, memory), n, first, (1, spectrum.channels), 1, 4)?;
        if n == 0 {
            return Ok(spool);
        }
        let inverse = f64::complex(n, FftDirection::Inverse);
        for batch in spool.batches(memory) {
            let line = |channel: usize| {
                let bin = |k: usize| {
                    let plane = |plane| spectrum.value(k, plane, channel) / n as f64;
                    // What has no counterpart among the negative frequencies is taken as real, as NumPy does.
                    let alone = k == 0 || 2 * k == n;
                    Complex::new(plane(0), if alone { 0.0 } else { plane(1) })
                };
                let mut line: Vec<Complex<f64>> =
                    (0..n).map(|k| if 2 * k <= n { bin(k) } else { bin(n - k).conj() }).collect();
                inverse.process(&mut line);
                line
            };
            let lines: Vec<_> = batch.clone().into_par_iter().map(line).collect();
            spool.lay_lines(batch.start, &lines)?;
        }
        Ok(spool)
    }

    /// Neighbouring lines that are transformed together.
    fn batches(&self, memory: usize) -> impl Iterator<Item = Range<usize>> + use<> {
        let (lines, width) = (self.lines(), self.width(memory));
        (0..lines).step_by(width).map(move |from| from..(from + width).min(lines))
    }

    /// Lines that fit into a share of the memory given.
    fn width(&self, memory: usize) -> usize {
        (memory / SHARE / self.rows.saturating_mul(LINE_BYTES as usize).max(1)).clamp(1, self.lines().max(1))
    }

    /// Bytes that lines take while they are transformed.
    pub fn working(&self, memory: usize) -> usize {
        self.width(memory).saturating_mul(self.rows).saturating_mul(LINE_BYTES as usize)
    }

    /// Bytes in memory.
    pub fn in_memory(&self) -> usize {
        self.tile.len() + self.store.in_memory()
    }

    /// Lines put together from their pieces.
    fn take_lines(&self, lines: Range<usize>) -> Result<Vec<Vec<Complex<f64>>>> {
        let mut whole: Vec<Vec<Complex<f64>>> =
            lines.clone().map(|_| Vec::with_capacity(self.rows)).collect();
        let mut pieces = Vec::new();
        for tile in 0..self.tiles() {
            pieces.resize(lines.len() * self.piece(tile), 0);
            self.store.read(&mut pieces, self.offset(tile, lines.start))?;
            for (line, piece) in whole.iter_mut().zip(pieces.chunks_exact(self.piece(tile))) {
                line.extend(piece.chunks_exact(8).map(|b| Complex::new(number(DType::F64, b), 0.0)));
            }
        }
        Ok(whole)
    }

    /// Lays lines, from number `first` on, into the tiles as F32: their real parts, and in a second plane the imaginary ones.
    fn lay_lines(&mut self, first: usize, lines: &[Vec<Complex<f64>>]) -> Result<()> {
        let mut pieces: Vec<u8> = Vec::new();
        for tile in 0..self.tiles() {
            let rows = tile * self.tile_rows..tile * self.tile_rows + self.rows_of(tile);
            pieces.clear();
            for line in lines.iter().map(|line| &line[rows.clone()]) {
                pieces.extend(line.iter().flat_map(|z| (z.re as f32).to_ne_bytes()));
                if self.planes > 1 {
                    pieces.extend(line.iter().flat_map(|z| (z.im as f32).to_ne_bytes()));
                }
            }
            self.store.write(&pieces, self.offset(tile, first))?;
        }
        Ok(())
    }
}

/// Transforms a spooled segment within a budget of memory.
pub(crate) fn transform(
    spool: &Spool,
    kind: TransformKind,
    memory: usize,
    statistic: Option<(&mut Stored, usize)>,
) -> Result<Option<Spool>> {
    match (kind, statistic) {
        (TransformKind::Analytic, None) => spool.analytic(memory).map(Some),
        (TransformKind::Forward, Some((output, segment))) => {
            spool.spectrum(output, segment, memory).map(|()| None)
        }
        (TransformKind::Analytic | TransformKind::Forward | TransformKind::Inverse, _) => {
            Err(Diag::compiler(
                "run: a transform of a whole segment that is neither analytic signal nor spectrum",
            ))
        }
    }
}
