//! Strain rate from what is measured instead.

use dasc_ir::graph::{Builder, NodeId, Role};
use dasc_ir::{Result, operator};

use super::Operator;
use crate::pieces::calculus::{known, per};
use crate::pieces::distance::even_spacing;
use crate::pieces::gradient::gradient;
use crate::pieces::motion::{Motion, half_step, motion};

operator! {
    /// Strain rate: the derivative of velocity along the fibre, or of strain over time, by central differences.
    ///
    /// Velocity needs evenly spaced channels; the gauge length that results is MULTIPLE times their spacing. At the ends the parabola
    /// through the nearest three samples is taken, so the shape stays.
    StrainRate = "STRAIN_RATE" () {
        /// The length over which velocity is compared, in channel spacings; even.
        multiple: u32 = 2,
    }
    formula "ε̇[c] = (v[c+m] − v[c−m]) / (2m·spacing),   m = MULTIPLE/2   of velocity v"
            "ε̇[i] = (ε[i+1] − ε[i−1])·fs/2   of strain ε";
    example "STRAIN_RATE";
    reference "dascore Patch.velocity_to_strain_rate(step_multiple=multiple); Patch.differentiate('time') of strain";
}

impl Operator for StrainRate {
    fn build(&self, b: &mut Builder, x: NodeId) -> Result<NodeId> {
        let unit = b.real(x)?.unit.clone();
        match motion(&unit) {
            Some(Motion::Velocity) => {
                let step = half_step(b, self.multiple)?;
                let scale = unit.scale / even_spacing(b, x)?;
                gradient(b, x, Role::Channel, step, scale, known("strain/s")?)
            }
            Some(Motion::Strain) => {
                let rate = b.rate(x)?;
                gradient(b, x, Role::Time, 1, rate, per(&unit, "s")?)
            }
            Some(Motion::StrainRate) => Err(b.diag("is given strain rate already").help("leave it out")),
            Some(Motion::Displacement) => {
                Err(b.diag(format!("does not take displacement, here in {unit}")).help("write VELOCITY | STRAIN_RATE"))
            }
            Some(Motion::Acceleration) => {
                Err(b.diag(format!("does not take acceleration, here in {unit}")).help("write VELOCITY | STRAIN_RATE"))
            }
            Some(Motion::Phase) => Err(b
                .diag(format!("does not take phase, here in {unit}"))
                .help("RADIANS_TO_STRAIN GAUGE=... first; of rad/s that is strain rate already")),
            None => Err(b
                .diag(format!("needs velocity or strain, not data in {unit}"))
                .help("state the unit with UNIT=... of READ or SCALE, for example SCALE 1 UNIT=m/s")),
        }
    }
}
