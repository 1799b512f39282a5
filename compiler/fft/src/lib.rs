//! Fast Fourier transforms, planned in F32 and F64 by `rustfft` and `realfft`.
//!
//! Those crates are generic over the number, so whoever plans a transform compiles all of them. This crate does it once, optimised
//! also where the rest is not, and hands out plans behind pointers. None of the transforms is scaled.

use std::sync::Arc;

use realfft::RealFftPlanner;
pub use realfft::{ComplexToReal, FftError, RealToComplex};
pub use rustfft::num_complex::{Complex, Complex32, Complex64};
pub use rustfft::{Fft, FftDirection};
use rustfft::{FftNum, FftPlanner};

/// A number that transforms are planned for here.
pub trait Number: FftNum {
    /// A complex transform of length `n`, in place.
    fn complex(n: usize, direction: FftDirection) -> Arc<dyn Fft<Self>>;
    /// From `n` real numbers to the `n / 2 + 1` bins that are not negative.
    fn forward(n: usize) -> Arc<dyn RealToComplex<Self>>;
    /// From `n / 2 + 1` bins to `n` real numbers.
    fn inverse(n: usize) -> Arc<dyn ComplexToReal<Self>>;
}

macro_rules! planned {
    ($($number:ty),*) => {$(
        impl Number for $number {
            fn complex(n: usize, direction: FftDirection) -> Arc<dyn Fft<Self>> {
                FftPlanner::new().plan_fft(n, direction)
            }

            fn forward(n: usize) -> Arc<dyn RealToComplex<Self>> {
                RealFftPlanner::new().plan_fft_forward(n)
            }

            fn inverse(n: usize) -> Arc<dyn ComplexToReal<Self>> {
                RealFftPlanner::new().plan_fft_inverse(n)
            }
        }
    )*};
}

planned!(f32, f64);
