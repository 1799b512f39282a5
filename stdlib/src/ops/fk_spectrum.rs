//! Power over frequency and wavenumber.

use dasc_ir::graph::{Builder, NodeId, Role};
use dasc_ir::parameter::Extent;
use dasc_ir::{DType, Result, operator};

use super::Operator;
use crate::design::{Symmetry, window};
use crate::pieces::distance::even_spacing;
use crate::pieces::extent::samples;
use crate::pieces::filter::of_step;
use crate::pieces::frames::{FrameTrend, Frames, WindowSymmetry};
use crate::pieces::level::power_unit;
use crate::pieces::plane::{Patch, Plane};
use crate::pieces::weight::WindowName;

operator! {
    /// Power over frequency and wavenumber of windows of time, all channels wide: where waves lie before FK_FILTER is told which to keep.
    ///
    /// Frequencies are one-sided, their mirror images added; wavenumbers, in cycles per metre, take the place of the channels, in the order of numpy.fft.fftfreq. A
    /// wave towards larger distances lies at negative wavenumbers, one towards smaller distances at positive ones, both on lines |f/k| = speed
    /// through the origin. A plane wave of amplitude a shows a²/2 where frequency and wavenumber fall on a bin. Window j begins
    /// at row j·HOP and is labelled with the time of its middle; windows keep clear of gaps. MEAN AXIS=time averages them.
    FkSpectrum = "FK_SPECTRUM" (
        /// Length of a window of time, a duration or a number of samples, made even; no longer than the record.
        frame: Extent,
    ) {
        /// From one window to the next; the whole window unless given.
        hop: Option<Extent> = None,
        /// The periodic window that weights samples.
        window: WindowName = WindowName::Hann,
        /// What weights channels: a symmetric window of two channels more, without its ends.
        aperture: WindowName = WindowName::Hann,
        /// What is taken off each channel in each window: its mean (`constant`), its least-squares line (`linear`) or `none`.
        detrend: FrameTrend = FrameTrend::Constant,
    }
    formula "P[j, f, k] = 2·|Σ_{m,c} w[m]·a[c]·x[j·HOP + m, c]·exp(−2πi·(f·m/fs + k·c·dx))|² / (Σ w · Σ a)²"
            "once instead of twice at 0 Hz and at the Nyquist frequency";
    example "FK_SPECTRUM 256";
    reference "2*numpy.abs(numpy.fft.fft(numpy.fft.rfft(w*x, axis=0)*a, axis=1))**2/(w.sum()*a.sum())**2, once at 0 and Nyquist; w = hann(n, sym=False), a = hann(channels+2)[1:-1]";
}

impl Operator for FkSpectrum {
    fn build(&self, b: &mut Builder, x: NodeId) -> Result<NodeId> {
        let plane = Plane::new(b, x, Some(Patch::Window(self.frame)))?;
        even_spacing(b, x)?;
        let (n, channels) = (plane.n, plane.channels);
        let hop = self.hop.map_or(Ok(n), |hop| samples(b, x, "a hop", hop))?;
        let frames = Frames::of(b, n, hop, (self.window, WindowSymmetry::Periodic))?;
        let unit = b.real(x)?.unit.clone();
        let cut = frames.whole(b, x)?;
        let mut spectrum = frames.spectrum(b, cut, 1.0, self.detrend, unit.clone())?;

        let last = f64::from(channels) + 1.0;
        let weights = window(self.aperture.design(), channels as usize + 2, Symmetry::Symmetric);
        let weights = weights.map_err(|diag| of_step(b, diag))?;
        let sum: f64 = weights.iter().skip(1).take(channels as usize).sum();
        if self.aperture != WindowName::Boxcar {
            spectrum = b.map(&[spectrum], unit.clone(), DType::C32, |e| {
                let weight = self.aperture.at(e, e.index(Role::Channel) + e.constant(1.0), last, 1.0);
                let weight = weight.unwrap_or_else(|| e.constant(1.0));
                [e.input(0), e.imaginary(0)].map(|x| (x.to(DType::F64) * weight).to(DType::F32)).to_vec()
            })?;
        }
        let spectrum = b.wavenumbers(spectrum, channels)?;
        let scale = (frames.sum * sum).powi(-2);
        b.map(&[spectrum], power_unit(&unit), DType::F32, |e| {
            let (re, im) = (e.input(0).to(DType::F64), e.imaginary(0).to(DType::F64));
            let k = e.index(Role::Inner);
            // 0 and Nyquist have no mirror image.
            let mirrored = k.gt(e.constant(0.0)).and(k.lt(e.constant(f64::from(n / 2))));
            let scale = mirrored.select(e.constant(2.0 * scale), e.constant(scale));
            vec![(re.fma(re, im * im) * scale).to(DType::F32)]
        })
    }
}
