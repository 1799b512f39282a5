//! The kinds of parameter an operator can have: how each is written in a script, and its Rust type.

use crate::literal::Literal;
use crate::{Dimension, Unit};

/// What a parameter accepts, for the grammar, the documentation and completion.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// A number with this unit; a bare number is taken to be in it.
    Quantity(&'static str),
    Number,
    Integer,
    Flag,
    Choice(&'static [&'static str]),
    /// Ends with this unit, either of which may be missing.
    Range(&'static str),
    Text,
    Path,
    /// Several values of the kind.
    List(&'static Kind),
    /// Either a value of the inner kind or nothing (`NONE`).
    Optional(&'static Kind),
    /// A level, `max`, or `noise(window)`.
    Reference,
    /// The name of another flow of the script.
    Branch,
    /// The same or a path. A word that has a dot or a slash is a path, and so is what stands in quotes.
    FlowOrPath,
}

impl Kind {
    /// A value of the kind for help, where one serves for every parameter of it.
    pub fn sample(&self) -> Option<&'static str> {
        match self {
            Kind::Range("s") => Some("10s..20s"),
            Kind::Range("m") => Some("2km..18km"),
            Kind::Range("") => Some("100..200"),
            Kind::Quantity("Hz") => Some("10Hz"),
            Kind::Quantity("s") => Some("20ms"),
            Kind::Flag => Some("TRUE"),
            Kind::Choice(words) => words.first().copied(),
            Kind::List(inner) | Kind::Optional(inner) => inner.sample(),
            Kind::Range(_) | Kind::Quantity(_) | Kind::Number | Kind::Integer | Kind::Text => None,
            Kind::Path | Kind::Reference | Kind::Branch | Kind::FlowOrPath => None,
        }
    }
}

/// Whether a word without quotes is a path and not the name of a flow.
pub fn like_a_path(word: &str) -> bool {
    word.contains(['.', '/'])
}

/// A type that can be a parameter. `read` answers with what it would have accepted.
pub trait Parameter: Sized {
    const KIND: Kind;
    fn read(literal: &Literal) -> Result<Self, String>;

    /// What it is when nothing is given for it; `None` if it must be given.
    fn absent() -> Option<Self> {
        None
    }
}

/// What a Rust caller may give for a parameter of type `P`: the value itself, or the plain number it is made of.
/// `From` would do, were it not that a bare `4` is then an `i32`.
pub trait Given<P> {
    fn given(self) -> P;
}

impl<P> Given<P> for P {
    fn given(self) -> P {
        self
    }
}

impl<P> Given<Option<P>> for P {
    fn given(self) -> Option<P> {
        Some(self)
    }
}

impl Given<String> for &str {
    fn given(self) -> String {
        self.to_string()
    }
}

macro_rules! quantity {
    ($(#[$doc:meta])* $name:ident, $unit:literal, $what:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
        pub struct $name(pub f64);

        impl From<f64> for $name {
            fn from(value: f64) -> $name {
                $name(value)
            }
        }

        impl Given<$name> for f64 {
            fn given(self) -> $name {
                $name(self)
            }
        }

        impl Given<Option<$name>> for f64 {
            fn given(self) -> Option<$name> {
                Some($name(self))
            }
        }

        impl Parameter for $name {
            const KIND: Kind = Kind::Quantity($unit);
            fn read(literal: &Literal) -> Result<$name, String> {
                quantity_in(literal, $unit).map($name).ok_or_else(|| format!("{} in {}", $what, $unit))
            }
        }
    };
}

/// The value of a number or quantity in `unit`; bare numbers are taken as already in it. NaN is nobody's parameter.
pub fn quantity_in(literal: &Literal, unit: &str) -> Option<f64> {
    let value = match literal {
        Literal::Number(value) => *value,
        Literal::Quantity(value, from) => from.convert(*value, &Unit::parse(unit)?)?,
        _ => return None,
    };
    value.is_finite().then_some(value)
}

quantity!(/// A frequency in hertz.
    Hertz, "Hz", "a frequency");
quantity!(/// A duration in seconds.
    Seconds, "s", "a duration");
quantity!(/// A distance in metres.
    Metres, "m", "a distance");
quantity!(/// A speed in metres per second.
    Speed, "m/s", "a speed");
quantity!(/// A slowness in seconds per metre.
    Slowness, "s/m", "a slowness");
quantity!(/// A level in decibel.
    Decibel, "dB", "a level");
quantity!(/// A share in hundredths.
    Percent, "%", "a percentage");

impl Parameter for f64 {
    const KIND: Kind = Kind::Number;
    fn read(literal: &Literal) -> Result<f64, String> {
        match literal {
            Literal::Number(value) if value.is_finite() => Ok(*value),
            Literal::Quantity(value, unit) if unit.dimension == Dimension::NONE && unit.scale.is_finite() => {
                Ok(value * unit.scale)
            }
            _ => Err("a number".into()),
        }
    }
}

impl Parameter for u32 {
    const KIND: Kind = Kind::Integer;
    fn read(literal: &Literal) -> Result<u32, String> {
        match literal {
            Literal::Number(value) if value.fract() == 0.0 && (0.0..=u32::MAX as f64).contains(value) => {
                Ok(*value as u32)
            }
            _ => Err("a whole number that is not negative".into()),
        }
    }
}

impl Parameter for bool {
    const KIND: Kind = Kind::Flag;
    fn read(literal: &Literal) -> Result<bool, String> {
        match literal {
            Literal::Flag(on) => Ok(*on),
            Literal::Word(word) if ["true", "yes", "on"].contains(&word.to_lowercase().as_str()) => Ok(true),
            Literal::Word(word) if ["false", "no", "off"].contains(&word.to_lowercase().as_str()) => {
                Ok(false)
            }
            _ => Err("TRUE or FALSE".into()),
        }
    }
}

impl Parameter for String {
    const KIND: Kind = Kind::Text;
    fn read(literal: &Literal) -> Result<String, String> {
        match literal {
            Literal::Text(text) | Literal::Word(text) => Ok(text.clone()),
            _ => Err("a text".into()),
        }
    }
}

/// A path or URL as written, not yet resolved against the script's folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilePath(pub String);

impl From<&str> for FilePath {
    fn from(path: &str) -> FilePath {
        FilePath(path.to_string())
    }
}

impl Given<FilePath> for &str {
    fn given(self) -> FilePath {
        FilePath(self.to_string())
    }
}

impl Parameter for FilePath {
    const KIND: Kind = Kind::Path;
    fn read(literal: &Literal) -> Result<FilePath, String> {
        match literal {
            Literal::Text(path) | Literal::Word(path) if !path.is_empty() => Ok(FilePath(path.clone())),
            _ => Err("a path".into()),
        }
    }
}

/// An optional parameter that is absent unless given; `NONE` says so in a script.
impl<P: Parameter> Parameter for Option<P> {
    const KIND: Kind = Kind::Optional(&P::KIND);
    fn read(literal: &Literal) -> Result<Option<P>, String> {
        match literal {
            Literal::Word(word) if word.eq_ignore_ascii_case("none") => Ok(None),
            other => P::read(other).map(Some),
        }
    }

    fn absent() -> Option<Option<P>> {
        Some(None)
    }
}

impl<P: Parameter> Parameter for Vec<P> {
    const KIND: Kind = Kind::List(&P::KIND);
    fn read(literal: &Literal) -> Result<Vec<P>, String> {
        match literal {
            Literal::List(items) => items.iter().map(P::read).collect(),
            single => P::read(single).map(|item| vec![item]),
        }
    }
}

/// The length of a window: a duration (`20ms`) or a number of samples (`100`).
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Extent {
    Samples(u32),
    Duration(f64),
}

impl From<u32> for Extent {
    fn from(samples: u32) -> Extent {
        Extent::Samples(samples)
    }
}

impl From<Seconds> for Extent {
    fn from(seconds: Seconds) -> Extent {
        Extent::Duration(seconds.0)
    }
}

impl Given<Extent> for u32 {
    fn given(self) -> Extent {
        Extent::Samples(self)
    }
}

impl Given<Extent> for Seconds {
    fn given(self) -> Extent {
        Extent::Duration(self.0)
    }
}

impl Given<Option<Extent>> for u32 {
    fn given(self) -> Option<Extent> {
        Some(Extent::Samples(self))
    }
}

impl Given<Option<Extent>> for Seconds {
    fn given(self) -> Option<Extent> {
        Some(Extent::Duration(self.0))
    }
}

impl Parameter for Extent {
    const KIND: Kind = Kind::Quantity("s or samples");
    fn read(literal: &Literal) -> Result<Extent, String> {
        match literal {
            Literal::Number(_) => u32::read(literal).map(Extent::Samples),
            other => Seconds::read(other).map(|s| Extent::Duration(s.0)),
        }
        .map_err(|_| match literal {
            // Who writes 3m means minutes, or a number of channels.
            Literal::Quantity(_, unit) if unit.dimension == Dimension::LENGTH => {
                "a duration such as 20ms or 3min, or a whole number of samples or channels (m is metres)"
                    .into()
            }
            _ => "a duration such as 20ms or a whole number of samples".into(),
        })
    }
}

/// A half-open range of physical values or indices; either end may be open.
#[derive(Clone, Debug, PartialEq)]
pub struct Span1 {
    pub from: Option<Literal>,
    pub to: Option<Literal>,
    pub step: Option<u32>,
}

impl Parameter for Span1 {
    const KIND: Kind = Kind::Range("");
    fn read(literal: &Literal) -> Result<Span1, String> {
        match literal {
            Literal::Range { from, to, step } => Ok(Span1 {
                from: from.as_deref().cloned(),
                to: to.as_deref().cloned(),
                step: step.as_deref().map(u32::read).transpose()?,
            }),
            _ => Err("a range such as 10..20".into()),
        }
    }
}

/// A value of the data: a bare number is in its unit.
#[derive(Clone, Debug, PartialEq)]
pub struct Amount {
    pub value: f64,
    pub unit: Option<Unit>,
}

impl Amount {
    /// The value in the unit of the data; `None` where the dimensions differ.
    pub fn in_unit(&self, data: &Unit) -> Option<f64> {
        match &self.unit {
            None => Some(self.value),
            Some(unit) => unit.convert(self.value, data),
        }
    }
}

impl std::fmt::Display for Amount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.unit {
            None => write!(f, "{}", self.value),
            Some(unit) => write!(f, "{} {unit}", self.value),
        }
    }
}

