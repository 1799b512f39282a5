//! Physical units of data, axes and parameters: `nstrain/s`, `km/h`, `-30dB`.
//!
//! A [`Unit`] is a scale on a product of base dimensions, with the name it was written as. Two units are
//! compatible when their dimensions agree; a value converts by the ratio of the scales. Counts, strain and
//! angle are dimensions of their own here, because mixing them up is the mistake users make.

use std::fmt;

/// Exponents of the base dimensions: length, time, strain, angle (phase), count, voltage, pressure, temperature, level (dB).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct Dimension([i8; 9]);

const BASES: [&str; 9] = ["m", "s", "strain", "rad", "count", "V", "Pa", "K", "dB"];

impl Dimension {
    pub const NONE: Dimension = Dimension([0; 9]);
    pub const LENGTH: Dimension = Dimension::base(0);
    pub const TIME: Dimension = Dimension::base(1);
    pub const LEVEL: Dimension = Dimension::base(8);
    pub const FREQUENCY: Dimension = Dimension([0, -1, 0, 0, 0, 0, 0, 0, 0]);
    pub const VELOCITY: Dimension = Dimension([1, -1, 0, 0, 0, 0, 0, 0, 0]);

    const fn base(index: usize) -> Dimension {
        let mut exponents = [0; 9];
        exponents[index] = 1;
        Dimension(exponents)
    }

    fn scaled_add(self, other: Dimension, times: i8) -> Dimension {
        let mut sum = self.0;
        for (a, b) in sum.iter_mut().zip(other.0) {
            *a = a.saturating_add(b.saturating_mul(times));
        }
        Dimension(sum)
    }
}

impl fmt::Display for Dimension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = |sign: i8| -> Vec<String> {
            let powers = BASES.iter().zip(self.0).filter(|(_, e)| e.signum() == sign);
            powers
                .map(|(name, e)| match e.unsigned_abs() {
                    1 => name.to_string(),
                    e => format!("{name}^{e}"),
                })
                .collect()
        };
        let (over, under) = (part(1), part(-1));
        match (over.is_empty(), under.is_empty()) {
            (true, true) => write!(f, "1"),
            (false, true) => write!(f, "{}", over.join("*")),
            (_, false) => {
                write!(f, "{}/{}", if over.is_empty() { "1".into() } else { over.join("*") }, under.join("/"))
            }
        }
    }
}

/// A unit of measurement: `scale` times the base units of its dimension.
#[derive(Clone)]
pub struct Unit {
    pub dimension: Dimension,
    pub scale: f64,
    symbol: String,
}

const PREFIXES: [(&str, f64); 9] = [
    ("p", 1e-12),
    ("n", 1e-9),
    ("u", 1e-6),
    ("µ", 1e-6),
    ("m", 1e-3),
    ("c", 1e-2),
    ("k", 1e3),
    ("M", 1e6),
    ("G", 1e9),
];

/// Symbol, factor and exponents of everything a unit may be made of; those marked `true` take a metric prefix.
const SYMBOLS: [(&str, f64, Dimension, bool); 22] = [
    ("1", 1.0, Dimension::NONE, false),
    ("%", 0.01, Dimension::NONE, false),
    ("m", 1.0, Dimension::LENGTH, true),
    ("s", 1.0, Dimension::TIME, true),
    ("min", 60.0, Dimension::TIME, false),
    ("h", 3600.0, Dimension::TIME, false),
    ("d", 86400.0, Dimension::TIME, false),
    ("Hz", 1.0, Dimension::FREQUENCY, true),
    ("strain", 1.0, Dimension::base(2), true),
    ("e", 1.0, Dimension::base(2), true),
    ("ε", 1.0, Dimension::base(2), true),
    ("rad", 1.0, Dimension::base(3), true),
    ("deg", std::f64::consts::PI / 180.0, Dimension::base(3), false),
    ("count", 1.0, Dimension::base(4), false),
    ("counts", 1.0, Dimension::base(4), false),
    ("V", 1.0, Dimension::base(5), true),
    ("Pa", 1.0, Dimension::base(6), true),
    ("bar", 1e5, Dimension::base(6), true),
    ("K", 1.0, Dimension::base(7), true),
    ("dB", 1.0, Dimension::LEVEL, false),
    ("ft", 0.3048, Dimension::LENGTH, false),
    ("mi", 1609.344, Dimension::LENGTH, false),
];

