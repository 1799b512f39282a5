//! Events near each other become one.

use dasc_ir::literal::Arg;
use dasc_ir::parameter::{Metres, Seconds};
use dasc_ir::{Result, operator};

use super::{Bound, Context, EventOperator, at_least, shown};
use crate::groups::{Groups, Nearness, apart, nanoseconds};
use crate::{Event, Step};

operator! {
    /// Joins events that are near each other in time and in distance into one.
    ///
    /// Two events belong together when at most GAP lies between the end of one and the start of the other and at most DISTANCE
    /// between their stretches of fibre; a chain of such events is one. The result spans them all and has the peak, score and
    /// added columns of the strongest. Where distances are unknown only time counts.
    Merge = "MERGE" () {
        /// The longest pause within an event.
        gap: Seconds = Seconds(0.0),
        /// The widest gap within an event along the fibre.
        distance: Metres = Metres(0.0),
    }
    formula "a and b are linked if start_b − end_a ≤ GAP and their stretches of fibre are at most DISTANCE apart";
    example "MERGE GAP=2s DISTANCE=50m";
    reference "scipy.sparse.csgraph.connected_components of all pairs";
}

impl EventOperator for Merge {
    fn bind(self, context: &Context, _: &[Arg]) -> Result<Bound> {
        at_least("GAP", self.gap.0, 0.0, "s")?;
        at_least("DISTANCE", self.distance.0, 0.0, "m")?;
        let near = Near { gap: nanoseconds(self.gap.0), distance: self.distance.0 };
        let waits = format!("until {} after the last of its events ends", shown(self.gap.0, "s"));
        Ok(Bound::new(context.input.clone(), waits, Joining { groups: Groups::new(near) }))
    }
}

/// At most so far apart in time and distance.
#[derive(Clone, Copy, Debug)]
pub(super) struct Near {
    pub gap: i64,
    pub distance: f64,
}

impl Nearness for Near {
    fn near(&self, earlier: &Event, event: &Event) -> bool {
        let apart = apart(earlier, event);
        event.start_ns <= self.last_start(earlier) && (apart.is_nan() || apart <= self.distance)
    }

    fn last_start(&self, earlier: &Event) -> i64 {
        earlier.end_ns.saturating_add(self.gap)
    }
}

#[derive(Clone)]
struct Joining {
    groups: Groups<Near>,
}

impl Step for Joining {
    fn event(&mut self, event: Event, _: &mut Vec<Event>) {
        self.groups.push(event);
    }

    fn until(&mut self, watermark: i64, out: &mut Vec<Event>) -> i64 {
        self.groups.until(watermark, |chain| out.push(chain.event))
    }

    fn finish(&mut self, out: &mut Vec<Event>) {
        self.groups.finish(|chain| out.push(chain.event));
    }

    fn saved(&self) -> Box<dyn Step> {
        Box::new(self.clone())
    }

    fn held(&self) -> usize {
        self.groups.held()
    }
}
