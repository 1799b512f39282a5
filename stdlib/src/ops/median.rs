//! Median along an axis, or of a running window.

use dasc_ir::graph::{Builder, Edge, Expr, NodeId, Quantile, Reduction, WindowBody};
use dasc_ir::parameter::{AxisName, Extent};
use dasc_ir::{Diag, Result, operator};

use super::Operator;
use crate::pieces::axis::role;
use crate::pieces::selection::median;
use crate::pieces::{running, statistic};

/// The network of minima and maxima grows faster than the window: beyond this, windows are kept in order instead.
const SMALL: u32 = 15;

operator! {
    /// The median of the window around each sample, or without a window that of the whole axis.
    ///
    /// `MEDIAN 5` runs along the axis: beyond the ends the data is mirrored (`d c b a | a b c d | d c b a`); of an even window, which
    /// reaches one sample further back than ahead, it is the upper of the two values in the middle. NaN where a NaN is in the window.
    /// Along time it looks ahead half a window. SciPy 1.17 reads something else where the window has eight times the length of the data or more.
    ///
    /// `MEDIAN AXIS=time` is one number for all of an axis, which disappears: the mean of the two in the middle of an even number.
    /// Along time it covers the whole record, gaps left out, needs a record that ends, and is found exactly by several passes over the data,
    /// whatever its length. A NaN makes it NaN. Channels that MUTE took out do not count along channels.
    Median = "MEDIAN" (
        /// Length of a running window: along time a duration or a number of samples, else how many channels or frequencies; at most 65535.
        window: Option<Extent>,
    ) {
        /// Along which axis.
        axis: AxisName = AxisName::Time,
    }
    formula "y[i] = median of x[i−⌊w/2⌋] … x[i+⌈w/2⌉−1],   w = window";
    example "MEDIAN 5";
    reference "scipy.ndimage.median_filter(mode='reflect'); numpy.median(x, axis)";
}

impl Operator for Median {
    fn build(&self, b: &mut Builder, x: NodeId) -> Result<NodeId> {
        let Some(window) = self.window else {
            return statistic::over(b, x, self.axis, Reduction::Quantile(Quantile::MEDIAN));
        };
        let n = running::span(b, x, window, self.axis)?;
        if n > SMALL || n.is_multiple_of(2) {
            return running::ranked(b, x, self.axis, n, n / 2);
        }
        let (unit, float, dtype) = (b.real(x)?.unit.clone(), b.real(x)?.float(), b.real(x)?.dtype);
        let half = (n / 2) as i32;
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
