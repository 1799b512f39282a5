//! Block mean.

use dasc_ir::graph::{Builder, Edge, NodeId, Reduction, Role, WindowBody};
use dasc_ir::parameter::Extent;
use dasc_ir::{DType, Rational, Result, operator};

use super::Operator;
use crate::pieces::extent::samples;

operator! {
    /// The mean of each block of samples, which lowers the rate by its length; each is labelled with the time of its middle.
    ///
    /// Blocks count from the first sample of the record, whatever was cut off before; incomplete ones are left out.
    Stack = "STACK" (
        /// Length of a block, a duration or a number of samples.
        block: Extent,
    ) {}
    formula "y[j] = (1/n) Σ_{k<n} x[j·n + k]";
    example "STACK 100ms";
    reference "x[:len(x)//n*n].reshape(-1, n, channels).mean(axis=1)";
}

impl Operator for Stack {
    fn build(&self, b: &mut Builder, x: NodeId) -> Result<NodeId> {
        let n = samples(b, x, "a block", self.block)?;
        let (unit, float) = (b.real(x)?.unit.clone(), b.real(x)?.float());
        let middle = b.time(x)?.period * i64::from(n - 1).into() / Rational::integer(2);
        let body = WindowBody::Fold(Reduction::Sum);
        let taps = (0, n as i32 - 1);
        let sum = b.window(x, Role::Time, taps, n, Edge::Valid, body, unit.clone(), DType::F64)?;
        b.shift_origin(sum, middle);
        b.map(&[sum], unit, float, |e| vec![(e.input(0) / e.constant(f64::from(n))).to(float)])
    }
}
