//! Which nodes share a loop, and which loops share a kernel.
//!
//! A **kernel** ends where data crosses channels: what a channel window or a sum across channels reads must exist for
//! all channels. Within a kernel a **loop** holds the nodes that run over the same rows at the same depth. A reader of
//! a node at the same place joins its loop and takes the value from a register; whoever reads other rows, or runs
//! over other rows, comes in a deeper loop and reads a stream.

use std::collections::BTreeMap;

use dasc_ir::graph::builder::joined_stretch;
use dasc_ir::graph::{Graph, NodeId, Prim, Reduction, Role, Type, View, WindowBody};

/// Identity of a kernel: how many channel crossings lie before it, and its channels (`None`: broadcast to all).
/// Gathers and transforms of channels stand alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KernelKey {
    pub crossings: u32,
    pub gather: Option<NodeId>,
    pub channels: Option<u32>,
}

/// Identity of a loop within its kernel; loops run in this order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LoopKey {
    pub depth: u32,
    /// FFTs and emissions are steps of their own.
    pub alone: Option<NodeId>,
    pub rows: Vec<(i64, i64)>,
    pub inner: u32,
}

/// The arrangement of the nodes of one flow.
#[derive(Clone, Debug, Default)]
pub struct Arrangement {
    pub kernels: BTreeMap<KernelKey, BTreeMap<LoopKey, Vec<NodeId>>>,
    /// Where each node is computed; `None` for those that are inputs or not in the flow.
    pub place: Vec<Option<(KernelKey, LoopKey)>>,
    /// Whether a node's value is kept as a stream, and whether other kernels see it.
    pub kept: Vec<bool>,
    pub wide: Vec<bool>,
}

/// What the flow computes and what it is given.
pub struct Scope<'a> {
    pub graph: &'a Graph,
    /// Nodes computed here, in order.
    pub compute: &'a [NodeId],
    /// Whether a node arrives as a stream that already exists (source, spool).
    pub arrives: &'a dyn Fn(NodeId) -> bool,
    /// Whether a node is a statistic known before the flow runs.
    pub known: &'a dyn Fn(NodeId) -> bool,
    /// Rows of a node in each segment; a single row for arithmetic among statistics.
    pub rows: &'a dyn Fn(NodeId) -> Vec<(i64, i64)>,
    /// Nodes that someone outside reads as a stream.
    pub observed: &'a dyn Fn(NodeId) -> bool,
}

/// Arranges the nodes of a flow.
pub fn fuse(scope: &Scope) -> Arrangement {
    let graph = scope.graph;
    let mut arrangement = Arrangement {
        kernels: BTreeMap::new(),
        place: vec![None; graph.nodes.len()],
        kept: vec![false; graph.nodes.len()],
        wide: vec![false; graph.nodes.len()],
    };
    let mut crossings = vec![0u32; graph.nodes.len()];
    let mut depth = vec![0u32; graph.nodes.len()];
    for &id in scope.compute {
        let node = graph.node(id);
        let alone = is_alone(&node.prim);
        let channels = channels_of(graph, id);
        let inner = loop_inner(graph, id);
        let rows = loop_rows(scope, id);
        for &input in node.inputs.iter().filter(|i| !(scope.known)(**i)) {
            let crosses = crosses_channels(&node.prim)
                || stands_between_kernels(&node.prim)
                || channels_of(graph, input) != channels;
            let from_gather = stands_between_kernels(&graph.node(input).prim);
            let step = u32::from(crosses || (from_gather && !(scope.arrives)(input)));
            crossings[id.index()] = crossings[id.index()].max(crossings[input.index()] + step);
        }
        let key = KernelKey {
            crossings: crossings[id.index()],
            gather: stands_between_kernels(&node.prim).then_some(id),
            channels,
        };
        // A loop deeper than every input that cannot hand over its value in a register.
        for &input in node.inputs.iter().filter(|i| !(scope.known)(**i) && !(scope.arrives)(**i)) {
            let joins = !alone
                && hands_over(graph, id, input)
                && arrangement.place[input.index()].as_ref().is_some_and(|(k, l)| {
                    *k == key && l.alone.is_none() && l.rows == rows && l.inner == inner
                });
            depth[id.index()] = depth[id.index()].max(depth[input.index()] + u32::from(!joins));
        }
        let place = LoopKey { depth: depth[id.index()], alone: alone.then_some(id), rows, inner };
        arrangement.kernels.entry(key).or_default().entry(place.clone()).or_default().push(id);
        arrangement.place[id.index()] = Some((key, place));
    }
    for &id in scope.compute {
        let here = arrangement.place[id.index()].clone();
        for &input in &graph.node(id).inputs {
            if (scope.known)(input) {
                continue;
            }
            let there = &arrangement.place[input.index()];
            let in_register = hands_over(graph, id, input) && *there == here;
            arrangement.kept[input.index()] |= !in_register;
            let other_kernel = there.as_ref().map(|p| p.0) != here.as_ref().map(|p| p.0);
            arrangement.wide[input.index()] |= other_kernel;
        }
        let observed = (scope.observed)(id);
        arrangement.kept[id.index()] |= observed || is_alone_value(&graph.node(id).prim);
        arrangement.wide[id.index()] |= observed || stands_between_kernels(&graph.node(id).prim);
    }
    arrangement
}

