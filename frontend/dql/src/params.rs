//! `PARAM`: the values a script asks for, and those given with `--set`.

use dasc_ir::literal::Literal;
use dasc_ir::parameter::Kind;
use dasc_ir::spelling::nearest;
use dasc_ir::{Diag, Result, Span, Unit};

use crate::check::mismatch;
use crate::evaluate::Evaluator;
use crate::names::Stop;
use crate::parse;
use crate::source::Sources;
use crate::step::{ParamDecl, ParamType};
use crate::syntax::{Spelled, Statement, Value};
use crate::zone::Zone;

/// Values given from outside, each a source of its own: `name=value`.
#[derive(Debug, Default)]
pub struct Given {
    values: Vec<GivenValue>,
}

#[derive(Debug)]
struct GivenValue {
    name: String,
    source: u32,
    used: bool,
}

impl GivenValue {
    fn span(&self, sources: &Sources) -> Span {
        Span { source: self.source, start: 0, end: sources.text(self.source).len() as u32 }
    }
}

impl Given {
    /// Takes the values in as sources, so that mistakes in them can be shown. Refuses a name given twice.
    pub fn new(set: &[(String, String)], sources: &mut Sources) -> Result<Given> {
        let mut given = Given::default();
        for (name, value) in set {
            let source = sources.add("--set", format!("{name}={value}"))?;
            let value = GivenValue { name: name.clone(), source, used: false };
            if let Some(earlier) = given.values.iter().find(|earlier| earlier.name == *name) {
                return Err(Diag::usage(format!("`{name}` is set twice"))
                    .at(value.span(sources))
                    .related(earlier.span(sources), "first set here")
                    .help("give one --set for it"));
            }
            given.values.push(value);
        }
        Ok(given)
    }

    /// That a value was given which the script does not ask for.
    pub fn unused<'a>(
        &'a self,
        sources: &'a Sources,
        params: &'a [ParamDecl],
    ) -> impl Iterator<Item = Diag> + 'a {
        let names = || params.iter().map(|param| param.name.as_str());
        self.values.iter().filter(|value| !value.used).map(move |value| {
            let text = format!("the script has no PARAM {}", value.name);
            let diag = Diag::usage(text).at(value.span(sources));
            match (nearest(&value.name, names()), params.is_empty()) {
                (Some(near), _) => diag.help(format!("did you mean {near}?")),
                (None, false) => diag.help(format!("it has {}", names().collect::<Vec<_>>().join(", "))),
                (None, true) => diag.help(format!("declare it: PARAM {}: text", value.name)),
            }
        })
    }
}

/// `PARAM name: ty = default "help"` as parsed.
#[derive(Clone, Copy)]
pub struct Declared<'a> {
    pub name: &'a Spelled,
    pub ty: &'a Spelled,
    pub default: Option<&'a Value>,
    pub help: Option<&'a str>,
}

/// Types the default and the given value. One of them must be there.
pub fn declare(
    declared: Declared<'_>,
    given: &mut Given,
    sources: &Sources,
    evaluator: &mut Evaluator,
) -> Result<ParamDecl, Stop> {
    let Declared { name, ty: ty_name, default, help } = declared;
    if let Some(value) = given.values.iter_mut().find(|value| value.name == name.text) {
        value.used = true;
    }
    let ty = ParamType::named(&ty_name.text).ok_or_else(|| unknown_type(ty_name))?;
    let default = match default {
        Some(value) => {
            let literal = evaluator.literal(value, kind(ty), &Zone::UTC)?;
            Some(typed(name, ty, literal).map_err(|diag| diag.at(value.span))?)
        }
        None => None,
    };
    let value = match given.values.iter().find(|value| value.name == name.text) {
        Some(value) => Some(given_value(name, ty, value, sources, evaluator)?),
        None => default.clone(),
    };
    if value.is_none() {
        return Err(Some(
            Diag::usage(format!("the script needs a value for {} ({})", name.text, ty.name()))
                .at(name.span)
                .help(format!("give it on the command line: --set {}={}", name.text, example(ty))),
        ));
    }
    let help = help.map(str::to_string);
    Ok(ParamDecl { name: name.text.clone(), span: name.span, ty, default, help, value })
}

