//! Min along an axis.

use dasc_ir::graph::{Builder, NodeId, Reduction};
use dasc_ir::parameter::AxisName;
use dasc_ir::{Result, operator};

use super::Operator;
use crate::pieces::statistic;

operator! {
    /// The smallest value. The axis disappears; along time it covers the whole record, gaps left out.
    ///
    /// A NaN makes the result NaN. Along time it needs a record that ends.
    /// Channels that MUTE took out do not count along channels.
    Min = "MIN" () {
        /// Along which axis.
        axis: AxisName = AxisName::Time,
    }
    formula "y = min_k x[k]";
    example "MIN AXIS=time";
    reference "numpy.min(x, axis)";
}

impl Operator for Min {
    fn build(&self, b: &mut Builder, x: NodeId) -> Result<NodeId> {
        statistic::over(b, x, self.axis, Reduction::Min)
    }
}
