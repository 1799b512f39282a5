//! Fourier transforms.

use super::Builder;
use crate::graph::NodeId;
use crate::graph::axis::{ChannelAxis, InnerAxis, InnerRole, Labels, Rows, Signal, TimeAxis};
use crate::graph::prim::{Prim, Role, TransformKind};
use crate::{DType, Diag, Result, Unit};

impl Builder {
    /// An FFT of frames along the inner axis, or of the whole segment along time (`Analytic` keeps the axis, the others turn it into frequency).
    pub fn transform(&mut self, x: NodeId, kind: TransformKind, along: Role) -> Result<NodeId> {
        let mut signal = self.real(x)?.clone();
        let (n, step) = match along {
            Role::Inner => {
                let axis = signal.inner.as_ref().ok_or_else(|| self.diag("needs frames to transform"))?;
                if kind == TransformKind::Analytic {
                    let (n, start) = (axis.len, axis.start);
                    let half = self.transform(x, TransformKind::Forward, Role::Inner)?;
                    return self.analytic(half, n, start);
                }
                (axis.len, axis.step)
            }
            Role::Time => {
                let time = self.time(x)?;
                if let Rows::Segments(ranges) = &time.rows
                    && kind == TransformKind::Forward
                    && ranges.iter().filter(|(a, b)| a < b).count() > 1
                {
                    return Err(self
                        .diag("needs a record without gaps, which this one is not")
                        .help("take a stretch between two gaps with SLICE first, or use STFT"));
                }
                if signal.inner.is_some() && kind == TransformKind::Forward {
                    return Err(
                        self.diag("needs a plain time series, but its input is already cut into frames")
                    );
                }
                let whole = match time.rows.count() {
                    Some(n) => n,
                    None => {
                        return Err(self
                            .diag("needs the whole record, which a live stream never has")
                            .help("use STFT, whose frames stream"));
                    }
                };
                let n = u32::try_from(whole).map_err(|_| {
                    self.diag(format!("cannot transform {whole} samples at once; 4294967295 are possible"))
                })?;
                (n, time.period.as_f64())
            }
            Role::Channel => return Err(Diag::compiler("channels are transformed with `wavenumbers`")),
        };
        let hertz = |len: u32| InnerAxis {
            role: InnerRole::Frequency,
            len,
            start: 0.0,
            step: 1.0 / (f64::from(n) * step),
            unit: Unit::parse("Hz").unwrap_or_else(Unit::none),
            positions: None,
        };
        match (kind, along) {
            (TransformKind::Forward, Role::Inner) => signal.inner = Some(hertz(n / 2 + 1)),
            (TransformKind::Forward, _) => {
                signal.time = None;
                signal.inner = Some(hertz(n / 2 + 1));
            }
            (TransformKind::Analytic, _) => {}
            (TransformKind::Inverse, _) => {
                return Err(Diag::compiler("spectra are transformed back with `inverse`"));
            }
        }
        signal.dtype = DType::C32;
        self.push_checked(Prim::Transform { kind, along, n }, vec![x], signal)
    }

    /// The inverse of a forward transform along the inner axis: frequencies back to frames of `n` samples that begin `start` seconds
    /// after the frame's row.
    pub fn inverse(&mut self, x: NodeId, n: u32, start: f64) -> Result<NodeId> {
        let mut signal = self.frames_of(x, n, start)?;
        signal.dtype = DType::F32;
        let prim = Prim::Transform { kind: TransformKind::Inverse, along: Role::Inner, n };
        self.push_checked(prim, vec![x], signal)
    }

    /// The analytic signal of frames of `n` samples, from the spectrum that a forward transform made of them; its real part is
    /// [`Builder::inverse`], its phase the instantaneous one.
    pub fn analytic(&mut self, x: NodeId, n: u32, start: f64) -> Result<NodeId> {
        let signal = self.frames_of(x, n, start)?;
        let prim = Prim::Transform { kind: TransformKind::Analytic, along: Role::Inner, n };
        self.push_checked(prim, vec![x], signal)
    }

