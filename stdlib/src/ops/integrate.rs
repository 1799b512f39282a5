//! Integral over time.

use dasc_ir::graph::{Builder, NodeId};
use dasc_ir::{Result, operator};

use super::Operator;
use crate::pieces::calculus::{times, trapezoid};

operator! {
    /// The integral over time by the trapezoid rule, 0 at the first sample of each stretch; the unit is multiplied by seconds.
    ///
    /// The sum is f64. An offset becomes a ramp: HIGHPASS or DEMEAN first. Everything after a NaN is NaN until the next gap.
    Integrate = "INTEGRATE" () {}
    formula "y[0] = 0,   y[i] = y[i−1] + (x[i−1] + x[i]) / (2·fs)";
    example "INTEGRATE";
    reference "scipy.integrate.cumulative_trapezoid(x, dx=1/fs, axis=0, initial=0)";
}

impl Operator for Integrate {
    fn build(&self, b: &mut Builder, x: NodeId) -> Result<NodeId> {
        let unit = times(&b.real(x)?.unit.clone(), "s")?;
        trapezoid(b, x, 1.0, unit)
    }
}
