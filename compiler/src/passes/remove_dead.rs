//! Drops nodes that no output needs.

use dasc_ir::Result;
use dasc_ir::graph::{Graph, NodeId};

use crate::split::needed_by_outputs;

/// Keeps the nodes that some output depends on, in their order.
pub fn remove_dead(graph: &mut Graph) -> Result<()> {
    let kept = needed_by_outputs(graph);
    if kept.len() == graph.nodes.len() {
        return Ok(());
    }
    let mut renamed = vec![NodeId(0); graph.nodes.len()];
    let mut nodes = Vec::with_capacity(kept.len());
    for (new, old) in kept.into_iter().enumerate() {
        renamed[old.index()] = NodeId(new as u32);
        let mut node = graph.node(old).clone();
        for input in &mut node.inputs {
            *input = renamed[input.index()];
        }
        nodes.push(node);
    }
    for output in &mut graph.outputs {
        *output = renamed[output.index()];
    }
    graph.nodes = nodes;
    Ok(())
}
