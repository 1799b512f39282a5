//! Complex numbers with a division and a square root that keep each component accurate.
//!
//! Poles of DAS filters lie within 1e-5 of the unit circle, so the textbook forms lose the digits that matter.

use std::ops::{Add, Div, Mul, Neg, Sub};

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Complex {
    pub re: f64,
    pub im: f64,
}

pub(super) const ONE: Complex = Complex { re: 1.0, im: 0.0 };
pub(super) const ZERO: Complex = Complex { re: 0.0, im: 0.0 };

pub(super) fn complex(re: f64, im: f64) -> Complex {
    Complex { re, im }
}

pub(super) fn real(re: f64) -> Complex {
    Complex { re, im: 0.0 }
}

/// The product of all values, 1 for none.
pub(super) fn product(values: impl IntoIterator<Item = Complex>) -> Complex {
    values.into_iter().fold(ONE, |acc, v| acc * v)
}

impl Complex {
    pub fn abs(self) -> f64 {
        self.re.hypot(self.im)
    }

    pub fn conj(self) -> Complex {
        complex(self.re, -self.im)
    }

    pub fn is_real(self) -> bool {
        self.im == 0.0
    }

    pub fn scale(self, k: f64) -> Complex {
        complex(self.re * k, self.im * k)
    }

    pub fn square(self) -> Complex {
        complex((self.re - self.im) * (self.re + self.im), 2.0 * self.re * self.im)
    }

    /// The principal root; both components are accurate because only sums of equal sign are formed.
    pub fn sqrt(self) -> Complex {
        if self == ZERO {
            return ZERO;
        }
        let t = ((self.re.abs() + self.abs()) / 2.0).sqrt();
        if self.re >= 0.0 {
            complex(t, self.im / (2.0 * t))
        } else {
            complex(self.im.abs() / (2.0 * t), t.copysign(self.im))
        }
    }
}

impl Add for Complex {
    type Output = Complex;
    fn add(self, o: Complex) -> Complex {
        complex(self.re + o.re, self.im + o.im)
    }
}

impl Sub for Complex {
    type Output = Complex;
    fn sub(self, o: Complex) -> Complex {
        complex(self.re - o.re, self.im - o.im)
    }
}

impl Mul for Complex {
    type Output = Complex;
    fn mul(self, o: Complex) -> Complex {
        complex(self.re * o.re - self.im * o.im, self.re * o.im + self.im * o.re)
    }
}

/// Smith's method (1962), which neither overflows nor underflows in between.
impl Div for Complex {
    type Output = Complex;
    fn div(self, o: Complex) -> Complex {
        if o.re.abs() >= o.im.abs() {
            let ratio = o.im / o.re;
            let scale = 1.0 / (o.re + o.im * ratio);
            complex((self.re + self.im * ratio) * scale, (self.im - self.re * ratio) * scale)
        } else {
            let ratio = o.re / o.im;
            let scale = 1.0 / (o.re * ratio + o.im);
            complex((self.re * ratio + self.im) * scale, (self.im * ratio - self.re) * scale)
        }
    }
}

impl Neg for Complex {
    type Output = Complex;
    fn neg(self) -> Complex {
        complex(-self.re, -self.im)
    }
}
