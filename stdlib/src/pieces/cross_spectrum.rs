//! Correlation of frames through their cross-spectrum, divided by how strong its frequencies are.

use dasc_ir::graph::expr::Writer;
use dasc_ir::graph::{
    Builder, Edge, InnerAxis, InnerRole, NodeId, Reduction, Role, Scalar, Scope, TransformKind, WindowBody,
};
use dasc_ir::{DType, Result, Unit};

/// What a cross-spectrum is divided by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Division {
    /// The magnitudes of both (cross-coherence, Nakata et al. 2011).
    BothMagnitudes,
    /// The power of the source and 1 % of its mean power (deconvolution interferometry, Vasconcelos & Snieder 2008).
    SourcePower,
}

/// The share of the mean power that keeps a deconvolution finite where the source has nothing.
const WATER: f64 = 0.01;

/// Frames of `n` samples against those of a source, at lags `-lag ..= lag`.
#[derive(Clone, Copy, Debug)]
pub struct CrossSpectrum {
    pub division: Division,
    /// The frames have no mean, so that at 0 Hz there is nothing but rounding to divide.
    pub demeaned: bool,
    /// Width in hertz of the running mean over what is divided by.
    pub smooth: f64,
    pub n: u32,
    pub lag: u32,
}

impl CrossSpectrum {
    /// The divided correlation, in F32 and without a unit. Transforms are twice as long as the frames, so that no lag meets another.
    pub fn correlation(&self, b: &mut Builder, frames: NodeId, source: NodeId) -> Result<NodeId> {
        let (n, lag) = (self.n, self.lag);
        let inner = b.signal(frames)?.inner.clone();
        let period = inner.map_or(1.0, |axis| axis.step);
        let bin = 1.0 / (2.0 * f64::from(n) * period);
        let reach = (0.5 * self.smooth / bin).round();
        if !(0.0..=f64::from(n / 2)).contains(&reach) {
            return Err(b
                .diag(format!("needs a running mean of 0 to {} Hz, not {} Hz", 0.5 / period, self.smooth))
                .help("SMOOTH is a width in Hz; 0 divides by each frequency itself"));
        }
        let reach = reach as i32;
        // Frames begin `lag` samples late, so that lag −`lag` stands first.
        let x = spectrum(b, frames, lag as i32, (n - lag) as i32)?;
        let s = spectrum(b, source, 0, n as i32)?;
        let divided = match self.division {
            Division::BothMagnitudes => {
                let (of_x, of_s) = (strength(b, x, false, reach)?, strength(b, s, false, reach)?);
                b.map(&[x, s, of_x, of_s], Unit::none(), DType::C32, |e| {
                    divide(e, e.input(2) * e.input(3), self.demeaned)
                })?
            }
            Division::SourcePower => {
                let power = strength(b, s, true, reach)?;
                let mean = b.reduce(power, Role::Inner, Reduction::Mean, Scope::Segment)?;
                b.map(&[x, s, power, mean], Unit::none(), DType::C32, |e| {
                    divide(e, e.constant(WATER).fma(e.input(3), e.input(2)), self.demeaned)
                })?
            }
        };
        let lags = b.inverse(divided, 2 * n, -f64::from(lag) * period)?;
        let kept = b.slice(lags, Role::Inner, 0, u64::from(2 * lag) + 1, 1)?;
        let axis = InnerAxis {
            role: InnerRole::Lag,
            len: 2 * lag + 1,
            start: -f64::from(lag) * period,
            step: period,
            unit: Unit::parse("s").unwrap_or_else(Unit::none),
            positions: None,
        };
        b.join(&[kept], axis)
    }
}

/// The transform of frames with zeros before and after.
fn spectrum(b: &mut Builder, frames: NodeId, before: i32, after: i32) -> Result<NodeId> {
    let plain = b.convert(frames, DType::F32)?;
    let padded = b.widen(plain, before, after, Edge::Zero)?;
    b.transform(padded, TransformKind::Forward, Role::Inner)
}

/// Magnitude or power of a spectrum, averaged over `reach` bins to either side; it continues symmetrically beyond its ends.
fn strength(b: &mut Builder, spectrum: NodeId, power: bool, reach: i32) -> Result<NodeId> {
    let own = b.map(&[spectrum], Unit::none(), DType::F64, |e| {
        let (re, im) = (e.input(0).to(DType::F64), e.imaginary(0).to(DType::F64));
        let power_of = re.fma(re, im * im);
        vec![if power { power_of } else { power_of.sqrt() }]
    })?;
    if reach == 0 {
        return Ok(own);
    }
    let body = WindowBody::Fold(Reduction::Sum);
    let sum = b.window(own, Role::Inner, (-reach, reach), 1, Edge::Mirror, body, Unit::none(), DType::F64)?;
    let count = f64::from(2 * reach + 1);
    b.map(&[sum], Unit::none(), DType::F64, |e| vec![e.input(0) / e.constant(count)])
}

/// The first input times the conjugate of the second over `by`; 0 where that is 0, and at 0 Hz of what has no mean.
fn divide<'a>(e: &'a Writer, by: Scalar<'a>, demeaned: bool) -> Vec<Scalar<'a>> {
    let wide = |x: Scalar<'a>| x.to(DType::F64);
    let (a, b) = (wide(e.input(0)), wide(e.imaginary(0)));
    let (c, d) = (wide(e.input(1)), wide(e.imaginary(1)));
    let zero = e.constant(0.0);
    let nothing = match demeaned {
        true => by.eq(zero).or(e.index(Role::Inner).to(DType::F64).eq(zero)),
        false => by.eq(zero),
    };
    let share = |x: Scalar<'a>| nothing.select(zero, x / by).to(DType::F32);
    vec![share(a.fma(c, b * d)), share(b.fma(c, -(a * d)))]
}
