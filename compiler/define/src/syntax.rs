//! A definition as parsed. Expressions lie in one arena in which operands come before their users, so that walking one is a loop and
//! no depth of a text can exhaust the stack.

use std::ops::RangeInclusive;

use dasc_ir::graph::Edge;
use dasc_ir::{Span, Unit};

/// A stretch of text with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Spelled {
    pub text: String,
    pub span: Span,
}

/// `DEF NAME(x, p: unit > 0 = literal) = e WHERE …`.
#[derive(Clone, Debug, PartialEq)]
pub struct Definition {
    /// In capitals.
    pub name: String,
    /// Of the name.
    pub span: Span,
    pub inputs: Vec<Spelled>,
    pub params: Vec<Param>,
    pub terms: Vec<Term>,
    pub result: TermId,
    pub equations: Vec<Equation>,
    /// The lines of comment above it.
    pub doc: Vec<String>,
}

/// A constant that the caller gives.
#[derive(Clone, Debug, PartialEq)]
pub struct Param {
    pub name: String,
    pub span: Span,
    pub unit: Unit,
    /// Whether only values above 0 are taken: `p: unit > 0`.
    pub positive: bool,
    /// In the parameter's unit.
    pub default: Option<f64>,
}

/// `v[t] = e`, with `v[t<0] = e` if there is one.
#[derive(Clone, Debug, PartialEq)]
pub struct Equation {
    pub name: String,
    pub span: Span,
    pub value: TermId,
    pub initial: Option<TermId>,
}

pub type TermId = usize;

/// A node of an expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Term {
    pub form: Form,
    pub span: Span,
    /// The first term of its subtree, which is `first ..= own`.
    pub first: TermId,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Form {
    /// A bare number has no unit and takes that of what it is added to or compared with.
    Number(f64, Option<Unit>),
    /// A name, until it is looked up.
    Name(String, Place),
    Input(usize, Place),
    Param(usize),
    Equation(usize, Place),
    /// The sample period.
    Period,
    /// A bare word or a text given to an operator.
    Word(String),
    Negate(TermId),
    Not(TermId),
    Binary(Binary, TermId, TermId),
    If(TermId, TermId, TermId),
    Function(Function, Vec<TermId>),
    /// An operator or another definition; the first argument is what it works on.
    Call(String, Vec<Argument>),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Argument {
    pub key: Option<Spelled>,
    pub value: TermId,
}

/// Where a name is read, relative to the place being computed.
#[derive(Clone, Debug, PartialEq)]
pub enum Place {
    Here,
    /// `[t - k]` is −k.
    Time(Shift),
    Channel(Shift, Edge),
}

/// A whole number, or a parameter that is one.
#[derive(Clone, Debug, PartialEq)]
pub enum Shift {
    By(i32),
    Param { name: Spelled, back: bool },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binary {
    Add,
    Sub,
    Mul,
    Div,
    Pow,
    Lt,
    Le,
    Gt,
    Ge,
    Eq,
    Ne,
    And,
    Or,
}

/// Functions of one sample, written in small letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Function {
    Abs,
    Sqrt,
    Exp,
    Log,
    Log10,
    Sin,
    Cos,
    Floor,
    Ceil,
    Min,
    Max,
}

impl Function {
    pub const ALL: [(&'static str, Function); 11] = [
        ("abs", Function::Abs),
        ("sqrt", Function::Sqrt),
        ("exp", Function::Exp),
        ("log", Function::Log),
        ("log10", Function::Log10),
        ("sin", Function::Sin),
        ("cos", Function::Cos),
        ("floor", Function::Floor),
        ("ceil", Function::Ceil),
        ("min", Function::Min),
        ("max", Function::Max),
    ];

    pub fn named(name: &str) -> Option<Function> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|(_, function)| *function)
    }

    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, function)| *function == self).map_or("", |(name, _)| name)
    }

    /// Whether it takes two values or more; the others take one.
    pub const fn folds(self) -> bool {
        matches!(self, Function::Min | Function::Max)
    }
}

impl Definition {
    /// The terms of an expression that are evaluated at its place, in order: those within the arguments of operators are left out.
    pub fn own_terms(&self, root: TermId) -> Vec<TermId> {
        let range = self.subtree(root);
        let mut needed = vec![false; range.end() - range.start() + 1];
        let first = *range.start();
        let mark = |needed: &mut Vec<bool>, id: TermId| {
            if let Some(slot) = id.checked_sub(first).and_then(|at| needed.get_mut(at)) {
                *slot = true;
            }
        };
        mark(&mut needed, root);
        for id in range.clone().rev() {
            if needed.get(id - first).copied().unwrap_or(false) {
                self.operands(id).into_iter().for_each(|operand| mark(&mut needed, operand));
            }
        }
        range.filter(|id| needed.get(id - first).copied().unwrap_or(false)).collect()
    }

    /// All terms of an expression, those within the arguments of operators too.
    pub fn subtree(&self, root: TermId) -> RangeInclusive<TermId> {
        self.terms.get(root).map_or(root, |term| term.first)..=root
    }

    /// What a term is computed from at its own place.
    pub fn operands(&self, id: TermId) -> Vec<TermId> {
        match self.terms.get(id).map(|term| &term.form) {
            Some(Form::Negate(a) | Form::Not(a)) => vec![*a],
            Some(Form::Binary(_, a, b)) => vec![*a, *b],
            Some(Form::If(c, a, b)) => vec![*c, *a, *b],
            Some(Form::Function(_, args)) => args.clone(),
            Some(
                Form::Number(..)
                | Form::Name(..)
                | Form::Input(..)
                | Form::Param(_)
                | Form::Equation(..)
                | Form::Period
                | Form::Word(_)
                | Form::Call(..),
            )
            | None => Vec::new(),
        }
    }

    pub fn span_of(&self, id: TermId) -> Span {
        self.terms.get(id).map_or(self.span, |term| term.span)
    }
}
