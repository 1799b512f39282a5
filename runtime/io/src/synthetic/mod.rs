//! Signals made up from a formula, to try things without data and to test with: the value at (sample, channel)
//! depends on nothing but the parameters, so any rows can be read in any order with the same bits.
//!
//! `synthetic:quake?channels=2048&samples=32768&fs=1kHz&dx=1m&seed=1&gaps=2`; also `traffic`, `intrusion`, `leak`, `drift`,
//! `ambient`, `noise`, `sine`, `chirp`. f32 strain rate in nstrain/s. What a detector should find stands in the header's
//! attributes (`truth.1`, …).

mod ambient;
mod drift;
mod intrusion;
mod leak;
mod parameter;
mod quake;
mod scene;
mod traffic;

use std::collections::BTreeMap;
use std::f64::consts::TAU;
use std::ops::Range;

use dasc_ir::{Rational, Result, Unit};

use crate::record::check_read;
use crate::{Channels, FileType, Header, ReadOptions, Segment, Source};
pub use parameter::kinds;
use parameter::{Kind, Parameters, parse};
use scene::Scene;
pub use scene::Truth;

#[derive(Debug)]
pub struct Synthetic {
    header: Header,
    parameters: Parameters,
    scene: Option<Box<dyn Scene>>,
}

/// Opens the source described behind `synthetic:`.
pub fn open(text: &str, options: &ReadOptions) -> Result<Synthetic> {
    let parameters = parse(text, options)?;
    let scene = scene::scene(&parameters);
    let mut attributes = BTreeMap::from([("source".into(), format!("synthetic:{text}"))]);
    let truths = scene.as_ref().map(|s| s.truth()).unwrap_or_default();
    for (number, truth) in (1..=MOST_TRUTHS).zip(&truths) {
        attributes.insert(format!("truth.{number}"), truth.text());
    }
    let header = Header {
        format: "synthetic",
        file_type: FileType::F32,
        scale: options.scale.unwrap_or(1.0),
        unit: options.unit.clone().or(Unit::parse("nstrain/s")).unwrap_or_else(Unit::none),
        rate: parameters.rate,
        channels: Channels { first: 0, step: 1, count: parameters.channels },
        spacing: parameters.spacing,
        distance: 0.0,
        gauge_length: None,
        segments: segments(&parameters),
        attributes,
        notes: Vec::new(),
    };
    Ok(Synthetic { header, parameters, scene })
}

/// Events listed among the attributes.
const MOST_TRUTHS: usize = 99;

impl Synthetic {
    /// What a detector should find.
    pub fn truth(&self) -> Vec<Truth> {
        self.scene.as_ref().map(|s| s.truth()).unwrap_or_default()
    }
}

/// Equal stretches; each gap lasts a hundredth of the record, at least one sample.
fn segments(p: &Parameters) -> Vec<Segment> {
    let (stretches, hole) = (p.gaps + 1, (p.samples / 100).max(1));
    let period = p.rate.recip().unwrap_or(Rational::ONE);
    let bounds = |i: u64| (u128::from(p.samples) * u128::from(i) / u128::from(stretches)) as u64;
    let stretch = |i: u64| {
        let start = (bounds(i) + i * hole) as i64;
        Segment {
            start,
            len: bounds(i + 1) - bounds(i),
            start_ns: p.start_ns.saturating_add(period.nanoseconds(start)),
        }
    };
    (0..stretches).map(stretch).collect()
}

impl Source for Synthetic {
    fn header(&self) -> &Header {
        &self.header
    }

    fn read(&self, rows: Range<i64>, channels: Range<usize>, out: &mut [u8], stride: usize) -> Result<()> {
        let row = check_read(&self.header, &rows, &channels, out.len(), stride)?;
        let p = &self.parameters;
        let period = p.rate.den() as f64 / p.rate.num() as f64;
        let duration = p.samples as f64 * period;
        let mut values = vec![0.0; channels.len()];
        for (i, sample) in rows.enumerate() {
            let line = &mut out[i * stride..i * stride + row];
            let seconds = sample as f64 * period;
            let common = match p.kind {
                Kind::Sine => p.amplitude * (TAU * p.frequency * seconds).sin(),
                Kind::Chirp => {
                    let rise = (p.to - p.frequency) / (2.0 * duration);
                    p.amplitude * (TAU * (p.frequency + rise * seconds) * seconds).sin()
                }
                Kind::Quake
                | Kind::Noise
                | Kind::Traffic
                | Kind::Intrusion
                | Kind::Leak
                | Kind::Drift
                | Kind::Ambient => 0.0,
            };
            values.fill(common);
            if let Some(scene) = &self.scene {
                scene.add(seconds, channels.clone(), &mut values);
            }
            let outs = line.as_chunks_mut::<4>().0.iter_mut();
            for ((out, mut value), channel) in outs.zip(values.iter().copied()).zip(channels.clone()) {
                if p.noise > 0.0 {
                    value += p.noise * normal(p.seed, sample as u64, channel as u64);
                }
                *out = (value as f32).to_ne_bytes();
            }
        }
        Ok(())
    }

    fn bytes_read(&self) -> u64 {
        0
    }
}

/// Near-normal numbers of variance 1 from a counter: the sum of four 16-bit uniform ones, so within ±3.5.
fn normal(seed: u64, sample: u64, channel: u64) -> f64 {
    let bits = mix(mix(mix(seed) ^ channel.wrapping_mul(0x9e37_79b9_7f4a_7c15)) ^ sample);
    let sum = (bits & 0xffff) + (bits >> 16 & 0xffff) + (bits >> 32 & 0xffff) + (bits >> 48);
    (sum as f64 - 131_070.0) * (1.0 / 37_837.2)
}

/// Uniform in 0..1.
fn uniform(seed: u64, counter: u64) -> f64 {
    (mix(mix(seed) ^ counter) >> 11) as f64 / (1u64 << 53) as f64
}

/// The finaliser of SplitMix64 (Steele, Lea, Flood 2014).
fn mix(x: u64) -> u64 {
    let x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let x = (x ^ x >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ x >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ x >> 31
}
