//! Offset or straight line removed.

use dasc_ir::graph::{Builder, NodeId};
use dasc_ir::parameter::AxisName;
use dasc_ir::{Result, choice, operator};

use super::Operator;
use crate::pieces::axis::role;
use crate::pieces::statistic::{without_line, without_mean};

choice! {
    /// What a detrend takes off.
    Trend { Linear = "linear", Constant = "constant" }
}

operator! {
    /// Takes off the least-squares line, or the mean. Along time each stretch between gaps has its own.
    ///
    /// Sums are f64. A NaN makes its channel NaN. A single sample becomes 0.
    Detrend = "DETREND" () {
        /// Along which axis.
        axis: AxisName = AxisName::Time,
        /// A line or only the mean.
        r#type: Trend = Trend::Linear,
    }
    formula "y[i] = x[i] − a − b·i   with the a and b that make Σ_k (x[k] − a − b·k)² least"
            "y[i] = x[i] − (1/n) Σ_{k<n} x[k]   with TYPE=constant";
    example "DETREND AXIS=time";
    reference "scipy.signal.detrend";
}

impl Operator for Detrend {
    fn build(&self, b: &mut Builder, x: NodeId) -> Result<NodeId> {
        match self.r#type {
            Trend::Constant => without_mean(b, x, role(self.axis)),
            Trend::Linear => without_line(b, x, role(self.axis)),
        }
    }
}
