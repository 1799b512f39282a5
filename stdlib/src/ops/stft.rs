//! Short-time spectra.

use dasc_ir::graph::{Builder, NodeId};
use dasc_ir::parameter::Extent;
use dasc_ir::{Result, Unit, choice, operator};

use super::Operator;
use crate::pieces::frames::{Boundary, FrameTrend, Frames, WindowSymmetry};
use crate::pieces::weight::WindowName;

choice! {
    /// What a spectrum is divided by.
    Scaling { Spectrum = "spectrum", Psd = "psd" }
}

operator! {
    /// One-sided complex spectra of overlapping frames; frame j is centred on row j·HOP of the record.
    ///
    /// Frames keep clear of gaps. Beyond the ends of a stretch lies what `BOUNDARY` says, up to half a frame: `zeros`, its mirror image (`even`:
    /// d c b | a b c d | c b a), that through the end value (`odd`: 2a − b beside a) or the end value (`constant`); with `none` frame j begins at row
    /// j·HOP. With `PADDED` frames go on until all of that is covered, with zeros after it. Spectra are complex f32; of f64 data transforms are
    /// f64 and rounded once.
    Stft = "STFT" (
        /// Length of a frame, a duration or a number of samples; no longer than the record.
        frame: Extent,
    ) {
        /// From one frame to the next; half a frame unless given.
        hop: Option<Extent> = None,
        /// The window that weights a frame.
        window: WindowName = WindowName::Hann,
        /// Windows are `periodic` or `symmetric` (SciPy's `fftbins`).
        symmetry: WindowSymmetry = WindowSymmetry::Periodic,
        /// Beyond the ends of a stretch.
        boundary: Boundary = Boundary::Zeros,
        /// Whether a last frame may run over; as a rule with `BOUNDARY=zeros` only.
        padded: Option<bool> = None,
        /// What is taken off each frame: `none`, its mean (`constant`) or its least-squares line (`linear`).
        detrend: FrameTrend = FrameTrend::None,
        /// Samples of the transform, the frame and zeros after it; the frame's length unless given.
        nfft: Option<u32> = None,
        /// `spectrum` divides by the sum of the window, so that a sine shows half its amplitude; `psd` by √(fs·Σ window²).
        scaling: Scaling = Scaling::Spectrum,
    }
    formula "X[j, k] = (1/S) Σ_{m<frame} w[m]·x[j·HOP − ⌊frame/2⌋ + m]·exp(−2πi·km/NFFT)"
            "S = Σ_m w[m],   with SCALING=psd √(fs·Σ_m w[m]²);   without ⌊frame/2⌋ where BOUNDARY=none";
    example "STFT 1024 HOP=512 WINDOW=hann";
    reference "scipy.signal.stft(x, fs, window, nperseg=frame, noverlap=frame-hop, nfft, detrend, boundary='zeros', padded=True, axis=0, scaling)";
}

impl Operator for Stft {
    fn build(&self, b: &mut Builder, x: NodeId) -> Result<NodeId> {
        let frames =
            Frames::new(b, x, self.frame, self.hop, (self.window, self.symmetry), |n| n - n / 2)?
                .transformed(b, self.nfft)?;
        let signal_unit = b.signal(x)?.unit.clone();
        let rate = b.rate(x)?;
        let scale = self.scaling.divisor(&frames, rate).recip();
        let unit = match self.scaling {
            Scaling::Spectrum => signal_unit,
            // A root of a hertz has no whole exponent, so the unit is kept as written.
            Scaling::Psd => Unit::opaque(&format!("{signal_unit}{PER_ROOT_HERTZ}")),
        };
        let cut = frames.cut(b, x, self.boundary, self.padded)?;
        let spectra = frames.spectrum(b, cut, scale, self.detrend, unit)?;
        let made = Made {
            frame: frames.n,
            nfft: frames.nfft,
            window: self.window,
            symmetry: self.symmetry,
            scaling: self.scaling,
            beyond: self.boundary != Boundary::None,
        };
        b.remember(spectra, made);
        Ok(spectra)
    }
}

/// How spectra of frames were made, as far as their type does not tell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Made {
    pub frame: u32,
    pub nfft: u32,
    pub window: WindowName,
    pub symmetry: WindowSymmetry,
    pub scaling: Scaling,
    /// Whether frames at the ends of a stretch reached beyond it.
    pub beyond: bool,
}

/// What a unit ends with once divided by the root of a frequency.
pub(super) const PER_ROOT_HERTZ: &str = "/sqrt(Hz)";

impl Scaling {
    /// What amplitudes are divided by.
    pub(super) fn divisor(self, frames: &Frames, rate: f64) -> f64 {
        match self {
            Scaling::Spectrum => frames.sum,
            Scaling::Psd => (rate * frames.sum_of_squares).sqrt(),
        }
    }
}
