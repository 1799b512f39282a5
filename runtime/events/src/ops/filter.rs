//! Events that meet a condition.

use dasc_ir::literal::Arg;
use dasc_ir::{Result, operator};

use super::{Bound, Context, EventOperator};
use crate::condition::{Condition, Reader};
use crate::{Event, Step};

operator! {
    /// Keeps the events that meet a condition.
    ///
    /// The condition is everything up to the end of the step: comparisons of a column with a value (`=`, `!=`, `<`, `<=`, `>`,
    /// `>=`), joined by AND, OR, NOT and brackets, AND before OR. Columns are `id`, `start`, `end`, `peak` (with dates), `hour`
    /// and `weekday` of the start in UTC (Monday is 1), `duration`, `channels` (how many channel numbers the event spans),
    /// `channel_lo`, `channel_hi`, `distance_lo`, `distance_hi`, `length`, `score`, `unit`, `detector`, and those that operators
    /// before it add (`label`, `speed` …). Values may carry units; a score is compared in its own unit. A detector equals the text of
    /// its step and the name of its operator: `detector = THRESHOLD_DETECT`. A comparison with something unknown is false, and so
    /// is its opposite.
    Where = "WHERE" (
        /// The condition.
        condition: String,
    ) {}
    example "WHERE channels >= 30 AND duration > 2s AND (distance_lo < 5km OR hour >= 22)";
    reference "pandas.DataFrame.query";
}

impl EventOperator for Where {
    fn bind(self, context: &Context, args: &[Arg]) -> Result<Bound> {
        let span = args.first().map(|arg| arg.span);
        let condition = Reader::new(&self.condition, span, context.input).read()?;
        Ok(Bound::new(context.input.clone(), "", Filter { condition }))
    }
}

#[derive(Clone, Debug)]
struct Filter {
    condition: Condition,
}

impl Step for Filter {
    fn event(&mut self, event: Event, out: &mut Vec<Event>) {
        if self.condition.holds(&event) == Some(true) {
            out.push(event);
        }
    }

    fn until(&mut self, watermark: i64, _: &mut Vec<Event>) -> i64 {
        watermark
    }

    fn finish(&mut self, _: &mut Vec<Event>) {}

    fn saved(&self) -> Box<dyn Step> {
        Box::new(self.clone())
    }

    fn keeps_ids(&self) -> bool {
        true
    }

    fn held(&self) -> usize {
        0
    }
}
