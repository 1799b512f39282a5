//! One segment of one pass: chunks of the source are read ahead while kernels work on those before.

use std::ops::ControlFlow;
use std::sync::mpsc::sync_channel;
use std::time::Instant;

use dasc_compiler::plan::Place;
use dasc_ir::kernel::LANES;
use dasc_ir::{Diag, Result};

use crate::chunk::{longest, share};
use crate::flow::PreparedFlow;
use crate::pad::Bytes;
use crate::rows::{Layout, Lent};
use crate::run::{Run, Stats};
use crate::session::{Hushed, Session};
use crate::times::timed;
use crate::{Feed, InMemory, Observer, RowsView};

impl Run {
    pub(crate) fn run_segment(
        &self,
        session: &mut Session,
        feed: &dyn Feed,
        observer: &mut dyn Observer,
        watch: &mut impl FnMut(&Stats) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>> {
        let flow = &self.passes[session.pass].0;
        let pass = &self.plan.passes[session.pass];
        let segment = session.segment;
        if session.taken == 0 {
            session.wholes.begin_segment(pass, segment)?;
            session.selections.begin_segment(&self.plan, pass, segment);
        }
        let length = longest(pass, segment);
        let chunk = self.chunk_rows(pass) as i64;
        let in_ranges = self.in_ranges(session.pass, &*observer);
        let source = pass.flow.streams.iter().position(|s| s.place == Place::Source);
        let lent = source.and_then(|number| self.lent(flow, number, segment, feed));
        let arrivals = source.filter(|_| lent.is_none()).and_then(|number| {
            let rows = session.flow.wide[number].as_ref()?;
            // Rows kept for long windows stay where they are, and what arrives is copied to them.
            let room = Some(rows.kept_before()).filter(|kept| *kept <= chunk / 4).unwrap_or(0);
            let layout = rows.layout;
            let skip = room as usize * layout.row() + layout.lane_pad * layout.element;
            Some(Arrivals {
                feed,
                endless: self.endless,
                range: (rows.start, rows.stop),
                length,
                row: layout.row(),
                skip,
                room,
                after: if room > 0 { rows.after } else { 0 },
            })
        });
        // Chunks of the source are read ahead by one thread while kernels run here, unless they are so small that handing them
        // over would take longer than reading them.
        let (send, receive) = sync_channel::<Result<(i64, Bytes)>>(1);
        let (give_back, take_back) = sync_channel::<Bytes>(2);
        let ahead = arrivals
            .as_ref()
            .is_some_and(|a| (chunk.min(length) as usize).saturating_mul(a.row) >= READ_AHEAD);
        let (begin, replay, here) = (session.taken, session.replay, (session.pass, segment));
        let next_of = move |taken: i64| {
            Session::no_further(replay, here, taken, taken.saturating_add(chunk).min(length))
        };
        std::thread::scope(|threads| {
            // Dropped when this closure is left, so that a reader waiting to hand over a chunk is not waited for.
            let receive = receive;
            // So that a reader waiting for rows is not waited for either, if the run fails.
            let mut left = Left { feed, early: true };
            let mut spare = Bytes::default();
            if let Some(arrivals) = arrivals.as_ref().filter(|_| ahead) {
                threads.spawn(move || {
                    let mut taken = begin;
                    while taken < length {
                        let spare = take_back.try_recv().unwrap_or_default();
                        let chunk = arrivals.read(taken, next_of(taken), spare);
                        let next = chunk.as_ref().map_or(taken, |(next, _)| *next);
                        // The receiver hangs up when the run stops early.
                        if send.send(chunk).is_err() || next == taken {
                            return;
                        }
                        taken = next;
                    }
                });
            }
            while session.taken < length {
                let clock = Instant::now();
                let mut arrived = match &arrivals {
                    Some(_) if ahead => Some(receive.recv().map_err(|_| Diag::world("the reader stopped"))??),
                    Some(arrivals) => {
                        let limit = next_of(session.taken);
                        Some(arrivals.read(session.taken, limit, std::mem::take(&mut spare))?)
                    }
                    None => None,
                };
                let next = arrived.as_ref().map_or_else(|| next_of(session.taken), |(next, _)| *next);
                if next == session.taken {
                    // The stream is over.
                    break;
                }
                for (number, stream) in pass.flow.streams.iter().enumerate() {
                    let (start, stop) = stream.rows[segment];
                    let end = share(start, stop, next, length);
                    match stream.place {
                        Place::Source => {
                            let rows = end - share(start, stop, session.taken, length);
                            let row = stream.channels as usize * stream.element();
                            session.stats.bytes_in += rows as u64 * row as u64;
                            if let Some(lent) = &lent {
                                flow.lend(&mut session.flow, number, end, lent)?;
                                continue;
                            }
                            let missing = || Diag::compiler("run: a source without rows");
                            let room = arrivals.as_ref().ok_or_else(missing)?.room;
                            let (_, bytes) = arrived.take().ok_or_else(missing)?;
                            let free = flow.take(&mut session.flow, number, end, (bytes, room))?;
                            if ahead {
                                let _ = give_back.try_send(free);
                            } else {
                                spare = free;
                            }
                        }
                        Place::Spool(spool) => {
                            let (wholes, flows) = (&mut session.wholes, &mut session.flow);
                            if let Some(lent) = wholes.lent(spool, segment)
                                && flow.lendable(number, segment)
                            {
                                flow.lend(flows, number, end, lent)?;
                                continue;
                            }
                            let which = (spool, segment, session.pass);
                            let seconds = &mut session.stats.times_of(session.pass).wholes;
                            flow.arrive(flows, number, end, |first, rows, out, stride| {
                                let read = || wholes.read(which, stream, first, rows, out, stride);
                                timed(seconds, || self.pool.install(read))
                            })?;
                        }
                        Place::Wide | Place::Scratch | Place::Statistic(_) => {}
                    }
                }
                session.stats.read_seconds += clock.elapsed().as_secs_f64();
                let clock = Instant::now();
                let replayed = session.replay.is_some();
                let mut observing = 0.0;
                let (here, stats) = ((session.pass, segment), &mut session.stats);
                let mut give = |number: usize, view: &RowsView| {
                    let clock = Instant::now();
                    let node = pass.flow.streams[number].node;
                    if replayed {
                        self.hand_out(stats, &mut Hushed(observer), here, node, view)?;
                    } else {
                        self.hand_out(stats, observer, here, node, view)?;
                    }
                    observing += clock.elapsed().as_secs_f64();
                    Ok(())
                };
                let mut ranges = self.ranges(&in_ranges, &mut give);
                let with = (&self.graph, &self.pool);
                flow.advance(&mut session.flow, with, &mut session.statistics, &mut ranges)?;
                session.stats.compute_seconds += clock.elapsed().as_secs_f64() - observing;
                session.stats.observe_seconds += observing;
                session.stats.ranges = session.stats.ranges.max(session.flow.passing.1 as u32);
                let clock = Instant::now();
                if replayed {
                    self.gather_detections(session, &mut Hushed(observer))?;
                    self.deliver(session, &mut Hushed(observer))?;
                } else {
                    self.gather_detections(session, observer)?;
                    self.deliver(session, observer)?;
                }
                session.stats.observe_seconds += clock.elapsed().as_secs_f64();
                session.stats.rows_done += (next - session.taken) as u64;
                session.stats.peak_stored = session.stats.peak_stored.max(session.wholes.held());
                self.note_held(session, session.flow.held());
                session.arrived(next);
                observer.progress(&session.stats)?;
                if !replayed && watch(&session.stats).is_break() {
                    // The session may go on later.
                    left.early = false;
                    return Ok(ControlFlow::Break(()));
                }
            }
            left.early = false;
            Ok(ControlFlow::Continue(()))
        })
    }

    /// The source's rows of a segment where they lie in memory, if those who read them can do so there.
    fn lent(&self, flow: &PreparedFlow, number: usize, segment: usize, feed: &dyn Feed) -> Option<Lent> {
        let stream = &flow.flow.streams[number];
        if self.endless || !stream.channels.is_multiple_of(LANES as u32) || !flow.lendable(number, segment) {
            return None;
        }
        let InMemory { samples, first, row } = feed.in_memory()?;
        let (start, stop) = stream.rows[segment];
        let count = usize::try_from(stop.checked_sub(first)?).ok()?;
        let lent = Lent::new(samples, Layout::wide(stream), (first, count), (0, row.try_into().ok()?));
        lent.filter(|lent| first <= start && lent.is_aligned())
    }
}

/// Tells the source of rows if nobody wants more of them.
struct Left<'a> {
    feed: &'a dyn Feed,
    early: bool,
}

