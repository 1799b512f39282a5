//! Automatic gain control.

use dasc_ir::graph::{Builder, NodeId};
use dasc_ir::parameter::{Amount, Extent};
use dasc_ir::{DType, Result, Unit, operator};

use super::Operator;
use super::rms::{RmsEdge, trailing_rms};
use crate::pieces::extent::samples;

operator! {
    /// Divides each sample by the root mean square of the window that ends at it, so that weak and strong stretches look alike; no unit.
    ///
    /// Before the first window is full the mean is over what there is (EDGE=partial), or counts zeros before it. NaN while one is in
    /// the window. Where the divisor is 0 the result is 0. Relative amplitudes within a window survive, those between windows do not.
    Agc = "AGC" (
        /// Length of the window, a duration or a number of samples; at most 16777216 samples.
        window: Extent,
    ) {
        /// The root mean square that results.
        target: f64 = 1.0,
        /// The least divisor, in the unit of the data or with a unit: what is weaker than this is not raised to the target.
        epsilon: Amount = 0.0,
        /// What the mean is over before the first window is full.
        edge: RmsEdge = RmsEdge::Partial,
    }
    formula "y[i] = TARGET·x[i] / max(r[i], EPSILON),   r[i] = √((1/n) Σ_{k<n} x[i−k]²)";
    example "AGC 500ms";
    reference "target * x / maximum(sqrt(mean(x[max(0, i-n+1):i+1]**2)), epsilon)";
}

impl Operator for Agc {
    fn build(&self, b: &mut Builder, x: NodeId) -> Result<NodeId> {
        let n = samples(b, x, "a window", self.window)?;
        let (unit, float) = (b.real(x)?.unit.clone(), b.real(x)?.float());
        let target = self.target;
        if !(target.is_finite() && target > 0.0) {
            return Err(b.diag(format!("needs a TARGET above 0, not {target}")).help("1 is usual"));
        }
        let floor = self.epsilon.in_unit(&unit).ok_or_else(|| {
            b.diag(format!("cannot compare data in {unit} with EPSILON of {}", self.epsilon))
                .help(format!("give EPSILON in {unit}"))
        })?;
        if !(floor.is_finite() && floor >= 0.0) {
            return Err(b.diag(format!("needs EPSILON of 0 or more, not {floor}")).help("0 raises everything to the target"));
        }
        let rms = trailing_rms(b, x, n, self.edge)?;
        b.map(&[x, rms], Unit::none(), float, |e| {
            let (x, zero) = (e.input(0).to(DType::F64), e.constant(0.0));
            let size = e.input(1).max(e.constant(floor));
            vec![size.eq(zero).select(zero, x * e.constant(target) / size).to(float)]
        })
    }
}
