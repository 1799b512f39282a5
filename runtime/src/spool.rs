//! Transforms that need a whole segment: rows are spooled to a temporary file line by line (one line for each channel and
//! inner position), transformed one line at a time in F64, and read back as rows. Memory is that of one line, whatever
//! the record's size.

use std::path::{Path, PathBuf};

use dasc_compiler::plan::Stream;
use dasc_ir::graph::TransformKind;
use dasc_ir::{DType, Diag, Result};
use rayon::prelude::*;
use rustfft::FftPlanner;
use rustfft::num_complex::Complex;

use crate::rows::RowsView;
use crate::statistics::{StatisticView, Stored};
use crate::store::Store;

/// A line-major temporary file of F64 input or F32 planes.
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
}

impl Spool {
    /// Room for the rows of a segment of a stream, as F64.
    pub fn create(folder: Option<&Path>, stream: &Stream, segment: usize) -> Result<Spool> {
        let (first, stop) = stream.rows[segment];
        let lines = (stream.inner as usize, stream.channels as usize);
        Spool::with_lines(folder, (stop - first).max(0) as usize, first, lines, 1, 8)
    }

    /// `(inner, channels)` are the lines; each has `planes` numbers of `element` bytes in a row.
    fn with_lines(
        folder: Option<&Path>,
        rows: usize,
        first: i64,
        (inner, channels): (usize, usize),
        planes: usize,
        element: usize,
    ) -> Result<Spool> {
        let store = Store::create(folder)?;
        let spool = Spool {
            store,
            folder: folder.map(Path::to_path_buf),
            rows,
            first,
            inner,
            channels,
            planes,
            element,
        };
        spool.store.grow(spool.held())?;
        Ok(spool)
    }

    /// Bytes on disk.
    pub fn held(&self) -> u64 {
        [self.rows, self.inner, self.channels, self.planes, self.element].iter().map(|n| *n as u64).product()
    }

    fn lines(&self) -> usize {
        self.inner * self.channels
    }

    fn offset(&self, line: usize, plane: usize, row: usize) -> u64 {
        (((line * self.planes + plane) * self.rows + row) * self.element) as u64
    }

    /// Takes rows as F64.
    pub fn write(&self, view: &RowsView) -> Result<()> {
        let row = (view.first - self.first) as usize;
        let mut column = vec![0u8; view.rows * self.element];
        for line in 0..self.lines() {
            let (inner, channel) = (line / self.channels, line % self.channels);
            for plane in 0..self.planes {
                for (i, slot) in column.chunks_exact_mut(8).enumerate() {
                    slot.copy_from_slice(&view.value(i, inner, plane, channel).to_ne_bytes());
                }
                let at = self.offset(line, plane, row);
                self.store.write(&column, at)?;
            }
        }
        Ok(())
    }

    /// Gives rows `first .. first + rows` as F32, interleaved as a stream of two planes wants them.
    pub fn read(
        &self,
        first: i64,
        rows: usize,
        out: &mut [u8],
        stride: usize,
        plane_stride: usize,
    ) -> Result<()> {
        let row = (first - self.first) as usize;
        let mut column = vec![0u8; rows * self.element];
        for line in 0..self.lines() {
            let (inner, channel) = (line / self.channels, line % self.channels);
            for plane in 0..self.planes {
                let at = self.offset(line, plane, row);
                self.store.read(&mut column, at)?;
                let lane = (inner * self.planes + plane) * plane_stride + channel * self.element;
                for (i, value) in column.chunks_exact(self.element).enumerate() {
                    let to = i * stride + lane;
                    out[to..to + self.element].copy_from_slice(value);
                }
            }
        }
        Ok(())
    }

