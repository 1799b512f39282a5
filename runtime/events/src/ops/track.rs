//! Moving sources: lines of events in time and distance.

use dasc_ir::literal::Arg;
use dasc_ir::parameter::{Metres, Seconds};
use dasc_ir::{Diag, Result, operator};

use super::{Bound, Context, EventOperator, Speeds, at_least, shown};
use crate::event::{COUNT, SPEED};
use crate::groups::{combined, nanoseconds};
use crate::{Cell, Event, Step};

/// Points of a track that say where it will be next.
const RECENT: usize = 12;
/// Points of a track that its speed is fitted to; of more, every so many are taken.
const FITTED: usize = 200;

operator! {
    /// Follows moving sources: one event for each vehicle, train or walker, with its speed.
    ///
    /// Every event is a point: the instant of its peak at the middle of its stretch of fibre. Three points on a line whose speed
    /// lies in the range begin a track; further points within WITHIN of where the last twelve points lead continue it, the
    /// nearest track first; it ends when none has come for PAUSE. Tracks of fewer than POINTS points or a shorter way than
    /// LENGTH are dropped, and so are points on no track. The result spans the points; its column `speed` is the median of the
    /// slopes between all pairs of points (Theil and Sen), in m/s, positive towards larger distances; `count` says how many
    /// points there were. Put it behind a detector that keeps channels apart. Distances must be known.
    Track = "TRACK" (
        /// Speeds, whichever way: 20..150km/h.
        speed: Speeds,
    ) {
        /// How far a point may lie from its track.
        within: Metres = Metres(15.0),
        /// The longest time without a point.
        pause: Seconds = Seconds(3.0),
        /// The least number of points.
        points: u32 = 8,
        /// The least way.
        length: Metres = Metres(0.0),
    }
    example "TRACK 20..150km/h WITHIN=15m PAUSE=3s";
    reference "scipy.stats.theilslopes of the points of each line";
}

impl EventOperator for Track {
    fn bind(self, context: &Context, _: &[Arg]) -> Result<Bound> {
        at_least("WITHIN", self.within.0, 0.0, "m")?;
        at_least("PAUSE", self.pause.0, 0.0, "s")?;
        at_least("LENGTH", self.length.0, 0.0, "m")?;
        if !self.speed.to.is_finite() {
            return Err(Diag::usage("TRACK needs a highest speed: without it every two points are on a track")
                .help("for example TRACK 20..150km/h"));
        }
        let waits = format!("until {} after its last point", shown(self.pause.0, "s"));
        let ty = context.input.clone().with(SPEED).with(COUNT);
        Ok(Bound::new(ty, waits, Tracking { rules: self, loose: Vec::new(), tracks: Vec::new() }))
    }
}

#[derive(Clone)]
struct Tracking {
    rules: Track,
    /// Points on no track, the latest last.
    loose: Vec<Event>,
    tracks: Vec<Line>,
}

/// A track, its points in order of coming.
#[derive(Clone)]
struct Line {
    points: Vec<(f64, f64)>,
    /// What seconds count from.
    origin: i64,
    last_ns: i64,
    event: Event,
}

impl Tracking {
    fn seconds(&self) -> i64 {
        nanoseconds(self.rules.pause.0)
    }

    /// The three points of the straightest line that ends in `event`, as positions among the loose ones.
    fn begins(&self, event: &Event) -> Option<(usize, usize)> {
        let at = |e: &Event| ((i128::from(e.peak_ns) - i128::from(event.peak_ns)) as f64 / 1e9, e.place());
        let (_, place) = at(event);
        let mut best: Option<(f64, usize, usize)> = None;
        for (i, first) in self.loose.iter().enumerate() {
            let (since, from) = at(first);
            let speed = (place - from) / -since;
            if !(speed.abs() >= self.rules.speed.from && speed.abs() < self.rules.speed.to) {
                continue;
            }
            for (j, second) in self.loose.iter().enumerate() {
                let (between, middle) = at(second);
                if j == i || !(since < between && between < 0.0) {
                    continue;
                }
                let off = (middle - (place + speed * between)).abs();
                if off <= self.rules.within.0 && best.is_none_or(|(least, ..)| off < least) {
                    best = Some((off, i, j));
                }
            }
        }
        best.map(|(_, i, j)| (i, j))
    }

    /// Ends what has had no point for too long.
    fn end(&mut self, watermark: i64, out: &mut Vec<Event>) {
        let pause = self.seconds();
        let over = |last: i64| last.saturating_add(pause) < watermark;
        self.loose.retain(|event| !over(event.peak_ns.max(event.start_ns)));
        let mut open = Vec::new();
        for line in std::mem::take(&mut self.tracks) {
            if over(line.last_ns) { out.extend(line.ended(&self.rules)) } else { open.push(line) }
        }
        self.tracks = open;
    }
}

