//! Frames for spectra: cut, freed of their trend, weighted by a window, transformed; and put together again.

use dasc_ir::graph::{Builder, Edge, NodeId, Role, Rows, TimeAxis, TransformKind};
use dasc_ir::parameter::Extent;
use dasc_ir::{DType, Diag, Rational, Result, Unit, choice};

use super::extent::{LONGEST, samples};
use super::statistic::{without_line, without_mean};
use super::weight::WindowName;
use crate::design::{Symmetry, window};

choice! {
    /// What frames at the ends of a stretch see beyond it.
    Boundary { Zeros = "zeros", Even = "even", Odd = "odd", Constant = "constant", None = "none" }
}

choice! {
    /// Whether a window ends one sample before it would repeat (as SciPy's spectra have it) or is symmetric.
    WindowSymmetry { Periodic = "periodic", Symmetric = "symmetric" }
}

choice! {
    /// What is taken off each frame before it is weighted.
    FrameTrend { None = "none", Constant = "constant", Linear = "linear" }
}

/// Frame length and hop in samples, with the window's values and the sums of them and of their squares.
#[derive(Clone, Debug)]
pub struct Frames {
    pub n: u32,
    pub hop: u32,
    /// Samples of the transform: the frame, with zeros after it.
    pub nfft: u32,
    pub window: WindowName,
    pub symmetry: WindowSymmetry,
    pub weights: Vec<f64>,
    pub sum: f64,
    pub sum_of_squares: f64,
}

impl Frames {
    /// Reads the sizes; `overlap_by` gives the default hop of a frame length. Refuses a hop beyond the frame, which would skip samples.
    pub fn new(
        b: &Builder,
        x: NodeId,
        n: Extent,
        hop: Option<Extent>,
        (window, symmetry): (WindowName, WindowSymmetry),
        default_hop: impl Fn(u32) -> u32,
    ) -> Result<Frames> {
        let n = samples(b, x, "a frame", n)?;
        let hop = match hop {
            Some(hop) => samples(b, x, "a hop", hop)?,
            None => default_hop(n).max(1),
        };
        Frames::of(b, n, hop, (window, symmetry))
    }

    /// The same of sizes in samples.
    pub fn of(
        b: &Builder,
        n: u32,
        hop: u32,
        (name, symmetry): (WindowName, WindowSymmetry),
    ) -> Result<Frames> {
        if hop > n {
            return Err(b
                .diag(format!("needs a hop no longer than the frame, not {hop} of {n} samples"))
                .help(format!("the largest possible hop is {n}, at which frames do not overlap")));
        }
        let design = match symmetry {
            WindowSymmetry::Periodic => Symmetry::Periodic,
            WindowSymmetry::Symmetric => Symmetry::Symmetric,
        };
        let weights =
            window(name.design(), n as usize, design).map_err(|diag| super::filter::of_step(b, diag))?;
        let sum: f64 = weights.iter().sum();
        let sum_of_squares = weights.iter().map(|w| w * w).sum();
        // A window of rounding errors, such as a symmetric Hann window of two samples, is as good as none.
        if sum < 1e-10 {
            return Err(b
                .diag(format!("has nothing to scale by: all {n} values of its window are 0"))
                .help("use a longer frame"));
        }
        Ok(Frames { n, hop, nfft: n, window: name, symmetry, weights, sum, sum_of_squares })
    }

    /// Transforms of `nfft` samples, the frame and zeros after it. Refuses fewer than the frame has.
    pub fn transformed(self, b: &Builder, nfft: Option<u32>) -> Result<Frames> {
        let nfft = nfft.unwrap_or(self.n);
        if nfft < self.n || nfft > LONGEST {
            return Err(b
                .diag(format!("needs a transform of {} to {LONGEST} samples, not {nfft}", self.n))
                .help("NFFT is the frame's length with the zeros after it"));
        }
        Ok(Frames { nfft, ..self })
    }

    /// Frames centred on every `hop`-th row, or beginning there with `Boundary::None`, until the stretch is covered if `padded`.
    pub fn cut(
        &self,
        b: &mut Builder,
        x: NodeId,
        boundary: Boundary,
        padded: Option<bool>,
    ) -> Result<NodeId> {
        b.real(x)?;
        let padded = padded.unwrap_or(boundary == Boundary::Zeros);
        let half = -self.half();
        let (lo, edge) = match boundary {
            Boundary::Zeros => (half, Edge::Zero),
            Boundary::Even => (half, Edge::Mirror),
            Boundary::Odd => (half, Edge::Odd),
            Boundary::Constant => (half, Edge::Nearest),
            Boundary::None if padded => (0, Edge::Zero),
            Boundary::None => return self.whole(b, x),
        };
        if padded && edge != Edge::Zero {
            return Err(b
                .diag("pads with zeros only beyond zeros or nothing")
                .help("say PADDED=FALSE, or BOUNDARY=zeros"));
        }
        // A frame longer than the record is refused as for the other edges, below.
        let fits = b.time(x)?.rows.longest().is_none_or(|rows| rows >= self.n.into());
        if edge == Edge::Odd && fits {
            let float = b.real(x)?.float();
            let x = b.convert(x, float)?;
            let extended = b.extend(x, (half.unsigned_abs(), half.unsigned_abs()), edge)?;
            return b.frame(extended, self.n, self.hop, half, Edge::Valid);
        }
        let middle = self.middle(b, x)?;
        let frames = b.frame_padded(x, self.n, self.hop, lo, edge, padded)?;
        if boundary == Boundary::None {
            b.shift_origin(frames, middle);
        }
        Ok(frames)
    }

