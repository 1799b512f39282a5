//! Levels: whether data is an amplitude or a power, what a decibel is measured against, and the level itself.

use dasc_ir::graph::{Builder, Edge, NodeId, Reduction, Role, Scope, WindowBody};
use dasc_ir::parameter::{Extent, Reference};
use dasc_ir::{DType, Dimension, Result, Unit};

use super::extent::{samples, whole_record};

/// A real, non-negative level with what it is: 20 dB are a factor of ten of an amplitude, 10 dB of a power.
#[derive(Clone, Copy, Debug)]
pub struct Level {
    pub node: NodeId,
    pub power: bool,
}

impl Level {
    /// The magnitude of an amplitude, a power itself, the squared magnitude of complex data.
    pub fn of(b: &mut Builder, x: NodeId) -> Result<Level> {
        let (unit, dtype) = (b.signal(x)?.unit.clone(), b.signal(x)?.dtype);
        if dtype == DType::C32 {
            return Ok(Level { node: squared_magnitude(b, x)?, power: true });
        }
        if is_power(&unit) {
            let float = b.signal(x)?.float();
            return Ok(Level { node: b.convert(x, float)?, power: true });
        }
        Ok(Level { node: b.map1(x, unit, |x, _| x.abs())?, power: false })
    }

    /// The largest over what lies within a row, if anything does: after STFT, over frequency.
    pub fn largest_within_row(self, b: &mut Builder) -> Result<Level> {
        if b.signal(self.node)?.inner.is_none() {
            return Ok(self);
        }
        Ok(Level { node: b.reduce(self.node, Role::Inner, Reduction::Max, Scope::Segment)?, ..self })
    }

    /// The level in decibel against a reference; −∞ where it is 0, and where `noise` has not yet filled its window.
    pub fn decibels(self, b: &mut Builder, reference: &Reference) -> Result<NodeId> {
        let ratio = self.ratio(b, reference)?;
        let float = b.real(ratio)?.float();
        let per_neper = if self.power { 10.0 } else { 20.0 } / std::f64::consts::LN_10;
        b.map(&[ratio], decibel(), float, |e| vec![(e.input(0).log() * e.constant(per_neper)).to(float)])
    }

    /// The level divided by a reference; 0 where `noise` has not yet filled its window.
    pub fn ratio(self, b: &mut Builder, reference: &Reference) -> Result<NodeId> {
        let float = b.real(self.node)?.float();
        let level = self.node;
        match reference {
            Reference::Level(value, unit) => {
                let value = match unit {
                    Some(unit) => self.in_data_unit(b, *value, unit)?,
                    None => *value,
                };
                if !(value > 0.0 && value.is_finite()) {
                    return Err(b.diag(format!("needs a positive REF, not {value}")));
                }
                if value == 1.0 {
                    return Ok(level);
                }
                b.map(&[level], Unit::none(), float, |e| vec![(e.input(0) / e.constant(value)).to(float)])
            }
            Reference::Max => {
                whole_record(b, level, "REF=noise(10s) measures against what went before, which streams")?;
                // A dead channel of NaN is no reason to lose the others; a level is at least 0.
                let unit = b.signal(level)?.unit.clone();
                let known = b.map(&[level], unit, float, |e| {
                    let x = e.input(0).to(float);
                    vec![x.eq(x).select(x, e.constant_of(0.0, float))]
                })?;
                let mut largest = b.reduce(known, Role::Time, Reduction::Max, Scope::Record)?;
                if b.signal(largest)?.inner.is_some() {
                    largest = b.reduce(largest, Role::Inner, Reduction::Max, Scope::Record)?;
                }
                if b.signal(largest)?.channel.is_some() {
                    largest = b.reduce(largest, Role::Channel, Reduction::Max, Scope::Record)?;
                }
                b.map(&[level, largest], Unit::none(), float, |e| {
                    vec![(e.input(0).to(DType::F64) / e.input(1)).to(float)]
                })
            }
            Reference::Noise(seconds) => {
                let n = samples(b, level, "a noise window", Extent::Duration(*seconds))?;
                let sum = self.preceding_sum(b, n)?;
                let power = self.power;
                b.map(&[level, sum], Unit::none(), float, |e| {
                    let count = e.constant(f64::from(n));
                    let mean = e.input(1) / count;
                    let noise = if power { mean } else { mean.sqrt() };
                    let filled = e.index(Role::Time).ge(count);
                    let ratio = e.input(0).to(DType::F64) / noise;
                    vec![filled.select(ratio, e.constant(0.0)).to(float)]
                })
            }
        }
    }

