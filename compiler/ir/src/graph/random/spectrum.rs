//! Frames and what is made of them: transforms, and correlations.

use super::Grower;
use crate::graph::NodeId;
use crate::graph::axis::{InnerAxis, Signal};
use crate::graph::prim::{Edge, Reduction, Role, Scope, TransformKind};
use crate::{DType, Result, Unit};

impl Grower<'_> {
    /// Frames and their power spectrum, or what an inverse transform makes of them again; or an envelope.
    pub(super) fn spectrum(&mut self, x: NodeId) -> Result<NodeId> {
        if !self.limits.transforms {
            return self.map(x);
        }
        let time = self.builder.time(x)?.clone();
        if self.limits.whole && self.random.chance(4) {
            let analytic = self.builder.transform(x, TransformKind::Analytic, Role::Time)?;
            return self.modulus(analytic);
        }
        let n = [4, 6, 8, 15, 16][self.random.below(5) as usize];
        let hop = 1 + self.random.below((n + 2).into()) as u32;
        let lo = [0, -(n as i32) / 2, 1 - n as i32][self.random.below(3) as usize];
        let edge = if self.random.chance(4) { Edge::Cover } else { self.edge(true) };
        let padded = edge == Edge::Zero && self.random.chance(2);
        let frames = self.builder.frame_padded(x, n, hop, lo, edge, padded)?;
        if self.random.chance(4) {
            return Ok(frames);
        }
        if self.random.chance(3) {
            return self.correlation(frames, n);
        }
        let dtype = self.builder.real(frames)?.float();
        let unit = self.builder.signal(frames)?.unit.clone();
        let tapered = self.builder.map(&[frames], unit, dtype, |e| {
            let phase = e.index(Role::Inner) * e.constant(std::f64::consts::TAU) / e.len(Role::Inner);
            let window = e.constant(0.5) - e.constant(0.5) * phase.cos();
            vec![(e.input(0).to(DType::F64) * window).to(dtype)]
        })?;
        let spectrum = self.builder.transform(tapered, TransformKind::Forward, Role::Inner)?;
        let spectrum = if self.random.chance(3) { self.fan(spectrum)? } else { spectrum };
        if self.random.chance(2) {
            return self.modulus(spectrum);
        }
        if self.random.chance(4) {
            let analytic = self.builder.analytic(spectrum, n, 0.0)?;
            return self.modulus(analytic);
        }
        let start = f64::from(lo) * time.period.as_f64();
        let back = self.builder.inverse(spectrum, n, start)?;
        let weights = match self.random.below(3) {
            0 => Vec::new(),
            _ => (0..n).map(|_| self.random.between(0.5, 2.0)).collect(),
        };
        self.builder.overlap_mean(back, hop, lo, weights, time)
    }

    /// Weights wavenumbers of blocks of channels, and mostly comes back from them.
    pub(super) fn fan(&mut self, x: NodeId) -> Result<NodeId> {
        let signal = self.builder.signal(x)?.clone();
        let channels = signal.channels();
        let blocks: Vec<u32> = (1..=channels).filter(|n| channels % n == 0).collect();
        let block = blocks[self.random.below(blocks.len() as u64) as usize];
        let wavenumbers = self.builder.wavenumbers(x, block)?;
        let weighted = self.builder.map(&[wavenumbers], signal.unit, DType::C32, |e| {
            let weight = ((e.index(Role::Channel) - e.index(Role::Inner)) * e.constant(0.25)).cos();
            let weight = weight.to(DType::F32);
            vec![e.input(0) * weight, e.imaginary(0) * weight]
        })?;
        if self.random.chance(4) {
            return Ok(weighted);
        }
        self.builder.from_wavenumbers(weighted)
    }

    /// Frames against a template given with the graph, a mean over channels, or themselves.
    pub(super) fn correlation(&mut self, frames: NodeId, n: u32) -> Result<NodeId> {
        let dtype = self.float();
        let frames = self.builder.convert(frames, dtype)?;
        let signal = self.signal(frames)?;
        let template = match self.random.below(3) {
            0 => {
                let len = 1 + self.random.below(2 * u64::from(n)) as u32;
                let channel = signal.channel.clone().filter(|_| self.random.chance(2));
                let inner = signal.inner.clone().map(|axis| InnerAxis { len, ..axis });
                let given = Signal { dtype, unit: Unit::none(), time: None, inner, channel };
                let count = given.inner_len() * given.channels();
                let values: Vec<f64> = (0..count).map(|_| self.random.between(-0.3, 0.3)).collect();
                self.builder.constant(given, &values)?
            }
            1 => self.builder.reduce(frames, Role::Channel, Reduction::Mean, Scope::Segment)?,
            _ => frames,
        };
        let lo = self.random.below(2 * u64::from(n)) as i32 - n as i32;
        let hi = lo + self.random.below(u64::from(n)) as i32;
        let lags = self.builder.correlate(frames, template, (lo, hi))?;
        self.builder.map(&[lags], signal.unit, dtype, |e| {
            let x = e.input(0);
            vec![(x / (x.abs() + e.constant(1.0))).to(dtype)]
        })
    }

    pub(super) fn modulus(&mut self, x: NodeId) -> Result<NodeId> {
        let unit = self.builder.signal(x)?.unit.clone();
        self.builder.map(&[x], unit, DType::F32, |e| {
            let (re, im) = (e.input(0), e.imaginary(0));
            vec![(re * re + im * im).sqrt()]
        })
    }
}
