//! Spectral whitening.

use std::f64::consts::PI;

use dasc_ir::graph::{Builder, Edge, NodeId, Reduction, Role, TransformKind, WindowBody};
use dasc_ir::parameter::{Extent, Hertz};
use dasc_ir::{DType, Result, Unit, operator};

use super::Operator;
use crate::pieces::extent::one_stretch;
use crate::pieces::frames::{Frames, WindowSymmetry};
use crate::pieces::plane::Patch;
use crate::pieces::weight::WindowName;

/// The fewest samples that have a spectrum worth the name.
const LEAST: u32 = 4;

/// The most samples of all channels whose spectra are whitened at once, in memory.
const MOST: u64 = 1 << 22;

operator! {
    /// Makes all frequencies of a band equally strong, as cross-correlation of ambient noise wants it (Bensen et al. 2007, section 2.3): in each frame
    /// the spectrum is divided by the running mean of its magnitude, and what lies outside the band is removed.
    ///
    /// Frames are weighted by a Hann window before and after, laid back where they came from, and divided by the sum of the squared windows. Beyond
    /// the ends of a stretch between gaps lies zero. The magnitude of the spectrum of real data continues symmetrically beyond 0 and
    /// the Nyquist frequency, and so does the running mean. Where the mean is 0, as for a dead channel, the result is 0. The result has no unit.
    /// Forward transforms are f64, so an offset drowns nothing; but at the ends of a stretch, where zeros follow, it is a step with a spectrum of
    /// its own, which DETREND before avoids.
    /// `WHITEN record` whitens the spectrum of the whole record (without gaps), unweighted (TAPER before it if its ends matter),
    /// and refuses fewer than 4 samples, and more than 4194304 of all channels.
    Whiten = "WHITEN" (
        /// Length of a frame, a duration or a number of samples, no longer than the record; or `record`.
        frame: Patch,
    ) {
        /// From one frame to the next; half a frame unless given, which is the most.
        hop: Option<Extent> = None,
        /// Width of the running mean; 0 divides by the magnitude itself.
        smooth: Hertz = 0.5,
        /// Lower end of the band; 0 keeps the lowest frequencies.
        freqmin: Hertz = 0.0,
        /// Upper end of the band; the Nyquist frequency unless given.
        freqmax: Option<Hertz> = None,
        /// Width of the cosine flanks, which lie outside the band.
        taper: Hertz = 0.0,
    }
    formula "Y[k] = b[k]·X[k] / ((1/n) Σ_{|m|≤h} |X[k+m]|)   in each frame"
            "n = 2h + 1 frequencies are SMOOTH wide;   b is 1 within the band, and ½ (1 + cos(π·Δf/TAPER)) a distance Δf outside it";
    example "WHITEN 256 SMOOTH=10Hz FREQMIN=5Hz FREQMAX=100Hz TAPER=5Hz";
    reference "numpy.fft.irfft(rfft(w*x) / running mean of |rfft(w*x)| * band) * w, added where frames overlap, over the sum of w**2; of a record w = 1; Bensen et al. (2007), eq. 4";
}

impl Operator for Whiten {
    fn build(&self, b: &mut Builder, x: NodeId) -> Result<NodeId> {
        let frame = match self.frame {
            Patch::Record => return self.record(b, x),
            Patch::Window(frame) => frame,
        };
        let window = (WindowName::Hann, WindowSymmetry::Periodic);
        let frames = Frames::new(b, x, frame, self.hop, window, |n| n / 2)?;
        let (n, hop) = (frames.n, frames.hop);
        if n < LEAST || hop > n / 2 {
            return Err(b
                .diag(format!("needs frames of at least {LEAST} samples that overlap by half or more, not {n} every {hop}"))
                .help(format!("the largest possible hop is {}", n / 2)));
        }
        let (time, rate) = (b.time(x)?.clone(), b.rate(x)?);
        let lo = -frames.half();
        b.real(x)?;
        let cut = b.frame(x, n, hop, lo, Edge::Cover)?;
        let cut = b.convert(cut, DType::F64)?;
        let weighted = frames.weighted(b, cut, 1.0, Unit::none())?;
        let spectrum = b.transform(weighted, TransformKind::Forward, Role::Inner)?;
        let white = self.whitened(b, spectrum, n, rate)?;
        let back = b.inverse(white, n, f64::from(lo) / rate)?;
        let together = frames.put_together(b, back, 1.0, lo, time)?;
        b.map1(together, Unit::none(), |x, _| x)
    }
}