impl Unit {
    /// What units are made of, in words for who wrote one that is none.
    pub const MADE_OF: &str = "units are made of m s min h d Hz strain rad deg count V Pa bar K dB with * / ^, \
                               for example nstrain/s; 1 is a plain number";

    /// A pure number.
    pub fn none() -> Unit {
        Unit { dimension: Dimension::NONE, scale: 1.0, symbol: String::new() }
    }

    /// Parses `nstrain/s`, `km/h`, `m/s^2`, `rad`, `count^2/Hz`, `dB`. `None` when a factor is unknown.
    pub fn parse(text: &str) -> Option<Unit> {
        let text = text.trim();
        if text == "1" {
            return Some(Unit::none());
        }
        let (mut dimension, mut scale, mut sign) = (Dimension::NONE, 1.0, 1i8);
        let mut rest = text;
        while !rest.is_empty() {
            let end = rest.find(['*', '/', '·', ' ']).unwrap_or(rest.len());
            let (factor, tail) = rest.split_at(end);
            let (base, exponent) = match factor.split_once('^') {
                Some((base, power)) => (base, power.trim_matches(['(', ')']).parse::<i8>().ok()?),
                None => (factor.trim_end_matches('²'), if factor.ends_with('²') { 2 } else { 1 }),
            };
            let (factor, base_dimension) = lookup(base)?;
            let power = sign.checked_mul(exponent)?;
            dimension = dimension.scaled_add(base_dimension, power);
            scale *= f64::powi(factor, power.into());
            let mut tail = tail.chars();
            sign = if tail.next() == Some('/') { -1 } else { 1 };
            rest = tail.as_str().trim_start();
        }
        Some(Unit { dimension, scale, symbol: text.to_string() })
    }

    /// A unit of the source we cannot interpret, kept as written: it is compatible with nothing but itself.
    pub fn opaque(text: &str) -> Unit {
        Unit { dimension: Dimension::NONE, scale: f64::NAN, symbol: text.to_string() }
    }

    pub fn symbol(&self) -> &str {
        &self.symbol
    }

    pub fn is_none(&self) -> bool {
        self.dimension == Dimension::NONE && self.scale == 1.0
    }

    /// `value` of this unit expressed in `other`, or `None` when the dimensions differ.
    pub fn convert(&self, value: f64, other: &Unit) -> Option<f64> {
        if self == other {
            return Some(value);
        }
        (self.dimension == other.dimension && self.scale.is_finite() && other.scale.is_finite())
            .then(|| value * (self.scale / other.scale))
    }

    /// The unit of a product.
    pub fn times(&self, other: &Unit) -> Unit {
        let ((base, power), (same, more)) = (based(&self.symbol), based(&other.symbol));
        let product = self.combine(other, 1, "*");
        if base == same && !base.is_empty() {
            return Unit { symbol: raised(base, power.saturating_add(more)), ..product };
        }
        product
    }

    /// The unit of a quotient.
    pub fn per(&self, other: &Unit) -> Unit {
        self.combine(other, -1, "/")
    }

    /// The unit of a square.
    pub fn squared(&self) -> Unit {
        if self.is_none() {
            return Unit::none();
        }
        self.times(self)
    }

    /// The unit of a square root. The square of a unit gives back that unit; anything else gets the symbol `sqrt(…)`.
    pub fn sqrt(&self) -> Unit {
        let halves = self.dimension.0.map(|e| e / 2);
        let symbol = match self.symbol.strip_suffix("^2") {
            Some(base) => base.trim_start_matches('(').trim_end_matches(')').to_string(),
            None if self.symbol.is_empty() => String::new(),
            None => format!("sqrt({})", self.symbol),
        };
        Unit { dimension: Dimension(halves), scale: self.scale.sqrt(), symbol }
    }

