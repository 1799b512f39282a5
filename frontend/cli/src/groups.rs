//! The fusion groups of a plan, as a person reads them: which steps of the script one of them computes, of what it is made, and how
//! much work it is.

use std::collections::BTreeSet;

use dasc_compiler::Plan;
use dasc_compiler::plan::{Binding, Flow, KernelStage, Pass, Stage, Stream};
use dasc_compiler::work::{stage_bytes, stream_bytes};
use dasc_cpu::Codegen;
use dasc_cpu::operations::{operations, transform};
use dasc_ir::graph::{Graph, NodeId, Prim};
use dasc_ir::kernel::{LANES, Role, Step};

/// A kernel, or what stands between kernels.
pub struct Group {
    pub operators: Vec<String>,
    pub loops: usize,
    pub transforms: usize,
    /// Read and written in memory that is not its own scratch, in the whole record.
    pub bytes: f64,
    /// Floating-point operations in the whole record, where its instructions tell.
    pub operations: Option<f64>,
    /// Which back end makes the code of its loops, and how many by each.
    made: Vec<(String, usize)>,
}

impl Group {
    /// `avx2`, or `2 by avx2, 1 by cranelift (why)` where back ends share the loops.
    pub fn made(&self) -> String {
        match self.made.as_slice() {
            [(one, _)] => one.clone(),
            several => {
                let each = several.iter().map(|(made, loops)| format!("{loops} by {made}"));
                each.collect::<Vec<_>>().join(", ")
            }
        }
    }
}

/// One group for every stage of a flow, in order.
pub fn groups(
    flow: &Flow,
    graph: &Graph,
    plan: &Plan,
    codegen: Codegen,
) -> impl Iterator<Item = dasc_ir::Result<Group>> {
    flow.stages.iter().map(move |stage| match stage {
        Stage::Kernel(kernel) => {
            let count = |of: fn(&Step) -> bool| kernel.kernel.steps.iter().filter(|step| of(step)).count();
            Ok(Group {
                operators: operators(kernel, flow, graph, plan),
                loops: count(|step| matches!(step, Step::Loop(_))),
                transforms: count(|step| matches!(step, Step::Fft(_) | Step::Correlate(_))),
                bytes: stage_bytes(stage, flow),
                operations: Some(kernel_operations(kernel)),
                made: made(kernel, codegen)?,
            })
        }
        Stage::Transform { .. } => Ok(between(stage, flow, graph, "FFT along channels")),
        Stage::Slant { .. } => Ok(between(stage, flow, graph, "sums along lines")),
        Stage::Gather { .. } => Ok(between(stage, flow, graph, "copies channels")),
        Stage::Quantile { .. } => Ok(between(stage, flow, graph, "puts each row in order")),
        Stage::Rank { .. } => Ok(between(stage, flow, graph, "keeps a window in order")),
        Stage::Call { call, .. } => {
            let what = format!("{}, sha256 {}…", call.model.name, call.model.short_hash());
            Ok(between(stage, flow, graph, &what))
        }
    })
}

/// What a pass counts for quantiles along time.
pub fn selections(pass: &Pass, graph: &Graph, plan: &Plan) -> impl Iterator<Item = Group> {
    pass.selections.iter().map(|selection| {
        let statistic = plan.statistics.get(selection.output as usize);
        let operator = statistic.map(|s| graph.node(s.node).operator.clone()).unwrap_or_default();
        let (number, of) = (selection.digit + 1, selection.digits.passes());
        let stream = pass.flow.streams.get(selection.input as usize);
        Group {
            operators: vec![format!("{operator} (finds digit {number} of {of})")],
            loops: 1,
            transforms: 0,
            bytes: stream.map_or(0.0, stream_bytes),
            operations: None,
            made: Vec::new(),
        }
    })
}

fn between(stage: &Stage, flow: &Flow, graph: &Graph, what: &str) -> Group {
    let transforms = usize::from(matches!(stage, Stage::Transform { .. }));
    let stream = |number: u32| flow.streams.get(number as usize);
    let (input, output) = stage.between().map_or((None, None), |(a, b)| (stream(a), stream(b)));
    let operator = output.map(|s| graph.node(s.node).operator.clone());
    Group {
        operators: vec![format!("{} ({what})", operator.unwrap_or_default())],
        loops: 1 - transforms,
        transforms,
        bytes: stage_bytes(stage, flow),
        operations: input.zip(output).and_then(|(input, output)| between_operations(stage, input, output)),
        made: Vec::new(),
    }
}

