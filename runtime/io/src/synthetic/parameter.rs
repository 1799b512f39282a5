//! The text of a synthetic source: `quake?channels=2048&samples=32768&fs=1kHz&dx=1m&seed=1&gaps=2`.

use dasc_ir::spelling::nearest;
use dasc_ir::{Diag, Rational, Result, Unit};

use crate::ReadOptions;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An earthquake's P and S waves over coherent and white noise.
    Quake,
    /// White noise.
    Noise,
    /// One frequency, the same on all channels.
    Sine,
    /// A frequency that rises linearly over the record.
    Chirp,
    /// Vehicles along a road.
    Traffic,
    /// Somebody walks along the fibre, somebody digs.
    Intrusion,
    /// A leak hisses, a loud thing passes by.
    Leak,
    /// Slow strain of a well: a thermal drift, and a fracture that opens.
    Drift,
    /// Surface waves from both ends, for interferometry.
    Ambient,
}

#[derive(Clone, Debug)]
pub struct Parameters {
    pub kind: Kind,
    pub channels: usize,
    pub samples: u64,
    pub rate: Rational,
    pub spacing: f64,
    pub seed: u64,
    pub gaps: u64,
    /// Frequency of the sine, or the chirp's first and last, in Hz.
    pub frequency: f64,
    pub to: f64,
    /// Of the signal, nstrain/s.
    pub amplitude: f64,
    /// Root mean square of the white noise, nstrain/s.
    pub noise: f64,
    pub start_ns: i64,
}

const KINDS: [(&str, Kind); 9] = [
    ("quake", Kind::Quake),
    ("noise", Kind::Noise),
    ("sine", Kind::Sine),
    ("chirp", Kind::Chirp),
    ("traffic", Kind::Traffic),
    ("intrusion", Kind::Intrusion),
    ("leak", Kind::Leak),
    ("drift", Kind::Drift),
    ("ambient", Kind::Ambient),
];
/// The names of all made-up signals.
pub fn kinds() -> impl Iterator<Item = &'static str> {
    KINDS.iter().map(|(name, _)| *name)
}

const KEYS: [&str; 10] =
    ["channels", "samples", "fs", "dx", "seed", "gaps", "freq", "to", "amplitude", "noise"];
const MOST_CHANNELS: f64 = 1e6;
const MOST_SAMPLES: f64 = 1e15;
/// 2024-01-01T00:00:00Z.
const START: i64 = 1_704_067_200_000_000_000;

