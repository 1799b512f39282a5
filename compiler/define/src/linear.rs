//! Whether a recurrence is linear, and the matrix of its state if it is.

use std::collections::HashMap;

use crate::syntax::{Binary, Definition, Form, TermId};
use crate::typing::Typed;

/// A term as a function of the recurrence's variables.
#[derive(Clone, Debug)]
pub enum Dependence {
    /// None.
    Free,
    /// Constant factors of earlier samples: variable and samples back.
    Linear(HashMap<(usize, usize), f64>),
    Nonlinear,
}

impl Dependence {
    fn times(self, factor: Option<f64>) -> Dependence {
        match (self, factor) {
            (Dependence::Free, _) => Dependence::Free,
            (Dependence::Linear(mut of), Some(factor)) => {
                of.values_mut().for_each(|coefficient| *coefficient *= factor);
                Dependence::Linear(of)
            }
            (Dependence::Linear(_) | Dependence::Nonlinear, _) => Dependence::Nonlinear,
        }
    }

    fn plus(self, other: Dependence) -> Dependence {
        match (self, other) {
            (Dependence::Nonlinear, _) | (_, Dependence::Nonlinear) => Dependence::Nonlinear,
            (Dependence::Free, other) => other,
            (this, Dependence::Free) => this,
            (Dependence::Linear(mut a), Dependence::Linear(b)) => {
                for (key, coefficient) in b {
                    *a.entry(key).or_insert(0.0) += coefficient;
                }
                Dependence::Linear(a)
            }
        }
    }
}

/// How the last of the terms depends on the variables; `variable` tells of a term that is one.
pub fn dependence(
    definition: &Definition,
    ids: &[TermId],
    typed: &HashMap<TermId, Typed>,
    variable: &dyn Fn(TermId) -> Option<Dependence>,
) -> Dependence {
    let mut all: HashMap<TermId, Dependence> = HashMap::with_capacity(ids.len());
    for &id in ids {
        let of = |id: &TermId| all.get(id).cloned().unwrap_or(Dependence::Nonlinear);
        let constant = |id: &TermId| typed.get(id).and_then(|t| t.constant);
        let factor = |at: usize| typed.get(&id).and_then(|t| t.factors.get(at)).copied().or(Some(1.0));
        let found = match definition.terms.get(id).map(|term| &term.form) {
            Some(Form::Negate(a)) => of(a).times(Some(-1.0)),
            Some(Form::Binary(Binary::Add, a, b)) => of(a).times(factor(0)).plus(of(b).times(factor(1))),
            Some(Form::Binary(Binary::Sub, a, b)) => {
                of(a).times(factor(0)).plus(of(b).times(factor(1).map(|f| -f)))
            }
            Some(Form::Binary(Binary::Mul, a, b)) => match (of(a), of(b)) {
                (Dependence::Free, other) => other.times(constant(a)),
                (this, Dependence::Free) => this.times(constant(b)),
                _ => Dependence::Nonlinear,
            },
            Some(Form::Binary(Binary::Div, a, b)) => match of(b) {
                Dependence::Free => of(a).times(constant(b).map(|b| 1.0 / b)),
                Dependence::Linear(_) | Dependence::Nonlinear => Dependence::Nonlinear,
            },
            Some(Form::Input(..) | Form::Equation(..)) => variable(id).unwrap_or(Dependence::Free),
            Some(Form::Not(_) | Form::Binary(..) | Form::If(..) | Form::Function(..)) => {
                let free = |id: TermId| matches!(all.get(&id), Some(Dependence::Free));
                if definition.operands(id).into_iter().all(free) {
                    Dependence::Free
                } else {
                    Dependence::Nonlinear
                }
            }
            Some(
                Form::Number(..)
                | Form::Name(..)
                | Form::Param(_)
                | Form::Period
                | Form::Word(_)
                | Form::Call(..),
            )
            | None => Dependence::Free,
        };
        all.insert(id, found);
    }
    ids.last().and_then(|id| all.remove(id)).unwrap_or(Dependence::Nonlinear)
}

/// The matrix over the states `(variable, samples back)`, given how each variable depends on them; `None` if one is not linear.
pub fn matrix(states: &[(usize, usize)], of: &HashMap<usize, Dependence>) -> Option<Vec<Vec<f64>>> {
    let mut rows = Vec::with_capacity(states.len());
    for &(variable, back) in states {
        rows.push(if back > 1 {
            states.iter().map(|state| f64::from(u8::from(*state == (variable, back - 1)))).collect()
        } else {
            match of.get(&variable)? {
                Dependence::Nonlinear => return None,
                Dependence::Free => vec![0.0; states.len()],
                Dependence::Linear(coefficients) => {
                    states.iter().map(|state| coefficients.get(state).copied().unwrap_or(0.0)).collect()
                }
            }
        });
    }
    Some(rows)
}
