//! Correlation with a virtual source.

use dasc_ir::graph::{Builder, NodeId, Reduction, Role, Scope};
use dasc_ir::parameter::{Extent, Hertz, Span1};
use dasc_ir::{DType, Diag, Result, Unit, choice, operator};

use super::Operator;
use super::slice::chosen_numbers;
use crate::pieces::cross_spectrum::{CrossSpectrum, Division};
use crate::pieces::extent::{samples, samples_up_to};

choice! {
    /// What a window's correlation is divided by.
    Scale { None = "none", Coefficient = "coefficient", Coherence = "coherence", Deconvolution = "deconvolution" }
}

/// The longest window and the most lags.
const LONGEST: u32 = 1 << 20;

operator! {
    /// Every channel against one of them, window by window, over lags: the channel becomes a virtual source, and a wave that passes it first
    /// shows at a positive lag.
    ///
    /// Windows begin at multiples of HOP and keep clear of gaps and ends. Sums are taken in F64, those divided by spectra through F32
    /// transforms of twice the window; a sample that is not finite makes the lags it belongs to NaN, or with spectra all of its window. For ambient
    /// noise (Bensen et al. 2007): WHITEN or NORMALIZE METHOD=onebit before it, or both sides whitened window by window with
    /// SCALE=coherence; after it STACK 24h EVERY=1h, PWS BLOCK=24h EVERY=1h or EWMA 24h for a running stack, which streams, or a MEAN over time.
    Correlate = "CORRELATE" (
        /// The source: a range of one channel number of the file (`10..11`), or of several, which are averaged.
        source: Span1,
        /// Length of a window, a duration or a number of samples.
        window: Extent,
        /// The largest lag to either side, shorter than the window.
        lag: Extent,
    ) {
        /// From one window to the next; the window's length unless given.
        hop: Option<Extent> = None,
        /// `coefficient` divides by the root of both windows' energies, so that a copy of the source has 1 at its lag; `coherence` divides the
        /// cross-spectrum by both magnitudes, `deconvolution` by the power of the source and 1 % of its mean power, so that it stays finite. 0 where there is nothing to divide by.
        scale: Scale = Scale::None,
        /// Width of the running mean over the magnitudes or powers that `coherence` and `deconvolution` divide by; 0 takes each frequency by itself.
        smooth: Hertz = 0.0,
        /// Take each window's mean out first; then 0 Hz counts as nothing to divide by.
        demean: bool = false,
    }
    formula "y[j, lag] = Σ_k x[j·HOP + k + lag]·s[j·HOP + k]   over all k where both lie in the window"
            "divided by √(Σ_k x[j·HOP + k]² · Σ_k s[j·HOP + k]²) with SCALE=coefficient"
            "coherence F⁻¹{X·S* / (|X|·|S|)},   deconvolution F⁻¹{X·S* / (|S|² + 1 % of its mean)},   magnitudes smoothed over SMOOTH";
    example "CORRELATE 10..11 200ms 50ms";
    reference "scipy.signal.correlate(x[window], x[window, source], mode='full'), lags -lag to lag; coherence, deconvolution: numpy.fft.irfft(X * conj(S) / (abs(X) * abs(S))) and irfft(X * conj(S) / (abs(S)**2 + 0.01 * mean)) of transforms of twice the window";
}

impl Operator for Correlate {
    fn build(&self, b: &mut Builder, x: NodeId) -> Result<NodeId> {
        let n = samples_up_to(b, x, "a window", self.window, LONGEST)?;
        let lag = match self.lag {
            Extent::Samples(0) | Extent::Duration(0.0) => 0,
            other => samples(b, x, "a lag", other)?,
        };
        let hop = self.hop.map_or(Ok(n), |hop| samples(b, x, "a hop", hop))?;
        if lag >= n {
            return Err(b
                .diag(format!("needs a lag shorter than its window, not {lag} of {n} samples"))
                .help(format!("the largest possible lag is {} samples", n - 1)));
        }
        if let Some(longest) = b.time(x)?.rows.longest()
            && longest < n.into()
        {
            return Err(b
                .diag(format!("needs a window no longer than the record: {n} samples, but the record has {longest}"))
                .help(format!("the largest possible window is {longest}")));
        }
        let (unit, float) = (b.real(x)?.unit.clone(), b.real(x)?.float());
        let plain = b.convert(x, float)?;
        let mut frames = b.frame(plain, n, hop, 0, dasc_ir::graph::Edge::Valid)?;
        if self.demean {
            let mean = b.reduce(frames, Role::Inner, Reduction::Mean, Scope::Segment)?;
            frames = b.map(&[frames, mean], unit.clone(), DType::F64, |e| vec![e.input(0).to(DType::F64) - e.input(1)])?;
        }
        let chosen = chosen_numbers(b, frames, &self.source, "SOURCE")?;
        let source = b.reduce(chosen, Role::Channel, Reduction::Mean, Scope::Segment)?;
        let division = match self.scale {
            Scale::Coherence => Some(Division::BothMagnitudes),
            Scale::Deconvolution => Some(Division::SourcePower),
            Scale::None | Scale::Coefficient => None,
        };
        if let Some(division) = division {
            return CrossSpectrum { division, demeaned: self.demean, smooth: self.smooth.0, n, lag }.correlation(b, frames, source);
        }
        if self.smooth.0 != 0.0 {
            return Err(b
                .diag("takes SMOOTH only beside SCALE=coherence or SCALE=deconvolution")
                .help("these alone divide by a spectrum; leave SMOOTH out"));
        }
        let lag = i32::try_from(lag).map_err(|_| Diag::compiler("a lag within 2³¹"))?;
        let sums = b.correlate(frames, source, (-lag, lag))?;
        if self.scale == Scale::None {
            return b.convert(sums, float);
        }
        let (a, s) = (energy(b, frames)?, energy(b, source)?);
        b.map(&[sums, a, s], Unit::none(), float, |e| {
            let norm = (e.input(1) * e.input(2)).sqrt();
            let zero = e.constant(0.0);
            vec![norm.eq(zero).select(zero, e.input(0) / norm).to(float)]
        })
    }
}

/// The sum of squares of each frame.
fn energy(b: &mut Builder, frames: NodeId) -> Result<NodeId> {
    let unit = b.signal(frames)?.unit.clone();
    let squared = b.map(&[frames], unit, DType::F64, |e| {
        let x = e.input(0).to(DType::F64);
        vec![x * x]
    })?;
    b.reduce(squared, Role::Inner, Reduction::Sum, Scope::Segment)
}
