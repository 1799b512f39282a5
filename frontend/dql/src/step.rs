//! What a script becomes: a flat list of steps in order, every name looked up and every loop unrolled.

use std::fmt;

use dasc_define::Definitions;
use dasc_ir::Span;
use dasc_ir::literal::{Arg, Literal};
use dasc_ir::operator::Schema;

/// An expanded script.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Program {
    pub params: Vec<ParamDecl>,
    pub steps: Vec<Step>,
    /// What its `DEF`s define, those of imported files too. A step's keyword may be one of them.
    pub definitions: Definitions,
}

/// One statement or operator, with its arguments as literals.
#[derive(Clone, Debug)]
pub struct Step {
    /// Position in [`Program::steps`].
    pub index: usize,
    /// In capitals, as in the schema.
    pub keyword: String,
    pub schema: &'static Schema,
    /// The keyword and its arguments.
    pub span: Span,
    /// The arguments in the order written. Flags that were merely named stand here as `KEY=TRUE`, and a path
    /// that was given by position to an optional parameter stands here with its key,
    /// so that the operator's `from_args` takes them as they are.
    pub args: Vec<Arg>,
    /// The step whose flow this one takes: always an earlier one. `None` for statements that begin a flow.
    /// A sink hands on what it was given, so a step may follow one.
    pub input: Option<usize>,
    /// Flows given by name among the arguments, with the steps they come from: further inputs of a definition.
    pub branches: Vec<(String, usize)>,
    /// Flows whose events join those of `input`, with the steps they come from: the further names after `FROM`.
    pub joined: Vec<(String, usize)>,
    /// The (first) name after `FROM`, where the step begins a branch.
    pub from: Option<(String, Span)>,
    /// The name after `AS`: unique in the program.
    pub name: Option<(String, Span)>,
    /// The loop variables in force, outermost first, with what `{b}` stands for in a file name.
    pub bindings: Vec<(String, String)>,
}

impl PartialEq for Step {
    fn eq(&self, other: &Step) -> bool {
        std::ptr::eq(self.schema, other.schema)
            && (self.index, &self.keyword, self.span) == (other.index, &other.keyword, other.span)
            && (&self.args, self.input, &self.from) == (&other.args, other.input, &other.from)
            && (&self.branches, &self.joined) == (&other.branches, &other.joined)
            && (&self.name, &self.bindings) == (&other.name, &other.bindings)
    }
}

/// `PARAM day: date = 2024-05-01 "the day to read"`.
#[derive(Clone, Debug, PartialEq)]
pub struct ParamDecl {
    pub name: String,
    pub span: Span,
    pub ty: ParamType,
    pub default: Option<Literal>,
    pub help: Option<String>,
    /// What the run uses: the value given with `--set`, or the default.
    pub value: Option<Literal>,
}

/// What a `PARAM` accepts. A bare number given to one with a unit takes that unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParamType {
    Number,
    Integer,
    Text,
    Path,
    Date,
    Duration,
    Frequency,
    Distance,
    Level,
    Range,
    List,
}

impl ParamType {
    pub const ALL: [(&'static str, ParamType); 11] = [
        ("number", ParamType::Number),
        ("int", ParamType::Integer),
        ("text", ParamType::Text),
        ("path", ParamType::Path),
        ("date", ParamType::Date),
        ("duration", ParamType::Duration),
        ("frequency", ParamType::Frequency),
        ("distance", ParamType::Distance),
        ("level", ParamType::Level),
        ("range", ParamType::Range),
        ("list", ParamType::List),
    ];

    pub fn named(word: &str) -> Option<ParamType> {
        Self::ALL.iter().find(|(name, _)| name.eq_ignore_ascii_case(word)).map(|(_, ty)| *ty)
    }

    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, ty)| *ty == self).map_or("", |(name, _)| name)
    }
}

/// The program as `check` and the tests show it: one step a line.
impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for param in &self.params {
            write!(f, "param {}: {}", param.name, param.ty.name())?;
            if let Some(value) = &param.value {
                write!(f, " = {value}")?;
            }
            writeln!(f, "{}", param.help.as_ref().map(|help| format!("  # {help}")).unwrap_or_default())?;
        }
        for definition in self.definitions.iter() {
            writeln!(f, "define {}", dasc_define::schema(definition).signature())?;
        }
        self.steps.iter().try_for_each(|step| writeln!(f, "{step}"))
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.index)?;
        if let Some(input) = self.input {
            write!(f, "{input}")?;
            self.joined.iter().try_for_each(|(_, step)| write!(f, ", {step}"))?;
            f.write_str(" -> ")?;
        }
        f.write_str(&self.keyword)?;
        for arg in &self.args {
            match &arg.key {
                Some((key, _)) => write!(f, " {}={}", key.to_uppercase(), arg.value)?,
                None => write!(f, " {}", arg.value)?,
            }
        }
        if let Some((name, _)) = &self.name {
            write!(f, " AS {name}")?;
        }
        self.bindings.iter().try_for_each(|(name, value)| write!(f, "  {{{name}: {value}}}"))
    }
}
