//! Which equations depend on each other. Equations form a graph weighted by delay; each strongly connected component of it is one
//! recurrence, and every cycle needs a delay.

use dasc_ir::{Diag, Result, Span};

use crate::parse::checked_shift;
use crate::syntax::{Definition, Form, Place, Shift, TermId};

/// Equations that are computed together: a single one, or a recurrence.
#[derive(Clone, Debug, PartialEq)]
pub struct Component {
    /// In an order in which each needs only earlier ones of the same row.
    pub members: Vec<usize>,
    pub recursive: bool,
}

/// A parameter's value, where it is known.
pub type Values<'a> = &'a dyn Fn(&str) -> Option<f64>;

/// One equation reads another.
struct Edge {
    from: usize,
    to: usize,
    /// Samples back; negative ahead. `None` where a parameter says it that is not known yet.
    delay: Option<i64>,
    across: bool,
    within_call: bool,
    /// Read by the initial value, so once.
    initial: bool,
    span: Span,
}

/// The components in an order in which each needs only earlier ones. Refuses cycles without delay, and in a recurrence look-ahead,
/// channel shifts and operators on its members.
pub fn components(definition: &Definition, values: Values<'_>) -> Result<Vec<Component>> {
    let count = definition.equations.len();
    let edges = edges(definition, values)?;
    let reach = closure(count, edges.iter().map(|e| (e.from, e.to)));
    let together = |a: usize, b: usize| at(&reach, a, b) && at(&reach, b, a);
    for edge in edges.iter().filter(|edge| together(edge.from, edge.to)) {
        refuse_in_recurrence(definition, edge)?;
    }
    // A delay that is not known yet is at least one, or found out when it is; an initial value has none.
    let instant: Vec<&Edge> = edges.iter().filter(|e| e.delay == Some(0) && together(e.from, e.to)).collect();
    let at_once = closure(count, instant.iter().map(|e| (e.from, e.to)));
    if let Some(looping) = (0..count).find(|&i| at(&at_once, i, i)) {
        return Err(algebraic_loop(definition, &instant, looping));
    }
    let size = |matrix: &Vec<Vec<bool>>, i: usize| {
        matrix.get(i).map_or(0, |row| row.iter().filter(|reached| **reached).count())
    };
    let mut seen = vec![false; count];
    let mut components = Vec::new();
    for i in 0..count {
        if seen.get(i).copied().unwrap_or(true) {
            continue;
        }
        let mut members: Vec<usize> = (0..count).filter(|&j| j == i || together(i, j)).collect();
        for &member in &members {
            if let Some(slot) = seen.get_mut(member) {
                *slot = true;
            }
        }
        members.sort_by_key(|&j| size(&at_once, j));
        components.push(Component { members, recursive: at(&reach, i, i) });
    }
    // Whoever depends on a component reaches more than it does.
    components
        .sort_by_key(|c| c.members.first().map_or(0, |&i| size(&reach, i) + usize::from(!at(&reach, i, i))));
    Ok(components)
}

/// The samples or channels of a shift, negative back and below.
pub fn shift_of(shift: &Shift, along_time: bool, values: Values<'_>) -> Result<Option<i32>> {
    match shift {
        Shift::By(by) => Ok(Some(*by)),
        Shift::Param { name, back } => match values(&name.text) {
            Some(value) => checked_shift(value, *back, along_time, name.span).map(Some),
            None => Ok(None),
        },
    }
}

fn edges(definition: &Definition, values: Values<'_>) -> Result<Vec<Edge>> {
    let mut edges = Vec::new();
    for (from, equation) in definition.equations.iter().enumerate() {
        let own = definition.own_terms(equation.value);
        let mut next = own.iter().copied().peekable();
        for id in definition.subtree(equation.value) {
            let within_call = next.next_if_eq(&id).is_none();
            let Some(Form::Equation(to, place)) = definition.terms.get(id).map(|term| &term.form) else {
                continue;
            };
            let (delay, across) = match place {
                Place::Here => (Some(0), false),
                Place::Time(shift) => (shift_of(shift, true, values)?.map(|by| -i64::from(by)), false),
                Place::Channel(..) => (Some(0), true),
            };
            let span = definition.span_of(id);
            edges.push(Edge { from, to: *to, delay, across, within_call, initial: false, span });
        }
        if let Some(initial) = equation.initial {
            refuse_recursive_initial(definition, from, initial)?;
            for id in definition.subtree(initial) {
                if let Some(Form::Equation(to, _)) = definition.terms.get(id).map(|term| &term.form) {
                    let (delay, span) = (None, definition.span_of(id));
                    let (across, within_call) = (false, false);
                    edges.push(Edge { from, to: *to, delay, across, within_call, initial: true, span });
                }
            }
        }
    }
    Ok(edges)
}

