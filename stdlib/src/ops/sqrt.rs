//! Square root.

use dasc_ir::graph::{Builder, NodeId};
use dasc_ir::{Result, operator};

use super::Operator;

operator! {
    /// The square root; NaN below 0. The square of a unit becomes that unit.
    Sqrt = "SQRT" () {}
    formula "y = √x";
    example "SQRT";
    reference "numpy.sqrt";
}

impl Operator for Sqrt {
    fn build(&self, b: &mut Builder, x: NodeId) -> Result<NodeId> {
        let unit = b.signal(x)?.unit.sqrt();
        b.map1(x, unit, |x, _| x.sqrt())
    }
}
