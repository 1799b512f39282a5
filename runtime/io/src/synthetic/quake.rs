//! A small local earthquake off the near end of the fibre: P and S waves with hyperbolic moveout and a decaying coda,
//! over plane waves of low frequency that all channels share, as ocean and traffic make them.

use std::f64::consts::TAU;
use std::ops::Range;

use super::parameter::Parameters;
use super::scene::{Scene, Truth};
use super::uniform;

#[derive(Debug)]
pub struct Quake {
    channels: Vec<Channel>,
    waves: [Wave; WAVES],
    p: Phase,
    s: Phase,
}

const WAVES: usize = 4;
/// Amplitude of each of the shared plane waves relative to the white noise.
const SWELL: f64 = 0.6;
/// Crustal speeds in m/s, of sediment over rock.
const VP: f64 = 3000.0;
const VS: f64 = 1700.0;

#[derive(Debug)]
struct Channel {
    /// Arrivals in seconds, amplitude, and the coda's own phase.
    p: f64,
    s: f64,
    amplitude: f64,
    phase: f64,
    /// Cosine and sine of each plane wave's phase at this channel.
    waves: [(f64, f64); WAVES],
}

#[derive(Debug)]
struct Phase {
    frequency: f64,
    amplitude: f64,
    decay: f64,
}

#[derive(Debug)]
struct Wave {
    frequency: f64,
    amplitude: f64,
    slowness: f64,
    phase: f64,
}

impl Quake {
    pub fn new(parameters: &Parameters) -> Quake {
        let p = parameters;
        let duration = p.samples as f64 / p.rate.as_f64();
        let length = p.spacing * p.channels as f64;
        let (depth, epicentre) = (0.5 * length + 500.0, -0.25 * length);
        let range = |x: f64| (x - epicentre).hypot(depth);
        // A record too short for real speeds gets a faster earth, so that all of it is seen.
        let faster = (range(length) / VS / (0.5 * duration)).max(1.0);
        let origin = 0.2 * duration;
        let waves = std::array::from_fn(|i| Wave {
            frequency: (0.3 + 2.2 * uniform(p.seed, i as u64)).min(0.1 * p.rate.as_f64()),
            amplitude: SWELL * p.noise,
            slowness: (2.0 * uniform(p.seed, 100 + i as u64) - 1.0) / 900.0,
            phase: TAU * uniform(p.seed, 200 + i as u64),
        });
        let channel = |c: usize| {
            let x = c as f64 * p.spacing;
            let at = |w: &Wave| TAU * w.frequency * w.slowness * x - w.phase;
            Channel {
                p: origin + range(x) / (VP * faster),
                s: origin + range(x) / (VS * faster),
                amplitude: range(0.0) / range(x) * (0.85 + 0.3 * uniform(p.seed, 1000 + c as u64)),
                phase: 0.6 * uniform(p.seed ^ 0x5eed, c as u64),
                waves: waves.each_ref().map(|w: &Wave| (at(w).cos(), at(w).sin())),
            }
        };
        let top = 0.4 * p.rate.as_f64();
        let phase = |frequency: f64, share: f64, decay: f64| Phase {
            frequency: f64::min(frequency, top),
            amplitude: share * p.amplitude,
            decay: f64::min(decay, 0.1 * duration),
        };
        let channels = (0..p.channels).map(channel).collect();
        Quake { channels, p: phase(22.0, 0.35, 0.5), s: phase(11.0, 1.0, 1.2), waves }
    }
}

impl Scene for Quake {
    fn add(&self, seconds: f64, channels: Range<usize>, row: &mut [f64]) {
        let swell = self.waves.each_ref().map(|w| {
            let angle = TAU * w.frequency * seconds;
            (w.amplitude * angle.cos(), w.amplitude * angle.sin())
        });
        for (x, c) in row.iter_mut().zip(self.channels.get(channels).unwrap_or_default()) {
            let shared = swell.iter().zip(&c.waves).map(|(t, x)| t.1 * x.0 - t.0 * x.1).sum::<f64>();
            *x += shared
                + c.amplitude * (self.p.at(seconds - c.p, c.phase) + self.s.at(seconds - c.s, c.phase));
        }
    }

    fn truth(&self) -> Vec<Truth> {
        let arrival = |pick: fn(&Channel) -> f64, end: fn(f64, f64) -> f64, from: f64| {
            self.channels.iter().map(pick).fold(from, end)
        };
        let start = arrival(|c| c.p, f64::min, f64::INFINITY);
        let end = arrival(|c| c.s, f64::max, f64::NEG_INFINITY) + 3.0 * self.s.decay;
        vec![Truth { what: "quake", start, end, channels: (0, self.channels.len() - 1), speed: None }]
    }
}

impl Phase {
    /// A sine that rises within half a cycle and decays; nothing before its arrival nor after twelve decays.
    fn at(&self, since: f64, phase: f64) -> f64 {
        if since <= 0.0 || since > 12.0 * self.decay {
            return 0.0;
        }
        let rise = (since * self.frequency * 2.0).min(1.0);
        self.amplitude * rise * (-since / self.decay).exp() * (TAU * self.frequency * since + phase).sin()
    }
}
