//! What all channels share, removed.

use dasc_ir::graph::{Builder, NodeId, Role};
use dasc_ir::{Result, choice, operator};

use super::Operator;
use crate::pieces::statistic::without_mean;

choice! {
    /// What is taken for the common part.
    Common { Mean = "mean" }
}

operator! {
    /// Takes off, at each time, the mean over all channels: laser noise and shaking of the instrument.
    ///
    /// Channels that MUTE took out do not count for the mean, and stay NaN.
    CommonMode = "COMMON_MODE" () {
        /// What is taken for the common part.
        method: Common = Common::Mean,
    }
    formula "y[c] = x[c] − (1/C) Σ_{k<C} x[k]   over all C channels";
    example "COMMON_MODE";
    reference "x - x.mean(axis=1, keepdims=True)";
}

impl Operator for CommonMode {
    fn build(&self, b: &mut Builder, x: NodeId) -> Result<NodeId> {
        match self.method {
            Common::Mean => without_mean(b, x, Role::Channel),
        }
    }
}
