//! Linear-phase FIR filters by the window method: `scipy.signal.firwin` with `scale=True`.

use std::f64::consts::PI;

use dasc_ir::{Diag, Result};

use super::iir::{check_corner, check_rate};
use super::window::{LARGEST_LENGTH, Symmetry, Window, window};

/// `taps` coefficients whose pass bands alternate at `cutoffs` (Hz, increasing), beginning with a pass band at
/// zero frequency where `pass_zero` is set: one cutoff is a low-pass or (unset) a high-pass, two a band-stop or
/// a band-pass. The gain is 1 in the middle of the first pass band (at 0 or the Nyquist frequency where it ends
/// there); half amplitude lies at the cutoffs.
///
/// Refuses cutoffs outside (0, fs/2) or not increasing, and an even number of taps where the Nyquist frequency
/// passes, for such a filter has a zero there.
pub fn firwin(taps: usize, cutoffs: &[f64], kind: Window, pass_zero: bool, fs: f64) -> Result<Vec<f64>> {
    check(taps, cutoffs, pass_zero, fs)?;
    let bands = pass_bands(cutoffs, pass_zero, fs);
    let middle = 0.5 * (taps - 1) as f64;
    let mut h: Vec<f64> = window(kind, taps, Symmetry::Symmetric)?;
    for (i, value) in h.iter_mut().enumerate() {
        let m = i as f64 - middle;
        *value *=
            bands.iter().map(|(left, right)| right * sinc(right * m) - left * sinc(left * m)).sum::<f64>();
    }
    let reference = match bands.first() {
        Some(&(0.0, _)) => 0.0,
        Some(&(_, 1.0)) => 1.0,
        Some(&(left, right)) => 0.5 * (left + right),
        None => 0.0,
    };
    let gain: f64 = h.iter().enumerate().map(|(i, v)| v * (PI * (i as f64 - middle) * reference).cos()).sum();
    if gain.abs() < 1e-12 {
        return Err(Diag::usage(format!(
            "a filter of {taps} taps has no gain in the pass band to scale to 1"
        ))
        .help("use more taps"));
    }
    h.iter_mut().for_each(|v| *v /= gain);
    Ok(h)
}

fn check(taps: usize, cutoffs: &[f64], pass_zero: bool, fs: f64) -> Result<()> {
    check_rate(fs)?;
    if taps == 0 || taps > LARGEST_LENGTH {
        return Err(Diag::usage(format!("a filter of {taps} taps must have between 1 and {LARGEST_LENGTH}"))
            .help("101 is usual"));
    }
    if cutoffs.is_empty() {
        return Err(Diag::usage("an FIR filter needs at least one cutoff frequency"));
    }
    for &f in cutoffs {
        check_corner("cutoff frequency", f, fs)?;
    }
    for pair in cutoffs.windows(2) {
        if let [low, high] = pair
            && low >= high
        {
            return Err(Diag::usage(format!(
                "cutoff frequencies must increase, but {high} Hz follows {low} Hz"
            )));
        }
    }
    if passes_nyquist(cutoffs, pass_zero) && taps.is_multiple_of(2) {
        return Err(Diag::usage(format!(
            "a filter of {taps} taps, an even number, cannot pass the Nyquist frequency of {} Hz",
            0.5 * fs
        ))
        .help(format!("use {} taps", taps + 1)));
    }
    Ok(())
}

fn passes_nyquist(cutoffs: &[f64], pass_zero: bool) -> bool {
    cutoffs.len().is_multiple_of(2) == pass_zero
}

/// Edges of the pass bands as shares of the Nyquist frequency.
fn pass_bands(cutoffs: &[f64], pass_zero: bool, fs: f64) -> Vec<(f64, f64)> {
    let nyquist = 0.5 * fs;
    let mut edges = Vec::with_capacity(cutoffs.len() + 2);
    edges.extend(pass_zero.then_some(0.0));
    edges.extend(cutoffs.iter().map(|f| f / nyquist));
    edges.extend(passes_nyquist(cutoffs, pass_zero).then_some(1.0));
    edges.as_chunks().0.iter().map(|&[left, right]| (left, right)).collect()
}

/// sin(πx)/(πx).
fn sinc(x: f64) -> f64 {
    if x == 0.0 { 1.0 } else { (PI * x).sin() / (PI * x) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn impossible_filters_are_refused_with_a_remedy() {
        let even = firwin(100, &[10.0], Window::Hamming, false, 1000.0).unwrap_err().to_string();
        assert!(even.contains("use 101 taps"), "{even}");
        let high = firwin(101, &[10.0, 500.0], Window::Hamming, false, 1000.0).unwrap_err().to_string();
        assert!(high.contains("500 Hz"), "{high}");
        assert!(firwin(101, &[20.0, 10.0], Window::Hamming, false, 1000.0).is_err());
        assert!(firwin(101, &[], Window::Hamming, true, 1000.0).is_err());
        assert!(firwin(0, &[10.0], Window::Hamming, true, 1000.0).is_err());
        assert!(firwin(usize::MAX, &[10.0], Window::Hamming, true, 1000.0).is_err());
        assert!(firwin(2, &[10.0], Window::Hann, true, 1000.0).is_err());
    }
}
