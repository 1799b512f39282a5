//! The second-order notch: `scipy.signal.iirnotch` (Orfanidis, Introduction to Signal Processing, 1996, 11.3).

use std::f64::consts::PI;

use dasc_ir::{Diag, Result};

use super::iir::{check_corner, check_rate};
use super::sos::Sos;

/// One section that removes `freq` (Hz) with quality factor `q` (centre over −3 dB width) at rate `fs` (Hz).
/// Refuses `freq` outside (0, fs/2) and a `q` for which the −3 dB width reaches the sampling rate.
pub fn iirnotch(freq: f64, q: f64, fs: f64) -> Result<Sos> {
    check_rate(fs)?;
    check_corner("notch frequency", freq, fs)?;
    let least = freq / fs;
    if !(q.is_finite() && q > least) {
        return Err(Diag::usage(format!("a notch quality factor of {q} must be finite and above {least}"))
            .help("30 is usual; the −3 dB width is the frequency divided by it"));
    }
    let beta = (PI * freq / fs / q).tan();
    let gain = 1.0 / (1.0 + beta);
    let middle = -2.0 * (2.0 * PI * freq / fs).cos();
    let a2 = (1.0 - beta) * gain;
    Ok(Sos::designed(vec![[gain, gain * middle, gain, 1.0, gain * middle, a2]], 0.0))
}
