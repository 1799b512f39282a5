//! Runs a plan: reads rows, moves them through kernels in chunks, and hands results to observers.
//!
//! ```text
//! let run = Run::prepare(graph, &Options::default())?;
//! run.execute(&feed, &mut observer)?;
//! ```
//! Whatever the chunk, the threads and the tiles, a row's value depends on its index alone.

mod across;
mod archive;
mod arrive;
mod backwards;
mod between;
mod block;
mod chunk;
mod cut;
mod detect;
mod edges;
mod finals;
mod flow;
mod forecast;
mod given;
mod lines;
mod map;
mod order;
mod overlap;
mod pad;
mod ranges;
mod reduce;
mod rows;
mod run;
mod segment;
mod selection;
mod session;
mod sliding;
mod spool;
mod statistics;
mod store;
mod times;
mod whole;
mod widen;
mod windows;

pub use dasc_cpu::Codegen;
pub use detect::Detection;
pub use rows::RowsView;
pub use run::{Backend, Options, Run, Stats};
pub use session::Session;
pub use statistics::StatisticView;
pub use times::PassTimes;

use std::sync::Arc;

use dasc_ir::Result;

/// Where the rows of the source come from.
pub trait Feed: Sync {
    /// How many rows from `first` on can be read now, at most `most`; waits for at least one. 0 means that the stream is over. Asked only
    /// where the graph's source has no end ([`dasc_ir::graph::Rows::From`]); its rows are then read in order.
    fn wait(&self, _first: i64, most: usize) -> Result<usize> {
        Ok(most)
    }

    /// No more rows will be asked for, because the run has failed: whoever waits for them need not. Called while another thread waits.
    fn halt(&self) {}

    /// Reads rows `first .. first + rows` of all channels, in the source's own type and native byte order, time-major:
    /// row `i` begins at byte `i * stride` of `out`.
    fn read(&self, first: i64, rows: usize, out: &mut [u8], stride: usize) -> Result<()>;

    /// All rows, if they lie in memory as [`Feed::read`] would write them. Kernels then take them from there where they can: channels in
    /// whole groups of sixteen, and nobody who looks beyond the ends.
    fn in_memory(&self) -> Option<InMemory> {
        None
    }
}

/// A record in memory, which stays as it is for as long as anyone holds it.
#[derive(Clone)]
pub struct InMemory {
    pub samples: Arc<dyn AsRef<[u8]> + Send + Sync>,
    /// The row that begins at the first byte, and bytes from one row to the next.
    pub first: i64,
    pub row: usize,
}

/// Who receives results. Every call comes from one thread, in order of rows. `output` is the position in `Graph::outputs`.
pub trait Observer {
    /// Rows of an output with a time axis, as soon as they exist.
    fn rows(&mut self, output: usize, segment: usize, rows: &RowsView) -> Result<()>;

    /// Whether rows of an output may come in ranges of channels: the same rows first of the first channels, then of those after
    /// them, up to the last, before the rows that follow ([`RowsView::first_channel`]). A row of frames that is large next to
    /// the memory given then never exists as a whole. Must not change while a run lasts.
    fn takes_ranges(&self, _output: usize) -> bool {
        false
    }

    /// An output without a time axis, once per segment.
    fn statistic(&mut self, output: usize, segment: usize, value: &StatisticView) -> Result<()>;

    /// More detections of an `Emit`, as soon as none can come before them: over the run they are ordered by segment, first row
    /// and channel, however the data was cut.
    fn detections(&mut self, output: usize, detections: Vec<Detection>) -> Result<()>;

    /// No later detection of an `Emit` begins before `row` of `segment`. The segment after the last means that there are no
    /// more.
    fn settled(&mut self, _output: usize, _segment: usize, _row: i64) -> Result<()> {
        Ok(())
    }

    /// Called after every chunk. An error stops the run: that is how Ctrl-C arrives.
    fn progress(&mut self, _stats: &Stats) -> Result<()> {
        Ok(())
    }
}
