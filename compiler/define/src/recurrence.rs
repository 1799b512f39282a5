//! A recurrence: one scan with tuple state, of equations that need each other's earlier samples.
//!
//! A sample that is not finite counts as zero in the recurrence and gives NaN at its place, as in the filters. Where a recurrence that
//! is not linear makes a value that is not finite, that value is the result of its row and the state goes on from zero.

use std::collections::{BTreeMap, HashMap};

use dasc_ir::graph::expr::{Scalar, Writer};
use dasc_ir::graph::{Expr, Init, NodeId, StateVar};
use dasc_ir::{DType, Diag, Result, Unit};

use crate::build::{Building, Value, Variable, at_term};
use crate::linear::{Dependence, dependence, matrix};
use crate::reads::{At, Read, position};
use crate::stability::beyond_one;
use crate::structure::{Component, shift_of};
use crate::syntax::{Form, Place, TermId};
use crate::typing::{Typed, factor};
use crate::write::{needed, write};

/// Earlier samples that one recurrence may keep.
const MAX_STATE: usize = 128;

/// One equation of a recurrence.
struct Member {
    equation: usize,
    ids: Vec<TermId>,
    typed: HashMap<TermId, Typed>,
    unit: Unit,
    /// From the unit of the expression to that of the equation.
    factor: f64,
}

/// What a term of a recurrence stands for.
#[derive(Clone, Copy, Debug)]
enum Source {
    /// A member, so many samples back.
    Member(usize, usize),
    /// An input of the scan, so many samples back.
    Input(usize, usize),
}

/// What the state consists of: members' and inputs' earlier samples, newest first.
#[derive(Default)]
struct Layout {
    members: BTreeMap<usize, usize>,
    inputs: BTreeMap<usize, usize>,
    /// What an input was before the start.
    before: BTreeMap<usize, f64>,
}

