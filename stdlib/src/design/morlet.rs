//! The real Morlet wavelet as PyWavelets applies it (`pywt.cwt`, 'morl', precision 12): the integral of the wavelet is tabulated, looked up at
//! the samples, and differenced, which keeps the mean of the coefficients at zero whatever the scale.

/// Cycles per unit of the wavelet's argument: `pywt.central_frequency('morl')`.
pub const CENTRE: f64 = 0.8125;

/// The wavelet is tabulated from −8 to 8 at 2¹² points.
const HALF: f64 = 8.0;
const POINTS: usize = 1 << 12;

/// Coefficients for the samples from `lo` on around each sample, and `lo`; `scale` in samples.
pub fn taps(scale: f64) -> (Vec<f64>, i32) {
    let at = |i: usize| -HALF + 2.0 * HALF * i as f64 / (POINTS - 1) as f64;
    let step = at(1) - at(0);
    let mut sum = 0.0;
    let integral: Vec<f64> = (0..POINTS)
        .map(|i| {
            let t = at(i);
            sum += (-0.5 * t * t).exp() * (5.0 * t).cos();
            sum * step
        })
        .collect();
    let count = (scale * 2.0 * HALF + 1.0).ceil() as usize;
    let lookup = |i: usize| integral.get((i as f64 / (scale * step)) as usize).copied();
    // The kernel of the convolution, whose reverse is met by the samples in order; differences with zeros beyond both ends.
    let kernel: Vec<f64> = (0..count).map_while(lookup).collect();
    let value = |i: usize| kernel.get(i).copied().unwrap_or(0.0);
    let m = kernel.len();
    let weight = -scale.sqrt();
    let taps = (0..=m)
        .map(|k| {
            let before = k.checked_sub(1).map_or(0.0, value);
            weight * (before - value(k))
        })
        .collect();
    // Of the m − 2 results more than there are samples the first half, rounded down, is left out.
    let cut = m.saturating_sub(2) / 2;
    (taps, cut as i32 + 1 - m as i32)
}
