//! Arithmetic among statistics, when the pass that made them known is over.

use dasc_compiler::plan::Place;
use dasc_ir::{Diag, Result};

use crate::cut::Cut;
use crate::flow::PreparedFlow;
use crate::rows::RowsView;
use crate::run::Run;
use crate::statistics::Stored;

impl Run {
    /// Arithmetic among statistics, as a flow of single rows. Answers how many bytes it held.
    pub(crate) fn run_finals(
        &self,
        finals: &PreparedFlow,
        segment: usize,
        statistics: &mut [Stored],
    ) -> Result<usize> {
        if finals.stages.is_empty() {
            return Ok(0);
        }
        let mut state = finals.begin(segment, Cut::WIDEST);
        for (number, stream) in finals.flow.streams.iter().enumerate() {
            if let Place::Statistic(statistic) = stream.place {
                let stored = &statistics[statistic as usize];
                let (from, to) =
                    (stored.lane_stride() * stream.element(), stream.lane_stride() * stream.element());
                let row = stream.channels as usize * stream.element();
                let bytes = stored.bytes(segment);
                finals.arrive(&mut state, number, 1, |_, _, out, _| {
                    for part in 0..(stream.inner * stream.planes) as usize {
                        out[part * to..part * to + row]
                            .copy_from_slice(&bytes[part * from..part * from + row]);
                    }
                    Ok(())
                })?;
            }
        }
        let mut nobody = |_: usize, _: &RowsView| Ok(());
        let mut ranges = self.ranges(&[], &mut nobody);
        finals.advance(&mut state, (&self.graph, &self.pool), statistics, &mut ranges)?;
        for &(stream, statistic) in &finals.flow.exports {
            let declared = &finals.flow.streams[stream as usize];
            let rows = state.wide[stream as usize]
                .as_ref()
                .ok_or_else(|| Diag::compiler("run: a final without rows"))?;
            let view = rows.view(0, 1, declared.dtype, declared.channels as usize);
            let stored = &mut statistics[statistic as usize];
            let to = stored.lane_stride() * declared.element();
            let bytes = stored.bytes_mut(segment);
            for inner in 0..declared.inner as usize {
                for plane in 0..declared.planes as usize {
                    let lanes = view.lanes(0, inner, plane);
                    let at = (inner * declared.planes as usize + plane) * to;
                    bytes[at..at + lanes.len()].copy_from_slice(lanes);
                }
            }
        }
        Ok(state.held())
    }
}
