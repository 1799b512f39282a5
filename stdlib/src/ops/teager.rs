//! Teager–Kaiser energy.

use dasc_ir::graph::{Builder, Edge, Expr, NodeId, Role, WindowBody};
use dasc_ir::{DType, Result, operator};

use super::Operator;

operator! {
    /// The Teager–Kaiser energy `x[i]² − x[i−1]·x[i+1]`: high where amplitude times frequency is, so onsets stand out of slow swells.
    ///
    /// Beyond the ends of a stretch its first and last sample are repeated. The unit is squared.
    Teager = "TEAGER" () {
        /// How many samples lie to either side; more look at slower oscillations.
        step: u32 = 1,
    }
    formula "y[i] = x[i]² − x[i−STEP]·x[i+STEP]";
    example "TEAGER";
    reference "numpy: x**2 - before * after, the neighbours with numpy.pad(mode='edge') (Kaiser 1990)";
}

impl Operator for Teager {
    fn build(&self, b: &mut Builder, x: NodeId) -> Result<NodeId> {
        if !(1..=1000).contains(&self.step) {
            return Err(b.diag(format!("needs a STEP of 1 to 1000 samples, not {}", self.step)).help("1 is usual"));
        }
        let (dtype, float) = (b.real(x)?.dtype, b.real(x)?.float());
        let (unit, step) = (b.real(x)?.unit.squared(), self.step as i32);
        let energy = Expr::write(&[dtype], |e| {
            let tap = |at: i32| e.tap(0, at).to(DType::F64);
            vec![(tap(0) * tap(0) - tap(-step) * tap(step)).to(float)]
        });
        let taps = (-step, step);
        b.window(x, Role::Time, taps, 1, Edge::Nearest, WindowBody::Stencil(energy), unit, float)
    }
}
