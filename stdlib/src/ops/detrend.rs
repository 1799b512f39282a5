//! Offset or straight line removed.

use dasc_ir::graph::{Builder, NodeId, Reduction};
use dasc_ir::parameter::AxisName;
use dasc_ir::{DType, Result, choice, operator};

use super::Operator;
use crate::pieces::axis::role;
use crate::pieces::statistic::{beside, without_mean};

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
    example "DETREND AXIS=time";
    reference "scipy.signal.detrend";
}

impl Operator for Detrend {
    fn build(&self, b: &mut Builder, x: NodeId) -> Result<NodeId> {
        let along = role(self.axis);
        if self.r#type == Trend::Constant {
            return without_mean(b, x, along);
        }
        let (unit, float) = (b.real(x)?.unit.clone(), b.real(x)?.float());
        let mean = beside(b, x, along, Reduction::Mean)?;
        // With positions counted from the middle, slope and mean are independent.
        let product = b.map(&[x], unit.clone(), DType::F64, |e| {
            let centred = e.index(along) - (e.len(along) - e.constant(1.0)) * e.constant(0.5);
            vec![centred * e.input(0).to(DType::F64)]
        })?;
        let moment = beside(b, product, along, Reduction::Sum)?;
        b.map(&[x, mean, moment], unit, float, |e| {
            let (n, one) = (e.len(along), e.constant(1.0));
            let centred = e.index(along) - (n - one) * e.constant(0.5);
            // Σ centred² = n(n² − 1)/12, which is 0 for a single sample.
            let spread = n * (n * n - one) * e.constant(1.0 / 12.0);
            let slope = n.gt(one).select(e.input(2) / spread, e.constant(0.0));
            vec![((-slope).fma(centred, e.input(0).to(DType::F64) - e.input(1))).to(float)]
        })
    }
}
