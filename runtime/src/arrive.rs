//! How rows come into a flow: written into its memory, taken with the memory they came in, or read where they lie.

use dasc_ir::{Diag, Result};

use crate::between::Between;
use crate::flow::{FlowState, PreparedFlow, PreparedStage, publish};
use crate::pad::Bytes;
use crate::rows::{Lent, Rows};

impl PreparedFlow {
    /// Lets rows up to `end` of an arriving stream in; `fill` writes them (first row, rows, memory, stride).
    pub fn arrive(
        &self,
        state: &mut FlowState,
        number: usize,
        end: i64,
        fill: impl FnOnce(i64, usize, &mut [u8], usize) -> Result<()>,
    ) -> Result<()> {
        let keep = self.needed_from(state, number);
        let stream = &self.flow.streams[number];
        let rows = arriving(state, number)?;
        let from = rows.progress.end;
        if end > from {
            rows.reserve(end, keep);
            let (stride, skip) = (rows.layout.row(), rows.layout.lane_pad * rows.layout.element);
            fill(from, (end - from) as usize, &mut rows.bytes_mut(from, end)[skip..], stride)?;
        }
        publish(rows, stream, end);
        Ok(())
    }

    /// Takes rows up to `end` of an arriving stream in the memory they came in ([`Rows::take`]); answers memory that is free.
    pub fn take(
        &self,
        state: &mut FlowState,
        number: usize,
        end: i64,
        (arrived, room): (Bytes, i64),
    ) -> Result<Bytes> {
        let keep = self.needed_from(state, number);
        let rows = arriving(state, number)?;
        let spare = if end > rows.progress.end { rows.take(arrived, room, end, keep) } else { arrived };
        publish(rows, &self.flow.streams[number], end);
        Ok(spare)
    }

    /// Whether those who read an arriving stream can do so wherever its rows lie: kernels that look at no rows and channels beyond it. One
    /// that is turned round keeps its rows itself.
    pub fn lendable(&self, number: usize, segment: usize) -> bool {
        let stream = &self.flow.streams[number];
        let by_rows = self.stages.iter().any(|stage| match stage {
            PreparedStage::Kernel(_) => false,
            PreparedStage::Between(Between { input, .. }) | PreparedStage::Call { input, .. } => {
                *input == number
            }
        });
        !by_rows
            && !self.turned[number]
            && stream.lane_reach == 0
            && self.looks_beyond(number, stream.rows[segment], segment) == (0, 0)
    }

    /// Takes rows up to `end` of an arriving stream where they lie.
    pub fn lend(&self, state: &mut FlowState, number: usize, end: i64, lent: &Lent) -> Result<()> {
        let keep = self.needed_from(state, number);
        let rows = arriving(state, number)?;
        rows.lend(lent, keep);
        publish(rows, &self.flow.streams[number], end);
        Ok(())
    }
}

/// An arriving stream's rows.
fn arriving(state: &mut FlowState, number: usize) -> Result<&mut Rows> {
    state.wide[number].as_mut().ok_or_else(|| Diag::compiler("run: an arriving stream without rows"))
}
