//! The Graph: what a pipeline means, as typed tensors and nine primitives.
//!
//! A value is a [`Signal`] (a time × inner × channel array, any of them absent) or a table of records. Axes are logical:
//! strides, padding and layout belong to buffers. The row index along time is the truth: row `i` of a signal lies
//! `origin + i * period` seconds after sample 0 of the record, and row indices stay absolute across gaps and chunks,
//! so every hop, block and frame is anchored to the record and not to whatever happened to be read together.
//!
//! Operators are functions that compose primitives with a [`Builder`]; nothing below this module knows an operator's name.

pub mod axis;
pub mod builder;
pub mod call;
pub mod expr;
pub mod facts;
pub mod interp;
pub mod prim;
pub mod quantile;
#[cfg(any(test, feature = "random"))]
pub mod random;
pub mod text;
pub mod verify;

use std::fmt;

pub use axis::{ChannelAxis, InnerAxis, InnerRole, Labels, Rows, Signal, TimeAxis, Type};
pub use builder::Builder;
pub use call::Call;
pub use expr::{Expr, ExprOp, Scalar};
pub use prim::{
    Edge, Emission, Init, Prim, Reduction, Role, Scope, Slant, StateVar, TransformKind, View, WindowBody,
};
pub use quantile::Quantile;

use crate::Span;

/// A node of the arena; inputs come before their users.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(pub u32);

impl NodeId {
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "%{}", self.0)
    }
}

/// A primitive applied to earlier nodes, with the operator and the place it came from.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    pub prim: Prim,
    pub inputs: Vec<NodeId>,
    pub ty: Type,
    /// The step of the script, `BANDPASS`.
    pub operator: String,
    pub span: Option<Span>,
}

/// A pipeline over one record.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Graph {
    pub nodes: Vec<Node>,
    /// What the outside observes, in the order of the script's sinks.
    pub outputs: Vec<NodeId>,
}

impl Graph {
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.index()]
    }

    pub fn ids(&self) -> impl DoubleEndedIterator<Item = NodeId> + use<> {
        (0..self.nodes.len() as u32).map(NodeId)
    }

    /// The signal type of a node that is not a table.
    pub fn signal(&self, id: NodeId) -> Option<&Signal> {
        match &self.node(id).ty {
            Type::Signal(signal) => Some(signal),
            Type::Table => None,
        }
    }

    /// For each node, who reads it.
    pub fn users(&self) -> Vec<Vec<NodeId>> {
        let mut users = vec![Vec::new(); self.nodes.len()];
        for id in self.ids() {
            for input in &self.node(id).inputs {
                users[input.index()].push(id);
            }
        }
        users
    }
}
