//! An operator is defined once: a record of parameters and a function that composes primitives.
//!
//! The [`operator!`](crate::operator!) macro makes of one definition the Rust type with its setters, the [`Schema`] from which the
//! grammar, `dasc ops` and the documentation follow, and the reader that turns a script's arguments into the type.
//!
//! ```text
//! operator! {
//!     /// Butterworth band-pass along time.
//!     Bandpass = "BANDPASS" (
//!         /// Lower corner.
//!         low: Hertz,
//!         /// Upper corner.
//!         high: Hertz,
//!     ) {
//!         /// Order of the design.
//!         order: u32 = 4,
//!     }
//!     formula "|H(f)|² = 1 / (1 + q^(2·ORDER))"
//!             "q = …";
//!     example "BANDPASS 10Hz 200Hz ORDER=4";
//!     reference "scipy.signal.butter(…, output='sos'), sosfilt";
//! }
//! ```
//! A parameter before the braces may be given by position; it may be left out if its type is an `Option`.

use crate::literal::{Arg, Literal};
use crate::parameter::Kind;
use crate::{Diag, Result, Span};

/// What the front ends and the documentation know of an operator or a statement.
#[derive(Debug)]
pub struct Schema {
    /// The keyword, in capitals.
    pub name: &'static str,
    /// The doc comment: its first line is the summary.
    pub doc: &'static [&'static str],
    pub params: &'static [Param],
    /// What it computes, in lines of mathematical text; none where the summary says all.
    pub formula: &'static [&'static str],
    /// What its values are called in pictures, where their unit does not say it.
    pub gives: Option<&'static str>,
    pub example: &'static str,
    /// The definition the operator must agree with.
    pub reference: &'static str,
}

/// One parameter of a schema. Those without a default may be given by position, in order.
#[derive(Debug)]
pub struct Param {
    /// In small letters; a script writes it in any case.
    pub name: &'static str,
    pub doc: &'static [&'static str],
    pub kind: Kind,
    /// Rust text of the default; `None` for one that stands by its position: it is required, unless its kind is optional.
    pub default: Option<&'static str>,
}

impl Param {
    /// Whether it must be given.
    pub const fn required(&self) -> bool {
        self.default.is_none() && !matches!(self.kind, Kind::Optional(_))
    }
}

impl Schema {
    /// The first sentence of the first paragraph.
    pub fn summary(&self) -> String {
        let paragraph = self.doc.split(|line| line.trim().is_empty()).next().unwrap_or_default();
        let text = paragraph.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ");
        let end = text.match_indices(". ").find(|(at, _)| !text[..*at].ends_with("et al"));
        end.map_or_else(|| text.clone(), |(at, _)| text[..=at].to_string())
    }

    /// `BANDPASS low high [ORDER=4]`.
    pub fn signature(&self) -> String {
        let mut text = self.name.to_string();
        for param in self.params {
            match param.default {
                None if param.required() => text += &format!(" {}", param.name),
                None => text += &format!(" [{}]", param.name),
                Some(default) => {
                    let name = param.name.to_uppercase();
                    text += &match written(default, &param.kind).as_str() {
                        "NONE" => format!(" [{name}=…]"),
                        "FALSE" => format!(" [{name}]"),
                        value => format!(" [{name}={value}]"),
                    };
                }
            }
        }
        text
    }

    /// Assigns arguments to parameters: by key, then by position to those without a default.
    /// Reports an unknown key (with the nearest known), a parameter given twice, too many, and all that are missing.
    pub fn assign<'a>(&self, args: &'a [Arg], call: Span) -> Result<Vec<Option<&'a Arg>>> {
        let mut slots: Vec<Option<&Arg>> = vec![None; self.params.len()];
        for arg in args {
            let index = match &arg.key {
                Some((key, span)) => self
                    .params
                    .iter()
                    .position(|p| p.name.eq_ignore_ascii_case(key))
                    .ok_or_else(|| self.unknown(key, *span))?,
                None => self.positional(&slots).ok_or_else(|| {
                    Diag::usage(format!("{} takes no further value here: `{}`", self.name, arg.value))
                        .at(arg.span)
                        .help(format!("the form is {}", self.signature()))
                })?,
            };
            if let Some(earlier) = slots[index].replace(arg) {
                let name = self.params[index].name.to_uppercase();
                return Err(Diag::usage(format!("{name} is given twice"))
                    .at(arg.span)
                    .related(earlier.span, "first given here"));
            }
        }
        let missing = |(slot, param): (&Option<&Arg>, &Param)| {
            (slot.is_none() && param.required()).then_some(param.name)
        };
        let missing: Vec<_> = slots.iter().zip(self.params).filter_map(missing).collect();
        if !missing.is_empty() {
            let message = format!("{} needs {}", self.name, missing.join(" and "));
            return Err(Diag::usage(message).at(call).help(format!("for example {}", self.example)));
        }
        Ok(slots)
    }

    /// How a parameter is written: by the operator's example where that has it, else by a value of its kind, else by the form.
    pub fn shown(&self, param: &Param) -> String {
        let key = format!("{}=", param.name.to_uppercase());
        let in_example =
            param.default.is_none() || self.example.split(' ').any(|word| word.starts_with(&key));
        match param.kind.sample() {
            _ if in_example => format!("for example {}", self.example),
            Some(value) => format!("for example {key}{value}"),
            None => format!("the form is {}", self.signature()),
        }
    }

    fn positional(&self, slots: &[Option<&Arg>]) -> Option<usize> {
        (0..slots.len()).find(|&i| slots[i].is_none() && self.params[i].default.is_none())
    }

    fn unknown(&self, key: &str, span: Span) -> Diag {
        let names = self.params.iter().map(|p| p.name.to_uppercase());
        let diag = Diag::usage(format!("{} has no parameter {}", self.name, key.to_uppercase())).at(span);
        match crate::spelling::nearest(&key.to_uppercase(), names) {
            Some(near) => diag.help(format!("did you mean {near}? The form is {}", self.signature())),
            None => diag.help(format!("the form is {}", self.signature())),
        }
    }
}

