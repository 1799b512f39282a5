//! Each channel brought to one size.

use dasc_ir::graph::{Builder, NodeId, Reduction};
use dasc_ir::parameter::AxisName;
use dasc_ir::{DType, Result, Unit, choice, operator};

use super::Operator;
use crate::pieces::axis::role;
use crate::pieces::statistic::{NORMAL, beside, median_and_spread};

choice! {
    /// What a channel is divided by.
    Method { Zscore = "zscore", Max = "max", L1 = "l1", L2 = "l2", Mad = "mad", Minmax = "minmax", Onebit = "onebit" }
}

operator! {
    /// Divides each channel by its size; the result has no unit. Along time each stretch between gaps has its own.
    ///
    /// `zscore` takes off the mean and divides by the standard deviation (ddof 0), `max` divides by the largest magnitude,
    /// `l1` by the sum of magnitudes, `l2` by the root of the sum of squares; `mad` takes off the median and divides by the median distance
    /// from it over 0.67449 (which normal noise has times its standard deviation), so that bursts do not count; `minmax` takes off the smallest value and divides by the range; `onebit` keeps the sign alone (and 0).
    /// Where the divisor is 0, as in a dead channel, the result is 0.
    Normalize = "NORMALIZE" () {
        /// By what.
        method: Method = Method::Zscore,
        /// Along which axis.
        axis: AxisName = AxisName::Time,
    }
    formula "zscore  y = (x − m) / √((1/n) Σ_k (x[k] − m)²),   m = (1/n) Σ_k x[k]"
            "max     y = x / max_k |x[k]|"
            "mad     y = (x − M) / (1.4826·median_k |x[k] − M|),   M = median_k x[k]"
            "l1      y = x / Σ_k |x[k]|"
            "l2      y = x / √(Σ_k x[k]²)"
            "minmax  y = (x − min_k x[k]) / (max_k x[k] − min_k x[k])"
            "onebit  y = sign(x)";
    example "NORMALIZE METHOD=max";
    reference "NumPy: (x - x.mean())/x.std(), x/abs(x).max(), x/abs(x).sum(), x/sqrt((x**2).sum()), (x - median(x))/scipy.stats.median_abs_deviation(x, scale='normal'), (x - x.min())/(x.max() - x.min()), sign(x)";
}

impl Operator for Normalize {
    fn build(&self, b: &mut Builder, x: NodeId) -> Result<NodeId> {
        let along = role(self.axis);
        let (unit, float) = (b.real(x)?.unit.clone(), b.real(x)?.float());
        let size = match self.method {
            Method::Onebit => {
                return b.map1(x, Unit::none(), |x, e| {
                    let zero = e.constant_of(0.0, x.dtype());
                    let (plus, minus) = (e.constant_of(1.0, x.dtype()), e.constant_of(-1.0, x.dtype()));
                    x.gt(zero).select(plus, x.lt(zero).select(minus, x))
                });
            }
            Method::Zscore => {
                let mean = beside(b, x, along, Reduction::Mean)?;
                let deviation = beside(b, x, along, Reduction::Std)?;
                return b.map(&[x, mean, deviation], Unit::none(), float, |e| {
                    let (size, zero) = (e.input(2), e.constant(0.0));
                    let scaled = (e.input(0).to(DType::F64) - e.input(1)) / size;
                    vec![size.eq(zero).select(zero, scaled).to(float)]
                });
            }
            Method::Mad => {
                let (middle, spread) = median_and_spread(b, x, along)?;
                return b.map(&[x, middle, spread], Unit::none(), float, |e| {
                    let (spread, zero) = (e.input(2), e.constant(0.0));
                    let scaled = (e.input(0).to(DType::F64) - e.input(1)) / (spread / e.constant(NORMAL));
                    vec![spread.eq(zero).select(zero, scaled).to(float)]
                });
            }
            Method::Minmax => {
                let (least, most) =
                    (beside(b, x, along, Reduction::Min)?, beside(b, x, along, Reduction::Max)?);
                return b.map(&[x, least, most], Unit::none(), float, |e| {
                    let (least, zero) = (e.input(1).to(DType::F64), e.constant(0.0));
                    let size = e.input(2).to(DType::F64) - least;
                    let scaled = (e.input(0).to(DType::F64) - least) / size;
                    vec![size.eq(zero).select(zero, scaled).to(float)]
                });
            }
            Method::Max => {
                let magnitude = b.map1(x, unit, |x, _| x.abs())?;
                beside(b, magnitude, along, Reduction::Max)?
            }
            Method::L1 => {
                let magnitude = b.map1(x, unit, |x, _| x.abs())?;
                beside(b, magnitude, along, Reduction::Sum)?
            }
            Method::L2 => {
                let squares = b.map(&[x], unit.squared(), DType::F64, |e| {
                    let x = e.input(0).to(DType::F64);
                    vec![x * x]
                })?;
                let sum = beside(b, squares, along, Reduction::Sum)?;
                b.map(&[sum], unit, DType::F64, |e| vec![e.input(0).sqrt()])?
            }
        };
        b.map(&[x, size], Unit::none(), float, |e| {
            let (size, zero) = (e.input(1).to(DType::F64), e.constant(0.0));
            vec![size.eq(zero).select(zero, e.input(0).to(DType::F64) / size).to(float)]
        })
    }
}
