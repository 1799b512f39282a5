//! Means of blocks of rows, side by side or overlapping: what a stack is made of.

use dasc_ir::graph::{Builder, Edge, NodeId, Reduction, Role, WindowBody};
use dasc_ir::parameter::Extent;
use dasc_ir::{DType, Rational, Result};

use super::extent::whole_samples;

/// Blocks of `len` rows, block `i` from row `i * every` on.
#[derive(Clone, Copy, Debug)]
pub struct Blocks {
    len: u32,
    every: u32,
}

impl Blocks {
    /// `every` is the length unless given. Both are whole numbers of samples.
    pub fn new(b: &Builder, x: NodeId, len: Extent, every: Option<Extent>) -> Result<Blocks> {
        let len = whole_samples(b, x, "a block", len)?;
        let every =
            every.map_or(Ok(len), |every| whole_samples(b, x, "a step from block to block", every))?;
        Ok(Blocks { len, every })
    }

    /// The mean of each block, taken in F64, at the time of the block's middle.
    pub fn mean(&self, b: &mut Builder, x: NodeId, dtype: DType) -> Result<NodeId> {
        let unit = b.real(x)?.unit.clone();
        let middle = b.time(x)?.period * i64::from(self.len - 1).into() / Rational::integer(2);
        let (taps, body) = ((0, self.len as i32 - 1), WindowBody::Fold(Reduction::Sum));
        let sum = b.window(x, Role::Time, taps, self.every, Edge::Valid, body, unit.clone(), DType::F64)?;
        b.shift_origin(sum, middle);
        b.map(&[sum], unit, dtype, |e| vec![(e.input(0) / e.constant(f64::from(self.len))).to(dtype)])
    }
}
