//! From Graph to Plan: the only list of passes, and the order in which they run.

use dasc_ir::graph::Graph;
use dasc_ir::graph::verify::verify;
use dasc_ir::kernel::verify::verify as verify_kernel;
use dasc_ir::kernel::{Kernel, expand, narrow, tabulate};
use dasc_ir::{Diag, Result};

use crate::passes;
use crate::plan::{Plan, Stage};
use crate::schedule_passes::plan;

/// A rewrite of the Graph, by name.
pub struct Rewrite {
    pub name: &'static str,
    pub run: fn(&mut Graph) -> Result<()>,
}

/// Every rewrite, in order.
pub const REWRITES: &[Rewrite] = &[
    Rewrite { name: "remove_dead", run: passes::remove_dead },
    Rewrite { name: "narrow_transforms", run: passes::narrow_transforms },
    Rewrite { name: "expand_folds", run: passes::expand_folds },
    Rewrite { name: "separate_edges", run: passes::separate_edges },
];

/// A rewrite of a Kernel, by name.
pub struct KernelRewrite {
    pub name: &'static str,
    pub run: fn(&mut Kernel, changing: &dyn Fn(u32) -> bool),
}

/// Every rewrite of kernels, in order. They are told which parameters change from segment to segment.
pub const KERNEL_REWRITES: &[KernelRewrite] = &[
    KernelRewrite { name: "expand", run: |kernel, _| expand(kernel) },
    KernelRewrite { name: "narrow", run: narrow },
    KernelRewrite { name: "tabulate", run: tabulate },
];

/// Compiles a Graph. Outputs of the plan are the nodes of the graph it returns with it, in the order of `graph.outputs`.
pub fn compile(mut graph: Graph) -> Result<(Graph, Plan)> {
    verify(&graph)?;
    for rewrite in REWRITES {
        (rewrite.run)(&mut graph)?;
        verify(&graph).map_err(|d| after(rewrite.name, d))?;
    }
    let mut plan = plan(&graph)?;
    let flows = plan.passes.iter_mut().flat_map(|p| [&mut p.flow, &mut p.finals]);
    for stage in flows.flat_map(|f| &mut f.stages) {
        if let Stage::Kernel(stage) = stage {
            verify_kernel(&stage.kernel).map_err(|d| after("lower", d))?;
            for rewrite in KERNEL_REWRITES {
                let slots = &stage.scope_params;
                (rewrite.run)(&mut stage.kernel, &|slot| slots.iter().any(|param| param.slot == slot));
                verify_kernel(&stage.kernel).map_err(|d| after(rewrite.name, d))?;
            }
        }
    }
    Ok((graph, plan))
}

/// Names the pass that broke an invariant.
fn after(pass: &str, mut diag: Diag) -> Diag {
    diag.message = format!("after {pass}: {}", diag.message);
    diag
}
