//! Two-dimensional spectra over time and channels: the windows they are cut into, and what is asked of the channels.

use std::f64::consts::PI;

use dasc_ir::graph::{Builder, Edge, Labels, NodeId, Role, Rows, TimeAxis, TransformKind};
use dasc_ir::literal::Literal;
use dasc_ir::parameter::{Extent, Given, Kind, Metres, Parameter, Seconds};
use dasc_ir::{DType, Diag, Result};

use super::extent::{one_stretch, samples};

/// The stretch of time that is transformed together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Patch {
    /// All of the record.
    Record,
    /// Overlapping windows of this length.
    Window(Extent),
}

impl Given<Patch> for u32 {
    fn given(self) -> Patch {
        Patch::Window(Extent::Samples(self))
    }
}

impl Given<Patch> for Seconds {
    fn given(self) -> Patch {
        Patch::Window(Extent::Duration(self.0))
    }
}

impl Parameter for Patch {
    const KIND: Kind = Kind::Quantity("s, samples or record");
    fn read(literal: &Literal) -> Result<Patch, String> {
        match literal {
            Literal::Word(word) if word.eq_ignore_ascii_case("record") => Ok(Patch::Record),
            other => Extent::read(other)
                .map(Patch::Window)
                .map_err(|_| "a duration such as 2s, a whole number of samples, or record".into()),
        }
    }
}

/// The window unless one is given, in samples; a shorter record is one window.
const USUAL: u32 = 1024;

/// The most samples of all channels that are transformed together: 64 MiB as f32.
const MOST: u64 = 1 << 24;

/// The farthest first row of a record that is transformed at once.
const FARTHEST: i32 = 1 << 30;

/// Windows of time, all channels wide, whose spectra are altered and which are then laid together again.
#[derive(Clone, Debug)]
pub struct Plane {
    pub n: u32,
    hop: u32,
    lo: i32,
    /// Whether windows overlap, and are weighted by the root of a Hann window before and after.
    weighted: bool,
    time: TimeAxis,
    pub channels: u32,
}

impl Plane {
    /// Reads the window. Refuses what is not samples over time and channels, and windows too large to be held.
    pub fn new(b: &Builder, x: NodeId, patch: Option<Patch>) -> Result<Plane> {
        let signal = b.real(x)?;
        let time = b.time(x)?.clone();
        if signal.inner.is_some() {
            return Err(b.diag("needs a plain time series, but its input is already cut into frames"));
        }
        let channels = signal.channel.as_ref().map(|axis| axis.len);
        let channels =
            channels.ok_or_else(|| b.diag("needs a channel axis, which its input does not have"))?;
        let plane = match patch {
            Some(Patch::Record) => Plane::record(b, x, time, channels)?,
            Some(Patch::Window(extent)) => Plane::windows(time, channels, samples(b, x, "a window", extent)?),
            None => {
                let longest = time.rows.longest().unwrap_or(u64::from(USUAL)).min(USUAL.into());
                Plane::windows(time, channels, longest as u32)
            }
        };
        if u64::from(plane.n) * u64::from(channels) > MOST {
            let message = format!(
                "transforms {} samples of {channels} channels together; at most {MOST} numbers are possible",
                plane.n
            );
            let most = MOST / u64::from(channels.max(1)) / 2 * 2;
            return Err(b.diag(message).help(match patch {
                Some(Patch::Record) => format!("choose windows, for instance WINDOW={}", most.min(1024)),
                Some(Patch::Window(_)) | None => format!("the longest possible window is {most} samples"),
            }));
        }
        Ok(plane)
    }

    fn record(b: &Builder, x: NodeId, time: TimeAxis, channels: u32) -> Result<Plane> {
        one_stretch(b, x, "choose windows, for instance WINDOW=1024")?;
        let Rows::Segments(ranges) = &time.rows else {
            return Err(Diag::compiler("a record that is whole has segments"));
        };
        let (from, to) = ranges.iter().copied().find(|(from, to)| from < to).unwrap_or((0, 0));
        let n = u32::try_from(to.saturating_sub(from)).unwrap_or(u32::MAX);
        let lo = i32::try_from(from).ok().filter(|row| row.abs() < FARTHEST).ok_or_else(|| {
            b.diag(format!("transforms a record from row {from} on, which is too far from its beginning"))
                .help("choose windows, for instance WINDOW=1024")
        })?;
        Ok(Plane { n, hop: n.max(1), lo, weighted: false, time, channels })
    }

