//! Power.

use dasc_ir::graph::{Builder, NodeId};
use dasc_ir::{DType, Result, operator};

use super::Operator;
use crate::pieces::level::{power_unit, squared_magnitude};

operator! {
    /// The square; of complex data the squared magnitude. The unit becomes that of a power.
    Square = "SQUARE" () {}
    formula "y = x²;   of complex data re² + im²";
    example "SQUARE";
    reference "x**2; numpy.abs(x)**2 of complex data";
}

impl Operator for Square {
    fn build(&self, b: &mut Builder, x: NodeId) -> Result<NodeId> {
        let (unit, dtype) = (power_unit(&b.signal(x)?.unit), b.signal(x)?.dtype);
        if dtype == DType::C32 { squared_magnitude(b, x) } else { b.map1(x, unit, |x, _| x * x) }
    }
}