impl Given<Amount> for f64 {
    fn given(self) -> Amount {
        Amount { value: self, unit: None }
    }
}

impl Given<Option<Amount>> for f64 {
    fn given(self) -> Option<Amount> {
        Some(self.given())
    }
}

impl Parameter for Amount {
    const KIND: Kind = Kind::Quantity("the unit of the data");
    fn read(literal: &Literal) -> Result<Amount, String> {
        match literal {
            Literal::Number(value) if value.is_finite() => Ok(Amount { value: *value, unit: None }),
            Literal::Quantity(value, unit) if value.is_finite() => {
                Ok(Amount { value: *value, unit: Some(unit.clone()) })
            }
            _ => Err("a value in the unit of the data".into()),
        }
    }
}

/// What a detection threshold in decibel is measured against.
#[derive(Clone, Debug, PartialEq)]
pub enum Reference {
    /// A value in the unit of the data, or in the unit given.
    Level(f64, Option<Unit>),
    /// The record's maximum: needs another pass.
    Max,
    /// The level of the trailing window, in seconds.
    Noise(f64),
}

impl Parameter for Reference {
    const KIND: Kind = Kind::Reference;
    fn read(literal: &Literal) -> Result<Reference, String> {
        match literal {
            Literal::Number(x) if *x > 0.0 && x.is_finite() => Ok(Reference::Level(*x, None)),
            Literal::Quantity(x, unit) if *x > 0.0 && x.is_finite() => {
                Ok(Reference::Level(*x, Some(unit.clone())))
            }
            Literal::Word(word) if word.eq_ignore_ascii_case("max") => Ok(Reference::Max),
            Literal::Call(name, args) if name.eq_ignore_ascii_case("noise") && args.len() == 1 => {
                let window = quantity_in(&args[0], "s").filter(|w| *w > 0.0);
                window.map(Reference::Noise).ok_or_else(|| "noise(window) with a duration".into())
            }
            _ => Err("a positive level, max, or noise(window)".into()),
        }
    }
}

