//! Orthogonal wavelets by PyWavelets' names.

use super::wavelet_table::{COIFLETS, DAUBECHIES, SYMLETS};

/// An orthogonal wavelet, as the filters that put a signal together from its halves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wavelet {
    name: &'static str,
    order: usize,
    low: &'static [f64],
}

/// A family's name, its filters and the order of the first.
const FAMILIES: [(&str, &[&[f64]], usize); 3] =
    [("db", DAUBECHIES, 1), ("sym", SYMLETS, 2), ("coif", COIFLETS, 1)];

impl Wavelet {
    /// `haar`, `db1` to `db20`, `sym2` to `sym20` or `coif1` to `coif5`, in any case.
    pub fn from_name(name: &str) -> Option<Wavelet> {
        let name = name.to_ascii_lowercase();
        let name = if name == "haar" { "db1" } else { &name };
        FAMILIES.iter().find_map(|&(family, filters, first)| {
            let digits = name.strip_prefix(family)?;
            let order: usize = digits.parse().ok().filter(|order| digits == format!("{order}"))?;
            let low = filters.get(order.checked_sub(first)?)?;
            Some(Wavelet { name: family, order, low })
        })
    }

    /// The low-pass of the reconstruction, of an even number of coefficients (`pywt.Wavelet.rec_lo`); backwards that of the decomposition.
    pub fn low(&self) -> &'static [f64] {
        self.low
    }

    /// The high-pass of the reconstruction, the low-pass backwards with every other sign changed (`pywt.Wavelet.rec_hi`).
    pub fn high(&self) -> Vec<f64> {
        self.low.iter().rev().enumerate().map(|(i, c)| if i % 2 == 0 { *c } else { -c }).collect()
    }
}

impl std::fmt::Display for Wavelet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{}", self.name, self.order)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_wavelet_of_the_tables_is_orthonormal_and_has_its_name() {
        let mut known = 0;
        for (family, filters, first) in FAMILIES {
            for order in (first..).take(filters.len()) {
                let name = format!("{family}{order}");
                let wavelet = Wavelet::from_name(&name.to_uppercase()).unwrap();
                assert_eq!(wavelet.to_string(), name);
                let (low, high) = (wavelet.low(), wavelet.high());
                let product = |a: &[f64], b: &[f64], shift: usize| -> f64 {
                    a.iter().zip(b.iter().skip(shift)).map(|(a, b)| a * b).sum()
                };
                for shift in (0..low.len()).step_by(2) {
                    let one = if shift == 0 { 1.0 } else { 0.0 };
                    assert!((product(low, low, shift) - one).abs() < 1e-9, "{name} {shift}");
                    assert!(product(low, &high, shift).abs() < 1e-9, "{name} {shift}");
                    assert!(product(&high, low, shift).abs() < 1e-9, "{name} {shift}");
                }
                known += 1;
            }
        }
        assert_eq!(known, 44);
        assert_eq!(Wavelet::from_name("haar"), Wavelet::from_name("db1"));
    }

    #[test]
    fn what_is_no_wavelet_is_none() {
        for name in ["", "db", "db0", "db21", "db04", "db+4", "sym1", "coif6", "bior2.2", "d\u{e9}"] {
            assert_eq!(Wavelet::from_name(name), None, "{name}");
        }
    }
}
