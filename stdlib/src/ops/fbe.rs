//! Energies in bands of frequency.

use dasc_ir::graph::{Builder, Edge, InnerAxis, InnerRole, NodeId, Reduction, Role, WindowBody};
use dasc_ir::literal::Literal;
use dasc_ir::parameter::{Extent, Span1, quantity_in};
use dasc_ir::{DType, Rational, Result, operator};

use super::Operator;
use crate::design::Band;
use crate::pieces::calculus::known;
use crate::pieces::extent::whole_samples;
use crate::pieces::filter::{Direction, Family, Recursive};
use crate::pieces::level::power_unit;

/// Every band is a filter of its own over all the data.
const MOST_BANDS: usize = 64;

operator! {
    /// Band energies: the mean square of each block after a band-pass for each band of a list; bands lie side by side in place of frequency.
    ///
    /// Filters are causal with f64 state and start at rest where a stretch begins. Blocks count from the first sample of the record and
    /// are labelled with the time of their middle; incomplete ones are left out. A band without a lower end is a low-pass, one without
    /// an upper end a high-pass. NaN in a block makes that block NaN.
    Fbe = "FBE" (
        /// Length of a block, a duration of whole samples or a number of them.
        window: Extent,
        /// The bands in hertz or with a unit, at most 64.
        bands: Vec<Span1>,
    ) {
        /// Order of the band-passes, 1 to 32.
        order: u32 = 4,
        /// Family of the band-passes.
        design: Family = Family::Butter,
    }
    formula "y[j, b] = (1/n) Σ_{k<n} z_b[j·n + k]²,   z_b the data after the band-pass of band b";
    example "FBE 1s [..1Hz,1..10Hz,10..100Hz]";
    reference "scipy.signal.butter(order, band, 'band', output='sos'), sosfilt, squares, block means";
}

impl Operator for Fbe {
    fn build(&self, b: &mut Builder, x: NodeId) -> Result<NodeId> {
        if self.bands.is_empty() || self.bands.len() > MOST_BANDS {
            return Err(b
                .diag(format!("needs 1 to {MOST_BANDS} bands, not {}", self.bands.len()))
                .help("SPECTROGRAM gives all frequencies at once"));
        }
        let n = whole_samples(b, x, "a block", self.window)?;
        let (rate, power) = (b.rate(x)?, power_unit(&b.real(x)?.unit));
        let float = b.real(x)?.float();
        let middle = b.time(x)?.period * i64::from(n - 1).into() / Rational::integer(2);
        let (mut energies, mut middles) = (Vec::new(), Vec::new());
        for range in &self.bands {
            let (band, at) = band(b, range, 0.5 * rate)?;
            let filter = Recursive {
                family: self.design,
                order: self.order,
                ripple_db: 0.5,
                attenuation_db: 40.0,
                direction: Direction::Causal,
            };
            let y = filter.apply(b, x, band)?;
            let squares = b.map(&[y], power.clone(), DType::F64, |e| {
                let y = e.input(0).to(DType::F64);
                vec![y * y]
            })?;
            let (taps, sum) = ((0, n as i32 - 1), WindowBody::Fold(Reduction::Sum));
            let sum = b.window(squares, Role::Time, taps, n, Edge::Valid, sum, power.clone(), DType::F64)?;
            b.shift_origin(sum, middle);
            energies.push(b.map(&[sum], power.clone(), float, |e| {
                vec![(e.input(0) / e.constant(f64::from(n))).to(float)]
            })?);
            middles.push(at);
        }
        b.join(&energies, InnerAxis::listed(InnerRole::Band, &middles, known("Hz")?))
    }
}

/// A band of the list and its middle.
fn band(b: &Builder, range: &Span1, nyquist: f64) -> Result<(Band, f64)> {
    if range.step.is_some() {
        return Err(b.diag("takes no step in a band").help("for example [1..10Hz, 10..100Hz]"));
    }
    let hertz = |end: &Literal| {
        quantity_in(end, "Hz").ok_or_else(|| {
            b.diag(format!("needs frequencies for its bands, not {end}")).help("for example [1..10Hz, 10..100Hz]")
        })
    };
    let low = range.from.as_ref().map(hertz).transpose()?;
    let high = range.to.as_ref().map(hertz).transpose()?;
    match (low, high) {
        (Some(low), Some(high)) => Ok((Band::Pass(low, high), 0.5 * (low + high))),
        (None, Some(high)) => Ok((Band::Low(high), 0.5 * high)),
        (Some(low), None) => Ok((Band::High(low), 0.5 * (low + nyquist))),
        (None, None) => Err(b.diag("needs an end of each band").help("for example [1..10Hz, 10..100Hz]")),
    }
}
