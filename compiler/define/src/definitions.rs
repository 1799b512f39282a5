//! Definitions by name, their uses as steps, and expressions given by a Rust program.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use dasc_ir::graph::{Builder, NodeId};
use dasc_ir::literal::{Arg, Literal};
use dasc_ir::operator::{Param, Schema};
use dasc_ir::parameter::{Kind, quantity_in};
use dasc_ir::{Diag, Result, Span, Unit};

use crate::build::{Library, build};
use crate::parse::{self, Stretch};
use crate::resolve::{Callees, resolve};
use crate::structure::components;
use crate::syntax::{self, Definition, Spelled};

/// Definitions in the order they were made; each may call those before it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Definitions {
    list: Vec<Arc<Definition>>,
    index: HashMap<String, usize>,
}

impl Definitions {
    /// Reads the definition at a stretch of a text and adds it. `operators` are what it may call beside earlier definitions.
    pub fn read(
        &mut self,
        text: &str,
        stretch: Stretch,
        operators: &dyn Callees,
    ) -> Result<&Arc<Definition>> {
        let mut definition = parse::definition(text, stretch)?;
        definition.doc = comment_above(text, stretch.start);
        if let Some(earlier) = self.find(&definition.name) {
            return Err(Diag::usage(format!("there is a definition {} already", definition.name))
                .at(definition.span)
                .related(earlier.span, "first defined here")
                .help("choose another name"));
        }
        if operators.knows(&definition.name) {
            let text =
                format!("{} is an operator already, and definitions do not hide others", definition.name);
            return Err(Diag::usage(text).at(definition.span).help("choose another name"));
        }
        resolve(&mut definition, &Known { definitions: self, operators })?;
        components(&definition, &|_| None)?;
        let at = self.list.len();
        self.index.insert(definition.name.clone(), at);
        self.list.push(Arc::new(definition));
        self.list.get(at).ok_or_else(|| Diag::compiler("define: a lost definition"))
    }

    /// The definition of a name, in any case.
    pub fn find(&self, name: &str) -> Option<&Arc<Definition>> {
        self.index.get(&name.to_uppercase()).and_then(|at| self.list.get(*at))
    }

    pub fn iter(&self) -> impl Iterator<Item = &Arc<Definition>> {
        self.list.iter()
    }

    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
}

struct Known<'a> {
    definitions: &'a Definitions,
    operators: &'a dyn Callees,
}

impl Callees for Known<'_> {
    fn knows(&self, name: &str) -> bool {
        self.definitions.find(name).is_some() || self.operators.knows(name)
    }

    fn names(&self) -> Vec<String> {
        let mut names = self.operators.names();
        names.extend(self.definitions.iter().map(|definition| definition.name.clone()));
        names
    }

    fn below(&self, name: &str) -> bool {
        self.operators.below(name)
    }
}

/// Appends a definition as a step: `x` is its first input; the others are flows that `flow` knows by name.
pub fn step(
    definition: &Definition,
    library: &dyn Library,
    b: &mut Builder,
    x: NodeId,
    flow: &dyn Fn(&str) -> Option<NodeId>,
    args: &[Arg],
    call: Span,
) -> Result<NodeId> {
    let schema = schema(definition);
    let slots = schema.assign(args, call)?;
    let (mut inputs, mut params) = (vec![x], Vec::new());
    let (branches, values) =
        slots.split_at_checked(definition.inputs.len().saturating_sub(1)).unwrap_or((&slots, &[]));
    for (slot, input) in branches.iter().zip(definition.inputs.iter().skip(1)) {
        let missing = || Diag::compiler("define: an input was not assigned");
        let arg = slot.ok_or_else(missing)?;
        let found = match &arg.value {
            Literal::Word(name) | Literal::Text(name) => flow(name),
            _ => None,
        };
        inputs.push(found.ok_or_else(|| {
            Diag::usage(format!(
                "{} of {} expects the name of a flow, not {}",
                input.text, definition.name, arg.value
            ))
            .at(arg.span)
            .help("name a flow at the end of its step: … AS reference")
        })?);
    }
    for (slot, param) in values.iter().zip(&definition.params) {
        params.push(match slot {
            None => param.default.ok_or_else(|| Diag::compiler("define: a parameter was not assigned"))?,
            Some(arg) => in_unit(&arg.value, &param.unit).ok_or_else(|| {
                let name = param.name.to_uppercase();
                let what = if param.unit.is_none() {
                    "a number".to_string()
                } else {
                    format!("a value in {}", param.unit)
                };
                Diag::usage(format!("{name} of {} expects {what}, not {}", definition.name, arg.value))
                    .at(arg.span)
                    .help(format!("for example {}", example(definition)))
            })?,
        });
    }
    build(definition, library, b, &inputs, &params, call)
}

