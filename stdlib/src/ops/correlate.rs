//! Correlation with a virtual source.

use dasc_ir::graph::{Builder, NodeId, Reduction, Role, Scope};
use dasc_ir::parameter::{Extent, Span1};
use dasc_ir::{DType, Diag, Result, Unit, choice, operator};

use super::slice::chosen_numbers;
use super::Operator;
use crate::pieces::extent::samples;

choice! {
    /// What a window's correlation is divided by.
    Scale { None = "none", Coefficient = "coefficient" }
}

/// The longest window and the most lags.
const LONGEST: u32 = 1 << 20;

operator! {
    /// Every channel against one of them, window by window, over lags: the channel becomes a virtual source, and a wave that passes it first
    /// shows at a positive lag.
    ///
    /// Windows begin at multiples of HOP and keep clear of gaps and ends. A MEAN over time is the linear stack, PWS the phase-weighted one.
    /// Sums are taken in F64; a sample that is not finite makes the lags it belongs to NaN.
    Correlate = "CORRELATE" (
        /// The source: a range of one channel number of the file (`10..11`), or of several, which are averaged.
        source: Span1,
        /// Length of a window, a duration or a number of samples.
        window: Extent,
        /// The largest lag to either side, shorter than the window.
        lag: Extent,
    ) {
        /// From one window to the next; the window's length unless given.
        hop: Option<Extent> = None,
        /// `coefficient` divides by the root of both windows' energies, so that a copy of the source has 1 at its lag; 0 where one has none.
        scale: Scale = Scale::None,
        /// Take each window's mean out first.
        demean: bool = false,
    }
    formula "y[j, lag] = Σ_k x[j·HOP + k + lag]·s[j·HOP + k]   over all k where both lie in the window"
            "divided by √(Σ_k x[j·HOP + k]² · Σ_k s[j·HOP + k]²) with SCALE=coefficient";
    example "CORRELATE 10..11 200ms 50ms";
    reference "scipy.signal.correlate(x[window], x[window, source], mode='full'), lags -lag to lag";
}

impl Operator for Correlate {
    fn build(&self, b: &mut Builder, x: NodeId) -> Result<NodeId> {
        let n = samples(b, x, "a window", self.window)?;
        let lag = match self.lag {
            Extent::Samples(0) => 0,
            other => samples(b, x, "a lag", other)?,
        };
        let hop = self.hop.map_or(Ok(n), |hop| samples(b, x, "a hop", hop))?;
        if n > LONGEST || lag >= n {
            return Err(b.diag(format!(
                "needs a window of at most {LONGEST} samples and a lag shorter than it, not {n} and {lag}"
            )));
        }
        let (unit, float) = (b.real(x)?.unit.clone(), b.real(x)?.float());
        let plain = b.convert(x, float)?;
        let mut frames = b.frame(plain, n, hop, 0, dasc_ir::graph::Edge::Valid)?;
        if self.demean {
            let mean = b.reduce(frames, Role::Inner, Reduction::Mean, Scope::Segment)?;
            frames = b.map(&[frames, mean], unit.clone(), DType::F64, |e| vec![e.input(0) - e.input(1)])?;
        }
        let chosen = chosen_numbers(b, frames, &self.source)?;
        let source = b.reduce(chosen, Role::Channel, Reduction::Mean, Scope::Segment)?;
        let lag = i32::try_from(lag).map_err(|_| Diag::compiler("a lag within 2³¹"))?;
        let sums = b.correlate(frames, source, (-lag, lag))?;
        match self.scale {
            Scale::None => b.convert(sums, float),
            Scale::Coefficient => {
                let (a, s) = (energy(b, frames)?, energy(b, source)?);
                b.map(&[sums, a, s], Unit::none(), float, |e| {
                    let norm = (e.input(1) * e.input(2)).sqrt();
                    let zero = e.constant(0.0);
                    vec![norm.eq(zero).select(zero, e.input(0) / norm).to(float)]
                })
            }
        }
    }
}

/// The sum of squares of each frame.
fn energy(b: &mut Builder, frames: NodeId) -> Result<NodeId> {
    let unit = b.signal(frames)?.unit.clone();
    let squared = b.map(&[frames], unit, DType::F64, |e| {
        let x = e.input(0).to(DType::F64);
        vec![x * x]
    })?;
    b.reduce(squared, Role::Inner, Reduction::Sum, Scope::Segment)
}
