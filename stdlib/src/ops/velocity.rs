//! Particle velocity along the fibre from what is measured instead.

use dasc_ir::graph::{Builder, NodeId, Role};
use dasc_ir::parameter::Amount;
use dasc_ir::{DType, Result, operator};

use super::Operator;
use crate::pieces::calculus::{known, trapezoid};
use crate::pieces::gradient::gradient;
use crate::pieces::motion::{Motion, motion};

operator! {
    /// Particle velocity in m/s: the derivative of displacement, the integral of acceleration, or strain times the speed of a plane wave.
    ///
    /// A plane wave that runs along the fibre at SPEED c towards larger distances moves particles at −c times the strain; a negative
    /// SPEED is a wave that comes back. Strain rate is integrated over time first, 0 at the first sample of each stretch.
    Velocity = "VELOCITY" () {
        /// Apparent speed of the wave along the fibre, in m/s or with a unit; for strain and strain rate only.
        speed: Option<Amount> = None,
    }
    formula "v[i] = (u[i+1] − u[i−1])·fs/2   of displacement u"
            "v[i] = v[i−1] + (a[i−1] + a[i]) / (2·fs),   v[0] = 0   of acceleration a"
            "v = −SPEED·ε   of strain ε";
    example "VELOCITY SPEED=3000m/s";
    reference "dascore Patch.differentiate('time') of displacement, Patch.integrate('time') of acceleration; -speed * strain (Daley et al. 2016)";
}

impl Operator for Velocity {
    fn build(&self, b: &mut Builder, x: NodeId) -> Result<NodeId> {
        let (unit, result, float) = (b.real(x)?.unit.clone(), known("m/s")?, b.real(x)?.float());
        let kind = motion(&unit);
        if let (Some(Motion::Displacement | Motion::Acceleration), Some(speed)) = (kind, &self.speed) {
            return Err(b.diag(format!("needs no SPEED for data in {unit}, but is given {speed}")).help("leave SPEED out"));
        }
        match kind {
            Some(Motion::Displacement) => {
                let rate = b.rate(x)?;
                gradient(b, x, Role::Time, 1, rate * unit.scale, result)
            }
            Some(Motion::Acceleration) => trapezoid(b, x, unit.scale, result),
            Some(Motion::Strain) => {
                let scale = -self.chosen_speed(b)? * unit.scale;
                b.map(&[x], result, float, |e| vec![(e.input(0).to(DType::F64) * e.constant(scale)).to(float)])
            }
            Some(Motion::StrainRate) => {
                let scale = -self.chosen_speed(b)? * unit.scale;
                trapezoid(b, x, scale, result)
            }
            Some(Motion::Velocity) => Err(b.diag("is given velocity already").help("leave it out")),
            Some(Motion::Phase) => Err(b
                .diag(format!("does not take phase, here in {unit}"))
                .help("write RADIANS_TO_STRAIN GAUGE=... | VELOCITY SPEED=...")),
            None => Err(b
                .diag(format!("needs displacement, acceleration, strain or strain rate, not data in {unit}"))
                .help("state the unit with UNIT=... of READ or SCALE, for example SCALE 1 UNIT=nstrain/s")),
        }
    }
}

impl Velocity {
    fn chosen_speed(&self, b: &Builder) -> Result<f64> {
        let example = "for example VELOCITY SPEED=3000m/s";
        let Some(speed) = &self.speed else {
            return Err(b.diag("needs the SPEED of the wave to make velocity of strain").help(example));
        };
        match speed.in_unit(&known("m/s")?) {
            Some(speed) if speed != 0.0 && speed.is_finite() => Ok(speed),
            _ => Err(b.diag(format!("needs a SPEED in m/s other than 0, not {speed}")).help(example)),
        }
    }
}
