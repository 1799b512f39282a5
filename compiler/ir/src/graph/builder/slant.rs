//! Sums along lines across channels and rows: what beams and slant stacks are made of.

use super::{Builder, window_rows};
use crate::graph::NodeId;
use crate::graph::axis::{InnerAxis, TimeAxis};
use crate::graph::prim::{Edge, Prim, Role, Slant, WindowBody};
use crate::{DType, Diag, Result, Unit};

impl Builder {
    /// Sums over the channels `lo ..= hi` around each, every one at rows of its own: see [`Slant`]. `axis` says what the lines are; the
    /// result is F32 in `unit`. Beyond the first and last channel lies zero; rows exist where those up to `reach` before and after do
    /// ([`Builder::extend`] makes more). The input is a plain time series, F32 or converted to it.
    pub fn slant(
        &mut self,
        x: NodeId,
        (lo, hi): (i32, i32),
        slant: Slant,
        axis: InnerAxis,
        unit: Unit,
    ) -> Result<NodeId> {
        let x = self.convert(x, DType::F32)?;
        let mut signal = self.real(x)?.clone();
        if lo > hi || slant.shifts.is_empty() {
            return Err(Diag::compiler("slants without channels or lines"));
        }
        if signal.inner.is_some() {
            return Err(self.diag("needs a plain time series, but its input is already cut into frames"));
        }
        if signal.channel.is_none() {
            return Err(self.diag("needs a channel axis, which its input does not have"));
        }
        let time = self.time(x)?;
        let reach = i32::try_from(slant.reach)
            .map_err(|_| self.diag(format!("cannot reach {} samples", slant.reach)))?;
        let rows = time.rows.map(|a, b| window_rows(a, b, -reach, reach, 1, Edge::Valid));
        signal.time = Some(TimeAxis { rows, ..time.clone() });
        signal.inner = Some(axis);
        signal.unit = unit;
        let body = WindowBody::Slant(slant);
        self.push_checked(
            Prim::Window { along: Role::Channel, lo, hi, hop: 1, edge: Edge::Zero, body },
            vec![x],
            signal,
        )
    }
}
