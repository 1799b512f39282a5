//! Sum along an axis.

use dasc_ir::graph::{Builder, NodeId, Reduction};
use dasc_ir::parameter::AxisName;
use dasc_ir::{Result, operator};

use super::Operator;
use crate::pieces::statistic;

operator! {
    /// The sum, accumulated in f64. The axis disappears; along time it covers the whole record, gaps left out.
    ///
    /// A NaN makes the result NaN. Along time it needs a record that ends.
    Sum = "SUM" () {
        /// Along which axis.
        axis: AxisName = AxisName::Time,
    }
    formula "y = Σ_{k<n} x[k]";
    example "SUM AXIS=time";
    reference "numpy.sum(x, axis, dtype=float64)";
}

impl Operator for Sum {
    fn build(&self, b: &mut Builder, x: NodeId) -> Result<NodeId> {
        statistic::over(b, x, self.axis, Reduction::Sum)
    }
}
