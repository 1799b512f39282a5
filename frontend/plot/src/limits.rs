//! Colour limits that a few strong samples cannot spoil.

use dasc_ir::{Diag, Result};

/// Where the two ends of the colour scale lie.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Limits {
    /// Percentiles of the values drawn, 0 to 100.
    Percent { low: f64, high: f64 },
    /// Values in the unit of the data.
    Fixed { low: f64, high: f64 },
}

impl Limits {
    pub const ROBUST: Limits = Limits::Percent { low: 2.0, high: 98.0 };

    /// The ends for these values, low < high and both finite. Equal percentiles fall back to the full range and
    /// a constant is given some room. With `symmetric`, zero is in the middle. Errors: limits out of order.
    pub(crate) fn resolve(self, values: &mut [f64], symmetric: bool) -> Result<(f64, f64)> {
        let (low, high) = match self {
            Limits::Fixed { low, high } => {
                if !(low < high && low.is_finite() && high.is_finite()) {
                    return Err(Diag::usage(format!(
                        "the colour limits {low}..{high} are not an increasing pair"
                    ))
                    .help("give the lower limit first, for example -50..50"));
                }
                return Ok((low, high));
            }
            Limits::Percent { low, high } => {
                if !(0.0 <= low && low < high && high <= 100.0) {
                    return Err(Diag::usage(format!(
                        "the colour limits {low}%..{high}% are not within 0%..100%"
                    ))
                    .help("give an increasing pair, for example 2%..98%"));
                }
                (low, high)
            }
        };
        values.sort_unstable_by(f64::total_cmp);
        let ends = |low, high| Some((percentile(values, low)?, percentile(values, high)?));
        let Some((mut bottom, mut top)) = ends(low, high) else {
            return Ok(if symmetric { (-1.0, 1.0) } else { (0.0, 1.0) });
        };
        if bottom == top {
            (bottom, top) = ends(0.0, 100.0).unwrap_or((bottom, top));
        }
        if symmetric {
            top = bottom.abs().max(top.abs());
            bottom = -top;
        }
        let room = if top == 0.0 { 1.0 } else { top.abs() * 0.1 };
        // A spread below the resolution of f32 samples is a constant.
        Ok(if top - bottom <= top.abs().max(bottom.abs()) * 1e-7 {
            (bottom - room, top + room)
        } else {
            (bottom, top)
        })
    }
}

/// The `percent`-th percentile of sorted values with linear interpolation, as `numpy.percentile`; `None` for no
/// values.
pub fn percentile(sorted: &[f64], percent: f64) -> Option<f64> {
    let position = (percent / 100.0).clamp(0.0, 1.0) * sorted.len().checked_sub(1)? as f64;
    let below = *sorted.get(position.floor() as usize)?;
    let above = *sorted.get(position.ceil() as usize)?;
    Some(below + (above - below) * position.fract())
}
