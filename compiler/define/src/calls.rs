//! What an expression calls: other definitions, whose results stay F64, and operators, with the signals and constants given to them.

use std::collections::HashMap;

use dasc_ir::graph::NodeId;
use dasc_ir::literal::{Arg, Literal};
use dasc_ir::{Diag, Result, Span, Unit};

use crate::build::{Building, FOREIGN, MAX_NODES, Nesting, Value, nested, shown_at};
use crate::syntax::{Argument, Definition, Form, TermId};
use crate::typing::{self, Typed};
use crate::unrounded::unrounded;

impl Building<'_> {
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
        if self.b.graph().nodes.len() >= self.nesting.limit {
            return Err(Diag::usage(format!("the definition grows beyond {MAX_NODES} operations"))
                .at(span)
                .help("definitions that call definitions multiply: name a result once with an equation"));
        }
        let place = if span.source == FOREIGN { self.call } else { span };
        let library = self.library;
        if let Some(callee) = library.definition(name) {
            let (inputs, params) = self.passed(callee, args, span)?;
            let nesting = Nesting { depth: self.nesting.depth + 1, rounded: None, ..self.nesting };
            return nested(callee, library, self.b, &inputs, &params, place, nesting).map_err(|diag| {
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
        let node = library.operator(name, &given, place, self.b, x)?;
        unrounded(self.b, node)
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
                        .help(format!("the form is {}({})", callee.name, names.join(", ")))
                })?,
            };
            if let Some(slot) = slots.get_mut(at)
                && slot.replace(arg).is_some()
            {
                let name = names.get(at).copied().unwrap_or("");
                return Err(Diag::usage(format!("{name} is given twice"))
                    .at(self.definition.span_of(arg.value))
                    .help(format!("the form is {}({})", callee.name, names.join(", "))));
            }
        }
        let (mut inputs, mut params) = (Vec::new(), Vec::new());
        for (at, (slot, name)) in slots.iter().zip(&names).enumerate() {
            let missing = || {
                Diag::usage(format!("{} needs {name}", callee.name)).at(span).help(format!(
                    "the form is {}({})",
                    callee.name,
                    names.join(", ")
                ))
            };
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
                        .help(format!("give a value in {own}, or a number without a unit"))
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
                    .at(self.definition.span_of(arg.value))
                    .help("give it an input of the definition, or what is computed from one"))
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
                .at(self.definition.span_of(root))
                .help("give a number, or a parameter of the definition")),
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
}
