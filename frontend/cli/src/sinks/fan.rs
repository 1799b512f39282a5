//! One observer for all sinks of a pipeline.

use std::collections::HashMap;

use dasc_ir::{Diag, Result};
use dasc_runtime::{Detection, Observer, RowsView, StatisticView, Stats};
use dasc_sink::{Event, Provenance, Summary};

use super::{Drain, SinkSpec};
use crate::bind::Pipeline;
use crate::detections;
use crate::interrupt::Interrupt;
use crate::progress::Progress;

/// Hands every output to the sinks that drain it.
pub struct Fan<'a> {
    pipeline: &'a Pipeline,
    drains: Vec<Box<dyn Drain>>,
    /// For each output, the sinks that take it.
    takers: Vec<Vec<usize>>,
    found: HashMap<usize, Vec<Detection>>,
    progress: &'a mut Progress,
    interrupt: &'a Interrupt,
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
        Ok(Fan { pipeline, drains: drains?, takers, found: HashMap::new(), progress, interrupt })
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

    /// Makes the files whole, tables and pictures with the events found. Answers with what was written and the
    /// number of events.
    pub fn finish(self) -> Result<(Vec<Summary>, u64)> {
        let clock = self.pipeline.record.clock();
        let none = Vec::new();
        let mut tables: HashMap<usize, Vec<Event>> = HashMap::new();
        for detector in &self.pipeline.detectors {
            let found = self.found.get(&detector.output).unwrap_or(&none);
            tables.insert(detector.output, detector.events(found, &clock));
        }
        detections::number(tables.values_mut().flatten());
        let count = tables.values().map(|events| events.len() as u64).sum();
        let mut written = Vec::new();
        for (sink, drain) in self.pipeline.sinks.iter().zip(self.drains) {
            written.push(drain.finish(&events_of(sink, &tables)).map_err(|diag| diag.at(sink.span))?);
            if self.interrupt.asked() {
                return Err(interrupted());
            }
        }
        Ok((written, count))
    }
}

fn events_of(sink: &SinkSpec, tables: &HashMap<usize, Vec<Event>>) -> Vec<Event> {
    let lists = sink.tables.iter().filter_map(|table| tables.get(table));
    let mut events: Vec<Event> = lists.flatten().cloned().collect();
    events.sort_by_key(|event| event.id);
    events
}

/// What the run is stopped with; the verb turns it into exit code 130.
fn interrupted() -> Diag {
    Diag::world("interrupted")
}

impl Observer for Fan<'_> {
    fn rows(&mut self, output: usize, segment: usize, rows: &RowsView) -> Result<()> {
        self.each(output, |drain| drain.rows(segment, rows))
    }

    fn statistic(&mut self, output: usize, segment: usize, value: &StatisticView) -> Result<()> {
        self.each(output, |drain| drain.statistic(segment, value))
    }

    fn detections(&mut self, output: usize, detections: Vec<Detection>) -> Result<()> {
        self.found.insert(output, detections);
        Ok(())
    }

    fn progress(&mut self, stats: &Stats) -> Result<()> {
        if self.interrupt.asked() {
            return Err(interrupted());
        }
        self.progress.show(stats);
        Ok(())
    }
}
