//! Range of the values along an axis.

use dasc_ir::graph::{Builder, NodeId, Reduction};
use dasc_ir::parameter::AxisName;
use dasc_ir::{Result, operator};

use super::Operator;
use crate::pieces::statistic;

operator! {
    /// The largest value minus the smallest. The axis disappears; along time it covers the whole record, gaps left out.
    ///
    /// A NaN makes the result NaN. Along time it needs a record that ends.
    Ptp = "PTP" () {
        /// Along which axis.
        axis: AxisName = AxisName::Time,
    }
    formula "y = max_k x[k] − min_k x[k]";
    example "PTP AXIS=time";
    reference "numpy.ptp(x, axis)";
}

impl Operator for Ptp {
    fn build(&self, b: &mut Builder, x: NodeId) -> Result<NodeId> {
        let (unit, float) = (b.real(x)?.unit.clone(), b.real(x)?.float());
        let largest = statistic::over(b, x, self.axis, Reduction::Max)?;
        let smallest = statistic::over(b, x, self.axis, Reduction::Min)?;
        b.map(&[largest, smallest], unit, float, |e| vec![e.input(0) - e.input(1)])
    }
}
