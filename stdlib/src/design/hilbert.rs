//! Finite Hilbert transformers by the window method.

use std::f64::consts::PI;

use dasc_ir::{Diag, Result};

use super::window::{Symmetry, Window, window};

/// Kaiser's shape, whose ripples lie 80 dB down.
const KAISER: f64 = 8.0;

/// The shortest transformer that keeps what [`hilbert`] promises.
const SHORTEST: usize = 15;

/// The response `2/(πm)` of the ideal transformer at odd `m`, 0 at even, under a Kaiser window (Oppenheim & Schafer, section 12.4): antisymmetric
/// about its middle, so that phases turn by exactly a quarter. Magnitudes lie within 0.0005 of 1 from 2.7/taps of the sampling rate
/// to as far below the Nyquist frequency.
///
/// Refuses an even number of taps, whose middle lies between two samples, and fewer than 15.
pub fn hilbert(taps: usize) -> Result<Vec<f64>> {
    if taps < SHORTEST || taps.is_multiple_of(2) {
        return Err(Diag::usage(format!(
            "a Hilbert transformer needs an odd number of at least {SHORTEST} taps, not {taps}"
        ))
        .help(format!("use {} taps", taps.max(SHORTEST) | 1)));
    }
    let middle = (taps / 2) as f64;
    let mut h = window(Window::Kaiser(KAISER), taps, Symmetry::Symmetric)?;
    for (i, value) in h.iter_mut().enumerate() {
        let m = i as f64 - middle;
        *value *= if m.rem_euclid(2.0) == 1.0 { 2.0 / (PI * m) } else { 0.0 };
    }
    Ok(h)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_response_is_flat_in_the_band_that_is_promised() {
        for taps in [15, 17, 31, 33, 63, 101, 255, 257, 1023, 1025] {
            let h = hilbert(taps).unwrap();
            let lowest = 2.7 / taps as f64;
            for step in 0..=500 {
                let f = lowest + (0.5 - 2.0 * lowest) * f64::from(step) / 500.0;
                // What a sine becomes: all of the response is imaginary.
                let sines = h.iter().enumerate().map(|(i, c)| {
                    let m = i as f64 - (taps / 2) as f64;
                    c * (2.0 * PI * f * m).sin()
                });
                let response: f64 = sines.sum();
                assert!((response - 1.0).abs() < 5e-4, "{taps} taps at {f}: {response}");
            }
        }
    }

    #[test]
    fn impossible_lengths_are_refused_with_a_remedy() {
        assert!(hilbert(100).unwrap_err().to_string().contains("use 101 taps"));
        assert!(hilbert(3).unwrap_err().to_string().contains("use 15 taps"));
    }
}
