//! How much of a record is taken at once, and whether that stays within the memory given.

use dasc_compiler::plan::{Pass, Place, Stream};

use crate::run::{Run, Stats};
use crate::session::Session;

impl Run {
    /// Notes what is held beside these `working` bytes.
    pub(crate) fn note_held(&self, session: &mut Session, working: usize) {
        let held = working + session.held() + self.spare.held();
        session.stats.peak_held = session.stats.peak_held.max(held);
        session.stats.over_budget = session.stats.peak_held > self.memory();
    }

    /// Says when a run is over that it held more than the memory given.
    pub(crate) fn mind_the_budget(&self, stats: &mut Stats) {
        if stats.over_budget {
            let [held, given] = [stats.peak_held, self.memory()].map(|bytes| bytes as f64 / 1e6);
            stats.warnings.push(format!(
                "the pipeline held up to {held:.1} MB, more than the {given:.1} MB given: long windows and frames, spectra of whole \
                 records, and rows over all channels where channels are mixed or a sink takes whole rows need what they \
                 need; shorter frames or fewer channels need less, and WRITE to a .npy file takes rows a range of channels at a time"
            ));
        }
    }

    pub(crate) fn memory(&self) -> usize {
        self.options.budget()
    }

    /// Source rows per chunk: as asked, or what the memory allows, within sizes that suit the caches.
    pub(crate) fn chunk_rows(&self, pass: &Pass) -> usize {
        if let Some(rows) = self.options.chunk {
            return rows.max(1);
        }
        let memory = self.memory();
        let longest = (0..self.plan.segments).map(|s| longest(pass, s)).max().unwrap_or(1).max(1) as f64;
        // Bytes that one source row becomes in all wide streams, twice over for history and growth.
        let row: f64 = pass
            .flow
            .streams
            .iter()
            .filter(|s| s.place != Place::Scratch)
            .map(|s| {
                let rows: i64 = s.rows.iter().map(|r| r.1 - r.0).max().unwrap_or(0);
                (s.row_len() * s.element()) as f64 * (rows as f64 / longest)
            })
            .sum::<f64>()
            .max(1.0);
        let fits = memory as f64 / 4.0 / row;
        let cached = (8 << 20) as f64 / row;
        (fits.min(cached.max(256.0)).min(65_536.0) as usize).max(1)
    }
}

/// Rows of the longest stream that arrives in a pass.
pub(crate) fn longest(pass: &Pass, segment: usize) -> i64 {
    let arrives = |s: &&Stream| matches!(s.place, Place::Source | Place::Spool(_));
    pass.flow
        .streams
        .iter()
        .filter(arrives)
        .map(|s| (s.rows[segment].1 - s.rows[segment].0).max(0))
        .max()
        .unwrap_or(0)
}

/// Row of a stream `start .. stop` that lies as far along as `taken` of `length`.
pub(crate) fn share(start: i64, stop: i64, taken: i64, length: i64) -> i64 {
    let rows = i128::from((stop - start).max(0));
    start + (rows * i128::from(taken) / i128::from(length.max(1))) as i64
}