impl Drop for Left<'_> {
    fn drop(&mut self) {
        if self.early {
            self.feed.halt();
        }
    }
}

/// Bytes of a chunk from which on the next one is read while kernels run.
const READ_AHEAD: usize = 64 << 10;

/// How rows of the source come: in memory laid out as their stream has it, with room for rows before and after them.
struct Arrivals<'a> {
    feed: &'a dyn Feed,
    /// Whether nobody knows where rows end.
    endless: bool,
    /// Rows of the segment, and how many the longest stream of the pass has.
    range: (i64, i64),
    length: i64,
    /// Bytes of a row, and where the channels of the first one begin.
    row: usize,
    skip: usize,
    room: i64,
    after: i64,
}

impl Arrivals<'_> {
    /// The rows that belong to `taken .. next` of the pass, in memory that was used before if it is large enough. Of a stream without an
    /// end those that are there: `next` says how far they go, and stays where it was if the stream is over.
    fn read(&self, taken: i64, limit: i64, spare: Bytes) -> Result<(i64, Bytes)> {
        let (start, stop) = self.range;
        let mut next = limit;
        if self.endless {
            let most = usize::try_from(limit - taken).unwrap_or(usize::MAX);
            next = taken + self.feed.wait(start + taken, most)? as i64;
        }
        let (from, to) = (share(start, stop, taken, self.length), share(start, stop, next, self.length));
        let rows = (to - from).max(0) as usize;
        let len = (self.room + self.after) as usize * self.row + rows * self.row;
        let fits = if self.endless { spare.len() >= len } else { spare.len() == len };
        let mut bytes = if fits { spare } else { Bytes::zeroed(len) };
        if rows > 0 {
            self.feed.read(from, rows, &mut bytes.bytes_mut()[self.skip..], self.row)?;
        }
        Ok((next, bytes))
    }
}
