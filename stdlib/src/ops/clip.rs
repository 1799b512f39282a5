//! Values held within limits.

use dasc_ir::graph::{Builder, NodeId};
use dasc_ir::parameter::Amount;
use dasc_ir::{Result, operator};

use super::Operator;

operator! {
    /// Holds values within limits: what lies below the lower becomes it, what lies above the upper becomes that. NaN stays.
    Clip = "CLIP" (
        /// The lowest value, in the unit of the data or with a unit.
        low: Amount,
        /// The highest value, not below the lowest.
        high: Amount,
    ) {}
    formula "y = min(max(x, low), high)";
    example "CLIP -1000nstrain/s 1000nstrain/s";
    reference "numpy.clip(x, low, high)";
}

impl Operator for Clip {
    fn build(&self, b: &mut Builder, x: NodeId) -> Result<NodeId> {
        let unit = b.real(x)?.unit.clone();
        let value = |amount: &Amount| {
            amount.in_unit(&unit).ok_or_else(|| {
                b.diag(format!("cannot hold data in {unit} within {amount}")).help(format!("give the limits in {unit}"))
            })
        };
        let (low, high) = (value(&self.low)?, value(&self.high)?);
        if low > high || low.is_nan() || high.is_nan() {
            return Err(b
                .diag(format!("needs a lower limit that is not above the upper, not {low} and {high}"))
                .help(format!("write CLIP {high} {low}")));
        }
        b.map1(x, unit, |x, e| {
            let (low, high) = (e.constant_of(low, x.dtype()), e.constant_of(high, x.dtype()));
            x.lt(low).select(low, x.gt(high).select(high, x))
        })
    }
}
