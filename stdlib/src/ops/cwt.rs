//! Continuous wavelet transform.

use dasc_ir::graph::{Builder, InnerAxis, InnerRole, NodeId};
use dasc_ir::parameter::Hertz;
use dasc_ir::{Result, Unit, operator};

use super::Operator;
use crate::design::morlet;
use crate::pieces::sliding::dot;

/// As many rows side by side as a picture has room for.
const MOST_SCALES: u32 = 256;

/// The longest wavelet, at 1 kHz seventeen minutes.
const LONGEST: usize = 1 << 20;

operator! {
    /// Real Morlet wavelet transform: how much of a frequency there is around each sample, over frequencies in equal ratios.
    ///
    /// The wavelet is exp(−t²/2)·cos(5t), integrated over 4096 points and differenced as PyWavelets does it; its scale in samples is
    /// 0.8125·fs/f and it reaches 8 scales to either side. Beyond the ends of a stretch the data counts as 0. Wavelets of more than 1024
    /// samples are applied through F64 transforms.
    Cwt = "CWT" (
        /// The lowest frequency.
        low: Hertz,
        /// The highest frequency, below the Nyquist frequency.
        high: Hertz,
    ) {
        /// How many frequencies, 1 to 256; 1 gives the lowest alone.
        count: u32 = 16,
    }
    formula "y(t, f) = (1/√a) ∫ x(t + u)·ψ(u/a) du,   a = 0.8125·fs/f samples"
            "ψ(t) = exp(−t²/2)·cos(5t)";
    example "CWT 20Hz 100Hz COUNT=5";
    reference "pywt.cwt(x, 0.8125 * fs / np.geomspace(low, high, count), 'morl', axis=0, precision=12)";
}

impl Operator for Cwt {
    fn build(&self, b: &mut Builder, x: NodeId) -> Result<NodeId> {
        let fs = b.rate(x)?;
        let (low, high) = (self.low.0, self.high.0);
        if !(low > 0.0 && low <= high && high < 0.5 * fs) {
            let nyquist = 0.5 * fs;
            return Err(b
                .diag(format!(
                    "needs 0 < low ≤ high < {nyquist} Hz, the Nyquist frequency, not {low} Hz and {high} Hz"
                ))
                .help(format!("choose frequencies within, for instance {} Hz and {} Hz", 0.02 * fs, 0.4 * fs)));
        }
        if self.count == 0 || self.count > MOST_SCALES {
            return Err(b.diag(format!("takes 1 to {MOST_SCALES} frequencies, not {}", self.count)));
        }
        let last = f64::from(self.count - 1).max(1.0);
        let frequency = |i: u32| low * (high / low).powf(f64::from(i) / last);
        let frequencies: Vec<f64> = (0..self.count).map(frequency).collect();
        let mut rows = Vec::with_capacity(frequencies.len());
        for f in &frequencies {
            let scale = morlet::CENTRE * fs / f;
            if 16.0 * scale > LONGEST as f64 {
                return Err(b
                    .diag(format!("needs a wavelet of {:.0} samples for {f} Hz; {LONGEST} are possible", 16.0 * scale))
                    .help("DECIMATE or RESAMPLE first"));
            }
            let (taps, lo) = morlet::taps(scale);
            rows.push(dot(b, x, taps, lo)?);
        }
        let hertz = Unit::parse("Hz").unwrap_or_else(Unit::none);
        b.join(&rows, InnerAxis::listed(InnerRole::Scale, &frequencies, hertz))
    }
}
