//! How long each statistic is needed: memory for it is there no longer.

use std::ops::RangeInclusive;

use crate::plan::{Binding, Flow, Pass, Place, Plan, Stage, WholeInput, WholeOutput};

impl Plan {
    /// For every statistic the passes during which it must be held; for those handed out until after the last.
    pub fn lifetimes(&self) -> Vec<RangeInclusive<usize>> {
        let of = |(number, statistic): (usize, &crate::plan::Statistic)| {
            let touches = |pass: &Pass| pass.touches(number as u32);
            let first = self.passes.iter().position(touches).unwrap_or(0);
            let last = self.passes.iter().rposition(touches).unwrap_or(0);
            first..=if statistic.observed { self.passes.len() } else { last }
        };
        self.statistics.iter().enumerate().map(of).collect()
    }
}

impl Pass {
    /// Whether anything in the pass reads or writes a statistic.
    fn touches(&self, number: u32) -> bool {
        let whole = |w: &crate::plan::Whole| {
            w.output == WholeOutput::Statistic(number)
                || matches!(w.input, WholeInput::Statistic { number: n, .. } if n == number)
        };
        self.flow.touches(number)
            || self.finals.touches(number)
            || self.transforms.iter().any(whole)
            || self.selections.iter().any(|s| s.output == number)
    }
}

impl Flow {
    fn touches(&self, number: u32) -> bool {
        let bound = |stage: &Stage| matches!(stage, Stage::Kernel(kernel) if kernel.bindings.contains(&Binding::Statistic(number)));
        self.streams.iter().any(|stream| stream.place == Place::Statistic(number))
            || self.exports.iter().any(|(_, statistic)| *statistic == number)
            || self.stages.iter().any(bound)
    }
}
