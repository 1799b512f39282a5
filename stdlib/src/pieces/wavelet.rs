//! The discrete wavelet transform along time: halves of halves, and the way back.
//!
//! A level is a window of filters at every other row of the stretch extended by its edge (`pywt.dwt`); the way back is a bank of two
//! phases laid side by side (`pywt.idwt`). Both stream; coefficients are F64 throughout.

use dasc_ir::graph::{Builder, Edge, InnerAxis, InnerRole, NodeId, Role, TimeAxis, WindowBody};
use dasc_ir::literal::Literal;
use dasc_ir::parameter::{Kind, Parameter};
use dasc_ir::{DType, Rational, Result, Unit, choice};

use crate::design::Wavelet;

/// As many halvings as make 4096 samples one.
const MOST_LEVELS: u32 = 12;

choice! {
    /// What lies beyond the ends of a stretch, and of the coefficients of every level, by PyWavelets' names.
    Beyond { Symmetric = "symmetric", Reflect = "reflect", Zero = "zero", Constant = "constant" }
}

impl Parameter for Wavelet {
    const KIND: Kind = Kind::Quantity("haar, db1 to db20, sym2 to sym20 or coif1 to coif5");
    fn read(literal: &Literal) -> Result<Wavelet, String> {
        let name = match literal {
            Literal::Word(name) | Literal::Text(name) => Wavelet::from_name(name),
            _ => None,
        };
        name.ok_or_else(|| "a wavelet: haar, db1 to db20, sym2 to sym20 or coif1 to coif5".into())
    }
}

/// The coefficients of a stretch: each level's details, the finest first, and what is left.
#[derive(Clone, Debug)]
pub struct Decomposition {
    wavelet: Wavelet,
    /// The time axis of what each level was made of.
    times: Vec<TimeAxis>,
    pub details: Vec<NodeId>,
    pub approximation: NodeId,
}

impl Decomposition {
    /// `pywt.wavedec(x, wavelet, mode=beyond, level=levels)`, in F64. Refuses what is no time series and more than 12 levels.
    pub fn of(
        b: &mut Builder,
        x: NodeId,
        wavelet: Wavelet,
        levels: u32,
        beyond: Beyond,
    ) -> Result<Decomposition> {
        if !(1..=MOST_LEVELS).contains(&levels) {
            return Err(b
                .diag(format!("needs 1 to {MOST_LEVELS} levels, not {levels}"))
                .help("DECIMATE first for lower frequencies"));
        }
        if b.real(x)?.inner.is_some() {
            return Err(b.diag("needs a plain time series, but its input is already cut into frames"));
        }
        let (low, high) = (wavelet.low(), wavelet.high());
        let (mut times, mut details) = (Vec::new(), Vec::new());
        let mut approximation = b.convert(x, DType::F64)?;
        for _ in 0..levels {
            times.push(b.time(approximation)?.clone());
            let reach = low.len() as u32 - 1;
            let extended = b.extend(approximation, (reach, reach), beyond.edge())?;
            details.push(half(b, extended, high.clone())?);
            approximation = half(b, extended, low.to_vec())?;
        }
        Ok(Decomposition { wavelet, times, details, approximation })
    }

    /// Labels coefficients of the last level with the middle of the samples they are made of.
    pub fn centre(&self, b: &mut Builder, coefficients: NodeId) {
        let Some(period) = self.times.first().map(|time| time.period) else { return };
        // Taps 2 − F ..= 1 of a filter of F lie about 3/2 − F/2, in samples that get twice as long with every level.
        let halves = ((1i64 << self.times.len()) - 1) * (3 - self.wavelet.low().len() as i64);
        b.shift_origin(coefficients, period * halves.into() / Rational::integer(2));
    }

    /// What the details of a level, counted from 0, add to the signal.
    pub fn detail(&self, b: &mut Builder, level: usize) -> Result<NodeId> {
        let (Some(details), Some(time)) = (self.details.get(level), self.times.get(level)) else {
            return Err(b.diag(format!("has no level {}", level + 1)));
        };
        let finer = twice(b, *details, &self.wavelet.high(), time)?;
        self.up(b, finer, level)
    }

    /// What the approximation adds to the signal.
    pub fn remainder(&self, b: &mut Builder) -> Result<NodeId> {
        self.up(b, self.approximation, self.times.len())
    }

    /// The signal of the approximation and other details (`pywt.waverec`).
    pub fn reconstruct(&self, b: &mut Builder, details: &[NodeId]) -> Result<NodeId> {
        let mut signal = self.approximation;
        for (details, time) in details.iter().zip(&self.times).rev() {
            let (low, high) = (self.wavelet.low(), self.wavelet.high());
            let parts = [phases(b, signal, low)?, phases(b, *details, &high)?];
            let unit = b.signal(signal)?.unit.clone();
            let sum = b.map(&parts, unit, DType::F64, |e| vec![e.input(0) + e.input(1)])?;
            signal = b.overlap_add(sum, 2, 0, time.clone())?;
        }
        Ok(signal)
    }

    /// An approximation of so many levels brought up to the samples.
    fn up(&self, b: &mut Builder, mut x: NodeId, levels: usize) -> Result<NodeId> {
        for time in self.times.iter().take(levels).rev() {
            x = twice(b, x, self.wavelet.low(), time)?;
        }
        Ok(x)
    }
}

impl Beyond {
    const fn edge(self) -> Edge {
        match self {
            Beyond::Symmetric => Edge::Reflect,
            Beyond::Reflect => Edge::Mirror,
            Beyond::Zero => Edge::Zero,
            Beyond::Constant => Edge::Nearest,
        }
    }
}

/// Every other sample of a stretch, extended by all but one of the filter's length, through a filter of the decomposition.
/// Backwards, as a window's coefficients stand, that is the filter of the reconstruction.
fn half(b: &mut Builder, extended: NodeId, filter: Vec<f64>) -> Result<NodeId> {
    let unit = b.signal(extended)?.unit.clone();
    let taps = (2 - filter.len() as i32, 1);
    b.window(extended, Role::Time, taps, 2, Edge::Valid, WindowBody::Dot(filter), unit, DType::F64)
}

/// The even and the odd sample that each coefficient gives with those after it: sample `2i + p` is the sum of coefficients `i + j` times
/// `filter[p + F − 2 − 2j]`.
fn phases(b: &mut Builder, coefficients: NodeId, filter: &[f64]) -> Result<NodeId> {
    let (unit, period) = (b.signal(coefficients)?.unit.clone(), b.time(coefficients)?.period);
    let phase = |p: usize| filter.iter().skip(p).step_by(2).rev().copied().collect();
    let axis = InnerAxis {
        role: InnerRole::Frame,
        len: 2,
        start: 0.0,
        step: 0.5 * period.as_f64(),
        unit: Unit::parse("s").unwrap_or_else(Unit::none),
        positions: None,
    };
    let taps = (0, filter.len() as i32 / 2 - 1);
    b.bank(coefficients, taps, 1, Edge::Valid, vec![phase(0), phase(1)], axis, unit, DType::F64)
}

/// Coefficients alone brought up to the rows of `time`.
fn twice(b: &mut Builder, coefficients: NodeId, filter: &[f64], time: &TimeAxis) -> Result<NodeId> {
    let phases = phases(b, coefficients, filter)?;
    b.overlap_add(phases, 2, 0, time.clone())
}
