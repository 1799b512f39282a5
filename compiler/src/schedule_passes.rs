//! Lays the nodes of a Graph out over passes, and lowers each pass.

use std::borrow::Cow;
use std::collections::BTreeMap;

use dasc_ir::graph::{Graph, NodeId, Prim, Reduction, Role, Rows, Scope as Covers, Type, View};
use dasc_ir::{Diag, Result};

use crate::fuse::Scope;
use crate::lower::{Task, lower, shape};
use crate::plan::{Pass, Place, Plan, Selection, Statistic, Whole, WholeInput, WholeKind, WholeOutput};
use crate::split::{Split, digits, gives_whole, keeps_whole, selected, split, waits_for_all};

/// Plans a Graph whose rewrites are done.
pub fn plan(graph: &Graph) -> Result<Plan> {
    let split = split(graph);
    let (statistics, numbers) = statistics(graph, &split);
    let mut planner = Planner { graph, split, numbers, spools: BTreeMap::new() };
    let mut passes = Vec::new();
    for number in 0..planner.split.passes {
        passes.push(planner.pass(number)?);
    }
    Ok(Plan { passes, statistics, segments: segments(graph) })
}

fn segments(graph: &Graph) -> usize {
    let time = graph.ids().find_map(|id| graph.signal(id).and_then(|s| s.time.as_ref()));
    match time.map(|t| &t.rows) {
        Some(Rows::Segments(ranges)) => ranges.len(),
        Some(Rows::From(_)) | None => 1,
    }
}

/// Every value without a time axis that lasts: what only the arithmetic of the same moment reads comes and goes with it.
fn statistics(graph: &Graph, split: &Split) -> (Vec<Statistic>, BTreeMap<NodeId, u32>) {
    let mut statistics = Vec::new();
    let mut numbers = BTreeMap::new();
    for id in graph.ids() {
        let node = graph.node(id);
        if !timeless(graph, id) || !lasts(graph, split, id) {
            continue;
        }
        let (dtype, inner, planes, channels) = shape(graph, id);
        let scope = match &node.prim {
            Prim::Reduce { scope, along: Role::Time, .. } => *scope,
            _ => Covers::Segment,
        };
        numbers.insert(id, statistics.len() as u32);
        statistics.push(Statistic {
            node: id,
            name: format!("{}{}", node.operator.to_lowercase(), id),
            dtype,
            inner,
            planes,
            channels,
            scope,
            known_after: split.ready[id.index()].saturating_sub(1),
            observed: graph.outputs.contains(&id),
            given: match &node.prim {
                Prim::Constant(values) => Some(values.clone()),
                _ => None,
            },
        });
    }
    (statistics, numbers)
}

/// Whether a value without a time axis outlives the moment in which it is computed: because it is made elsewhere than in
/// arithmetic among such values, or read elsewhere, or handed out.
fn lasts(graph: &Graph, split: &Split, id: NodeId) -> bool {
    let ready = |id: NodeId| split.ready[id.index()];
    let in_finals = |id: NodeId| timeless(graph, id) && !waits_for_all(&graph.node(id).prim) && ready(id) > 0;
    let mut readers = graph.ids().filter(|reader| graph.node(*reader).inputs.contains(&id));
    !in_finals(id)
        || graph.outputs.contains(&id)
        || readers.any(|reader| !in_finals(reader) || ready(reader) != ready(id))
}

fn timeless(graph: &Graph, id: NodeId) -> bool {
    graph.signal(id).is_some_and(|s| s.time.is_none())
}

struct Planner<'a> {
    graph: &'a Graph,
    split: Split,
    /// Statistic of a node.
    numbers: BTreeMap<NodeId, u32>,
    /// Spool of a whole-segment transform that keeps its time axis.
    spools: BTreeMap<NodeId, u32>,
}

