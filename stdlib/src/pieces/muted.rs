//! Channels that MUTE took out, left out of what mixes channels.

use dasc_ir::Result;
use dasc_ir::graph::expr::Writer;
use dasc_ir::graph::{Builder, NodeId, Role, Scalar};

/// The channels that were not taken out: `x` itself if all are there.
pub fn remaining(b: &mut Builder, x: NodeId) -> Result<NodeId> {
    let muted = b.muted_channels(x)?;
    let channels = b.signal(x)?.channels();
    if muted.is_empty() || muted.len() == channels as usize {
        return Ok(x);
    }
    b.gather(x, (0..channels).filter(|c| muted.binary_search(c).is_err()).collect())
}

/// Half-open stretches of neighbouring positions, which ascend.
pub fn stretches(positions: &[u32]) -> Vec<(u32, u32)> {
    let mut found: Vec<(u32, u32)> = Vec::new();
    for &position in positions {
        match found.last_mut() {
            Some((_, end)) if *end == position => *end += 1,
            _ => found.push((position, position.saturating_add(1))),
        }
    }
    found
}

/// Whether the channel at hand lies in one of the stretches; `None` if there are none.
pub fn within<'a>(e: &'a Writer, stretches: &[(u32, u32)]) -> Option<Scalar<'a>> {
    let at = e.index(Role::Channel);
    let inside = stretches
        .iter()
        .map(|&(from, to)| at.ge(e.constant(f64::from(from))).and(at.lt(e.constant(f64::from(to)))));
    inside.reduce(|a, b| a.or(b))
}
