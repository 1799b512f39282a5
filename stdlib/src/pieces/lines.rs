//! Sums along straight lines of constant slowness across neighbouring channels: delay and sum.

use dasc_ir::graph::{Builder, Edge, InnerAxis, NodeId, Signal, Slant};
use dasc_ir::{DType, Result, Unit};

use super::filter::of_step;
use super::muted::{stretches, within};
use super::weight::WindowName;
use crate::design::{Symmetry, window};

/// As many lines as a picture has rows.
const MOST_LINES: u32 = 1024;
/// Terms of the sums of one sample: channels times lines.
const MOST_TERMS: u64 = 1 << 20;
/// Samples a line may lead away: at 1 kHz seventeen minutes.
const FARTHEST: f64 = (1 << 20) as f64;

/// Lines through every channel, and the samples they are summed over.
#[derive(Clone, Debug)]
pub struct Lines {
    /// The input with zero for channels that MUTE took out, and beyond the ends of each stretch.
    samples: NodeId,
    /// The sum of the weights of the channels that a line crosses around each channel; NaN where the channel itself was taken out.
    pub weight: NodeId,
    ends: (i32, i32),
    reach: u32,
    shifts: Vec<Vec<f64>>,
    weights: Vec<f64>,
    axis: InnerAxis,
}

impl Lines {
    /// Lines over `channels` channels around each (of an even number one more lies behind), weighted by the window `aperture`; `slowness` in
    /// s/m, positive towards larger distances; `axis` says what they are. Refuses what is no time series over channels, and more work than
    /// makes sense.
    pub fn new(
        b: &mut Builder,
        x: NodeId,
        (channels, aperture): (u32, WindowName),
        spacing: f64,
        slowness: &[f64],
        axis: InnerAxis,
    ) -> Result<Lines> {
        let signal = b.real(x)?.clone();
        let (rate, all) = (b.rate(x)?, signal.channels());
        if channels == 0 {
            return Err(b.diag("sums over at least one channel, not 0"));
        }
        if slowness.is_empty() || slowness.len() > MOST_LINES as usize {
            return Err(b.diag(format!("takes 1 to {MOST_LINES} lines, not {}", slowness.len())));
        }
        let within_fibre = |reach: u32| reach.min(all.saturating_sub(1)) as i32;
        let (lo, hi) = (-within_fibre(channels / 2), within_fibre(channels - 1 - channels / 2));
        let terms = (u64::from(hi.abs_diff(lo)) + 1) * slowness.len() as u64;
        if terms > MOST_TERMS {
            return Err(b
                .diag(format!("sums {terms} terms for every sample; {MOST_TERMS} are possible"))
                .help("take fewer channels, or fewer lines"));
        }
        let weights = weights(b, (channels, aperture), (lo, hi))?;
        let shift = |p: &f64| (lo..=hi).map(|k| p * f64::from(k) * spacing * rate).collect();
        let shifts: Vec<Vec<f64>> = slowness.iter().map(shift).collect();
        let farthest = shifts.iter().flatten().fold(0.0f64, |most, shift| most.max(shift.abs()));
        if !(farthest.is_finite() && farthest <= FARTHEST) {
            return Err(b
                .diag(format!("has a line that leads {farthest:.0} samples away; {FARTHEST} are possible"))
                .help("take fewer channels, or faster waves"));
        }
        let reach = farthest.ceil() as u32;

        let muted = b.muted_channels(x)?;
        let mut samples = b.convert(x, DType::F32)?;
        if !muted.is_empty() {
            let muted = stretches(&muted);
            samples = b.map1(samples, signal.unit.clone(), |x, e| {
                within(e, &muted).map_or(x, |out| out.select(e.constant_of(0.0, DType::F32), x))
            })?;
        }
        if reach > 0 {
            samples = b.extend(samples, (reach, reach), Edge::Zero)?;
        }
        let there = |c: i64| (0..i64::from(all)).contains(&c) && muted.binary_search(&(c as u32)).is_err();
        let crossed = |c: i64| match there(c) {
            true => (c + i64::from(lo)..).zip(&weights).filter(|(c, _)| there(*c)).map(|(_, w)| w).sum(),
            false => f64::NAN,
        };
        let sums: Vec<f64> = (0..i64::from(all)).map(crossed).collect();
        let given = Signal { dtype: DType::F64, unit: Unit::none(), time: None, inner: None, ..signal };
        let weight = b.constant(given, &sums)?;
        Ok(Lines { samples, weight, ends: (lo, hi), reach, shifts, weights, axis })
    }

    /// The weighted sum along every line, or that of the squares of the same samples.
    pub fn sum(&self, b: &mut Builder, squared: bool, unit: Unit) -> Result<NodeId> {
        let (shifts, weights) = (self.shifts.clone(), self.weights.clone());
        let slant = Slant { reach: self.reach, shifts, weights, squared };
        b.slant(self.samples, self.ends, slant, self.axis.clone(), unit)
    }
}

/// The weights of the channels `lo ..= hi` of an aperture of `channels`, which may reach beyond the fibre: a symmetric window of two
/// channels more, without its ends.
fn weights(b: &Builder, (channels, aperture): (u32, WindowName), (lo, hi): (i32, i32)) -> Result<Vec<f64>> {
    let taps = hi.abs_diff(lo) as usize + 1;
    if aperture == WindowName::Boxcar {
        return Ok(vec![1.0; taps]);
    }
    let whole = window(aperture.design(), channels as usize + 2, Symmetry::Symmetric);
    let whole = whole.map_err(|diag| of_step(b, diag))?;
    let before = 1 + channels / 2 - lo.unsigned_abs();
    Ok(whole.into_iter().skip(before as usize).take(taps).collect())
}

/// `count` numbers in equal steps from the first to the last.
pub fn steps(first: f64, last: f64, count: u32) -> Vec<f64> {
    let step = (last - first) / f64::from(count.saturating_sub(1).max(1));
    (0..count).map(|i| if i + 1 == count && i > 0 { last } else { first + f64::from(i) * step }).collect()
}