impl Planner<'_> {
    fn pass(&mut self, number: u32) -> Result<Pass> {
        let graph = self.graph;
        let ready = |id: NodeId| self.split.ready[id.index()];
        let streams = |id: NodeId| !timeless(graph, id);
        let is_whole = |id: NodeId| keeps_whole(&graph.node(id).prim);
        let accumulates = |id: NodeId| {
            let prim = &graph.node(id).prim;
            waits_for_all(prim) && !is_whole(id) && selected(prim).is_none() && ready(id) == number + 1
        };
        let wholes: Vec<NodeId> =
            graph.ids().filter(|id| is_whole(*id) && ready(*id) == number + 1).collect();

        // What this pass is for, and everything on the way there.
        let mut needed = vec![false; graph.nodes.len()];
        let mut observed = vec![false; graph.nodes.len()];
        for id in graph.ids() {
            let emits = graph.node(id).ty == Type::Table;
            if (graph.outputs.contains(&id) && streams(id) && !is_whole(id) && ready(id) == number)
                || (emits && ready(id) == number)
                || accumulates(id)
            {
                needed[id.index()] = true;
                observed[id.index()] = !emits && !accumulates(id);
            }
            if is_whole(id) && graph.outputs.contains(&id) && streams(id) && ready(id) == number {
                needed[id.index()] = true;
                observed[id.index()] = true;
            }
        }
        // Quantiles with the digit that this pass finds.
        let selected: Vec<(NodeId, u32)> = graph
            .ids()
            .filter_map(|id| {
                let first = ready(id) - digits(graph, id)?.passes();
                (first..ready(id)).contains(&number).then(|| (id, number - first))
            })
            .collect();
        let taken = wholes.iter().filter(|id| !gives_whole(&graph.node(**id).prim));
        for id in taken.chain(selected.iter().map(|(id, _)| id)) {
            let input = graph.node(*id).inputs[0];
            needed[input.index()] = true;
            observed[input.index()] = true;
        }
        let arrives =
            |id: NodeId| matches!(graph.node(id).prim, Prim::Source) || (is_whole(id) && streams(id));
        for id in graph.ids().rev() {
            if needed[id.index()] && !arrives(id) {
                for input in &graph.node(id).inputs {
                    needed[input.index()] |= streams(*input);
                }
            }
        }
        let arriving = graph
            .ids()
            .filter(|id| needed[id.index()] && arrives(*id))
            .map(|id| (id, self.spools.get(&id).map_or(Place::Source, |s| Place::Spool(*s))))
            .collect();
        let compute: Vec<NodeId> = graph.ids().filter(|id| needed[id.index()] && !arrives(*id)).collect();
        let statistic = |id: NodeId| self.numbers.get(&id).copied();
        let task = Task {
            scope: Scope {
                graph,
                compute: &compute,
                arrives: &arrives,
                known: &|id| timeless(graph, id) && !accumulates(id),
                rows: &|id| rows_of(graph, id).into_owned(),
                observed: &|id| observed[id.index()],
            },
            arriving,
            statistic: &statistic,
            exports: Vec::new(),
        };
        let flow = lower(&task)?;
        let stream_of = |input: NodeId| {
            let stream = flow.streams.iter().position(|s| s.node == input && s.observed);
            stream
                .map(|number| number as u32)
                .ok_or_else(|| Diag::compiler("plan: a step over all rows of a stream that is not kept"))
        };
        let finals = self.finals(number)?;
        let mut transforms = Vec::new();
        for id in wholes {
            let kind = match graph.node(id).prim {
                Prim::Transform { kind, .. } => WholeKind::Transform(kind),
                Prim::View(View::Reverse) => WholeKind::Reverse,
                _ => return Err(Diag::compiler("plan: a whole-segment step of another primitive")),
            };
            let input = graph.node(id).inputs[0];
            let input = match self.numbers.get(&input) {
                Some(number) => {
                    WholeInput::Statistic { number: *number, rows: rows_of(graph, id).into_owned() }
                }
                None => WholeInput::Stream(stream_of(input)?),
            };
            let output = match self.numbers.get(&id) {
                Some(number) => WholeOutput::Statistic(*number),
                None => {
                    let spool = self.spools.len() as u32;
                    self.spools.insert(id, spool);
                    WholeOutput::Spool(spool)
                }
            };
            transforms.push(Whole { node: id, kind, input, output });
        }
        let mut selections = Vec::new();
        for (id, digit) in selected {
            let node = graph.node(id);
            if let (
                Prim::Reduce { how: Reduction::Quantile(quantile), scope, .. },
                Some(digits),
                Some(output),
            ) = (&node.prim, digits(graph, id), statistic(id))
            {
                let input = stream_of(node.inputs[0])?;
                selections.push(Selection {
                    input,
                    output,
                    quantile: *quantile,
                    scope: *scope,
                    digits,
                    digit,
                });
            }
        }
        Ok(Pass { flow, finals, transforms, selections })
    }

    /// Arithmetic among statistics that become known with this pass, as flows of a single row.
    fn finals(&self, number: u32) -> Result<crate::plan::Flow> {
        let graph = self.graph;
        let compute: Vec<NodeId> = graph
            .ids()
            .filter(|id| {
                timeless(graph, *id)
                    && !waits_for_all(&graph.node(*id).prim)
                    && self.split.ready[id.index()] == number + 1
            })
            .collect();
        let mut inputs: Vec<NodeId> = compute
            .iter()
            .flat_map(|id| graph.node(*id).inputs.iter().copied())
            .filter(|id| !compute.contains(id))
            .collect();
        inputs.sort_unstable();
        inputs.dedup();
        let arriving =
            inputs.iter().filter_map(|id| Some((*id, Place::Statistic(*self.numbers.get(id)?)))).collect();
        let statistic = |id: NodeId| self.numbers.get(&id).copied();
        let rows = vec![(0, 1); segments(graph)];
        let exports: Vec<NodeId> =
            compute.iter().copied().filter(|id| self.numbers.contains_key(id)).collect();
        let task = Task {
            scope: Scope {
                graph,
                compute: &compute,
                arrives: &|id| inputs.contains(&id),
                known: &|_| false,
                rows: &|_| rows.clone(),
                observed: &|id| self.numbers.contains_key(&id),
            },
            arriving,
            statistic: &statistic,
            exports,
        };
        lower(&task)
    }
}

/// Rows of its source after which a live stream is over: at 50 kHz after nearly three years. Products of rows and hops keep clear of
/// the limits of their type.
pub const MOST_LIVE: f64 = (1i64 << 42) as f64;

/// Rows of a node in each segment. Those of a live stream end where its source would after [`MOST_LIVE`].
pub fn rows_of(graph: &Graph, id: NodeId) -> Cow<'_, [(i64, i64)]> {
    let timed = if graph.node(id).ty == Type::Table { graph.node(id).inputs[0] } else { id };
    let time = |id: NodeId| graph.signal(id).and_then(|signal| signal.time.as_ref());
    match time(timed).map(|axis| (&axis.rows, axis.period)) {
        Some((Rows::Segments(ranges), _)) => Cow::Borrowed(ranges.as_slice()),
        Some((Rows::From(start), period)) => {
            let source = graph.ids().find(|id| matches!(graph.node(*id).prim, Prim::Source)).and_then(time);
            let faster = source.map_or(1.0, |source| source.period.as_f64() / period.as_f64());
            Cow::Owned(vec![(*start, start.saturating_add((MOST_LIVE * faster) as i64))])
        }
        None => Cow::Borrowed(&[(0, 1)]),
    }
}