    /// Sum of the power over the `n` rows before each row, that row excluded.
    fn preceding_sum(self, b: &mut Builder, n: u32) -> Result<NodeId> {
        let (unit, power) = (b.signal(self.node)?.unit.clone(), self.power);
        let squares = b.map(&[self.node], unit.clone(), DType::F64, |e| {
            let x = e.input(0).to(DType::F64);
            vec![if power { x } else { x * x }]
        })?;
        let taps = (-(n as i32), -1);
        let body = WindowBody::Fold(Reduction::Sum);
        b.window(squares, Role::Time, taps, 1, Edge::Zero, body, unit, DType::F64)
    }

    /// A value with a unit in the unit of this level; for a power an amplitude will do, and is squared.
    pub fn in_data_unit(self, b: &Builder, value: f64, unit: &Unit) -> Result<f64> {
        let own = &b.signal(self.node)?.unit;
        if let Some(value) = unit.convert(value, own) {
            return Ok(value);
        }
        let root = own.sqrt();
        if self.power
            && root.squared().dimension == own.dimension
            && let Some(value) = unit.convert(value, &root)
        {
            return Ok(value * value);
        }
        let help = format!("give the value in {own}");
        Err(b.diag(format!("cannot compare data in {own} with a value in {unit}")).help(help))
    }
}

/// `re² + im²`, a power.
pub fn squared_magnitude(b: &mut Builder, x: NodeId) -> Result<NodeId> {
    let unit = power_unit(&b.signal(x)?.unit);
    b.map(&[x], unit, DType::F32, |e| {
        let (re, im) = (e.input(0).to(DType::F64), e.imaginary(0).to(DType::F64));
        vec![re.fma(re, im * im).to(DType::F32)]
    })
}

/// Whether a unit is that of a power: a square (`strain^2`, `1^2`) or a square per hertz. `m/s^2` is neither.
pub fn is_power(unit: &Unit) -> bool {
    let symbol = unit.symbol();
    let (density, symbol) = match symbol.strip_suffix("/Hz") {
        Some(rest) => (true, rest),
        None => (false, symbol),
    };
    let Some(hertz) = Unit::parse("Hz") else { return false };
    let square = if density { unit.times(&hertz) } else { unit.clone() };
    let even = square.sqrt().squared().dimension == square.dimension;
    symbol.ends_with("^2") && even || symbol.is_empty() && density
}

/// The unit of a square, which for a pure number still says that it is one.
pub fn power_unit(unit: &Unit) -> Unit {
    match Unit::parse("1^2") {
        Some(square) if unit.is_none() && unit.dimension == Dimension::NONE => square,
        _ => unit.squared(),
    }
}

pub fn decibel() -> Unit {
    Unit::parse("dB").unwrap_or_else(Unit::none)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn squares_are_powers_and_accelerations_are_not() {
        let unit = |text: &str| Unit::parse(text).unwrap();
        for text in ["nstrain/s", "m/s^2", "rad", "dB", "Hz"] {
            assert!(!is_power(&unit(text)), "{text}");
            assert!(is_power(&power_unit(&unit(text))), "{text} squared");
            assert!(is_power(&power_unit(&unit(text)).per(&unit("Hz"))), "density of {text}");
        }
        assert!(!is_power(&Unit::none()) && is_power(&power_unit(&Unit::none())));
        assert!(is_power(&power_unit(&Unit::opaque("furlong"))));
    }
}
