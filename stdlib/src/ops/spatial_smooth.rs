//! Running mean over channels.

use dasc_ir::graph::{Builder, Edge, NodeId, Reduction, Role, WindowBody};
use dasc_ir::{DType, Result, Unit, choice, operator};

use super::Operator;
use crate::pieces::muted::{stretches, within};

choice! {
    /// What lies beyond the first and last channel, in the words of scipy.ndimage.
    Mode { Reflect = "reflect", Nearest = "nearest", Mirror = "mirror", Zero = "zero" }
}

/// As many channels as any instrument has.
const WIDEST: u32 = 65_535;

operator! {
    /// The mean over neighbouring channels at each time. A window of even length reaches one channel further back than ahead.
    ///
    /// Channels that MUTE took out count for nothing: the mean is over the others in the window, and they stay NaN themselves.
    SpatialSmooth = "SPATIAL_SMOOTH" (
        /// How many channels, 1 to 65535.
        channels: u32,
    ) {
        /// Beyond the ends: `reflect` (d c b a | a b c d | d c b a), `nearest` (a a a | a b c d), `mirror` (d c b | a b c d | c b a) or `zero`.
        mode: Mode = Mode::Reflect,
    }
    formula "y[c] = (1/n) Σ_{k<n} x[c − ⌊n/2⌋ + k]";
    example "SPATIAL_SMOOTH 5";
    reference "scipy.ndimage.uniform_filter1d(x, channels, axis=1, mode=mode); zero is its mode='constant'";
}

impl Operator for SpatialSmooth {
    fn build(&self, b: &mut Builder, x: NodeId) -> Result<NodeId> {
        let n = self.channels;
        if n == 0 || n > WIDEST {
            return Err(b
                .diag(format!("needs a window of 1 to {WIDEST} channels, not {n}"))
                .help("COMMON_MODE and MEAN AXIS=channel take all channels together"));
        }
        let (unit, float) = (b.real(x)?.unit.clone(), b.real(x)?.float());
        let edge = match self.mode {
            Mode::Reflect => Edge::Reflect,
            Mode::Nearest => Edge::Nearest,
            Mode::Mirror => Edge::Mirror,
            Mode::Zero => Edge::Zero,
        };
        let back = (n / 2) as i32;
        let taps = (-back, (n - 1 - n / 2) as i32);
        let fold = |b: &mut Builder, x: NodeId, unit: Unit| {
            b.window(x, Role::Channel, taps, 1, edge, WindowBody::Fold(Reduction::Sum), unit, DType::F64)
        };
        let muted = stretches(&b.muted_channels(x)?);
        if muted.is_empty() {
            let sum = fold(b, x, unit.clone())?;
            return b.map(&[sum], unit, float, |e| vec![(e.input(0) / e.constant(f64::from(n))).to(float)]);
        }
        let present = b.map(&[x], unit.clone(), float, |e| {
            let x = e.input(0).to(float);
            let zero = e.constant_of(0.0, float);
            vec![within(e, &muted).map_or(x, |out| out.select(zero, x))]
        })?;
        let missing = b.map(&[x], Unit::none(), DType::F32, |e| {
            let (zero, one) = (e.constant_of(0.0, DType::F32), e.constant_of(1.0, DType::F32));
            vec![within(e, &muted).map_or(zero, |out| out.select(one, zero))]
        })?;
        let (sum, missing) = (fold(b, present, unit.clone())?, fold(b, missing, Unit::none())?);
        b.map(&[sum, missing], unit, float, |e| {
            let mean = e.input(0) / (e.constant(f64::from(n)) - e.input(1));
            vec![within(e, &muted).map_or(mean, |out| out.select(e.constant(f64::NAN), mean)).to(float)]
        })
    }
}
