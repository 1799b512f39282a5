//! Noise taken out of wavelet coefficients.

use dasc_ir::graph::{Builder, NodeId, Quantile, Reduction, Role, Scope};
use dasc_ir::literal::Literal;
use dasc_ir::parameter::{Amount, Given, Kind, Parameter};
use dasc_ir::{DType, Result, Unit, choice, operator};

use super::Operator;
use crate::design::Wavelet as Family;
use crate::pieces::extent::whole_record;
use crate::pieces::statistic::NORMAL;
use crate::pieces::wavelet::{Beyond, Decomposition};

choice! {
    /// What becomes of details above the threshold.
    Shrinkage { Soft = "soft", Hard = "hard" }
}

/// What counts as noise.
#[derive(Clone, Debug, PartialEq)]
pub enum Threshold {
    /// What the largest of as many details of normal noise hardly exceeds, for each channel.
    Universal,
    /// The same everywhere.
    Of(Amount),
}

impl Given<Threshold> for Amount {
    fn given(self) -> Threshold {
        Threshold::Of(self)
    }
}

impl Given<Threshold> for f64 {
    fn given(self) -> Threshold {
        Threshold::Of(self.given())
    }
}

impl Parameter for Threshold {
    const KIND: Kind = Kind::Quantity("the unit of the data, or universal");
    fn read(literal: &Literal) -> Result<Threshold, String> {
        match literal {
            Literal::Word(word) if word.eq_ignore_ascii_case("universal") => Ok(Threshold::Universal),
            other => Amount::read(other)
                .map(Threshold::Of)
                .map_err(|_| "a value in the unit of the data, or universal".into()),
        }
    }
}

operator! {
    /// Takes noise out by thresholding the details of a wavelet transform (Donoho and Johnstone 1994): what is below THRESHOLD becomes 0.
    ///
    /// Details of all levels up to LEVEL are thresholded, the approximation is kept, and the signal is put together again. With a number it
    /// streams like WAVELET.
    ///
    /// `THRESHOLD=universal` is σ·√(2·ln n) for each channel, n all samples of the record, gaps left out: for instance 5.3·σ of a million.
    /// σ is that of normal noise whose finest details have the same median magnitude, which signals in less than half of them hardly
    /// change. Zeros among them count, which skimage.restoration.estimate_sigma leaves out: where most are 0 nothing is taken out. It needs
    /// a record that ends and is selected exactly by several passes; a NaN makes all of the channel NaN.
    WaveletDenoise = "WAVELET_DENOISE" (
        /// The wavelet by PyWavelets' name.
        wavelet: Family,
        /// How many times the lower half is halved, 1 to 12.
        level: u32,
        /// In the unit of the data or with a unit, 0 or more; or `universal`.
        threshold: Threshold,
    ) {
        /// `soft` brings larger details closer to 0 by the threshold, `hard` leaves them.
        mode: Shrinkage = Shrinkage::Soft,
        /// Beyond the ends, by PyWavelets' names of its modes.
        boundary: Beyond = Beyond::Symmetric,
    }
    formula "soft: d → sign(d)·max(|d| − THRESHOLD, 0);   hard: d → d where |d| ≥ THRESHOLD, else 0"
            "d the details of WAVELET, of every level up to LEVEL"
            "universal  THRESHOLD = (median_k |d₁[k]| / 0.67449)·√(2·ln n),   d₁ those of level 1";
    example "WAVELET_DENOISE db4 3 THRESHOLD=0.5";
    reference "pywt.waverec([c[0]] + [pywt.threshold(d, threshold, mode) for d in c[1:]], wavelet, boundary, axis=0), c = pywt.wavedec(x, wavelet, boundary, level, axis=0); universal: numpy.median(abs(c[-1]), axis=0)/scipy.stats.norm.ppf(0.75)*sqrt(2*log(len(x)))";
}

impl Operator for WaveletDenoise {
    fn build(&self, b: &mut Builder, x: NodeId) -> Result<NodeId> {
        let (unit, float) = (b.real(x)?.unit.clone(), b.real(x)?.float());
        let given = self.threshold.in_unit(b, &unit)?;
        let parts = Decomposition::of(b, x, self.wavelet, self.level, self.boundary)?;
        let found = match (given, parts.details.first()) {
            (None, Some(finest)) => Some(universal(b, x, *finest)?),
            (Some(_), _) | (_, None) => None,
        };
        let mut details = Vec::with_capacity(parts.details.len());
        for detail in &parts.details {
            let inputs: Vec<NodeId> = [*detail].into_iter().chain(found).collect();
            details.push(b.map(&inputs, unit.clone(), DType::F64, |e| {
                let (d, zero) = (e.input(0), e.constant(0.0));
                let t = given.map_or_else(|| e.input(1), |t| e.constant(t));
                // A comparison with NaN is false, and NaN · 0 is NaN: neither a detail nor a threshold that was found gets lost.
                let below = if given.is_some() { d * zero } else { (d + t) * zero };
                let size = d.abs();
                vec![match self.mode {
                    Shrinkage::Soft => size.gt(t).select(d.gt(zero).select(d - t, d + t), below),
                    Shrinkage::Hard => size.ge(t).select(d, below),
                }]
            })?);
        }
        let signal = parts.reconstruct(b, &details)?;
        b.convert(signal, float)
    }
}

impl Threshold {
    /// The number that was given, in the unit of the data; `None` if it is to be found.
    fn in_unit(&self, b: &Builder, unit: &Unit) -> Result<Option<f64>> {
        let Threshold::Of(amount) = self else { return Ok(None) };
        match amount.in_unit(unit) {
            Some(value) if value >= 0.0 && value.is_finite() => Ok(Some(value)),
            Some(_) => Err(b.diag(format!("needs a threshold of 0 or more, not {amount}"))),
            None => Err(b
                .diag(format!("cannot compare data in {unit} with a threshold of {amount}"))
                .help(format!("give the threshold in {unit}"))),
        }
    }
}

/// The universal threshold of the samples of `x`, from the magnitudes of the finest details.
fn universal(b: &mut Builder, x: NodeId, finest: NodeId) -> Result<NodeId> {
    whole_record(b, x, "THRESHOLD=… with a number streams")?;
    let samples = b.time(x)?.rows.count().unwrap_or(0).max(1);
    let scale = (2.0 * (samples as f64).ln()).sqrt() / NORMAL;
    let unit = b.signal(finest)?.unit.clone();
    let size = b.map1(finest, unit.clone(), |d, _| d.abs())?;
    let middle = b.reduce(size, Role::Time, Reduction::Quantile(Quantile::MEDIAN), Scope::Record)?;
    b.map(&[middle], unit, DType::F64, |e| vec![e.input(0) * e.constant(scale)])
}
