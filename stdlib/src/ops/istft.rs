//! Short-time spectra back to a time series.

use dasc_ir::graph::{Builder, Edge, InnerRole, NodeId};
use dasc_ir::parameter::Extent;
use dasc_ir::{Result, Unit, choice, operator};

use super::Operator;
use super::stft::{PER_ROOT_HERTZ, Scaling};
use crate::pieces::frames::{Boundary, Frames, WindowSymmetry};
use crate::pieces::weight::WindowName;

choice! {
    /// Whether the frames at the ends of a stretch reached beyond it.
    Beyond { Zeros = "zeros", None = "none" }
}

operator! {
    /// The time series whose frames have these spectra: inverse transforms, weighted once more, added where they overlap and divided by the sum
    /// of the squared windows there.
    ///
    /// Window, scaling, symmetry and boundary must be those of STFT. The first and last half frame are left out, unless `BOUNDARY=none`; a
    /// stretch that STFT padded comes back longer by the padding. Frames that have been changed in between give the series whose spectra
    /// come nearest to them in least squares (Griffin and Lim 1984).
    Istft = "ISTFT" () {
        /// Length of a frame in samples or as a duration; twice the frequencies less two unless given, which odd frames need.
        frame: Option<Extent> = None,
        /// From one frame to the next; follows from the spacing of the frames unless given.
        hop: Option<Extent> = None,
        /// The window that weighted a frame.
        window: WindowName = WindowName::Hann,
        /// Windows are `periodic` or `symmetric` (SciPy's `fftbins`).
        symmetry: WindowSymmetry = WindowSymmetry::Periodic,
        /// `zeros` (or anything else) beyond the ends, or `none`.
        boundary: Beyond = Beyond::Zeros,
        /// Samples of the transform; the frame and zeros after it.
        nfft: Option<u32> = None,
        /// What the spectra were divided by.
        scaling: Scaling = Scaling::Spectrum,
    }
    formula "y[i] = Σ_j w[i−a_j]·z_j[i−a_j] / Σ_j w[i−a_j]²"
            "a_j is the first row of frame j,   z_j the inverse transform of its spectrum times S as in STFT";
    example "STFT 256 HOP=64 | ISTFT";
    reference "scipy.signal.istft(Z, fs, window, nperseg=frame, noverlap=frame-hop, nfft, boundary, time_axis=0, freq_axis=1, scaling)";
}

impl Operator for Istft {
    fn build(&self, b: &mut Builder, x: NodeId) -> Result<NodeId> {
        let time = b.time(x)?.clone();
        let axis = b.signal(x)?.inner.clone().filter(|axis| axis.role == InnerRole::Frequency);
        let Some(axis) = axis else {
            return Err(b.diag("needs spectra of frames, as STFT makes them"));
        };
        let even = axis.len.saturating_sub(1).saturating_mul(2).max(1);
        let rate_of = |nfft: u32| f64::from(nfft) * axis.step;
        let length = |extent: Extent, nfft: u32| match extent {
            Extent::Samples(n) => f64::from(n),
            Extent::Duration(seconds) => (seconds * rate_of(nfft)).round(),
        };
        let n = self.frame.map_or(f64::from(even), |frame| length(frame, self.nfft.unwrap_or(even)));
        let odd = n == f64::from(even) + 1.0;
        let nfft = self.nfft.unwrap_or(if odd { even + 1 } else { even });
        if !(n >= 1.0 && n <= f64::from(nfft)) || nfft / 2 + 1 != axis.len {
            return Err(b
                .diag(format!(
                    "needs frames of 1 to {} samples for {} frequencies, not {n} of {nfft}",
                    even + 1,
                    axis.len
                ))
                .help("FRAME and NFFT are those of STFT"));
        }
        let rate = rate_of(nfft);
        let spacing = time.period.as_f64() * rate;
        let hop = self.hop.map_or(spacing, |hop| length(hop, nfft)).round();
        if !((hop - spacing).abs() <= 1e-6 * spacing && hop >= 1.0 && hop <= f64::from(u32::MAX)) {
            return Err(b
                .diag(format!("needs a hop of {spacing} samples, from one of these frames to the next, not {hop}"))
                .help("leave HOP out; NFFT or FRAME may not be those of STFT"));
        }
        let frames = Frames::of(b, n as u32, hop as u32, (self.window, self.symmetry))?;
        frames.invertible(b)?;
        let (boundary, lo) = match self.boundary {
            Beyond::Zeros => (Boundary::Zeros, -frames.half()),
            Beyond::None => (Boundary::None, 0),
        };
        let rows = frames.rows(&time, boundary)?;
        let start = f64::from(lo) * rows.period.as_f64();
        let back = b.inverse(x, nfft, start)?;
        let zeros = i32::try_from(nfft - frames.n).unwrap_or(i32::MAX);
        let back = if zeros > 0 { b.widen(back, 0, -zeros, Edge::Valid)? } else { back };
        let scale = self.scaling.divisor(&frames, rate);
        let unit = b.signal(x)?.unit.clone();
        let unit = match (self.scaling, unit.symbol().strip_suffix(PER_ROOT_HERTZ)) {
            (Scaling::Psd, Some(plain)) => Unit::parse(plain).unwrap_or_else(|| Unit::opaque(plain)),
            (Scaling::Psd | Scaling::Spectrum, _) => unit,
        };
        let together = frames.put_together(b, back, scale, lo, rows)?;
        b.map1(together, unit, |x, _| x)
    }
}
