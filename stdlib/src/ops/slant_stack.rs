//! Slant stack.

use dasc_ir::graph::{Builder, InnerAxis, InnerRole, NodeId};
use dasc_ir::parameter::{Metres, Slowness};
use dasc_ir::{DType, Result, operator};

use super::Operator;
use crate::pieces::calculus::known;
use crate::pieces::lines::{Lines, steps};
use crate::pieces::plane::spacing;
use crate::pieces::weight::WindowName;

operator! {
    /// Slant stack (τ–p) around each channel: the mean along lines of constant slowness over neighbouring channels; slownesses lie
    /// side by side in place of frequency.
    ///
    /// At time τ and slowness p it is the mean of x(τ + p·d) over the channels at distances d from the one at hand, interpolated linearly
    /// between samples; waves of positive slowness run towards larger distances. The mean, weighted by WEIGHTS, is over the channels that exist
    /// and that MUTE did not take out; those stay NaN. Beyond the ends of a stretch the data counts as 0. The result is f32.
    SlantStack = "SLANT_STACK" (
        /// How many channels, the one at hand in the middle; of an even number one more lies behind it.
        channels: u32,
        /// The first slowness.
        from: Slowness,
        /// The last slowness.
        to: Slowness,
    ) {
        /// How many slownesses in equal steps, 1 to 1024; 1 gives the first alone.
        count: u32 = 41,
        /// What weights the channels along a line: a symmetric window of two channels more, without its ends.
        weights: WindowName = WindowName::Boxcar,
        /// Distance between channels; the record's unless given.
        spacing: Option<Metres> = None,
    }
    formula "y(τ, p) = (1/W) Σ_c w[c]·x[c](τ + p·d[c])   with W = Σ_c w[c]";
    example "SLANT_STACK 11 -4ms/m 4ms/m COUNT=17";
    reference "NumPy: mean over channels of np.interp(t + p * d, t, x) with zeros before and after; with weights numpy.average, the weights window(channels+2)[1:-1]";
}

impl Operator for SlantStack {
    fn build(&self, b: &mut Builder, x: NodeId) -> Result<NodeId> {
        if self.count > 1024 {
            return Err(b.diag(format!("takes 1 to 1024 slownesses, not {}", self.count)));
        }
        let (unit, spacing) = (b.real(x)?.unit.clone(), spacing(b, x, self.spacing)?);
        let slowness = steps(self.from.0, self.to.0, self.count);
        let axis = InnerAxis::listed(InnerRole::Slowness, &slowness, known("s/m")?);
        let lines = Lines::new(b, x, (self.channels, self.weights), spacing, &slowness, axis)?;
        let sum = lines.sum(b, false, unit.clone())?;
        b.map(&[sum, lines.weight], unit, DType::F32, |e| {
            vec![(e.input(0).to(DType::F64) / e.input(1)).to(DType::F32)]
        })
    }
}
