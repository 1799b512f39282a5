//! Short-time spectra.

use dasc_ir::graph::{Builder, NodeId};
use dasc_ir::parameter::Extent;
use dasc_ir::{Result, Unit, choice, operator};

use super::Operator;
use crate::pieces::frames::Frames;
use crate::pieces::weight::WindowName;

choice! {
    /// What frames at the ends of a stretch see.
    Boundary { Zeros = "zeros", None = "none" }
}

choice! {
    /// What a spectrum is divided by.
    Scaling { Spectrum = "spectrum", Psd = "psd" }
}

operator! {
    /// One-sided complex spectra of overlapping frames; frame j is centred on row j·HOP of the record.
    ///
    /// Frames keep clear of gaps. `BOUNDARY=zeros` has frames until the stretch is covered, with zeros beyond its ends; `none`
    /// has whole frames only, frame j beginning at row j·HOP. Windows are periodic.
    Stft = "STFT" (
        /// Length of a frame, a duration or a number of samples; no longer than the record.
        frame: Extent,
    ) {
        /// From one frame to the next; half a frame unless given.
        hop: Option<Extent> = None,
        /// The window that weights a frame.
        window: WindowName = WindowName::Hann,
        /// Beyond the ends of a stretch.
        boundary: Boundary = Boundary::Zeros,
        /// `spectrum` divides by the sum of the window, so that a sine shows half its amplitude; `psd` by √(fs·Σ window²).
        scaling: Scaling = Scaling::Spectrum,
    }
    example "STFT 1024 HOP=512 WINDOW=hann";
    reference "scipy.signal.stft(x, fs, window, nperseg=frame, noverlap=frame-hop, boundary='zeros', padded=True, axis=0)";
}

impl Operator for Stft {
    fn build(&self, b: &mut Builder, x: NodeId) -> Result<NodeId> {
        let frames = Frames::new(b, x, self.frame, self.hop, self.window, |n| n - n / 2)?;
        let signal_unit = b.signal(x)?.unit.clone();
        let (scale, unit) = match self.scaling {
            Scaling::Spectrum => (1.0 / frames.sum, signal_unit),
            Scaling::Psd => {
                // A root of a hertz has no whole exponent, so the unit is kept as written.
                let symbol = format!("{signal_unit}/sqrt(Hz)");
                (1.0 / (b.rate(x)? * frames.sum_of_squares).sqrt(), Unit::opaque(&symbol))
            }
        };
        let cut = match self.boundary {
            Boundary::Zeros => frames.centred(b, x)?,
            Boundary::None => frames.whole(b, x)?,
        };
        frames.spectrum(b, cut, scale, false, unit)
    }
}
