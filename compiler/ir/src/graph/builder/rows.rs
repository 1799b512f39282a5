//! Which rows every primitive has: the only place where row ranges are computed.

use crate::graph::axis::Rows;
use crate::graph::prim::Edge;

/// Rounded towards +∞, `d > 0`.
pub fn div_ceil(n: i64, d: i64) -> i64 {
    -(-n).div_euclid(d)
}

/// Rows of a window over input rows `a .. b`: those whose centre exists, or with `Valid` whose taps all do.
pub fn window_rows(a: i64, b: i64, lo: i32, hi: i32, hop: u32, edge: Edge) -> (i64, i64) {
    let hop = i64::from(hop);
    match edge {
        Edge::Valid => (div_ceil(a - i64::from(lo), hop), (b - 1 - i64::from(hi)).div_euclid(hop) + 1),
        Edge::Zero | Edge::Nearest | Edge::Reflect | Edge::Mirror | Edge::Odd | Edge::Cover => {
            (div_ceil(a, hop), div_ceil(b, hop))
        }
    }
}

/// Rows of a bank of filters over input rows `a .. b`: those whose stretch of `hop` rows touches them, or with `Valid` whose taps all exist.
pub fn bank_rows(a: i64, b: i64, lo: i32, hi: i32, hop: u32, edge: Edge) -> (i64, i64) {
    match edge {
        Edge::Valid => window_rows(a, b, lo, hi, hop, Edge::Valid),
        Edge::Zero | Edge::Nearest | Edge::Reflect | Edge::Mirror | Edge::Odd | Edge::Cover => {
            (a.div_euclid(hop.into()), div_ceil(b, hop.into()))
        }
    }
}

/// Frames over input rows `a .. b`.
pub fn frame_rows(a: i64, b: i64, n: u32, hop: u32, lo: i32, edge: Edge, padded: bool) -> (i64, i64) {
    match edge {
        Edge::Valid => window_rows(a, b, lo, lo + n as i32 - 1, hop, Edge::Valid),
        // Frame j covers rows j·hop + lo .. j·hop + lo + n.
        Edge::Cover => {
            let (lo, n, hop) = (i64::from(lo), i64::from(n), i64::from(hop));
            ((a - lo - n).div_euclid(hop) + 1, (b - 1 - lo).div_euclid(hop) + 1)
        }
        // Frames within the stretch extended by −lo on either side, as in scipy.
        Edge::Zero | Edge::Nearest | Edge::Reflect | Edge::Mirror | Edge::Odd => {
            let (hop, last) = (i64::from(hop), b - i64::from(n) - 2 * i64::from(lo));
            let last = if padded { div_ceil(last, hop) } else { last.div_euclid(hop) };
            (div_ceil(a, hop), last + 1)
        }
    }
}

/// The input row that row 0 of the slice is, and the slice's rows.
pub fn slice_rows(rows: &Rows, start: u64, stop: u64, step: u32) -> (i64, Rows) {
    let first = match rows {
        Rows::Segments(ranges) => ranges.first().map_or(0, |r| r.0),
        Rows::From(start) => *start,
    };
    let clamp =
        |offset: u64| first.saturating_add(i64::try_from(offset).unwrap_or(i64::MAX / 4).min(i64::MAX / 4));
    let (from, to) = (clamp(start), clamp(stop));
    let base = if step == 1 { 0 } else { from };
    let step = i64::from(step);
    (base, rows.map(|a, b| (div_ceil(a.max(from) - base, step), div_ceil(b.min(to) - base, step))))
}

pub fn intersect(a: &Rows, b: &Rows) -> Rows {
    match (a, b) {
        (Rows::Segments(a), Rows::Segments(b)) => Rows::Segments(
            a.iter().zip(b).map(|(x, y)| (x.0.max(y.0), x.1.min(y.1).max(x.0.max(y.0)))).collect(),
        ),
        (Rows::From(a), Rows::From(b)) => Rows::From(*a.max(b)),
        (Rows::Segments(_), Rows::From(_)) => a.clone(),
        (Rows::From(_), Rows::Segments(_)) => b.clone(),
    }
}
