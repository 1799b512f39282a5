//! Channels that were taken out and hold NaN: operators that mix channels may ask for them and leave them out.

use std::collections::BTreeSet;

use super::Builder;
use crate::Result;
use crate::graph::NodeId;

/// Numbers of the channels taken out, and whether the step being built asked for them.
#[derive(Debug, Default)]
pub(super) struct Muted {
    numbers: BTreeSet<i64>,
    asked: bool,
}

impl Builder {
    /// Says which channels, by number, the next steps find taken out.
    pub fn set_muted(&mut self, numbers: BTreeSet<i64>) {
        self.muted = Muted { numbers, asked: false };
    }

    /// The channels still taken out, and whether a step asked for them since [`Builder::set_muted`].
    pub fn take_muted(&mut self) -> (BTreeSet<i64>, bool) {
        let Muted { numbers, asked } = std::mem::take(&mut self.muted);
        (numbers, asked)
    }

    /// Positions of the channels of `x` that were taken out, ascending. Who asks has to leave them out of what it computes.
    pub fn muted_channels(&mut self, x: NodeId) -> Result<Vec<u32>> {
        self.muted.asked = true;
        let Some(axis) = &self.signal(x)?.channel else { return Ok(Vec::new()) };
        Ok((0..axis.len).filter(|position| self.muted.numbers.contains(&axis.number(*position))).collect())
    }

    /// Says that channels of `x`, by position, are taken out from here on; they must hold NaN.
    pub fn mute(&mut self, x: NodeId, positions: &[u32]) -> Result<()> {
        if let Some(axis) = self.signal(x)?.channel.clone() {
            self.muted.numbers.extend(positions.iter().map(|position| axis.number(*position)));
        }
        Ok(())
    }

    /// Says that channels of `x`, by position, hold samples again.
    pub fn unmute(&mut self, x: NodeId, positions: &[u32]) -> Result<()> {
        if let Some(axis) = self.signal(x)?.channel.clone() {
            self.muted.numbers.retain(|number| !positions.iter().any(|p| axis.number(*p) == *number));
        }
        Ok(())
    }
}
