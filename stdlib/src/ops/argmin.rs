//! Where the smallest value lies along an axis.

use dasc_ir::graph::{Builder, NodeId, Reduction};
use dasc_ir::parameter::AxisName;
use dasc_ir::{Result, operator};

use super::Operator;
use crate::pieces::place::of_extreme;

operator! {
    /// Where the smallest value lies: along time in seconds after sample 0 of the record, along frequency in Hz (or what that axis is in),
    /// along channel the channel's number. The axis disappears; along time it covers the whole record, gaps left out.
    ///
    /// Of equal values the first counts, and the first NaN if there is one. The result is f64, and along time known after one pass
    /// more. Along time it needs a record that ends. Channels that MUTE took out do not count along channels.
    Argmin = "ARGMIN" () {
        /// Along which axis.
        axis: AxisName = AxisName::Time,
    }
    formula "y = the place of the first i with x[i] = min x";
    gives "Place of the smallest value";
    example "ARGMIN AXIS=time";
    reference "the axis at numpy.argmin(x, axis)";
}

impl Operator for Argmin {
    fn build(&self, b: &mut Builder, x: NodeId) -> Result<NodeId> {
        of_extreme(b, x, self.axis, Reduction::Min)
    }
}
