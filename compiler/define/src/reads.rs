//! Signals read at another sample or channel, as windows.

use std::collections::HashMap;

use dasc_ir::graph::{Edge, Expr, NodeId, Role, WindowBody};
use dasc_ir::{DType, Diag, Result, Unit};

use crate::build::{Building, Value, Variable, at_term};
use crate::structure::shift_of;
use crate::syntax::{Form, Place, TermId};
use crate::typing::Typed;
use crate::write::write;

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
    pub(crate) fn stencil(
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
}

/// The axis and edge, if all reads are of one signal along one axis and at least one is shifted.
pub(crate) fn one_window(reads: &HashMap<TermId, Read>) -> Option<(Role, Edge)> {
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
