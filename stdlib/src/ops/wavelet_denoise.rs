//! Noise taken out of wavelet coefficients.

use dasc_ir::graph::{Builder, NodeId};
use dasc_ir::parameter::Amount;
use dasc_ir::{Result, choice, operator};

use super::Operator;
use crate::design::Wavelet as Family;
use crate::pieces::wavelet::{Beyond, Decomposition};

choice! {
    /// What becomes of details above the threshold.
    Shrinkage { Soft = "soft", Hard = "hard" }
}

operator! {
    /// Takes noise out by thresholding the details of a wavelet transform (Donoho and Johnstone 1994): what is below THRESHOLD becomes 0.
    ///
    /// Details of all levels up to LEVEL are thresholded, the approximation is kept, and the signal is put together again. For noise of standard
    /// deviation σ the universal threshold of n samples is σ·√(2·ln n), for instance 5.3·σ of a million. Streams like WAVELET.
    WaveletDenoise = "WAVELET_DENOISE" (
        /// The wavelet by PyWavelets' name.
        wavelet: Family,
        /// How many times the lower half is halved, 1 to 12.
        level: u32,
        /// In the unit of the data or with a unit, 0 or more.
        threshold: Amount,
    ) {
        /// `soft` brings larger details closer to 0 by the threshold, `hard` leaves them.
        mode: Shrinkage = Shrinkage::Soft,
        /// Beyond the ends, by PyWavelets' names of its modes.
        boundary: Beyond = Beyond::Symmetric,
    }
    formula "soft: d → sign(d)·max(|d| − THRESHOLD, 0);   hard: d → d where |d| ≥ THRESHOLD, else 0"
            "d the details of WAVELET, of every level up to LEVEL";
    example "WAVELET_DENOISE db4 3 THRESHOLD=0.5";
    reference "pywt.waverec([c[0]] + [pywt.threshold(d, threshold, mode) for d in c[1:]], wavelet, boundary, axis=0), c = pywt.wavedec(x, wavelet, boundary, level, axis=0)";
}

impl Operator for WaveletDenoise {
    fn build(&self, b: &mut Builder, x: NodeId) -> Result<NodeId> {
        let (unit, float) = (b.real(x)?.unit.clone(), b.real(x)?.float());
        let Some(threshold) = self.threshold.in_unit(&unit) else {
            return Err(b
                .diag(format!("cannot compare data in {unit} with a threshold of {}", self.threshold))
                .help(format!("give the threshold in {unit}")));
        };
        if !(threshold >= 0.0 && threshold.is_finite()) {
            return Err(b.diag(format!("needs a threshold of 0 or more, not {}", self.threshold)));
        }
        let parts = Decomposition::of(b, x, self.wavelet, self.level, self.boundary)?;
        let mut details = Vec::with_capacity(parts.details.len());
        for detail in &parts.details {
            details.push(b.map1(*detail, unit.clone(), |d, e| {
                let (size, t, zero) = (d.abs(), e.constant(threshold), e.constant(0.0));
                // A comparison with NaN is false, and NaN · 0 is NaN.
                let below = d * zero;
                match self.mode {
                    Shrinkage::Soft => size.gt(t).select(d.gt(zero).select(d - t, d + t), below),
                    Shrinkage::Hard => size.ge(t).select(d, below),
                }
            })?);
        }
        let signal = parts.reconstruct(b, &details)?;
        b.convert(signal, float)
    }
}
