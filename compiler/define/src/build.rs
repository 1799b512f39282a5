//! A definition to nodes of a Graph: equations in the order of their components, each a map, a window or a recurrence.

use std::collections::HashMap;

use dasc_ir::graph::{Builder, NodeId};
use dasc_ir::literal::Arg;
use dasc_ir::{DType, Diag, Result, Span, Unit};

use crate::definitions::example;
use crate::reads::{At, Read, one_window, position};
use crate::resolve::Callees;
use crate::structure::{Component, components};
use crate::syntax::{Definition, Form, Place, TermId};
use crate::typing::{Known, Typed, factor, types};
use crate::write::{needed, write};

/// Definitions that call definitions.
const MAX_CALLS: usize = 32;
/// Nodes that one step may become.
pub(crate) const MAX_NODES: usize = 4096;

/// Texts that the user has not written, such as the standard library's: mistakes in them are shown at the step.
pub const FOREIGN: u32 = u32::MAX;

/// What definitions are built with: other definitions, and operators.
pub trait Library: Callees {
    fn definition(&self, name: &str) -> Option<&Definition>;
    /// Appends an operator to a signal.
    fn operator(&self, name: &str, args: &[Arg], call: Span, b: &mut Builder, x: NodeId) -> Result<NodeId>;
}

/// Appends a definition to the graph. `params` are in the units of the parameters; the result is F32, or F64 if an input is.
/// Everything between is F64 and rounded once, across the definitions that it calls too.
pub fn build(
    definition: &Definition,
    library: &dyn Library,
    b: &mut Builder,
    inputs: &[NodeId],
    params: &[f64],
    call: Span,
) -> Result<NodeId> {
    let limit = b.graph().nodes.len().saturating_add(MAX_NODES);
    let mut float = DType::F32;
    for &input in inputs {
        if b.real(input)?.float() == DType::F64 {
            float = DType::F64;
        }
    }
    let nesting = Nesting { depth: 0, limit, rounded: Some(float) };
    nested(definition, library, b, inputs, params, call, nesting).map_err(|diag| shown_at(diag, call))
}

/// A mistake in a text that the user has not written is shown where it was called.
pub(crate) fn shown_at(mut diag: Diag, call: Span) -> Diag {
    let foreign = |span: Span| span.source == FOREIGN;
    diag.related.retain(|(span, _)| !foreign(*span));
    match diag.span {
        Some(span) if foreign(span) => {
            (diag.span, diag.label) = (Some(call), None);
            diag
        }
        Some(span) if span != call && call != Span::default() => diag.related(call, "used here"),
        Some(_) | None => diag.at(call),
    }
}

/// A definition's place among those that call it.
#[derive(Clone, Copy)]
pub(crate) struct Nesting {
    pub depth: usize,
    /// Nodes that the graph may have.
    pub limit: usize,
    /// What the result is rounded to; within another definition it stays F64.
    pub rounded: Option<DType>,
}

/// Builds a definition in its place.
pub(crate) fn nested(
    definition: &Definition,
    library: &dyn Library,
    b: &mut Builder,
    inputs: &[NodeId],
    params: &[f64],
    call: Span,
    nesting: Nesting,
) -> Result<NodeId> {
    if nesting.depth > MAX_CALLS {
        return Err(Diag::usage(format!("definitions call each other more than {MAX_CALLS} deep"))
            .at(call)
            .help("join some of them into one definition"));
    }
    b.enter(&definition.name, Some(call));
    for (param, value) in definition.params.iter().zip(params) {
        if param.positive && (value.is_nan() || *value <= 0.0) {
            let with_unit = |value: f64| format!("{value} {}", param.unit).trim_end().to_string();
            let (name, least, given) = (&param.name, with_unit(0.0), with_unit(*value));
            return Err(b
                .diag(format!("needs {name} above {least}, not {given}"))
                .help(format!("for example {}", example(definition))));
        }
    }
    let mut period = None;
    for &input in inputs {
        period = period.or(b.real(input)?.time.as_ref().map(|time| time.period.as_f64()));
    }
    let mut building =
        Building { definition, library, b, inputs, params, call, nesting, period, variables: HashMap::new() };
    let values = |name: &str| building.param(name);
    let order = components(definition, &values)?;
    let wanted = building.wanted();
    for component in order.iter().filter(|c| c.members.iter().any(|m| wanted.contains(m))) {
        building.component(component, &wanted)?;
    }
    let result = building.expression(definition.result, nesting.rounded)?;
    match result {
        Value::Signal(node) => Ok(node),
        Value::Constant(..) => Err(Diag::usage(format!("{} does not depend on its input", definition.name))
            .at(definition.span_of(definition.result))
            .help(format!(
                "let the result read {0}, as in {0}[t] - {0}[t-1]",
                definition.inputs.first().map_or("x", |input| input.text.as_str())
            ))),
    }
}

