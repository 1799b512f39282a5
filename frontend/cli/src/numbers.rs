//! Numbers as a person reads them.

use dasc_ir::Rational;

/// `1.2 GB`, `340 kB`, `12 B`: three digits, decimal units.
pub fn bytes(count: f64) -> String {
    scaled(count, &[(1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB")], "B")
}

/// `1 kHz`, `12.5 Hz`, `20 mHz`.
pub fn hertz(rate: f64) -> String {
    scaled(rate, &[(1e6, "MHz"), (1e3, "kHz"), (1.0, "Hz"), (1e-3, "mHz")], "Hz")
}

/// `2 h 5 min`, `32.8 s`, `512 ms`, `0 s`.
pub fn seconds(duration: f64) -> String {
    if duration >= 3600.0 {
        let minutes = (duration / 60.0).round();
        return format!("{} h {} min", (minutes / 60.0).floor(), minutes % 60.0);
    }
    if duration >= 120.0 {
        let whole = duration.round();
        return format!("{} min {} s", (whole / 60.0).floor(), whole % 60.0);
    }
    scaled(duration, &[(1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns")], "s")
}

/// The duration of an exact time.
pub fn exact_seconds(duration: Rational) -> String {
    seconds(duration.as_f64())
}

/// `1 254 400`: groups of three, with a narrow gap.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) && digits.len() > 4 {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

fn scaled(value: f64, units: &[(f64, &str)], plain: &str) -> String {
    let chosen = units.iter().find(|(factor, _)| value.abs() >= factor * 0.99999);
    let (value, unit) = chosen.map_or((value, plain), |(factor, unit)| (value / factor, *unit));
    format!("{} {unit}", three_digits(value))
}

/// Three significant digits at least, no trailing zeros.
pub fn three_digits(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return format!("{value}");
    }
    let magnitude = value.abs().log10().floor();
    let decimals = (2.0 - magnitude).clamp(0.0, 12.0) as usize;
    let text = format!("{value:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_string() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        assert_eq!(bytes(1_234_567.0), "1.23 MB");
        assert_eq!(bytes(12.0), "12 B");
        assert_eq!(hertz(1000.0), "1 kHz");
        assert_eq!(hertz(999.999999999), "1 kHz");
        assert_eq!(hertz(12.5), "12.5 Hz");
        assert_eq!(seconds(0.0), "0 s");
        assert_eq!(seconds(0.512), "512 ms");
        assert_eq!(seconds(7500.0), "2 h 5 min");
        assert_eq!(count(1_254_400), "1 254 400");
        assert_eq!(count(2048), "2048");
    }
}
