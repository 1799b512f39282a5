//! A model called window by window, and its outputs put together: cut, blinded and stacked as seisbench's `annotate` does.
//!
//! In a segment `a .. b` windows of `n` rows begin at `a, a + hop, …`, as long as they end within it; where the last one ends before
//! `b`, one more ends there. A segment shorter than a window has none. Windows are called one at a time, in that order, so the bits of a row
//! depend on its index and its segment alone.

use crate::graph::Rows;
use crate::model::{Model, Normalise, Stacking};

/// How a model is called.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    pub model: Model,
    /// Rows of a window, and from one to the next.
    pub window: u32,
    pub hop: u32,
    /// The rows of a window that have an output: `rows` from `first` on, of which those at either end are not used.
    pub first: u32,
    pub rows: u32,
    pub blinding: (u32, u32),
    /// Channels that are given together, and from one group to the next.
    pub channels: u32,
    pub channel_step: u32,
    /// Whether each channel of a group has an output of its own.
    pub each_channel: bool,
    pub labels: u32,
    pub normalise: Normalise,
    pub together: bool,
    pub stacking: Stacking,
}

impl Call {
    /// The first row of window `k` of a segment `a .. b`.
    pub fn start(&self, k: i64, (a, b): (i64, i64)) -> Option<i64> {
        let (n, hop) = (i64::from(self.window), i64::from(self.hop));
        let at = k.checked_mul(hop)?.checked_add(a)?;
        if at.checked_add(n)? <= b {
            return Some(at);
        }
        // The one more, if the window before it was there and did not end the segment.
        let before = at.checked_sub(hop)?;
        (before >= a && before + n < b).then(|| b - n)
    }

    /// Rows of a window whose outputs are used, from its first row on.
    pub fn used(&self) -> std::ops::Range<i64> {
        let first = i64::from(self.first);
        first + i64::from(self.blinding.0)..first + i64::from(self.rows) - i64::from(self.blinding.1)
    }

    /// Rows of the result.
    pub fn rows_of(&self, rows: &Rows) -> Rows {
        let (used, n) = (self.used(), i64::from(self.window));
        rows.map(|a, b| if b - a < n { (a, a) } else { (a + used.start, b - n + used.end) })
    }

    /// Groups of channels among so many.
    pub fn groups(&self, channels: u32) -> u32 {
        channels.checked_sub(self.channels).map_or(0, |more| more / self.channel_step.max(1) + 1)
    }

    /// Channels that a group has outputs for.
    pub fn outputs(&self) -> u32 {
        if self.each_channel { self.channels } else { 1 }
    }

    /// Numbers the model is given for a window, and those it gives.
    pub fn sizes(&self) -> (usize, usize) {
        let given = self.channels as usize * self.window as usize;
        (given, self.labels as usize * self.outputs() as usize * self.rows as usize)
    }

    /// Makes what the model is given of the samples of a window, `[channel][row]`. False if one is not finite: the window then has no
    /// output.
    pub fn prepare(&self, samples: &mut [f64], input: &mut Vec<f32>) -> bool {
        if samples.iter().any(|x| !x.is_finite()) {
            return false;
        }
        let row = self.window as usize;
        if self.normalise != Normalise::None {
            for channel in samples.chunks_exact_mut(row) {
                let mean = channel.iter().sum::<f64>() / row as f64;
                channel.iter_mut().for_each(|x| *x -= mean);
            }
            let stretch = if self.together { samples.len() } else { row };
            for stretch in samples.chunks_exact_mut(stretch) {
                let size = self.size(stretch);
                stretch.iter_mut().for_each(|x| *x /= size);
            }
        }
        input.clear();
        input.extend(samples.iter().map(|x| *x as f32));
        true
    }

    fn size(&self, samples: &[f64]) -> f64 {
        /// So that silence stays silence.
        const LEAST: f64 = 1e-10;
        match self.normalise {
            Normalise::None | Normalise::Demean => 1.0,
            Normalise::Peak => samples.iter().fold(0.0, |most: f64, x| most.max(x.abs())) + LEAST,
            Normalise::Std => {
                let count = samples.len() as f64;
                let mean = samples.iter().sum::<f64>() / count;
                let squares = samples.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>();
                (squares / (count - 1.0).max(1.0)).sqrt() + LEAST
            }
        }
    }

    /// Calls the model; outputs that are not finite become NaN, which counts as none.
    pub fn run(&self, input: &[f32], output: &mut Vec<f32>) -> crate::Result<()> {
        output.clear();
        output.resize(self.sizes().1, 0.0);
        self.model.run(input, output)?;
        output.iter_mut().filter(|y| !y.is_finite()).for_each(|y| *y = f32::NAN);
        Ok(())
    }
}

/// Outputs that lie on one place, put together in order.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Stacked {
    /// The sum of those that are numbers, or the largest, and how many they are.
    pub sum: f64,
    pub count: u32,
}

impl Stacked {
    pub fn add(&mut self, output: f32, how: Stacking) {
        if output.is_nan() {
            return;
        }
        let output = f64::from(output);
        self.sum = match how {
            Stacking::Mean => self.sum + output,
            Stacking::Max if self.count == 0 => output,
            Stacking::Max => self.sum.max(output),
        };
        self.count = self.count.saturating_add(1);
    }

    /// NaN where no window has an output.
    pub fn value(&self, how: Stacking) -> f32 {
        match how {
            _ if self.count == 0 => f32::NAN,
            Stacking::Mean => (self.sum / f64::from(self.count)) as f32,
            Stacking::Max => self.sum as f32,
        }
    }
}
