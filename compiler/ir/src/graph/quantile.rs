//! Order statistics: between which of the values in order a quantile lies, and how they are found digit by digit.

use std::fmt;

use super::axis::Signal;
use crate::DType;

/// A share of the values in order: 0 is the least of them, 0.5 the median, 1 the largest.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Quantile {
    bits: u64,
}

/// Where a quantile lies among values in ascending order.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    /// How many values are before the lower neighbour.
    pub rank: u64,
    /// How far it lies on the way to the next value, 0 to 1 (1 excluded).
    pub share: f64,
}

impl Quantile {
    pub const MEDIAN: Quantile = Quantile { bits: 0.5f64.to_bits() };

    /// `None` unless the fraction lies within 0 and 1.
    pub fn new(fraction: f64) -> Option<Quantile> {
        (0.0..=1.0).contains(&fraction).then_some(Quantile { bits: (fraction + 0.0).to_bits() })
    }

    pub const fn fraction(self) -> f64 {
        f64::from_bits(self.bits)
    }

    /// The place among `n` values, as numpy.percentile(method='linear') has it; `None` among none.
    pub fn place(self, n: u64) -> Option<Place> {
        let last = n.checked_sub(1)?;
        let at = last as f64 * self.fraction();
        let rank = (at.floor() as u64).min(last);
        Some(Place { rank, share: if rank == last { 0.0 } else { at - at.floor() } })
    }

    /// The quantile of the values, which it puts into another order. NaN if one is NaN, or there is none.
    pub fn of(self, values: &mut [f64]) -> f64 {
        let Some(Place { rank, share }) = self.place(values.len() as u64) else { return f64::NAN };
        if values.iter().any(|x| x.is_nan()) {
            return f64::NAN;
        }
        let (_, lower, above) = values.select_nth_unstable_by(rank as usize, f64::total_cmp);
        let upper = above.iter().copied().min_by(f64::total_cmp).unwrap_or(*lower);
        between(*lower, upper, share)
    }
}

/// What lies between two neighbours: halfway their mean, as in numpy.median; elsewhere what numpy.percentile gives. An infinite
/// neighbour is where it is, and not a reason for NaN.
pub fn between(lower: f64, upper: f64, share: f64) -> f64 {
    if share == 0.0 || lower == upper {
        return lower;
    }
    if share == 0.5 || lower.is_infinite() || upper.is_infinite() {
        return (lower + upper) * 0.5;
    }
    let step = upper - lower;
    if share < 0.5 { lower + step * share } else { upper - step * (1.0 - share) }
}

/// How numbers of a type are found: by so many digits of their bits, one a pass over the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digits {
    /// Bits of a number.
    pub bits: u32,
    /// Bits of a digit; the last may be shorter.
    pub width: u32,
}

/// Bytes that the counts of one selection may take.
const ROOM: u64 = 32 << 20;
/// A digit wider than this costs more to count and to look through than the pass it saves.
const WIDEST: u32 = 11;

impl Digits {
    /// How the numbers of each channel (and inner position) of a signal are found.
    pub fn of(signal: &Signal) -> Digits {
        let series = u64::from(signal.inner_len()) * u64::from(signal.channels());
        Digits::for_series(signal.dtype, series)
    }

    /// The widest digits whose counts for so many series keep within bounds.
    fn for_series(dtype: DType, series: u64) -> Digits {
        let bits: u32 = if dtype == DType::F64 { 64 } else { 32 };
        let fits = |width: &u32| series.saturating_mul(8 << *width) <= ROOM;
        let widest = (1..=WIDEST).rev().find(fits).unwrap_or(1);
        let passes = bits.div_ceil(widest);
        Digits { bits, width: bits.div_ceil(passes) }
    }

    pub const fn passes(self) -> u32 {
        self.bits.div_ceil(self.width)
    }
}

impl fmt::Debug for Quantile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Quantile({:?})", self.fraction())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_grow_narrow_with_the_number_of_series_and_cover_all_bits() {
        let of = |dtype, series| {
            let digits = Digits::for_series(dtype, series);
            (digits.width, digits.passes())
        };
        assert_eq!(of(DType::F32, 64), (11, 3));
        assert_eq!(of(DType::F64, 64), (11, 6));
        assert_eq!(of(DType::F32, 10_000), (8, 4));
        assert_eq!(of(DType::F32, 200_000), (4, 8));
        assert_eq!(of(DType::F32, u64::MAX), (1, 32));
    }

    #[test]
    fn quantiles_of_few_values() {
        let of = |fraction, values: &[f64]| Quantile::new(fraction).unwrap().of(&mut values.to_vec());
        assert_eq!(of(0.5, &[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(of(0.5, &[3.0, 1.0, 2.0, 10.0]), 2.5);
        assert_eq!(of(0.25, &[3.0, 1.0, 2.0]), 1.5);
        assert_eq!(of(1.0, &[3.0, 1.0, f64::INFINITY]), f64::INFINITY);
        assert_eq!(of(0.5, &[1.0, f64::INFINITY]), f64::INFINITY);
        assert!(of(0.5, &[]).is_nan() && of(0.0, &[1.0, f64::NAN]).is_nan());
        assert_eq!(Quantile::new(1.5), None);
        assert_eq!(Quantile::new(f64::NAN), None);
    }
}
