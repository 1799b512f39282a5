//! Statistics of an axis: as results, and taken from the data they came from.

use dasc_ir::graph::{Builder, NodeId, Quantile, Reduction, Role, Scope};
use dasc_ir::parameter::AxisName;
use dasc_ir::{DType, Result};

use super::axis::role;
use super::extent::whole_record;
use super::muted::remaining;

/// The median distance of normal noise from its mean, in standard deviations: the upper quartile of the normal distribution.
pub const NORMAL: f64 = 0.674_489_750_196_081_7;

/// One number for all of an axis, in the data's float type; the axis disappears. Along time it covers the record, gaps left out.
pub fn over(b: &mut Builder, x: NodeId, axis: AxisName, how: Reduction) -> Result<NodeId> {
    let float = b.real(x)?.float();
    let statistic = unrounded(b, x, axis, how)?;
    b.convert(statistic, float)
}

/// The same as it was accumulated: sums, means, deviations and quantiles in F64.
pub fn unrounded(b: &mut Builder, x: NodeId, axis: AxisName, how: Reduction) -> Result<NodeId> {
    if axis == AxisName::Time {
        whole_record(b, x, "STACK, RMS and DECIMATE give statistics that stream")?;
    }
    let x = counted(b, x, role(axis))?;
    b.reduce(x, role(axis), how, Scope::Record)
}

/// A statistic that is to be combined with the data again: along time one for each stretch between gaps, in F64.
pub fn beside(b: &mut Builder, x: NodeId, along: Role, how: Reduction) -> Result<NodeId> {
    if along == Role::Time {
        whole_record(b, x, "HIGHPASS removes an offset or a trend from a stream")?;
    }
    let x = counted(b, x, along)?;
    b.reduce(x, along, how, Scope::Segment)
}

/// The median along an axis, and the median distance from it, both in F64 and to be combined with the data again.
pub fn median_and_spread(b: &mut Builder, x: NodeId, along: Role) -> Result<(NodeId, NodeId)> {
    let (unit, float) = (b.real(x)?.unit.clone(), b.real(x)?.float());
    let how = Reduction::Quantile(Quantile::MEDIAN);
    let middle = beside(b, x, along, how)?;
    let distance =
        b.map(&[x, middle], unit, float, |e| vec![(e.input(0).to(DType::F64) - e.input(1)).abs().to(float)])?;
    let spread = beside(b, distance, along, how)?;
    Ok((middle, spread))
}

/// What counts along an axis: of the channels those that were not muted.
fn counted(b: &mut Builder, x: NodeId, along: Role) -> Result<NodeId> {
    match along {
        Role::Channel => remaining(b, x),
        Role::Time | Role::Inner => Ok(x),
    }
}

/// `x − mean` along an axis.
pub fn without_mean(b: &mut Builder, x: NodeId, along: Role) -> Result<NodeId> {
    without(b, x, along, Reduction::Mean)
}

/// `x` less a mean or median along an axis.
pub fn without(b: &mut Builder, x: NodeId, along: Role, how: Reduction) -> Result<NodeId> {
    let (unit, float) = (b.real(x)?.unit.clone(), b.real(x)?.float());
    let middle = beside(b, x, along, how)?;
    b.map(&[x, middle], unit, float, |e| vec![(e.input(0).to(DType::F64) - e.input(1)).to(float)])
}

/// `x` less its least-squares line along an axis. A single sample becomes 0.
pub fn without_line(b: &mut Builder, x: NodeId, along: Role) -> Result<NodeId> {
    let (unit, float) = (b.real(x)?.unit.clone(), b.real(x)?.float());
    let mean = beside(b, x, along, Reduction::Mean)?;
    // With positions counted from the middle, slope and mean are independent.
    let product = b.map(&[x], unit.clone(), DType::F64, |e| {
        let centred = e.index(along) - (e.len(along) - e.constant(1.0)) * e.constant(0.5);
        vec![centred * e.input(0).to(DType::F64)]
    })?;
    let moment = beside(b, product, along, Reduction::Sum)?;
    b.map(&[x, mean, moment], unit, float, |e| {
        let (n, one) = (e.len(along), e.constant(1.0));
        let centred = e.index(along) - (n - one) * e.constant(0.5);
        // Σ centred² = n(n² − 1)/12, which is 0 for a single sample.
        let spread = n * (n * n - one) * e.constant(1.0 / 12.0);
        let slope = n.gt(one).select(e.input(2) / spread, e.constant(0.0));
        vec![((-slope).fma(centred, e.input(0).to(DType::F64) - e.input(1))).to(float)]
    })
}