fn rows(stretches: &[(i64, i64)]) -> f64 {
    stretches.iter().map(|(from, to)| (to - from).max(0) as f64).sum()
}

/// Of all steps and rows, in the lanes of channels that there are.
fn kernel_operations(stage: &KernelStage) -> f64 {
    let lanes = |step: &Step| match step {
        Step::Loop(body) => body.lanes.map_or(stage.channels, |lanes| lanes.min(LANES as u32)),
        Step::Fft(_) | Step::Correlate(_) | Step::OverlapAdd(_) | Step::Widen(_) | Step::Emit(_) => {
            stage.channels
        }
    };
    let steps = stage.kernel.steps.iter().zip(&stage.rows);
    steps
        .map(|(step, stretches)| operations(&stage.kernel, step) * rows(stretches) * f64::from(lanes(step)))
        .sum()
}

/// What stands between kernels counts as its method does; comparisons that depend on the data, and models, are not known.
fn between_operations(stage: &Stage, input: &Stream, output: &Stream) -> Option<f64> {
    match stage {
        Stage::Gather { .. } => Some(0.0),
        Stage::Transform { block, .. } => {
            let blocks = (f64::from(input.channels) / f64::from((*block).max(1))).ceil();
            Some(transform(f64::from(*block)) * blocks * f64::from(input.inner) * rows(&input.rows))
        }
        Stage::Slant { slant, .. } => {
            // A tap is two weights with a sum.
            let taps: usize = slant.shifts.iter().map(Vec::len).sum();
            Some(4.0 * taps as f64 * f64::from(output.channels) * rows(&output.rows))
        }
        Stage::Kernel(_) | Stage::Quantile { .. } | Stage::Rank { .. } | Stage::Call { .. } => None,
    }
}

/// How many loops each back end makes the code of.
fn made(stage: &KernelStage, codegen: Codegen) -> dasc_ir::Result<Vec<(String, usize)>> {
    let channels = Some(stage.channels);
    let options = dasc_cpu::Options { codegen, channels, ..dasc_cpu::Options::default() };
    let mut counts: Vec<(String, usize)> = Vec::new();
    for (_, made) in dasc_cpu::compile(&stage.kernel, &options)?.made() {
        let made = made.to_string();
        match counts.iter_mut().find(|(known, _)| *known == made) {
            Some((_, count)) => *count += 1,
            None => counts.push((made, 1)),
        }
    }
    Ok(counts)
}

/// The steps of the script whose nodes a kernel computes, in their order: from what it gives back to what it is given.
fn operators(stage: &KernelStage, flow: &Flow, graph: &Graph, plan: &Plan) -> Vec<String> {
    let mut given: BTreeSet<u32> = BTreeSet::new();
    let mut made: Vec<NodeId> = stage.tables.clone();
    for (buffer, binding) in stage.kernel.buffers.iter().zip(&stage.bindings) {
        let node = match binding {
            Binding::Stream(number) | Binding::Strided(number) => {
                flow.streams.get(*number as usize).map(|s| s.node)
            }
            Binding::Statistic(number) => plan.statistics.get(*number as usize).map(|s| s.node),
            Binding::Local => None,
        };
        let Some(node) = node else { continue };
        match buffer.role {
            Role::Input | Role::Constant => drop(given.insert(node.0)),
            Role::Output | Role::Scratch => made.push(node),
        }
    }
    let mut seen: BTreeSet<u32> = BTreeSet::new();
    while let Some(node) = made.pop() {
        if given.contains(&node.0) || !seen.insert(node.0) {
            continue;
        }
        made.extend(&graph.node(node).inputs);
    }
    let mut names: Vec<String> = Vec::new();
    for id in seen {
        let node = graph.node(NodeId(id));
        if !matches!(node.prim, Prim::Source)
            && names.last() != Some(&node.operator)
            && !names.contains(&node.operator)
        {
            names.push(node.operator.clone());
        }
    }
    names
}