    /// The analytic signal of every line (scipy.signal.hilbert).
    pub fn analytic(&self) -> Result<Spool> {
        let output = Spool::with_lines(
            self.folder.as_deref(),
            self.rows,
            self.first,
            (self.inner, self.channels),
            2,
            4,
        )?;
        let n = self.rows;
        let mut planner = FftPlanner::<f64>::new();
        let (forward, inverse) = (planner.plan_fft_forward(n), planner.plan_fft_inverse(n));
        (0..self.lines()).into_par_iter().try_for_each(|number| {
            let mut line = self.line(number)?;
            forward.process(&mut line);
            let half = n / 2;
            for (k, value) in line.iter_mut().enumerate() {
                *value *= match k {
                    0 => 1.0,
                    k if k == half && n.is_multiple_of(2) => 1.0,
                    k if k < n.div_ceil(2) => 2.0,
                    _ => 0.0,
                } / n as f64;
            }
            inverse.process(&mut line);
            for plane in 0..2 {
                let bytes: Vec<u8> = line
                    .iter()
                    .flat_map(|z| (if plane == 0 { z.re } else { z.im } as f32).to_ne_bytes())
                    .collect();
                output.store.write(&bytes, output.offset(number, plane, 0))?;
            }
            Ok(())
        })?;
        Ok(output)
    }

    /// The unscaled real FFT of every channel (numpy.fft.rfft) of a plain time series, as a statistic.
    pub fn spectrum(&self, output: &mut Stored, segment: usize) -> Result<()> {
        let n = self.rows;
        let forward = FftPlanner::<f64>::new().plan_fft_forward(n);
        let stride = output.lane_stride();
        for channel in 0..self.channels {
            let mut line = self.line(channel)?;
            forward.process(&mut line);
            let bytes = output.bytes_mut(segment);
            for (k, z) in line.iter().take(n / 2 + 1).enumerate() {
                for (plane, value) in [z.re, z.im].into_iter().enumerate() {
                    let at = ((k * 2 + plane) * stride + channel) * 4;
                    bytes[at..at + 4].copy_from_slice(&(value as f32).to_ne_bytes());
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
    ) -> Result<Spool> {
        let n = (stop - first).max(0) as usize;
        let spool = Spool::with_lines(folder, n, first, (1, spectrum.channels), 1, 4)?;
        if n == 0 {
            return Ok(spool);
        }
        let inverse = FftPlanner::<f64>::new().plan_fft_inverse(n);
        (0..spectrum.channels).into_par_iter().try_for_each(|channel| {
            let bin = |k: usize| {
                let plane = |plane| spectrum.value(k, plane, channel) / n as f64;
                // What has no counterpart among the negative frequencies is taken as real, as NumPy does.
                let alone = k == 0 || 2 * k == n;
                Complex::new(plane(0), if alone { 0.0 } else { plane(1) })
            };
            let mut line: Vec<Complex<f64>> =
                (0..n).map(|k| if 2 * k <= n { bin(k) } else { bin(n - k).conj() }).collect();
            inverse.process(&mut line);
            let bytes: Vec<u8> = line.iter().flat_map(|z| (z.re as f32).to_ne_bytes()).collect();
            spool.store.write(&bytes, spool.offset(channel, 0, 0))
        })?;
        Ok(spool)
    }

    fn line(&self, index: usize) -> Result<Vec<Complex<f64>>> {
        let mut bytes = vec![0u8; self.rows * self.element];
        self.store.read(&mut bytes, self.offset(index, 0, 0))?;
        Ok(bytes.chunks_exact(8).map(|b| Complex::new(crate::rows::number(DType::F64, b), 0.0)).collect())
    }
}

/// Transforms a spooled segment.
pub(crate) fn transform(
    spool: &Spool,
    kind: TransformKind,
    statistic: Option<(&mut Stored, usize)>,
) -> Result<Option<Spool>> {
    match (kind, statistic) {
        (TransformKind::Analytic, None) => spool.analytic().map(Some),
        (TransformKind::Forward, Some((output, segment))) => spool.spectrum(output, segment).map(|()| None),
        (TransformKind::Analytic | TransformKind::Forward | TransformKind::Inverse, _) => {
            Err(Diag::compiler(
                "run: a transform of a whole segment that is neither analytic signal nor spectrum",
            ))
        }
    }
}
