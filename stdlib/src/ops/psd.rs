//! Power spectral density averaged over time.

use std::f64::consts::LN_2;

use dasc_ir::graph::{Builder, Edge, NodeId, Quantile, Reduction, Role, Scope, WindowBody};
use dasc_ir::parameter::Extent;
use dasc_ir::{DType, Rational, Result, choice, operator};

use super::Operator;
use super::spectrogram::PowerScaling;
use crate::pieces::extent::whole_record;
use crate::pieces::frames::{FrameTrend, Frames, WindowSymmetry};
use crate::pieces::weight::WindowName;

choice! {
    /// What of the frames' powers is taken.
    Average { Mean = "mean", Median = "median" }
}

operator! {
    /// Power spectra of overlapping frames, averaged (Welch 1967): over the whole record, or over each stretch of `EVERY`, which streams.
    ///
    /// Whole frames only, which keep clear of gaps. With `EVERY` the averages are over the frames that begin in a block of that length,
    /// rounded to whole hops; blocks count from the first sample of the record and are labelled with the time of their middle.
    /// `AVERAGE=median` is of the whole record: bursts in less than half of the frames do not count. It is selected exactly by several
    /// passes and divided by what the median of as many frames of normal noise is to their mean, as SciPy does; NaN in a frame makes it NaN.
    Psd = "PSD" (
        /// Length of a frame, a duration or a number of samples; no longer than the record.
        frame: Extent,
    ) {
        /// From one frame to the next; half a frame unless given.
        hop: Option<Extent> = None,
        /// Length of the stretches that have an average each; the whole record unless given.
        every: Option<Extent> = None,
        /// `mean`, or of the whole record the `median`.
        average: Average = Average::Mean,
        /// The window that weights a frame.
        window: WindowName = WindowName::Hann,
        /// Windows are `periodic` or `symmetric` (SciPy's `fftbins`).
        symmetry: WindowSymmetry = WindowSymmetry::Periodic,
        /// Samples of the transform, the frame and zeros after it; the frame's length unless given.
        nfft: Option<u32> = None,
        /// `density` is power per hertz, `spectrum` power.
        scaling: PowerScaling = PowerScaling::Density,
        /// What is taken off each frame: its mean (`constant`), its least-squares line (`linear`) or `none`.
        detrend: FrameTrend = FrameTrend::Constant,
    }
    formula "P[k] = (1/J) Σ_{j<J} P[j, k]   with P[j, k] as in SPECTROGRAM"
            "median  P[k] = (median_{j<J} P[j, k]) / Σ_{m=1..M} (−1)^(m+1)/m,   M the largest odd number up to J";
    example "PSD 256 EVERY=1s";
    reference "scipy.signal.welch(x, fs, window, nperseg=frame, noverlap=frame-hop, nfft, detrend, scaling, average, axis=0)";
}

impl Operator for Psd {
    fn build(&self, b: &mut Builder, x: NodeId) -> Result<NodeId> {
        let frames =
            Frames::new(b, x, self.frame, self.hop, (self.window, self.symmetry), |n| n - n / 2)?
                .transformed(b, self.nfft)?;
        let rate = b.rate(x)?;
        let cut = frames.whole(b, x)?;
        let powers = self.scaling.powers(b, &frames, cut, self.detrend)?;
        let unit = b.signal(powers)?.unit.clone();
        let Some(every) = self.every else {
            whole_record(b, x, "EVERY=… gives means that stream")?;
            if self.average == Average::Mean {
                let mean = b.reduce(powers, Role::Time, Reduction::Mean, Scope::Record)?;
                return b.convert(mean, DType::F32);
            }
            let bias = median_to_mean(b.time(powers)?.rows.count().unwrap_or(0));
            let how = Reduction::Quantile(Quantile::MEDIAN);
            let median = b.reduce(powers, Role::Time, how, Scope::Record)?;
            return b.map(&[median], unit, DType::F32, |e| {
                vec![(e.input(0) / e.constant(bias)).to(DType::F32)]
            });
        };
        if self.average == Average::Median {
            return Err(b
                .diag("takes the median over the whole record only")
                .help("leave EVERY out, or let the stretches have their mean"));
        }
        let samples = match every {
            Extent::Samples(n) => f64::from(n),
            Extent::Duration(seconds) => seconds * rate,
        };
        let count = (samples / f64::from(frames.hop)).round();
        if !(1.0..=f64::from(1 << 24)).contains(&count) {
            return Err(b
                .diag(format!("needs EVERY of 1 to {} hops of {} samples, not {samples} samples", 1 << 24, frames.hop))
                .help("leave EVERY out for the average over the whole record"));
        }
        let n = count as u32;
        let middle = b.time(powers)?.period * i64::from(n - 1).into() / Rational::integer(2);
        let (taps, body) = ((0, n as i32 - 1), WindowBody::Fold(Reduction::Sum));
        let sum = b.window(powers, Role::Time, taps, n, Edge::Valid, body, unit.clone(), DType::F64)?;
        b.shift_origin(sum, middle);
        b.map(&[sum], unit, DType::F32, |e| vec![(e.input(0) / e.constant(count)).to(DType::F32)])
    }
}

/// The expected median of an odd number of powers of normal noise over their mean, for an even number that of one less
/// (scipy.signal's `_median_bias`; Allen et al. 2012, appendix B): an alternating harmonic sum.
fn median_to_mean(count: u64) -> f64 {
    /// Up to here the sum is taken term by term.
    const DIRECT: u64 = 1001;
    let last = count.saturating_sub(1) / 2 * 2 + 1;
    if last > DIRECT {
        let n = last as f64;
        // The next term of the expansion is below the last digit.
        return LN_2 + 1.0 / (2.0 * n) - 1.0 / (4.0 * n.powi(2)) + 1.0 / (8.0 * n.powi(4));
    }
    (1..=last).rev().map(|m| if m % 2 == 1 { 1.0 / m as f64 } else { -1.0 / m as f64 }).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What SciPy 1.17 has, on both sides of where the expansion begins.
    #[test]
    fn median_bias_is_scipys() {
        for (count, expected) in [
            (1, 1.0),
            (2, 1.0),
            (3, 0.8333333333333333),
            (4, 0.8333333333333333),
            (5, 0.7833333333333333),
            (18, 0.7216953797836151),
            (1000, 0.6936474305598204),
            (1002, 0.6936464315588213),
            (1003, 0.6936454365398861),
            (1004, 0.6936454365398861),
            (5001, 0.6932471505679435),
            (1000001, 0.6931476805591954),
        ] {
            let found = median_to_mean(count);
            assert!((found - expected).abs() <= 4e-16, "{count}: {found} is not {expected}");
        }
    }
}
