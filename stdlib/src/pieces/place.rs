//! Where along an axis the data is largest or smallest.

use dasc_ir::graph::{Builder, NodeId, Reduction, Role, Signal};
use dasc_ir::parameter::AxisName;
use dasc_ir::{DType, Result, Unit};

use super::axis::role;
use super::statistic;

/// The place of the first value that equals the extreme one (or is NaN), in F64: seconds after sample 0 of the record, the channel's number
/// in the file, or what the axis within a row is in.
pub fn of_extreme(b: &mut Builder, x: NodeId, axis: AxisName, extreme: Reduction) -> Result<NodeId> {
    let along = role(axis);
    // No two of these are alike that were not.
    let x = match b.real(x)?.dtype {
        DType::I32 | DType::I64 => b.convert(x, DType::F64)?,
        DType::I16 | DType::F32 | DType::F64 | DType::C32 | DType::Bool => x,
    };
    let found = statistic::unrounded(b, x, axis, extreme)?;
    let signal = b.real(x)?.clone();
    let (places, unit) = places(b, &signal, along)?;
    let inputs = [Some(x), Some(found), places];
    let inputs: Vec<NodeId> = inputs.into_iter().flatten().collect();
    let clock = signal.time.as_ref().map(|t| (t.period.as_f64(), t.origin.as_f64()));
    let (period, origin) = clock.unwrap_or((1.0, 0.0));
    let float = signal.float();
    let places = b.map(&inputs, unit, DType::F64, |e| {
        let (x, found) = (e.input(0).to(float), e.input(1).to(float));
        let here = match places {
            Some(_) => e.input(2).to(DType::F64),
            None => e.row().fma(e.constant(period), e.constant(origin)),
        };
        let nowhere = e.constant(f64::INFINITY);
        let is_number = x.eq(x);
        vec![is_number.select(x.eq(found).select(here, nowhere), here)]
    })?;
    statistic::unrounded(b, places, axis, Reduction::Min)
}

/// The places of channels or of what lies within a row, as numbers beside the data; those in time follow from the row.
fn places(b: &mut Builder, signal: &Signal, along: Role) -> Result<(Option<NodeId>, Unit)> {
    let given = Signal { dtype: DType::F64, unit: Unit::none(), time: None, inner: None, channel: None };
    match (along, &signal.inner, &signal.channel) {
        (Role::Inner, Some(axis), _) => {
            let values: Vec<f64> = (0..axis.len).map(|position| axis.at(position)).collect();
            let unit = axis.unit.clone();
            let given = Signal { inner: Some(axis.clone()), unit: unit.clone(), ..given };
            Ok((Some(b.constant(given, &values)?), unit))
        }
        (Role::Channel, _, Some(axis)) => {
            let values: Vec<f64> = (0..axis.len).map(|position| axis.number(position) as f64).collect();
            let given = Signal { channel: Some(axis.clone()), ..given };
            Ok((Some(b.constant(given, &values)?), Unit::none()))
        }
        _ => Ok((None, Unit::parse("s").unwrap_or_else(Unit::none))),
    }
}
