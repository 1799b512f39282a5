//! FFT steps: one frame a call, so that results cannot depend on how many frames come together.
//!
//! Lanes lie next to each other in a buffer and samples of a frame far apart, so sixteen lanes at a time are transposed through
//! scratch, transformed by rustfft or realfft, and transposed back.

use std::sync::Arc;

use dasc_ir::kernel::{BufferAt, Fft, FftKind, LANES};
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};
use rustfft::num_complex::Complex;
use rustfft::{FftPlanner, Fft as Transform};

/// A step with its tables made.
pub struct Plan {
    n: usize,
    /// Transforms one line of planes in place of another.
    kind: Kind,
}

enum Kind {
    Forward(Arc<dyn RealToComplex<f32>>),
    Inverse(Arc<dyn ComplexToReal<f32>>),
    ComplexForward(Arc<dyn Transform<f32>>),
    ComplexInverse(Arc<dyn Transform<f32>>),
}

impl Plan {
    pub fn new(fft: &Fft) -> Plan {
        let n = fft.n as usize;
        let kind = match fft.kind {
            FftKind::Forward => Kind::Forward(RealFftPlanner::new().plan_fft_forward(n)),
            FftKind::Inverse => Kind::Inverse(RealFftPlanner::new().plan_fft_inverse(n)),
            FftKind::ComplexForward => Kind::ComplexForward(FftPlanner::new().plan_fft_forward(n)),
            FftKind::ComplexInverse => Kind::ComplexInverse(FftPlanner::new().plan_fft_inverse(n)),
        };
        Plan { n, kind }
    }

    /// Transforms rows `start .. start + rows` of `lanes` lanes, a multiple of [`LANES`].
    ///
    /// # Safety
    /// Those rows of both buffers, in all their inner positions and planes, lie in live memory of type `f32`; nobody
    /// else touches the output's lanes meanwhile.
    pub unsafe fn run(&self, input: &BufferAt, output: &BufferAt, start: i64, rows: i64, lanes: usize) {
        let half = self.n / 2 + 1;
        let (takes, gives) = match self.kind {
            Kind::Forward(_) => ((self.n, 1), (half, 2)),
            Kind::Inverse(_) => ((half, 2), (self.n, 1)),
            Kind::ComplexForward(_) | Kind::ComplexInverse(_) => ((self.n, 2), (self.n, 2)),
        };
        let mut real = vec![0f32; self.n * LANES];
        let mut complex = vec![Complex::new(0f32, 0.0); self.n.max(half) * LANES];
        let mut scratch = self.scratch();
        for row in start..start + rows {
            for lane in (0..lanes).step_by(LANES) {
                // SAFETY: promised by the caller, for whole groups of lanes.
                unsafe { self.gather(input, row, lane, takes, &mut real, &mut complex) };
                for l in 0..LANES {
                    self.line(l, half, &mut real, &mut complex, &mut scratch);
                }
                // SAFETY: likewise.
                unsafe { self.scatter(output, row, lane, gives, &real, &complex) };
            }
        }
    }

    fn scratch(&self) -> Vec<Complex<f32>> {
        match &self.kind {
            Kind::Forward(fft) => fft.make_scratch_vec(),
            Kind::Inverse(fft) => fft.make_scratch_vec(),
            Kind::ComplexForward(fft) | Kind::ComplexInverse(fft) => vec![Complex::default(); fft.get_inplace_scratch_len()],
        }
    }

    /// Transforms the line of one lane; lines follow each other in the scratch.
    fn line(&self, l: usize, half: usize, real: &mut [f32], complex: &mut [Complex<f32>], scratch: &mut [Complex<f32>]) {
        let n = self.n;
        let real = &mut real[l * n..(l + 1) * n];
        match &self.kind {
            Kind::Forward(fft) => {
                // The lengths are those the plan was made for, which is all that can fail.
                let _fits = fft.process_with_scratch(real, &mut complex[l * half..(l + 1) * half], scratch);
            }
            Kind::Inverse(fft) => {
                let line = &mut complex[l * half..(l + 1) * half];
                // The imaginary parts of the mean and of Nyquist are zero in the spectrum of anything real.
                line[0].im = 0.0;
                if n.is_multiple_of(2) {
                    line[half - 1].im = 0.0;
                }
                let _fits = fft.process_with_scratch(line, real, scratch);
                real.iter_mut().for_each(|x| *x /= n as f32);
            }
            Kind::ComplexForward(fft) => fft.process_with_scratch(&mut complex[l * n..(l + 1) * n], scratch),
            Kind::ComplexInverse(fft) => {
                let line = &mut complex[l * n..(l + 1) * n];
                fft.process_with_scratch(line, scratch);
                line.iter_mut().for_each(|z| *z /= n as f32);
            }
        }
    }

