//! Running median.

use dasc_ir::graph::{Builder, Edge, Expr, NodeId, WindowBody};
use dasc_ir::parameter::AxisName;
use dasc_ir::{Diag, Result, operator};

use super::Operator;
use crate::pieces::axis::role;
use crate::pieces::selection::median;

/// The network of minima and maxima grows faster than the window.
const LARGEST: u32 = 15;

operator! {
    /// The median of the window around each sample; beyond the ends the data is mirrored (`d c b a | a b c d | d c b a`).
    ///
    /// NaN where a NaN is in the window. Along time it looks ahead half a window.
    Median = "MEDIAN" (
        /// Length of the window, odd, 1 to 15.
        window: u32,
    ) {
        /// Along which axis.
        axis: AxisName = AxisName::Time,
    }
    formula "y[i] = median of x[i−h] … x[i+h],   h = (window − 1)/2";
    example "MEDIAN 5";
    reference "scipy.ndimage.median_filter(mode='reflect')";
}

impl Operator for Median {
    fn build(&self, b: &mut Builder, x: NodeId) -> Result<NodeId> {
        let k = self.window;
        if k > LARGEST || k.is_multiple_of(2) {
            return Err(b.diag(format!("needs an odd window of 1 to {LARGEST} samples, not {k}")).help(
                if k > LARGEST {
                    format!("the largest possible window is {LARGEST}; STACK or DECIMATE first for a longer one")
                } else {
                    format!("use {}", k + 1)
                },
            ));
        }
        let (unit, float, dtype) = (b.real(x)?.unit.clone(), b.real(x)?.float(), b.real(x)?.dtype);
        let half = (k / 2) as i32;
        let body = Expr::write(&[dtype], |e| {
            let taps = (-half..=half).map(|tap| e.tap(0, tap)).collect();
            median(taps).into_iter().map(|y| y.to(float)).collect()
        });
        if body.results.len() != 1 {
            return Err(Diag::compiler("a median has one result"));
        }
        b.window(x, role(self.axis), (-half, half), 1, Edge::Reflect, WindowBody::Stencil(body), unit, float)
    }
}
