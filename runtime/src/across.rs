//! FFTs along channels: lanes lie side by side, so a block of them is transformed where it stands, one row and inner position a
//! call, and its bits depend on nothing else.

use std::ops::Range;
use std::sync::Arc;

use dasc_fft::{Complex32, Fft, FftDirection, Number};
use rayon::prelude::*;

use crate::rows::Rows;

/// A planned transform of blocks of channels.
pub(crate) struct Across {
    fft: Arc<dyn Fft<f32>>,
    block: usize,
    blocks: usize,
    scale: f32,
}

/// Bytes of a number.
const F32: usize = size_of::<f32>();

impl Across {
    /// Blocks of `block` of the channels, at least one; the inverse divides by it.
    pub fn new(block: usize, channels: usize, inverse: bool) -> Across {
        let block = block.max(1);
        let fft = f32::complex(block, if inverse { FftDirection::Inverse } else { FftDirection::Forward });
        Across { fft, block, blocks: channels / block, scale: if inverse { 1.0 / block as f32 } else { 1.0 } }
    }

    /// Transforms rows of F32 numbers, real or complex, into complex ones.
    pub fn run(&self, from: &mut Rows, to: &mut Rows, rows: Range<i64>) {
        let (a, b) = (from.layout, to.layout);
        let (source, target) = (from.bytes_mut(rows.start, rows.end), to.bytes_mut(rows.start, rows.end));
        for (input, output) in source.chunks_exact(a.row()).zip(target.chunks_exact_mut(b.row())) {
            let inputs = input.par_chunks_exact(a.planes * a.lane_stride * F32);
            let outputs = output.par_chunks_exact_mut(b.planes * b.lane_stride * F32);
            inputs.zip(outputs).take(a.inner).for_each_init(
                || (vec![Complex32::default(); self.block], vec![Complex32::default(); self.scratch()]),
                |(line, scratch), (input, output)| {
                    let (x, y) =
                        (input.split_at(a.lane_stride * F32), output.split_at_mut(b.lane_stride * F32));
                    let planes = |bytes: usize, pad: usize| pad * F32..(bytes - pad * F32).max(pad * F32);
                    let inner = (planes(x.0.len(), a.lane_pad), planes(y.0.len(), b.lane_pad));
                    let (re, im) = (&x.0[inner.0.clone()], x.1.get(inner.0).unwrap_or(&[]));
                    let (out_re, out_im) = (&mut y.0[inner.1.clone()], &mut y.1[inner.1]);
                    self.line((re, im), (out_re, out_im), line, scratch);
                },
            );
        }
    }

    fn scratch(&self) -> usize {
        self.fft.get_inplace_scratch_len()
    }

    /// The blocks of one line of channels; an imaginary part that is missing is zero.
    fn line(
        &self,
        (re, im): (&[u8], &[u8]),
        (out_re, out_im): (&mut [u8], &mut [u8]),
        block: &mut [Complex32],
        scratch: &mut [Complex32],
    ) {
        let bytes = self.block * F32;
        let outputs = out_re.chunks_exact_mut(bytes).zip(out_im.chunks_exact_mut(bytes));
        for (number, (re, (out_re, out_im))) in
            re.chunks_exact(bytes).zip(outputs).take(self.blocks).enumerate()
        {
            let im = im.get(number * bytes..(number + 1) * bytes).unwrap_or(&[]);
            let imaginary =
                im.as_chunks().0.iter().copied().map(f32::from_ne_bytes).chain(std::iter::repeat(0.0));
            let real = re.as_chunks().0.iter().copied().map(f32::from_ne_bytes);
            for (z, (re, im)) in block.iter_mut().zip(real.zip(imaginary)) {
                *z = Complex32::new(re, im);
            }
            self.fft.process_with_scratch(block, scratch);
            let outputs = out_re.as_chunks_mut().0.iter_mut().zip(out_im.as_chunks_mut().0);
            for (z, (re, im)) in block.iter().zip(outputs) {
                *re = (z.re * self.scale).to_ne_bytes();
                *im = (z.im * self.scale).to_ne_bytes();
            }
        }
    }
}
