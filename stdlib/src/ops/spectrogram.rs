//! Power spectral density over time.

use dasc_ir::graph::{Builder, NodeId, Role};
use dasc_ir::parameter::Extent;
use dasc_ir::{DType, Result, Unit, choice, operator};

use super::Operator;
use crate::pieces::frames::{FrameTrend, Frames, WindowSymmetry};
use crate::pieces::level::power_unit;
use crate::pieces::weight::WindowName;

choice! {
    /// What a power is divided by.
    PowerScaling { Density = "density", Spectrum = "spectrum" }
}

operator! {
    /// One-sided power spectra of overlapping frames, the mean of each taken off; whole frames only.
    ///
    /// Frame j begins at row j·HOP of the record and is labelled with the time of its middle. Frames keep clear of gaps.
    Spectrogram = "SPECTROGRAM" (
        /// Length of a frame, a duration or a number of samples; no longer than the record.
        frame: Extent,
    ) {
        /// From one frame to the next; a frame less an eighth of it unless given.
        hop: Option<Extent> = None,
        /// The window that weights a frame.
        window: WindowName = WindowName::Tukey,
        /// Windows are `periodic` or `symmetric` (SciPy's `fftbins`).
        symmetry: WindowSymmetry = WindowSymmetry::Periodic,
        /// Samples of the transform, the frame and zeros after it; the frame's length unless given.
        nfft: Option<u32> = None,
        /// `density` is power per hertz, `spectrum` power.
        scaling: PowerScaling = PowerScaling::Density,
        /// What is taken off each frame: its mean (`constant`), its least-squares line (`linear`) or `none`.
        detrend: FrameTrend = FrameTrend::Constant,
    }
    formula "P[j, k] = c / (fs·Σ_m w[m]²) · |Σ_{m<frame} w[m]·(x[j·HOP + m] − x̄_j)·exp(−2πi·km/NFFT)|²"
            "c = 2, but 1 at 0 and at the Nyquist frequency;   with SCALING=spectrum (Σ_m w[m])² instead of fs·Σ_m w[m]²";
    example "SPECTROGRAM 256";
    reference "scipy.signal.spectrogram(x, fs, nperseg=frame, axis=0)";
}

impl Operator for Spectrogram {
    fn build(&self, b: &mut Builder, x: NodeId) -> Result<NodeId> {
        let frames = Frames::new(b, x, self.frame, self.hop, (self.window, self.symmetry), |n| n - n / 8)?
            .transformed(b, self.nfft)?;
        let cut = frames.whole(b, x)?;
        self.scaling.powers(b, &frames, cut, self.detrend)
    }
}

impl PowerScaling {
    /// The one-sided power spectra of frames: the powers of negative frequencies are added to their mirror images.
    pub(super) fn powers(
        self,
        b: &mut Builder,
        frames: &Frames,
        cut: NodeId,
        trend: FrameTrend,
    ) -> Result<NodeId> {
        let signal = b.real(cut)?;
        let period = signal.inner.as_ref().map_or(f64::NAN, |axis| axis.step);
        let (power, signal_unit) = (power_unit(&signal.unit), signal.unit.clone());
        let (scale, unit) = match self {
            PowerScaling::Density => {
                let unit = Unit::parse("Hz").map_or_else(|| power.clone(), |hertz| power.per(&hertz));
                (period / frames.sum_of_squares, unit)
            }
            PowerScaling::Spectrum => (1.0 / (frames.sum * frames.sum), power),
        };
        let spectrum = frames.spectrum(b, cut, 1.0, trend, signal_unit)?;
        b.map(&[spectrum], unit, DType::F32, |e| {
            let (re, im) = (e.input(0).to(DType::F64), e.imaginary(0).to(DType::F64));
            let k = e.index(Role::Inner);
            // 0 and Nyquist have no mirror image.
            let mirrored = k.gt(e.constant(0.0)).and(k.lt(e.constant(0.5 * f64::from(frames.nfft))));
            let scale = mirrored.select(e.constant(2.0 * scale), e.constant(scale));
            vec![(re.fma(re, im * im) * scale).to(DType::F32)]
        })
    }
}