    /// Sixteen lanes of a row, turned into lines.
    ///
    /// # Safety
    /// As for [`Plan::run`].
    unsafe fn gather(&self, at: &BufferAt, row: i64, lane: usize, (n, planes): (usize, usize), real: &mut [f32], complex: &mut [Complex<f32>]) {
        for i in 0..n {
            for plane in 0..planes {
                // SAFETY: promised by the caller.
                let values = unsafe { std::slice::from_raw_parts(place(at, row, i, plane, lane), LANES) };
                for (l, value) in values.iter().enumerate() {
                    match (planes, plane) {
                        (1, _) => real[l * n + i] = *value,
                        (_, 0) => complex[l * n + i].re = *value,
                        (_, _) => complex[l * n + i].im = *value,
                    }
                }
            }
        }
    }

    /// Lines turned back into sixteen lanes of a row.
    ///
    /// # Safety
    /// As for [`Plan::run`].
    unsafe fn scatter(&self, at: &BufferAt, row: i64, lane: usize, (n, planes): (usize, usize), real: &[f32], complex: &[Complex<f32>]) {
        for i in 0..n {
            for plane in 0..planes {
                // SAFETY: promised by the caller.
                let values = unsafe { std::slice::from_raw_parts_mut(place(at, row, i, plane, lane).cast_mut(), LANES) };
                for (l, value) in values.iter_mut().enumerate() {
                    *value = match (planes, plane) {
                        (1, _) => real[l * n + i],
                        (_, 0) => complex[l * n + i].re,
                        (_, _) => complex[l * n + i].im,
                    };
                }
            }
        }
    }
}

fn place(at: &BufferAt, row: i64, inner: usize, plane: usize, lane: usize) -> *const f32 {
    let offset = (row as isize).wrapping_mul(at.row) + inner as isize * at.inner + plane as isize * at.plane;
    at.base.wrapping_offset(offset).cast::<f32>().wrapping_add(lane)
}

#[cfg(test)]
mod tests {
    use super::*;
    use dasc_ir::kernel::BufferId;

    /// Frames of 12 samples on 16 lanes, against the definition of the discrete Fourier transform.
    #[test]
    fn transforms_are_what_they_are_called() {
        let n = 12usize;
        let half = n / 2 + 1;
        let sample = |i: usize, l: usize| ((i * 7 + l * 3) % 11) as f32 - 4.0;
        let mut input: Vec<f32> = (0..n).flat_map(|i| (0..LANES).map(move |l| sample(i, l))).collect();
        let mut spectrum = vec![0f32; half * 2 * LANES];
        let mut back = vec![0f32; n * LANES];
        let at = |data: &mut Vec<f32>, planes: usize| BufferAt {
            base: data.as_mut_ptr().cast(),
            row: 0,
            inner: (planes * LANES * 4) as isize,
            plane: (LANES * 4) as isize,
        };
        let step = |kind| Fft { kind, n: n as u32, input: BufferId(0), output: BufferId(1) };
        let (a, b, c) = (at(&mut input, 1), at(&mut spectrum, 2), at(&mut back, 1));
        // SAFETY: the three buffers hold one row of sixteen lanes each.
        unsafe {
            Plan::new(&step(FftKind::Forward)).run(&a, &b, 0, 1, LANES);
            Plan::new(&step(FftKind::Inverse)).run(&b, &c, 0, 1, LANES);
        }
        for l in 0..LANES {
            for k in 0..half {
                let angle = |i: usize| -std::f64::consts::TAU * (i * k) as f64 / n as f64;
                let re: f64 = (0..n).map(|i| f64::from(sample(i, l)) * angle(i).cos()).sum();
                let im: f64 = (0..n).map(|i| f64::from(sample(i, l)) * angle(i).sin()).sum();
                assert!((f64::from(spectrum[(k * 2) * LANES + l]) - re).abs() < 2e-5);
                assert!((f64::from(spectrum[(k * 2 + 1) * LANES + l]) - im).abs() < 2e-5);
            }
            for i in 0..n {
                assert!((back[i * LANES + l] - sample(i, l)).abs() < 1e-5);
            }
        }
    }
}
