//! How far the steps of a kernel will get with the rows that have arrived, before any of its blocks runs.

use dasc_compiler::plan::Binding;
use dasc_ir::graph::Edge;
use dasc_ir::kernel::BufferId;

use crate::block::{Prepared, Shared};
use crate::edges::lead_known;
use crate::flow::{FlowState, PreparedFlow};
use crate::rows::Progress;

impl PreparedFlow {
    /// How far each step of a kernel will get with what has arrived, which is the same for all its blocks, and how far
    /// the wide streams it writes.
    pub(crate) fn forecast(
        &self,
        state: &FlowState,
        number: usize,
        prepared: &Prepared,
        shared: &[Option<Shared>],
    ) -> (Vec<i64>, Vec<Option<Progress>>) {
        let mut done = state.stages[number].done.clone();
        let mut lines: Vec<Option<Line>> = (0..shared.len())
            .map(|b| self.line(prepared, state.segment, BufferId(b as u32), &shared[b], &done))
            .collect();
        for (step, writes) in prepared.writes.iter().enumerate() {
            let target = prepared.ready(step, state.segment, done[step], |b| match &lines[b.index()] {
                Some(line) => (line.progress, line.range, line.beyond.1),
                None => EVERYTHING,
            });
            done[step] = target;
            for b in writes {
                if let Some(line) = &mut lines[b.index()] {
                    line.advance(target);
                }
            }
        }
        let wide = |(line, shared): (Option<Line>, &Option<Shared>)| shared.and(line.map(|l| l.progress));
        (done, lines.into_iter().zip(shared).map(wide).collect())
    }

    /// A stream as a kernel finds it: one that all blocks share, or one that lives in each.
    fn line(
        &self,
        prepared: &Prepared,
        segment: usize,
        b: BufferId,
        shared: &Option<Shared>,
        done: &[i64],
    ) -> Option<Line> {
        if let Some(s) = shared {
            return Some(Line { progress: s.now, range: s.range, beyond: s.beyond, edge: s.edge });
        }
        let Binding::Stream(number) = prepared.stage.bindings[b.index()] else { return None };
        let stream = &self.flow.streams[number as usize];
        let range = stream.rows[segment];
        let empty = range.0 >= range.1;
        let progress = Progress { end: range.0, lead: empty, tail: empty };
        let mut line =
            Line { progress, range, beyond: prepared.looks_beyond(b, range, segment), edge: stream.edge };
        // The step that writes the stream has brought it as far as it is done itself.
        if let Some(writer) = prepared.writes.iter().position(|w| w.contains(&b)) {
            line.advance(done[writer]);
        }
        Some(line)
    }
}

/// What the readiness of a step depends on, of one stream.
struct Line {
    progress: Progress,
    range: (i64, i64),
    beyond: (i64, i64),
    edge: Edge,
}

impl Line {
    fn advance(&mut self, end: i64) {
        let lead = self.progress.lead || lead_known(self.edge, self.range, self.beyond.0, end);
        self.progress = Progress { end, lead, tail: self.progress.tail || end >= self.range.1 };
    }
}

/// A buffer that is no stream never keeps a step waiting.
pub(crate) const EVERYTHING: (Progress, (i64, i64), i64) =
    (Progress { end: i64::MAX / 4, lead: true, tail: false }, (0, 0), 0);
