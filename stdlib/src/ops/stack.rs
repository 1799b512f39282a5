//! Block mean.

use dasc_ir::graph::{Builder, NodeId};
use dasc_ir::parameter::Extent;
use dasc_ir::{Result, operator};

use super::Operator;
use crate::pieces::blocks::Blocks;

operator! {
    /// The mean of each block of samples, which lowers the rate by its length; each is labelled with the time of its middle.
    ///
    /// Blocks begin at multiples of EVERY, counted from the first sample of the record, whatever was cut off before; incomplete ones are left out.
    /// After CORRELATE it is the linear stack of windows, and with EVERY a running one.
    Stack = "STACK" (
        /// Length of a block, a duration of whole samples or a number of them.
        block: Extent,
    ) {
        /// From one block to the next, which may overlap or leave samples out; the block's length unless given.
        every: Option<Extent> = None,
    }
    formula "y[j] = (1/n) Σ_{k<n} x[j·EVERY + k],   n samples in a block";
    example "STACK 100ms";
    reference "x[:len(x)//n*n].reshape(-1, n, channels).mean(axis=1); with EVERY numpy.lib.stride_tricks.sliding_window_view(x, n, axis=0)[::every].mean(axis=-1)";
}

impl Operator for Stack {
    fn build(&self, b: &mut Builder, x: NodeId) -> Result<NodeId> {
        let blocks = Blocks::new(b, x, self.block, self.every)?;
        let float = b.real(x)?.float();
        blocks.mean(b, x, float)
    }
}
