//! Frames for spectra: cut, weighted by a window, transformed.

use dasc_ir::graph::{Builder, Edge, NodeId, Reduction, Role, Scope, TransformKind};
use dasc_ir::parameter::Extent;
use dasc_ir::{DType, Rational, Result, Unit};

use super::extent::samples;
use super::weight::WindowName;
use crate::design::{Symmetry, window};

/// Frame length and hop in samples, with the window and the sums of its values and their squares.
#[derive(Clone, Copy, Debug)]
pub struct Frames {
    pub n: u32,
    pub hop: u32,
    pub window: WindowName,
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
        window_name: WindowName,
        default_hop: impl Fn(u32) -> u32,
    ) -> Result<Frames> {
        let n = samples(b, x, "a frame", n)?;
        let hop = match hop {
            Some(hop) => samples(b, x, "a hop", hop)?,
            None => default_hop(n).max(1),
        };
        if hop > n {
            return Err(b
                .diag(format!("needs a hop no longer than the frame, not {hop} of {n} samples"))
                .help(format!("the largest possible hop is {n}, at which frames do not overlap")));
        }
        let weights = window(window_name.design(), n as usize, Symmetry::Periodic)
            .map_err(|diag| super::filter::of_step(b, diag))?;
        let sum: f64 = weights.iter().sum();
        let sum_of_squares = weights.iter().map(|w| w * w).sum();
        if sum == 0.0 {
            return Err(b
                .diag(format!("has nothing to scale by: all {n} values of its window are 0"))
                .help("use a longer frame"));
        }
        Ok(Frames { n, hop, window: window_name, sum, sum_of_squares })
    }

    /// Frames centred on every `hop`-th row, zero beyond the record (scipy.signal.stft's `boundary='zeros', padded=True`).
    pub fn centred(&self, b: &mut Builder, x: NodeId) -> Result<NodeId> {
        b.real(x)?;
        let half = i32::try_from(self.n / 2).unwrap_or(i32::MAX);
        b.frame(x, self.n, self.hop, -half, Edge::Zero)
    }

    /// Whole frames from every `hop`-th row on; each is labelled with the time of its middle, as SciPy does.
    pub fn whole(&self, b: &mut Builder, x: NodeId) -> Result<NodeId> {
        b.real(x)?;
        let middle = b.time(x)?.period * i64::from(self.n).into() / Rational::integer(2);
        let frames = b.frame(x, self.n, self.hop, 0, Edge::Valid)?;
        b.shift_origin(frames, middle);
        Ok(frames)
    }

    /// The one-sided spectrum of each frame weighted by `scale` times the window, its mean taken off before if `detrend`.
    pub fn spectrum(
        &self,
        b: &mut Builder,
        frames: NodeId,
        scale: f64,
        detrend: bool,
        unit: Unit,
    ) -> Result<NodeId> {
        let float = b.real(frames)?.float();
        let mut inputs = vec![frames];
        if detrend {
            inputs.push(b.reduce(frames, Role::Inner, Reduction::Mean, Scope::Segment)?);
        }
        let (name, n) = (self.window, self.n);
        let weighted = b.map(&inputs, unit, float, |e| {
            let mut x = e.input(0).to(DType::F64);
            if detrend {
                x = x - e.input(1);
            }
            let i = e.index(Role::Inner);
            let weight = if n > 1 { name.at(e, i, f64::from(n), scale) } else { None };
            vec![(x * weight.unwrap_or_else(|| e.constant(scale))).to(float)]
        })?;
        b.transform(weighted, TransformKind::Forward, Role::Inner)
    }
}
