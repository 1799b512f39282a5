//! Order statistics of a window that moves along an axis, as in scipy.ndimage.

use dasc_ir::Result;
use dasc_ir::graph::{Builder, Edge, NodeId, WindowBody};
use dasc_ir::parameter::{AxisName, Extent};

use super::axis::role;
use super::extent::samples_up_to;

/// No window is longer.
const LONGEST: u32 = 65_535;

/// How many samples, channels or frequencies a window spans.
pub fn span(b: &Builder, x: NodeId, window: Extent, axis: AxisName) -> Result<u32> {
    let (along, most) = match axis {
        AxisName::Time => return samples_up_to(b, x, "a window", window, LONGEST),
        AxisName::Channel => ("channels", "SPATIAL_SMOOTH or COMMON_MODE take means of more"),
        AxisName::Frequency => ("frequencies", "use fewer"),
    };
    match window {
        Extent::Samples(n) if (1..=LONGEST).contains(&n) => Ok(n),
        Extent::Samples(n) => Err(b
            .diag(format!("needs a window of 1 to {LONGEST} {along}, not {n}"))
            .help(if n == 0 { "1 leaves everything as it is" } else { most })),
        Extent::Duration(_) => {
            let message = format!("needs its WINDOW as a number of {along}, not a duration");
            Err(b.diag(message).help("AXIS=time takes durations"))
        }
    }
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