    /// The inverse of a forward transform along time: the spectrum of a whole stretch back to the rows of `time`, which is the time axis of what was
    /// transformed. One segment alone may have rows.
    pub fn inverse_along_time(&mut self, x: NodeId, time: TimeAxis) -> Result<NodeId> {
        let mut signal = self.signal(x)?.clone();
        let (inner, complex) = (signal.inner.take(), signal.dtype == DType::C32);
        let frequencies = inner.filter(|axis| axis.role == InnerRole::Frequency && complex);
        let Some(axis) = frequencies.filter(|_| signal.time.is_none()) else {
            return Err(self
                .diag("transforms the complex spectrum of a record back, but its input is something else"));
        };
        let Rows::Segments(ranges) = &time.rows else {
            return Err(self.diag("transforms a whole record back, which a live stream never has"));
        };
        if ranges.iter().filter(|(from, to)| from < to).count() > 1 {
            return Err(Diag::compiler("the spectrum of a record with gaps is no single one"));
        }
        let n = time.rows.count().and_then(|n| u32::try_from(n).ok());
        let n = n.ok_or_else(|| self.diag("cannot transform back more than 4294967295 samples at once"))?;
        if axis.len != n / 2 + 1 {
            return Err(self.diag(format!(
                "needs {} frequencies for a record of {n} samples, but its input has {}",
                n / 2 + 1,
                axis.len
            )));
        }
        (signal.time, signal.dtype) = (Some(time), DType::F32);
        let prim = Prim::Transform { kind: TransformKind::Inverse, along: Role::Time, n };
        self.push_checked(prim, vec![x], signal)
    }

    /// The type of frames of which `x` is the spectrum.
    fn frames_of(&self, x: NodeId, n: u32, start: f64) -> Result<Signal> {
        let mut signal = self.signal(x)?.clone();
        let complex = signal.dtype == DType::C32;
        let axis = signal.inner.as_mut().ok_or_else(|| self.diag("needs frequencies to transform back"))?;
        if axis.role != InnerRole::Frequency || !complex {
            return Err(self.diag("transforms complex frequencies back, but its input is something else"));
        }
        if n == 0 || axis.len != n / 2 + 1 {
            return Err(self.diag(format!(
                "needs {} frequencies for frames of {n} samples, but its input has {}",
                n / 2 + 1,
                axis.len
            )));
        }
        *axis = InnerAxis {
            role: InnerRole::Frame,
            len: n,
            start,
            step: 1.0 / (f64::from(n) * axis.step),
            unit: Unit::parse("s").unwrap_or_else(Unit::none),
            positions: None,
        };
        Ok(signal)
    }

    /// The complex FFT over consecutive blocks of `block` channels, unscaled: the channel axis becomes one of wavenumbers in cycles per
    /// metre, each block in the order of numpy.fft.fft. The number of channels must be a multiple of the block.
    pub fn wavenumbers(&mut self, x: NodeId, block: u32) -> Result<NodeId> {
        let mut signal = self.signal(x)?.clone();
        let axis = signal.channel.take().ok_or_else(|| self.diag("needs a channel axis to transform"))?;
        if matches!(axis.labels, Labels::Wavenumbers { .. }) {
            return Err(self.diag("transforms channels, but its input has wavenumbers already"));
        }
        if block == 0 || axis.len % block != 0 {
            return Err(Diag::compiler(format!("{} channels are no blocks of {block}", axis.len)));
        }
        signal.channel = Some(ChannelAxis {
            len: axis.len,
            first: 0,
            stride: 1,
            distance: 0.0,
            spacing: 1.0 / (f64::from(block) * axis.spacing),
            positions: None,
            labels: Labels::Wavenumbers { block, of: axis.into() },
        });
        signal.dtype = DType::C32;
        let prim = Prim::Transform { kind: TransformKind::Forward, along: Role::Channel, n: block };
        self.push_checked(prim, vec![x], signal)
    }

    /// The inverse of [`Builder::wavenumbers`], divided by the length of a block: complex values of the channels there were.
    pub fn from_wavenumbers(&mut self, x: NodeId) -> Result<NodeId> {
        let mut signal = self.signal(x)?.clone();
        let axis = signal.channel.take().map(|axis| axis.labels);
        let (Some(Labels::Wavenumbers { block, of }), DType::C32) = (axis, signal.dtype) else {
            return Err(self.diag("transforms complex wavenumbers back, but its input is something else"));
        };
        signal.channel = Some((*of).clone());
        let prim = Prim::Transform { kind: TransformKind::Inverse, along: Role::Channel, n: block };
        self.push_checked(prim, vec![x], signal)
    }
}
