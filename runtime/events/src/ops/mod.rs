//! The operators on events: one file and one line in the list below for each.
//!
//! An operator is a record of parameters (made by [`operator!`](dasc_ir::operator!)) that is bound to what is known of its
//! input, and then makes a [`Step`] for every run.

use std::path::Path;

use dasc_ir::literal::{Arg, Literal};
use dasc_ir::model::Models;
use dasc_ir::operator::Schema;
use dasc_ir::parameter::{Kind, Parameter};
use dasc_ir::{Diag, Result, Span};

use crate::{EventsType, Step};

/// What an operator is bound in.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// What flows in.
    pub input: &'a EventsType,
    /// What paths are relative to.
    pub folder: &'a Path,
    /// What opens models other than forests.
    pub models: &'a dyn Models,
}

/// An operator that is ready to run.
pub struct Bound {
    /// What flows out.
    pub ty: EventsType,
    /// Until when an event is held back, in words: `until 2 s after its end`. Empty for operators that wait for nothing.
    pub waits: String,
    start: Box<dyn Fn() -> Box<dyn Step> + Send + Sync>,
}

impl Bound {
    pub fn new<S: Step + Clone + Sync + 'static>(ty: EventsType, waits: impl Into<String>, step: S) -> Bound {
        Bound { ty, waits: waits.into(), start: Box::new(move || Box::new(step.clone())) }
    }

    /// The operator at its beginning.
    pub fn start(&self) -> Box<dyn Step> {
        (self.start)()
    }
}

impl std::fmt::Debug for Bound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bound").field("ty", &self.ty).field("waits", &self.waits).finish_non_exhaustive()
    }
}

/// What an operator means.
pub trait EventOperator {
    /// Checks the parameters against the input. Mistakes are placed by the caller where they have no place of their own.
    fn bind(self, context: &Context, args: &[Arg]) -> Result<Bound>;
}

/// An operator as a front end sees it.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    pub schema: &'static Schema,
    pub bind: fn(&[Arg], Span, &Context) -> Result<Bound>,
}

/// The operator of a keyword, in any case.
pub fn find(keyword: &str) -> Option<&'static Entry> {
    OPERATORS.iter().find(|entry| entry.schema.name.eq_ignore_ascii_case(keyword))
}

macro_rules! operators {
    ($($file:ident $name:ident),* $(,)?) => {
        $( mod $file; pub use $file::$name; )*

        /// Every operator on events, in the order of the documentation.
        pub const OPERATORS: &[Entry] = &[$( Entry {
            schema: &$name::SCHEMA,
            bind: |args, call, context| {
                $name::from_args(args, call)?.bind(context, args).map_err(|diag| diag.at(call))
            },
        } ),*];
    };
}

operators! {
    filter Where,
    merge Merge,
    associate Associate,
    track Track,
    persist Persist,
    classify Classify,
}

/// A half-open range of speeds in metres per second; either end may be open.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Speeds {
    pub from: f64,
    pub to: f64,
}

impl Parameter for Speeds {
    const KIND: Kind = Kind::Range("m/s");
    fn read(literal: &Literal) -> Result<Speeds, String> {
        const EXPECTED: &str = "a range of speeds such as 20..150km/h or 300..5000m/s, above 0";
        let end = |end: &Option<Box<Literal>>, open: f64| match end.as_deref() {
            None => Ok(open),
            Some(end) => dasc_ir::parameter::quantity_in(end, "m/s").ok_or(EXPECTED),
        };
        match literal {
            Literal::Range { from, to, step: None } => {
                let (from, to) = (end(from, 0.0)?, end(to, f64::INFINITY)?);
                if from >= 0.0 && from < to { Ok(Speeds { from, to }) } else { Err(EXPECTED.into()) }
            }
            _ => Err(EXPECTED.into()),
        }
    }
}

/// That a parameter lies in its range.
fn at_least(name: &str, value: f64, least: f64, unit: &str) -> Result<()> {
    if value >= least && value.is_finite() {
        return Ok(());
    }
    Err(Diag::usage(format!("{name} is {value} {unit}; it must be {least} {unit} or more")))
}

/// `2 s`, `20 m`, without digits that say nothing.
fn shown(value: f64, unit: &str) -> String {
    format!("{value} {unit}")
}
