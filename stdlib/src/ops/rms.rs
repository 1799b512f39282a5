//! Trailing root mean square.

use dasc_ir::graph::{Builder, Edge, NodeId, Reduction, Role, WindowBody};
use dasc_ir::parameter::Extent;
use dasc_ir::{DType, Result, choice, operator};

use super::Operator;
use crate::pieces::extent::samples;

choice! {
    /// What the mean is taken over before the first window is full.
    RmsEdge { Partial = "partial", Zero = "zero", Nan = "nan" }
}

operator! {
    /// The root of the mean square of the window that ends at each sample. NaN while a NaN is in the window.
    ///
    /// Squares and sums are f64 and nothing is ever subtracted, so a burst leaves no trace once it has left the window.
    Rms = "RMS" (
        /// Length of the window, a duration or a number of samples; at most 16777216 samples.
        window: Extent,
    ) {
        /// Before the first window is full: the mean of what there is (`partial`), of what there is and zeros before it (`zero`), or NaN (`nan`).
        edge: RmsEdge = RmsEdge::Partial,
    }
    formula "y[i] = √((1/n) Σ_{k<n} x[i−k]²)";
    example "RMS 500ms";
    reference "sqrt(mean(x[max(0, i-n+1):i+1]**2))";
}

impl Operator for Rms {
    fn build(&self, b: &mut Builder, x: NodeId) -> Result<NodeId> {
        let n = samples(b, x, "a window", self.window)?;
        let float = b.real(x)?.float();
        let rms = trailing_rms(b, x, n, self.edge)?;
        b.convert(rms, float)
    }
}

/// Root mean square over the `n` rows that end at each row, in F64.
pub(crate) fn trailing_rms(b: &mut Builder, x: NodeId, n: u32, edge: RmsEdge) -> Result<NodeId> {
    let unit = b.real(x)?.unit.clone();
    let sum = trailing_energy(b, x, n)?;
    b.map(&[sum], unit, DType::F64, |e| {
        let whole = e.constant(f64::from(n));
        let filled = e.index(Role::Time) + e.constant(1.0);
        let count = match edge {
            RmsEdge::Partial => filled.min(whole),
            RmsEdge::Zero => whole,
            RmsEdge::Nan => filled.ge(whole).select(whole, e.constant(f64::NAN)),
        };
        vec![(e.input(0) / count).sqrt()]
    })
}

/// Sum of squares over the `n` rows that end at each row, in F64; 0 before the stretch.
pub(crate) fn trailing_energy(b: &mut Builder, x: NodeId, n: u32) -> Result<NodeId> {
    let unit = b.real(x)?.unit.squared();
    let squares = b.map(&[x], unit.clone(), DType::F64, |e| {
        let x = e.input(0).to(DType::F64);
        vec![x * x]
    })?;
    let taps = (1 - n as i32, 0);
    b.window(squares, Role::Time, taps, 1, Edge::Zero, WindowBody::Fold(Reduction::Sum), unit, DType::F64)
}
