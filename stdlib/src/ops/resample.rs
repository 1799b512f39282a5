//! Another sampling rate.

use dasc_ir::graph::builder::div_ceil;
use dasc_ir::graph::{Builder, Edge, InnerAxis, InnerRole, NodeId, Role, Rows, TimeAxis, WindowBody};
use dasc_ir::parameter::Hertz;
use dasc_ir::{DType, Rational, Result, Unit, operator};

use super::Operator;
use crate::design::{Window, firwin};
use crate::pieces::filter::of_step;

/// The largest factor up or down: the filter has twenty times as many coefficients.
const LARGEST: i64 = 4096;

/// SciPy's window.
const KAISER: f64 = 5.0;

operator! {
    /// Another sampling rate, by a polyphase filter of linear phase without delay.
    ///
    /// The ratio of the rates is reduced to UP/DOWN; a Kaiser-windowed low-pass (β = 5, 20·max(UP, DOWN) + 1 coefficients) stands between.
    /// Only the samples that are kept are computed. Sample m lies m·DOWN/UP samples after sample 0 of the record, and beyond the ends of a
    /// stretch the data counts as 0, so that an offset dips there: DEMEAN first.
    Resample = "RESAMPLE" (
        /// The new rate; UP and DOWN of its ratio to the old one must not exceed 4096.
        rate: Hertz,
    ) {}
    formula "y[m] = Σ_k h[m·DOWN − k·UP]·x[k]"
            "h[j] = a·w[j]·sin(πj/M) / (πj),   |j| ≤ 10·M,   M = max(UP, DOWN),   w the Kaiser window,   a so that Σ_j h[j] = UP";
    example "RESAMPLE 400Hz";
    reference "scipy.signal.resample_poly(x, up, down, axis=0, window=('kaiser', 5.0), padtype='constant')";
}

impl Operator for Resample {
    fn build(&self, b: &mut Builder, x: NodeId) -> Result<NodeId> {
        let time = b.time(x)?.clone();
        let (unit, float) = (b.real(x)?.unit.clone(), b.real(x)?.float());
        let (up, down) = self.ratio(b, &time)?;
        if up == down {
            return b.convert(x, float);
        }
        let half = 10 * up.max(down);
        let taps = 2 * half as usize + 1;
        let h = firwin(taps, &[1.0 / up.max(down) as f64], Window::Kaiser(KAISER), true, 2.0);
        let h = h.map_err(|diag| of_step(b, diag))?;
        // Output m = i · up + p meets input i · down + j with coefficient p · down − j · up + half.
        let tap = |p: i64, j: i64| {
            let k = usize::try_from(p * down - j * up + half).ok();
            k.and_then(|k| h.get(k)).map_or(0.0, |c| c * up as f64)
        };
        let (lo, hi) = (-(half / up), ((up - 1) * down + half) / up);
        let phase = |p: i64| -> Vec<f64> { (lo..=hi).map(|j| tap(p, j)).collect() };
        let (ends, hop) = ((lo as i32, hi as i32), down as u32);
        if up == 1 {
            let body = WindowBody::Dot(phase(0));
            let kept = b.window(x, Role::Time, ends, hop, Edge::Zero, body, unit, DType::F64)?;
            return b.convert(kept, float);
        }
        let period = time.period * Rational::integer(down) / Rational::integer(up);
        let axis = InnerAxis {
            role: InnerRole::Frame,
            len: up as u32,
            start: 0.0,
            step: period.as_f64(),
            unit: Unit::parse("s").unwrap_or_else(Unit::none),
            positions: None,
        };
        let phases = b.bank(x, ends, hop, Edge::Zero, (0..up).map(phase).collect(), axis, unit, float)?;
        let rows = match &time.rows {
            Rows::Segments(_) => {
                let at = |row: i64| div_ceil(row * up, down);
                time.rows.map(|from, to| (at(from), at(to)))
            }
            Rows::From(start) => Rows::From(div_ceil(start * up, down)),
        };
        b.overlap_add(phases, up as u32, 0, TimeAxis { period, rows, ..time })
    }
}

impl Resample {
    /// The rates' ratio in lowest terms.
    fn ratio(&self, b: &Builder, time: &TimeAxis) -> Result<(i64, i64)> {
        let (to, from) = (self.rate.0, 1.0 / time.period.as_f64());
        let ratio = Rational::approximate(to).filter(|rate| *rate > Rational::ZERO).map(|rate| rate * time.period);
        match ratio {
            Some(ratio) if ratio.num() <= LARGEST && ratio.den() <= LARGEST && ratio.num() > 0 => {
                Ok((ratio.num(), ratio.den()))
            }
            Some(ratio) if to > 0.0 => {
                let near = (from * LARGEST as f64).min(to.max(from / LARGEST as f64));
                let whole = (near / from * 100.0).round().max(1.0) / 100.0 * from;
                Err(b
                    .diag(format!(
                        "would go from {from} Hz to {to} Hz as {}/{}, beyond {LARGEST}",
                        ratio.num(),
                        ratio.den()
                    ))
                    .help(format!("choose a rate in a simpler ratio, for instance {whole} Hz")))
            }
            _ => Err(b
                .diag(format!("needs a positive rate, not {to} Hz"))
                .help("give the rate that is wanted, for instance RESAMPLE 100Hz")),
        }
    }
}
