//! Adaptive noise removal after Wiener.

use dasc_ir::graph::{Builder, Edge, NodeId, Reduction, WindowBody};
use dasc_ir::{DType, Result, choice, operator};

use super::Operator;
use crate::pieces::axis::role;
use crate::pieces::statistic::beside;

choice! {
    /// Axes along which neighbours lie.
    Along { Time = "time", Channel = "channel" }
}

/// As many samples as the filter may look at: beyond, a stretch is no neighbourhood any more.
const LARGEST: u32 = 65_535;

operator! {
    /// Smooths where the data varies no more than the noise and leaves it alone where it varies more: `m + (x − m)·(1 − noise/v)` with mean m
    /// and variance v of the window around each sample, and m where v is below the noise. Zeros lie beyond the ends.
    ///
    /// Mean and variance are f64. NaN while one is in the window. Along time it looks ahead half a window; without NOISE the data is
    /// read twice, for the noise is then the mean of the local variances, of each channel and stretch by itself.
    Wiener = "WIENER" (
        /// Length of the window, odd, 1 to 65535 samples.
        window: u32,
    ) {
        /// The noise's variance, in the squared unit of the data; estimated unless given.
        noise: Option<f64> = None,
        /// Along which axis.
        axis: Along = Along::Time,
    }
    formula "y[i] = m + (x[i] − m)·(1 − NOISE/v)   where v ≥ NOISE, else m"
            "m = (1/n) Σ_{|k|≤h} x[i+k],   v = (1/n) Σ_{|k|≤h} (x[i+k] − m)²,   n = window = 2h + 1";
    example "WIENER 5 NOISE=0.5";
    reference "scipy.signal.wiener(x, window, noise) of each channel";
}

impl Operator for Wiener {
    fn build(&self, b: &mut Builder, x: NodeId) -> Result<NodeId> {
        let n = self.window;
        if n > LARGEST || n.is_multiple_of(2) {
            return Err(b.diag(format!("needs an odd window of 1 to {LARGEST} samples, not {n}")).help(if n > LARGEST {
                format!("the largest possible window is {LARGEST}; DECIMATE first for a longer one")
            } else {
                format!("use {}", n + 1)
            }));
        }
        if let Some(noise) = self.noise
            && !(noise.is_finite() && noise >= 0.0)
        {
            return Err(b.diag(format!("needs a NOISE variance of 0 or more, not {noise}")).help("leave NOISE out to have it estimated"));
        }
        let along = role(match self.axis {
            Along::Time => dasc_ir::parameter::AxisName::Time,
            Along::Channel => dasc_ir::parameter::AxisName::Channel,
        });
        let (unit, float) = (b.real(x)?.unit.clone(), b.real(x)?.float());
        let half = (n / 2) as i32;
        let squares = b.map(&[x], unit.squared(), DType::F64, |e| {
            let x = e.input(0).to(DType::F64);
            vec![x * x]
        })?;
        let values = b.convert(x, DType::F64)?;
        let mut sum = |node| {
            let body = WindowBody::Fold(Reduction::Sum);
            b.window(node, along, (-half, half), 1, Edge::Zero, body, unit.clone(), DType::F64)
        };
        let (sum, energy) = (sum(values)?, sum(squares)?);
        let size = f64::from(n);
        let variance = b.map(&[sum, energy], unit.squared(), DType::F64, |e| {
            let mean = e.input(0) / e.constant(size);
            vec![e.input(1) / e.constant(size) - mean * mean]
        })?;
        let mut inputs = vec![x, sum, variance];
        if self.noise.is_none() {
            inputs.push(beside(b, variance, along, Reduction::Mean)?);
        }
        b.map(&inputs, unit, float, |e| {
            let (x, mean, variance) = (e.input(0).to(DType::F64), e.input(1) / e.constant(size), e.input(2));
            let noise = self.noise.map_or_else(|| e.input(3), |noise| e.constant(noise));
            let share = e.constant(1.0) - noise / variance;
            vec![variance.le(noise).select(mean, mean + (x - mean) * share).to(float)]
        })
    }
}
