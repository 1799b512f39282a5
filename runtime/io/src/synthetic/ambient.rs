//! Ambient noise for interferometry: many plane surface waves from both ends of the fibre at one speed, so that the correlation
//! of two channels peaks at plus and minus the time between them.

use std::f64::consts::TAU;
use std::ops::Range;

use super::parameter::Parameters;
use super::scene::Scene;
use super::uniform;

#[derive(Debug)]
pub struct Ambient {
    waves: Vec<Wave>,
    spacing: f64,
}

#[derive(Debug)]
struct Wave {
    /// Radians per second and per metre, and at the start.
    omega: f64,
    kappa: f64,
    phase: f64,
    amplitude: f64,
}

const WAVES: u64 = 160;
const ANCHOR: usize = 64;
/// Metres per second of the surface waves.
pub const SPEED: f64 = 400.0;

impl Ambient {
    pub fn new(p: &Parameters) -> Ambient {
        let draw = |k: u64| uniform(p.seed, 13_000 + k);
        let (low, high) = (0.5, (0.35 * p.rate.as_f64()).min(25.0));
        let wave = |i: u64| {
            let frequency = low + (high - low) * (i as f64 + draw(3 * i)) / WAVES as f64;
            let way = if draw(3 * i + 1) < 0.5 { -1.0 } else { 1.0 };
            Wave {
                omega: TAU * frequency,
                kappa: way * TAU * frequency / SPEED,
                phase: TAU * draw(3 * i + 2),
                amplitude: p.amplitude * (2.0 / WAVES as f64).sqrt(),
            }
        };
        Ambient { waves: (0..WAVES).map(wave).collect(), spacing: p.spacing }
    }
}

impl Scene for Ambient {
    fn add(&self, seconds: f64, channels: Range<usize>, row: &mut [f64]) {
        for wave in &self.waves {
            let (turn_sin, turn_cos) = (-wave.kappa * self.spacing).sin_cos();
            // Turns from channel to channel instead of taking a sine for each, anew at every anchor, so that a channel's
            // bits do not depend on which others are read with it.
            let mut channel = channels.start - channels.start % ANCHOR;
            while channel < channels.end {
                let stop = (channel + ANCHOR).min(channels.end);
                let angle = wave.omega * seconds - wave.kappa * self.spacing * channel as f64 + wave.phase;
                let (mut sin, mut cos) = angle.sin_cos();
                for at in channel..stop {
                    if at >= channels.start {
                        row[at - channels.start] += wave.amplitude * sin;
                    }
                    (sin, cos) = (sin * turn_cos + cos * turn_sin, cos * turn_cos - sin * turn_sin);
                }
                channel = stop;
            }
        }
    }
}