    fn combine(&self, other: &Unit, times: i8, joint: &str) -> Unit {
        let symbol = match (self.symbol.as_str(), other.symbol.as_str()) {
            (a, "") => a.to_string(),
            ("", b) if times > 0 => b.to_string(),
            ("", b) => format!("1/{b}"),
            (a, b) if b.contains(['/', '*']) => format!("{a}{joint}({b})"),
            (a, b) => format!("{a}{joint}{b}"),
        };
        let scale = self.scale * other.scale.powi(times.into());
        Unit { dimension: self.dimension.scaled_add(other.dimension, times), scale, symbol }
    }
}

/// A symbol as a base and its power: `(nstrain/s)^2` is `nstrain/s` and 2.
fn based(symbol: &str) -> (&str, u8) {
    let whole = |base: &str| !base.contains(['/', '*', '^', '(']);
    match symbol.rsplit_once('^').map(|(base, power)| (base, power.parse::<u8>())) {
        Some((base, Ok(power))) if whole(base) => (base, power),
        Some((base, Ok(power))) => match base.strip_prefix('(').and_then(|base| base.strip_suffix(')')) {
            Some(base) if !base.contains(['(', ')']) => (base, power),
            _ => (symbol, 1),
        },
        _ => (symbol, 1),
    }
}

fn raised(base: &str, power: u8) -> String {
    if base.contains(['/', '*', '^']) { format!("({base})^{power}") } else { format!("{base}^{power}") }
}

fn lookup(symbol: &str) -> Option<(f64, Dimension)> {
    let exact = |symbol: &str| SYMBOLS.iter().find(|(name, ..)| *name == symbol);
    if let Some((_, factor, dimension, _)) = exact(symbol) {
        return Some((*factor, *dimension));
    }
    PREFIXES.iter().find_map(|(prefix, factor)| {
        let (_, base, dimension, prefixed) = exact(symbol.strip_prefix(prefix)?)?;
        prefixed.then_some((factor * base, *dimension))
    })
}

/// By bits, so that a unit of unknown scale equals itself.
impl PartialEq for Unit {
    fn eq(&self, other: &Unit) -> bool {
        self.dimension == other.dimension
            && self.scale.to_bits() == other.scale.to_bits()
            && self.symbol == other.symbol
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.symbol.is_empty() { "1" } else { &self.symbol })
    }
}

impl fmt::Debug for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compound_units_convert() {
        let convert = |value, from: &str, to: &str| Unit::parse(from)?.convert(value, &Unit::parse(to)?);
        assert_eq!(convert(36.0, "km/h", "m/s"), Some(10.0));
        assert_eq!(convert(1.0, "kHz", "Hz"), Some(1000.0));
        assert_eq!(convert(1.0, "m", "s"), None);
        assert!((convert(1.0, "nstrain/s", "strain/s").unwrap() - 1e-9).abs() < 1e-24);
        assert_eq!(Unit::parse("furlong"), None);
    }

    #[test]
    fn powers_are_written_once() {
        let rate = Unit::parse("nstrain/s").unwrap();
        let square = rate.squared();
        assert_eq!(square.symbol(), "(nstrain/s)^2");
        assert_eq!(square.squared().symbol(), "(nstrain/s)^4");
        assert_eq!(square.times(&rate).symbol(), "(nstrain/s)^3");
        assert_eq!(Unit::parse("m").unwrap().times(&rate).symbol(), "m*(nstrain/s)");
        assert_eq!(Unit::parse("m^2").unwrap().times(&Unit::parse("m").unwrap()).symbol(), "m^3");
        assert_eq!(Unit::parse("1").unwrap().squared().symbol(), "");
    }

    #[test]
    fn squares_and_roots_are_inverse() {
        let rate = Unit::parse("nstrain/s").unwrap();
        assert_eq!(rate.squared().sqrt(), rate);
    }
}
