//! Where a run's time goes: seconds for every part of the plan, at the price of reading the clock twice a stage and chunk.

use std::time::Instant;

use crate::run::Stats;

/// Seconds that the parts of one pass took, all segments together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PassTimes {
    /// One per stage of the pass's flow.
    pub stages: Vec<f64>,
    /// Whole-segment steps: storing rows, transforming them, and reading those that this pass is given.
    pub wholes: f64,
    /// Counting for quantiles along time.
    pub selections: f64,
    /// Arithmetic among statistics when the pass is over.
    pub finals: f64,
}

impl Stats {
    /// The times of a pass.
    pub(crate) fn times_of(&mut self, pass: usize) -> &mut PassTimes {
        if self.times.len() <= pass {
            self.times.resize(pass + 1, PassTimes::default());
        }
        &mut self.times[pass]
    }
}

/// Does what is to be done, and adds the seconds it took.
pub(crate) fn timed<T>(seconds: &mut f64, work: impl FnOnce() -> T) -> T {
    let clock = Instant::now();
    let done = work();
    *seconds += clock.elapsed().as_secs_f64();
    done
}