    /// Whole frames from every `hop`-th row on; each is labelled with the time of its middle, as SciPy does.
    pub fn whole(&self, b: &mut Builder, x: NodeId) -> Result<NodeId> {
        b.real(x)?;
        let middle = self.middle(b, x)?;
        let frames = b.frame(x, self.n, self.hop, 0, Edge::Valid)?;
        b.shift_origin(frames, middle);
        Ok(frames)
    }

    pub fn half(&self) -> i32 {
        i32::try_from(self.n / 2).unwrap_or(i32::MAX)
    }

    fn middle(&self, b: &Builder, x: NodeId) -> Result<Rational> {
        Ok(b.time(x)?.period * i64::from(self.n).into() / Rational::integer(2))
    }

    /// The one-sided spectrum of each frame weighted by `scale` times the window, its trend taken off before.
    pub fn spectrum(
        &self,
        b: &mut Builder,
        frames: NodeId,
        scale: f64,
        trend: FrameTrend,
        unit: Unit,
    ) -> Result<NodeId> {
        let frames = match trend {
            FrameTrend::None => frames,
            FrameTrend::Constant => without_mean(b, frames, Role::Inner)?,
            FrameTrend::Linear => without_line(b, frames, Role::Inner)?,
        };
        let weighted = self.weighted(b, frames, scale, unit)?;
        let zeros = i32::try_from(self.nfft - self.n).unwrap_or(i32::MAX);
        let padded = if zeros > 0 { b.widen(weighted, 0, zeros, Edge::Zero)? } else { weighted };
        b.transform(padded, TransformKind::Forward, Role::Inner)
    }

    /// Frames times `scale` times the window.
    pub fn weighted(&self, b: &mut Builder, frames: NodeId, scale: f64, unit: Unit) -> Result<NodeId> {
        let float = b.real(frames)?.float();
        let last = f64::from(match self.symmetry {
            WindowSymmetry::Periodic => self.n,
            WindowSymmetry::Symmetric => self.n - 1,
        });
        b.map(&[frames], unit, float, |e| {
            let i = e.index(Role::Inner);
            let weight = if self.n > 1 { self.window.at(e, i, last, scale) } else { None };
            vec![(e.input(0).to(DType::F64) * weight.unwrap_or_else(|| e.constant(scale))).to(float)]
        })
    }

    /// Weights frames by `scale` times the window, lays frame `j` back at `j * hop + lo` of `time`, adds them and divides by the sum of the squares of
    /// the window where they lie (scipy.signal.istft).
    pub fn put_together(
        &self,
        b: &mut Builder,
        frames: NodeId,
        scale: f64,
        lo: i32,
        time: TimeAxis,
    ) -> Result<NodeId> {
        let unit = b.signal(frames)?.unit.clone();
        let weighted = self.weighted(b, frames, scale, unit)?;
        let squares = self.weights.iter().map(|w| w * w).collect();
        b.overlap_mean(weighted, self.hop, lo, squares, time)
    }

    /// Refuses windows that weigh some sample nothing, however the frames overlap.
    pub fn invertible(&self, b: &Builder) -> Result<()> {
        let hop = self.hop as usize;
        let weight = |at: usize| self.weights.iter().skip(at).step_by(hop).map(|w| w * w).sum::<f64>();
        let lost = (0..hop).find(|&at| weight(at) <= dasc_ir::kernel::LEAST_WEIGHT);
        match lost {
            None => Ok(()),
            Some(at) => Err(b
                .diag(format!(
                    "cannot put frames together: every frame weighs sample {at} of each {hop} with nothing"
                ))
                .help("let the frames overlap more, or use another window")),
        }
    }

    /// The rows that frames were cut from: those that lie in the middle of a frame or between two (`Boundary::None`: all rows of frames).
    pub fn rows(&self, time: &TimeAxis, boundary: Boundary) -> Result<TimeAxis> {
        let hop = i64::from(self.hop);
        let period = time.period / Rational::integer(hop);
        let (extra, origin) = match boundary {
            Boundary::None => {
                let middle = period * i64::from(self.n).into() / Rational::integer(2);
                (i64::from(self.n), time.origin - middle)
            }
            Boundary::Zeros | Boundary::Even | Boundary::Odd | Boundary::Constant => {
                (i64::from(self.n % 2), time.origin)
            }
        };
        let beyond = || Diag::compiler("rows of frames are beyond all numbers");
        let rows = match &time.rows {
            Rows::From(first) => Rows::From(first.checked_mul(hop).ok_or_else(beyond)?),
            Rows::Segments(ranges) => {
                let rows = |&(first, end): &(i64, i64)| {
                    let from = first.checked_mul(hop)?;
                    let to = if first < end {
                        (end - 1).checked_mul(hop)?.checked_add(extra)?.max(from)
                    } else {
                        from
                    };
                    Some((from, to))
                };
                Rows::Segments(ranges.iter().map(rows).collect::<Option<_>>().ok_or_else(beyond)?)
            }
        };
        Ok(TimeAxis { period, origin, rows })
    }
}
