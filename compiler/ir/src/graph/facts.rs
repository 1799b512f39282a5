//! Streaming facts: how far back and ahead a node looks, what it keeps between chunks and how often the data is read.
//!
//! They are folded from the primitives and never declared by an operator. Reaches are exact and in seconds, so changes of rate
//! compose: taps `lo ..= hi` at period `p` add `−lo·p` to what lies behind and `hi·p` to what lies ahead, and a hop multiplies
//! the period. Where branches meet, the larger counts, and the earlier branch waits for the later one in a delay.

use std::fmt;

use super::axis::Signal;
use super::builder::slice_rows;
use super::prim::{Edge, Prim, Reduction, Role, View, WindowBody};
use super::quantile::Digits;
use super::{Graph, Node, NodeId};
use crate::Rational;

/// How far an output row depends on input rows in one direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// So many seconds from the row's own instant; negative when only rows on the other side are read.
    Seconds(Rational),
    /// To the segment's start, through finite state.
    State,
    /// The whole segment or record.
    Whole,
}

/// How a pipeline streams, as in the operator reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// `P`: each row by itself.
    Pointwise,
    /// `S`: exact with finite state and no look-ahead.
    State,
    /// `H`: finite look-ahead, and so latency.
    Halo,
    /// `2`: more than one pass, with a few numbers per channel between them.
    Passes,
    /// `W`: the whole axis at once.
    Whole,
}

/// Which neighbouring channels a channel depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Halo {
    /// So many on either side.
    Channels {
        below: u32,
        above: u32,
    },
    All,
}

/// The facts of one node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Seconds between rows of the record that is read.
    pub base: Rational,
    /// Seconds between rows and instant of row 0; `None` without a time axis.
    pub sampling: Option<(Rational, Rational)>,
    pub back: Reach,
    pub ahead: Reach,
    /// The stretch of the record whose rows are needed together.
    pub granule: Reach,
    /// Elements per lane (channel) that this node by itself keeps between chunks.
    pub carry: u64,
    /// How many passes over the data there are, each over the record or over what a pass before it spooled.
    pub passes: u32,
    pub halo: Halo,
    /// False behind an FFT: results agree across targets by tolerance, not by bits.
    pub exact: bool,
    /// Whether a transform needs the whole segment.
    whole: bool,
}

impl Facts {
    /// Seconds from a sample's arrival until every row that depends on it is known; `None` if that is the record's end.
    pub fn latency(&self) -> Option<Rational> {
        match (self.ahead, self.granule) {
            (Reach::Seconds(ahead), Reach::Seconds(granule)) => Some(ahead + granule - self.base),
            _ => None,
        }
    }

    /// A reach in rows of the record that is read.
    pub fn rows(&self, reach: Reach) -> Option<Rational> {
        match reach {
            Reach::Seconds(seconds) => Some(seconds / self.base),
            Reach::State | Reach::Whole => None,
        }
    }

    pub fn class(&self) -> Class {
        if self.whole {
            return Class::Whole;
        }
        if self.passes > 1 {
            return Class::Passes;
        }
        let nothing = Reach::Seconds(Rational::ZERO);
        if self.ahead > nothing && self.ahead != Reach::Whole {
            Class::Halo
        } else if self.back > nothing {
            Class::State
        } else {
            Class::Pointwise
        }
    }
}

impl Class {
    pub const fn letter(self) -> char {
        match self {
            Class::Pointwise => 'P',
            Class::State => 'S',
            Class::Halo => 'H',
            Class::Passes => '2',
            Class::Whole => 'W',
        }
    }
}

/// The facts of every node, in order. The graph is verified.
pub fn facts(graph: &Graph) -> Vec<Facts> {
    let mut all: Vec<Facts> = Vec::with_capacity(graph.nodes.len());
    for id in graph.ids() {
        let facts = fold(graph, id, &all);
        all.push(facts);
    }
    all
}

/// Elements per lane that a whole pipeline keeps between chunks, delays where branches meet included.
pub fn carry(facts: &[Facts]) -> u64 {
    facts.iter().fold(0, |sum, f| sum.saturating_add(f.carry))
}

