//! Power spectral density averaged over time.

use dasc_ir::graph::{Builder, Edge, NodeId, Reduction, Role, Scope, WindowBody};
use dasc_ir::parameter::Extent;
use dasc_ir::{DType, Rational, Result, operator};

use super::Operator;
use super::spectrogram::PowerScaling;
use crate::pieces::extent::whole_record;
use crate::pieces::frames::{FrameTrend, Frames, WindowSymmetry};
use crate::pieces::weight::WindowName;

operator! {
    /// Power spectra of overlapping frames, averaged (Welch 1967): over the whole record, or over each stretch of `EVERY`, which streams.
    ///
    /// Whole frames only, which keep clear of gaps. With `EVERY` the averages are over the frames that begin in a block of that length,
    /// rounded to whole hops; blocks count from the first sample of the record and are labelled with the time of their middle.
    Psd = "PSD" (
        /// Length of a frame, a duration or a number of samples; no longer than the record.
        frame: Extent,
    ) {
        /// From one frame to the next; half a frame unless given.
        hop: Option<Extent> = None,
        /// Length of the stretches that have an average each; the whole record unless given.
        every: Option<Extent> = None,
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
    formula "P[k] = (1/J) Σ_{j<J} P[j, k]   with P[j, k] as in SPECTROGRAM";
    example "PSD 256 EVERY=1s";
    reference "scipy.signal.welch(x, fs, window, nperseg=frame, noverlap=frame-hop, nfft, detrend, scaling, axis=0)";
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
            whole_record(b, x, "EVERY=… gives averages that stream")?;
            let mean = b.reduce(powers, Role::Time, Reduction::Mean, Scope::Record)?;
            return b.convert(mean, DType::F32);
        };
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
