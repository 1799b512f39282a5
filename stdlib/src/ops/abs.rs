//! Magnitude.

use dasc_ir::graph::{Builder, NodeId};
use dasc_ir::{DType, Result, operator};

use super::Operator;

operator! {
    /// The absolute value; of complex data the magnitude.
    Abs = "ABS" () {}
    formula "y = |x|;   of complex data √(re² + im²)";
    example "ABS";
    reference "numpy.abs";
}

impl Operator for Abs {
    fn build(&self, b: &mut Builder, x: NodeId) -> Result<NodeId> {
        let (unit, dtype) = (b.signal(x)?.unit.clone(), b.signal(x)?.dtype);
        if dtype != DType::C32 {
            return b.map1(x, unit, |x, _| x.abs());
        }
        b.map(&[x], unit, DType::F32, |e| {
            let (re, im) = (e.input(0).to(DType::F64), e.imaginary(0).to(DType::F64));
            vec![re.fma(re, im * im).sqrt().to(DType::F32)]
        })
    }
}
