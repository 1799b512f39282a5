//! What happens along a made-up fibre: every scene adds its signal to a row of channels, and knows what a detector should find.

use std::ops::Range;

use super::ambient::Ambient;
use super::drift::Drift;
use super::intrusion::Intrusion;
use super::leak::Leak;
use super::parameter::{Kind, Parameters};
use super::quake::Quake;
use super::traffic::Traffic;

/// A signal that is a function of time and channel alone.
pub trait Scene: std::fmt::Debug + Send + Sync {
    /// Adds the signal at `seconds` after the first sample to `row`, which holds `channels`.
    fn add(&self, seconds: f64, channels: Range<usize>, row: &mut [f64]);

    /// What happens, in order of time.
    fn truth(&self) -> Vec<Truth> {
        Vec::new()
    }
}

/// Something that a detector should find.
#[derive(Clone, Debug, PartialEq)]
pub struct Truth {
    pub what: &'static str,
    /// Seconds after the first sample.
    pub start: f64,
    pub end: f64,
    /// First and last channel, by position.
    pub channels: (usize, usize),
    /// Along the fibre, in m/s; negative towards its beginning.
    pub speed: Option<f64>,
}

impl Truth {
    /// `vehicle: 3.20..12.84 s, channels 0..255, 21.4 m/s`.
    pub fn text(&self) -> String {
        let (low, high) = self.channels;
        let speed = self.speed.map_or(String::new(), |v| format!(", {v:.2} m/s"));
        format!("{}: {:.2}..{:.2} s, channels {low}..{high}{speed}", self.what, self.start, self.end)
    }
}

/// The scene of a kind; none for plain noise and tones.
pub fn scene(p: &Parameters) -> Option<Box<dyn Scene>> {
    match p.kind {
        Kind::Quake => Some(Box::new(Quake::new(p))),
        Kind::Traffic => Some(Box::new(Traffic::new(p))),
        Kind::Intrusion => Some(Box::new(Intrusion::new(p))),
        Kind::Leak => Some(Box::new(Leak::new(p))),
        Kind::Drift => Some(Box::new(Drift::new(p))),
        Kind::Ambient => Some(Box::new(Ambient::new(p))),
        Kind::Noise | Kind::Sine | Kind::Chirp => None,
    }
}

/// Seconds that a record lasts.
pub fn duration(p: &Parameters) -> f64 {
    p.samples as f64 / p.rate.as_f64()
}

/// Channels within `reach` metres of `place`, as positions in a row that holds `channels`.
pub fn near(place: f64, reach: f64, spacing: f64, channels: &Range<usize>) -> Range<usize> {
    let bound = |metres: f64| ((metres / spacing).max(0.0) as usize).clamp(channels.start, channels.end);
    let (low, high) = (bound(place - reach), bound(place + reach + spacing));
    low - channels.start..high.max(low) - channels.start
}
