//! Vehicles on a road beside the fibre: each presses a dimple into the ground that moves with it (strain of one sign below the
//! axle, of the other before and behind), with a rumble of its tyres. About one vehicle every eight seconds, both ways.

use std::f64::consts::TAU;
use std::ops::Range;

use super::parameter::Parameters;
use super::scene::{Scene, Truth, duration, near};
use super::uniform;

#[derive(Debug)]
pub struct Traffic {
    vehicles: Vec<Vehicle>,
    spacing: f64,
    channels: usize,
}

#[derive(Debug)]
struct Vehicle {
    /// When it passes the middle of the fibre.
    middle: f64,
    /// Metres per second, negative towards the beginning.
    speed: f64,
    amplitude: f64,
    phase: f64,
}

/// Metres from the axle to where the dimple's strain changes sign.
const DIMPLE: f64 = 8.0;
const RUMBLE_HERTZ: f64 = 14.0;

impl Traffic {
    pub fn new(p: &Parameters) -> Traffic {
        let lasts = duration(p);
        let count = (lasts / 8.0).round().clamp(1.0, 100_000.0) as u64;
        let vehicle = |i: u64| {
            let draw = |k: u64| uniform(p.seed, 16 * i + k);
            let slot = lasts / count as f64;
            let way = if draw(0) < 0.5 { -1.0 } else { 1.0 };
            Vehicle {
                middle: slot * (i as f64 + 0.2 + 0.6 * draw(1)),
                // 40 to 110 km/h.
                speed: way * (11.0 + 19.5 * draw(2)),
                amplitude: p.amplitude * (0.7 + 0.9 * draw(3)),
                phase: TAU * draw(4),
            }
        };
        Traffic { vehicles: (0..count).map(vehicle).collect(), spacing: p.spacing, channels: p.channels }
    }

    fn length(&self) -> f64 {
        (self.channels - 1) as f64 * self.spacing
    }
}

impl Scene for Traffic {
    fn add(&self, seconds: f64, channels: Range<usize>, row: &mut [f64]) {
        for v in &self.vehicles {
            let place = 0.5 * self.length() + v.speed * (seconds - v.middle);
            let rumble = 0.25 * (TAU * RUMBLE_HERTZ * seconds + v.phase).sin();
            for i in near(place, 6.0 * DIMPLE, self.spacing, &channels) {
                let u = ((channels.start + i) as f64 * self.spacing - place) / DIMPLE;
                // The rate of a dimple (1 − u²)·exp(−u²/2) that moves with the vehicle, at a peak of about 1.
                let dimple = u * (3.0 - u * u) * (-0.5 * u * u).exp() / 1.38;
                row[i] += v.amplitude * (v.speed.signum() * dimple + rumble * (-0.5 * u * u).exp());
            }
        }
    }

    fn truth(&self) -> Vec<Truth> {
        let half = 0.5 * self.length();
        let mut found: Vec<Truth> = self
            .vehicles
            .iter()
            .map(|v| Truth {
                what: "vehicle",
                start: (v.middle - half / v.speed.abs()).max(0.0),
                end: v.middle + half / v.speed.abs(),
                channels: (0, self.channels - 1),
                speed: Some(v.speed),
            })
            .collect();
        found.sort_by(|a, b| a.start.total_cmp(&b.start));
        found
    }
}
