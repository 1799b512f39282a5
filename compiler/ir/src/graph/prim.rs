//! The primitives. Every match over [`Prim`] is exhaustive; there is no wildcard arm in the compiler.

use std::sync::Arc;

use super::call::Call;
use super::expr::Expr;
use super::quantile::Quantile;
use crate::DType;

#[derive(Clone, Debug, PartialEq)]
pub enum Prim {
    /// The record, in the file's own type.
    Source,
    /// Numbers given when the pipeline is built, as `[inner][channel][plane]`, and known before the first row is: a taper, a template, a
    /// response. They are data and no part of the code, so two pipelines that differ in them alone share their kernels.
    Constant(Arc<[f64]>),
    /// One scalar expression of the inputs at the same place; inputs lacking an axis are broadcast along it.
    /// A complex input or result is a pair: the expression has one output per plane.
    Map(Expr),
    /// A recurrence along time over tuple state, of real inputs that are joined as those of a map. The expression gives the next state of each variable, then the result(s).
    Scan { state: Vec<StateVar>, step: Expr },
    /// Taps `lo ..= hi` around row `i * hop` (time) or around the channel itself (hop 1). Along the inner axis windows are `Valid`:
    /// position `k` reads positions `k * hop + (tap − lo)`; [`View::Widen`] goes before them where there is an edge.
    Window { along: Role, lo: i32, hi: i32, hop: u32, edge: Edge, body: WindowBody },
    /// An accumulation over all of an axis.
    Reduce { along: Role, how: Reduction, scope: Scope },
    /// The same numbers at other indices.
    View(View),
    /// An FFT along the inner axis, or along time, which needs the whole segment or (inverse, from a spectrum without a time axis) gives it.
    Transform { kind: TransformKind, along: Role, n: u32 },
    /// Frames against frames at the same row, or against a constant: `Σ t[k] · x[k + lag]` over all `k` where both exist, for the lags
    /// `lo ..= hi`, in F64 by FFT. A sum with a factor that is not finite is NaN. Inputs are `x`, then `t`.
    Correlate { lo: i32, hi: i32 },
    /// Rows picked by an index table along the channel axis.
    Gather { channels: Vec<u32> },
    /// Watches a level and emits records.
    Emit(Emission),
    /// A model called on windows of rows, whose outputs are laid back on them.
    Call(Call),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    Time,
    Inner,
    Channel,
}

/// A variable of a recurrence, per channel (and inner position).
#[derive(Clone, Debug, PartialEq)]
pub struct StateVar {
    /// F32, F64 or I64.
    pub dtype: DType,
    pub init: Init,
}

/// The state before the first row of a segment.
#[derive(Clone, Debug, PartialEq)]
pub enum Init {
    Value(f64),
    /// An expression of the inputs at the segment's first row.
    First(Expr),
}

#[derive(Clone, Debug, PartialEq)]
pub enum WindowBody {
    /// Sum, minimum or maximum of the taps. Sums are taken by doubling (`S₂ₖ(i) = Sₖ(i) + Sₖ(i−k)`): nothing is ever subtracted,
    /// so a burst leaves no trace behind it, and the result of a row depends on its taps alone.
    Fold(Reduction),
    /// `Σ coefficients[k] · x[i + lo + k]`, accumulated in order with fma in F64.
    Dot(Vec<f64>),
    /// Several dots over the same taps, each with coefficients of its own: a new inner axis with a position for every one of them. With a
    /// hop the rows are those whose stretch `i * hop .. (i + 1) * hop` touches the segment, so that the phases of a resampling filter,
    /// laid back by [`View::OverlapAdd`], cover it.
    Bank(Vec<Vec<f64>>),
    /// Any expression of the taps (`Input { tap }`).
    Stencil(Expr),
    /// Taps over channels, each at rows of its own; a new inner axis.
    Slant(Slant),
    /// The tap that so many others are before in ascending order; NaN if a tap is. Along time and the inner axis only with `Edge::Valid`.
    Rank(u32),
}

/// Sums along lines across channels and rows: position `p` at row `i` and channel `c` is the sum over `k`, ascending and in F64, of
/// `weights[k]` times the sample (or its square) of channel `c + lo + k` at row `i + shifts[p][k]`. Between two rows it is interpolated
/// linearly, at a row it is what lies there. Channels beyond the ends count zero; rows exist where `reach` rows before and after do.
#[derive(Clone, Debug, PartialEq)]
pub struct Slant {
    /// No shift is larger.
    pub reach: u32,
    /// `[position][tap]`, in rows.
    pub shifts: Vec<Vec<f64>>,
    /// One for each tap.
    pub weights: Vec<f64>,
    /// Sums squares.
    pub squared: bool,
}

