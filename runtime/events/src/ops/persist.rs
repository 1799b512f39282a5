//! What stays at a place.

use dasc_ir::literal::Arg;
use dasc_ir::parameter::{Metres, Seconds};
use dasc_ir::{Result, operator};

use super::merge::Near;
use super::{Bound, Context, EventOperator, at_least, shown};
use crate::event::COUNT;
use crate::groups::{Chain, Groups, nanoseconds};
use crate::{Cell, Event, Step};

operator! {
    /// Finds what lasts at a place: one event for each place and time at which events keep coming for at least a duration.
    ///
    /// Events at most GAP apart in time and WITHIN apart along the fibre are one stay; stays shorter than the duration are
    /// dropped. A stay spans all its events and has the peak and score of the strongest; the column `count` says how many they
    /// were. Where distances are unknown only time counts.
    Persist = "PERSIST" (
        /// The least duration from the first start to the last end.
        lasting: Seconds,
    ) {
        /// The longest pause within a stay.
        gap: Seconds = Seconds(10.0),
        /// How far apart along the fibre its events may be.
        within: Metres = Metres(20.0),
    }
    example "PERSIST 60s GAP=10s WITHIN=20m";
    reference "scipy.sparse.csgraph.connected_components of all pairs";
}

impl EventOperator for Persist {
    fn bind(self, context: &Context, _: &[Arg]) -> Result<Bound> {
        at_least("LASTING", self.lasting.0, 0.0, "s")?;
        at_least("GAP", self.gap.0, 0.0, "s")?;
        at_least("WITHIN", self.within.0, 0.0, "m")?;
        let near = Near { gap: nanoseconds(self.gap.0), distance: self.within.0 };
        let waits = format!("until {} after the last of its events ends", shown(self.gap.0, "s"));
        let step = Stay { groups: Groups::new(near), lasting: nanoseconds(self.lasting.0) };
        Ok(Bound::new(context.input.clone().with(COUNT), waits, step))
    }
}

#[derive(Clone)]
struct Stay {
    groups: Groups<Near>,
    lasting: i64,
}

/// The stay, if it is one.
fn stay(chain: Chain, lasting: i64) -> Option<Event> {
    let mut event = chain.event;
    event.extra.insert(COUNT.name, Cell::Number(chain.count as f64));
    (event.end_ns.saturating_sub(event.start_ns) >= lasting).then_some(event)
}

impl Step for Stay {
    fn event(&mut self, event: Event, _: &mut Vec<Event>) {
        self.groups.push(event);
    }

    fn until(&mut self, watermark: i64, out: &mut Vec<Event>) -> i64 {
        let lasting = self.lasting;
        self.groups.until(watermark, |chain| out.extend(stay(chain, lasting)))
    }

    fn finish(&mut self, out: &mut Vec<Event>) {
        let lasting = self.lasting;
        self.groups.finish(|chain| out.extend(stay(chain, lasting)));
    }

    fn saved(&self) -> Box<dyn Step> {
        Box::new(self.clone())
    }

    fn held(&self) -> usize {
        self.groups.held()
    }
}
