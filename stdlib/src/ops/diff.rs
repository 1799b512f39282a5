//! Differences along time.

use dasc_ir::graph::{Builder, Edge, Expr, NodeId, Role, Scalar, WindowBody};
use dasc_ir::{DType, Result, operator};

use super::Operator;

/// Binomial coefficients beyond lose digits, and nobody means it.
const HIGHEST: u32 = 16;

operator! {
    /// Difference of successive samples, `x[i+1] − x[i]`, taken N times; N samples fewer. The unit stays.
    Diff = "DIFF" () {
        /// How often, 1 to 16.
        n: u32 = 1,
    }
    formula "y[i] = x[i+1] − x[i],   N times";
    example "DIFF N=1";
    reference "numpy.diff(x, n, axis=0)";
}

impl Operator for Diff {
    fn build(&self, b: &mut Builder, x: NodeId) -> Result<NodeId> {
        if self.n == 0 || self.n > HIGHEST {
            return Err(b.diag(format!("needs N from 1 to {HIGHEST}, not {}", self.n)).help("N=1 is usual"));
        }
        let (unit, float) = (b.real(x)?.unit.clone(), b.real(x)?.float());
        let ahead = self.n as i32;
        let body = Expr::write(&[b.real(x)?.dtype], |e| {
            let mut values: Vec<Scalar> = (0..=ahead).map(|tap| e.tap(0, tap).to(DType::F64)).collect();
            while values.len() > 1 {
                values = values.windows(2).map(|pair| pair[1] - pair[0]).collect();
            }
            values.into_iter().map(|y| y.to(float)).collect()
        });
        b.window(x, Role::Time, (0, ahead), 1, Edge::Valid, WindowBody::Stencil(body), unit, float)
    }
}
