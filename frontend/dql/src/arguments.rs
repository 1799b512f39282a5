//! The arguments of one step: flags and paths get their keys, values become literals, and what the schema
//! does not accept is reported, as many mistakes at once as can be told apart.

use dasc_ir::literal::{Arg, Literal};
use dasc_ir::operator::{Param, Schema};
use dasc_ir::parameter::Kind;
use dasc_ir::{Diag, Result, Span, Unit};

use crate::check;
use crate::evaluate::Evaluator;
use crate::names::Stop;
use crate::report::Report;
use crate::statements;
use crate::syntax::{ArgNode, Form, StepNode};
use crate::zone::Zone;

/// The arguments as `from_args` takes them. `Err(None)` when mistakes were reported.
pub fn resolve(
    schema: &'static Schema,
    node: &StepNode,
    evaluator: &mut Evaluator,
    report: &mut Report,
) -> Result<Vec<Arg>, Stop> {
    let keyed = with_keys(schema, &node.args);
    let zone = zone_of(schema, &keyed, evaluator)?;
    let (mut args, mut mistaken) = (Vec::new(), false);
    for arg in &keyed {
        let value = match arg.flag {
            true => Ok(Literal::Flag(true)),
            false => evaluator.literal(&arg.node.value, arg.param.map(|param| param.kind), &zone),
        };
        match value {
            Ok(value) => args.push(Arg { key: arg.key.clone(), value, span: arg.node.value.span }),
            Err(stop) => {
                report.add_stop(stop);
                mistaken = true;
            }
        }
    }
    if mistaken {
        return Err(None);
    }
    let mut diags: Vec<Diag> = keyed
        .iter()
        .zip(&args)
        .filter_map(|(keyed, arg)| check::argument(schema, keyed.param?, arg, &evaluator.names))
        // A hostile step may have as many mistakes as a script has bytes.
        .take(20)
        .collect();
    let path = keyed.iter().any(|keyed| keyed.param.is_none() && keyed.looks_like_a_path());
    diags.extend(schema.assign(&args, node.keyword.span).err().map(|diag| match path {
        true => diag.help("put quotes around a path that contains `=`"),
        false => diag,
    }));
    if diags.is_empty() {
        diags.extend(statements::check(schema, &args, node.keyword.span));
    }
    if diags.is_empty() {
        return Ok(args);
    }
    if let Some((span, joined)) = parted_unit(&args) {
        diags = vec![
            Diag::usage(format!("{} has a space between a number and its unit", schema.name))
                .at(span)
                .help(format!("write them as one: {joined}")),
        ];
    }
    diags.into_iter().for_each(|diag| report.add(diag));
    Err(None)
}

/// An argument with the key that stands before it or is meant, and the parameter it is given to, if there is one.
struct Keyed<'a> {
    key: Option<(String, Span)>,
    node: &'a ArgNode,
    param: Option<&'static Param>,
    flag: bool,
}

impl Keyed<'_> {
    /// `day=1/a.h5`.
    fn looks_like_a_path(&self) -> bool {
        let Form::Word(word) = &self.node.value.form else { return false };
        // A range has dots too, and a number.
        let ending = word.rsplit_once('.').filter(|_| !word.contains(".."));
        let named = ending.is_some_and(|(_, ending)| ending.starts_with(|c: char| c.is_ascii_alphabetic()));
        self.key.is_some() && (named || word.contains('/'))
    }
}

/// A bare word that names a flag is the flag. A sink's path may stand without its key although it is optional.
/// Other positional arguments go to the required parameters in order, as `Schema::assign` has it.
fn with_keys<'a>(schema: &'static Schema, nodes: &'a [ArgNode]) -> Vec<Keyed<'a>> {
    let find = |key: &str| schema.params.iter().find(|param| param.name.eq_ignore_ascii_case(key));
    let given = |param: &Param| {
        nodes.iter().any(|n| n.key.as_ref().is_some_and(|key| key.text.eq_ignore_ascii_case(param.name)))
    };
    let mut required = schema.params.iter().filter(|param| param.default.is_none() && !given(param));
    let by_key = schema.params.iter().any(|param| param.default.is_none() && given(param));
    let first = schema.params.first().filter(|param| param.kind == Kind::Optional(&Kind::Path));
    let mut free_path = first.filter(|param| !given(param));
    let mut keyed = Vec::new();
    for node in nodes {
        let span = node.value.span;
        let flag = match (&node.key, &node.value.form) {
            (None, Form::Word(word)) => find(word).filter(|param| param.kind == Kind::Flag),
            _ => None,
        };
        keyed.push(match (&node.key, flag) {
            (Some(key), _) => {
                let (text, param) = (key.text.clone(), find(&key.text));
                Keyed { key: Some((text, key.span)), node, param, flag: false }
            }
            (None, Some(param)) => {
                Keyed { key: Some((param.name.to_string(), span)), node, param: Some(param), flag: true }
            }
            (None, None) => match required.next() {
                Some(param) => {
                    // `BANDPASS 200 LOW=10`: what is given by key does not take a position.
                    let key = by_key.then(|| (param.name.to_string(), span));
                    Keyed { key, node, param: Some(param), flag: false }
                }
                None => {
                    let param = free_path.take();
                    let key = param.map(|param| (param.name.to_string(), span));
                    Keyed { key, node, param, flag: false }
                }
            },
        });
    }
    keyed
}

/// What the clocks of this step show: its TZ.
fn zone_of(schema: &Schema, keyed: &[Keyed<'_>], evaluator: &mut Evaluator) -> Result<Zone, Stop> {
    if !schema.params.iter().any(|param| param.name == "tz") {
        return Ok(Zone::UTC);
    }
    let zone = |arg: &&Keyed<'_>| arg.param.is_some_and(|param| param.name == "tz");
    let Some(arg) = keyed.iter().find(zone) else { return Ok(Zone::UTC) };
    let literal = evaluator.literal(&arg.node.value, Some(Kind::Text), &Zone::UTC)?;
    Zone::read(&literal).map_err(|diag| Some(diag.at(arg.node.value.span)))
}

/// `5 km/h`, which nobody means as two arguments where two do not fit.
fn parted_unit(args: &[Arg]) -> Option<(Span, String)> {
    args.windows(2).find_map(|pair| match pair {
        [
            Arg { value: Literal::Number(number), span, .. },
            Arg { key: None, value: Literal::Word(word), span: end },
        ] => {
            Unit::parse(word)?;
            Some((Span { end: end.end, ..*span }, format!("{number}{word}")))
        }
        _ => None,
    })
}
