//! People at a fence: somebody walks along the fibre (two steps a second), and somebody digs at one place (a blow every
//! second and a half). Each footfall is a short damped ringing of the soil that dies out within a few metres.

use std::f64::consts::TAU;
use std::ops::Range;

use super::parameter::Parameters;
use super::scene::{Scene, Truth, duration, near};
use super::uniform;

#[derive(Debug)]
pub struct Intrusion {
    intruders: Vec<Intruder>,
    spacing: f64,
    channels: usize,
    top: f64,
}

#[derive(Debug)]
struct Intruder {
    what: &'static str,
    start: f64,
    end: f64,
    /// Place at `start` in metres, and metres per second.
    place: f64,
    speed: f64,
    /// Seconds between blows, their frequency and amplitude.
    every: f64,
    frequency: f64,
    amplitude: f64,
}

/// Metres in which a footfall dies out, and seconds in which it rings down.
const REACH: f64 = 4.0;
const RINGS: f64 = 0.06;

impl Intrusion {
    pub fn new(p: &Parameters) -> Intrusion {
        let (lasts, length) = (duration(p), (p.channels - 1) as f64 * p.spacing);
        let draw = |k: u64| uniform(p.seed, 7000 + k);
        let intruders = vec![
            Intruder {
                what: "walking",
                start: 0.15 * lasts,
                end: 0.45 * lasts,
                place: length * (0.2 + 0.1 * draw(0)),
                speed: 1.2 + 0.4 * draw(1),
                every: 0.5 + 0.08 * draw(2),
                frequency: 24.0 + 8.0 * draw(3),
                amplitude: p.amplitude,
            },
            Intruder {
                what: "digging",
                start: 0.55 * lasts,
                end: 0.9 * lasts,
                place: length * (0.6 + 0.2 * draw(4)),
                speed: 0.0,
                every: 1.3 + 0.4 * draw(5),
                frequency: 16.0 + 4.0 * draw(6),
                amplitude: 1.6 * p.amplitude,
            },
        ];
        Intrusion { intruders, spacing: p.spacing, channels: p.channels, top: 0.35 * p.rate.as_f64() }
    }
}

impl Scene for Intrusion {
    fn add(&self, seconds: f64, channels: Range<usize>, row: &mut [f64]) {
        for who in &self.intruders {
            if seconds < who.start || seconds > who.end + 8.0 * RINGS {
                continue;
            }
            // The blow rings down before the next, so one or two are heard at any time.
            let count = ((seconds.min(who.end) - who.start) / who.every).floor();
            for blow in [count - 1.0, count] {
                if blow < 0.0 {
                    continue;
                }
                let since = seconds - who.start - blow * who.every;
                if !(0.0..8.0 * RINGS).contains(&since) {
                    continue;
                }
                let ring = (-since / RINGS).exp() * (TAU * who.frequency.min(self.top) * since).sin();
                let place = who.place + who.speed * blow * who.every;
                for i in near(place, 8.0 * REACH, self.spacing, &channels) {
                    let away = ((channels.start + i) as f64 * self.spacing - place).abs();
                    row[i] += who.amplitude * 1.5 * ring * (-away / REACH).exp();
                }
            }
        }
    }

    fn truth(&self) -> Vec<Truth> {
        let channel =
            |metres: f64| ((metres / self.spacing).round().max(0.0) as usize).min(self.channels - 1);
        let truth = |who: &Intruder| Truth {
            what: who.what,
            start: who.start,
            end: who.end,
            channels: (channel(who.place), channel(who.place + who.speed * (who.end - who.start))),
            speed: (who.speed != 0.0).then_some(who.speed),
        };
        self.intruders.iter().map(truth).collect()
    }
}
