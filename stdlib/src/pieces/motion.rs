//! Which physical quantity data is, told by its unit.

use dasc_ir::graph::Builder;
use dasc_ir::{Result, Unit};

/// What a fibre or a sensor beside it measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Motion {
    Strain,
    StrainRate,
    Displacement,
    Velocity,
    Acceleration,
    /// Of the light, as such or per second or metre.
    Phase,
}

/// `None` for a unit that is none of these.
pub fn motion(unit: &Unit) -> Option<Motion> {
    let kinds = [
        ("strain", Motion::Strain),
        ("strain/s", Motion::StrainRate),
        ("m", Motion::Displacement),
        ("m/s", Motion::Velocity),
        ("m/s^2", Motion::Acceleration),
        ("rad", Motion::Phase),
        ("rad/s", Motion::Phase),
        ("rad/m", Motion::Phase),
        ("rad/m/s", Motion::Phase),
    ];
    let alike = |symbol: &str| Unit::parse(symbol).is_some_and(|other| other.dimension == unit.dimension);
    let known = unit.scale.is_finite();
    kinds.into_iter().find(|(symbol, _)| known && alike(symbol)).map(|(_, kind)| kind)
}

/// Half of an even number of channel spacings: how far a central difference reaches to either side.
pub fn half_step(b: &Builder, multiple: u32) -> Result<u32> {
    if multiple == 0 || !multiple.is_multiple_of(2) {
        let usual = format!("use {}", multiple.saturating_add(1));
        return Err(b
            .diag(format!("needs an even MULTIPLE of the channel spacing, not {multiple}"))
            .help(if multiple == 0 { "2 is usual".to_string() } else { usual }));
    }
    Ok(multiple / 2)
}
