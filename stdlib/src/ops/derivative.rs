//! Derivative along time or distance.

use dasc_ir::graph::{Builder, NodeId, Role};
use dasc_ir::{Result, choice, operator};

use super::Operator;
use crate::pieces::calculus::per;
use crate::pieces::distance::even_spacing;
use crate::pieces::gradient::gradient;

choice! {
    /// Axes that have a unit to derive by.
    Along { Time = "time", Channel = "channel" }
}

operator! {
    /// The derivative by central differences, per second or per metre; at both ends of a stretch by the parabola through the nearest three samples.
    ///
    /// Along time it looks two steps ahead. A stretch of two samples gives their difference, a lone sample NaN. Along channels they
    /// must be evenly spaced.
    Derivative = "DERIVATIVE" () {
        /// Along which axis.
        axis: Along = Along::Time,
        /// How many samples lie from the middle to either side; with more than 1, as many interleaved series are derived.
        step: u32 = 1,
    }
    formula "y[i] = (x[i+1] − x[i−1]) / 2h"
            "y[0] = (−3·x[0] + 4·x[1] − x[2]) / 2h,   y[n−1] = (3·x[n−1] − 4·x[n−2] + x[n−3]) / 2h"
            "h is the sample period or the distance of channels; with STEP each of the interleaved series by itself";
    example "DERIVATIVE AXIS=time";
    reference "numpy.gradient(x, 1/fs, axis=0, edge_order=2)";
}

impl Operator for Derivative {
    fn build(&self, b: &mut Builder, x: NodeId) -> Result<NodeId> {
        let unit = b.real(x)?.unit.clone();
        match self.axis {
            Along::Time => {
                let rate = b.rate(x)?;
                gradient(b, x, Role::Time, self.step, rate, per(&unit, "s")?)
            }
            Along::Channel => {
                let spacing = even_spacing(b, x)?;
                gradient(b, x, Role::Channel, self.step, 1.0 / spacing, per(&unit, "m")?)
            }
        }
    }
}
