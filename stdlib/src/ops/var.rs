//! Variance along an axis.

use dasc_ir::graph::{Builder, NodeId, Reduction};
use dasc_ir::parameter::AxisName;
use dasc_ir::{DType, Result, operator};

use super::Operator;
use crate::pieces::statistic;

operator! {
    /// The variance (ddof 0), accumulated in f64. The axis disappears; along time it covers the whole record, gaps left out.
    ///
    /// A NaN makes the result NaN. The unit is squared. Along time it needs a record that ends.
    /// Channels that MUTE took out do not count along channels.
    Var = "VAR" () {
        /// Along which axis.
        axis: AxisName = AxisName::Time,
    }
    formula "y = (1/n) Σ_i (x[i] − m)²,   m = (1/n) Σ_i x[i]";
    example "VAR AXIS=time";
    reference "numpy.var(x, axis)";
}

impl Operator for Var {
    fn build(&self, b: &mut Builder, x: NodeId) -> Result<NodeId> {
        let (unit, float) = (b.real(x)?.unit.squared(), b.real(x)?.float());
        let deviation = statistic::unrounded(b, x, self.axis, Reduction::Std)?;
        b.map(&[deviation], unit, float, |e| {
            let deviation = e.input(0).to(DType::F64);
            vec![(deviation * deviation).to(float)]
        })
    }
}