impl Whiten {
    /// All of the record at once.
    fn record(&self, b: &mut Builder, x: NodeId) -> Result<NodeId> {
        let frames = "choose frames, for instance WHITEN 10s, which stream and keep clear of gaps";
        if self.hop.is_some() {
            return Err(b.diag("needs no HOP for a record that is whitened at once").help("leave HOP out"));
        }
        one_stretch(b, x, frames)?;
        let (time, rate) = (b.time(x)?.clone(), b.rate(x)?);
        let rows = time.rows.count().unwrap_or(u64::MAX);
        let samples = rows.saturating_mul(b.signal(x)?.channels().into());
        if rows < LEAST.into() {
            return Err(b.diag(format!("needs a record of at least {LEAST} samples to whiten, not {rows}")));
        }
        if samples > MOST {
            return Err(b
                .diag(format!("whitens at most {MOST} samples of all channels at once, not {samples}"))
                .help(frames));
        }
        let float = b.real(x)?.float();
        let x = b.convert(x, float)?;
        let spectrum = b.transform(x, TransformKind::Forward, Role::Time)?;
        let white = self.whitened(b, spectrum, rows as u32, rate)?;
        b.inverse_along_time(white, time)
    }

    /// The spectrum of `n` samples over the running mean of its magnitude, in the band.
    fn whitened(&self, b: &mut Builder, spectrum: NodeId, n: u32, rate: f64) -> Result<NodeId> {
        let band = self.band(b, rate)?;
        let step = rate / f64::from(n);
        // Bins on either side of the middle one.
        let reach = (0.5 * self.smooth.0 / step).round();
        if !(0.0..=f64::from(n / 2)).contains(&reach) {
            return Err(b
                .diag(format!("needs a running mean of 0 to {} Hz, not {} Hz", rate, self.smooth.0))
                .help("SMOOTH is a width in Hz; 0 divides by the magnitude itself"));
        }
        let reach = reach as i32;
        let magnitude = b.map(&[spectrum], Unit::none(), DType::F32, |e| {
            let (re, im) = (e.input(0).to(DType::F64), e.imaginary(0).to(DType::F64));
            vec![re.fma(re, im * im).sqrt().to(DType::F32)]
        })?;
        let body = WindowBody::Fold(Reduction::Sum);
        let sum =
            b.window(magnitude, Role::Inner, (-reach, reach), 1, Edge::Mirror, body, Unit::none(), DType::F64)?;
        let count = f64::from(2 * reach + 1);
        b.map(&[spectrum, sum], Unit::none(), DType::C32, |e| {
            let (sum, zero) = (e.input(1), e.constant(0.0));
            let frequency = e.index(Role::Inner) * e.constant(step);
            let gain = e.constant(count) / sum * band.weight(e, frequency);
            let gain = sum.gt(zero).select(gain, sum * zero);
            vec![
                (e.input(0).to(DType::F64) * gain).to(DType::F32),
                (e.imaginary(0).to(DType::F64) * gain).to(DType::F32),
            ]
        })
    }
}

/// A band with cosine flanks: 0 up to `stop.0`, 1 from `pass.0` to `pass.1`, 0 from `stop.1` on.
#[derive(Clone, Copy)]
struct Band {
    stop: (f64, f64),
    pass: (f64, f64),
}

impl Whiten {
    fn band(&self, b: &Builder, rate: f64) -> Result<Band> {
        let nyquist = 0.5 * rate;
        let (low, high) = (self.freqmin.0, self.freqmax.map_or(nyquist, |high| high.0));
        if !(0.0 <= low && low < high && high <= nyquist && self.taper.0 >= 0.0) {
            return Err(b
                .diag(format!(
                    "needs 0 <= FREQMIN < FREQMAX <= {nyquist} Hz, the Nyquist frequency, and flanks of 0 Hz or more, not {low} to {high} Hz with {} Hz",
                    self.taper.0
                ))
                .help("leave out FREQMIN or FREQMAX for a band that is open at that end"));
        }
        Ok(Band { stop: (low - self.taper.0, high + self.taper.0), pass: (low, high) })
    }
}

impl Band {
    fn weight<'a>(
        &self,
        e: &'a dasc_ir::graph::expr::Writer,
        frequency: dasc_ir::graph::Scalar<'a>,
    ) -> dasc_ir::graph::Scalar<'a> {
        let (zero, one) = (e.constant(0.0), e.constant(1.0));
        // Distance into the flank, 0 at the band and 1 at its end.
        let below = e.constant(self.pass.0) - frequency;
        let above = frequency - e.constant(self.pass.1);
        let outside = below.max(above).max(zero);
        let width = self.stop.1 - self.pass.1;
        if width <= 0.0 {
            return outside.gt(zero).select(zero, one);
        }
        let share = (outside * e.constant(1.0 / width)).min(one);
        ((share * e.constant(PI)).cos() + one) * e.constant(0.5)
    }
}