fn fold(graph: &Graph, id: NodeId, all: &[Facts]) -> Facts {
    let node = graph.node(id);
    if let Prim::Constant(_) = node.prim {
        return constant();
    }
    // What the rows come from; beside a constant that is the other input.
    let timed = |x: &&NodeId| graph.signal(**x).is_some_and(|s| s.time.is_some());
    let input = node.inputs.iter().find(timed).or(node.inputs.first());
    let input = input.and_then(|x| Some((graph.signal(*x)?, all.get(x.index())?)));
    let Some((signal, x)) = input else {
        return source(graph.signal(id));
    };
    let mut facts = Facts { carry: 0, sampling: sampling(graph.signal(id)), passes: x.passes.max(1), ..*x };
    let period = signal.time.as_ref().map_or(Rational::ZERO, |t| t.period);
    let width = u64::from(signal.inner_len()) * u64::from(signal.planes());
    match &node.prim {
        Prim::Source | Prim::Constant(_) => return source(graph.signal(id)),
        Prim::Correlate { .. } => return Facts { exact: false, ..join(graph, node, facts, all) },
        Prim::Map(_) | Prim::View(View::Join) => return join(graph, node, facts, all),
        Prim::Scan { state, .. } => {
            // Several inputs meet as in a map; what is kept is as wide as a row of the result.
            facts = join(graph, node, facts, all);
            facts.back = facts.back.max(Reach::State);
            let width = graph.signal(id).map_or(width, |s| u64::from(s.inner_len()));
            facts.carry = facts.carry.saturating_add(width.saturating_mul(state.len() as u64));
            return facts;
        }
        Prim::Window { along: Role::Time, lo, hi, hop, edge, body } => {
            let (back, mut ahead) = reflected(*lo, *hi, *edge);
            if let WindowBody::Bank(_) = body {
                ahead = ahead.max(beyond_start(back, i64::from(*hop) - 1, *edge));
            }
            facts.reach(back, ahead, period);
            let taps = (i64::from(*hi) - i64::from(*lo) + 1).max(0) as u64;
            facts.carry = width * kept(body, taps, *hop);
        }
        Prim::Window { along: Role::Channel, lo, hi, edge, body, .. } => {
            let (below, above) = reflected(*lo, *hi, *edge);
            facts.halo = facts.halo.widened(below, above);
            if let WindowBody::Slant(slant) = body {
                facts.reach(slant.reach.into(), slant.reach.into(), period);
                facts.carry = 2 * u64::from(slant.reach);
            }
        }
        Prim::Window { along: Role::Inner, .. } => {}
        Prim::Reduce { along: Role::Time, how, .. } => {
            (facts.back, facts.ahead, facts.granule) = (Reach::Whole, Reach::Whole, Reach::Whole);
            facts.carry = width
                * match how {
                    Reduction::Sum | Reduction::Min | Reduction::Max => 1,
                    // Count, mean and sum of squares.
                    Reduction::Mean | Reduction::Std => 3,
                    Reduction::Quantile(_) => {
                        let digits = Digits::of(signal);
                        facts.passes = facts.passes.saturating_add(digits.passes() - 1);
                        // A count for every value of the digit; the digits found, the rank among them and the least value above.
                        (1 << digits.width) + 3
                    }
                };
        }
        Prim::Reduce { along: Role::Channel, .. } | Prim::Gather { .. } => facts.halo = Halo::All,
        Prim::Reduce { along: Role::Inner, .. } => {}
        Prim::View(view) => match *view {
            View::Slice { along: Role::Channel, .. } => facts.halo = Halo::All,
            View::Slice { along: Role::Time | Role::Inner, .. } => {}
            View::Join => {}
            View::Frame { n, lo, edge, .. } => {
                let (back, ahead) = framed(i64::from(n), i64::from(lo), edge);
                facts.reach(back, ahead, period);
                facts.carry = width * u64::from(n).saturating_sub(1);
            }
            View::Extend { before, after, edge } => {
                // The outermost row shows the one as far on the other side of the end.
                let further = |rows: u32| match edge {
                    Edge::Valid | Edge::Zero | Edge::Cover => 0,
                    Edge::Nearest => i64::from(rows),
                    Edge::Reflect => (2 * i64::from(rows) - 1).max(0),
                    Edge::Mirror | Edge::Odd => 2 * i64::from(rows),
                };
                // Rows after the end look back, rows before the start ahead.
                let (back, ahead) = (further(after), further(before));
                facts.reach(back, ahead, period);
                facts.carry = width * back.max(ahead).unsigned_abs();
            }
            View::Reverse => {
                facts.whole = true;
                facts.passes = facts.passes.saturating_add(1);
                (facts.back, facts.ahead, facts.granule) = (Reach::Whole, Reach::Whole, Reach::Whole);
            }
            View::Widen { .. } => {}
            View::OverlapAdd { hop, lo, .. } => {
                let n = i64::from(signal.inner_len());
                let fine = facts.sampling.map_or(period, |(period, _)| period);
                facts.reach(i64::from(lo) + n - 1, -i64::from(lo), fine);
                facts.carry = (n.unsigned_abs()).saturating_sub(hop.into()) * u64::from(signal.planes());
            }
        },
        Prim::Transform { along, .. } => {
            facts.exact = false;
            if *along == Role::Time {
                facts.whole = true;
                // What keeps its rows is read again by the next pass, from where it was spooled.
                facts.passes = facts.passes.saturating_add(u32::from(facts.sampling.is_some()));
                (facts.back, facts.ahead, facts.granule) = (Reach::Whole, Reach::Whole, Reach::Whole);
            }
            if *along == Role::Channel {
                facts.halo = Halo::All;
            }
        }
        // Whether it is on, its first row, peak and peak row.
        Prim::Emit(_) => facts.carry = 4,
        Prim::Call(call) => {
            let (used, last) = (call.used(), i64::from(call.window) - 1);
            facts.reach(used.end - 1, last - used.start, period);
            facts.exact = false;
            let group = call.channels - 1;
            let (below, above) =
                if call.each_channel { (group, group) } else { (group / 2, group - group / 2) };
            facts.halo = facts.halo.widened(below.into(), above.into());
            // Its rows until a window is full, and sums until no more windows come.
            facts.carry = u64::from(call.window) + u64::from(call.rows) * u64::from(call.labels);
        }
    }
    facts.together();
    facts.moved(shift(node, signal, graph.signal(id)));
    facts
}

