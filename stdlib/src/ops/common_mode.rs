//! What all channels share, removed.

use dasc_ir::graph::{Builder, NodeId, Quantile, Reduction, Role};
use dasc_ir::{Result, choice, operator};

use super::Operator;
use crate::pieces::statistic::without;

choice! {
    /// What is taken for the common part.
    Common { Mean = "mean", Median = "median" }
}

operator! {
    /// Takes off, at each time, the mean or median over all channels: laser noise and shaking of the instrument.
    ///
    /// The median does not follow an event on a few channels. A NaN makes its sample NaN on all channels; those that MUTE took out
    /// do not count, and stay NaN.
    CommonMode = "COMMON_MODE" () {
        /// What is taken for the common part.
        method: Common = Common::Mean,
    }
    formula "y[c] = x[c] − (1/C) Σ_{k<C} x[k]   over all C channels;   with METHOD=median the median of x[k]";
    example "COMMON_MODE";
    reference "x - x.mean(axis=1, keepdims=True); x - numpy.median(x, axis=1, keepdims=True)";
}

impl Operator for CommonMode {
    fn build(&self, b: &mut Builder, x: NodeId) -> Result<NodeId> {
        let how = match self.method {
            Common::Mean => Reduction::Mean,
            Common::Median => Reduction::Quantile(Quantile::MEDIAN),
        };
        without(b, x, Role::Channel, how)
    }
}