/// A default as a script would write it, from the Rust text of its expression: `Hertz(1.0)` is 1, `Shape::Linear` linear.
pub fn written(default: &str, kind: &Kind) -> String {
    let inner = default.rsplit_once('(').map_or(default, |(_, inner)| inner.trim_end_matches(')'));
    let word = inner.rsplit("::").next().unwrap_or(inner).replace(['"', ' '], "");
    match kind {
        Kind::Choice(words) => {
            words.iter().find(|w| w.eq_ignore_ascii_case(&word)).map_or(word, |w| w.to_string())
        }
        Kind::Flag | Kind::Optional(_) => word.to_uppercase(),
        _ => {
            let word = word.split(',').next().unwrap_or_default();
            word.strip_suffix(".0").unwrap_or(word).to_string()
        }
    }
}

/// The name of a parameter that is a keyword of Rust: `r#type` is `type`.
pub const fn plain_name(name: &'static str) -> &'static str {
    match name.as_bytes() {
        [b'r', b'#', ..] => name.split_at(2).1,
        _ => name,
    }
}

/// Reads one assigned argument; a wrong kind names the parameter, what it expects and what it was given.
pub fn read<P: crate::parameter::Parameter>(schema: &Schema, index: usize, arg: &Arg) -> Result<P> {
    P::read(&arg.value).map_err(|expected| {
        let name = schema.params[index].name.to_uppercase();
        let given = match &arg.value {
            Literal::Text(text) => format!("'{text}'"),
            other => other.to_string(),
        };
        Diag::usage(format!("{name} of {} expects {expected}, not {given}", schema.name))
            .at(arg.span)
            .help(schema.shown(&schema.params[index]))
    })
}

/// Reads what stands by its position, or what its being left out means.
pub fn read_placed<P: crate::parameter::Parameter>(
    schema: &Schema,
    index: usize,
    arg: Option<&Arg>,
) -> Result<P> {
    match arg {
        Some(arg) => read(schema, index, arg),
        None => P::absent().ok_or_else(|| Diag::compiler("a required argument was not assigned")),
    }
}

/// Makes the record type, its constructor and setters, its schema and its reader. See the module's documentation.
#[macro_export]
macro_rules! operator {
    (
        $(#[doc = $doc:literal])*
        $name:ident = $keyword:literal
        ( $( $(#[doc = $rdoc:literal])* $req:ident : $rty:ty ),* $(,)? )
        { $( $(#[doc = $odoc:literal])* $opt:ident : $oty:ty = $default:expr ),* $(,)? }
        $(formula $($formula:literal)+;)?
        $(gives $gives:literal;)?
        example $example:literal;
        reference $reference:literal;
    ) => {
        $(#[doc = $doc])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name {
            $( $(#[doc = $rdoc])* pub $req: $rty, )*
            $( $(#[doc = $odoc])* pub $opt: $oty, )*
        }

        impl $name {
            pub const SCHEMA: $crate::operator::Schema = $crate::operator::Schema {
                name: $keyword,
                doc: &[$($doc),*],
                params: &[
                    $( $crate::operator::Param {
                        name: $crate::operator::plain_name(stringify!($req)),
                        doc: &[$($rdoc),*],
                        kind: <$rty as $crate::parameter::Parameter>::KIND,
                        default: None,
                    }, )*
                    $( $crate::operator::Param {
                        name: $crate::operator::plain_name(stringify!($opt)),
                        doc: &[$($odoc),*],
                        kind: <$oty as $crate::parameter::Parameter>::KIND,
                        default: Some(stringify!($default)),
                    }, )*
                ],
                formula: &[$($($formula),+)?],
                gives: [$(Some($gives),)? None][0],
                example: $example,
                reference: $reference,
            };

            /// The required parameters; the others have their defaults until set.
            #[allow(clippy::new_without_default)]
            pub fn new($( $req: impl $crate::parameter::Given<$rty> ),*) -> Self {
                Self {
                    $( $req: $req.given(), )*
                    $( $opt: $crate::parameter::Given::<$oty>::given($default), )*
                }
            }

            $( $(#[doc = $odoc])*
            pub fn $opt(mut self, $opt: impl $crate::parameter::Given<$oty>) -> Self {
                self.$opt = $opt.given();
                self
            } )*

            /// Reads the record from a script's arguments.
            #[allow(unused_variables, unused_mut, unused_assignments)]
            pub fn from_args(args: &[$crate::literal::Arg], call: $crate::Span) -> $crate::Result<Self> {
                let slots = Self::SCHEMA.assign(args, call)?;
                let mut index = 0;
                Ok(Self {
                    $( $req: {
                        let value = $crate::operator::read_placed(&Self::SCHEMA, index, slots[index])?;
                        index += 1;
                        value
                    }, )*
                    $( $opt: {
                        let value = match slots[index] {
                            Some(arg) => $crate::operator::read(&Self::SCHEMA, index, arg)?,
                            None => $crate::parameter::Given::<$oty>::given($default),
                        };
                        index += 1;
                        value
                    }, )*
                })
            }
        }
    };
}
