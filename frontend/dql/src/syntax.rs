//! A script as written: statements with their words still undecided, loops not yet unrolled.

use dasc_ir::Span;

/// A stretch of text with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Spelled {
    pub text: String,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub enum Statement {
    /// `PARAM name: type = default "help"`.
    Param {
        name: Spelled,
        ty: Spelled,
        default: Option<Value>,
        help: Option<String>,
    },
    /// `LET name = value`. Without a value it is one that could not be read, so that uses of the name stay quiet.
    Let {
        name: Spelled,
        value: Option<Value>,
    },
    /// `FOR name IN values … END`.
    For {
        name: Spelled,
        over: Option<Value>,
        body: Vec<Statement>,
    },
    /// `FROM name, name`: the flow of the first with the events of all.
    From {
        names: Vec<Spelled>,
        span: Span,
    },
    /// `DEF NAME(x) = …`, bytes of its source; read when its turn comes.
    Def {
        source: u32,
        start: usize,
        end: usize,
    },
    /// `IMPORT 'definitions.dql'`.
    Import {
        path: Spelled,
    },
    Step(StepNode),
}

/// `KEYWORD argument KEY=argument AS name`. A broken one had a mistake in it that has been reported.
#[derive(Clone, Debug)]
pub struct StepNode {
    pub keyword: Spelled,
    pub args: Vec<ArgNode>,
    pub name: Option<Spelled>,
    pub span: Span,
    pub broken: bool,
}

#[derive(Clone, Debug)]
pub struct ArgNode {
    pub key: Option<Spelled>,
    pub value: Value,
}

#[derive(Clone, Debug)]
pub struct Value {
    pub form: Form,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub enum Form {
    /// Unquoted, as written.
    Word(String),
    /// Quoted, with the quotes taken off.
    Text(String),
    List(Vec<Value>),
    Call(String, Vec<Value>),
}
