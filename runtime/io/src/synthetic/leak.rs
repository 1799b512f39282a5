//! A leak in a pipeline: from a third of the record on, the jet hisses at one place, and what makes it so hard to tell from other
//! noise by level alone passes by as well: a pig or a lorry, loud and moving on.

use std::f64::consts::TAU;
use std::ops::Range;

use super::parameter::Parameters;
use super::scene::{Scene, Truth, duration, near};
use super::uniform;

#[derive(Debug)]
pub struct Leak {
    start: f64,
    end: f64,
    /// Metres along the fibre.
    place: f64,
    tones: Vec<Tone>,
    amplitude: f64,
    /// The disturbance: when it passes the middle, and its speed.
    passes: (f64, f64),
    spacing: f64,
    channels: usize,
}

#[derive(Debug)]
struct Tone {
    frequency: f64,
    phase: f64,
}

const TONES: u64 = 48;
/// Metres in which the hiss dies out.
const REACH: f64 = 6.0;

impl Leak {
    pub fn new(p: &Parameters) -> Leak {
        let (lasts, length) = (duration(p), (p.channels - 1) as f64 * p.spacing);
        let draw = |k: u64| uniform(p.seed, 9000 + k);
        let nyquist = 0.5 * p.rate.as_f64();
        let (low, high) = ((0.12 * nyquist).min(60.0), (0.8 * nyquist).min(400.0));
        let tone = |i: u64| Tone {
            frequency: low + (high - low) * (i as f64 + draw(100 + i)) / TONES as f64,
            phase: TAU * draw(300 + i),
        };
        Leak {
            start: lasts / 3.0,
            end: lasts,
            place: length * (0.35 + 0.3 * draw(0)),
            tones: (0..TONES).map(tone).collect(),
            // Tones of this size add up to a hiss with the standard deviation asked for.
            amplitude: p.amplitude * (2.0 / TONES as f64).sqrt(),
            passes: (0.2 * lasts, length / (0.25 * lasts)),
            spacing: p.spacing,
            channels: p.channels,
        }
    }

    fn hiss(&self, seconds: f64) -> f64 {
        self.tones.iter().map(|t| (TAU * t.frequency * seconds + t.phase).sin()).sum::<f64>()
    }
}

impl Scene for Leak {
    fn add(&self, seconds: f64, channels: Range<usize>, row: &mut [f64]) {
        let length = (self.channels - 1) as f64 * self.spacing;
        let passing = 0.5 * length + self.passes.1 * (seconds - self.passes.0);
        let leaks = seconds >= self.start && seconds <= self.end;
        let hiss = self.amplitude * self.hiss(seconds);
        for (place, share) in [(self.place, if leaks { 1.0 } else { 0.0 }), (passing, 2.0)] {
            if share == 0.0 {
                continue;
            }
            for i in near(place, 8.0 * REACH, self.spacing, &channels) {
                let away = ((channels.start + i) as f64 * self.spacing - place).abs();
                row[i] += share * hiss * (-away / REACH).exp();
            }
        }
    }

    fn truth(&self) -> Vec<Truth> {
        let at = ((self.place / self.spacing).round() as usize).min(self.channels - 1);
        vec![Truth { what: "leak", start: self.start, end: self.end, channels: (at, at), speed: None }]
    }
}