/// What a term or an equation is.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Constant(f64, Unit),
    Signal(NodeId),
}

/// An equation that has been built.
#[derive(Clone, Debug)]
pub(crate) struct Variable {
    pub value: Value,
    /// What it was before the start, in its unit; `None` where data say it.
    pub before: Option<f64>,
}

pub(crate) struct Building<'a> {
    pub definition: &'a Definition,
    pub library: &'a dyn Library,
    pub b: &'a mut Builder,
    pub inputs: &'a [NodeId],
    pub params: &'a [f64],
    pub call: Span,
    pub nesting: Nesting,
    period: Option<f64>,
    pub variables: HashMap<usize, Variable>,
}

impl Building<'_> {
    pub(crate) fn param(&self, name: &str) -> Option<f64> {
        let at = self.definition.params.iter().position(|param| param.name == name)?;
        self.params.get(at).copied()
    }

    /// The equations that the result needs.
    fn wanted(&self) -> Vec<usize> {
        let mut wanted = Vec::new();
        let mut roots = vec![self.definition.result];
        while let Some(root) = roots.pop() {
            for id in self.definition.subtree(root) {
                if let Some(Form::Equation(i, _)) = self.definition.terms.get(id).map(|term| &term.form)
                    && !wanted.contains(i)
                {
                    wanted.push(*i);
                    let equation = self.definition.equations.get(*i);
                    roots.extend(equation.map(|e| e.value));
                    roots.extend(equation.and_then(|e| e.initial));
                }
            }
        }
        wanted
    }

    fn component(&mut self, component: &Component, wanted: &[usize]) -> Result<()> {
        if component.recursive {
            return self.recurrence(component, wanted);
        }
        for &member in &component.members {
            let Some(equation) = self.definition.equations.get(member) else { continue };
            let value = self.expression(equation.value, None)?;
            let before = match equation.initial {
                None => 0.0,
                Some(initial) => self.before(initial, &value)?,
            };
            let before = Some(before);
            self.variables.insert(member, Variable { value, before });
        }
        Ok(())
    }

    /// The constant initial value of an equation that is no recurrence.
    fn before(&mut self, initial: TermId, value: &Value) -> Result<f64> {
        let typed = self.typed(&self.definition.own_terms(initial), &HashMap::new(), &|_| None)?;
        let span = self.definition.span_of(initial);
        let ty =
            typed.get(&initial).ok_or_else(|| Diag::compiler("define: an initial value without a type"))?;
        let Some(constant) = ty.constant else {
            return Err(Diag::usage("only in a recurrence can an initial value depend on data")
                .at(span)
                .help("give a number or a parameter"));
        };
        let own = match value {
            Value::Constant(_, unit) => unit.clone(),
            Value::Signal(node) => self.b.signal(*node)?.unit.clone(),
        };
        self.in_unit(constant, ty, &own, span)
    }

    /// A constant in the unit of what it is the initial value of.
    pub(crate) fn in_unit(&self, constant: f64, ty: &Typed, own: &Unit, span: Span) -> Result<f64> {
        match &ty.unit {
            Some(unit) if !ty.bare => match factor(unit, own) {
                Some(factor) => Ok(constant * factor),
                None => Err(Diag::usage(format!(
                    "units clash: the initial value is in {unit}, the equation in {own}"
                ))
                .at(span)
                .help(format!("write the initial value in {own}, or without a unit"))),
            },
            Some(_) | None => Ok(constant),
        }
    }

    /// Types of terms; `calls` are the nodes of calls among them, `sought` the units of variables of a recurrence being made.
    pub(crate) fn typed(
        &self,
        ids: &[TermId],
        calls: &HashMap<TermId, NodeId>,
        sought: &dyn Fn(usize) -> Option<Option<Unit>>,
    ) -> Result<HashMap<TermId, Typed>> {
        let unit = |node: NodeId| -> Result<Known> {
            Ok(Known { unit: Some(self.b.real(node)?.unit.clone()), constant: None })
        };
        let compiler = || Diag::compiler("define: a name without a value");
        types(self.definition, ids, &|id| match self.definition.terms.get(id).map(|term| &term.form) {
            Some(Form::Input(i, _)) => unit(*self.inputs.get(*i).ok_or_else(compiler)?),
            Some(Form::Param(i)) => {
                let value = self.params.get(*i).copied();
                let unit = self.definition.params.get(*i).map(|param| param.unit.clone());
                Ok(Known { unit, constant: value })
            }
            Some(Form::Period) => {
                let period = self.period.ok_or_else(|| {
                    Diag::usage("dt needs a time axis, but the input is a statistic over all time")
                        .help("apply the definition before the statistic along time")
                })?;
                Ok(Known { unit: Unit::parse("s"), constant: Some(period) })
            }
            Some(Form::Equation(i, place)) => match (sought(*i), self.variables.get(i)) {
                (Some(unit), _) => Ok(Known { unit, constant: None }),
                (None, Some(Variable { value: Value::Signal(node), .. })) => unit(*node),
                (None, Some(Variable { value: Value::Constant(value, unit), .. })) => {
                    if *place != Place::Here {
                        let name = self.definition.equations.get(*i).map_or("", |e| e.name.as_str());
                        return Err(Diag::usage(format!(
                            "`{name}` is a constant and has no places in time or along channels"
                        ))
                        .help(format!("write {name} without brackets")));
                    }
                    Ok(Known { unit: Some(unit.clone()), constant: Some(*value) })
                }
                (None, None) => Err(compiler()),
            },
            Some(Form::Call(..)) => unit(*calls.get(&id).ok_or_else(compiler)?),
            Some(_) | None => Err(compiler()),
        })
    }

    /// The value of an expression at its own place, kept in F64 unless another type is asked for.
    pub(crate) fn expression(&mut self, root: TermId, dtype: Option<DType>) -> Result<Value> {
        let ids = self.definition.own_terms(root);
        let calls = self.calls(&ids)?;
        let typed = self.typed(&ids, &calls, &|_| None)?;
        let ty = typed.get(&root).ok_or_else(|| Diag::compiler("define: an expression without a type"))?;
        let span = self.definition.span_of(root);
        if ty.truth {
            return Err(Diag::usage("a condition is no value")
                .at(span)
                .help("turn it into one: IF condition THEN 1 ELSE 0"));
        }
        let unit = self.tidy(ty.unit.clone().unwrap_or_else(Unit::none));
        if let Some(value) = ty.constant {
            if !value.is_finite() {
                return Err(Diag::usage(format!("this constant is {value}"))
                    .at(span)
                    .help("a division by 0, or the logarithm or root of a negative number"));
            }
            return Ok(Value::Constant(value, unit));
        }
        let used = needed(self.definition, &ids, &typed);
        let mut reads: HashMap<TermId, Read> = HashMap::new();
        for &id in ids.iter().filter(|id| used.contains_key(id)) {
            if let Some(read) = self.read(id, &calls, &typed)? {
                reads.insert(id, read);
            }
        }
        // A signal merely handed on.
        if let (Some(Read { node, at: At::Here, .. }), 1) = (reads.get(&root), ids.len())
            && self.b.signal(*node)?.dtype == dtype.unwrap_or(self.b.signal(*node)?.dtype)
        {
            return Ok(Value::Signal(*node));
        }
        let dtype = dtype.unwrap_or(DType::F64);
        if let Some((along, edge)) = one_window(&reads) {
            return self.stencil(&ids, &typed, &reads, along, edge, unit, dtype).map(Value::Signal);
        }
        let mut nodes: Vec<NodeId> = Vec::new();
        let mut slots: HashMap<TermId, usize> = HashMap::new();
        let mut shifted: Vec<(Read, NodeId)> = Vec::new();
        for id in ids.iter().filter(|id| reads.contains_key(id)) {
            let Some(read) = reads.get(id) else { continue };
            let node = match shifted.iter().find(|(known, _)| known == read) {
                Some((_, node)) => *node,
                None => {
                    let node = self.shifted(read).map_err(|diag| diag.at(self.definition.span_of(*id)))?;
                    shifted.push((read.clone(), node));
                    node
                }
            };
            slots.insert(*id, position(&mut nodes, node));
        }
        let definition = self.definition;
        let node = self.b.map(&nodes, unit, dtype, |e| {
            let leaf = |id: TermId| Some(e.input(*slots.get(&id)?).to(DType::F64));
            vec![write(definition, &ids, &typed, e, &leaf).unwrap_or_else(|| e.constant(0.0)).to(dtype)]
        });
        node.map(Value::Signal).map_err(|diag| at_term(diag, span))
    }

    /// The unit as an input writes it, if it is the same.
    pub(crate) fn tidy(&self, unit: Unit) -> Unit {
        let written = |node: &NodeId| self.b.signal(*node).ok().map(|signal| signal.unit.clone());
        let mut inputs = self.inputs.iter().filter_map(written);
        inputs.find(|known| factor(&unit, known) == Some(1.0)).unwrap_or(unit)
    }
}

/// A mistake that the builder placed at the step belongs to the term.
pub(crate) fn at_term(mut diag: Diag, span: Span) -> Diag {
    if span.source != FOREIGN {
        diag.span = Some(span);
    }
    diag
}