/// Seconds by which the origin was moved beyond what the primitive does ([`super::Builder::shift_origin`]).
fn shift(node: &Node, input: &Signal, output: Option<&Signal>) -> Rational {
    let (Some(from), Some(to)) = (&input.time, output.and_then(|s| s.time.as_ref())) else {
        return Rational::ZERO;
    };
    let base = match node.prim {
        Prim::View(View::Slice { along: Role::Time, start, stop, step }) => {
            slice_rows(&from.rows, start, stop, step).0
        }
        Prim::Source
        | Prim::Constant(_)
        | Prim::Map(_)
        | Prim::Scan { .. }
        | Prim::Window { .. }
        | Prim::Reduce { .. }
        | Prim::View(_)
        | Prim::Transform { .. }
        | Prim::Correlate { .. }
        | Prim::Gather { .. }
        | Prim::Emit(_)
        | Prim::Call(_) => 0,
    };
    to.origin - from.origin - from.period * base.into()
}

fn source(signal: Option<&Signal>) -> Facts {
    let sampling = sampling(signal);
    let base = sampling.map_or(Rational::ONE, |(period, _)| period);
    Facts {
        base,
        sampling,
        back: Reach::Seconds(Rational::ZERO),
        ahead: Reach::Seconds(Rational::ZERO),
        granule: Reach::Seconds(base),
        carry: 0,
        passes: 1,
        halo: Halo::Channels { below: 0, above: 0 },
        exact: true,
        whole: false,
    }
}

/// Known before anything is read, and read in no pass of its own.
fn constant() -> Facts {
    let facts = source(None);
    Facts { granule: Reach::Seconds(Rational::ZERO), passes: 0, ..facts }
}

fn sampling(signal: Option<&Signal>) -> Option<(Rational, Rational)> {
    signal?.time.as_ref().map(|t| (t.period, t.origin))
}

/// Rows (or channels) before and after that taps `lo ..= hi` read. At the ends of an axis a reflection reads those on the other side, and a
/// repeated end value the element itself.
fn reflected(lo: i32, hi: i32, edge: Edge) -> (i64, i64) {
    let (back, ahead) = (-i64::from(lo), i64::from(hi));
    match edge {
        Edge::Valid | Edge::Zero | Edge::Cover => (back, ahead),
        Edge::Nearest => (back.max(0), ahead.max(0)),
        Edge::Reflect => (back.max(ahead - 1), ahead.max(back - 1)),
        Edge::Mirror | Edge::Odd => (back.max(ahead), ahead.max(back)),
    }
}

/// Rows before and after its own that a frame reads. Frames may have rows up to `−n − 2·lo` beyond the end, from where a reflection reads
/// twice as far back.
fn framed(n: i64, lo: i64, edge: Edge) -> (i64, i64) {
    let (back, ahead) = (-lo, lo + n - 1);
    match edge {
        Edge::Valid | Edge::Zero | Edge::Cover | Edge::Odd => (back, ahead),
        Edge::Nearest => (back.max(1 - n - 2 * lo), ahead),
        Edge::Reflect => (back.max(-n - 3 * lo), ahead.max(-lo - 1)),
        Edge::Mirror => (back.max(1 - n - 3 * lo), ahead.max(-lo)),
    }
}

/// How far ahead a row looks that lies up to `before` rows before the segment, as the first of a bank of filters may.
fn beyond_start(back: i64, before: i64, edge: Edge) -> i64 {
    match edge {
        Edge::Valid | Edge::Zero | Edge::Cover => i64::MIN,
        Edge::Nearest => before,
        Edge::Reflect | Edge::Mirror | Edge::Odd => back + 2 * before,
    }
}

