//! What a kernel is given beside streams: statistics, and the parameters of the segment.

use dasc_compiler::plan::{Binding, ScopeValue};
use dasc_ir::graph::{Graph, NodeId, Scope};
use dasc_ir::kernel::BufferAt;

use crate::block::Prepared;
use crate::statistics::Stored;

/// Addresses of statistics, per block.
pub(crate) struct Places(pub Vec<Vec<Option<BufferAt>>>);

// SAFETY: blocks read statistics, and write only lanes of their own.
unsafe impl Sync for Places {}

impl Places {
    pub fn of(&self, block: usize) -> &[Option<BufferAt>] {
        &self.0[block]
    }
}

/// Whether an accumulation is over the whole record.
pub(crate) fn over_record(prepared: &Prepared, reduce: usize, scopes: &[Scope]) -> bool {
    prepared.stage.kernel.reduces[reduce].outputs.iter().any(|b| match prepared.stage.bindings[b.index()] {
        Binding::Statistic(s) => scopes[s as usize] == Scope::Record,
        Binding::Stream(_) | Binding::Strided(_) | Binding::Local => false,
    })
}

/// Where the statistics lie that a kernel's buffers are, from a lane on.
pub(crate) fn constants(
    prepared: &Prepared,
    statistics: &mut [Stored],
    segment: usize,
    lane0: usize,
) -> Vec<Option<BufferAt>> {
    let bindings = prepared.stage.bindings.iter().zip(&prepared.stage.kernel.buffers);
    bindings
        .map(|(binding, buffer)| match binding {
            Binding::Statistic(s) => {
                let lane = if buffer.lanes == dasc_ir::kernel::Lanes::Block { lane0 } else { 0 };
                Some(statistics[*s as usize].at(segment, lane))
            }
            Binding::Stream(_) | Binding::Strided(_) | Binding::Local => None,
        })
        .collect()
}

/// The kernel's parameters with those of the segment filled in.
pub(crate) fn params(prepared: &Prepared, graph: &Graph, segment: usize) -> Vec<f64> {
    let mut params = prepared.stage.kernel.params.clone();
    for scope in &prepared.stage.scope_params {
        params[scope.slot as usize] = match scope.of {
            ScopeValue::Start(node) => rows_of(graph, node, segment).0 as f64,
            ScopeValue::Len(node) => {
                let (start, stop) = rows_of(graph, node, segment);
                (stop - start) as f64
            }
            ScopeValue::Total(node) => total(graph, node) as f64,
        };
    }
    params
}

fn rows_of(graph: &Graph, node: NodeId, segment: usize) -> (i64, i64) {
    dasc_compiler::rows_of(graph, node).get(segment).copied().unwrap_or((0, 0))
}

fn total(graph: &Graph, node: NodeId) -> u64 {
    graph.signal(node).and_then(|s| s.time.as_ref()).and_then(|t| t.rows.count()).unwrap_or(0)
}
