//! FFT steps of any length, one frame a call (a batch would differ in bits) by `dasc_fft`: a group of lanes is transposed into
//! scratch, transformed, and transposed back.

use std::sync::Arc;

use dasc_fft::{Complex32, Complex64, ComplexToReal, FftDirection, Number, RealToComplex};
use dasc_ir::kernel::{BufferAt, FftKind, LANES};
use dasc_ir::{Diag, Result};

/// A planned step.
pub(super) struct Frames {
    kind: FftKind,
    n: usize,
    way: Way,
}

enum Way {
    Forward(Arc<dyn RealToComplex<f32>>),
    Wide(Arc<dyn RealToComplex<f64>>),
    Inverse(Arc<dyn ComplexToReal<f32>>),
    Complex(Arc<dyn dasc_fft::Fft<f32>>),
}

impl Frames {
    pub fn new(kind: FftKind, n: usize) -> Frames {
        let way = match kind {
            FftKind::Forward => Way::Forward(f32::forward(n)),
            FftKind::ForwardWide => Way::Wide(f64::forward(n)),
            FftKind::Inverse => Way::Inverse(f32::inverse(n)),
            FftKind::ComplexForward => Way::Complex(f32::complex(n, FftDirection::Forward)),
            FftKind::ComplexInverse | FftKind::Analytic => {
                Way::Complex(f32::complex(n, FftDirection::Inverse))
            }
        };
        Frames { kind, n, way }
    }

    /// Bytes of a tile.
    pub fn bytes(&self) -> usize {
        let (n, half) = (self.n + APART, self.n / 2 + 1 + APART);
        let (real, complex) = (size_of::<f32>(), size_of::<Complex32>());
        LANES
            * match self.way {
                Way::Forward(_) | Way::Inverse(_) => n * real + half * complex,
                Way::Wide(_) => n * size_of::<f64>() + half * complex,
                Way::Complex(_) => n * complex,
            }
    }

    pub fn tile(&self) -> Tile {
        Tile::new(self)
    }

    /// # Safety
    /// That of `Plan::run` for one row of one group, whose lane 0 at inner 0 and plane 0 the addresses are.
    pub unsafe fn run(
        &self,
        input: (*const u8, &BufferAt),
        output: (*mut u8, &BufferAt),
        tile: &mut Tile,
    ) -> Result<()> {
        // SAFETY: the caller's promise.
        unsafe { tile.gather(input.0, input.1) };
        tile.transform(self)?;
        // SAFETY: as above, for the output.
        unsafe { tile.scatter(output.0, output.1) };
        Ok(())
    }
}

/// Frames of one group of lanes, frame after frame, apart by a little more than their length: at a power of two all of them
/// would lie in the same sets of the first-level cache.
pub(super) struct Tile {
    kind: FftKind,
    n: usize,
    real: Vec<f32>,
    complex: Vec<Complex32>,
    scratch: Vec<Complex32>,
    wide: Wide,
    /// Complex elements of a frame.
    half: usize,
}

/// Elements between frames beyond their length: a cache line of F32.
const APART: usize = 16;

/// What a wide transform works on: all frames, and one spectrum at a time.
#[derive(Default)]
struct Wide {
    real: Vec<f64>,
    complex: Vec<Complex64>,
    scratch: Vec<Complex64>,
}

impl Tile {
    fn new(plan: &Frames) -> Tile {
        let n = plan.n;
        let (real, half, scratch) = match &plan.way {
            Way::Forward(way) => (n, n / 2 + 1, way.get_scratch_len()),
            Way::Wide(_) => (0, n / 2 + 1, 0),
            Way::Inverse(way) => (n, n / 2 + 1, way.get_scratch_len()),
            Way::Complex(way) => (0, n, way.get_inplace_scratch_len()),
        };
        let wide = match &plan.way {
            Way::Wide(way) => Wide {
                real: vec![0.0; (n + APART) * LANES],
                complex: vec![Complex64::default(); half],
                scratch: vec![Complex64::default(); way.get_scratch_len()],
            },
            Way::Forward(_) | Way::Inverse(_) | Way::Complex(_) => Wide::default(),
        };
        Tile {
            kind: plan.kind,
            n,
            real: vec![0.0; (real + APART) * LANES],
            complex: vec![Complex32::default(); (half + APART) * LANES],
            scratch: vec![Complex32::default(); scratch],
            wide,
            half,
        }
    }

