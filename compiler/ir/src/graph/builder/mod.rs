//! Composes primitives into a [`Graph`], inferring and checking types as it goes.
//!
//! Operators call these methods and nothing else. A user's mistake comes back as a [`Diag`] placed at the step being
//! built; the row arithmetic of every primitive stands here and nowhere else.

mod bank;
mod beside;
mod call;
mod correlate;
mod muted;
mod pointwise;
mod recall;
mod refusal;
mod rows;
mod slant;
mod transform;
mod view;
mod window;

use super::axis::{Signal, TimeAxis, Type};
use super::prim::{Emission, Prim, Role};
use super::{Graph, Node, NodeId};
use crate::{DType, Diag, Rational, Result, Span};

pub use bank::joined_stretch;
pub use beside::{Beside, Samples};
pub use rows::{bank_rows, div_ceil, frame_rows, intersect, slice_rows, window_rows};

#[derive(Debug, Default)]
pub struct Builder {
    graph: Graph,
    operator: String,
    span: Option<Span>,
    muted: muted::Muted,
    /// What steps say of themselves, each with the number of nodes there were.
    notes: Vec<(usize, String)>,
    recalled: recall::Recalled,
    beside: Option<std::sync::Arc<dyn Beside>>,
    models: Option<std::sync::Arc<dyn crate::model::Models>>,
}

/// A second-order section `b0 + b1 z⁻¹ + b2 z⁻² over 1 + a1 z⁻¹ + a2 z⁻²`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Section {
    pub b: [f64; 3],
    pub a: [f64; 2],
}

impl Builder {
    pub fn new() -> Builder {
        Builder::default()
    }

    /// Names the step that the following nodes belong to.
    pub fn enter(&mut self, operator: &str, span: Option<Span>) {
        self.operator = operator.to_string();
        self.span = span;
    }

    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    pub fn finish(mut self, outputs: Vec<NodeId>) -> Graph {
        self.graph.outputs = outputs;
        self.graph
    }

    /// The type of a signal.
    pub fn signal(&self, x: NodeId) -> Result<&Signal> {
        self.graph.signal(x).ok_or_else(|| self.diag("takes a signal, but is given a table of events"))
    }

    /// The type of a signal that must be real.
    pub fn real(&self, x: NodeId) -> Result<&Signal> {
        let signal = self.signal(x)?;
        if signal.dtype == DType::C32 {
            return Err(self.complex_input(signal));
        }
        Ok(signal)
    }

    /// The time axis, which the operator cannot do without.
    pub fn time(&self, x: NodeId) -> Result<&TimeAxis> {
        let signal = self.signal(x)?;
        signal.time.as_ref().ok_or_else(|| self.timeless_input(signal))
    }

    /// Samples per second of the input.
    pub fn rate(&self, x: NodeId) -> Result<f64> {
        Ok(1.0 / self.time(x)?.period.as_f64())
    }

    /// A user's mistake at the step being built: `BANDPASS <what>`.
    pub fn diag(&self, what: impl AsRef<str>) -> Diag {
        Diag::usage(format!("{} {}", self.operator, what.as_ref())).at(self.span)
    }

    pub fn source(&mut self, signal: Signal) -> NodeId {
        self.push(Prim::Source, vec![], Type::Signal(signal))
    }

    /// Numbers given now, as `[inner][channel][plane]`, in F32, F64 or C32, with a channel axis, an inner axis, both or neither. They
    /// combine with rows like a statistic, and cost no pass.
    pub fn constant(&mut self, signal: Signal, values: &[f64]) -> Result<NodeId> {
        let count = signal.inner_len() as usize * signal.channels() as usize * signal.planes() as usize;
        if signal.time.is_some() || !(signal.dtype.is_float() || signal.dtype == DType::C32) {
            return Err(Diag::compiler("a constant is real or complex and has no time axis"));
        }
        if values.len() != count {
            return Err(Diag::compiler(format!("a constant of {count} numbers is given {}", values.len())));
        }
        Ok(self.push(Prim::Constant(values.into()), vec![], Type::Signal(signal)))
    }

    /// Says something of the step being built that its nodes do not show: a bound of its error, what it took.
    pub fn note(&mut self, text: String) {
        self.notes.push((self.graph.nodes.len(), text));
    }

    /// What was noted while these nodes were built.
    pub fn notes(&self, nodes: &std::ops::Range<u32>) -> impl Iterator<Item = &str> {
        let within = |at: usize| (nodes.start as usize..nodes.end as usize).contains(&at);
        self.notes.iter().filter(move |(at, _)| within(*at)).map(|(_, text)| text.as_str())
    }

