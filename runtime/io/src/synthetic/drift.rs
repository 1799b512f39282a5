//! Low-frequency strain, as in monitoring a well: a slow thermal drift of the whole fibre, and a fracture that opens near one
//! place: extension that grows there, compression beside it.

use std::f64::consts::TAU;
use std::ops::Range;

use super::parameter::Parameters;
use super::scene::{Scene, Truth, duration, near};
use super::uniform;

#[derive(Debug)]
pub struct Drift {
    lasts: f64,
    start: f64,
    end: f64,
    /// Metres along the fibre.
    place: f64,
    amplitude: f64,
    spacing: f64,
    channels: usize,
}

/// Half width of the extending zone in metres.
const ZONE: f64 = 12.0;

impl Drift {
    pub fn new(p: &Parameters) -> Drift {
        let (lasts, length) = (duration(p), (p.channels - 1) as f64 * p.spacing);
        Drift {
            lasts,
            start: 0.3 * lasts,
            end: 0.75 * lasts,
            place: length * (0.4 + 0.3 * uniform(p.seed, 11_000)),
            amplitude: p.amplitude,
            spacing: p.spacing,
            channels: p.channels,
        }
    }
}

impl Scene for Drift {
    fn add(&self, seconds: f64, channels: Range<usize>, row: &mut [f64]) {
        let thermal = 0.4 * self.amplitude * (TAU * 0.7 * seconds / self.lasts).sin();
        row.iter_mut().for_each(|x| *x += thermal);
        if seconds < self.start || seconds > self.end {
            return;
        }
        // The rate rises and falls once while the fracture opens.
        let opening = (TAU * 0.5 * (seconds - self.start) / (self.end - self.start)).sin();
        for i in near(self.place, 6.0 * ZONE, self.spacing, &channels) {
            let u = ((channels.start + i) as f64 * self.spacing - self.place) / ZONE;
            row[i] += self.amplitude * opening * (1.0 - u * u) * (-0.5 * u * u).exp();
        }
    }

    fn truth(&self) -> Vec<Truth> {
        let channel =
            |metres: f64| ((metres / self.spacing).round().max(0.0) as usize).min(self.channels - 1);
        let channels = (channel(self.place - ZONE), channel(self.place + ZONE));
        vec![Truth { what: "fracture", start: self.start, end: self.end, channels, speed: None }]
    }
}
