//! Running sum along time.

use dasc_ir::graph::{Builder, Init, NodeId, StateVar};
use dasc_ir::{DType, Result, operator};

use super::Operator;

operator! {
    /// The sum of all samples so far, in f64; each stretch between gaps begins anew. Everything after a NaN is NaN until then.
    Cumsum = "CUMSUM" () {}
    formula "y[i] = Σ_{k≤i} x[k]";
    example "CUMSUM";
    reference "numpy.cumsum(x, axis=0, dtype=float64)";
}

impl Operator for Cumsum {
    fn build(&self, b: &mut Builder, x: NodeId) -> Result<NodeId> {
        let (unit, float) = (b.real(x)?.unit.clone(), b.real(x)?.float());
        let state = vec![StateVar { dtype: DType::F64, init: Init::Value(0.0) }];
        b.scan(x, state, unit, float, |e| {
            let sum = e.state(0) + e.input(0).to(DType::F64);
            vec![sum, sum.to(float)]
        })
    }
}
