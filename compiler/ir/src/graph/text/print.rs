//! Prints graphs.

use std::fmt::{self, Formatter, Result};

use super::expression::body;
use crate::Rational;
use crate::graph::prim::{
    Edge, Emission, Init, Prim, Reduction, Role, Scope, Slant, StateVar, TransformKind, View, WindowBody,
};
use crate::graph::{
    ChannelAxis, Expr, Graph, InnerAxis, InnerRole, Labels, Node, NodeId, Rows, Signal, TimeAxis, Type,
};

impl fmt::Display for Graph {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        for (id, node) in self.ids().zip(&self.nodes) {
            writeln!(f, "{id} = {node}")?;
        }
        writeln!(f, "out{}", list(&self.outputs))
    }
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{}", Applied(self))?;
        match &self.ty {
            Type::Signal(signal) => write!(f, " : {signal}")?,
            Type::Table => f.write_str(" : table")?,
        }
        if !self.operator.is_empty() || self.span.is_some() {
            write!(f, " @{:?}", self.operator)?;
        }
        match self.span {
            Some(span) => write!(f, " {}:{}..{}", span.source, span.start, span.end),
            None => Ok(()),
        }
    }
}

fn list(ids: &[NodeId]) -> String {
    let ids: Vec<String> = ids.iter().map(|id| format!(" {id}")).collect();
    ids.join(",")
}

/// The primitive with its inputs.
struct Applied<'a>(&'a Node);

impl fmt::Display for Applied<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let x = list(&self.0.inputs);
        match &self.0.prim {
            Prim::Source => f.write_str("source"),
            Prim::Constant(values) => write!(f, "constant {values:?}"),
            Prim::Map(expr) => write!(f, "map{x} {}", Body(expr)),
            Prim::Scan { state, step } => {
                write!(f, "scan{x} (")?;
                for (i, variable) in state.iter().enumerate() {
                    write!(f, "{}{}", if i == 0 { "" } else { ", " }, Variable(variable))?;
                }
                write!(f, ") {}", Body(step))
            }
            Prim::Window { along, lo, hi, hop, edge, body } => {
                write!(f, "window.{}{x} {lo}..={hi} hop {hop} edge {} ", role(*along), self::edge(*edge))?;
                match body {
                    WindowBody::Fold(how) => f.write_str(reduction(*how)),
                    WindowBody::Dot(coefficients) => write!(f, "dot {coefficients:?}"),
                    WindowBody::Bank(bank) => write!(f, "bank {bank:?}"),
                    WindowBody::Slant(Slant { reach, shifts, weights, squared }) => {
                        let of = if *squared { "squares " } else { "" };
                        write!(f, "slant {of}reach {reach} weights {weights:?} {shifts:?}")
                    }
                    WindowBody::Stencil(expr) => write!(f, "stencil {}", Body(expr)),
                    WindowBody::Rank(rank) => write!(f, "rank {rank}"),
                }
            }
            Prim::Reduce { along, how, scope } => {
                write!(f, "reduce.{}{x} {}", role(*along), reduction(*how))?;
                if let Reduction::Quantile(quantile) = how {
                    write!(f, " {:?}", quantile.fraction())?;
                }
                write!(f, " {}", self::scope(*scope))
            }
            Prim::View(View::Slice { along, start, stop, step }) => {
                write!(f, "slice.{}{x} {start}..{stop} step {step}", role(*along))
            }
            Prim::View(View::Frame { n, hop, lo, edge, padded }) => {
                let whole = if *edge == Edge::Zero && !padded { " whole" } else { "" };
                write!(f, "frame{x} {n} hop {hop} lo {lo} edge {}{whole}", self::edge(*edge))
            }
            Prim::View(View::OverlapAdd { hop, lo, weights }) => {
                write!(f, "overlap_add{x} hop {hop} lo {lo}")?;
                if weights.is_empty() { Ok(()) } else { write!(f, " weights {weights:?}") }
            }
            Prim::View(View::Widen { before, after, edge }) => {
                write!(f, "widen{x} before {before} after {after} edge {}", self::edge(*edge))
            }
            Prim::View(View::Join) => write!(f, "join{x}"),
            Prim::View(View::Extend { before, after, edge }) => {
                write!(f, "extend{x} before {before} after {after} edge {}", self::edge(*edge))
            }
            Prim::View(View::Reverse) => write!(f, "reverse{x}"),
            Prim::Transform { kind, along, n } => {
                write!(f, "fft.{}{x} {} {n}", role(*along), transform(*kind))
            }
            Prim::Correlate { lo, hi } => write!(f, "correlate{x} lags {lo}..={hi}"),
            Prim::Gather { channels } => write!(f, "gather{x} {channels:?}"),
            Prim::Emit(Emission { on, off, merge_seconds, merge_channels, detector }) => write!(
                f,
                "emit{x} {detector:?} on {on:?} off {off:?} merge {merge_seconds:?}s {merge_channels}"
            ),
            Prim::Call(call) => write!(f, "call{x} {}", super::call::Printed(call)),
        }
    }
}

