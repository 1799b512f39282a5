//! A definition to nodes of a Graph: equations in the order of their components, each a map, a window or a recurrence.

use std::collections::HashMap;

use dasc_ir::graph::{Builder, Edge, Expr, NodeId, Role, WindowBody};
use dasc_ir::literal::{Arg, Literal};
use dasc_ir::{DType, Diag, Result, Span, Unit};

use crate::resolve::Callees;
use crate::structure::{Component, components, shift_of};
use crate::syntax::{Argument, Definition, Form, Place, TermId};
use crate::typing::{self, Known, Typed, factor, types};
use crate::write::{needed, write};

/// Definitions that call definitions.
const MAX_CALLS: usize = 32;
/// Nodes that one step may become.
const MAX_NODES: usize = 4096;

/// Texts that the user has not written, such as the standard library's: mistakes in them are shown at the step.
pub const FOREIGN: u32 = u32::MAX;

/// What definitions are built with: other definitions, and operators.
pub trait Library: Callees {
    fn definition(&self, name: &str) -> Option<&Definition>;
    /// Appends an operator to a signal.
    fn operator(&self, name: &str, args: &[Arg], call: Span, b: &mut Builder, x: NodeId) -> Result<NodeId>;
}

/// Appends a definition to the graph. `params` are in the units of the parameters; the result is F32, or F64 if an input is.
/// Everything between is F64 and rounded once.
pub fn build(
    definition: &Definition,
    library: &dyn Library,
    b: &mut Builder,
    inputs: &[NodeId],
    params: &[f64],
    call: Span,
) -> Result<NodeId> {
    let limit = b.graph().nodes.len().saturating_add(MAX_NODES);
    nested(definition, library, b, inputs, params, call, Budget { depth: 0, limit })
        .map_err(|diag| shown_at(diag, call))
}

