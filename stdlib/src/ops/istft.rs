//! Short-time spectra back to a time series.

use dasc_ir::graph::{Builder, Edge, InnerRole, NodeId};
use dasc_ir::parameter::Extent;
use dasc_ir::{Result, Unit, choice, operator};

use super::Operator;
use super::stft::{Made, PER_ROOT_HERTZ, Scaling};
use crate::pieces::frames::{Boundary, Frames, WindowSymmetry};
use crate::pieces::weight::WindowName;

choice! {
    /// Whether the frames at the ends of a stretch reached beyond it.
    Beyond { Stft = "stft", Zeros = "zeros", None = "none" }
}

operator! {
    /// The time series whose frames have these spectra: inverse transforms, weighted once more, added where they overlap and divided by the sum
    /// of the squared windows there.
    ///
    /// All parameters are those of the STFT before it, whatever was done to its spectra in between, and need not be given; others are
    /// refused. The defaults below are for spectra that do not come of STFT. The first and last half frame are left out, unless `BOUNDARY=none`; a
    /// stretch that STFT padded comes back longer by the padding. Frames that have been changed in between give the series whose spectra
    /// come nearest to them in least squares (Griffin and Lim 1984).
    Istft = "ISTFT" () {
        /// Length of a frame in samples or as a duration; twice the frequencies less two unless known.
        frame: Option<Extent> = None,
        /// From one frame to the next; follows from the spacing of the frames unless given.
        hop: Option<Extent> = None,
        /// The window that weighted a frame; `hann` unless known.
        window: Option<WindowName> = None,
        /// Windows are `periodic` or `symmetric` (SciPy's `fftbins`); `periodic` unless known.
        symmetry: Option<WindowSymmetry> = None,
        /// `zeros` (or anything else) beyond the ends, or `none`; `stft` is what STFT had, `zeros` unless known.
        boundary: Beyond = Beyond::Stft,
        /// Samples of the transform; the frame and zeros after it.
        nfft: Option<u32> = None,
        /// What the spectra were divided by; `spectrum` unless known.
        scaling: Option<Scaling> = None,
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
        let made: Option<Made> = b.recall(x);
        let known = self.nfft.or(made.map(|made| made.nfft));
        let n = match (self.frame, made) {
            (Some(frame), _) => length(frame, known.unwrap_or(even)),
            (None, Some(made)) => f64::from(made.frame),
            (None, None) => f64::from(even),
        };
        let odd = n == f64::from(even) + 1.0;
        let nfft = known.unwrap_or(if odd { even + 1 } else { even });
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
        let own = Made {
            frame: n as u32,
            nfft,
            window: self.window.or(made.map(|made| made.window)).unwrap_or(WindowName::Hann),
            symmetry: self.symmetry.or(made.map(|made| made.symmetry)).unwrap_or(WindowSymmetry::Periodic),
            scaling: self.scaling.or(made.map(|made| made.scaling)).unwrap_or(Scaling::Spectrum),
            beyond: match self.boundary {
                Beyond::Stft => made.is_none_or(|made| made.beyond),
                Beyond::Zeros => true,
                Beyond::None => false,
            },
        };
        if let Some(made) = made {
            own.refuse_other_than(b, &made)?;
        }
        let frames = Frames::of(b, own.frame, hop as u32, (own.window, own.symmetry))?;
        frames.invertible(b)?;
        let (boundary, lo) = if own.beyond { (Boundary::Zeros, -frames.half()) } else { (Boundary::None, 0) };
        let rows = frames.rows(&time, boundary)?;
        let start = f64::from(lo) * rows.period.as_f64();
        let back = b.inverse(x, nfft, start)?;
        let zeros = i32::try_from(nfft - frames.n).unwrap_or(i32::MAX);
        let back = if zeros > 0 { b.widen(back, 0, -zeros, Edge::Valid)? } else { back };
        let scale = own.scaling.divisor(&frames, rate);
        let unit = b.signal(x)?.unit.clone();
        let unit = match (own.scaling, unit.symbol().strip_suffix(PER_ROOT_HERTZ)) {
            (Scaling::Psd, Some(plain)) => Unit::parse(plain).unwrap_or_else(|| Unit::opaque(plain)),
            (Scaling::Psd | Scaling::Spectrum, _) => unit,
        };
        let together = frames.put_together(b, back, scale, lo, rows)?;
        b.map1(together, unit, |x, _| x)
    }
}

impl Made {
    /// Frames put together otherwise than they were taken apart would be another signal.
    fn refuse_other_than(self, b: &Builder, stft: &Made) -> Result<()> {
        let beyond = |made: &Made| if made.beyond { "zeros" } else { "none" };
        let name = |choice: &dyn std::fmt::Debug| format!("{choice:?}").to_lowercase();
        let both = [
            ("FRAME", self.frame.to_string(), stft.frame.to_string()),
            ("NFFT", self.nfft.to_string(), stft.nfft.to_string()),
            ("WINDOW", name(&self.window), name(&stft.window)),
            ("SYMMETRY", name(&self.symmetry), name(&stft.symmetry)),
            ("SCALING", name(&self.scaling), name(&stft.scaling)),
            ("BOUNDARY", beyond(&self).into(), beyond(stft).into()),
        ];
        let differ: Vec<_> = both.iter().filter(|(_, own, theirs)| own != theirs).collect();
        if differ.is_empty() {
            return Ok(());
        }
        let list = |of: &dyn Fn(&(&str, String, String)) -> String| {
            differ.iter().map(|one| of(one)).collect::<Vec<_>>().join(" ")
        };
        let own = list(&|(name, own, _)| format!("{name}={own}"));
        let theirs = list(&|(name, _, theirs)| format!("{name}={theirs}"));
        let names = list(&|(name, ..)| name.to_string());
        Err(b
            .diag(format!("has {own}, but its spectra were made with {theirs}"))
            .help(format!("leave out {names}: ISTFT knows what STFT had")))
    }
}
