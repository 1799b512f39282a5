//! Rows handed out a range of channels at a time: where nobody reads a stream but observers that take such ranges, there is
//! never memory for all channels of its rows.

use dasc_compiler::plan::{Binding, Place, Stream, WholeInput};
use dasc_ir::Result;
use dasc_ir::graph::Edge;
use dasc_ir::kernel::{BufferAt, BufferId, LANES};

use crate::Observer;
use crate::between::Between;
use crate::block::Prepared;
use crate::flow::{PreparedFlow, PreparedStage};
use crate::rows::{Layout, Progress, Rows, RowsView};
use crate::run::Run;

/// Which streams of a flow pass in ranges of channels, and who takes them.
pub(crate) struct Ranges<'a> {
    /// Which streams may pass so; empty if none does.
    pub streams: &'a [bool],
    /// Bytes of new rows above which they do.
    pub large: usize,
    /// Bytes that one range may take.
    pub room: usize,
    /// Takes rows of a stream.
    pub give: &'a mut dyn FnMut(usize, &RowsView) -> Result<()>,
}

/// The ranges of one kernel in one go: the rows that come next of the streams it hands out, of some of its blocks.
pub(crate) struct Passing {
    /// Buffer and stream of the kernel, with the rows that come next and the memory for those of one range.
    streams: Vec<(usize, usize, Rows)>,
    /// Blocks in a range.
    pub blocks: usize,
}

/// Rows that come at once and are larger than this share of the memory given are handed out in ranges.
const LARGE: usize = 16;
/// The share that one range may take.
const ROOM: usize = 8;

impl Run {
    /// Rows of these streams in ranges of channels, where many come at once.
    pub(crate) fn ranges<'a>(
        &self,
        streams: &'a [bool],
        give: &'a mut dyn FnMut(usize, &RowsView) -> Result<()>,
    ) -> Ranges<'a> {
        let memory = self.memory();
        Ranges { streams, large: memory / LARGE, room: memory / ROOM, give }
    }

    /// The streams of a pass whose rows are read by nobody but observers that take ranges of channels.
    pub(crate) fn in_ranges(&self, pass: usize, observer: &dyn Observer) -> Vec<bool> {
        let flow = &self.passes[pass].0;
        let (wholes, selections) = (&self.plan.passes[pass].transforms, &self.plan.passes[pass].selections);
        let transformed = wholes.iter().filter_map(|whole| match whole.input {
            WholeInput::Stream(number) => Some(number),
            WholeInput::Statistic { .. } => None,
        });
        let kept = transformed.chain(selections.iter().map(|s| s.input));
        let kept: Vec<usize> = kept.map(|number| number as usize).collect();
        let taken = |s: &Stream| {
            let outputs = self.graph.outputs.iter().enumerate().filter(|(_, node)| **node == s.node);
            outputs.into_iter().all(|(output, _)| observer.takes_ranges(output))
        };
        let streams = flow.flow.streams.iter().enumerate();
        streams
            .map(|(number, s)| {
                s.place == Place::Wide
                    && s.observed
                    && s.lane_reach == 0
                    && taken(s)
                    && !kept.contains(&number)
                    && flow.only_made(number)
            })
            .collect()
    }
}

impl PreparedFlow {
    /// Whether a stream is written by a kernel, block by block, and read by none.
    fn only_made(&self, number: usize) -> bool {
        let mut made = false;
        for stage in &self.stages {
            match stage {
                PreparedStage::Between(Between { input, output, .. })
                | PreparedStage::Call { input, output, .. } => {
                    if *input == number || *output == number {
                        return false;
                    }
                }
                PreparedStage::Kernel(prepared) => {
                    for (b, binding) in prepared.stage.bindings.iter().enumerate() {
                        let buffer = BufferId(b as u32);
                        let lanes = prepared.stage.kernel.buffers[b].lanes;
                        match binding {
                            Binding::Strided(s) if *s as usize == number => return false,
                            Binding::Stream(s) if *s as usize == number => {
                                let read = prepared.reads.iter().flatten().any(|r| r.buffer == buffer);
                                if read || made || lanes != dasc_ir::kernel::Lanes::Block {
                                    return false;
                                }
                                made = prepared.writes.iter().any(|w| w.contains(&buffer));
                            }
                            Binding::Stream(_)
                            | Binding::Strided(_)
                            | Binding::Statistic(_)
                            | Binding::Local => {}
                        }
                    }
                }
            }
        }
        made
    }
}

