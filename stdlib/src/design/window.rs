//! Window functions: `scipy.signal.windows`, symmetric or periodic.

use std::f64::consts::PI;

use dasc_ir::{Diag, Result};

/// Which window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Window {
    Boxcar,
    Hann,
    Hamming,
    Blackman,
    BlackmanHarris,
    /// Kaiser's window of shape `beta` in 0..=700.
    Kaiser(f64),
    /// A plateau with cosine flanks that take the share `alpha` in 0..=1 of the length, half at each end.
    Tukey(f64),
}

/// Symmetric windows design filters and tapers; periodic ones (`fftbins=True`) frame spectra.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Symmetry {
    Symmetric,
    Periodic,
}

/// The most samples of a window and taps of a filter: 128 MiB of f64.
pub(super) const LARGEST_LENGTH: usize = 1 << 24;

/// The names `from_name` knows.
const NAMES: [&str; 7] = ["boxcar", "hann", "hamming", "blackman", "blackmanharris", "kaiser", "tukey"];

impl Window {
    /// A window by SciPy's name, in any case; `shape` is Kaiser's beta or Tukey's alpha (0.5 when absent).
    /// Refuses unknown names, a Kaiser window without beta and a shape for a window that has none.
    pub fn from_name(name: &str, shape: Option<f64>) -> Result<Window> {
        let plain = match name.to_ascii_lowercase().as_str() {
            "kaiser" => {
                let beta = shape.ok_or_else(|| {
                    Diag::usage("the kaiser window needs its shape beta").help("8.6 resembles blackman")
                })?;
                return Window::Kaiser(beta).checked();
            }
            "tukey" => return Window::Tukey(shape.unwrap_or(0.5)).checked(),
            "boxcar" | "rectangular" => Window::Boxcar,
            "hann" => Window::Hann,
            "hamming" => Window::Hamming,
            "blackman" => Window::Blackman,
            "blackmanharris" => Window::BlackmanHarris,
            _ => {
                return Err(Diag::usage(format!("there is no window '{name}'"))
                    .help(format!("known windows: {}", NAMES.join(", "))));
            }
        };
        match shape {
            None => Ok(plain),
            Some(shape) => {
                Err(Diag::usage(format!("the window '{name}' has no shape parameter, but {shape} was given"))
                    .help("leave it out, or choose kaiser or tukey"))
            }
        }
    }

    fn checked(self) -> Result<Window> {
        match self {
            Window::Kaiser(beta) if !(0.0..=700.0).contains(&beta) => {
                Err(Diag::usage(format!("a kaiser window's beta of {beta} must lie in 0..=700")))
            }
            Window::Tukey(alpha) if !(0.0..=1.0).contains(&alpha) => {
                Err(Diag::usage(format!("a tukey window's share of {alpha} must lie in 0..=1"))
                    .help("it is the share of the length that both flanks take together"))
            }
            _ => Ok(self),
        }
    }
}

/// `len` samples of the window, largest value 1. A length of 1 is `[1]`, of 0 empty.
/// `scipy.signal.get_window(kind, len, fftbins = periodic)`. Refuses more than 16,777,216 samples.
pub fn window(kind: Window, len: usize, symmetry: Symmetry) -> Result<Vec<f64>> {
    let kind = kind.checked()?;
    if len > LARGEST_LENGTH {
        return Err(Diag::usage(format!("a window of {len} samples exceeds the limit of {LARGEST_LENGTH}"))
            .help(format!("choose at most {LARGEST_LENGTH} samples")));
    }
    if len <= 1 {
        return Ok(vec![1.0; len]);
    }
    let full = match symmetry {
        Symmetry::Symmetric => len,
        Symmetry::Periodic => len + 1,
    };
    Ok((0..len).map(|i| value(kind, i as f64, (full - 1) as f64)).collect())
}

/// Sample `i` of a symmetric window over 0..=`last`.
fn value(kind: Window, i: f64, last: f64) -> f64 {
    match kind {
        Window::Boxcar => 1.0,
        Window::Hann => cosines(&[0.5, 0.5], i, last),
        Window::Hamming => cosines(&[0.54, 1.0 - 0.54], i, last),
        Window::Blackman => cosines(&[0.42, 0.50, 0.08], i, last),
        Window::BlackmanHarris => cosines(&[0.35875, 0.48829, 0.14128, 0.01168], i, last),
        Window::Kaiser(beta) => {
            let x = 2.0 * i / last - 1.0;
            bessel_i0(beta * (1.0 - x * x).max(0.0).sqrt()) / bessel_i0(beta)
        }
        Window::Tukey(0.0) => 1.0,
        Window::Tukey(1.0) => value(Window::Hann, i, last),
        Window::Tukey(alpha) => {
            let flank = (alpha * last / 2.0).floor();
            let from_end = i.min(last - i);
            if from_end > flank {
                1.0
            } else {
                0.5 * (1.0 + (PI * (2.0 * from_end / alpha / last - 1.0)).cos())
            }
        }
    }
}

fn cosines(coefficients: &[f64], i: f64, last: f64) -> f64 {
    let angle = PI * (2.0 * i / last - 1.0);
    coefficients.iter().enumerate().map(|(k, a)| a * (k as f64 * angle).cos()).sum()
}

/// The modified Bessel function I₀ by its power series, whose terms are all positive; below 1e302 for x ≤ 700.
fn bessel_i0(x: f64) -> f64 {
    let quarter = 0.25 * x * x;
    let (mut term, mut sum, mut k) = (1.0, 1.0, 1.0);
    while term > 0.25 * f64::EPSILON * sum {
        term *= quarter / (k * k);
        sum += term;
        k += 1.0;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_scipy() {
        assert_eq!(Window::from_name("HANN", None).unwrap(), Window::Hann);
        assert_eq!(Window::from_name("tukey", None).unwrap(), Window::Tukey(0.5));
        assert_eq!(Window::from_name("kaiser", Some(8.6)).unwrap(), Window::Kaiser(8.6));
        for (name, shape) in [("han", None), ("kaiser", None), ("hann", Some(1.0)), ("tukey", Some(1.5))] {
            assert!(Window::from_name(name, shape).is_err(), "{name}");
        }
    }

    #[test]
    fn absurd_shapes_and_lengths_are_refused() {
        assert!(window(Window::Kaiser(f64::NAN), 8, Symmetry::Symmetric).is_err());
        assert!(window(Window::Tukey(-0.1), 8, Symmetry::Symmetric).is_err());
        assert!(window(Window::Hann, usize::MAX, Symmetry::Periodic).is_err());
        assert_eq!(window(Window::Hann, 0, Symmetry::Periodic).unwrap(), Vec::<f64>::new());
        assert_eq!(window(Window::Hann, 1, Symmetry::Symmetric).unwrap(), [1.0]);
    }
}
