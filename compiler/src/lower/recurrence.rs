//! Recurrences in a loop: their state is carried from row to row.

use dasc_ir::graph::{Expr, Graph, Init, NodeId, Prim, StateVar};
use dasc_ir::kernel::{Instr, Val};
use dasc_ir::scalar::Binary;
use dasc_ir::{DType, Diag, Result};

use super::body::Body;
use super::kernel::Builder;

/// A scan that has been lowered: its state before each row and after it.
pub(super) struct Recurrence {
    node: NodeId,
    before: Vec<Val>,
    next: Vec<Val>,
}

impl Body {
    /// Scans that differ in their results alone are one recurrence: they share its state, and what they compute alike is computed once.
    pub fn scan(
        &mut self,
        builder: &mut Builder,
        id: NodeId,
        state: &[StateVar],
        step: &Expr,
    ) -> Result<Vec<Val>> {
        let graph = builder.context.task.scope.graph;
        let same = self.recurrences.iter().position(|other| same_recurrence(graph, other.node, id));
        if let Some(other) = same.and_then(|at| self.recurrences.get(at)) {
            let (before, expected) = (other.before.clone(), other.next.clone());
            let results = self.expression(builder, id, step, &before)?;
            let (next, values) = results.split_at(state.len());
            // Equal instructions are found again, so equal states are the same values, to the last bit.
            if next == expected {
                return Ok(values.to_vec());
            }
        }
        let mut carries = Vec::with_capacity(state.len());
        let mut before = Vec::with_capacity(state.len());
        for (k, var) in state.iter().enumerate() {
            let init = if let Init::Value(value) = var.init { value } else { 0.0 };
            let carry = builder.carry(format!("{id}.{k}"), var.dtype, self.inner, init);
            let mut value = self.put(Instr::Carry(carry));
            if let Init::First(expr) = &var.init {
                let first = self.expression(builder, id, expr, &[])?;
                let first =
                    *first.first().ok_or_else(|| Diag::compiler("lower: an initial state without value"))?;
                let index = self.time_index(builder, id)?;
                let zero = self.constant(builder, 0.0, DType::F64);
                let mask = self.put(Instr::Binary { op: Binary::Eq, a: index, b: zero });
                value = self.put(Instr::Select { mask, a: first, b: value });
            }
            carries.push(carry);
            before.push(value);
        }
        let results = self.expression(builder, id, step, &before)?;
        let (next, values) = results.split_at(state.len());
        for (&carry, &value) in carries.iter().zip(next) {
            self.put(Instr::SetCarry { carry, value });
        }
        self.recurrences.push(Recurrence { node: id, before, next: next.to_vec() });
        Ok(values.to_vec())
    }
}

/// Whether two scans of the same inputs go through the same states.
fn same_recurrence(graph: &Graph, one: NodeId, other: NodeId) -> bool {
    let (one, other) = (graph.node(one), graph.node(other));
    let (Prim::Scan { state, step }, Prim::Scan { state: states, step: steps }) = (&one.prim, &other.prim)
    else {
        return false;
    };
    let (next, nexts) = (step.results.get(..state.len()), steps.results.get(..states.len()));
    let written = next.and_then(|next| next.iter().max()).map_or(0, |last| *last as usize + 1);
    one.inputs == other.inputs
        && state == states
        && next == nexts
        && step.ops.get(..written) == steps.ops.get(..written)
}
