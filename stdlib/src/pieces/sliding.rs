//! Long sums that slide along time: correlation with a template by overlap-save, and the spread of the samples under it.
//!
//! A sum over many taps costs less through transforms: frames are correlated with the taps in F64 and the sums that lie wholly within are
//! laid beside each other. Frames begin at absolute rows, so a result depends on its index alone. Its error is that of an F64 transform,
//! about 1e-16 of the frame's norm times that of the taps: in the worst case, a sample 1e9 times the others in the same frame, 1e-7.

use dasc_ir::graph::{
    Builder, Edge, Expr, InnerAxis, InnerRole, NodeId, Role, Rows, Signal, TimeAxis, WindowBody,
};
use dasc_ir::{DType, Result, Unit};

/// Filters of more coefficients than this are applied through transforms.
pub const LONGEST_DIRECT: usize = 1024;

/// What a sliding correlation is computed in: a frame is at least four times as long as the template, so that most of it gives results.
const SHORTEST_FRAME: usize = 4096;

/// Results of one frame; every frame reads `m − 1` samples more.
fn block(rows: &Rows, m: usize) -> u32 {
    let frame = (4 * m).max(SHORTEST_FRAME).next_power_of_two();
    let most = frame + 1 - m;
    let longest = rows.longest().map_or(most, |n| usize::try_from(n).unwrap_or(most));
    longest.saturating_sub(m - 1).clamp(1, most) as u32
}

/// `Σ t[k] · x[i + lo + k]` in F64 for every row `i` of `rows`, rows beyond a stretch counted as 0. `t` is `m` samples along the inner axis,
/// known before: a constant or a statistic, for each channel or for all. No stretch may be shorter than `m`.
pub fn correlation(b: &mut Builder, x: NodeId, t: NodeId, m: u32, lo: i32, rows: Rows) -> Result<NodeId> {
    let time = b.time(x)?.clone();
    let float = b.real(x)?.float();
    let hop = block(&time.rows, m as usize);
    // Frame j gives the rows up to j · hop: the first frame that begins within a stretch then covers its first row.
    let first = 1 - hop as i32;
    let plain = b.convert(x, float)?;
    let frames = b.frame(plain, hop + m - 1, hop, first + lo, Edge::Zero)?;
    let sums = b.correlate(frames, t, (0, hop as i32 - 1))?;
    b.overlap_add(sums, hop, first, TimeAxis { rows, ..time })
}

/// `Σ coefficients[k] · x[i + lo + k]` with zeros beyond the ends, in the input's float type: directly, or through transforms where there
/// are more than [`LONGEST_DIRECT`] coefficients and the stretches are long enough for a frame.
pub fn dot(b: &mut Builder, x: NodeId, coefficients: Vec<f64>, lo: i32) -> Result<NodeId> {
    let (unit, float) = (b.real(x)?.unit.clone(), b.real(x)?.float());
    let m = coefficients.len();
    let rows = b.time(x)?.rows.clone();
    let fits = rows.longest().is_none_or(|n| n >= m as u64);
    let sum = if m > LONGEST_DIRECT && fits {
        let taps = template(b, x, m as u32)?;
        let t = b.constant(Signal { channel: None, ..taps }, &coefficients)?;
        correlation(b, x, t, m as u32, lo, rows)?
    } else {
        let hi = lo.saturating_add(m as i32 - 1);
        let body = WindowBody::Dot(coefficients);
        b.window(x, Role::Time, (lo, hi), 1, Edge::Zero, body, unit, DType::F64)?
    };
    b.convert(sum, float)
}

/// The type of a template of `m` samples on the channels of `x`, without a unit.
pub fn template(b: &Builder, x: NodeId, m: u32) -> Result<Signal> {
    let inner = InnerAxis {
        role: InnerRole::Frame,
        len: m,
        start: 0.0,
        step: b.time(x)?.period.as_f64(),
        unit: Unit::parse("s").unwrap_or_else(Unit::none),
        positions: None,
    };
    let channel = b.signal(x)?.channel.clone();
    Ok(Signal { dtype: DType::F64, unit: Unit::none(), time: None, inner: Some(inner), channel })
}

/// Sums and sums of squared deviations of `size` samples from a row on.
#[derive(Clone, Copy)]
struct Spread {
    sum: NodeId,
    /// `None` for single samples, which do not deviate.
    squares: Option<NodeId>,
    size: u32,
}

/// `Σ (x − mean)²` over rows `i ..= i + m − 1`, in F64, for the rows where all of them exist; `m` is at least 2.
///
/// Put together from stretches of 1, 2, 4, … samples by the formula of Chan, Golub & LeVeque (1983): nothing large is subtracted, so an
/// offset costs no digits and a burst leaves no trace.
pub fn squared_deviations(b: &mut Builder, x: NodeId, m: u32) -> Result<NodeId> {
    let sum = b.convert(x, DType::F64)?;
    let mut power = Spread { sum, squares: None, size: 1 };
    let mut whole: Option<Spread> = None;
    loop {
        if m & power.size != 0 {
            whole = Some(match whole {
                None => power,
                Some(before) => merge(b, before, power)?,
            });
        }
        if power.size > m / 2 {
            break;
        }
        power = merge(b, power, power)?;
    }
    let squares = whole.and_then(|spread| spread.squares);
    squares.ok_or_else(|| b.diag("needs at least two samples"))
}

/// A stretch followed by another.
fn merge(b: &mut Builder, first: Spread, second: Spread) -> Result<Spread> {
    let unit = b.signal(first.sum)?.unit.clone();
    let later = ahead(b, second.sum, first.size)?;
    let sum = b.map(&[first.sum, later], unit.clone(), DType::F64, |e| vec![e.input(0) + e.input(1)])?;
    let (m, n) = (f64::from(first.size), f64::from(second.size));
    let mut inputs = vec![first.sum, later];
    inputs.extend(first.squares);
    if let Some(squares) = second.squares {
        inputs.push(ahead(b, squares, first.size)?);
    }
    let squares = b.map(&inputs, unit, DType::F64, |e| {
        let apart = e.input(0) * e.constant(1.0 / m) - e.input(1) * e.constant(1.0 / n);
        let within = (2..inputs.len()).map(|i| e.input(i)).reduce(|a, b| a + b);
        let between = apart * apart * e.constant(m * n / (m + n));
        vec![within.map_or(between, |within| within + between)]
    })?;
    Ok(Spread { sum, squares: Some(squares), size: first.size + second.size })
}

/// The value `rows` rows ahead.
fn ahead(b: &mut Builder, x: NodeId, rows: u32) -> Result<NodeId> {
    let unit = b.signal(x)?.unit.clone();
    let at = i32::try_from(rows).unwrap_or(i32::MAX);
    let body = WindowBody::Stencil(Expr::write(&[DType::F64], |e| vec![e.tap(0, at)]));
    b.window(x, Role::Time, (at, at), 1, Edge::Valid, body, unit, DType::F64)
}
