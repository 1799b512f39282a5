//! Transforms that need a whole segment: rows are gathered into tiles that lie in a temporary file line by line (one line for each
//! channel and inner position), lines are put together from their pieces in all tiles, transformed in F64, laid back into tiles, and
//! read as rows. A tile is written and read at once, and so are the pieces of neighbouring lines. Memory is that of a tile and
//! of as many lines as a part of the budget holds, at least one.

use std::ops::Range;
use std::path::{Path, PathBuf};

use dasc_compiler::plan::{LINE_BYTES, Stream};
use dasc_fft::{Complex, FftDirection, FftError, Number, RealToComplex};
use dasc_ir::graph::TransformKind;
use dasc_ir::{DType, Diag, Result};
use rayon::prelude::*;

use crate::rows::RowsView;
use crate::statistics::{StatisticView, Stored};
use crate::store::Store;

/// Bytes of a tile, unless a single row has more or the memory given is small.
pub(crate) const TILE: usize = 16 << 20;
/// Tiles as small as that are read and written in pieces that still suit a disk.
const LEAST_TILE: usize = 1 << 20;

/// Lines that are worked on together: so many numbers of F32 are a cache line.
const BESIDE: usize = 16;
/// Bins of all lines that are laid down together.
const BINS: usize = 8;
const F32: usize = size_of::<f32>();
const F64: usize = size_of::<f64>();

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
            match view.dtype {
                DType::F32 => self.turn(view, done, (at, rows), count, |b| f32::from_ne_bytes(b).into()),
                DType::F64 => self.turn(view, done, (at, rows), count, f64::from_ne_bytes),
                DType::I16 => self.turn(view, done, (at, rows), count, |b| i16::from_ne_bytes(b).into()),
                DType::I32 => self.turn(view, done, (at, rows), count, |b| i32::from_ne_bytes(b).into()),
                other => return Err(Diag::compiler(format!("run: lines of {other} are transformed"))),
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
    fn turn<const W: usize>(
        &mut self,
        view: &RowsView,
        from: usize,
        (at, rows): (usize, usize),
        count: usize,
        value: impl Fn([u8; W]) -> f64 + Sync,
    ) {
        let channels = self.channels;
        let lines = rows * F64;
        self.tile.par_chunks_mut(lines * BESIDE).enumerate().for_each(|(group, lines_now)| {
            for begin in (0..count).step_by(TOGETHER) {
                let now = TOGETHER.min(count - begin);
                for (number, line) in lines_now.chunks_exact_mut(lines).enumerate() {
                    let number = group * BESIDE + number;
                    let (inner, channel) = (number / channels, number % channels);
                    let slots = &mut line.as_chunks_mut().0[at + begin..][..now];
                    for (slot, row) in slots.iter_mut().zip(from + begin..) {
                        let lanes = view.lanes(row, inner, 0).as_chunks::<W>().0;
                        *slot = value(lanes[channel]).to_ne_bytes();
                    }
                }
            }
        });
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
            let count = (of - at).min(rows - done);
            let (planes, channels) = (self.planes, self.channels);
            let (tile, parts) = (&self.tile, self.lines() * planes);
            let strips = out[done * stride..].par_chunks_mut(TOGETHER * stride).enumerate();
            strips.take(count.div_ceil(TOGETHER)).for_each(|(strip, out)| {
                let at = at + strip * TOGETHER;
                let now = TOGETHER.min(count - strip * TOGETHER);
                for part in 0..parts {
                    let (line, plane) = (part / planes, part % planes);
                    let (inner, channel) = (line / channels, line % channels);
                    let lane = (inner * planes + plane) * plane_stride + channel * F32;
                    let values = &tile.as_chunks::<F32>().0[part * of + at..][..now];
                    for (row, value) in out.chunks_mut(stride).zip(values) {
                        if let Some(to) = row[lane..].first_chunk_mut() {
                            *to = *value;
                        }
                    }
                }
            });
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
        if n == 0 {
            return Ok(output);
        }
        let (forward, inverse) = (f64::forward(n), f64::complex(n, FftDirection::Inverse));
        for batch in self.batches(memory) {
            let lines = self.take_lines(batch.clone())?;
            let analytic = |mut line: Vec<f64>| {
                let mut bins = half_spectrum(&*forward, &mut line)?;
                for (k, value) in bins.iter_mut().enumerate() {
                    // What has no counterpart among the negative frequencies counts once.
                    let alone = k == 0 || 2 * k == n;
                    *value *= if alone { 1.0 } else { 2.0 } / n as f64;
                }
                bins.resize(n, Complex::default());
                inverse.process(&mut bins);
                Ok(bins)
            };
            let lines = lines.into_par_iter().map(analytic).collect::<Result<Vec<_>>>()?;
            let real = |line: &[Complex<f64>]| line.iter().map(|z| z.re as f32).collect();
            let imaginary = |line: &[Complex<f64>]| line.iter().map(|z| z.im as f32).collect();
            output.lay_lines(batch.start, &lines, &[&real, &imaginary])?;
        }
        Ok(output)
    }

    /// The unscaled real FFT of every channel (numpy.fft.rfft) of a plain time series, as a statistic.
    pub fn spectrum(&self, output: &mut Stored, segment: usize, memory: usize) -> Result<()> {
        let n = self.rows;
        if n == 0 {
            return Ok(());
        }
        let forward = f64::forward(n);
        let stride = output.lane_stride();
        for batch in self.batches(memory) {
            let lines = self.take_lines(batch.clone())?;
            let bins = lines.into_par_iter().map(|mut line| half_spectrum(&*forward, &mut line));
            let bins = bins.collect::<Result<Vec<_>>>()?;
            // Some bins of every line at a time, so that every cache line they lie in is used up.
            let position = 2 * stride * F32;
            let together = output.bytes_mut(segment).par_chunks_mut(BINS * position);
            together.enumerate().for_each(|(number, bytes)| {
                for (channel, line) in batch.clone().zip(&bins) {
                    let now = line.iter().skip(number * BINS);
                    for (bytes, z) in bytes.chunks_exact_mut(position).zip(now) {
                        let numbers = bytes.as_chunks_mut().0;
                        numbers[channel] = (z.re as f32).to_ne_bytes();
                        numbers[stride + channel] = (z.im as f32).to_ne_bytes();
                    }
                }
            });
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
        let inverse = f64::inverse(n);
        for batch in spool.batches(memory) {
            let groups: Vec<Range<usize>> =
                batch.clone().step_by(BESIDE).map(|from| from..(from + BESIDE).min(batch.end)).collect();
            let lines = |group: Range<usize>| {
                let mut bins = vec![Vec::with_capacity(n / 2 + 1); group.len()];
                for k in 0..=n / 2 {
                    // What has no counterpart among the negative frequencies is taken as real, as NumPy does.
                    let alone = k == 0 || 2 * k == n;
                    for (bins, channel) in bins.iter_mut().zip(group.clone()) {
                        let plane = |plane| spectrum.value(k, plane, channel) / n as f64;
                        bins.push(Complex::new(plane(0), if alone { 0.0 } else { plane(1) }));
                    }
                }
                let line = |mut bins: Vec<Complex<f64>>| {
                    let mut line = inverse.make_output_vec();
                    inverse.process(&mut bins, &mut line).map_err(unlike).map(|()| line)
                };
                bins.into_iter().map(line).collect::<Result<Vec<_>>>()
            };
            let lines = groups.into_par_iter().map(lines).collect::<Result<Vec<_>>>()?;
            let lines: Vec<Vec<f64>> = lines.into_iter().flatten().collect();
            let real = |line: &[f64]| line.iter().map(|x| *x as f32).collect();
            spool.lay_lines(batch.start, &lines, &[&real])?;
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
    fn take_lines(&self, lines: Range<usize>) -> Result<Vec<Vec<f64>>> {
        let mut whole: Vec<Vec<f64>> = lines.clone().map(|_| Vec::with_capacity(self.rows)).collect();
        let mut pieces = Vec::new();
        for tile in 0..self.tiles() {
            pieces.resize(lines.len() * self.piece(tile), 0);
            self.store.read(&mut pieces, self.offset(tile, lines.start))?;
            whole.par_iter_mut().zip(pieces.par_chunks_exact(self.piece(tile))).for_each(|(line, piece)| {
                line.extend(piece.as_chunks().0.iter().map(|b| f64::from_ne_bytes(*b)));
            });
        }
        Ok(whole)
    }

    /// Lays lines, from number `first` on, into the tiles as F32: one plane for each way to make numbers of a line.
    fn lay_lines<T: Sync>(&mut self, first: usize, lines: &[Vec<T>], planes: &[&Plane<T>]) -> Result<()> {
        let mut pieces: Vec<u8> = Vec::new();
        for tile in 0..self.tiles() {
            let rows = tile * self.tile_rows..tile * self.tile_rows + self.rows_of(tile);
            let bytes = rows.len() * F32;
            pieces.resize(lines.len() * planes.len() * bytes, 0);
            pieces.par_chunks_exact_mut(planes.len() * bytes).zip(lines).for_each(|(piece, line)| {
                for (piece, plane) in piece.chunks_exact_mut(bytes).zip(planes) {
                    let numbers: Vec<f32> = plane(&line[rows.clone()]);
                    for (to, x) in piece.as_chunks_mut().0.iter_mut().zip(numbers) {
                        *to = x.to_ne_bytes();
                    }
                }
            });
            self.store.write(&pieces, self.offset(tile, first))?;
        }
        Ok(())
    }
}

/// The numbers of one plane that some of a line become.
type Plane<T> = dyn Fn(&[T]) -> Vec<f32> + Sync;

/// The bins of a line that are not negative, unscaled.
fn half_spectrum(forward: &dyn RealToComplex<f64>, line: &mut [f64]) -> Result<Vec<Complex<f64>>> {
    let mut bins = forward.make_output_vec();
    forward.process(line, &mut bins).map_err(unlike).map(|()| bins)
}

fn unlike(error: FftError) -> Diag {
    Diag::compiler(format!("run: a line does not fit its transform: {error}"))
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
