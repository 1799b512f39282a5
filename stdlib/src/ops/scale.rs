//! Multiplication by a constant.

use dasc_ir::graph::{Builder, NodeId};
use dasc_ir::{DType, Result, Unit, operator};

use super::Operator;

operator! {
    /// Multiplies by a constant.
    ///
    /// The product is taken in f64 and rounded once. Integers become f32.
    Scale = "SCALE" (
        /// The constant.
        factor: f64,
    ) {
        /// The unit of the result, for example `nstrain/s`; without it the unit stays.
        unit: Option<String> = None,
    }
    formula "y = factor · x";
    example "SCALE 0.001";
    reference "x * factor";
}

impl Operator for Scale {
    fn build(&self, b: &mut Builder, x: NodeId) -> Result<NodeId> {
        if !self.factor.is_finite() {
            return Err(b.diag(format!("needs a finite factor, not {}", self.factor)));
        }
        let signal = b.signal(x)?;
        let unit = match &self.unit {
            None => signal.unit.clone(),
            Some(text) => Unit::parse(text).ok_or_else(|| {
                b.diag(format!("does not know the unit '{text}'"))
                    .help(Unit::MADE_OF)
            })?,
        };
        if signal.dtype == DType::C32 {
            return b.map(&[x], unit, DType::C32, |e| {
                let k = e.constant(self.factor);
                vec![(e.input(0) * k).to(DType::F32), (e.imaginary(0) * k).to(DType::F32)]
            });
        }
        b.map1(x, unit, |x, e| x * e.constant(self.factor))
    }
}