/// Channels of a node's lanes; `None` if it holds for all channels.
pub fn channels_of(graph: &Graph, id: NodeId) -> Option<u32> {
    let id = if graph.node(id).ty == Type::Table { graph.node(id).inputs[0] } else { id };
    graph.signal(id).and_then(|s| s.channel.as_ref()).map(|c| c.len)
}

/// The inner trip count of the loop that computes a node: that of its input for accumulations, and for joins what all inputs are multiples of.
fn loop_inner(graph: &Graph, id: NodeId) -> u32 {
    let node = graph.node(id);
    let measured = match &node.prim {
        Prim::View(View::Join) => {
            let lens = node.inputs.iter().filter_map(|x| graph.signal(*x)).map(|s| s.inner_len().into());
            return joined_stretch(lens).max(1) as u32;
        }
        Prim::Reduce { along: Role::Time, .. } | Prim::Emit(_) => node.inputs[0],
        Prim::Source
        | Prim::Constant(_)
        | Prim::Map(_)
        | Prim::Scan { .. }
        | Prim::Window { .. }
        | Prim::Reduce { .. }
        | Prim::View(_)
        | Prim::Transform { .. }
        | Prim::Correlate { .. }
        | Prim::Gather { .. }
        | Prim::Call(_) => id,
    };
    graph.signal(measured).map_or(1, |s| s.inner_len())
}

fn loop_rows(scope: &Scope, id: NodeId) -> Vec<(i64, i64)> {
    let node = scope.graph.node(id);
    let timed = scope.graph.signal(id).is_some_and(|s| s.time.is_some());
    let accumulates = matches!(node.prim, Prim::Reduce { along: Role::Time, .. } | Prim::Emit(_));
    (scope.rows)(if accumulates && !timed { node.inputs[0] } else { id })
}

/// Whether a node reads its inputs at its own row, inner position and channel, and nowhere else.
pub fn reads_in_place(prim: &Prim) -> bool {
    match prim {
        Prim::Map(_) | Prim::Scan { .. } | Prim::View(View::Join) => true,
        Prim::Reduce { along, .. } => *along == Role::Time,
        Prim::Source
        | Prim::Constant(_)
        | Prim::Window { .. }
        | Prim::View(
            View::Slice { .. }
            | View::Frame { .. }
            | View::OverlapAdd { .. }
            | View::Widen { .. }
            | View::Extend { .. }
            | View::Reverse,
        )
        | Prim::Transform { .. }
        | Prim::Correlate { .. }
        | Prim::Gather { .. }
        | Prim::Emit(_)
        | Prim::Call(_) => false,
    }
}

/// Whether a node in the same loop as its input has the input's value in a register: a loop that makes several positions of a row at once
/// has none of them there.
fn hands_over(graph: &Graph, id: NodeId, input: NodeId) -> bool {
    let whole = graph.signal(input).is_some_and(|s| s.inner_len() == loop_inner(graph, input));
    reads_in_place(&graph.node(id).prim) && whole
}

/// Whether a node is a step of its own rather than part of a loop.
fn is_alone(prim: &Prim) -> bool {
    matches!(
        prim,
        Prim::Transform { .. }
            | Prim::Correlate { .. }
            | Prim::Emit(_)
            | Prim::View(View::OverlapAdd { .. } | View::Widen { .. })
    ) || stands_between_kernels(prim)
        || matches!(prim, Prim::Reduce { along: Role::Channel, .. })
}

/// Whether such a step leaves rows behind.
fn is_alone_value(prim: &Prim) -> bool {
    is_alone(prim) && !matches!(prim, Prim::Emit(_))
}

/// Whether a node is a stage of its own between kernels.
pub fn stands_between_kernels(prim: &Prim) -> bool {
    picks_channels(prim)
        || matches!(
            prim,
            Prim::Transform { along: Role::Channel, .. }
                | Prim::Window { body: WindowBody::Slant(_) | WindowBody::Rank(_), .. }
                | Prim::Reduce { along: Role::Channel | Role::Inner, how: Reduction::Quantile(_), .. }
                | Prim::Call(_)
        )
}

/// Whether a node copies chosen channels.
pub fn picks_channels(prim: &Prim) -> bool {
    matches!(prim, Prim::Gather { .. } | Prim::View(View::Slice { along: Role::Channel, .. }))
}

fn crosses_channels(prim: &Prim) -> bool {
    match prim {
        Prim::Window { along, .. } | Prim::Reduce { along, .. } | Prim::Transform { along, .. } => {
            *along == Role::Channel
        }
        Prim::Gather { .. } => true,
        Prim::Call(call) => call.channels > 1,
        Prim::View(View::Slice { along, .. }) => *along == Role::Channel,
        Prim::View(
            View::Frame { .. }
            | View::OverlapAdd { .. }
            | View::Extend { .. }
            | View::Widen { .. }
            | View::Reverse
            | View::Join,
        )
        | Prim::Source
        | Prim::Constant(_)
        | Prim::Map(_)
        | Prim::Scan { .. }
        | Prim::Correlate { .. }
        | Prim::Emit(_) => false,
    }
}