fn in_unit(value: &Literal, unit: &Unit) -> Option<f64> {
    match value {
        Literal::Quantity(x, given) if unit.is_none() => given.convert(*x, unit).filter(|x| x.is_finite()),
        other => quantity_in(other, if unit.is_none() { "1" } else { unit.symbol() }),
    }
}

/// Appends an expression to the graph: what stands after the `=` of a `DEF`, over signals and constants by name.
/// A constant is a name, a value and its unit.
///
/// ```
/// use dasc_define::{NoLibrary, define};
/// use dasc_ir::graph::{Builder, Rows, Signal, TimeAxis};
/// use dasc_ir::{DType, Rational, Unit};
///
/// let mut b = Builder::new();
/// let time = TimeAxis {
///     period: Rational::ONE / Rational::integer(1000),
///     origin: Rational::ZERO,
///     rows: Rows::Segments(vec![(0, 5000)]),
/// };
/// let x = b.source(Signal { dtype: DType::F32, unit: Unit::parse("nstrain").unwrap(), time: Some(time), inner: None, channel: None });
/// let text = "y WHERE y[t] = y[t-1] + (1 - exp(-dt / tau)) * (x[t] - y[t-1])";
/// let y = define(&mut b, text, &[("x", x)], &[("tau", 2.0, "s")], &NoLibrary)?;
/// assert_eq!(b.signal(y)?.unit.symbol(), "nstrain");
/// # Ok::<(), dasc_ir::Diag>(())
/// ```
pub fn define(
    b: &mut Builder,
    text: &str,
    inputs: &[(&str, NodeId)],
    constants: &[(&str, f64, &str)],
    library: &dyn Library,
) -> Result<NodeId> {
    let spelled = |name: &str| Spelled { text: name.to_string(), span: Span::default() };
    let mut params = Vec::with_capacity(constants.len());
    for (name, _, unit) in constants {
        let parsed = if unit.is_empty() { Some(Unit::none()) } else { Unit::parse(unit) };
        let parsed = parsed.ok_or_else(|| {
            Diag::usage(format!("the constant {name} has the unknown unit {unit}")).help(Unit::MADE_OF)
        })?;
        params.push(syntax::Param {
            name: name.to_string(),
            span: Span::default(),
            unit: parsed,
            positive: false,
            default: None,
        });
    }
    if inputs.is_empty() {
        return Err(Diag::usage("an expression needs a signal").help("give at least one input"));
    }
    let names = inputs.iter().map(|(name, _)| spelled(name)).collect();
    let mut definition = parse::body(text, names, params)?;
    resolve(&mut definition, library)?;
    let nodes: Vec<NodeId> = inputs.iter().map(|(_, node)| *node).collect();
    let values: Vec<f64> = constants.iter().map(|(_, value, _)| *value).collect();
    build(&definition, library, b, &nodes, &values, Span::default())
}

/// Neither operators nor other definitions.
#[derive(Clone, Copy, Debug)]
pub struct NoLibrary;

impl Callees for NoLibrary {
    fn knows(&self, _: &str) -> bool {
        false
    }

    fn names(&self) -> Vec<String> {
        Vec::new()
    }
}

impl Library for NoLibrary {
    fn definition(&self, _: &str) -> Option<&Definition> {
        None
    }

    fn operator(&self, name: &str, _: &[Arg], call: Span, _: &mut Builder, _: NodeId) -> Result<NodeId> {
        Err(Diag::usage(format!("there is no operator {name}")).at(call))
    }
}

