//! FFT steps on a group of lanes at once: what [`FftKind`] asks for around [`Stages`].

use dasc_ir::kernel::{BufferAt, FftKind, LANES};

use super::stages::{Elements, Real, Stages, Z, paired, parted, root, widest};

/// A step whose length has no other factors than 2, 3 and 5, and is even where one side is real.
pub(super) struct Lanes<T> {
    kind: FftKind,
    n: usize,
    stages: Stages<T>,
    /// Elements that are transformed: half as many as real numbers, which go in pairs.
    elements: usize,
    /// What parts the spectra of even and odd numbers: `exp(−2πi k / n)`.
    roots: Vec<Z<T>>,
    group: Group<T>,
}

/// Transforms one row of one group of lanes.
type Group<T> = unsafe fn(&Lanes<T>, (*const u8, &BufferAt), (*mut u8, &BufferAt), &mut Scratch<T>);

/// What a transform works on, kept from one group to the next.
pub(super) type Scratch<T> = Elements<T, LANES>;

impl<T: Real> Lanes<T> {
    /// `None` where the length does not suit, or where so many elements are better transformed frame by frame.
    pub fn new(kind: FftKind, n: usize) -> Option<Lanes<T>> {
        let real = matches!(kind, FftKind::Forward | FftKind::ForwardWide | FftKind::Inverse);
        if n == 0 || real && !n.is_multiple_of(2) {
            return None;
        }
        let elements = if real { n / 2 } else { n };
        if Scratch::<T>::bytes(elements) > MOST {
            return None;
        }
        let roots = (0..=elements / 2).map(|k| root(k, n)).collect();
        let group = widest!(group[T: Real](
            lanes: &Lanes<T>,
            input: (*const u8, &BufferAt),
            output: (*mut u8, &BufferAt),
            scratch: &mut Scratch<T>,
        ));
        Some(Lanes { kind, n, stages: Stages::new(elements)?, elements, roots, group })
    }

    /// Bytes of the scratch.
    pub fn bytes(&self) -> usize {
        Scratch::<T>::bytes(self.elements)
    }

    pub fn scratch(&self) -> Scratch<T> {
        Scratch::new(self.elements)
    }

    /// # Safety
    /// Both addresses are those of lane 0 of a group at inner 0 and plane 0 of a row, with the strides beside them; the whole group
    /// can be read, and written, in the shapes and types of [`FftKind`].
    pub unsafe fn run(
        &self,
        input: (*const u8, &BufferAt),
        output: (*mut u8, &BufferAt),
        scratch: &mut Scratch<T>,
    ) {
        // SAFETY: `widest!` chose what the processor has; the rest is the caller's promise.
        unsafe { (self.group)(self, input, output, scratch) }
    }
}

/// Bytes of scratch up to which this is faster than frame by frame, measured.
const MOST: usize = 4 << 20;