/// A mistake in a text that the user has not written is shown where it was called.
fn shown_at(mut diag: Diag, call: Span) -> Diag {
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

#[derive(Clone, Copy)]
struct Budget {
    depth: usize,
    limit: usize,
}

fn nested(
    definition: &Definition,
    library: &dyn Library,
    b: &mut Builder,
    inputs: &[NodeId],
    params: &[f64],
    call: Span,
    budget: Budget,
) -> Result<NodeId> {
    if budget.depth > MAX_CALLS {
        return Err(Diag::usage(format!("definitions call each other more than {MAX_CALLS} deep")).at(call));
    }
    b.enter(&definition.name, Some(call));
    let mut period = None;
    let mut float = DType::F32;
    for &input in inputs {
        let signal = b.real(input)?;
        if signal.float() == DType::F64 {
            float = DType::F64;
        }
        period = period.or(signal.time.as_ref().map(|time| time.period.as_f64()));
    }
    let mut building =
        Building { definition, library, b, inputs, params, call, budget, period, variables: HashMap::new() };
    let values = |name: &str| building.param(name);
    let order = components(definition, &values)?;
    let wanted = building.wanted();
    for component in order.iter().filter(|c| c.members.iter().any(|m| wanted.contains(m))) {
        building.component(component, &wanted)?;
    }
    let result = building.expression(definition.result, Some(float))?;
    match result {
        Value::Signal(node) => Ok(node),
        Value::Constant(..) => Err(Diag::usage(format!("{} does not depend on its input", definition.name))
            .at(definition.span_of(definition.result))),
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
    budget: Budget,
    period: Option<f64>,
    pub variables: HashMap<usize, Variable>,
}

/// A signal read at another place.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Read {
    pub node: NodeId,
    pub at: At,
    /// What lies before the start.
    pub before: f64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum At {
    Here,
    /// Samples ahead; negative back.
    Time(i32),
    Channel(i32, Edge),
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
                .at(span)),
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
                        )));
                    }
                    Ok(Known { unit: Some(unit.clone()), constant: Some(*value) })
                }
                (None, None) => Err(compiler()),
            },
            Some(Form::Call(..)) => unit(*calls.get(&id).ok_or_else(compiler)?),
            Some(_) | None => Err(compiler()),
        })
    }

    /// The nodes of the calls among terms.
    pub(crate) fn calls(&mut self, ids: &[TermId]) -> Result<HashMap<TermId, NodeId>> {
        let mut calls = HashMap::new();
        for &id in ids {
            if let Some(Form::Call(name, args)) = self.definition.terms.get(id).map(|term| &term.form) {
                let span = self.definition.span_of(id);
                let node = self.called(name, args, span).map_err(|diag| diag.at(span))?;
                self.b.enter(&self.definition.name, Some(self.call));
                self.b.real(node).map_err(|mut diag| {
                    diag.span = Some(span);
                    diag
                })?;
                calls.insert(id, node);
            }
        }
        Ok(calls)
    }

    fn called(&mut self, name: &str, args: &[Argument], span: Span) -> Result<NodeId> {
        if self.b.graph().nodes.len() >= self.budget.limit {
            return Err(Diag::usage(format!("the definition grows beyond {MAX_NODES} operations"))
                .at(span)
                .help("definitions that call definitions multiply: name a result once with an equation"));
        }
        let place = if span.source == FOREIGN { self.call } else { span };
        let library = self.library;
        if let Some(callee) = library.definition(name) {
            let (inputs, params) = self.passed(callee, args, span)?;
            let budget = Budget { depth: self.budget.depth + 1, ..self.budget };
            return nested(callee, library, self.b, &inputs, &params, place, budget).map_err(|diag| {
                if diag.span.is_some_and(|inner| inner == place) { diag } else { shown_at(diag, place) }
            });
        }
        let Some((first, rest)) = args.split_first() else {
            return Err(Diag::usage(format!("{name} needs a signal to work on"))
                .help(format!("for example {name}(x)")));
        };
        let x = self.signal(first, name)?;
        let mut given = Vec::with_capacity(rest.len());
        for arg in rest {
            let span = self.definition.span_of(arg.value);
            let value = match self.definition.terms.get(arg.value).map(|term| &term.form) {
                Some(Form::Word(word)) => Literal::Word(word.clone()),
                _ => self.literal(arg.value, name)?,
            };
            let key = arg.key.as_ref().map(|key| (key.text.clone(), key.span));
            given.push(Arg { key, value, span });
        }
        library.operator(name, &given, place, self.b, x)
    }

    /// The signals and constants for another definition's inputs and parameters.
    fn passed(
        &mut self,
        callee: &Definition,
        args: &[Argument],
        span: Span,
    ) -> Result<(Vec<NodeId>, Vec<f64>)> {
        let mut slots: Vec<Option<&Argument>> = vec![None; callee.inputs.len() + callee.params.len()];
        let names: Vec<&str> = (callee.inputs.iter().map(|input| input.text.as_str()))
            .chain(callee.params.iter().map(|param| param.name.as_str()))
            .collect();
        for arg in args {
            let at = match &arg.key {
                Some(key) => {
                    names.iter().position(|name| name.eq_ignore_ascii_case(&key.text)).ok_or_else(|| {
                        Diag::usage(format!("{} has no parameter {}", callee.name, key.text))
                            .at(key.span)
                            .help(format!("it has {}", names.join(", ")))
                    })?
                }
                None => slots.iter().position(Option::is_none).ok_or_else(|| {
                    Diag::usage(format!("{} takes {} values, not {}", callee.name, names.len(), args.len()))
                        .at(self.definition.span_of(arg.value))
                })?,
            };
            if let Some(slot) = slots.get_mut(at)
                && slot.replace(arg).is_some()
            {
                let name = names.get(at).copied().unwrap_or("");
                return Err(
                    Diag::usage(format!("{name} is given twice")).at(self.definition.span_of(arg.value))
                );
            }
        }
        let (mut inputs, mut params) = (Vec::new(), Vec::new());
        for (at, (slot, name)) in slots.iter().zip(&names).enumerate() {
            let missing = || Diag::usage(format!("{} needs {name}", callee.name)).at(span);
            let param = at.checked_sub(callee.inputs.len()).and_then(|at| callee.params.get(at));
            match (param, slot) {
                (None, Some(arg)) => inputs.push(self.signal(arg, &callee.name)?),
                (None, None) => return Err(missing()),
                (Some(param), None) => params.push(param.default.ok_or_else(missing)?),
                (Some(param), Some(arg)) => {
                    let place = self.definition.span_of(arg.value);
                    let (value, ty) = self.constant(arg.value, &callee.name)?;
                    let own = param.unit.clone();
                    params.push(self.in_unit(value, &ty, &own, place).map_err(|_| {
                        let given = ty.unit.as_ref().map(Unit::to_string).unwrap_or_default();
                        Diag::usage(format!(
                            "units clash: {name} of {} is in {own}, not {given}",
                            callee.name
                        ))
                        .at(place)
                    })?);
                }
            }
        }
        Ok((inputs, params))
    }

    fn signal(&mut self, arg: &Argument, of: &str) -> Result<NodeId> {
        match self.expression(arg.value, None)? {
            Value::Signal(node) => Ok(node),
            Value::Constant(..) => {
                Err(Diag::usage(format!("{of} works on a signal, and this is a constant"))
                    .at(self.definition.span_of(arg.value)))
            }
        }
    }

    fn constant(&mut self, root: TermId, of: &str) -> Result<(f64, Typed)> {
        let ids = self.definition.own_terms(root);
        let calls = self.calls(&ids)?;
        let typed = self.typed(&ids, &calls, &|_| None)?;
        match typed.get(&root) {
            Some(Typed { constant: Some(value), truth: false, .. }) => {
                let ty = typed.get(&root).cloned().ok_or_else(|| Diag::compiler("define: a lost type"))?;
                Ok((*value, ty))
            }
            _ => Err(Diag::usage(format!("a parameter of {of} is a constant, and this depends on data"))
                .at(self.definition.span_of(root))),
        }
    }

    fn literal(&mut self, root: TermId, of: &str) -> Result<Literal> {
        let (value, ty) = self.constant(root, of)?;
        Ok(match ty.unit {
            Some(unit) if !ty.bare && !unit.is_none() => match typing::pure(&unit, false) {
                Some(scale) => Literal::Number(value * scale),
                None => Literal::Quantity(value, unit),
            },
            Some(_) | None => Literal::Number(value),
        })
    }

    /// The value of an expression at its own place, kept in F64 unless another type is asked for.
    fn expression(&mut self, root: TermId, dtype: Option<DType>) -> Result<Value> {
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

    /// What a term reads, if it is no constant and reads something.
    pub(crate) fn read(
        &mut self,
        id: TermId,
        calls: &HashMap<TermId, NodeId>,
        typed: &HashMap<TermId, Typed>,
    ) -> Result<Option<Read>> {
        if typed.get(&id).is_none_or(|t| t.constant.is_some()) {
            return Ok(None);
        }
        let (node, place, before) = match self.definition.terms.get(id).map(|term| &term.form) {
            Some(Form::Input(i, place)) => (self.inputs.get(*i).copied(), place, Some(0.0)),
            Some(Form::Equation(i, place)) => match self.variables.get(i) {
                Some(Variable { value: Value::Signal(node), before }) => (Some(*node), place, *before),
                _ => return Ok(None),
            },
            Some(Form::Call(..)) => (calls.get(&id).copied(), &Place::Here, Some(0.0)),
            Some(_) | None => return Ok(None),
        };
        let node = node.ok_or_else(|| Diag::compiler("define: a signal without a node"))?;
        let values = |name: &str| self.param(name);
        let lost = || Diag::compiler("define: a shift without a value");
        let at = match place {
            Place::Here => At::Here,
            Place::Time(shift) => match shift_of(shift, true, &values)?.ok_or_else(lost)? {
                0 => At::Here,
                by => At::Time(by),
            },
            Place::Channel(shift, edge) => match shift_of(shift, false, &values)?.ok_or_else(lost)? {
                0 => At::Here,
                by => At::Channel(by, *edge),
            },
        };
        if before.is_none() && matches!(at, At::Time(by) if by < 0) {
            return Err(Diag::usage(
                "only within its recurrence can this be read where its initial value depends on data",
            )
            .at(self.definition.span_of(id))
            .help("give a number or a parameter as its initial value"));
        }
        Ok(Some(Read { node, at, before: before.unwrap_or(0.0) }))
    }

    /// The node of a signal at another place.
    pub(crate) fn shifted(&mut self, read: &Read) -> Result<NodeId> {
        let (along, by, edge) = match read.at {
            At::Here => return Ok(read.node),
            At::Time(by) => (Role::Time, by, Edge::Zero),
            At::Channel(by, edge) => (Role::Channel, by, edge),
        };
        let signal = self.b.real(read.node)?.clone();
        let dtype = if signal.dtype == DType::F32 { DType::F32 } else { DType::F64 };
        let body = Expr::write(&[signal.dtype], |e| vec![e.tap(0, by).to(dtype)]);
        let unit = signal.unit.clone();
        let body = WindowBody::Stencil(body);
        let node = self.b.window(read.node, along, (by, by), 1, edge, body, unit.clone(), dtype)?;
        if read.before == 0.0 || along != Role::Time || by >= 0 {
            return Ok(node);
        }
        self.b.map(&[node], unit, dtype, |e| {
            let begun = e.index(Role::Time).ge(e.constant(-f64::from(by)));
            vec![begun.select(e.input(0), e.constant(read.before).to(dtype))]
        })
    }

    /// One window over all places of one signal.
    #[allow(clippy::too_many_arguments)]
    fn stencil(
        &mut self,
        ids: &[TermId],
        typed: &HashMap<TermId, Typed>,
        reads: &HashMap<TermId, Read>,
        along: Role,
        edge: Edge,
        unit: Unit,
        dtype: DType,
    ) -> Result<NodeId> {
        let tap = |read: &Read| match read.at {
            At::Here => 0,
            At::Time(by) | At::Channel(by, _) => by,
        };
        let (lo, hi) =
            reads.values().map(tap).fold((i32::MAX, i32::MIN), |(lo, hi), k| (lo.min(k), hi.max(k)));
        let Some(node) = reads.values().next().map(|read| read.node) else {
            return Err(Diag::compiler("define: a window of nothing"));
        };
        let definition = self.definition;
        let body = Expr::write(&[self.b.real(node)?.dtype], |e| {
            let leaf = |id: TermId| Some(e.tap(0, tap(reads.get(&id)?)).to(DType::F64));
            vec![write(definition, ids, typed, e, &leaf).unwrap_or_else(|| e.constant(0.0)).to(dtype)]
        });
        let span = ids.last().map_or(self.call, |id| definition.span_of(*id));
        let built = self.b.window(node, along, (lo, hi), 1, edge, WindowBody::Stencil(body), unit, dtype);
        built.map_err(|diag| at_term(diag, span))
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

/// The axis and edge, if all reads are of one signal along one axis and at least one is shifted.
fn one_window(reads: &HashMap<TermId, Read>) -> Option<(Role, Edge)> {
    let mut found: Option<(Role, Edge)> = None;
    let first = reads.values().next()?;
    for read in reads.values() {
        let here = match read.at {
            At::Here => None,
            At::Time(_) if read.before == 0.0 => Some((Role::Time, Edge::Zero)),
            At::Time(_) => return None,
            At::Channel(_, edge) => Some((Role::Channel, edge)),
        };
        if read.node != first.node || here.zip(found).is_some_and(|(a, b)| a != b) {
            return None;
        }
        found = found.or(here);
    }
    found
}

/// The place of a node in a list, where it is put if it is new.
pub(crate) fn position(nodes: &mut Vec<NodeId>, node: NodeId) -> usize {
    nodes.iter().position(|known| *known == node).unwrap_or_else(|| {
        nodes.push(node);
        nodes.len() - 1
    })
}
