//! Order statistics of a window that moves along an axis, as in scipy.ndimage.

use dasc_ir::Result;
use dasc_ir::graph::{Builder, Edge, NodeId, WindowBody};
use dasc_ir::parameter::{AxisName, Extent};

use super::axis::role;
use super::extent::samples;

/// No window is longer.
const LONGEST: u32 = 65_535;

/// How many samples, channels or frequencies a window spans.
pub fn span(b: &Builder, x: NodeId, window: Extent, axis: AxisName) -> Result<u32> {
    let n = match (axis, window) {
        (AxisName::Time, window) => samples(b, x, "a window", window)?,
        (AxisName::Channel | AxisName::Frequency, Extent::Samples(n)) => n,
        (AxisName::Channel | AxisName::Frequency, Extent::Duration(_)) => {
            let along = if axis == AxisName::Channel { "channels" } else { "frequencies" };
            let message = format!("needs its WINDOW as a number of {along}, not a duration");
            return Err(b.diag(message).help("AXIS=time takes durations"));
        }
    };
    if (1..=LONGEST).contains(&n) {
        return Ok(n);
    }
    let help = if n == 0 { "use 1" } else { "STACK or DECIMATE first for a longer one" };
    Err(b.diag(format!("needs a window of 1 to {LONGEST} samples, not {n}")).help(help))
}

/// The value that `rank` others of the window of `n` around each are before. An even window reaches one further back than ahead; beyond the
/// ends the data is mirrored.
pub fn ranked(b: &mut Builder, x: NodeId, axis: AxisName, n: u32, rank: u32) -> Result<NodeId> {
    let (unit, float) = (b.real(x)?.unit.clone(), b.real(x)?.float());
    let back = (n / 2) as i32;
    let taps = (-back, n as i32 - 1 - back);
    let x = b.convert(x, float)?;
    b.window(x, role(axis), taps, 1, Edge::Reflect, WindowBody::Rank(rank), unit, float)
}
