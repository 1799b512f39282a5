//! FFT steps: one transform per row and lane along the inner axis. All data is F32, but for the frames of a wide transform.
//!
//! Lanes are contiguous and frames are not. Where a length suits, 16 lanes are transformed at once as they lie (`lanes`), else one
//! frame after another (`frames`).

mod frames;
mod lanes;
pub(crate) mod stages;

use std::fmt;

use dasc_ir::Result;
use dasc_ir::kernel::{BufferAt, Fft, FftKind, LANES};

use frames::{Frames, Tile};
use lanes::{Lanes, Scratch};

/// A planned FFT step. Shared between threads.
pub struct Plan {
    kind: FftKind,
    n: usize,
    way: Way,
}

enum Way {
    Lanes(Lanes<f32>),
    Wide(Lanes<f64>),
    Frames(Frames),
}

/// What transforms groups of lanes one after another, with the memory for it.
enum Worker<'p> {
    Lanes(&'p Lanes<f32>, Scratch<f32>),
    Wide(&'p Lanes<f64>, Scratch<f64>),
    Frames(&'p Frames, Box<Tile>),
}

impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} FFT of {}", self.kind, self.n)
    }
}

impl Plan {
    /// Plans the step of a verified kernel.
    pub fn new(fft: &Fft) -> Plan {
        let (kind, n) = (fft.kind, fft.n as usize);
        let lanes = match kind {
            FftKind::ForwardWide => Lanes::new(kind, n).map(Way::Wide),
            FftKind::Forward
            | FftKind::Inverse
            | FftKind::ComplexForward
            | FftKind::ComplexInverse
            | FftKind::Analytic => Lanes::new(kind, n).map(Way::Lanes),
        };
        Plan { kind, n, way: lanes.unwrap_or_else(|| Way::Frames(Frames::new(kind, n))) }
    }

    /// Bytes that a run takes for itself: the frames of a group of lanes before and after.
    pub fn scratch(&self) -> usize {
        match &self.way {
            Way::Lanes(lanes) => lanes.bytes(),
            Way::Wide(lanes) => lanes.bytes(),
            Way::Frames(frames) => frames.bytes(),
        }
    }

    /// Transforms `rows` rows from the absolute index `start`, all `lanes` rounded up to whole groups of [`LANES`].
    /// Forward transforms are unscaled, inverse ones divide by `n`; the imaginary parts of the first and, for even
    /// `n`, the last input of a real inverse are taken as 0, as NumPy does. Errors: a mistake of the compiler's own.
    ///
    /// # Safety
    /// For each row and each lane rounded up to whole groups, the elements of both buffers in the shapes and types of
    /// [`FftKind`] lie in live memory; the output's are used by nobody else meanwhile.
    pub unsafe fn run(
        &self,
        input: &BufferAt,
        output: &BufferAt,
        start: i64,
        rows: i64,
        lanes: usize,
    ) -> Result<()> {
        let element = if self.kind == FftKind::ForwardWide { size_of::<f64>() } else { size_of::<f32>() };
        let mut worker = self.worker();
        for row in start..start.saturating_add(rows.max(0)) {
            for group in 0..lanes.div_ceil(LANES) {
                let at = |buffer: &BufferAt, element: usize| {
                    let row = buffer.base.wrapping_offset((row as isize).wrapping_mul(buffer.row));
                    row.wrapping_add(group * LANES * element)
                };
                let from = (at(input, element).cast_const(), input);
                let to = (at(output, size_of::<f32>()), output);
                // SAFETY: the caller vouches for all inner positions, planes and lanes of this row.
                unsafe {
                    match &mut worker {
                        Worker::Lanes(lanes, scratch) => lanes.run(from, to, scratch),
                        Worker::Wide(lanes, scratch) => lanes.run(from, to, scratch),
                        Worker::Frames(frames, tile) => frames.run(from, to, tile)?,
                    }
                }
            }
        }
        Ok(())
    }

    fn worker(&self) -> Worker<'_> {
        match &self.way {
            Way::Lanes(lanes) => Worker::Lanes(lanes, lanes.scratch()),
            Way::Wide(lanes) => Worker::Wide(lanes, lanes.scratch()),
            Way::Frames(frames) => Worker::Frames(frames, Box::new(frames.tile())),
        }
    }
}