pub fn parse(text: &str, options: &ReadOptions) -> Result<Parameters> {
    let (name, query) = text.split_once('?').unwrap_or((text, ""));
    let kind = KINDS.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind).ok_or_else(|| {
        let known = KINDS.map(|(name, _)| name).join(", ");
        Diag::usage(format!("there is no synthetic source '{name}'")).help(format!("known: {known}"))
    })?;
    if options.dtype.is_some_and(|t| t != crate::FileType::F32) || options.endian.is_some() {
        return Err(Diag::usage("synthetic sources are f32 in this machine's byte order")
            .help("leave DTYPE and ENDIAN out"));
    }
    // Root mean square of the noise, and the signal's size, in nstrain/s.
    let (noise, amplitude) = match kind {
        Kind::Quake => (5.0, 200.0),
        Kind::Noise => (5.0, 100.0),
        Kind::Sine | Kind::Chirp => (0.0, 100.0),
        Kind::Traffic | Kind::Intrusion | Kind::Leak => (5.0, 30.0),
        Kind::Drift => (0.05, 1.0),
        Kind::Ambient => (0.5, 5.0),
    };
    let mut p = Parameters {
        kind,
        channels: 256,
        samples: 8192,
        rate: Rational::integer(1000),
        spacing: 1.0,
        seed: 1,
        gaps: 0,
        frequency: f64::NAN,
        to: f64::NAN,
        amplitude,
        noise,
        start_ns: options.start.unwrap_or(START),
    };
    for pair in query.split('&').filter(|p| !p.is_empty()) {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        match key.to_lowercase().as_str() {
            "channels" => p.channels = number(key, value, "", 1.0, MOST_CHANNELS)? as usize,
            "samples" => p.samples = number(key, value, "", 1.0, MOST_SAMPLES)? as u64,
            "fs" => p.rate = rate(value)?,
            "dx" => p.spacing = number(key, value, "m", 1e-6, 1e6)?,
            "seed" => p.seed = number(key, value, "", 0.0, 9e15)? as u64,
            "gaps" => p.gaps = number(key, value, "", 0.0, 1000.0)? as u64,
            "freq" => p.frequency = number(key, value, "Hz", 0.0, 1e9)?,
            "to" => p.to = number(key, value, "Hz", 0.0, 1e9)?,
            "amplitude" => p.amplitude = number(key, value, "nstrain/s", 0.0, 1e12)?,
            "noise" => p.noise = number(key, value, "nstrain/s", 0.0, 1e12)?,
            other => {
                let near = nearest(other, KEYS).map(|k| format!("did you mean {k}? ")).unwrap_or_default();
                let help = format!("{near}Known: {}", KEYS.join(", "));
                return Err(Diag::usage(format!("a synthetic source has no parameter '{key}'")).help(help));
            }
        }
    }
    p.rate = options.fs.unwrap_or(p.rate);
    p.spacing = options.dx.unwrap_or(p.spacing);
    if let Some(channels) = options.channels {
        p.channels = number("CHANNELS", &channels.to_string(), "", 1.0, MOST_CHANNELS)? as usize;
    }
    let nyquist = p.rate.as_f64() / 2.0;
    p.frequency = if p.frequency.is_nan() {
        nyquist / if kind == Kind::Chirp { 100.0 } else { 50.0 }
    } else {
        p.frequency
    };
    p.to = if p.to.is_nan() { nyquist * 0.8 } else { p.to };
    for (key, hertz) in [("freq", p.frequency), ("to", p.to)] {
        if hertz > nyquist {
            let message =
                format!("{key} is {hertz} Hz, above {nyquist} Hz, the Nyquist frequency at {} Hz", p.rate);
            return Err(Diag::usage(message).help("lower it or raise fs"));
        }
    }
    if p.gaps >= p.samples {
        return Err(
            Diag::usage(format!("{} gaps do not fit into {} samples", p.gaps, p.samples)).help("lower gaps")
        );
    }
    Ok(p)
}

/// A number with an optional unit that converts to `unit`; counts must be whole.
fn number(key: &str, text: &str, unit: &str, least: f64, most: f64) -> Result<f64> {
    let bad = |why: &str| {
        let wanted =
            if unit.is_empty() { "a whole number".to_string() } else { format!("a number of {unit}") };
        Diag::usage(format!("{key}={text} {why}")).help(format!("give {wanted} between {least} and {most}"))
    };
    let end = text.char_indices().find(|(i, c)| unit_begins(text, *i, *c)).map_or(text.len(), |(i, _)| i);
    let (digits, said) = text.split_at(end);
    let value: f64 = digits.parse().map_err(|_| bad("is not a number"))?;
    let value = match (said, unit) {
        ("", _) => value,
        (_, "") => return Err(bad("has a unit where none belongs")),
        (said, unit) => {
            let units = Unit::parse(said).zip(Unit::parse(unit));
            units.and_then(|(from, to)| from.convert(value, &to)).ok_or_else(|| bad("has the wrong unit"))?
        }
    };
    if unit.is_empty() && value.fract() != 0.0 {
        return Err(bad("is not whole"));
    }
    if (least..=most).contains(&value) { Ok(value) } else { Err(bad("is out of range")) }
}

/// A letter begins the unit, except the `e` of an exponent.
fn unit_begins(text: &str, at: usize, c: char) -> bool {
    let exponent = matches!(c, 'e' | 'E')
        && text[at + 1..].starts_with(|n: char| n.is_ascii_digit() || n == '-' || n == '+');
    !(c.is_ascii_digit() || matches!(c, '.' | '-' | '+') || exponent)
}

fn rate(text: &str) -> Result<Rational> {
    if let Some((num, den)) = text.trim_end_matches("Hz").split_once('/')
        && let (Ok(num), Ok(den)) = (num.parse(), den.parse())
        && let Some(rate) = Rational::new(num, den).filter(|r| *r > Rational::ZERO)
    {
        return Ok(rate);
    }
    let hertz = number("fs", text, "Hz", 1e-6, 1e9)?;
    Rational::approximate(hertz).ok_or_else(|| Diag::usage(format!("fs={text} is not a usable rate")))
}