    /// # Safety
    /// `at` is lane 0 of the group at inner 0 and plane 0 of a row; the whole group of it can be read.
    unsafe fn gather(&mut self, at: *const u8, strides: &BufferAt) {
        if self.kind == FftKind::ForwardWide {
            let n = self.n;
            for inner in 0..n {
                // SAFETY: the caller's promise; groups are `LANES` contiguous aligned elements.
                let group = unsafe {
                    at.wrapping_offset(inner as isize * strides.inner).cast::<[f64; LANES]>().read_unaligned()
                };
                for (lane, x) in group.into_iter().enumerate() {
                    self.wide.real[lane * (n + APART) + inner] = x;
                }
            }
            return;
        }
        // SAFETY: as above, of F32.
        let group = |inner: usize, plane: isize| unsafe {
            at.wrapping_offset(inner as isize * strides.inner + plane * strides.plane)
                .cast::<[f32; LANES]>()
                .read_unaligned()
        };
        if self.kind == FftKind::Forward {
            let (n, step) = (self.n, self.n + APART);
            let whole = n - n % LANES;
            for inner in (0..whole).step_by(LANES) {
                let square: [[f32; LANES]; LANES] = std::array::from_fn(|i| group(inner + i, 0));
                for (lane, frame) in self.real.chunks_exact_mut(step).enumerate() {
                    let to = &mut frame[inner..][..LANES];
                    to.copy_from_slice(&std::array::from_fn::<f32, LANES, _>(|i| square[i][lane]));
                }
            }
            for inner in whole..n {
                for (lane, x) in group(inner, 0).into_iter().enumerate() {
                    self.real[lane * step + inner] = x;
                }
            }
            return;
        }
        if self.kind == FftKind::Analytic {
            self.complex.fill(Complex32::default());
        }
        let n = self.half;
        for inner in 0..if self.kind == FftKind::Analytic { n / 2 + 1 } else { n } {
            let (re, im) = (group(inner, 0), group(inner, 1));
            // Negative frequencies are left out and positive ones doubled; what has no counterpart is real and stays.
            let alone = inner == 0 || 2 * inner == n;
            for lane in 0..LANES {
                let bin = Complex32::new(re[lane], im[lane]);
                self.complex[lane * (n + APART) + inner] = match self.kind {
                    FftKind::Analytic if alone => Complex32::new(bin.re, 0.0),
                    FftKind::Analytic => bin + bin,
                    FftKind::Forward
                    | FftKind::ForwardWide
                    | FftKind::Inverse
                    | FftKind::ComplexForward
                    | FftKind::ComplexInverse => bin,
                };
            }
        }
    }

    /// # Safety
    /// As [`Tile::gather`], and the group can be written.
    unsafe fn scatter(&self, at: *mut u8, strides: &BufferAt) {
        let put = |inner: usize, plane: isize, group: [f32; LANES]| {
            let to = at.wrapping_offset(inner as isize * strides.inner + plane * strides.plane);
            // SAFETY: the caller's promise.
            unsafe { to.cast::<[f32; LANES]>().write_unaligned(group) };
        };
        if self.kind == FftKind::Inverse {
            let step = self.n + APART;
            for inner in 0..self.n {
                put(inner, 0, std::array::from_fn(|lane| self.real[lane * step + inner]));
            }
            return;
        }
        let step = self.half + APART;
        let whole = self.half - self.half % LANES;
        for inner in (0..whole).step_by(LANES) {
            let square: [[Complex32; LANES]; LANES] = std::array::from_fn(|lane| {
                std::array::from_fn(|i| self.complex[lane * step + inner..][..LANES][i])
            });
            for at in inner..inner + LANES {
                put(at, 0, std::array::from_fn(|lane| square[lane][at - inner].re));
                put(at, 1, std::array::from_fn(|lane| square[lane][at - inner].im));
            }
        }
        for inner in whole..self.half {
            put(inner, 0, std::array::from_fn(|lane| self.complex[lane * step + inner].re));
            put(inner, 1, std::array::from_fn(|lane| self.complex[lane * step + inner].im));
        }
    }

    fn transform(&mut self, plan: &Frames) -> Result<()> {
        let n = plan.n;
        let scale = 1.0 / n as f32;
        for lane in 0..LANES {
            let complex = &mut self.complex[lane * (self.half + APART)..][..self.half];
            match &plan.way {
                Way::Forward(way) => {
                    let real = &mut self.real[lane * (n + APART)..][..n];
                    way.process_with_scratch(real, complex, &mut self.scratch).map_err(misfit)?;
                }
                Way::Wide(way) => {
                    let Wide { real, complex: spectrum, scratch } = &mut self.wide;
                    let real = &mut real[lane * (n + APART)..][..n];
                    way.process_with_scratch(real, spectrum, scratch).map_err(misfit)?;
                    for (narrow, z) in complex.iter_mut().zip(spectrum) {
                        *narrow = Complex32::new(z.re as f32, z.im as f32);
                    }
                }
                Way::Inverse(way) => {
                    let real = &mut self.real[lane * (n + APART)..][..n];
                    if let Some(first) = complex.first_mut() {
                        first.im = 0.0;
                    }
                    if n.is_multiple_of(2)
                        && let Some(last) = complex.last_mut()
                    {
                        last.im = 0.0;
                    }
                    way.process_with_scratch(complex, real, &mut self.scratch).map_err(misfit)?;
                    real.iter_mut().for_each(|x| *x *= scale);
                }
                Way::Complex(way) => {
                    way.process_with_scratch(complex, &mut self.scratch);
                    if matches!(self.kind, FftKind::ComplexInverse | FftKind::Analytic) {
                        complex.iter_mut().for_each(|x| *x *= scale);
                    }
                }
            }
        }
        Ok(())
    }
}

/// Buffers have the lengths of their plan and the ends are made real, so this is a mistake of the compiler's own.
fn misfit(why: dasc_fft::FftError) -> Diag {
    Diag::compiler(format!("a Fourier transform was given what its plan does not fit: {why}"))
}
