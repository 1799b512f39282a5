//! Phase-weighted stack.

use dasc_ir::graph::{Builder, NodeId, Reduction, Role, Scope, TransformKind};
use dasc_ir::parameter::Extent;
use dasc_ir::{DType, Result, operator};

use super::Operator;
use crate::pieces::blocks::Blocks;
use crate::pieces::extent::whole_record;

operator! {
    /// The mean over time of what lies within a row (correlations over lags, frames), weighted by how well the phases agree from row to row.
    ///
    /// At every lag the mean of the unit phasors exp(iφ) of the analytic signals has a length between 0 (phases at random) and 1 (all alike); its
    /// POWER weights the linear mean. POWER 0 is the linear stack. Phases come of F32 transforms. Each stretch between gaps has a stack of its own;
    /// with BLOCK every so many rows have one, labelled with the time of their middle, as a monitor wants it.
    Pws = "PWS" () {
        /// The exponent ν of the weight, 0 to 8.
        power: f64 = 2.0,
        /// Rows of one stack, a duration of whole rows or a number of them; all rows of a stretch unless given.
        block: Option<Extent> = None,
        /// From one block to the next, which may overlap; the block's length unless given.
        every: Option<Extent> = None,
    }
    formula "y[lag] = (1/n) Σ_{j<n} x[j, lag] · |(1/n) Σ_{j<n} exp(iφ[j, lag])|^POWER";
    example "CORRELATE 10..11 200ms 50ms | PWS";
    reference "Schimmel & Paulssen 1997: x.mean(0) * abs((hilbert(x) / abs(hilbert(x))).mean(0)) ** power";
}

impl Operator for Pws {
    fn build(&self, b: &mut Builder, x: NodeId) -> Result<NodeId> {
        if b.real(x)?.inner.is_none() {
            return Err(b
                .diag("stacks what lies within rows, but its input has single samples")
                .help("CORRELATE or STFT first makes rows of lags or frames"));
        }
        if !(0.0..=8.0).contains(&self.power) {
            return Err(b.diag(format!("needs a POWER from 0 to 8, not {}", self.power)));
        }
        let (unit, float) = (b.real(x)?.unit.clone(), b.real(x)?.float());
        let blocks = match (self.block, self.every) {
            (Some(block), every) => Some(Blocks::new(b, x, block, every)?),
            (None, None) => {
                whole_record(b, x, "BLOCK=24h EVERY=1h gives stacks that stream")?;
                None
            }
            (None, Some(_)) => {
                return Err(b.diag("takes EVERY only beside BLOCK").help("for example BLOCK=24h EVERY=1h"));
            }
        };
        let mean = |b: &mut Builder, x: NodeId| match &blocks {
            Some(blocks) => blocks.mean(b, x, DType::F64),
            None => b.reduce(x, Role::Time, Reduction::Mean, Scope::Segment),
        };
        let linear = mean(b, x)?;
        let analytic = b.transform(x, TransformKind::Analytic, Role::Inner)?;
        let phasor = |b: &mut Builder, imaginary: bool| {
            let part = b.map(&[analytic], dasc_ir::Unit::none(), DType::F64, |e| {
                let (re, im) = (e.input(0).to(DType::F64), e.imaginary(0).to(DType::F64));
                let length = (re * re + im * im).sqrt();
                let zero = e.constant(0.0);
                vec![length.eq(zero).select(zero, if imaginary { im } else { re } / length)]
            })?;
            mean(b, part)
        };
        let (re, im) = (phasor(b, false)?, phasor(b, true)?);
        let power = self.power;
        b.map(&[linear, re, im], unit, float, |e| {
            let (re, im) = (e.input(1), e.input(2));
            let squared = re * re + im * im;
            let weight = match power {
                0.0 => e.constant(1.0),
                2.0 => squared,
                _ => {
                    let zero = e.constant(0.0);
                    let power = (squared.log() * e.constant(0.5 * power)).exp();
                    squared.eq(zero).select(zero, power)
                }
            };
            vec![(e.input(0) * weight).to(float)]
        })
    }
}
