//! Natural logarithm.

use dasc_ir::graph::{Builder, NodeId};
use dasc_ir::{Result, Unit, operator};

use super::Operator;

operator! {
    /// The natural logarithm of the number in its unit; −∞ at 0, NaN below. The result has no unit.
    Log = "LOG" () {}
    example "LOG";
    reference "numpy.log";
}

impl Operator for Log {
    fn build(&self, b: &mut Builder, x: NodeId) -> Result<NodeId> {
        b.map1(x, Unit::none(), |x, _| x.log())
    }
}