    /// Records of where a level exceeds a threshold.
    pub fn emit(&mut self, level: NodeId, emission: Emission) -> Result<NodeId> {
        let signal = self.signal(level)?;
        if signal.time.is_none() || signal.inner.is_some() || !signal.dtype.is_float() {
            return Err(Diag::compiler("a detection watches one real level per channel and row"));
        }
        Ok(self.push(Prim::Emit(emission), vec![level], Type::Table))
    }

    /// Says that row 0 lies at another instant than the window's centre, for instance in the middle of a block.
    pub fn shift_origin(&mut self, x: NodeId, seconds: Rational) {
        if let Type::Signal(Signal { time: Some(time), .. }) = &mut self.graph.nodes[x.index()].ty {
            time.origin = time.origin + seconds;
        }
    }

    /// Takes the node just built away again, leaving `before` nodes.
    pub(super) fn take(&mut self, built: NodeId, before: usize) -> Option<Node> {
        let node = self.graph.nodes.drain(before..).next_back();
        self.forget_from(before);
        node.filter(|_| built.index() == before)
    }

    /// Takes over a node that exists already, so that the nodes after it can be inferred from it.
    pub(super) fn adopt(&mut self, node: Node) {
        self.graph.nodes.push(node);
    }

    fn dtypes(&self, inputs: &[NodeId]) -> Result<Vec<DType>> {
        inputs.iter().map(|x| self.signal(*x).map(|s| s.dtype)).collect()
    }

    /// The axes of an elementwise combination.
    fn joined(&self, inputs: &[NodeId]) -> Result<Signal> {
        let mut joined = self.joined_rows(inputs)?;
        joined.inner = None;
        for input in inputs {
            if let Some(axis) = &self.signal(*input)?.inner {
                if joined.inner.as_ref().is_some_and(|a| a.len != axis.len) {
                    return Err(self.diag("joins branches with different frequencies"));
                }
                joined.inner.get_or_insert_with(|| axis.clone());
            }
        }
        Ok(joined)
    }

    /// The time and channel axes of signals at the same place; type, unit and inner axis are the first one's.
    fn joined_rows(&self, inputs: &[NodeId]) -> Result<Signal> {
        let mut joined = match inputs.first() {
            Some(first) => self.signal(*first)?.clone(),
            None => return Err(Diag::compiler("a map has no input")),
        };
        for input in &inputs[1..] {
            let other = self.signal(*input)?;
            match (&mut joined.time, &other.time) {
                (Some(a), Some(b)) if a.period == b.period && a.origin != b.origin => {
                    let message = format!(
                        "joins branches whose samples lie {:.9} s apart",
                        (b.origin - a.origin).as_f64()
                    );
                    return Err(self.diag(message).help("bring both branches to the same instants first"));
                }
                (Some(a), Some(b)) if a.period != b.period => {
                    let message = format!(
                        "joins branches sampled at {:.6} Hz and {:.6} Hz",
                        1.0 / a.period.as_f64(),
                        1.0 / b.period.as_f64()
                    );
                    return Err(self
                        .diag(message)
                        .help("bring both branches to one rate first, for instance with DECIMATE"));
                }
                // Rows that only one branch has do not exist in the result.
                (Some(a), Some(b)) => a.rows = intersect(&a.rows, &b.rows),
                (None, Some(b)) => joined.time = Some(b.clone()),
                (_, None) => {}
            }
            if let Some(axis) = &other.channel {
                if joined.channel.as_ref().is_some_and(|a| a.len != axis.len) {
                    return Err(self.diag("joins branches with different channels"));
                }
                joined.channel.get_or_insert_with(|| axis.clone());
            }
        }
        Ok(joined)
    }

    fn push_checked(&mut self, prim: Prim, inputs: Vec<NodeId>, signal: Signal) -> Result<NodeId> {
        if let Some(time) = &signal.time
            && time.rows.count() == Some(0)
        {
            return Err(self.nothing_left(&prim, &inputs));
        }
        Ok(self.push(prim, inputs, Type::Signal(signal)))
    }

    fn push(&mut self, prim: Prim, inputs: Vec<NodeId>, ty: Type) -> NodeId {
        let node = Node { prim, inputs, ty, operator: self.operator.clone(), span: self.span };
        self.graph.nodes.push(node);
        NodeId(self.graph.nodes.len() as u32 - 1)
    }
}

/// What an axis is called in a script.
pub const fn role_name(role: Role) -> &'static str {
    match role {
        Role::Time => "time",
        Role::Inner => "frequency",
        Role::Channel => "channel",
    }
}
