//! Exact sampling: rates, periods and origins are fractions, so an hour at 3 kHz ends where it should.

use std::cmp::Ordering;
use std::fmt;
use std::ops::{Add, Div, Mul, Sub};

/// A fraction in lowest terms with a positive denominator.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rational {
    num: i64,
    den: i64,
}

impl Rational {
    pub const ZERO: Rational = Rational { num: 0, den: 1 };
    pub const ONE: Rational = Rational { num: 1, den: 1 };

    /// `num / den` in lowest terms. `None` when `den` is zero or the fraction does not fit 64 bits.
    pub fn new(num: i128, den: i128) -> Option<Rational> {
        if den == 0 {
            return None;
        }
        let divisor = gcd(num.unsigned_abs(), den.unsigned_abs()).max(1) as i128 * den.signum();
        let (num, den) = (num / divisor, den / divisor);
        Some(Rational { num: i64::try_from(num).ok()?, den: i64::try_from(den).ok()? })
    }

    pub const fn integer(num: i64) -> Rational {
        Rational { num, den: 1 }
    }

    /// The simplest fraction within `1e-12` of `value`, relatively: 999.9999999999 Hz is 1 kHz, 1/3 s is 1/3.
    /// `None` for NaN, infinities and magnitudes that a 64-bit fraction cannot hold.
    pub fn approximate(value: f64) -> Option<Rational> {
        if !value.is_finite() || value.abs() > 9e15 {
            return None;
        }
        // Continued fraction; the convergents are the best approximations of their size.
        let (mut rest, target) = (value.abs(), value.abs());
        let (mut n0, mut d0, mut n1, mut d1) = (0i128, 1i128, 1i128, 0i128);
        for _ in 0..48 {
            let whole = rest.floor();
            let (n2, d2) = (whole as i128 * n1 + n0, whole as i128 * d1 + d0);
            if n2 > i64::MAX as i128 || d2 > i64::MAX as i128 {
                break;
            }
            (n0, d0, n1, d1) = (n1, d1, n2, d2);
            if (n1 as f64 / d1 as f64 - target).abs() <= 1e-12 * target || rest == whole {
                break;
            }
            rest = 1.0 / (rest - whole);
        }
        Rational::new(if value < 0.0 { -n1 } else { n1 }, d1)
    }

    pub const fn num(self) -> i64 {
        self.num
    }

    pub const fn den(self) -> i64 {
        self.den
    }

    pub fn as_f64(self) -> f64 {
        self.num as f64 / self.den as f64
    }

    /// `1 / self`; `None` for zero.
    pub fn recip(self) -> Option<Rational> {
        Rational::new(self.den as i128, self.num as i128)
    }

    /// Nanoseconds after the start of sample `index` when `self` is the period in seconds, rounded to nearest.
    pub fn nanoseconds(self, index: i64) -> i64 {
        let exact = index as i128 * self.num as i128 * 1_000_000_000;
        let (den, half) = (self.den as i128, self.den as i128 / 2);
        (exact + half).div_euclid(den) as i64
    }
}

fn gcd(mut a: u128, mut b: u128) -> u128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// Saturates to the nearest representable fraction rather than wrapping: operands come from headers and
/// parameters that were range-checked, so this is reached by no valid pipeline.
fn fit(num: i128, den: i128) -> Rational {
    Rational::new(num, den)
        .unwrap_or(Rational { num: if (num < 0) == (den < 0) { i64::MAX } else { i64::MIN + 1 }, den: 1 })
}

impl Add for Rational {
    type Output = Rational;
    fn add(self, o: Rational) -> Rational {
        fit(
            self.num as i128 * o.den as i128 + o.num as i128 * self.den as i128,
            self.den as i128 * o.den as i128,
        )
    }
}

impl Sub for Rational {
    type Output = Rational;
    fn sub(self, o: Rational) -> Rational {
        fit(
            self.num as i128 * o.den as i128 - o.num as i128 * self.den as i128,
            self.den as i128 * o.den as i128,
        )
    }
}

impl Mul for Rational {
    type Output = Rational;
    fn mul(self, o: Rational) -> Rational {
        fit(self.num as i128 * o.num as i128, self.den as i128 * o.den as i128)
    }
}

impl Div for Rational {
    type Output = Rational;
    fn div(self, o: Rational) -> Rational {
        fit(self.num as i128 * o.den as i128, self.den as i128 * o.num as i128)
    }
}

impl PartialOrd for Rational {
    fn partial_cmp(&self, other: &Rational) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Rational {
    fn cmp(&self, o: &Rational) -> Ordering {
        (self.num as i128 * o.den as i128).cmp(&(o.num as i128 * self.den as i128))
    }
}

impl From<i64> for Rational {
    fn from(num: i64) -> Rational {
        Rational::integer(num)
    }
}

impl fmt::Display for Rational {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.den == 1 { write!(f, "{}", self.num) } else { write!(f, "{}/{}", self.num, self.den) }
    }
}

impl fmt::Debug for Rational {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_printed_rate_becomes_the_fraction_it_meant() {
        for (value, num, den) in
            [(1000.0, 1000, 1), (999.9999999999, 1000, 1), (1.0 / 3.0, 1, 3), (0.1, 1, 10), (2.5, 5, 2)]
        {
            assert_eq!(Rational::approximate(value), Rational::new(num, den), "{value}");
        }
        assert_eq!(Rational::approximate(f64::NAN), None);
    }

    #[test]
    fn three_kilohertz_does_not_drift_over_a_month() {
        let period = Rational::new(1, 3000).unwrap();
        assert_eq!(period.nanoseconds(3000 * 86_400 * 30), 86_400 * 30 * 1_000_000_000);
        assert_eq!(period.nanoseconds(1), 333_333);
        assert_eq!(period.nanoseconds(-1), -333_333);
    }
}