struct Body<'a>(&'a Expr);

impl fmt::Display for Body<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{{ {} }}", body(self.0))
    }
}

struct Variable<'a>(&'a StateVar);

impl fmt::Display for Variable<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match &self.0.init {
            Init::Value(value) => write!(f, "{} = {value:?}", self.0.dtype),
            Init::First(expr) => write!(f, "{} = {}", self.0.dtype, Body(expr)),
        }
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let axes = [
            self.time.as_ref().map(ToString::to_string),
            self.inner.as_ref().map(ToString::to_string),
            self.channel.as_ref().map(ToString::to_string),
        ];
        let axes: Vec<String> = axes.into_iter().flatten().collect();
        write!(f, "{}[{}]", self.dtype, axes.join(", "))?;
        if self.unit.symbol().is_empty() { Ok(()) } else { write!(f, " {:?}", self.unit.symbol()) }
    }
}

impl fmt::Display for TimeAxis {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self.period.recip() {
            Some(rate) => write!(f, "time {rate}Hz")?,
            None => write!(f, "time {}s", self.period)?,
        }
        if self.origin != Rational::ZERO {
            write!(f, " from {}s", self.origin)?;
        }
        match &self.rows {
            Rows::From(start) => write!(f, " {start}.."),
            Rows::Segments(ranges) => ranges.iter().try_for_each(|(a, b)| write!(f, " {a}..{b}")),
        }
    }
}

impl fmt::Display for InnerAxis {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let InnerAxis { role, len, start, step, unit, positions } = self;
        write!(f, "{} {len} from {start:?} step {step:?} {:?}", inner_role(*role), unit.symbol())?;
        match positions {
            Some(positions) => write!(f, " positions {positions:?}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for ChannelAxis {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "ch {}", self.len)?;
        if (self.first, self.stride) != (0, 1) {
            write!(f, " first {} stride {}", self.first, self.stride)?;
        }
        if self.distance.to_bits() != 0 {
            write!(f, " at {:?}m", self.distance)?;
        }
        write!(f, " step {:?}m", self.spacing)?;
        if let Some(positions) = &self.positions {
            write!(f, " positions {positions:?}")?;
        }
        match &self.labels {
            Labels::Regular => Ok(()),
            Labels::Numbers(numbers) => write!(f, " numbers {numbers:?}"),
            Labels::Wavenumbers { block, of } => write!(f, " wavenumbers {block} of {of}"),
        }
    }
}

pub(super) const fn role(role: Role) -> &'static str {
    match role {
        Role::Time => "time",
        Role::Inner => "inner",
        Role::Channel => "channel",
    }
}

pub(crate) const fn edge(edge: Edge) -> &'static str {
    match edge {
        Edge::Valid => "valid",
        Edge::Zero => "zero",
        Edge::Cover => "cover",
        Edge::Nearest => "nearest",
        Edge::Reflect => "reflect",
        Edge::Mirror => "mirror",
        Edge::Odd => "odd",
    }
}

pub(super) const fn reduction(how: Reduction) -> &'static str {
    match how {
        Reduction::Sum => "sum",
        Reduction::Min => "min",
        Reduction::Max => "max",
        Reduction::Mean => "mean",
        Reduction::Std => "std",
        Reduction::Quantile(_) => "quantile",
    }
}

pub(super) const fn scope(scope: Scope) -> &'static str {
    match scope {
        Scope::Segment => "segment",
        Scope::Record => "record",
    }
}

pub(super) const fn transform(kind: TransformKind) -> &'static str {
    match kind {
        TransformKind::Forward => "forward",
        TransformKind::Inverse => "inverse",
        TransformKind::Analytic => "analytic",
    }
}

pub(super) const fn inner_role(role: InnerRole) -> &'static str {
    match role {
        InnerRole::Frequency => "frequency",
        InnerRole::Frame => "frame",
        InnerRole::Lag => "lag",
        InnerRole::Velocity => "velocity",
        InnerRole::Slowness => "slowness",
        InnerRole::Scale => "scale",
        InnerRole::Band => "band",
        InnerRole::Label => "label",
    }
}
