//! Mean along an axis.

use dasc_ir::graph::{Builder, NodeId, Reduction};
use dasc_ir::parameter::AxisName;
use dasc_ir::{Result, operator};

use super::Operator;
use crate::pieces::statistic;

operator! {
    /// The arithmetic mean, accumulated in f64. The axis disappears; along time it covers the whole record, gaps left out.
    ///
    /// A NaN makes the result NaN. Along time it needs a record that ends.
    /// Channels that MUTE took out do not count along channels.
    Mean = "MEAN" () {
        /// Along which axis.
        axis: AxisName = AxisName::Time,
    }
    formula "y = (1/n) Σ_{k<n} x[k]";
    example "MEAN AXIS=time";
    reference "numpy.mean(x, axis)";
}

impl Operator for Mean {
    fn build(&self, b: &mut Builder, x: NodeId) -> Result<NodeId> {
        statistic::over(b, x, self.axis, Reduction::Mean)
    }
}
