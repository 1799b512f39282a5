//! Complex transforms of a group of lanes at once. An element is a vector of channels for each part, so no lane meets another and
//! nothing is transposed.
//!
//! Self-sorting stages (Stockham's, see Van Loan, Computational Frameworks for the Fast Fourier Transform, 1.7) of four, two, three
//! and five. Every processor multiplies and adds in the same order and contracts nothing, so all of them give the same bits.

use std::array::from_fn;
use std::f64::consts::TAU;
use std::ops::{Add, Mul, Neg, Sub};

/// Real and imaginary parts of all lanes.
pub(crate) type Element<T, const L: usize> = [[T; L]; 2];

/// What a transform works on: elements before a stage, and after it.
pub(crate) struct Elements<T, const L: usize> {
    pub now: Vec<Element<T, L>>,
    next: Vec<Element<T, L>>,
}

impl<T: Real, const L: usize> Elements<T, L> {
    pub fn new(count: usize) -> Elements<T, L> {
        let elements = || vec![[[T::default(); L]; 2]; count];
        Elements { now: elements(), next: elements() }
    }

    /// Bytes of so many elements.
    pub fn bytes(count: usize) -> usize {
        2 * count * size_of::<Element<T, L>>()
    }
}

/// What transforms are made of.
pub(crate) trait Real:
    Copy + Default + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Neg<Output = Self>
{
    fn of(value: f64) -> Self;
    fn narrow(self) -> f32;
}

impl Real for f32 {
    #[inline(always)]
    fn of(value: f64) -> f32 {
        value as f32
    }

    #[inline(always)]
    fn narrow(self) -> f32 {
        self
    }
}

impl Real for f64 {
    #[inline(always)]
    fn of(value: f64) -> f64 {
        value
    }

    #[inline(always)]
    fn narrow(self) -> f32 {
        self as f32
    }
}

/// A complex number of one lane.
#[derive(Clone, Copy, Default)]
pub(crate) struct Z<T> {
    pub re: T,
    pub im: T,
}

impl<T: Real> Z<T> {
    #[inline(always)]
    pub fn of<const L: usize>(element: &Element<T, L>, lane: usize) -> Z<T> {
        Z { re: element[0][lane], im: element[1][lane] }
    }

    #[inline(always)]
    pub fn conj(self) -> Z<T> {
        Z { re: self.re, im: -self.im }
    }

    /// Times −i.
    #[inline(always)]
    pub fn turned(self) -> Z<T> {
        Z { re: self.im, im: -self.re }
    }

    #[inline(always)]
    pub fn times(self, by: T) -> Z<T> {
        Z { re: self.re * by, im: self.im * by }
    }
}

impl<T: Real> Add for Z<T> {
    type Output = Z<T>;

    #[inline(always)]
    fn add(self, other: Z<T>) -> Z<T> {
        Z { re: self.re + other.re, im: self.im + other.im }
    }
}

impl<T: Real> Sub for Z<T> {
    type Output = Z<T>;

    #[inline(always)]
    fn sub(self, other: Z<T>) -> Z<T> {
        Z { re: self.re - other.re, im: self.im - other.im }
    }
}

impl<T: Real> Mul for Z<T> {
    type Output = Z<T>;

    #[inline(always)]
    fn mul(self, other: Z<T>) -> Z<T> {
        Z { re: self.re * other.re - self.im * other.im, im: self.re * other.im + self.im * other.re }
    }
}

/// `exp(−2πi k / n)`, exact at the eighths of the circle.
pub(crate) fn root<T: Real>(k: usize, n: usize) -> Z<T> {
    let k = k % n;
    // An angle of at most an eighth, and what it takes to come back from there.
    let (quarter, rest) = (4 * k / n, 4 * k % n);
    let (sin, cos) = match 2 * rest > n {
        false => (TAU / 4.0 * rest as f64 / n as f64).sin_cos(),
        true => {
            let (sin, cos) = (TAU / 4.0 * (n - rest) as f64 / n as f64).sin_cos();
            (cos, sin)
        }
    };
    let (re, im) = match quarter {
        0 => (cos, -sin),
        1 => (-sin, -cos),
        2 => (-cos, sin),
        _ => (sin, cos),
    };
    Z { re: T::of(re), im: T::of(im) }
}

/// Bins `k` and `m − k` of 2m real numbers from those of the m complex ones that they make in pairs; `root` is that of `k` in 2m.
#[inline(always)]
pub(crate) fn parted<T: Real>(low: Z<T>, high: Z<T>, root: Z<T>) -> (Z<T>, Z<T>) {
    let (sum, difference) = (low + high.conj(), low - high.conj());
    let (even, odd) = (sum.times(T::of(0.5)), difference.times(T::of(0.5)).turned() * root);
    (even + odd, (even - odd).conj())
}

/// The way back from [`parted`], twice as large.
#[inline(always)]
pub(crate) fn paired<T: Real>(low: Z<T>, high: Z<T>, root: Z<T>) -> (Z<T>, Z<T>) {
    let (even, odd) = (low + high.conj(), ((low - high.conj()) * root.conj()).turned());
    (even - odd, (even + odd).conj())
}