impl Building<'_> {
    pub(crate) fn recurrence(&mut self, component: &Component, wanted: &[usize]) -> Result<()> {
        let mut calls = HashMap::new();
        let mut bodies = Vec::new();
        for &equation in &component.members {
            let Some(root) = self.definition.equations.get(equation).map(|e| e.value) else { continue };
            let ids = self.definition.own_terms(root);
            calls.extend(self.calls(&ids)?);
            bodies.push((equation, ids));
        }
        let members = self.units(&bodies, &calls)?;
        let mut nodes = Vec::new();
        let mut layout = Layout::default();
        let mut sources: HashMap<TermId, Source> = HashMap::new();
        for member in &members {
            let used = needed(self.definition, &member.ids, &member.typed);
            for &id in member.ids.iter().filter(|id| used.contains_key(id)) {
                let source = self.source(id, &members, &calls, &member.typed, &mut nodes, &mut layout);
                let source = source.map_err(|diag| diag.at(self.definition.span_of(id)))?;
                sources.extend(source.map(|source| (id, source)));
            }
        }
        self.refuse_too_much(&layout, component)?;
        let linear = self.refuse_growth(&members, &sources, &layout)?;
        let initial = self.initial(&members, &mut nodes)?;
        if nodes.is_empty() {
            nodes.extend(self.inputs.first());
        }
        let types: Vec<DType> =
            nodes.iter().map(|node| self.b.real(*node).map(|s| s.dtype)).collect::<Result<_>>()?;
        let state = self.state(&layout, &initial, &types)?;
        let kept = vec![DType::F64; state.len()];
        for (position, member) in members.iter().enumerate() {
            if !self.is_read_outside(member.equation, component, wanted) {
                continue;
            }
            let system =
                System { building: self, members: &members, sources: &sources, layout: &layout, linear };
            let step = Expr::write_scan(&types, &kept, |e| system.write(e, &types, position));
            let node = self.b.scan_expr(&nodes, state.clone(), member.unit.clone(), DType::F64, step);
            let span = self.definition.equations.get(member.equation).map_or(self.call, |e| e.span);
            let node = node.map_err(|diag| at_term(diag, span))?;
            let before = match initial.get(position) {
                Some(Start::Constant(value)) => Some(*value),
                Some(Start::Data { .. }) | None => None,
            };
            self.variables.insert(member.equation, Variable { value: Value::Signal(node), before });
        }
        Ok(())
    }

    /// Whether the result, or an equation outside of the recurrence, reads a member.
    fn is_read_outside(&self, member: usize, component: &Component, wanted: &[usize]) -> bool {
        let reads = |root: TermId| {
            self.definition.subtree(root).any(|id| {
                let form = self.definition.terms.get(id).map(|term| &term.form);
                matches!(form, Some(Form::Equation(i, _)) if *i == member)
            })
        };
        let others = self.definition.equations.iter().enumerate();
        let mut others = others.filter(|(i, _)| wanted.contains(i) && !component.members.contains(i));
        reads(self.definition.result) || others.any(|(_, e)| reads(e.value) || e.initial.is_some_and(reads))
    }

    /// The units of the members, by going round until nothing new is learnt, and their types.
    fn units(&self, bodies: &[(usize, Vec<TermId>)], calls: &HashMap<TermId, NodeId>) -> Result<Vec<Member>> {
        let mut units: HashMap<usize, Option<Unit>> = bodies.iter().map(|(i, _)| (*i, None)).collect();
        for _ in 0..=bodies.len() {
            let mut learnt = false;
            for (equation, ids) in bodies {
                if units.get(equation).is_some_and(Option::is_some) {
                    continue;
                }
                let typed = self.typed(ids, calls, &|i| units.get(&i).cloned())?;
                let ty = ids.last().and_then(|root| typed.get(root));
                let found = ty.filter(|ty| !ty.bare && !ty.truth).and_then(|ty| ty.unit.clone());
                if let Some(unit) = found {
                    units.insert(*equation, Some(self.tidy(unit)));
                    learnt = true;
                }
            }
            if !learnt {
                break;
            }
        }
        // A unit that follows from nothing else is that of an initial value, of an input, or none: the first that fits.
        let mut candidates = Vec::new();
        for (equation, _) in bodies {
            if let Some(initial) = self.definition.equations.get(*equation).and_then(|e| e.initial) {
                let ids = self.definition.own_terms(initial);
                let typed = self.typed(&ids, calls, &|i| units.get(&i).cloned())?;
                let ty = ids.last().and_then(|root| typed.get(root)).filter(|ty| !ty.bare);
                candidates.extend(ty.and_then(|ty| ty.unit.clone()));
            }
        }
        candidates.push(Unit::none());
        for input in self.inputs {
            candidates.push(self.b.real(*input)?.unit.clone());
        }
        let mut first = None;
        for candidate in candidates {
            let filled =
                units.iter().map(|(i, unit)| (*i, unit.clone().unwrap_or_else(|| candidate.clone())));
            match self.members(bodies, calls, &filled.collect()) {
                Ok(members) => return Ok(members),
                Err(diag) => first = first.or(Some(diag)),
            }
        }
        Err(first.unwrap_or_else(|| Diag::compiler("define: no unit to try")))
    }

    fn members(
        &self,
        bodies: &[(usize, Vec<TermId>)],
        calls: &HashMap<TermId, NodeId>,
        units: &HashMap<usize, Unit>,
    ) -> Result<Vec<Member>> {
        let mut members = Vec::with_capacity(bodies.len());
        for (equation, ids) in bodies {
            let typed = self.typed(ids, calls, &|i| units.get(&i).cloned().map(Some))?;
            let (Some(ty), Some(unit)) = (ids.last().and_then(|root| typed.get(root)), units.get(equation))
            else {
                return Err(Diag::compiler("define: an equation without a type"));
            };
            let root = ids.last().copied().unwrap_or(0);
            let span = self.definition.span_of(root);
            if ty.truth {
                return Err(Diag::usage("a condition is no value")
                    .at(span)
                    .help("turn it into one: IF condition THEN 1 ELSE 0"));
            }
            let given = ty.unit.clone().unwrap_or_else(Unit::none);
            let name = self.definition.equations.get(*equation).map_or("", |e| e.name.as_str());
            let factor = if ty.bare { Some(1.0) } else { factor(&given, unit) };
            let factor = factor.ok_or_else(|| {
                let symbol =
                    |unit: &Unit| if unit.symbol().is_empty() { "no unit".into() } else { unit.to_string() };
                Diag::usage(format!(
                    "units clash: `{name}` is in {}, its equation gives {}",
                    symbol(unit),
                    symbol(&given)
                ))
                .at(span)
                .label(format!("in {}", symbol(&given)))
                .help("multiply or divide by a quantity, such as dt or 1s, so that both are in one unit")
            })?;
            members.push(Member { equation: *equation, ids: ids.clone(), typed, unit: unit.clone(), factor });
        }
        Ok(members)
    }

    /// What a term reads within the recurrence. Nodes and delays are noted on the way.
    fn source(
        &mut self,
        id: TermId,
        members: &[Member],
        calls: &HashMap<TermId, NodeId>,
        typed: &HashMap<TermId, Typed>,
        nodes: &mut Vec<NodeId>,
        layout: &mut Layout,
    ) -> Result<Option<Source>> {
        if let Some(Form::Equation(i, place)) = self.definition.terms.get(id).map(|term| &term.form)
            && let Some(position) = members.iter().position(|member| member.equation == *i)
        {
            let values = |name: &str| self.param(name);
            let back = match place {
                Place::Time(shift) => shift_of(shift, true, &values)?.unwrap_or(0).unsigned_abs() as usize,
                Place::Here | Place::Channel(..) => 0,
            };
            let most = layout.members.entry(position).or_insert(0);
            *most = back.max(*most);
            return Ok(Some(Source::Member(position, back)));
        }
        let Some(read) = self.read(id, calls, typed)? else { return Ok(None) };
        let (node, back) = match read {
            Read { node, at: At::Time(by), .. } if by < 0 => (node, by.unsigned_abs() as usize),
            ref other => (self.shifted(other)?, 0),
        };
        let number = position(nodes, node);
        if back > 0 {
            let most = layout.inputs.entry(number).or_insert(0);
            *most = back.max(*most);
            layout.before.insert(number, read.before);
        }
        Ok(Some(Source::Input(number, back)))
    }

    fn refuse_too_much(&self, layout: &Layout, component: &Component) -> Result<()> {
        let count =
            layout.members.values().chain(layout.inputs.values()).fold(0usize, |n, k| n.saturating_add(*k));
        if count <= MAX_STATE {
            return Ok(());
        }
        let first = component.members.first().and_then(|i| self.definition.equations.get(*i));
        let span = first.map_or(self.call, |e| e.span);
        let text =
            format!("a recurrence keeps at most {MAX_STATE} earlier samples, but this one needs {count}");
        Err(Diag::usage(text).at(span).help("delay an input outside of the recurrence: w[t] = x[t-1000]"))
    }

    /// Whether the recurrence is linear; refuses it if it grows without bound.
    fn refuse_growth(
        &self,
        members: &[Member],
        sources: &HashMap<TermId, Source>,
        layout: &Layout,
    ) -> Result<bool> {
        let mut of: HashMap<usize, Dependence> = HashMap::new();
        for (position, member) in members.iter().enumerate() {
            let found =
                dependence(self.definition, &member.ids, &member.typed, &|id| match sources.get(&id) {
                    Some(Source::Member(other, 0)) => of.get(other).cloned().or(Some(Dependence::Nonlinear)),
                    Some(Source::Member(other, back)) => {
                        Some(Dependence::Linear(HashMap::from([((*other, *back), 1.0)])))
                    }
                    Some(Source::Input(..)) | None => Some(Dependence::Free),
                });
            let found = match found {
                Dependence::Linear(mut coefficients) => {
                    coefficients.values_mut().for_each(|c| *c *= member.factor);
                    Dependence::Linear(coefficients)
                }
                other => other,
            };
            of.insert(position, found);
        }
        let states: Vec<(usize, usize)> =
            layout.members.iter().flat_map(|(&m, &most)| (1..=most).map(move |back| (m, back))).collect();
        let Some(matrix) = matrix(&states, &of) else { return Ok(false) };
        let Some(magnitude) = beyond_one(&matrix) else { return Ok(true) };
        let first = members.iter().filter_map(|member| self.definition.equations.get(member.equation)).next();
        let (name, span) = first.map_or(("", self.call), |e| (e.name.as_str(), e.span));
        Err(Diag::usage(format!(
            "the recurrence of `{name}` grows without bound: an eigenvalue has the magnitude {}",
            (magnitude * 1e12).round() / 1e12
        ))
        .at(span)
        .label("unstable")
        .help("eigenvalues may not be beyond 1: feed back less of the earlier samples"))
    }

    /// What each member was before the start.
    fn initial(&mut self, members: &[Member], nodes: &mut Vec<NodeId>) -> Result<Vec<Start>> {
        let mut starts = Vec::with_capacity(members.len());
        for member in members {
            let Some(root) = self.definition.equations.get(member.equation).and_then(|e| e.initial) else {
                starts.push(Start::Constant(0.0));
                continue;
            };
            let ids = self.definition.own_terms(root);
            let typed = self.typed(&ids, &HashMap::new(), &|_| None)?;
            let span = self.definition.span_of(root);
            let ty =
                typed.get(&root).ok_or_else(|| Diag::compiler("define: an initial value without a type"))?;
            let factor = self.in_unit(1.0, ty, &member.unit, span)?;
            if let Some(value) = ty.constant {
                starts.push(Start::Constant(value * factor));
                continue;
            }
            let mut slots = HashMap::new();
            let used = needed(self.definition, &ids, &typed);
            for &id in ids.iter().filter(|id| used.contains_key(id)) {
                if let Some(read) = self.read(id, &HashMap::new(), &typed)? {
                    if read.at != At::Here {
                        return Err(Diag::usage("an initial value reads the first sample, no other")
                            .at(self.definition.span_of(id))
                            .help("write x[t] there: it is the sample the stretch begins with"));
                    }
                    slots.insert(id, position(nodes, read.node));
                }
            }
            starts.push(Start::Data { ids, typed, slots, factor });
        }
        Ok(starts)
    }

    /// The state variables: members' earlier samples, then inputs'.
    fn state(&self, layout: &Layout, initial: &[Start], types: &[DType]) -> Result<Vec<StateVar>> {
        let mut state = Vec::new();
        for (&member, &most) in &layout.members {
            let init = match initial.get(member) {
                None => Init::Value(0.0),
                Some(Start::Constant(value)) => Init::Value(*value),
                Some(Start::Data { ids, typed, slots, factor }) => Init::First(Expr::write(types, |e| {
                    let leaf = |id: TermId| {
                        let slot = *slots.get(&id)?;
                        Some(finite(e, e.input(slot).to(DType::F64), is_float(types, slot)).0)
                    };
                    let value = write(self.definition, ids, typed, e, &leaf);
                    vec![value.unwrap_or_else(|| e.constant(0.0)) * e.constant(*factor)]
                })),
            };
            state.extend((0..most).map(|_| StateVar { dtype: DType::F64, init: init.clone() }));
        }
        for (input, &most) in &layout.inputs {
            let before = layout.before.get(input).copied().unwrap_or(0.0);
            state.extend((0..most).map(|_| StateVar { dtype: DType::F64, init: Init::Value(before) }));
        }
        Ok(state)
    }
}

