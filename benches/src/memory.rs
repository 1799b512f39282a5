//! Records that lie in memory, and who looks at what comes of them.

use std::sync::Arc;

use dasc_ir::{DType, Diag, Result};
use dasc_runtime::{Detection, Feed, InMemory, Observer, RowsView, StatisticView};

use crate::npy::Array;

/// Rows in memory.
pub struct Memory {
    samples: Arc<Aligned>,
    /// Bytes of a row.
    row: usize,
}

/// Bytes that begin on a cache line: where in the array, and how many.
struct Aligned(Vec<u8>, usize, usize);

impl AsRef<[u8]> for Aligned {
    fn as_ref(&self) -> &[u8] {
        &self.0[self.1..self.1 + self.2]
    }
}

impl Memory {
    /// Rows of `row` bytes each.
    pub fn new(samples: &[u8], row: usize) -> Memory {
        const LINE: usize = 64;
        let mut bytes = vec![0; samples.len() + LINE];
        let begin = bytes.as_ptr().align_offset(LINE);
        bytes[begin..begin + samples.len()].copy_from_slice(samples);
        Memory { samples: Arc::new(Aligned(bytes, begin, samples.len())), row }
    }

    pub fn samples(&self) -> &[u8] {
        (*self.samples).as_ref()
    }
}

impl Feed for Memory {
    fn read(&self, first: i64, rows: usize, out: &mut [u8], stride: usize) -> Result<()> {
        let source = self.samples().chunks_exact(self.row).skip(first as usize).take(rows);
        for (to, from) in out.chunks_mut(stride).zip(source) {
            to[..self.row].copy_from_slice(from);
        }
        Ok(())
    }

    fn in_memory(&self) -> Option<InMemory> {
        Some(InMemory { samples: self.samples.clone(), first: 0, row: self.row })
    }
}

/// Looks at one number of what it is given, so that nothing can be left out.
#[derive(Default)]
pub struct Glance(pub f64);

impl Observer for Glance {
    fn rows(&mut self, _: usize, _: usize, rows: &RowsView) -> Result<()> {
        if rows.rows > 0 {
            self.0 += rows.value(rows.rows - 1, 0, 0, 0);
        }
        Ok(())
    }

    fn takes_ranges(&self, _: usize) -> bool {
        true
    }

    fn statistic(&mut self, _: usize, _: usize, _: &StatisticView) -> Result<()> {
        Ok(())
    }

    fn detections(&mut self, _: usize, found: Vec<Detection>) -> Result<()> {
        self.0 += found.len() as f64;
        Ok(())
    }
}

/// Keeps the rows of the first output, as `[row][inner][channel]`; complex numbers are pairs.
#[derive(Default)]
pub struct Keep {
    pub rows: usize,
    pub inner: usize,
    pub channels: usize,
    pub dtype: Option<DType>,
    pub bytes: Vec<u8>,
}

impl Keep {
    pub fn array(self) -> Result<Array> {
        let dtype = self.dtype.ok_or_else(|| Diag::usage("the script has no rows to save"))?;
        let shape = match self.inner {
            1 => vec![self.rows, self.channels],
            inner => vec![self.rows, inner, self.channels],
        };
        Ok(Array { dtype, shape, bytes: self.bytes })
    }
}

impl Observer for Keep {
    fn rows(&mut self, output: usize, _: usize, view: &RowsView) -> Result<()> {
        if output != 0 {
            return Ok(());
        }
        (self.inner, self.channels, self.dtype) = (view.inner(), view.channels, Some(view.dtype));
        self.rows += view.rows;
        for row in 0..view.rows {
            for inner in 0..view.inner() {
                if view.planes() == 1 {
                    self.bytes.extend(view.lanes(row, inner, 0));
                } else {
                    let planes = view.lanes(row, inner, 0).chunks(4).zip(view.lanes(row, inner, 1).chunks(4));
                    planes.for_each(|(real, imaginary)| {
                        self.bytes.extend(real);
                        self.bytes.extend(imaginary);
                    });
                }
            }
        }
        Ok(())
    }

    fn statistic(&mut self, _: usize, _: usize, _: &StatisticView) -> Result<()> {
        Ok(())
    }

    fn detections(&mut self, _: usize, _: Vec<Detection>) -> Result<()> {
        Ok(())
    }
}
