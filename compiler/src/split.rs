//! Which pass over the data can compute which node.
//!
//! A statistic along time is known when its pass ends, so whoever combines it with rows runs one pass later and
//! computes those rows again from the source. `DETREND | BANDPASS | NORMALIZE` is three passes for that reason. A quantile is known
//! after several: each finds a further digit of the number.

use dasc_ir::graph::quantile::Digits;
use dasc_ir::graph::{Graph, NodeId, Prim, Quantile, Reduction, Role, TransformKind, View};

/// For every node, the pass in which it is computed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Split {
    /// For a node with a time axis: the first pass that can compute its rows.
    /// For a statistic: the first pass that can read it (its own accumulation runs in the pass before).
    pub ready: Vec<u32>,
    pub passes: u32,
}

/// Whether a node needs all rows of its input before it can give its first.
pub fn waits_for_all(prim: &Prim) -> bool {
    match prim {
        prim if gives_whole(prim) => false,
        Prim::Reduce { along: Role::Time, .. } => true,
        prim if keeps_whole(prim) => true,
        Prim::Reduce { .. }
        | Prim::Transform { .. }
        | Prim::Source
        | Prim::Constant(_)
        | Prim::Map(_)
        | Prim::Scan { .. }
        | Prim::Window { .. }
        | Prim::View(_)
        | Prim::Correlate { .. }
        | Prim::Gather { .. }
        | Prim::Emit(_)
        | Prim::Call(_) => false,
    }
}

/// Whether a node gives all rows of a segment at once, from what is known of it: they are kept in the temporary store for the passes after.
pub fn gives_whole(prim: &Prim) -> bool {
    matches!(prim, Prim::Transform { kind: TransformKind::Inverse, along: Role::Time, .. })
}

/// The quantile along time that a node is: the passes before it is known each select a digit.
pub fn selected(prim: &Prim) -> Option<Quantile> {
    match prim {
        Prim::Reduce { along: Role::Time, how: Reduction::Quantile(quantile), .. } => Some(*quantile),
        _ => None,
    }
}

/// How a selection finds its numbers.
pub fn digits(graph: &Graph, id: NodeId) -> Option<Digits> {
    let node = graph.node(id);
    selected(&node.prim)?;
    graph.signal(*node.inputs.first()?).map(Digits::of)
}

/// Whether a node takes or gives all rows of a segment at once, which are kept in the temporary store.
pub fn keeps_whole(prim: &Prim) -> bool {
    match prim {
        Prim::Transform { along, .. } => *along == Role::Time,
        Prim::View(View::Reverse) => true,
        Prim::View(
            View::Slice { .. }
            | View::Frame { .. }
            | View::OverlapAdd { .. }
            | View::Extend { .. }
            | View::Widen { .. }
            | View::Join,
        )
        | Prim::Correlate { .. }
        | Prim::Reduce { .. }
        | Prim::Source
        | Prim::Constant(_)
        | Prim::Map(_)
        | Prim::Scan { .. }
        | Prim::Window { .. }
        | Prim::Gather { .. }
        | Prim::Emit(_)
        | Prim::Call(_) => false,
    }
}

/// Assigns passes to nodes.
pub fn split(graph: &Graph) -> Split {
    let mut ready: Vec<u32> = Vec::with_capacity(graph.nodes.len());
    for id in graph.ids() {
        let node = graph.node(id);
        let inputs = node.inputs.iter().map(|i| ready[i.index()]).max().unwrap_or(0);
        let passes = digits(graph, id).map_or(u32::from(waits_for_all(&node.prim)), Digits::passes);
        let at = inputs + passes;
        // Arithmetic among constants alone is done when the first pass ends, like that among statistics.
        let timeless = graph.signal(id).is_some_and(|s| s.time.is_none());
        let later = timeless && !matches!(node.prim, Prim::Constant(_)) || gives_whole(&node.prim);
        ready.push(if later { at.max(1) } else { at });
    }
    // The last pass is the last that an output, or an accumulation an output needs, runs in.
    let last = needed_by_outputs(graph).into_iter().map(|id| pass_of(graph, &ready, id)).max().unwrap_or(0);
    Split { ready, passes: last + 1 }
}

/// The pass during which a node's work is done, and its rows (if it has any) are handed out.
fn pass_of(graph: &Graph, ready: &[u32], id: NodeId) -> u32 {
    let at = ready[id.index()];
    let timeless = graph.signal(id).is_some_and(|s| s.time.is_none());
    if timeless { at.saturating_sub(1) } else { at }
}

/// All nodes that some output depends on.
pub fn needed_by_outputs(graph: &Graph) -> Vec<NodeId> {
    let mut needed = vec![false; graph.nodes.len()];
    for output in &graph.outputs {
        needed[output.index()] = true;
    }
    for id in graph.ids().rev() {
        if needed[id.index()] {
            for input in &graph.node(id).inputs {
                needed[input.index()] = true;
            }
        }
    }
    graph.ids().filter(|id| needed[id.index()]).collect()
}
