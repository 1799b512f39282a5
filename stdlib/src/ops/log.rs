//! Logarithm.

use dasc_ir::graph::{Builder, NodeId};
use dasc_ir::{DType, Result, Unit, operator};

use super::Operator;

operator! {
    /// The logarithm of the number in its unit, natural unless BASE is given; −∞ at 0, NaN below. The result has no unit.
    Log = "LOG" () {
        /// The base: e unless given, above 0 and not 1.
        base: Option<f64> = None,
    }
    formula "y = ln(x) / ln(BASE)";
    example "LOG BASE=10";
    reference "numpy.log(x) / numpy.log(base)";
}

impl Operator for Log {
    fn build(&self, b: &mut Builder, x: NodeId) -> Result<NodeId> {
        let Some(base) = self.base else {
            return b.map1(x, Unit::none(), |x, _| x.log());
        };
        if !(base.is_finite() && base > 0.0 && base != 1.0) {
            return Err(b.diag(format!("needs a BASE above 0 other than 1, not {base}")).help("2 and 10 are usual"));
        }
        let float = b.real(x)?.float();
        b.map(&[x], Unit::none(), float, |e| {
            vec![(e.input(0).to(DType::F64).log() * e.constant(1.0 / base.ln())).to(float)]
        })
    }
}
