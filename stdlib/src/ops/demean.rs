//! Mean removed.

use dasc_ir::graph::{Builder, NodeId};
use dasc_ir::parameter::AxisName;
use dasc_ir::{Result, operator};

use super::Operator;
use crate::pieces::axis::role;
use crate::pieces::statistic::without_mean;

operator! {
    /// Takes off the mean. Along time each stretch between gaps has its own; a NaN makes its channel NaN.
    Demean = "DEMEAN" () {
        /// Along which axis.
        axis: AxisName = AxisName::Time,
    }
    formula "y[i] = x[i] − (1/n) Σ_{k<n} x[k]";
    example "DEMEAN";
    reference "x - numpy.mean(x, axis, dtype=float64)";
}

impl Operator for Demean {
    fn build(&self, b: &mut Builder, x: NodeId) -> Result<NodeId> {
        without_mean(b, x, role(self.axis))
    }
}
