//! Gives every reader that extends a value beyond its ends in its own way a copy of its own.
//!
//! The runtime extends a stream once, by writing the rows (or lanes) that lie beyond it. Two windows that ask for
//! different edges can therefore not share one stream; the second reads a copy, which fuses with its producer.

use dasc_ir::graph::expr::stored;
use dasc_ir::graph::{Edge, Expr, Graph, Node, NodeId, Prim, Role, Type, View};
use dasc_ir::{DType, Result};

/// The way a node reads beyond the ends of its input along time, and along channels.
pub fn edges_of(prim: &Prim) -> (Edge, Edge) {
    match prim {
        Prim::View(View::Frame { edge: Edge::Cover, .. }) => (Edge::Zero, Edge::Valid),
        Prim::Window { along: Role::Time, edge, .. }
        | Prim::View(View::Frame { edge, .. } | View::Extend { edge, .. }) => (*edge, Edge::Valid),
        Prim::Window { along: Role::Channel, edge, .. } => (Edge::Valid, *edge),
        // Frames that do not exist add nothing.
        Prim::View(View::OverlapAdd { .. }) => (Edge::Zero, Edge::Valid),
        Prim::Window { along: Role::Inner, .. }
        | Prim::View(View::Slice { .. } | View::Widen { .. } | View::Join | View::Reverse)
        | Prim::Source
        | Prim::Constant(_)
        | Prim::Map(_)
        | Prim::Scan { .. }
        | Prim::Reduce { .. }
        | Prim::Transform { .. }
        | Prim::Correlate { .. }
        | Prim::Gather { .. }
        | Prim::Emit(_)
        | Prim::Call(_) => (Edge::Valid, Edge::Valid),
    }
}

/// Inserts the copies.
pub fn separate_edges(graph: &mut Graph) -> Result<()> {
    let old = std::mem::take(&mut graph.nodes);
    let mut renamed: Vec<NodeId> = Vec::with_capacity(old.len());
    // For every new node the copies of it, each with the edges its readers agree on; the first is the node itself.
    let mut versions: Vec<Vec<(Edge, Edge, NodeId)>> = Vec::new();
    for mut node in old {
        let wanted = edges_of(&node.prim);
        for input in &mut node.inputs {
            let original = renamed[input.index()];
            *input = if wanted == (Edge::Valid, Edge::Valid) {
                original
            } else {
                version(&mut graph.nodes, &mut versions, original, wanted)
            };
        }
        graph.nodes.push(node);
        let id = NodeId(graph.nodes.len() as u32 - 1);
        versions.resize(graph.nodes.len(), Vec::new());
        versions[id.index()].push((Edge::Valid, Edge::Valid, id));
        renamed.push(id);
    }
    for output in &mut graph.outputs {
        *output = renamed[output.index()];
    }
    Ok(())
}

fn version(
    nodes: &mut Vec<Node>,
    versions: &mut Vec<Vec<(Edge, Edge, NodeId)>>,
    original: NodeId,
    (time, lanes): (Edge, Edge),
) -> NodeId {
    let agrees = |have: Edge, want: Edge| have == Edge::Valid || want == Edge::Valid || have == want;
    if let Some(found) =
        versions[original.index()].iter_mut().find(|v| agrees(v.0, time) && agrees(v.1, lanes))
    {
        let merged = |have: Edge, want: Edge| if have == Edge::Valid { want } else { have };
        (found.0, found.1) = (merged(found.0, time), merged(found.1, lanes));
        return found.2;
    }
    let source = nodes[original.index()].clone();
    let prim = match &source.ty {
        // Arithmetic would leave counts wider than their readers were told; picking all channels does not.
        Type::Signal(signal) if stored(signal.dtype) != signal.dtype => {
            let stop = signal.channels().into();
            Prim::View(View::Slice { along: Role::Channel, start: 0, stop, step: 1 })
        }
        Type::Signal(signal) if signal.dtype == DType::C32 => {
            Prim::Map(Expr::write(&[signal.dtype], |e| vec![e.input(0), e.imaginary(0)]))
        }
        Type::Signal(signal) => Prim::Map(Expr::write(&[signal.dtype], |e| vec![e.input(0)])),
        Type::Table => Prim::Map(Expr::write(&[DType::F64], |e| vec![e.input(0)])),
    };
    nodes.push(Node { prim, inputs: vec![original], ..source });
    let copy = NodeId(nodes.len() as u32 - 1);
    versions.resize(nodes.len(), Vec::new());
    versions[original.index()].push((time, lanes, copy));
    copy
}
