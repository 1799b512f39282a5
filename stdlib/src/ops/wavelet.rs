//! Discrete wavelet transform.

use dasc_ir::graph::{Builder, InnerAxis, InnerRole, NodeId};
use dasc_ir::{Result, Unit, choice, operator};

use super::Operator;
use crate::design::Wavelet as Family;
use crate::pieces::wavelet::{Beyond, Decomposition};

choice! {
    /// What of the transform is given.
    Part { Bands = "bands", Detail = "detail", Approximation = "approximation" }
}

operator! {
    /// The discrete wavelet transform (Mallat 1989): the signal in bands of an octave each, or the coefficients of one of them.
    ///
    /// `bands` are time series at the data's rate side by side, along the frequency axis from low to high: what the approximation of LEVEL and the
    /// details of each level from it to the first give by themselves when transformed back (a multiresolution analysis). They add up to the data
    /// (SUM AXIS=frequency). The details of level j hold about fs/2^(j+1) to fs/2^j, the approximation what is below. `detail` and
    /// `approximation` are the coefficients of LEVEL, one for every 2^LEVEL samples, labelled with the middle of the samples
    /// they are made of. They stream: what is looked ahead is about 2^LEVEL times the wavelet's length. After gaps they begin anew; where a stretch
    /// begins at an odd sample of the record, coefficients count from the even one before.
    Wavelet = "WAVELET" (
        /// The wavelet by PyWavelets' name.
        wavelet: Family,
        /// How many times the lower half is halved, 1 to 12.
        level: u32,
    ) {
        /// All `bands`, or the coefficients of LEVEL: its `detail` or `approximation`.
        part: Part = Part::Bands,
        /// Beyond the ends, by PyWavelets' names of its modes.
        boundary: Beyond = Beyond::Symmetric,
    }
    formula "a_{j+1}[i] = Σ_k l[k]·a_j[2i+1−k],   d_{j+1}[i] = Σ_k h[k]·a_j[2i+1−k],   a_0 = x";
    example "WAVELET db4 3";
    reference "pywt.mra(x, wavelet, level, axis=0, transform='dwt', mode=boundary); of coefficients pywt.wavedec(x, wavelet, boundary, level, axis=0)";
}

impl Operator for Wavelet {
    fn build(&self, b: &mut Builder, x: NodeId) -> Result<NodeId> {
        let (rate, float) = (b.rate(x)?, b.real(x)?.float());
        let parts = Decomposition::of(b, x, self.wavelet, self.level, self.boundary)?;
        let coefficients = match self.part {
            Part::Bands => {
                let mut bands = vec![parts.remainder(b)?];
                let mut middles = vec![rate / f64::from(4u32 << self.level)];
                for level in (0..parts.details.len()).rev() {
                    bands.push(parts.detail(b, level)?);
                    middles.push(0.75 * rate / f64::from(2u32 << level));
                }
                for band in &mut bands {
                    *band = b.convert(*band, float)?;
                }
                let hertz = Unit::parse("Hz").unwrap_or_else(Unit::none);
                return b.join(&bands, InnerAxis::listed(InnerRole::Band, &middles, hertz));
            }
            Part::Detail => parts.details.last().copied().unwrap_or(parts.approximation),
            Part::Approximation => parts.approximation,
        };
        let coefficients = b.convert(coefficients, float)?;
        parts.centre(b, coefficients);
        Ok(coefficients)
    }
}