    /// Windows of an even length, each half over the one before.
    fn windows(time: TimeAxis, channels: u32, n: u32) -> Plane {
        let n = n.max(2).next_multiple_of(2);
        Plane { n, hop: n / 2, lo: -((n / 2) as i32), weighted: true, time, channels }
    }

    /// The spectrum of every window: complex, over non-negative frequencies and the wavenumbers of all channels.
    pub fn spectrum(&self, b: &mut Builder, x: NodeId) -> Result<NodeId> {
        let edge = if self.weighted { Edge::Cover } else { Edge::Valid };
        let frames = b.frame(x, self.n, self.hop, self.lo, edge)?;
        let frames = self.weigh(b, frames)?;
        let spectrum = b.transform(frames, TransformKind::Forward, Role::Inner)?;
        b.wavenumbers(spectrum, self.channels)
    }

    /// The samples that an altered spectrum stands for.
    pub fn samples(&self, b: &mut Builder, spectrum: NodeId) -> Result<NodeId> {
        let channels = b.from_wavenumbers(spectrum)?;
        let start = f64::from(self.lo) * self.time.period.as_f64();
        let frames = b.inverse(channels, self.n, start)?;
        let frames = self.weigh(b, frames)?;
        b.overlap_add(frames, self.hop, self.lo, self.time.clone())
    }

    /// The root of a periodic Hann window: its square, half overlapped, sums to 1.
    fn weigh(&self, b: &mut Builder, frames: NodeId) -> Result<NodeId> {
        let (unit, n) = (b.signal(frames)?.unit.clone(), f64::from(self.n));
        b.map(&[frames], unit, DType::F32, |e| {
            let x = e.input(0);
            if !self.weighted {
                return vec![x.to(DType::F32)];
            }
            let weight = (e.index(Role::Inner) * e.constant(PI / n)).sin();
            vec![(x.to(DType::F64) * weight).to(DType::F32)]
        })
    }
}

/// Metres between channels: as given, or as the record has them. Refuses unknown and uneven distances.
pub fn spacing(b: &Builder, x: NodeId, given: Option<Metres>) -> Result<f64> {
    let remedy = "SPACING=… says how far apart channels are, for instance SPACING=2m";
    if let Some(Metres(metres)) = given {
        return if metres > 0.0 {
            Ok(metres)
        } else {
            Err(b.diag(format!("needs channels more than 0 m apart, not {metres} m")).help(remedy))
        };
    }
    let axis = b.signal(x)?.channel.as_ref();
    let axis = axis.ok_or_else(|| b.diag("needs a channel axis, which its input does not have"))?;
    let mean = if axis.positions.is_some() && axis.len > 1 {
        (axis.distance_at(axis.len - 1) - axis.distance_at(0)) / f64::from(axis.len - 1)
    } else {
        axis.spacing
    };
    if !(mean.is_finite() && mean != 0.0) {
        return Err(b
            .diag("needs to know how far apart channels are, and the record does not say")
            .help(remedy));
    }
    let uneven = (1..axis.len).find(|c| {
        let step = axis.distance_at(*c) - axis.distance_at(*c - 1);
        (step - mean).abs() > UNEVEN * mean.abs()
    });
    if axis.positions.is_none() && !matches!(axis.labels, Labels::Numbers(_)) {
        return Ok(mean);
    }
    match uneven {
        None => Ok(mean),
        Some(c) => Err(b
            .diag(format!(
                "needs evenly spaced channels, but channel {} lies {:.3} m after the one before and the mean is {mean:.3} m",
                axis.number(c),
                axis.distance_at(c) - axis.distance_at(c - 1)
            ))
            .help("choose a regular stretch with SLICE, or give the SPACING= to assume")),
    }
}

/// How far, relatively, a step between channels may be from the mean: surveys are no better.
const UNEVEN: f64 = 0.1;
