//! One segment of one pass: chunks of the source are read ahead while kernels work on those before.

use std::ops::ControlFlow;
use std::sync::mpsc::sync_channel;
use std::time::Instant;

use dasc_compiler::plan::Place;
use dasc_ir::{Diag, Result};

use crate::chunk::{longest, share};
use crate::run::{Run, Stats};
use crate::session::{Hushed, Session};
use crate::times::timed;
use crate::{Feed, Observer, RowsView};

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
        // Chunks of the source are read ahead by one thread while kernels run here, unless they are so small that handing them
        // over would take longer than reading them.
        let (send, receive) = sync_channel::<Result<Chunk>>(1);
        let (give_back, take_back) = sync_channel::<Vec<u8>>(2);
        let reader = source.map(|number| {
            let stream = &pass.flow.streams[number];
            let (start, stop) = stream.rows[segment];
            let row = stream.channels as usize * stream.element();
            (start, stop, row)
        });
        let read = move |taken: i64, next: i64, mut bytes: Vec<u8>| -> Result<Chunk> {
            let Some((start, stop, row)) = reader else {
                return Err(Diag::compiler("run: no source to read"));
            };
            let (from, to) = (share(start, stop, taken, length), share(start, stop, next, length));
            bytes.resize((to - from) as usize * row, 0);
            if to > from {
                feed.read(from, (to - from) as usize, &mut bytes, row)?;
            }
            Ok(Chunk { from, bytes })
        };
        let ahead =
            reader.is_some_and(|(_, _, row)| (chunk.min(length) as usize).saturating_mul(row) >= READ_AHEAD);
        let (begin, replay, here) = (session.taken, session.replay, (session.pass, segment));
        let next_of = move |taken: i64| {
            Session::no_further(replay, here, taken, taken.saturating_add(chunk).min(length))
        };
        std::thread::scope(|threads| {
            // Dropped when this closure is left, so that a reader waiting to hand over a chunk is not waited for.
            let receive = receive;
            let mut spare = Vec::new();
            if ahead {
                threads.spawn(move || {
                    let mut taken = begin;
                    while taken < length {
                        let next = next_of(taken);
                        let chunk = read(taken, next, take_back.try_recv().unwrap_or_default());
                        // The receiver hangs up when the run stops early.
                        if send.send(chunk).is_err() {
                            return;
                        }
                        taken = next;
                    }
                });
            }
            while session.taken < length {
                let next = next_of(session.taken);
                let clock = Instant::now();
                for (number, stream) in pass.flow.streams.iter().enumerate() {
                    let (start, stop) = stream.rows[segment];
                    let end = share(start, stop, next, length);
                    match stream.place {
                        Place::Source => {
                            let arrived = if ahead {
                                receive.recv().map_err(|_| Diag::world("the reader stopped"))??
                            } else {
                                read(session.taken, next, std::mem::take(&mut spare))?
                            };
                            session.stats.bytes_in += arrived.bytes.len() as u64;
                            let row = stream.channels as usize * stream.element();
                            flow.arrive(&mut session.flow, number, end, |first, rows, out, stride| {
                                let skip = (first - arrived.from) as usize;
                                let source = arrived.bytes[skip * row..].chunks_exact(row.max(1)).take(rows);
                                for (to, from) in out.chunks_mut(stride).zip(source) {
                                    to[..row].copy_from_slice(from);
                                }
                                Ok(())
                            })?;
                            if ahead {
                                let _ = give_back.try_send(arrived.bytes);
                            } else {
                                spare = arrived.bytes;
                            }
                        }
                        Place::Spool(spool) => {
                            let (wholes, flows) = (&mut session.wholes, &mut session.flow);
                            let which = (spool, segment, session.pass);
                            let seconds = &mut session.stats.times_of(session.pass).wholes;
                            flow.arrive(flows, number, end, |first, rows, out, stride| {
                                timed(seconds, || wholes.read(which, stream, first, rows, out, stride))
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
                    return Ok(ControlFlow::Break(()));
                }
            }
            Ok(ControlFlow::Continue(()))
        })
    }
}

/// Bytes of a chunk from which on the next one is read while kernels run.
const READ_AHEAD: usize = 64 << 10;

/// Rows of the source as they came.
struct Chunk {
    from: i64,
    bytes: Vec<u8>,
}