impl Passing {
    /// What a kernel hands out in ranges when its streams come from `was` to `now`; `None` if that is nothing.
    pub fn new(
        prepared: &Prepared,
        streams: &[Stream],
        ranges: &Ranges,
        (was, now): (&[Option<Progress>], &[Option<Progress>]),
        (lanes, threads): (usize, usize),
    ) -> Option<Passing> {
        let mut passing = Vec::new();
        let mut lane_bytes = 0usize;
        for (b, binding) in prepared.stage.bindings.iter().enumerate() {
            let Binding::Stream(number) = binding else { continue };
            let number = *number as usize;
            let (Some(was), Some(now)) = (was[b], now[b]) else { continue };
            if ranges.streams.get(number) != Some(&true) {
                continue;
            }
            let stream = &streams[number];
            let rows = (now.end - was.end).max(0) as usize;
            if rows.saturating_mul(stream.row_len() * stream.element()) <= ranges.large {
                continue;
            }
            let row = stream.element() * (stream.inner * stream.planes) as usize;
            lane_bytes = lane_bytes.saturating_add(row.saturating_mul(rows));
            let nothing = Layout { lane_stride: LANES, lane_pad: 0, ..Layout::wide(stream) };
            passing.push((b, number, Rows::new(nothing, (was.end, now.end.max(was.end)), Edge::Valid, 0, 0)));
        }
        if passing.is_empty() {
            return None;
        }
        // At least a block a thread, so that none of them waits.
        let fits = ranges.room / lane_bytes.max(1) / lanes.max(1);
        Some(Passing { streams: passing, blocks: fits.max(threads).max(1) })
    }

    /// Makes room for a range of `lanes` lanes from `lane0` on. For each stream its buffer, and where the lanes of all
    /// channels would begin.
    pub fn begin(&mut self, lane0: usize, lanes: usize) -> Vec<(usize, BufferAt, Layout)> {
        let place = |(b, _, rows): &mut (usize, usize, Rows)| {
            if rows.layout.lane_stride != lanes {
                let layout = Layout { lane_stride: lanes, ..rows.layout };
                *rows = Rows::new(layout, (rows.start, rows.stop), Edge::Valid, 0, 0);
            }
            rows.reserve(rows.stop, rows.start);
            let at = rows.at(0);
            let base = at.base.wrapping_sub(lane0 * rows.layout.element);
            (*b, BufferAt { base, ..at }, rows.layout)
        };
        self.streams.iter_mut().map(place).collect()
    }

    /// Hands out the range that was made.
    pub fn hand_out(
        &self,
        streams: &[Stream],
        lane0: usize,
        lanes: usize,
        ranges: &mut Ranges,
    ) -> Result<()> {
        for (_, number, rows) in &self.streams {
            let stream = &streams[*number];
            if rows.stop > rows.start {
                let channels = (stream.channels as usize).saturating_sub(lane0).min(lanes);
                let view = rows.view(rows.start, rows.stop, stream.dtype, channels);
                (ranges.give)(*number, &view.beginning_at(lane0))?;
            }
        }
        Ok(())
    }

    /// Whether rows of a stream are handed out so.
    pub fn takes(&self, stream: usize) -> bool {
        self.streams.iter().any(|(_, number, _)| *number == stream)
    }

    /// Bytes held for a range.
    pub fn held(&self) -> usize {
        self.streams.iter().map(|(_, _, rows)| rows.held()).sum()
    }

    /// Streams handed out, and how far.
    pub fn streams(&self) -> impl Iterator<Item = (usize, i64)> + '_ {
        self.streams.iter().map(|(_, number, rows)| (*number, rows.stop))
    }
}