/// The declarations of a script, without values: defaults that could not be read are left out.
pub fn declared(statements: &[Statement]) -> Vec<ParamDecl> {
    let mut evaluator = Evaluator::default();
    let mut params = Vec::new();
    for statement in statements {
        match statement {
            Statement::Param { name, ty, default, help } => {
                let Some(ty) = ParamType::named(&ty.text) else { continue };
                let literal =
                    default.as_ref().and_then(|value| evaluator.literal(value, kind(ty), &Zone::UTC).ok());
                let default = literal.and_then(|literal| typed(name, ty, literal).ok());
                let defined = evaluator.names.define(&name.text, name.span, default.clone());
                if defined.is_ok() {
                    let (name, span, help) = (name.text.clone(), name.span, help.clone());
                    params.push(ParamDecl { name, span, ty, default, help, value: None });
                }
            }
            Statement::Let { name, value } => {
                let value = value.as_ref().and_then(|value| evaluator.literal(value, None, &Zone::UTC).ok());
                // A name defined twice is reported when the script is run.
                let _ = evaluator.names.define(&name.text, name.span, value);
            }
            Statement::For { .. }
            | Statement::From { .. }
            | Statement::Def { .. }
            | Statement::Import { .. }
            | Statement::Step(_) => {}
        }
    }
    params
}

fn given_value(
    name: &Spelled,
    ty: ParamType,
    value: &GivenValue,
    sources: &Sources,
    evaluator: &mut Evaluator,
) -> Result<Literal, Stop> {
    let begin = value.name.len() as u32 + 1;
    let span = Span { start: begin, ..value.span(sources) };
    let place = |diag: Diag| diag.at(span).related(name.span, "asked for here");
    if matches!(ty, ParamType::Text | ParamType::Path) {
        let text = sources.snippet(span).to_string();
        return typed(name, ty, Literal::Text(text)).map_err(|diag| Some(place(diag)));
    }
    let parsed = parse::value(sources, value.source, begin).map_err(place)?;
    let literal = evaluator.literal(&parsed, kind(ty), &Zone::UTC).map_err(|stop| stop.map(place))?;
    typed(name, ty, literal).map_err(|diag| Some(place(diag)))
}

/// The literal with the unit of the type, or that it is of another type.
fn typed(name: &Spelled, ty: ParamType, literal: Literal) -> Result<Literal> {
    let fits = match ty {
        ParamType::Date => matches!(literal, Literal::Time(_)),
        ParamType::List => matches!(literal, Literal::List(_)),
        ParamType::Range => matches!(literal, Literal::Range { .. }),
        _ => kind(ty).is_none_or(|kind| mismatch(kind, &literal).is_none()),
    };
    if !fits || matches!(&literal, Literal::Text(text) if ty == ParamType::Path && text.is_empty()) {
        return Err(Diag::usage(format!("{}: {} cannot be {literal}", name.text, ty.name())).help(format!(
            "for example {}={}",
            name.text,
            example(ty)
        )));
    }
    Ok(match (kind(ty), literal) {
        (Some(Kind::Quantity(unit)), Literal::Number(value)) => match Unit::parse(unit) {
            Some(unit) => Literal::Quantity(value, unit),
            None => Literal::Number(value),
        },
        (_, literal) => literal,
    })
}

fn kind(ty: ParamType) -> Option<Kind> {
    Some(match ty {
        ParamType::Number => Kind::Number,
        ParamType::Integer => Kind::Integer,
        ParamType::Text => Kind::Text,
        ParamType::Path => Kind::Path,
        ParamType::Duration => Kind::Quantity("s"),
        ParamType::Frequency => Kind::Quantity("Hz"),
        ParamType::Distance => Kind::Quantity("m"),
        ParamType::Level => Kind::Quantity("dB"),
        ParamType::Date | ParamType::Range | ParamType::List => return None,
    })
}

fn example(ty: ParamType) -> &'static str {
    match ty {
        ParamType::Number => "0.5",
        ParamType::Integer => "4",
        ParamType::Text => "north",
        ParamType::Path => "data/fiber.h5",
        ParamType::Date => "2024-05-01",
        ParamType::Duration => "20ms",
        ParamType::Frequency => "10Hz",
        ParamType::Distance => "1.5km",
        ParamType::Level => "-30dB",
        ParamType::Range => "1..10Hz",
        ParamType::List => "[1, 2, 3]",
    }
}

fn unknown_type(ty: &Spelled) -> Diag {
    let names: Vec<&str> = ParamType::ALL.iter().map(|(name, _)| *name).collect();
    let diag = Diag::usage(format!("there is no type {}", ty.text)).at(ty.span);
    match nearest(&ty.text, &names) {
        Some(near) => diag.help(format!("did you mean {near}?")),
        None => diag.help(format!("the types are {}", names.join(", "))),
    }
}