/// What the front ends know of a definition. The comment above it is its documentation; lines `name: …` in it describe a parameter,
/// `formula: …`, `gives: …`, `example: …` and `reference: …` say what they say; a formula may have several lines.
///
/// Schemas live as long as the process, as those of the operators do; equal definitions share one.
pub fn schema(definition: &Definition) -> &'static Schema {
    static SCHEMAS: Mutex<Option<HashMap<String, &'static Schema>>> = Mutex::new(None);
    let names: Vec<&str> = definition.inputs.iter().map(|input| input.text.as_str()).collect();
    let key = format!("{} {names:?} {:?} {:?}", definition.name, definition.params, definition.doc);
    let mut known = SCHEMAS.lock().unwrap_or_else(PoisonError::into_inner);
    known.get_or_insert_default().entry(key).or_insert_with(|| Box::leak(Box::new(made(definition))))
}

fn made(definition: &Definition) -> Schema {
    let lines = |tag: &str| -> Vec<String> {
        let lines = definition.doc.iter().filter_map(|line| line.trim().strip_prefix(tag)?.strip_prefix(':'));
        lines.map(|text| text.trim().to_string()).collect()
    };
    let tagged = |tag: &str| lines(tag).into_iter().next();
    let names = (definition.inputs.iter().map(|i| i.text.as_str()))
        .chain(definition.params.iter().map(|p| p.name.as_str()))
        .chain(["formula", "gives", "example", "reference"]);
    let tags: Vec<String> = names.map(|name| format!("{name}:")).collect();
    let prose = definition.doc.iter().filter(|line| !tags.iter().any(|tag| line.trim().starts_with(tag)));
    let mut doc: Vec<&'static str> = prose.map(|line| leaked(format!(" {line}"))).collect();
    if doc.is_empty() {
        doc.push(leaked(format!(
            " Defined as {}({}).",
            definition.name,
            definition.inputs.iter().map(|i| i.text.as_str()).collect::<Vec<_>>().join(", ")
        )));
    }
    let described = |name: &str, otherwise: &str, limit: &str| -> &'static [&'static str] {
        let text = tagged(name).unwrap_or_else(|| otherwise.to_string());
        Box::leak(vec![leaked(format!(" {text}{limit}"))].into_boxed_slice())
    };
    let branches = definition.inputs.iter().skip(1).map(|input| Param {
        name: leaked(input.text.to_lowercase()),
        doc: described(&input.text, "A flow by its name.", ""),
        kind: Kind::Branch,
        default: None,
    });
    let params = definition.params.iter().map(|param| Param {
        name: leaked(param.name.to_lowercase()),
        doc: described(&param.name, "A constant.", if param.positive { " Above 0." } else { "" }),
        kind: if param.unit.is_none() {
            Kind::Number
        } else {
            Kind::Quantity(leaked(param.unit.symbol().to_string()))
        },
        default: param.default.map(|value| leaked(value.to_string())),
    });
    let params: Vec<Param> = branches.chain(params).collect();
    let example = example(definition);
    Schema {
        name: leaked(definition.name.clone()),
        doc: Box::leak(doc.into_boxed_slice()),
        params: Box::leak(params.into_boxed_slice()),
        formula: Box::leak(lines("formula").into_iter().map(leaked).collect()),
        gives: tagged("gives").map(leaked),
        example: leaked(example),
        reference: leaked(tagged("reference").unwrap_or_default()),
    }
}

/// A call, as the comment has it or made up.
pub(crate) fn example(definition: &Definition) -> String {
    let told = definition.doc.iter().find_map(|line| line.trim().strip_prefix("example:"));
    told.map(|text| text.trim().to_string()).unwrap_or_else(|| {
        let required = definition.params.iter().filter(|p| p.default.is_none());
        let values = required.map(|p| format!(" 1{}", p.unit.symbol()));
        let flows = definition.inputs.iter().skip(1).map(|input| format!(" {}", input.text));
        format!("{}{}{}", definition.name, flows.collect::<String>(), values.collect::<String>())
    })
}

fn leaked(text: String) -> &'static str {
    Box::leak(text.into_boxed_str())
}

/// The lines of comment that end right above a byte of a text.
fn comment_above(text: &str, start: usize) -> Vec<String> {
    let before = text.get(..start).unwrap_or("");
    let whole = before.rfind('\n').map_or("", |end| before.get(..end).unwrap_or(""));
    let mut lines: Vec<String> = whole
        .lines()
        .rev()
        .map_while(|line| line.trim().strip_prefix('#'))
        .take(64)
        .map(|line| line.strip_prefix(' ').unwrap_or(line).chars().take(400).collect())
        .collect();
    lines.reverse();
    lines
}
