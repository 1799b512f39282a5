//! Strain from what is measured instead.

use dasc_ir::graph::{Builder, NodeId, Role};
use dasc_ir::{Result, operator};

use super::Operator;
use crate::pieces::calculus::{known, times, trapezoid};
use crate::pieces::distance::even_spacing;
use crate::pieces::gradient::gradient;
use crate::pieces::motion::{Motion, half_step, motion};

operator! {
    /// Strain: the integral of strain rate over time, 0 at the first sample of each stretch, or the derivative of displacement along the fibre.
    ///
    /// An offset of the strain rate becomes a ramp: HIGHPASS first. Displacement in metres needs evenly spaced channels. Phase becomes
    /// strain by RADIANS_TO_STRAIN, velocity by `STRAIN_RATE | STRAIN`.
    Strain = "STRAIN" () {
        /// The length over which displacement is compared, in channel spacings; even.
        multiple: u32 = 2,
    }
    formula "ε[i] = ε[i−1] + (ε̇[i−1] + ε̇[i]) / (2·fs),   ε[0] = 0   of strain rate ε̇"
            "ε[c] = (u[c+m] − u[c−m]) / (2m·spacing),   m = MULTIPLE/2   of displacement u";
    example "STRAIN";
    reference "dascore Patch.integrate('time') of strain rate; Patch.differentiate('distance', step=multiple//2) of displacement";
}

impl Operator for Strain {
    fn build(&self, b: &mut Builder, x: NodeId) -> Result<NodeId> {
        let unit = b.real(x)?.unit.clone();
        match motion(&unit) {
            Some(Motion::StrainRate) => trapezoid(b, x, 1.0, times(&unit, "s")?),
            Some(Motion::Displacement) => {
                let step = half_step(b, self.multiple)?;
                let scale = unit.scale / even_spacing(b, x)?;
                gradient(b, x, Role::Channel, step, scale, known("strain")?)
            }
            Some(Motion::Strain) => Err(b.diag("is given strain already").help("leave it out")),
            Some(Motion::Velocity) => {
                Err(b.diag(format!("does not take velocity, here in {unit}")).help("write STRAIN_RATE | STRAIN"))
            }
            Some(Motion::Acceleration) => Err(b
                .diag(format!("does not take acceleration, here in {unit}"))
                .help("write VELOCITY | STRAIN_RATE | STRAIN")),
            Some(Motion::Phase) => {
                Err(b.diag(format!("does not take phase, here in {unit}")).help("RADIANS_TO_STRAIN GAUGE=... does"))
            }
            None => Err(b
                .diag(format!("needs strain rate or displacement, not data in {unit}"))
                .help("state the unit with UNIT=... of READ or SCALE, for example SCALE 1 UNIT=nstrain/s")),
        }
    }
}