/// A threshold: a bare number or one in dB is a level in decibel, any other quantity a value in the unit of the data.
#[derive(Clone, Debug, PartialEq)]
pub enum Level {
    Decibel(f64),
    Value(f64, Unit),
}

impl Given<Level> for Decibel {
    fn given(self) -> Level {
        Level::Decibel(self.0)
    }
}

impl Given<Level> for f64 {
    fn given(self) -> Level {
        Level::Decibel(self)
    }
}

impl Given<Option<Level>> for f64 {
    fn given(self) -> Option<Level> {
        Some(Level::Decibel(self))
    }
}

impl Parameter for Level {
    const KIND: Kind = Kind::Quantity("dB or the unit of the data");
    fn read(literal: &Literal) -> Result<Level, String> {
        match literal {
            Literal::Number(x) if x.is_finite() => Ok(Level::Decibel(*x)),
            Literal::Quantity(x, unit) if x.is_finite() && unit.dimension == Dimension::LEVEL => {
                Ok(Level::Decibel(*x * unit.scale))
            }
            Literal::Quantity(x, unit) if x.is_finite() => Ok(Level::Value(*x, unit.clone())),
            _ => Err("a level in dB or in the unit of the data".into()),
        }
    }
}

/// Declares a parameter that is one of a few words: `choice! { Method { Recursive = "recursive", … } }`.
#[macro_export]
macro_rules! choice {
    ($(#[$doc:meta])* $name:ident { $( $variant:ident = $word:literal ),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $( $variant ),* }

        impl $crate::parameter::Parameter for $name {
            const KIND: $crate::parameter::Kind = $crate::parameter::Kind::Choice(&[$($word),*]);
            fn read(literal: &$crate::literal::Literal) -> Result<$name, String> {
                if let $crate::literal::Literal::Word(word) | $crate::literal::Literal::Text(word) = literal {
                    $( if word.eq_ignore_ascii_case($word) { return Ok($name::$variant); } )*
                }
                Err([$($word),*].join(", "))
            }
        }
    };
}

choice! {
    /// An axis, by its role.
    AxisName { Time = "time", Channel = "channel", Frequency = "frequency" }
}
