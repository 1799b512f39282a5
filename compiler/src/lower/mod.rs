//! From an arrangement of nodes to kernels: streams, buffers, and the steps between them.

mod accumulate;
mod across;
mod body;
mod kernel;
mod recurrence;

use std::collections::BTreeMap;

use dasc_ir::graph::{Edge, Graph, NodeId, Prim, Reduction, Role, TransformKind, View, WindowBody};
use dasc_ir::{DType, Diag, Result};

use crate::fuse::{Arrangement, KernelKey, Scope, fuse, picks_channels};
use crate::passes::edges_of;
use crate::plan::{Flow, Place, Stage, Stream};

/// What a flow is given and must deliver.
pub struct Task<'a> {
    pub scope: Scope<'a>,
    /// Streams that exist before: source and spools.
    pub arriving: Vec<(NodeId, Place)>,
    /// Numbers of the statistics, known ones and those accumulated here.
    pub statistic: &'a dyn Fn(NodeId) -> Option<u32>,
    /// Nodes of one row that become statistics.
    pub exports: Vec<NodeId>,
}

/// Lowers a flow.
pub fn lower(task: &Task) -> Result<Flow> {
    let arrangement = fuse(&task.scope);
    let mut flow = Flow::default();
    let mut streams = Streams { numbers: BTreeMap::new() };
    for &(node, place) in &task.arriving {
        streams.add(&mut flow, task, node, place, (task.scope.observed)(node));
    }
    for &id in task.scope.compute {
        if arrangement.kept[id.index()] {
            let place = if arrangement.wide[id.index()] { Place::Wide } else { Place::Scratch };
            streams.add(&mut flow, task, id, place, (task.scope.observed)(id));
        }
    }
    note_edges(&mut flow, task, &streams);
    for (key, loops) in &arrangement.kernels {
        let stage = match key.gather {
            Some(id) => between_kernels(task.scope.graph, &streams, id)?,
            None => {
                let name = format!("k{}", flow.stages.len());
                kernel::lower_kernel(task, &arrangement, &mut flow, &mut streams, *key, loops, name)?
            }
        };
        flow.stages.push(stage);
    }
    for &node in &task.exports {
        let stream = streams.of(node)?;
        let statistic =
            (task.statistic)(node).ok_or_else(|| Diag::compiler("lower: an export is no statistic"))?;
        flow.exports.push((stream, statistic));
    }
    Ok(flow)
}

/// The streams of a flow, by node. Partial sums across channels have streams of their own and no entry here.
struct Streams {
    numbers: BTreeMap<NodeId, u32>,
}

impl Streams {
    fn add(&mut self, flow: &mut Flow, task: &Task, node: NodeId, place: Place, observed: bool) -> u32 {
        let graph = task.scope.graph;
        let (mut dtype, inner, planes, channels) = shape(graph, node);
        // Loops compute with I32 what was I16 and leave it so; a gather copies what it finds.
        if picks_channels(&graph.node(node).prim) {
            let input = self.numbers.get(&graph.node(node).inputs[0]);
            dtype = input.map_or(dtype, |i| flow.streams[*i as usize].dtype);
        } else if matches!(place, Place::Wide | Place::Scratch) {
            dtype = dasc_ir::graph::expr::stored(dtype);
        }
        let number = flow.streams.len() as u32;
        flow.streams.push(Stream {
            node,
            name: format!("{}{}", graph.node(node).operator.to_lowercase(), node),
            dtype,
            inner,
            planes,
            channels,
            rows: (task.scope.rows)(node),
            edge: Edge::Valid,
            lane_edge: Edge::Valid,
            lane_reach: 0,
            place,
            observed,
        });
        self.numbers.insert(node, number);
        number
    }

    fn of(&self, node: NodeId) -> Result<u32> {
        let number = self.numbers.get(&node).copied();
        number
            .ok_or_else(|| Diag::compiler(format!("lower: node {node} is read as a stream but kept nowhere")))
    }
}

/// dtype, inner positions, planes and channels of a signal.
pub fn shape(graph: &Graph, node: NodeId) -> (DType, u32, u32, u32) {
    graph.signal(node).map_or((DType::F32, 1, 1, 1), |s| (s.dtype, s.inner_len(), s.planes(), s.channels()))
}

/// Tells every stream how its readers read beyond its ends.
fn note_edges(flow: &mut Flow, task: &Task, streams: &Streams) {
    for &id in task.scope.compute {
        let node = task.scope.graph.node(id);
        let (time, lanes) = edges_of(&node.prim);
        let reach = match &node.prim {
            Prim::Window { along: Role::Channel, lo, hi, .. } => lo.unsigned_abs().max(hi.unsigned_abs()),
            Prim::Window { .. }
            | Prim::Source
            | Prim::Constant(_)
            | Prim::Map(_)
            | Prim::Scan { .. }
            | Prim::Reduce { .. }
            | Prim::View(_)
            | Prim::Transform { .. }
            | Prim::Correlate { .. }
            | Prim::Gather { .. }
            | Prim::Emit(_)
            | Prim::Call(_) => 0,
        };
        for input in &node.inputs {
            if let Some(&number) = streams.numbers.get(input) {
                let stream = &mut flow.streams[number as usize];
                if time != Edge::Valid {
                    stream.edge = time;
                }
                if lanes != Edge::Valid {
                    stream.lane_edge = lanes;
                }
                stream.lane_reach = stream.lane_reach.max(reach);
            }
        }
    }
}

fn between_kernels(graph: &Graph, streams: &Streams, id: NodeId) -> Result<Stage> {
    let node = graph.node(id);
    if let Prim::Transform { kind, along: Role::Channel, n } = node.prim {
        let inverse = kind == TransformKind::Inverse;
        let (input, output) = (streams.of(node.inputs[0])?, streams.of(id)?);
        return Ok(Stage::Transform { input, output, block: n, inverse });
    }
    if let Prim::Window { lo, body: WindowBody::Slant(slant), .. } = &node.prim {
        let (input, output) = (streams.of(node.inputs[0])?, streams.of(id)?);
        return Ok(Stage::Slant { input, output, lo: *lo, slant: slant.clone() });
    }
    if let Prim::Window { along, lo, hi, body: WindowBody::Rank(rank), .. } = node.prim {
        let (input, output) = (streams.of(node.inputs[0])?, streams.of(id)?);
        return Ok(Stage::Rank { input, output, along, lo, hi, rank });
    }
    if let Prim::Reduce { along, how: Reduction::Quantile(quantile), .. } = node.prim {
        let (input, output) = (streams.of(node.inputs[0])?, streams.of(id)?);
        return Ok(Stage::Quantile { input, output, along, quantile });
    }
    if let Prim::Call(call) = &node.prim {
        let (input, output) = (streams.of(node.inputs[0])?, streams.of(id)?);
        return Ok(Stage::Call { input, output, call: Box::new(call.clone()) });
    }
    let channels = match &node.prim {
        Prim::Gather { channels } => channels.clone(),
        Prim::View(View::Slice { along: Role::Channel, start, step, .. }) => {
            (0..shape(graph, id).3).map(|i| *start as u32 + i * step).collect()
        }
        _ => return Err(Diag::compiler("lower: a stage between kernels of another primitive")),
    };
    Ok(Stage::Gather { input: streams.of(node.inputs[0])?, output: streams.of(id)?, channels })
}

/// What `lower_kernel` and its parts share.
struct Context<'a> {
    task: &'a Task<'a>,
    arrangement: &'a Arrangement,
    key: KernelKey,
}