impl Slant {
    /// The rows a shift lies between: an offset, and the weights of the row there and of the one after.
    pub fn between(shift: f64) -> (i64, f64, f64) {
        let whole = shift.floor();
        (whole as i64, 1.0 - (shift - whole), shift - whole)
    }
}

/// What lies beyond the ends of an axis (names as in scipy.ndimage, except `Odd` as in scipy.signal.sosfiltfilt).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Edge {
    /// Nothing: rows whose taps leave the axis do not exist.
    Valid,
    Zero,
    /// The end value repeated.
    Nearest,
    /// `d c b a | a b c d | d c b a`.
    Reflect,
    /// `d c b | a b c d | c b a`.
    Mirror,
    /// Frames only: zero, with every frame that touches the segment, so that all rows lie in as many frames.
    Cover,
    /// Mirrored through the end value, `2a − x`: only [`View::Extend`] of floats has it, and no further than the axis is long.
    Odd,
}

impl Edge {
    pub const ALL: [Edge; 7] =
        [Edge::Valid, Edge::Zero, Edge::Nearest, Edge::Reflect, Edge::Mirror, Edge::Odd, Edge::Cover];

    /// The position of an axis of `len` at which an edge finds what lies at `at`, be it beyond the ends; `None` for nothing (zero).
    pub fn position(self, at: i64, len: i64) -> Option<i64> {
        if (0..len).contains(&at) {
            return Some(at);
        }
        match self {
            _ if len < 1 => None,
            Edge::Valid | Edge::Zero | Edge::Cover => None,
            Edge::Nearest => Some(at.clamp(0, len - 1)),
            Edge::Reflect => {
                let turn = at.rem_euclid(2 * len);
                Some(turn.min(2 * len - 1 - turn))
            }
            Edge::Mirror if len == 1 => Some(0),
            Edge::Mirror => {
                let turn = at.rem_euclid(2 * len - 2);
                Some(turn.min(2 * len - 2 - turn))
            }
            // The position on the other side of the end; whoever asks subtracts what lies there from twice the end.
            Edge::Odd => Some(if at < 0 { -at } else { 2 * (len - 1) - at }),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reduction {
    Sum,
    Min,
    Max,
    /// Mean and standard deviation come of one accumulation (Chan et al. 1983); ddof 0.
    Mean,
    Std,
    /// An order statistic. Along time it is selected exactly, digit by digit of the numbers' bits, in as many passes
    /// ([`super::quantile::Digits`]), with counts of the digit for every channel in between.
    Quantile(Quantile),
}

/// What a reduction along time covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Each stretch between gaps by itself.
    Segment,
    /// The whole record.
    Record,
}

#[derive(Clone, Debug, PartialEq)]
pub enum View {
    /// Rows or positions `start, start + step, … < stop`, counted from the start of the axis.
    Slice { along: Role, start: u64, stop: u64, step: u32 },
    /// Frames of `n` rows, frame `j` from row `j * hop + lo`; a new inner axis. With `Edge::Valid` they stay within the segment, else they reach
    /// up to `−lo` rows beyond either end, where the edge says what lies. `padded` (of `Edge::Zero`) adds the frame that runs over.
    Frame { n: u32, hop: u32, lo: i32, edge: Edge, padded: bool },
    /// The adjoint of `Frame`: frames are laid back at `j * hop + lo` and summed. With `weights`, one per position of a frame, the sum is divided
    /// by the sum of the weights of those positions (where that exceeds 1e-10, as in scipy.signal.istft).
    OverlapAdd { hop: u32, lo: i32, weights: Vec<f64> },
    /// The inner axis with so many positions more (or fewer, if negative) before and after it, filled as the edge says.
    Widen { before: i32, after: i32, edge: Edge },
    /// Signals at the same rows laid side by side along the inner axis, in order; one without an inner axis takes one position.
    Join,
    /// So many rows more before and after every segment, made up as the edge says.
    Extend { before: u32, after: u32, edge: Edge },
    /// Every segment backwards: row `first + i` is the row `last − i`. Waits for the whole segment.
    Reverse,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TransformKind {
    /// Real `n` → complex `n / 2 + 1`, unscaled.
    Forward,
    /// Complex `n / 2 + 1` → real `n`, divided by `n`.
    Inverse,
    /// The analytic signal of scipy.signal.hilbert. Along time: real `n` → complex `n`. Along the inner axis it is made of the half
    /// spectrum a forward transform gives: complex `n / 2 + 1` → complex `n`; its real part is the inverse transform.
    Analytic,
}

/// A detection: on above `on`, off when not above `off`.
#[derive(Clone, Debug, PartialEq)]
pub struct Emission {
    pub on: f64,
    pub off: f64,
    /// Stretches of neighbouring channels that overlap in time within these tolerances become one record.
    pub merge_seconds: f64,
    pub merge_channels: u32,
    pub detector: String,
}
