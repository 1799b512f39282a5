//! One observer for all sinks of a pipeline.

use dasc_io::Segment;
use dasc_ir::{Diag, Result};
use dasc_runtime::{Detection, Observer, RowsView, StatisticView, Stats};
use dasc_sink::{Event, Provenance, Summary};

use super::{Drain, Taken};
use crate::bind::Pipeline;
use crate::cut;
use crate::event_run::EventRun;
use crate::interrupt::Interrupt;
use crate::progress::Progress;

/// Hands every output to the sinks that drain it.
pub struct Fan<'a> {
    pipeline: &'a Pipeline,
    drains: Vec<Box<dyn Drain>>,
    /// For each output, the sinks that take it.
    takers: Vec<Vec<usize>>,
    events: EventRun,
    /// For each sink, the events that it wants at the end.
    held: Vec<Vec<Event>>,
    /// For each cut, the events around which it cuts.
    cuts: Vec<Vec<Event>>,
    progress: &'a mut Progress,
    interrupt: &'a Interrupt,
    /// Stretches of a stream before the one that runs.
    before: usize,
}

impl<'a> Fan<'a> {
    /// Opens all sinks.
    pub fn open(
        pipeline: &'a Pipeline,
        provenance: &Provenance,
        progress: &'a mut Progress,
        interrupt: &'a Interrupt,
    ) -> Result<Fan<'a>> {
        let mut takers = vec![Vec::new(); pipeline.graph.outputs.len()];
        for (number, sink) in pipeline.sinks.iter().enumerate() {
            if let Some(list) = sink.output.and_then(|output| takers.get_mut(output)) {
                list.push(number);
            }
        }
        let drains: Result<Vec<_>> =
            pipeline.sinks.iter().map(|sink| super::open(sink, pipeline, provenance)).collect();
        let held = vec![Vec::new(); pipeline.sinks.len()];
        Ok(Fan {
            pipeline,
            drains: drains?,
            takers,
            events: EventRun::new(pipeline),
            held,
            cuts: vec![Vec::new(); pipeline.cuts.len()],
            progress,
            interrupt,
            before: 0,
        })
    }

    /// A live stream goes on behind a gap, with the same steps.
    pub fn goes_on(&mut self, behind: &Pipeline, gap: Segment, so_far: &Stats) -> Result<()> {
        self.before += 1;
        self.events.goes_on(gap);
        self.progress.goes_on(&behind.record, so_far);
        let clock = behind.record.clock();
        for (sink, drain) in self.pipeline.sinks.iter().zip(&mut self.drains) {
            let node = sink.output.and_then(|output| behind.graph.outputs.get(output));
            let time =
                node.and_then(|node| behind.graph.signal(*node)).and_then(|signal| signal.time.as_ref());
            let begins = time.and_then(|time| clock.stretches(time).first().map(|(_, _, instant)| *instant));
            if let Some(start_ns) = begins {
                drain.goes_on(start_ns).map_err(|diag| diag.at(sink.span))?;
            }
        }
        Ok(())
    }

    fn each(&mut self, output: usize, mut give: impl FnMut(&mut dyn Drain) -> Result<()>) -> Result<()> {
        let takers = self.takers.get(output).map(Vec::as_slice).unwrap_or_default();
        for &number in takers {
            if let Some(drain) = self.drains.get_mut(number) {
                let span = self.pipeline.sinks.get(number).map(|sink| sink.span);
                give(drain.as_mut()).map_err(|diag| diag.at(span))?;
            }
        }
        Ok(())
    }

    /// Makes the files whole, tables and pictures with the events found.
    pub fn finish(mut self) -> Result<Finished> {
        let rest = self.events.finish();
        self.hand_out(rest)?;
        let (mut written, mut failed) = (Vec::new(), None);
        for ((sink, drain), events) in self.pipeline.sinks.iter().zip(self.drains).zip(&self.held) {
            // One that fails costs the others nothing.
            match drain.finish(events) {
                Ok(summary) => written.push(summary),
                Err(diag) => drop(failed.get_or_insert(diag.at(sink.span))),
            }
            if given_up(self.pipeline, self.interrupt) {
                return Err(interrupted());
            }
        }
        match failed {
            Some(diag) => Err(diag),
            None => Ok(Finished { written, events: self.events.found, cuts: self.cuts }),
        }
    }

    /// Gives each sink the events that have reached it.
    fn hand_out(&mut self, ready: Vec<Vec<Event>>) -> Result<()> {
        let mut ready = ready.into_iter();
        let sinks = self.pipeline.sinks.iter().zip(&mut self.drains).zip(&mut self.held);
        for (((sink, drain), held), events) in sinks.zip(ready.by_ref()) {
            if events.is_empty() {
                continue;
            }
            if drain.events(&events).map_err(|diag| diag.at(sink.span))? == Taken::Held {
                held.extend(events);
            }
        }
        for ((spec, cut), events) in self.pipeline.cuts.iter().zip(&mut self.cuts).zip(ready) {
            cut::enough(spec, cut.len().saturating_add(events.len()))?;
            cut.extend(events);
        }
        Ok(())
    }
}

/// What came of a run.
pub struct Finished {
    pub written: Vec<Summary>,
    /// How many events detectors found.
    pub events: u64,
    /// For each cut, the events around which it cuts.
    pub cuts: Vec<Vec<Event>>,
}

/// Whether someone asked to stop. A live stream ends when asked, and what came of it is kept.
pub fn given_up(pipeline: &Pipeline, interrupt: &Interrupt) -> bool {
    interrupt.asked() && !pipeline.record.header().is_live()
}

/// What the run is stopped with; the verb turns it into exit code 130.
fn interrupted() -> Diag {
    Diag::world("interrupted")
}

impl Observer for Fan<'_> {
    fn rows(&mut self, output: usize, segment: usize, rows: &RowsView) -> Result<()> {
        let segment = self.before + segment;
        self.each(output, |drain| drain.rows(segment, rows))
    }

    fn takes_ranges(&self, output: usize) -> bool {
        let takers = self.takers.get(output).map(Vec::as_slice).unwrap_or_default();
        takers.iter().all(|number| self.drains.get(*number).is_some_and(|drain| drain.takes_ranges()))
    }

    fn statistic(&mut self, output: usize, segment: usize, value: &StatisticView) -> Result<()> {
        let segment = self.before + segment;
        self.each(output, |drain| drain.statistic(segment, value))
    }

    fn detections(&mut self, output: usize, mut detections: Vec<Detection>) -> Result<()> {
        detections.iter_mut().for_each(|detection| detection.segment += self.before);
        self.events.detected(output, &detections);
        Ok(())
    }

    fn settled(&mut self, output: usize, segment: usize, row: i64) -> Result<()> {
        self.events.settled(output, self.before + segment, row);
        Ok(())
    }

    fn progress(&mut self, stats: &Stats) -> Result<()> {
        if given_up(self.pipeline, self.interrupt) {
            return Err(interrupted());
        }
        let ready = self.events.advance();
        self.hand_out(ready)?;
        self.progress.show(stats, self.events.found);
        Ok(())
    }
}
