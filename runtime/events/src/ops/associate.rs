//! One event of detections that follow a wave along the fibre.

use dasc_ir::literal::Arg;
use dasc_ir::parameter::{Metres, Seconds};
use dasc_ir::{Diag, Result, choice, operator};

use super::{Bound, Context, EventOperator, Speeds, at_least, shown};
use crate::groups::{Groups, Nearness, nanoseconds};
use crate::{Event, Step};

choice! {
    /// What becomes of events that belong to nothing.
    Rest { Drop = "drop", Keep = "keep" }
}

operator! {
    /// Makes one event of those on different channels whose onsets follow a moveout.
    ///
    /// Two onsets at most REACH apart along the fibre belong together when one comes after the other by no more than the slowest
    /// apparent velocity needs for the way, and no less than the fastest, each with TOLERANCE to spare; a chain of such onsets
    /// is an event. A front that meets the fibre broadside arrives everywhere at once, so leave the upper end open unless such
    /// fronts are to be left out. Chains on fewer than CHANNELS channels are dropped, or kept as they were found with
    /// REST=keep. Put it behind a detector that keeps channels apart. Distances must be known.
    Associate = "ASSOCIATE" (
        /// Apparent velocities along the fibre.
        velocity: Speeds,
    ) {
        /// The least number of channels with an onset.
        channels: u32 = 5,
        /// How far apart along the fibre two onsets may be to be linked directly.
        reach: Metres = Metres(50.0),
        /// How much an onset may be early or late.
        tolerance: Seconds = Seconds(0.05),
        /// What becomes of events that belong to nothing.
        rest: Rest = Rest::Drop,
    }
    formula "a and b are linked if Δd ≤ REACH and Δd/fastest − TOLERANCE ≤ Δt ≤ Δd/slowest + TOLERANCE";
    example "ASSOCIATE 300m/s.. CHANNELS=10 REACH=50m TOLERANCE=50ms";
    reference "scipy.sparse.csgraph.connected_components of all pairs";
}

impl EventOperator for Associate {
    fn bind(self, context: &Context, _: &[Arg]) -> Result<Bound> {
        at_least("REACH", self.reach.0, 0.0, "m")?;
        at_least("TOLERANCE", self.tolerance.0, 0.0, "s")?;
        if self.velocity.from <= 0.0 {
            return Err(Diag::usage("ASSOCIATE needs a slowest velocity above 0: without it nothing ever ends")
                .help("for example ASSOCIATE 300m/s.. or 300..6000m/s"));
        }
        let front = Front {
            slowest: self.velocity.from,
            fastest: self.velocity.to,
            reach: self.reach.0,
            tolerance: self.tolerance.0,
        };
        let longest = front.longest();
        let waits = format!("until {} after its last onset", shown((longest * 1000.0).round() / 1000.0, "s"));
        let keep = self.rest == Rest::Keep;
        let step = Associating { groups: Groups::new(front), channels: self.channels as usize, keep };
        Ok(Bound::new(context.input.clone(), waits, step))
    }
}

#[derive(Clone, Copy, Debug)]
struct Front {
    slowest: f64,
    fastest: f64,
    reach: f64,
    tolerance: f64,
}

impl Front {
    /// The longest time between two onsets that are linked.
    fn longest(&self) -> f64 {
        self.reach / self.slowest + self.tolerance
    }
}

impl Nearness for Front {
    fn near(&self, earlier: &Event, event: &Event) -> bool {
        let way = (event.place() - earlier.place()).abs();
        let late = (i128::from(event.start_ns) - i128::from(earlier.start_ns)) as f64 / 1e9;
        way <= self.reach
            && late <= way / self.slowest + self.tolerance
            && late >= way / self.fastest - self.tolerance
    }

    fn last_start(&self, earlier: &Event) -> i64 {
        // A nanosecond more than the rounded time, which may be the shorter.
        earlier.start_ns.saturating_add(nanoseconds(self.longest())).saturating_add(1)
    }
}

#[derive(Clone)]
struct Associating {
    groups: Groups<Front>,
    channels: usize,
    keep: bool,
}

impl Step for Associating {
    fn event(&mut self, event: Event, _: &mut Vec<Event>) {
        self.groups.push(event);
    }

    fn until(&mut self, watermark: i64, out: &mut Vec<Event>) -> i64 {
        let (channels, keep) = (self.channels, self.keep);
        self.groups.until(watermark, |chain| {
            if keep || chain.channels.len() >= channels {
                out.push(chain.event);
            }
        })
    }

    fn finish(&mut self, out: &mut Vec<Event>) {
        let (channels, keep) = (self.channels, self.keep);
        self.groups.finish(|chain| {
            if keep || chain.channels.len() >= channels {
                out.push(chain.event);
            }
        });
    }

    fn saved(&self) -> Box<dyn Step> {
        Box::new(self.clone())
    }

    fn held(&self) -> usize {
        self.groups.held()
    }
}
