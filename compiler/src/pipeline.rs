//! From Graph to Plan: the only list of passes, and the order in which they run.

use dasc_ir::Result;
use dasc_ir::graph::Graph;

use crate::passes;
use crate::plan::Plan;
use crate::schedule_passes::plan;

/// A rewrite of the Graph, by name.
pub struct Rewrite {
    pub name: &'static str,
    pub run: fn(&mut Graph) -> Result<()>,
}

/// Every rewrite, in order.
pub const REWRITES: &[Rewrite] = &[
    Rewrite { name: "remove_dead", run: |graph| Ok(passes::remove_dead(graph)) },
    Rewrite { name: "slices_to_gathers", run: |graph| Ok(passes::slices_to_gathers(graph)) },
    Rewrite { name: "expand_folds", run: passes::expand_folds },
    Rewrite { name: "separate_edges", run: |graph| Ok(passes::separate_edges(graph)) },
];

/// Compiles a Graph. Outputs of the plan are the nodes of the graph it returns with it, in the order of `graph.outputs`.
pub fn compile(mut graph: Graph) -> Result<(Graph, Plan)> {
    for rewrite in REWRITES {
        (rewrite.run)(&mut graph)?;
    }
    let plan = plan(&graph)?;
    Ok((graph, plan))
}