/// An initial value is made of constants and of inputs at the first sample.
fn refuse_recursive_initial(definition: &Definition, from: usize, initial: TermId) -> Result<()> {
    for id in definition.subtree(initial) {
        let what = match definition.terms.get(id).map(|term| &term.form) {
            Some(Form::Equation(i, _)) if *i == from => "its own equation",
            Some(Form::Input(_, Place::Time(_) | Place::Channel(..))) => "a shifted input",
            Some(Form::Call(..)) => "an operator",
            _ => continue,
        };
        let name = definition.equations.get(from).map_or("", |e| e.name.as_str());
        return Err(Diag::usage(format!("the initial value of `{name}` cannot come from {what}"))
            .at(definition.span_of(id))
            .help("it is made of numbers, parameters and inputs, which stand for their first samples"));
    }
    Ok(())
}

fn refuse_in_recurrence(definition: &Definition, edge: &Edge) -> Result<()> {
    let name = |i: usize| definition.equations.get(i).map_or("", |e| e.name.as_str());
    let (from, to) = (name(edge.from), name(edge.to));
    let with = if from == to { String::new() } else { format!(" (it depends on `{from}` in turn)") };
    let diag = if edge.initial {
        Diag::usage(format!(
            "the initial value of `{from}` cannot come from `{to}`, which depends on `{from}`"
        ))
        .help("it is made of numbers, parameters and inputs, which stand for their first samples")
    } else if edge.within_call {
        Diag::usage(format!("an operator cannot work on `{to}` within the recurrence that makes it{with}"))
            .help(
                "inside a recurrence only functions of one sample can be applied; put the operator after it",
            )
    } else if edge.across {
        Diag::usage(format!("`{to}` is read at another channel within the recurrence that makes it{with}"))
            .help(
                "recurrences run along time, each channel by itself; smooth the channels before or after it",
            )
    } else if edge.delay.is_some_and(|delay| delay < 0) {
        Diag::usage(format!("`{to}` looks ahead within the recurrence that makes it{with}"))
            .help(format!("a recurrence knows only earlier samples: {to}[t-1]"))
    } else {
        return Ok(());
    };
    Err(diag.at(edge.span))
}

/// The mistake, with the cycle: `a → b → a`.
fn algebraic_loop(definition: &Definition, edges: &[&Edge], start: usize) -> Diag {
    // Breadth first, so that the cycle is as short as can be.
    let mut came: Vec<Option<usize>> = vec![None; definition.equations.len()];
    let mut queue = std::collections::VecDeque::from([start]);
    let mut last = None;
    'search: while let Some(here) = queue.pop_front() {
        for (number, edge) in edges.iter().enumerate().filter(|(_, e)| e.from == here) {
            if edge.to == start {
                last = Some(number);
                break 'search;
            }
            if let Some(slot @ None) = came.get_mut(edge.to) {
                *slot = Some(number);
                queue.push_back(edge.to);
            }
        }
    }
    let mut path = Vec::new();
    let mut step = last;
    while let Some(edge) = step.and_then(|number| edges.get(number)) {
        path.push(*edge);
        step = if edge.from == start { None } else { came.get(edge.from).copied().flatten() };
    }
    path.reverse();
    let name = |i: usize| definition.equations.get(i).map_or("", |e| e.name.as_str());
    let mut names: Vec<&str> = path.iter().take(12).map(|edge| name(edge.from)).collect();
    if path.len() > 12 {
        names.push("…");
    }
    names.push(name(start));
    let mut diag = Diag::usage(format!("algebraic loop: {}", names.join(" → ")))
        .at(path.first().map_or(definition.span, |edge| edge.span))
        .label("needed before it is known");
    for edge in path.iter().skip(1).take(3) {
        diag = diag.related(edge.span, "and here");
    }
    diag.help(format!("at least one step of the cycle needs a delay: {}[t-1]", name(start)))
}

/// Which equations each one reaches in one step or more.
fn closure(count: usize, edges: impl Iterator<Item = (usize, usize)>) -> Vec<Vec<bool>> {
    let mut next = vec![Vec::new(); count];
    for (from, to) in edges {
        if let Some(list) = next.get_mut(from) {
            list.push(to);
        }
    }
    (0..count)
        .map(|start| {
            let mut row = vec![false; count];
            let mut stack = vec![start];
            while let Some(here) = stack.pop() {
                for &to in next.get(here).into_iter().flatten() {
                    if let Some(slot @ false) = row.get_mut(to) {
                        *slot = true;
                        stack.push(to);
                    }
                }
            }
            row
        })
        .collect()
}

fn at(matrix: &[Vec<bool>], row: usize, column: usize) -> bool {
    matrix.get(row).and_then(|row| row.get(column)).copied().unwrap_or(false)
}
