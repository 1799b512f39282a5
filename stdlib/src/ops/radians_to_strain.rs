//! Strain from the phase of the light.

use std::f64::consts::PI;

use dasc_ir::graph::{Builder, NodeId};
use dasc_ir::parameter::Metres;
use dasc_ir::{DType, Result, Unit, operator};

use super::Operator;
use crate::pieces::calculus::known;

operator! {
    /// Strain from the phase of the light, strain rate from phase per second: λ / (4π n L ζ) times the phase (Lindsey et al. 2020, equation 3).
    ///
    /// Phase per metre, as some instruments store it, has been divided by the gauge length already and takes none.
    RadiansToStrain = "RADIANS_TO_STRAIN" () {
        /// Gauge length L; needed for phase that is not per metre.
        gauge: Option<Metres> = None,
        /// Wavelength λ of the laser in vacuum.
        wavelength: Metres = Metres(1550e-9),
        /// Photo-elastic constant ζ.
        stress_constant: f64 = 0.79,
        /// Refractive index n of the fibre.
        refractive_index: f64 = 1.445,
    }
    formula "ε = λ / (4π·n·L·ζ) · φ";
    example "RADIANS_TO_STRAIN GAUGE=10m";
    reference "dascore Patch.radians_to_strain(gauge_length, wave_length, stress_constant, refractive_index)";
}

impl Operator for RadiansToStrain {
    fn build(&self, b: &mut Builder, x: NodeId) -> Result<NodeId> {
        let (unit, float) = (b.real(x)?.unit.clone(), b.real(x)?.float());
        let alike = |symbol: &str| Unit::parse(symbol).is_some_and(|other| other.dimension == unit.dimension);
        let (rate, per_metre) = match () {
            () if !unit.scale.is_finite() => (false, None),
            () if alike("rad") => (false, Some(false)),
            () if alike("rad/s") => (true, Some(false)),
            () if alike("rad/m") => (false, Some(true)),
            () if alike("rad/m/s") => (true, Some(true)),
            () => (false, None),
        };
        let Some(per_metre) = per_metre else {
            return Err(b.diag(format!("needs phase in rad, rad/s, rad/m or rad/m/s, not data in {unit}")).help(
                if unit.is_none() {
                    "state the unit with UNIT=... of READ or SCALE, for example SCALE 1 UNIT=rad"
                } else {
                    "leave it out if the data is strain already; SCALE makes radians of counts"
                },
            ));
        };
        let gauge = match (self.gauge, per_metre) {
            (Some(gauge), false) => gauge.0,
            (None, true) => 1.0,
            (None, false) => {
                return Err(b
                    .diag(format!("needs the GAUGE length to make strain of data in {unit}"))
                    .help("for example RADIANS_TO_STRAIN GAUGE=10m; the file's metadata or the instrument's sheet says it"));
            }
            (Some(gauge), true) => {
                return Err(b
                    .diag(format!("needs no GAUGE for data in {unit}, which is per metre, but is given {} m", gauge.0))
                    .help("leave GAUGE out"));
            }
        };
        for (name, value, usual) in [
            ("GAUGE length in m", gauge, "10m"),
            ("WAVELENGTH in m", self.wavelength.0, "1550nm"),
            ("STRESS_CONSTANT", self.stress_constant, "0.79"),
            ("REFRACTIVE_INDEX", self.refractive_index, "1.445"),
        ] {
            if !(value.is_finite() && value > 0.0) {
                return Err(b.diag(format!("needs a {name} above 0, not {value}")).help(format!("{usual} is usual")));
            }
        }
        let factor = self.wavelength.0 / (4.0 * PI * self.refractive_index * self.stress_constant) / gauge;
        let factor = factor * unit.scale;
        let result = known(if rate { "strain/s" } else { "strain" })?;
        b.map(&[x], result, float, |e| vec![(e.input(0).to(DType::F64) * e.constant(factor)).to(float)])
    }
}