/// # Safety
/// That of [`Lanes::run`].
#[inline(always)]
unsafe fn group<T: Real>(
    lanes: &Lanes<T>,
    input: (*const u8, &BufferAt),
    output: (*mut u8, &BufferAt),
    scratch: &mut Scratch<T>,
) {
    let (n, elements, half) = (lanes.n, lanes.elements, lanes.elements / 2);
    let get = |inner: usize, plane: isize| {
        let (at, strides) = input;
        let at = at.wrapping_offset(inner as isize * strides.inner + plane * strides.plane);
        // SAFETY: the caller's promise; groups are `LANES` contiguous elements.
        unsafe { at.cast::<[T; LANES]>().read_unaligned() }
    };
    let put = |inner: usize, plane: isize, values: &[T; LANES]| {
        let (at, strides) = output;
        let at = at.wrapping_offset(inner as isize * strides.inner + plane * strides.plane);
        let values: [f32; LANES] = values.map(T::narrow);
        // SAFETY: as above, of F32.
        unsafe { at.cast::<[f32; LANES]>().write_unaligned(values) };
    };
    let zero = [T::default(); LANES];
    let from = &mut scratch.now;
    // An inverse transform is a forward one with real and imaginary parts exchanged, before and after.
    match lanes.kind {
        FftKind::Forward | FftKind::ForwardWide => {
            for (k, element) in from.iter_mut().enumerate() {
                *element = [get(2 * k, 0), get(2 * k + 1, 0)];
            }
        }
        FftKind::ComplexForward => {
            for (k, element) in from.iter_mut().enumerate() {
                *element = [get(k, 0), get(k, 1)];
            }
        }
        FftKind::ComplexInverse => {
            for (k, element) in from.iter_mut().enumerate() {
                *element = [get(k, 1), get(k, 0)];
            }
        }
        FftKind::Analytic => {
            // Negative frequencies are left out and positive ones doubled; what has no counterpart is real and stays.
            for (k, element) in from.iter_mut().enumerate() {
                *element = match k {
                    k if k == 0 || 2 * k == n => [zero, get(k, 0)],
                    k if 2 * k < n => {
                        let (re, im) = (get(k, 0), get(k, 1));
                        [im.map(|x| x + x), re.map(|x| x + x)]
                    }
                    _ => [zero, zero],
                };
            }
        }
        FftKind::Inverse => {
            let (first, last) = (get(0, 0), get(elements, 0));
            for lane in 0..LANES {
                (from[0][1][lane], from[0][0][lane]) = (first[lane] + last[lane], first[lane] - last[lane]);
            }
            for k in 1..=half {
                let (low, high) = ([get(k, 0), get(k, 1)], [get(elements - k, 0), get(elements - k, 1)]);
                let (mut one, mut other) = ([zero; 2], [zero; 2]);
                for lane in 0..LANES {
                    let (z, mirrored) = paired(Z::of(&low, lane), Z::of(&high, lane), lanes.roots[k]);
                    (one[1][lane], one[0][lane]) = (z.re, z.im);
                    (other[1][lane], other[0][lane]) = (mirrored.re, mirrored.im);
                }
                from[elements - k] = other;
                from[k] = one;
            }
        }
    }
    lanes.stages.run(scratch);
    let done = &scratch.now;
    let scale = T::of(1.0 / n as f64);
    match lanes.kind {
        FftKind::Forward | FftKind::ForwardWide => {
            let (mut first, mut last) = (zero, zero);
            for lane in 0..LANES {
                let z = Z::of(&done[0], lane);
                (first[lane], last[lane]) = (z.re + z.im, z.re - z.im);
            }
            put(0, 0, &first);
            put(0, 1, &zero);
            put(elements, 0, &last);
            put(elements, 1, &zero);
            for k in 1..=half {
                let (mut low, mut high) = ([zero; 2], [zero; 2]);
                for lane in 0..LANES {
                    let (one, other) = (Z::of(&done[k], lane), Z::of(&done[elements - k], lane));
                    let (bin, mirrored) = parted(one, other, lanes.roots[k]);
                    (low[0][lane], low[1][lane]) = (bin.re, bin.im);
                    (high[0][lane], high[1][lane]) = (mirrored.re, mirrored.im);
                }
                for plane in 0..2 {
                    put(elements - k, plane as isize, &high[plane]);
                    put(k, plane as isize, &low[plane]);
                }
            }
        }
        FftKind::Inverse => {
            for (k, [im, re]) in done.iter().enumerate() {
                put(2 * k, 0, &re.map(|x| x * scale));
                put(2 * k + 1, 0, &im.map(|x| x * scale));
            }
        }
        FftKind::ComplexForward => {
            for (k, [re, im]) in done.iter().enumerate() {
                put(k, 0, re);
                put(k, 1, im);
            }
        }
        FftKind::ComplexInverse | FftKind::Analytic => {
            for (k, [im, re]) in done.iter().enumerate() {
                put(k, 0, &re.map(|x| x * scale));
                put(k, 1, &im.map(|x| x * scale));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use dasc_ir::kernel::random::Random;

    use super::*;

    /// One row of one group, with two planes on both sides.
    fn run<T: Real>(lanes: &Lanes<T>, how: Group<T>, input: &[T]) -> Vec<f32> {
        let mut output = vec![0f32; 2 * (lanes.n + 1) * LANES];
        let strides = |size: usize| BufferAt {
            base: std::ptr::null_mut(),
            row: 0,
            inner: (LANES * size) as isize,
            plane: ((lanes.n + 1) * LANES * size) as isize,
        };
        let from = (input.as_ptr().cast(), &strides(size_of::<T>()));
        let to = (output.as_mut_ptr().cast(), &strides(size_of::<f32>()));
        // SAFETY: both hold two planes of more inner positions than there are; the processor has what `widest!` chose, and `group`.
        unsafe { how(lanes, from, to, &mut lanes.scratch()) };
        output
    }

    #[test]
    fn every_processor_gives_the_same_bits() {
        let kinds = [FftKind::Forward, FftKind::Inverse, FftKind::ComplexForward, FftKind::Analytic];
        for (kind, n) in kinds.into_iter().flat_map(|kind| [2, 6, 20, 64, 90].map(|n| (kind, n))) {
            let mut rng = Random(n as u64);
            let input: Vec<f64> =
                (0..2 * (n + 1) * LANES).map(|_| rng.between(-999, 999) as f64 / 7.0).collect();
            let narrow: Vec<f32> = input.iter().map(|x| *x as f32).collect();
            let bits = |values: Vec<f32>| -> Vec<u32> { values.into_iter().map(f32::to_bits).collect() };
            let lanes = Lanes::<f32>::new(kind, n).unwrap();
            let plain = bits(run(&lanes, group, &narrow));
            assert_eq!(plain, bits(run(&lanes, lanes.group, &narrow)), "{kind:?} of {n}");
            assert!(plain.iter().any(|bits| *bits != 0));
        }
    }
}
