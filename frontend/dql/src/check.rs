//! Whether a literal can be the value of a parameter, as far as the parameter's kind tells. The operator's own reader has the last
//! word; this finds the mistakes of a whole script at once, before anything is bound.

use dasc_ir::literal::{Arg, Literal};
use dasc_ir::operator::{Param, Schema};
use dasc_ir::parameter::{Kind, Parameter, Reference, quantity_in};
use dasc_ir::spelling::nearest;
use dasc_ir::{Diag, Unit};

use crate::names::Names;
use crate::word::split_number;

/// The mistake in one argument, if there is one. `names` are those in force, for suggestions.
pub fn argument(schema: &Schema, param: &Param, arg: &Arg, names: &Names) -> Option<Diag> {
    let Mismatch { kind, given } = mismatch(param.kind, &arg.value)?;
    let name = param.name.to_uppercase();
    let message = format!("{name} of {} expects {}, not {given}", schema.name, describe(kind));
    let help = remedy(kind, given, names).unwrap_or_else(|| schema.shown(param));
    Some(Diag::usage(message).at(arg.span).help(help))
}

/// The part of a value that does not fit, and the kind it would have to be.
pub struct Mismatch<'a> {
    kind: Kind,
    given: &'a Literal,
}

/// Where the literal does not fit the kind.
pub fn mismatch(kind: Kind, given: &Literal) -> Option<Mismatch<'_>> {
    let text = matches!(given, Literal::Text(_) | Literal::Word(_));
    let fits = match kind {
        Kind::Quantity(unit) if Unit::parse(unit).is_some() => quantity_in(given, unit).is_some(),
        // A kind that no unit describes, such as a duration or a number of samples, is left to its reader.
        Kind::Quantity(_) => true,
        Kind::Number => match given {
            Literal::Number(_) => true,
            Literal::Quantity(_, unit) => unit.convert(1.0, &Unit::none()).is_some(),
            _ => false,
        },
        Kind::Integer => matches!(given, Literal::Number(value) if value.fract() == 0.0),
        Kind::Flag => matches!(given, Literal::Flag(_) | Literal::Word(_)),
        Kind::Choice(words) => match given {
            Literal::Word(word) | Literal::Text(word) => words.iter().any(|w| w.eq_ignore_ascii_case(word)),
            _ => false,
        },
        Kind::Range(_) => !text && !matches!(given, Literal::Flag(_) | Literal::List(_)),
        Kind::Text | Kind::Path | Kind::Branch | Kind::FlowOrPath => text,
        Kind::List(inner) => {
            return match given {
                Literal::List(items) => items.iter().find_map(|item| mismatch(*inner, item)),
                single => mismatch(*inner, single),
            };
        }
        Kind::Optional(inner) => {
            return match given {
                Literal::Word(word) if word.eq_ignore_ascii_case("none") => None,
                other => mismatch(*inner, other),
            };
        }
        Kind::Reference => Reference::read(given).is_ok(),
    };
    (!fits).then_some(Mismatch { kind, given })
}

fn describe(kind: Kind) -> String {
    match kind {
        Kind::Quantity(unit) => match unit {
            "Hz" => "a frequency such as 10Hz".into(),
            "s" => "a duration such as 20ms".into(),
            "m" => "a distance such as 1.5km".into(),
            "dB" => "a level such as -30dB".into(),
            unit => format!("a value in {unit}"),
        },
        Kind::Number => "a number".into(),
        Kind::Integer => "a whole number".into(),
        Kind::Flag => "TRUE or FALSE".into(),
        Kind::Choice(words) => match words.split_last() {
            Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
            _ => words.join(""),
        },
        Kind::Range(_) => format!("a range such as {}", kind.sample().unwrap_or("10..20")),
        Kind::Text => "a text".into(),
        Kind::Path => "a path".into(),
        Kind::List(inner) | Kind::Optional(inner) => describe(*inner),
        Kind::Reference => "a positive level, max or noise(10s)".into(),
        Kind::Branch => "the name of a flow".into(),
        Kind::FlowOrPath => "the name of a flow or a path".into(),
    }
}

fn remedy(kind: Kind, given: &Literal, names: &Names) -> Option<String> {
    match (kind, given) {
        (Kind::Choice(words), Literal::Word(word) | Literal::Text(word)) => {
            let numpy = numpy_type(word).filter(|name| words.contains(&name.as_str()));
            let order = if numpy.is_some() && word.starts_with('>') { " with ENDIAN=big" } else { "" };
            numpy.or_else(|| nearest(word, words)).map(|near| format!("did you mean {near}{order}?"))
        }
        (_, Literal::Word(word)) => match split_number(word) {
            Some((_, unit)) if unit.starts_with(|c: char| c.is_alphabetic()) => Some(unknown_unit(unit)),
            Some(_) => None,
            None if word.starts_with(['\u{2212}', '\u{2013}']) => {
                Some("the minus sign here is not the one of the keyboard: write -".into())
            }
            None if word.split_once('.').is_some_and(|(name, _)| names.known().contains(&name)) => {
                Some("a name has parts only if it is a range: .from and .to, or .low and .high".into())
            }
            None => nearest(word, names.known()).map(|near| format!("did you mean {near}?")),
        },
        (Kind::Quantity(_) | Kind::Number | Kind::Integer, Literal::Text(text)) => {
            split_number(text).map(|_| "take the quotes off".into())
        }
        (Kind::Quantity(unit), Literal::Quantity(_, given)) => {
            Some(format!("{given} cannot be converted to {unit}"))
        }
        _ => None,
    }
}

/// The name in bits of what NumPy names in bytes: `f32` of `f4`, `<f4` too.
fn numpy_type(word: &str) -> Option<String> {
    let word = word.trim_start_matches(['<', '>', '=']).to_lowercase();
    let (kind, bytes) = word.split_at_checked(1)?;
    let bits = match bytes {
        "1" => 8,
        "2" => 16,
        "4" => 32,
        "8" => 64,
        _ => return None,
    };
    Some(match (kind, bits) {
        ("f", _) | ("i", 16 | 32) => format!("{kind}{bits}"),
        ("i", _) => format!("int{bits}"),
        ("u", _) => format!("uint{bits}"),
        _ => return None,
    })
}

fn unknown_unit(unit: &str) -> String {
    const COMMON: [&str; 16] = [
        "Hz", "kHz", "MHz", "s", "ms", "us", "min", "h", "m", "km", "dB", "%", "nstrain", "strain", "rad",
        "km/h",
    ];
    match nearest(unit, COMMON) {
        Some(near) => format!("there is no unit {unit}; did you mean {near}?"),
        None => format!("there is no unit {unit}"),
    }
}
