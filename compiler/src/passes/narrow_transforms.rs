//! Gives every FFT of frames or channels the input that the transforms of a kernel work on: F32, or F64 of frames forward.

use dasc_ir::graph::{Expr, Graph, Node, NodeId, Prim, Role, Type};
use dasc_ir::{DType, Result};

/// Rounds what a transform reads to F32, unless it is F32 or complex already, or is frames in F64.
pub fn narrow_transforms(graph: &mut Graph) -> Result<()> {
    let old = std::mem::take(&mut graph.nodes);
    let mut renamed: Vec<NodeId> = Vec::with_capacity(old.len());
    for mut node in old {
        for input in &mut node.inputs {
            *input = renamed[input.index()];
        }
        if let Prim::Transform { along: along @ (Role::Inner | Role::Channel), .. } = node.prim {
            let source = graph.nodes[node.inputs[0].index()].clone();
            if let Type::Signal(signal) = &source.ty
                && !matches!(signal.dtype, DType::F32 | DType::C32)
                && (signal.dtype, along) != (DType::F64, Role::Inner)
            {
                let expr = Expr::write(&[signal.dtype], |e| vec![e.input(0).to(DType::F32)]);
                let mut narrow = signal.clone();
                narrow.dtype = DType::F32;
                let inputs = vec![node.inputs[0]];
                graph.nodes.push(Node { prim: Prim::Map(expr), inputs, ty: Type::Signal(narrow), ..source });
                node.inputs[0] = NodeId(graph.nodes.len() as u32 - 1);
            }
        }
        graph.nodes.push(node);
        renamed.push(NodeId(graph.nodes.len() as u32 - 1));
    }
    for output in &mut graph.outputs {
        *output = renamed[output.index()];
    }
    Ok(())
}
