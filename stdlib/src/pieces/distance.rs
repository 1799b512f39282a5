//! Distances along the fibre, where a length in metres decides.

use dasc_ir::Result;
use dasc_ir::graph::{Builder, NodeId};

/// Metres from one channel to the next. Refuses surveyed positions and channels that lie nowhere.
pub fn even_spacing(b: &Builder, x: NodeId) -> Result<f64> {
    let axis = b.signal(x)?.channel.as_ref();
    let axis = axis.ok_or_else(|| b.diag("needs a channel axis, which its input does not have"))?;
    if axis.positions.is_some() {
        return Err(b
            .diag("needs evenly spaced channels, but their positions are surveyed or were picked one by one")
            .help("apply it before channels are picked, or leave the survey out of READ"));
    }
    if axis.spacing == 0.0 || !axis.spacing.is_finite() {
        return Err(b
            .diag(format!("needs the distance between channels, which is {} m here", axis.spacing))
            .help("state it with DX=... of READ"));
    }
    Ok(axis.spacing)
}