/// A function that is inlined into its caller, compiled for each instruction set: the one for the widest vectors here.
macro_rules! widest {
    ($inlined:ident [$($generic:tt)*] ($($arg:ident: $type:ty),* $(,)?)) => {{
        #[allow(unused_mut)] // On other processors there is no choice.
        let mut chosen: unsafe fn($($type),*) = $inlined;
        #[cfg(target_arch = "x86_64")]
        {
            use std::arch::is_x86_feature_detected as has;
            #[target_feature(enable = "avx2")]
            unsafe fn avx2<$($generic)*>($($arg: $type),*) {
                // SAFETY: the caller's promise.
                unsafe { $inlined($($arg),*) }
            }
            #[target_feature(enable = "avx512f,avx512dq,avx512vl")]
            unsafe fn avx512<$($generic)*>($($arg: $type),*) {
                // SAFETY: the caller's promise.
                unsafe { $inlined($($arg),*) }
            }
            if has!("avx512f") && has!("avx512dq") && has!("avx512vl") {
                chosen = avx512;
            } else if has!("avx2") {
                chosen = avx2;
            }
        }
        chosen
    }};
}
pub(crate) use widest;

/// One stage: `parts` butterflies of `radix` on each of `stride` neighbours.
struct Stage<T> {
    radix: usize,
    stride: usize,
    parts: usize,
    /// What the results of each part but the first are multiplied by.
    roots: Vec<Z<T>>,
}

/// A forward transform, unscaled.
pub(crate) struct Stages<T>(Vec<Stage<T>>);

impl<T: Real> Stages<T> {
    /// `None` where the length has other factors than 2, 3 and 5.
    pub fn new(n: usize) -> Option<Stages<T>> {
        let (mut left, mut stride, mut stages) = (n, 1, Vec::new());
        while left > 1 {
            let radix = [4, 2, 3, 5].into_iter().find(|radix| left.is_multiple_of(*radix))?;
            let parts = left / radix;
            let roots = (0..parts).flat_map(|part| (1..radix).map(move |k| root(part * k, left)));
            stages.push(Stage { radix, stride, parts, roots: roots.collect() });
            (left, stride) = (parts, stride * radix);
        }
        (n > 0).then_some(Stages(stages))
    }

    /// Transforms the elements as they are now.
    #[inline(always)]
    pub fn run<const L: usize>(&self, elements: &mut Elements<T, L>) {
        let Elements { now, next } = elements;
        for stage in &self.0 {
            match stage.radix {
                2 => stage.run(now, next, two),
                3 => stage.run(now, next, three),
                4 => stage.run(now, next, four),
                _ => stage.run(now, next, five),
            }
            std::mem::swap(now, next);
        }
    }
}

impl<T: Real> Stage<T> {
    #[allow(clippy::needless_range_loop)] // A lane of several arrays at once.
    #[inline(always)]
    fn run<const R: usize, const L: usize>(
        &self,
        from: &[Element<T, L>],
        to: &mut [Element<T, L>],
        butterfly: impl Fn([Z<T>; R]) -> [Z<T>; R],
    ) {
        let Stage { stride, parts, .. } = *self;
        let roots = self.roots.chunks_exact(R - 1);
        for (part, (roots, to)) in roots.zip(to.chunks_exact_mut(R * stride)).enumerate() {
            let from: [&[Element<T, L>]; R] = from_fn(|k| &from[(part + parts * k) * stride..][..stride]);
            for at in 0..stride {
                let mut made: [Element<T, L>; R] = [[[T::default(); L]; 2]; R];
                let given: [&Element<T, L>; R] = from_fn(|k| &from[k][at]);
                for lane in 0..L {
                    let results = butterfly(from_fn(|k| Z::of(given[k], lane)));
                    for (k, result) in results.into_iter().enumerate() {
                        let result = if k == 0 { result } else { result * roots[k - 1] };
                        (made[k][0][lane], made[k][1][lane]) = (result.re, result.im);
                    }
                }
                for (k, made) in made.into_iter().enumerate() {
                    to[k * stride + at] = made;
                }
            }
        }
    }
}

#[inline(always)]
fn two<T: Real>([a, b]: [Z<T>; 2]) -> [Z<T>; 2] {
    [a + b, a - b]
}

#[inline(always)]
fn three<T: Real>([a, b, c]: [Z<T>; 3]) -> [Z<T>; 3] {
    let (sum, difference) = (b + c, (b - c).turned().times(T::of(0.866_025_403_784_438_6)));
    let middle = a - sum.times(T::of(0.5));
    [a + sum, middle + difference, middle - difference]
}

#[inline(always)]
fn four<T: Real>([a, b, c, d]: [Z<T>; 4]) -> [Z<T>; 4] {
    let (even, odd) = ([a + c, a - c], [b + d, (b - d).turned()]);
    [even[0] + odd[0], even[1] + odd[1], even[0] - odd[0], even[1] - odd[1]]
}

#[inline(always)]
fn five<T: Real>([a, b, c, d, e]: [Z<T>; 5]) -> [Z<T>; 5] {
    /// Cosines and sines of one and two fifths of the circle.
    const COS: [f64; 2] = [0.309_016_994_374_947_45, -0.809_016_994_374_947_5];
    const SIN: [f64; 2] = [0.951_056_516_295_153_5, 0.587_785_252_292_473_1];
    let (outer, inner) = (b + e, c + d);
    let (outside, inside) = ((b - e).turned(), (c - d).turned());
    let first = a + outer.times(T::of(COS[0])) + inner.times(T::of(COS[1]));
    let second = a + outer.times(T::of(COS[1])) + inner.times(T::of(COS[0]));
    let across = outside.times(T::of(SIN[0])) + inside.times(T::of(SIN[1]));
    let along = outside.times(T::of(SIN[1])) - inside.times(T::of(SIN[0]));
    [a + outer + inner, first + across, second + along, second - along, first - across]
}
