//! What an unquoted word means: a number, a quantity, a range, an instant. Paths and names are decided by the
//! caller, who knows the parameter and the names in force.

use dasc_ir::literal::Literal;
use dasc_ir::time::parse_utc;
use dasc_ir::{Diag, Result, Unit};

use crate::zone::Zone;

/// The literal that a word spells, or `None` for a word that is none by itself.
///
/// `zone` is what clocks show; instants written with an offset of their own keep it.
/// `named` looks up an end of a range that is a name. The error has no place yet.
pub fn literal(word: &str, zone: &Zone, named: impl Fn(&str) -> Option<Literal>) -> Result<Option<Literal>> {
    if let Some(plain) = scalar(word, zone)? {
        return Ok(Some(plain));
    }
    range(word, zone, named)
}

/// A number, a quantity or an instant.
fn scalar(word: &str, zone: &Zone) -> Result<Option<Literal>> {
    if looks_like_a_date(word) {
        return instant(word, zone).map(Some);
    }
    let Some((value, unit)) = split_number(word) else { return Ok(None) };
    if !value.is_finite() {
        return Err(
            Diag::usage(format!("{word} is too large for a number")).help("the limit is about 1.8e308")
        );
    }
    if unit.is_empty() {
        return Ok(Some(Literal::Number(value)));
    }
    Ok(Unit::parse(unit).map(|unit| Literal::Quantity(value, unit)))
}

/// The number at the beginning of a word, and what follows it, which may be a unit.
pub fn split_number(word: &str) -> Option<(f64, &str)> {
    let bytes = word.as_bytes();
    let digits = |mut at: usize| {
        while bytes.get(at).is_some_and(u8::is_ascii_digit) {
            at += 1;
        }
        at
    };
    let begin = usize::from(matches!(bytes.first(), Some(b'+' | b'-')));
    let whole = digits(begin);
    let mut end = whole;
    if bytes.get(whole) == Some(&b'.') {
        let fraction = digits(whole + 1);
        if fraction > whole + 1 {
            end = fraction;
        }
    }
    if end == begin {
        return None;
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        let exponent = digits(end + 1 + sign);
        if exponent > end + 1 + sign {
            end = exponent;
        }
    }
    let (number, rest) = word.split_at_checked(end)?;
    Some((number.parse().ok()?, rest))
}

/// `10..20`, `0.1..1Hz`, `..5km`, `2km..`, `0..1999/4`, `2024-05-01T00:00..2024-05-01T01:00`.
fn range(word: &str, zone: &Zone, named: impl Fn(&str) -> Option<Literal>) -> Result<Option<Literal>> {
    let Some((first, second)) = word.split_once("..") else { return Ok(None) };
    let (second, step) = match second.rsplit_once('/') {
        Some((second, step)) if !step.is_empty() && step.bytes().all(|b| b.is_ascii_digit()) => {
            (second, Some(step))
        }
        _ => (second, None),
    };
    let end = |text: &str| -> Result<Option<Literal>> {
        match scalar(text, zone)? {
            Some(literal) => Ok(Some(literal)),
            None => Ok(named(text).filter(is_scalar)),
        }
    };
    let from = if first.is_empty() { None } else { end(first)? };
    let to = match (clock_of(first, second), second.is_empty()) {
        (_, true) => None,
        (Some(instant), _) => end(&instant)?,
        (None, _) => end(second)?,
    };
    if (from.is_none() && !first.is_empty()) || (to.is_none() && !second.is_empty()) {
        return Ok(None);
    }
    let step = match step {
        None => None,
        Some(digits) => match digits.parse::<f64>() {
            Ok(step) if step > 0.0 && step.is_finite() => Some(Box::new(Literal::Number(step))),
            _ => {
                return Err(Diag::usage(format!("a range cannot go in steps of {digits}"))
                    .help("a step is above zero: 0..2000/4 takes every fourth"));
            }
        },
    };
    let (from, to) = with_common_unit(word, from, to)?;
    Ok(Some(Literal::Range { from: from.map(Box::new), to: to.map(Box::new), step }))
}

/// The unit of the second end is the unit of both. One on the first end alone would leave the second in doubt.
fn with_common_unit(
    word: &str,
    from: Option<Literal>,
    to: Option<Literal>,
) -> Result<(Option<Literal>, Option<Literal>)> {
    match (&from, &to) {
        (Some(Literal::Number(value)), Some(Literal::Quantity(_, unit))) => {
            Ok((Some(Literal::Quantity(*value, unit.clone())), to))
        }
        (Some(Literal::Quantity(_, unit)), Some(Literal::Number(value))) => {
            Err(Diag::usage(format!("the second end of {word} has no unit"))
                .help(format!("write it on the last end or on both: {value}{unit}")))
        }
        (Some(Literal::Time(_)), Some(Literal::Number(_) | Literal::Quantity(..)))
        | (Some(Literal::Number(_) | Literal::Quantity(..)), Some(Literal::Time(_))) => {
            Err(Diag::usage(format!("the ends of {word} are of different kinds"))
                .help("write a date and time on both ends"))
        }
        _ => Ok((from, to)),
    }
}