impl Step for Tracking {
    fn event(&mut self, event: Event, _: &mut Vec<Event>) {
        if !event.place().is_finite() {
            return;
        }
        let within = self.rules.within.0;
        let near = self.tracks.iter().enumerate().filter_map(|(i, line)| Some((i, line.off(&event)?)));
        let nearest = near.filter(|(_, off)| *off <= within).min_by(|a, b| a.1.total_cmp(&b.1));
        if let Some(line) = nearest.and_then(|(i, _)| self.tracks.get_mut(i)) {
            line.add(event);
            return;
        }
        let Some((i, j)) = self.begins(&event) else {
            self.loose.push(event);
            return;
        };
        let mut three = vec![self.loose.remove(i.max(j)), self.loose.remove(i.min(j)), event];
        three.sort_by(|a, b| a.peak_ns.cmp(&b.peak_ns).then(a.precedes(b)));
        let mut three = three.into_iter();
        if let Some(first) = three.next() {
            let mut line = Line::new(first);
            three.for_each(|event| line.add(event));
            self.tracks.push(line);
        }
    }

    fn until(&mut self, watermark: i64, out: &mut Vec<Event>) -> i64 {
        self.end(watermark, out);
        let starts = self.loose.iter().chain(self.tracks.iter().map(|line| &line.event));
        starts.map(|event| event.start_ns).fold(watermark, i64::min)
    }

    fn finish(&mut self, out: &mut Vec<Event>) {
        self.loose.clear();
        for line in std::mem::take(&mut self.tracks) {
            out.extend(line.ended(&self.rules));
        }
    }

    fn saved(&self) -> Box<dyn Step> {
        Box::new(self.clone())
    }

    fn held(&self) -> usize {
        self.tracks.iter().map(|line| line.points.len()).sum::<usize>().saturating_add(self.loose.len())
    }
}

impl Line {
    fn new(first: Event) -> Line {
        let mut line = Line { points: Vec::new(), origin: first.peak_ns, last_ns: first.start_ns, event: first };
        line.points.push((0.0, line.event.place()));
        line.last_ns = line.event.peak_ns.max(line.event.start_ns);
        line
    }

    fn at(&self, event: &Event) -> (f64, f64) {
        ((i128::from(event.peak_ns) - i128::from(self.origin)) as f64 / 1e9, event.place())
    }

    fn add(&mut self, event: Event) {
        let point = self.at(&event);
        self.points.push(point);
        self.last_ns = self.last_ns.max(event.peak_ns.max(event.start_ns));
        self.event = combined(self.event.clone(), &event);
    }

    /// How far an event lies from where the last points lead.
    fn off(&self, event: &Event) -> Option<f64> {
        let recent = self.points.get(self.points.len().saturating_sub(RECENT)..)?;
        let n = recent.len() as f64;
        let (t, x) = recent.iter().fold((0.0, 0.0), |(t, x), p| (t + p.0 / n, x + p.1 / n));
        let (up, down) = recent
            .iter()
            .fold((0.0, 0.0), |(up, down), p| (up + (p.0 - t) * (p.1 - x), down + (p.0 - t) * (p.0 - t)));
        let slope = if down > 0.0 { up / down } else { 0.0 };
        let (at, place) = self.at(event);
        Some((place - (x + slope * (at - t))).abs())
    }

    /// The event of the whole track, if it is one.
    fn ended(self, rules: &Track) -> Option<Event> {
        let places = self.points.iter().map(|p| p.1);
        let way = places.clone().fold(f64::NEG_INFINITY, f64::max) - places.fold(f64::INFINITY, f64::min);
        let speed = theil_sen(&self.points)?;
        let counts = self.points.len() >= rules.points as usize && way >= rules.length.0;
        if !counts || speed.abs() < rules.speed.from || speed.abs() >= rules.speed.to {
            return None;
        }
        let (at, place) = middle(&self.points, speed)?;
        let mut event = self.event;
        event.passes = Some((self.origin.saturating_add(nanoseconds(at)), place));
        event.extra.insert(SPEED.name, Cell::Number(speed));
        event.extra.insert(COUNT.name, Cell::Number(self.points.len() as f64));
        Some(event)
    }
}

/// The median of the slopes between all pairs of points at different times.
fn theil_sen(points: &[(f64, f64)]) -> Option<f64> {
    let every = points.len().div_ceil(FITTED).max(1);
    let points: Vec<(f64, f64)> = points.iter().step_by(every).copied().collect();
    let mut slopes = Vec::new();
    for (i, a) in points.iter().enumerate() {
        let later = points.iter().skip(i.saturating_add(1)).filter(|b| b.0 != a.0);
        slopes.extend(later.map(|b| (b.1 - a.1) / (b.0 - a.0)));
    }
    median(slopes)
}

/// A place on the line of that slope which has as many points on either side: their median time, and where it then is.
fn middle(points: &[(f64, f64)], slope: f64) -> Option<(f64, f64)> {
    let at = median(points.iter().map(|p| p.0).collect())?;
    let place = median(points.iter().map(|p| p.1 - slope * (p.0 - at)).collect())?;
    Some((at, place))
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    let upper = *values.get(middle)?;
    if values.len() % 2 == 1 {
        return Some(upper);
    }
    Some(0.5 * (upper + values.get(middle.checked_sub(1)?)?))
}