/// What a member was before the start.
enum Start {
    Constant(f64),
    /// An expression of the first samples.
    Data {
        ids: Vec<TermId>,
        typed: HashMap<TermId, Typed>,
        slots: HashMap<TermId, usize>,
        factor: f64,
    },
}

struct System<'a, 'b> {
    building: &'a Building<'b>,
    members: &'a [Member],
    sources: &'a HashMap<TermId, Source>,
    layout: &'a Layout,
    linear: bool,
}

impl System<'_, '_> {
    /// The next states, then the value of a member.
    fn write<'e>(&self, e: &'e Writer, types: &[DType], result: usize) -> Vec<Scalar<'e>> {
        let mut missing: Option<Scalar<'e>> = None;
        let mut read: BTreeMap<usize, Scalar<'e>> = BTreeMap::new();
        for (input, _) in types.iter().enumerate() {
            let used = self.sources.values().any(|s| matches!(s, Source::Input(i, _) if *i == input));
            if !used {
                continue;
            }
            let (x, flaw) = finite(e, e.input(input).to(DType::F64), is_float(types, input));
            read.insert(input, x);
            // An input that is only read at earlier places has its flaw there.
            let here = self.sources.values().any(|s| matches!(s, Source::Input(i, 0) if *i == input));
            if let (Some(flaw), true) = (flaw, here) {
                missing = Some(missing.map_or(flaw, |other| other + flaw));
            }
        }
        let (mut slot, mut member_states, mut input_states) = (0, BTreeMap::new(), BTreeMap::new());
        for (states, kept) in
            [(&mut member_states, &self.layout.members), (&mut input_states, &self.layout.inputs)]
        {
            for (&of, &most) in kept {
                let earlier: Vec<Scalar<'e>> = (slot..slot + most).map(|i| e.state(i)).collect();
                slot += most;
                states.insert(of, earlier);
            }
        }
        let zero = e.constant(0.0);
        let mut values: Vec<Scalar<'e>> = Vec::with_capacity(self.members.len());
        for member in self.members {
            let leaf = |id: TermId| {
                Some(match self.sources.get(&id)? {
                    Source::Member(other, 0) => *values.get(*other)?,
                    Source::Member(other, back) => *member_states.get(other)?.get(back - 1)?,
                    Source::Input(input, 0) => *read.get(input)?,
                    Source::Input(input, back) => *input_states.get(input)?.get(back - 1)?,
                })
            };
            let value = write(self.building.definition, &member.ids, &member.typed, e, &leaf).unwrap_or(zero);
            values.push(if member.factor == 1.0 { value } else { value * e.constant(member.factor) });
        }
        let mut next = Vec::with_capacity(slot + 1);
        for (of, earlier) in &member_states {
            let value = values.get(*of).copied().unwrap_or(zero);
            let value = if self.linear { value } else { finite(e, value, true).0 };
            next.extend(std::iter::once(value).chain(earlier.iter().copied()).take(earlier.len()));
        }
        for (of, earlier) in &input_states {
            let value = read.get(of).copied().unwrap_or(zero);
            next.extend(std::iter::once(value).chain(earlier.iter().copied()).take(earlier.len()));
        }
        let value = values.get(result).copied().unwrap_or(zero);
        next.push(missing.map_or(value, |missing| value + missing));
        next
    }
}

fn is_float(types: &[DType], input: usize) -> bool {
    types.get(input).is_some_and(|dtype| dtype.is_float())
}

/// The value, or zero where it is not finite; and what is zero for a finite value and NaN for any other.
fn finite<'e>(e: &'e Writer, x: Scalar<'e>, float: bool) -> (Scalar<'e>, Option<Scalar<'e>>) {
    if !float {
        return (x, None);
    }
    let zero = e.constant(0.0);
    let flaw = x * zero;
    (flaw.eq(zero).select(x, zero), Some(flaw))
}
