//! What lies within a row (frequencies, lags, speeds) as an axis of pictures, and as values of which a mean can be taken.

use dasc_ir::graph::{Builder, InnerAxis, InnerRole, NodeId, Reduction, Role, Scope};
use dasc_ir::{DType, Dimension, Result, Unit};
use dasc_plot::{Axis, Measure, Quantity};
use dasc_stdlib::pieces::level::{decibel, is_power, power_unit, squared_magnitude};

/// The picture's axis.
pub fn axis(inner: &InnerAxis) -> Axis {
    let measure = match inner.role {
        InnerRole::Frequency | InnerRole::Scale => Measure::Frequency,
        InnerRole::Band => Measure::Band,
        InnerRole::Frame => Measure::Frame,
        InnerRole::Lag => Measure::Lag,
        InnerRole::Velocity => Measure::Speed,
        InnerRole::Slowness => Measure::Slowness,
        InnerRole::Label => Measure::Label,
    };
    match &inner.positions {
        Some(positions) => Axis::listed(measure, positions),
        None => Axis::even(measure, inner.start, inner.step),
    }
}

/// What a row has, in the plural.
pub fn contents(inner: &InnerAxis) -> &'static str {
    match inner.role {
        InnerRole::Frequency | InnerRole::Scale => "frequencies",
        InnerRole::Band => "bands",
        InnerRole::Frame => "frames",
        InnerRole::Lag => "lags",
        InnerRole::Velocity => "speeds",
        InnerRole::Slowness => "slownesses",
        InnerRole::Label => "labels",
    }
}

/// What a picture of it is called unless the script says; `unit` is that of the values.
pub fn title(inner: &InnerAxis, unit: &Unit, over_time: bool) -> &'static str {
    match inner.role {
        InnerRole::Frequency if over_time => "Spectrogram",
        InnerRole::Frequency => "Spectrum",
        InnerRole::Scale => "Wavelet transform",
        InnerRole::Band if is_power(unit) => "Energies of bands",
        InnerRole::Band => "Power in bands",
        InnerRole::Frame => "Frames",
        InnerRole::Lag => "Correlation",
        InnerRole::Velocity => "Beams",
        InnerRole::Slowness => "Slant stack",
        InnerRole::Label => "Model output",
    }
}

/// The values of a picture.
pub struct Values {
    pub node: NodeId,
    /// Powers, to be drawn in decibels; else values as they are.
    pub power: bool,
}

impl Values {
    /// Over frequency it is power that counts; other values stay what they are, complex ones become magnitudes.
    pub fn of(b: &mut Builder, x: NodeId, inner: &InnerAxis) -> Result<Values> {
        let power = match inner.role {
            InnerRole::Frequency | InnerRole::Scale | InnerRole::Band => true,
            InnerRole::Frame
            | InnerRole::Lag
            | InnerRole::Velocity
            | InnerRole::Slowness
            | InnerRole::Label => false,
        };
        let (unit, dtype) = (b.signal(x)?.unit.clone(), b.signal(x)?.dtype);
        let node = match (power, dtype) {
            (true, _) => powers(b, x)?,
            (false, DType::C32) => {
                let squared = squared_magnitude(b, x)?;
                b.map1(squared, unit, |x, _| x.sqrt())?
            }
            (false, _) => x,
        };
        Ok(Values { node, power })
    }
}

/// What the colours of a picture show, and the unit of their ends. `measured` is what the values were before they became powers.
pub fn quantity(b: &Builder, values: NodeId, power: bool, measured: Quantity) -> Result<(Quantity, Unit)> {
    let unit = b.signal(values)?.unit.clone();
    Ok(match power {
        true => (Quantity::new("Power", unit.symbol()), decibel()),
        false => (measured, unit),
    })
}

fn powers(b: &mut Builder, x: NodeId) -> Result<NodeId> {
    let (unit, dtype) = (b.signal(x)?.unit.clone(), b.signal(x)?.dtype);
    if dtype == DType::C32 {
        return squared_magnitude(b, x);
    }
    if unit.dimension == Dimension::LEVEL {
        // A mean of levels is no level, so they become powers for the while.
        return b.map(&[x], Unit::none(), DType::F32, |e| {
            let nepers = e.constant_of(std::f64::consts::LN_10 / 10.0, DType::F32);
            vec![(e.input(0).to(DType::F32) * nepers).exp()]
        });
    }
    if is_power(&unit) { Ok(x) } else { b.map1(x, power_unit(&unit), |x, _| x * x) }
}

/// The mean along an axis of what is known: a channel or a time of NaN is left out of the mean, not the picture.
pub fn mean(b: &mut Builder, x: NodeId, along: Role) -> Result<NodeId> {
    let (unit, float) = (b.signal(x)?.unit.clone(), b.signal(x)?.float());
    let known = b.map(&[x], unit.clone(), float, |e| {
        let x = e.input(0).to(float);
        vec![x.eq(x).select(x, e.constant_of(0.0, float))]
    })?;
    let one = b.map(&[x], Unit::none(), float, |e| {
        let x = e.input(0).to(float);
        vec![x.eq(x).select(e.constant_of(1.0, float), e.constant_of(0.0, float))]
    })?;
    let scope = if along == Role::Time { Scope::Record } else { Scope::Segment };
    let sum = b.reduce(known, along, Reduction::Sum, scope)?;
    let count = b.reduce(one, along, Reduction::Sum, scope)?;
    b.map(&[sum, count], unit, DType::F64, |e| vec![e.input(0) / e.input(1)])
}
