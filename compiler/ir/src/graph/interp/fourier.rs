//! The discrete Fourier transform in f64, by splitting off the smallest prime factor (Cooley & Tukey 1965).

use std::f64::consts::TAU;

/// A complex number as (real, imaginary).
pub type Complex = (f64, f64);

/// `X[k] = Σ x[j] e^(sign·2πi·jk/n)`, unscaled; `sign` −1 is the forward transform.
pub fn dft(x: &[Complex], sign: f64) -> Vec<Complex> {
    let n = x.len();
    let factor = (2..).take_while(|p| p * p <= n).find(|p| n.is_multiple_of(*p)).unwrap_or(n);
    if n <= 1 {
        return x.to_vec();
    }
    // Reducing j·k modulo n first keeps the angle small and so exact.
    let twiddle = |jk: usize| {
        let (sin, cos) = (sign * TAU * ((jk % n) as f64) / n as f64).sin_cos();
        (cos, sin)
    };
    let parts: Vec<Vec<Complex>> = if factor == n {
        x.iter().map(|v| vec![*v]).collect()
    } else {
        (0..factor)
            .map(|r| dft(&x.iter().skip(r).step_by(factor).copied().collect::<Vec<_>>(), sign))
            .collect()
    };
    let m = n / factor;
    (0..n)
        .map(|k| {
            parts.iter().enumerate().fold((0.0, 0.0), |sum, (r, part)| {
                let (a, b) = (part[k % m], twiddle(r * k));
                (sum.0 + a.0 * b.0 - a.1 * b.1, sum.1 + a.0 * b.1 + a.1 * b.0)
            })
        })
        .collect()
}

/// Bins `0 ..= n / 2` of a real sequence.
pub fn forward(x: &[f64]) -> Vec<Complex> {
    let mut bins = dft(&x.iter().map(|v| (*v, 0.0)).collect::<Vec<_>>(), -1.0);
    bins.truncate(x.len() / 2 + 1);
    bins
}

/// The real sequence of length `n` with these bins, divided by `n`. The imaginary parts of the first and, for even `n`, the last
/// bin are ignored, as numpy.fft.irfft does.
pub fn inverse(bins: &[Complex], n: usize) -> Vec<f64> {
    let mut full = vec![(0.0, 0.0); n];
    for (k, bin) in bins.iter().enumerate().take(n / 2 + 1) {
        if k == 0 || 2 * k == n {
            full[k] = (bin.0, 0.0);
        } else {
            full[k] = *bin;
            full[n - k] = (bin.0, -bin.1);
        }
    }
    dft(&full, 1.0).into_iter().map(|v| v.0 / n as f64).collect()
}

/// The analytic signal of length `n` whose real part is [`inverse`] of these bins.
pub fn analytic_of(bins: &[Complex], n: usize) -> Vec<Complex> {
    let mut full = vec![(0.0, 0.0); n];
    for (k, bin) in bins.iter().enumerate().take(n / 2 + 1) {
        full[k] = if k == 0 || 2 * k == n { (bin.0, 0.0) } else { (2.0 * bin.0, 2.0 * bin.1) };
    }
    dft(&full, 1.0).into_iter().map(|v| (v.0 / n as f64, v.1 / n as f64)).collect()
}

/// The analytic signal (scipy.signal.hilbert).
pub fn analytic(x: &[f64]) -> Vec<Complex> {
    let n = x.len();
    let mut bins = dft(&x.iter().map(|v| (*v, 0.0)).collect::<Vec<_>>(), -1.0);
    for (k, bin) in bins.iter_mut().enumerate() {
        let weight = if k == 0 || 2 * k == n {
            1.0
        } else if 2 * k < n {
            2.0
        } else {
            0.0
        };
        *bin = (bin.0 * weight, bin.1 * weight);
    }
    dft(&bins, 1.0).into_iter().map(|v| (v.0 / n as f64, v.1 / n as f64)).collect()
}