/// Elements that a window keeps: all taps but the newest, or what has been accumulated when windows do not overlap.
fn kept(body: &WindowBody, taps: u64, hop: u32) -> u64 {
    match body {
        WindowBody::Fold(_) if u64::from(hop) >= taps => 1,
        WindowBody::Fold(_)
        | WindowBody::Dot(_)
        | WindowBody::Bank(_)
        | WindowBody::Stencil(_)
        | WindowBody::Slant(_)
        | WindowBody::Rank(_) => taps.saturating_sub(1),
    }
}

/// Where branches meet the larger counts; a statistic over all time that meets rows costs a pass.
fn join(graph: &Graph, node: &Node, mut facts: Facts, all: &[Facts]) -> Facts {
    let timed = facts.sampling.is_some();
    let inputs: Vec<_> =
        node.inputs.iter().filter_map(|x| Some((graph.signal(*x)?, all.get(x.index())?))).collect();
    facts.passes = 1;
    for (signal, x) in &inputs {
        let again = u32::from(timed && signal.time.is_none());
        facts.passes = facts.passes.max(x.passes.saturating_add(again));
        facts.back = facts.back.max(x.back);
        facts.ahead = facts.ahead.max(x.ahead);
        facts.granule = facts.granule.max(x.granule);
        facts.halo = facts.halo.united(x.halo);
        facts.exact &= x.exact;
        facts.whole |= x.whole;
    }
    // Arithmetic among constants is done when the first pass ends.
    facts.passes = facts.passes.max(1);
    let Some((period, origin)) = facts.sampling else { return facts };
    let first = inputs.iter().find_map(|(signal, _)| signal.time.as_ref());
    facts.moved(first.map_or(Rational::ZERO, |time| origin - time.origin));
    // Rows that the other branches of this pass are behind.
    let latest = inputs.iter().map(|(_, x)| x.ahead).filter(|a| *a != Reach::Whole).max();
    for (signal, x) in &inputs {
        if let (Some(Reach::Seconds(latest)), Reach::Seconds(ahead)) = (latest, x.ahead) {
            let rows = (latest - ahead) / period;
            let rows =
                u64::try_from(rows.num() / rows.den()).unwrap_or(0) + u64::from(rows.num() % rows.den() != 0);
            let width = u64::from(signal.inner_len()) * u64::from(signal.planes());
            facts.carry = facts.carry.saturating_add(rows.saturating_mul(width));
        }
    }
    facts
}

impl Facts {
    /// Adds rows of this period behind and ahead.
    fn reach(&mut self, back: i64, ahead: i64, period: Rational) {
        let further = |reach: Reach, rows: i64| match reach {
            Reach::Seconds(seconds) => Reach::Seconds(seconds + period * rows.into()),
            Reach::State | Reach::Whole => reach,
        };
        (self.back, self.ahead) = (further(self.back, back), further(self.ahead, ahead));
    }

    /// An instant later by so many seconds sees more behind and less ahead.
    fn moved(&mut self, seconds: Rational) {
        if let Reach::Seconds(back) = &mut self.back {
            *back = *back + seconds;
        }
        if let Reach::Seconds(ahead) = &mut self.ahead {
            *ahead = *ahead - seconds;
        }
    }

    /// A coarser period means that more rows are needed together.
    fn together(&mut self) {
        if let Some((period, _)) = self.sampling {
            self.granule = self.granule.max(Reach::Seconds(period));
        }
    }
}

impl Halo {
    fn widened(self, more_below: i64, more_above: i64) -> Halo {
        let count = |more: i64| u32::try_from(more.max(0)).unwrap_or(u32::MAX);
        match self {
            Halo::All => Halo::All,
            Halo::Channels { below, above } => Halo::Channels {
                below: below.saturating_add(count(more_below)),
                above: above.saturating_add(count(more_above)),
            },
        }
    }

    fn united(self, other: Halo) -> Halo {
        match (self, other) {
            (Halo::Channels { below: a, above: b }, Halo::Channels { below: c, above: d }) => {
                Halo::Channels { below: a.max(c), above: b.max(d) }
            }
            (Halo::All, _) | (_, Halo::All) => Halo::All,
        }
    }
}

impl fmt::Display for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reach::Seconds(seconds) => write!(f, "{seconds} s"),
            Reach::State => f.write_str("state"),
            Reach::Whole => f.write_str("whole"),
        }
    }
}

/// `H back 3/1000 s ahead 1/500 s granule 1/1000 s carry 5 passes 1`.
impl fmt::Display for Facts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Facts { back, ahead, granule, carry, passes, .. } = self;
        write!(
            f,
            "{} back {back} ahead {ahead} granule {granule} carry {carry} passes {passes}",
            self.class().letter()
        )?;
        match self.halo {
            Halo::Channels { below: 0, above: 0 } => {}
            Halo::Channels { below, above } => write!(f, " channels -{below} +{above}")?,
            Halo::All => f.write_str(" channels all")?,
        }
        f.write_str(if self.exact { "" } else { " tolerance" })
    }
}
