//! Where a run stands, and how that is saved and restored.
//!
//! State is small, except for what whole-record steps keep in the temporary store: that is as large as the record and is not
//! saved. A session restored into such a run computes it again, from the start up to where it was saved, with its observer left alone.

use dasc_ir::graph::{Graph, NodeId, Prim};
use dasc_ir::{Diag, Result};

use crate::archive::{Archive, Archived};
use crate::chunk::longest;
use crate::cut::Cut;
use crate::detect::Detection;
use crate::flow::FlowState;
use crate::run::{Run, Stats};
use crate::selection::Selections;
use crate::statistics::Stored;
use crate::whole::Wholes;
use crate::{Observer, RowsView, StatisticView};

/// Where a run stands, and all it remembers.
pub struct Session {
    pub(crate) pass: usize,
    pub(crate) segment: usize,
    /// Rows of the pass's longest arriving stream that were taken of this segment.
    pub(crate) taken: i64,
    pub(crate) flow: FlowState,
    pub(crate) cut: Cut,
    pub(crate) statistics: Vec<Stored>,
    pub(crate) wholes: Wholes,
    pub(crate) selections: Selections,
    pub(crate) detections: Vec<(NodeId, Vec<Detection>)>,
    pub(crate) stats: Stats,
    /// Where a restored session has still to come by itself before it counts as going on.
    pub(crate) replay: Option<Position>,
}

/// Pass, segment, and rows taken of it.
pub(crate) type Position = (usize, usize, i64);

/// An observer that is only told of progress, while what it has seen before is computed again.
pub(crate) struct Hushed<'a>(pub &'a mut dyn Observer);

impl Observer for Hushed<'_> {
    fn rows(&mut self, _output: usize, _segment: usize, _rows: &RowsView) -> Result<()> {
        Ok(())
    }

    fn takes_ranges(&self, output: usize) -> bool {
        self.0.takes_ranges(output)
    }

    fn statistic(&mut self, _output: usize, _segment: usize, _value: &StatisticView) -> Result<()> {
        Ok(())
    }

    fn detections(&mut self, _output: usize, _detections: Vec<Detection>) -> Result<()> {
        Ok(())
    }

    fn progress(&mut self, stats: &Stats) -> Result<()> {
        self.0.progress(stats)
    }
}

impl Run {
    /// All of a session's state between two chunks.
    pub fn save(&self, session: &mut Session) -> Result<Vec<u8>> {
        let mut archive = Archive::writing();
        archive_models(&mut archive, &self.graph)?;
        let mut position = session.replay.unwrap_or((session.pass, session.segment, session.taken));
        archive_position(&mut archive, &mut position)?;
        if !self.stores_rows() {
            session.cut.archive(&mut archive)?;
            session.archive(&mut archive)?;
        }
        Ok(archive.into_bytes())
    }

    /// A session that goes on from saved state, under whatever number of threads this run has.
    pub fn restore(&self, bytes: &[u8]) -> Result<Session> {
        let mut archive = Archive::reading(bytes);
        archive_models(&mut archive, &self.graph)?;
        let mut session = self.begin();
        let mut position = (0, 0, 0);
        archive_position(&mut archive, &mut position)?;
        let (pass, segment, taken) = position;
        if pass >= self.passes.len() || segment >= self.plan.segments {
            return Err(Diag::world("the saved state belongs to another pipeline"));
        }
        if self.stores_rows() {
            if !archive.is_at_end() || taken < 0 || taken > longest(&self.plan.passes[pass], segment) {
                return Err(Diag::world("the saved state belongs to another pipeline"));
            }
            session.replay = (position != (0, 0, 0)).then_some(position);
            return Ok(session);
        }
        session.cut.archive(&mut archive)?;
        session.flow = self.passes[pass].0.begin(segment, session.cut);
        (session.pass, session.segment, session.taken) = position;
        self.hold_statistics(&mut session);
        session.archive(&mut archive)?;
        if !archive.is_at_end() {
            return Err(Diag::world("the saved state belongs to another pipeline"));
        }
        Ok(session)
    }

    /// Whether a pass leaves rows in the temporary store.
    fn stores_rows(&self) -> bool {
        self.plan.passes.iter().any(|p| !p.transforms.is_empty())
    }
}

/// What the models' files hold: under another model a run would go on with half of its numbers of either.
fn archive_models(a: &mut Archive, graph: &Graph) -> Result<()> {
    for node in &graph.nodes {
        let Prim::Call(call) = &node.prim else { continue };
        // With the hash of its file and all that its sidecar and the script say.
        let now = format!("{call:?}").into_bytes();
        let mut saved = now.clone();
        let whole = a.raw(&mut saved);
        if whole.is_err() || saved != now {
            let (name, hash) = (&call.model.name, call.model.short_hash());
            return Err(Diag::usage(format!(
                "the saved state was made with another model than '{name}' as it is now (sha256 {hash}…)"
            ))
            .at(node.span)
            .help("bring back the model's file and its sidecar, or begin anew"));
        }
    }
    Ok(())
}

fn archive_position(a: &mut Archive, (pass, segment, taken): &mut Position) -> Result<()> {
    a.usize(pass)?;
    a.usize(segment)?;
    a.i64(taken)
}

impl Session {
    /// Bytes held beside what streams and blocks hold.
    pub(crate) fn held(&self) -> usize {
        let statistics: usize = self.statistics.iter().map(Stored::held).sum();
        statistics + self.selections.held() + self.wholes.in_memory()
    }

    /// Notes where the session has come to; a replay ends at its place.
    pub(crate) fn arrived(&mut self, taken: i64) {
        self.taken = taken;
        if self.replay == Some((self.pass, self.segment, taken)) {
            self.replay = None;
        }
    }

    /// The end of a chunk that would go to `next`: a replay stops where it was saved.
    pub(crate) fn no_further(
        replay: Option<Position>,
        (pass, segment): (usize, usize),
        taken: i64,
        next: i64,
    ) -> i64 {
        match replay {
            Some((p, s, target)) if (p, s) == (pass, segment) && taken < target => next.min(target),
            Some(_) | None => next,
        }
    }
}

impl Archived for Session {
    fn archive(&mut self, a: &mut Archive) -> Result<()> {
        let mut done = self.stats.rows_done as i64;
        a.i64(&mut done)?;
        self.stats.rows_done = done as u64;
        self.flow.archive(a)?;
        a.each(&mut self.statistics)?;
        self.selections.archive(a)?;
        let mut tables = self.detections.len();
        a.usize(&mut tables)?;
        if a.is_reading() {
            self.detections = (0..tables.min(1 << 16)).map(|_| (NodeId(0), Vec::new())).collect();
        }
        for (node, list) in &mut self.detections {
            let mut number = i64::from(node.0);
            a.i64(&mut number)?;
            *node = NodeId(number as u32);
            let mut pairs: Vec<(u32, Detection)> = list.drain(..).map(|d| (0, d)).collect();
            a.list(&mut pairs, || {
                (0, Detection { segment: 0, channel: 0, first: 0, last: 0, peak: 0, level: 0.0 })
            })?;
            *list = pairs.into_iter().map(|(_, d)| d).collect();
        }
        Ok(())
    }
}