/// `2024-05-01T00:00..01:00` ends on the day it begins.
fn clock_of(first: &str, second: &str) -> Option<String> {
    let clock = second.len() >= 5
        && second
            .bytes()
            .enumerate()
            .take(3)
            .all(|(i, b)| if i == 2 { b == b':' } else { b.is_ascii_digit() });
    let day = looks_like_a_date(first).then(|| first.get(..10)).flatten()?;
    clock.then(|| format!("{day}T{second}"))
}

fn is_scalar(literal: &Literal) -> bool {
    matches!(literal, Literal::Number(_) | Literal::Quantity(..) | Literal::Time(_))
}

/// `dddd-dd-dd` and nothing more, or a `T` after it.
fn looks_like_a_date(word: &str) -> bool {
    let shape = |(i, b): (usize, &u8)| if i == 4 || i == 7 { *b == b'-' } else { b.is_ascii_digit() };
    let bytes = word.as_bytes();
    bytes.len() >= 10
        && bytes.iter().take(10).enumerate().all(shape)
        && matches!(bytes.get(10), None | Some(b'T'))
        && !word.contains("..")
}

fn instant(word: &str, zone: &Zone) -> Result<Literal> {
    let shown = parse_utc(word).ok_or_else(|| {
        Diag::usage(format!("there is no date or time {word}"))
            .help("write 2024-05-01 or 2024-05-01T12:00:00, between the years 1678 and 2261")
    })?;
    let own = word.get(10..).is_some_and(|clock| clock.contains(['Z', '+', '-']));
    if own { Ok(Literal::Time(shown)) } else { zone.utc(shown).map(Literal::Time) }
}

/// What a literal looks like within a name or a path: without slashes and colons. `None` for lists and calls.
pub fn label(literal: &Literal) -> Option<String> {
    let clean = |text: String| text.replace('/', "_per_").replace(':', "");
    Some(match literal {
        Literal::Text(text) | Literal::Word(text) => text.clone(),
        Literal::Time(_) => {
            let text = literal.to_string();
            text.strip_suffix("T00:00:00Z").map_or_else(|| clean(text.clone()), str::to_string)
        }
        Literal::Range { from, to, step: None } => {
            let end = |end: &Option<Box<Literal>>| match end {
                Some(end) => label(end),
                None => Some(String::new()),
            };
            match (from.as_deref(), to.as_deref()) {
                (Some(Literal::Quantity(low, a)), Some(Literal::Quantity(high, b))) if a == b => {
                    clean(format!("{low}-{high}{b}"))
                }
                (None, _) => format!("to-{}", end(to)?),
                (_, None) => format!("from-{}", end(from)?),
                _ => format!("{}-{}", end(from)?, end(to)?),
            }
        }
        Literal::Range { .. } | Literal::List(_) | Literal::Call(..) => return None,
        other => clean(other.to_string()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(word: &str) -> Option<String> {
        literal(word, &Zone::UTC, |name| (name == "low").then_some(Literal::Number(3.0)))
            .unwrap()
            .map(|l| l.to_string())
    }

    #[test]
    fn words_are_what_they_look_like() {
        for (word, meaning) in [
            ("10", "10"),
            ("-30dB", "-30dB"),
            ("1e-6", "0.000001"),
            ("1.5km", "1.5km"),
            ("5e-9e", "0.000000005e"),
            ("3nstrain/s", "3nstrain/s"),
            ("0.1..1Hz", "0.1Hz..1Hz"),
            ("2%..98%", "2%..98%"),
            ("..5km", "..5km"),
            ("2km..", "2km.."),
            ("..", ".."),
            ("0..1999/4", "0..1999/4"),
            ("0..5km/h", "0km/h..5km/h"),
            ("low..5", "3..5"),
            (".5", "0.5"),
            ("2024-05-01", "2024-05-01T00:00:00Z"),
            ("2024-05-01T00:00..2024-05-01T01:00", "2024-05-01T00:00:00Z..2024-05-01T01:00:00Z"),
            ("2024-05-01T00:30..01:00", "2024-05-01T00:30:00Z..2024-05-01T01:00:00Z"),
        ] {
            assert_eq!(read(word).as_deref(), Some(meaning), "{word}");
        }
    }

    #[test]
    fn other_words_are_left_alone() {
        for word in
            ["fiber.dat", "../a.h5", "a/../b", "10Hzz", "3.h5", "20240501.h5", "high..5", "-", "nan", "inf"]
        {
            assert_eq!(read(word), None, "{word}");
        }
    }

    #[test]
    fn local_time_becomes_utc() {
        let at = |word: &str| literal(word, &Zone::Fixed(7200), |_| None).unwrap();
        assert_eq!(at("2024-05-01T12:00"), Some(Literal::Time(1_714_557_600_000_000_000)));
        assert_eq!(at("2024-05-01T12:00"), at("2024-05-01T10:00Z"));
    }
}
