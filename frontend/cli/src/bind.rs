//! From steps to graphs: every READ begins a pipeline of its own, with one Graph and the sinks that drain it.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use dasc_dql::Step;
use dasc_dql::statements::{Cut, FilePath, Mute, Read, begins_flow};
use dasc_io::Segment;
use dasc_ir::graph::{Builder, Graph, Node, NodeId, Prim, Role, Type};
use dasc_ir::{DType, Diag, Result};
use dasc_stdlib::defined::Callable;
use dasc_stdlib::ops;
use dasc_stdlib::pieces::muted::{stretches, within};

use crate::cut::{self, CutSpec};
use crate::event_flow::{EventFlow, Origin};
use crate::names;
use crate::record::Record;
use crate::script::Script;
use crate::sinks::{self, SinkSpec};
use crate::surroundings::Surroundings;

/// All that happens to one record.
pub struct Pipeline {
    pub record: Record,
    pub graph: Graph,
    /// What the graph was built with, for sinks that are made once events are known.
    pub b: Builder,
    /// In the order of the script, READ first.
    pub steps: Vec<Bound>,
    pub sinks: Vec<SinkSpec>,
    /// Flows of events, each after those that it takes events from.
    pub events: Vec<EventFlow>,
    pub cuts: Vec<CutSpec>,
}

/// A step of the script with the nodes it became.
#[derive(Clone, Debug)]
pub struct Bound {
    /// Position in the script's steps.
    pub step: usize,
    /// The nodes the step appended: `first .. last` of the graph.
    pub nodes: std::ops::Range<u32>,
    /// What the step hands on, or what a sink takes.
    pub result: NodeId,
    /// The flow of events that the step makes, if it makes one.
    pub events: Option<usize>,
}

/// What flows from step to step.
#[derive(Clone, Debug)]
pub struct Flow {
    pub node: NodeId,
    /// Flows of events found on the way, by their position in the pipeline.
    pub events: Vec<usize>,
    /// Numbers of channels taken out.
    pub muted: BTreeSet<i64>,
    /// The CUT before it, by its position in the pipeline.
    pub cut: Option<usize>,
}

/// A pipeline while it is being built.
pub struct Assembly<'a> {
    pub script: &'a Script,
    pub record: Record,
    pub b: Builder,
    /// Nodes that someone outside observes, each once.
    pub outputs: Vec<NodeId>,
    pub events: Vec<EventFlow>,
    pub steps: Vec<Bound>,
    pub sinks: Vec<SinkSpec>,
    pub cuts: Vec<CutSpec>,
    pub flows: HashMap<usize, Flow>,
}

impl Assembly<'_> {
    /// The position of a node among the outputs.
    pub fn output(&mut self, node: NodeId) -> usize {
        self.outputs.iter().position(|known| *known == node).unwrap_or_else(|| {
            self.outputs.push(node);
            self.outputs.len() - 1
        })
    }

    /// Has a flow of events run, with all that it takes events from.
    pub fn observe_events(&mut self, flow: usize) {
        let (inputs, table) = match self.events.get(flow).map(|flow| &flow.origin) {
            Some(Origin::Detector(detector)) => (Vec::new(), Some(detector.node)),
            Some(Origin::Operator { inputs, .. }) => (inputs.clone(), None),
            None => (Vec::new(), None),
        };
        table.map(|node| self.output(node));
        inputs.into_iter().for_each(|input| self.observe_events(input));
    }

    pub fn finish(self) -> Pipeline {
        let Assembly { record, b, outputs, events, steps, sinks, cuts, .. } = self;
        let graph = Graph { outputs, ..b.graph().clone() };
        Pipeline { record, graph, b, steps, sinks, events, cuts }
    }
}

/// Opens the records and builds the graphs. Mistakes on separate branches are all reported.
pub fn bind(script: &Script) -> Result<Vec<Pipeline>, Vec<Diag>> {
    bind_to(script, &Record::open)
}

/// The same with what `open` says that a READ stands for.
pub fn bind_to(script: &Script, open: &Open) -> Result<Vec<Pipeline>, Vec<Diag>> {
    let mut assemblies: Vec<Assembly> = Vec::new();
    // The pipeline of each step; none for those that come after a mistake.
    let mut home: HashMap<usize, usize> = HashMap::new();
    let mut diags = Vec::new();
    for step in &script.program.steps {
        let outcome = if begins_flow(step.schema) {
            begin(script, step, open).map(|assembly| {
                assemblies.push(assembly);
                assemblies.len() - 1
            })
        } else {
            let Some(&number) = step.input.and_then(|input| home.get(&input)) else { continue };
            let Some(assembly) = assemblies.get_mut(number) else { continue };
            follow(assembly, step).map(|()| number)
        };
        match outcome {
            Ok(number) => drop(home.insert(step.index, number)),
            Err(diag) => diags.push(script.name_settings(step, diag.at(step.span))),
        }
    }
    if !diags.is_empty() {
        return Err(diags);
    }
    Ok(assemblies.into_iter().map(Assembly::finish).collect())
}

/// The same steps again, for where the pipeline's stream goes on behind a gap.
pub fn bind_behind(script: &Script, pipeline: &Pipeline, gap: Segment) -> Result<Pipeline> {
    let mut steps = pipeline.steps.iter().filter_map(|bound| script.program.steps.get(bound.step));
    let read = steps.next().ok_or_else(|| Diag::compiler("bind: a pipeline without its READ"))?;
    let mut assembly = begin(script, read, &|_, _| Ok(pipeline.record.behind(gap)))?;
    for step in steps {
        follow(&mut assembly, step).map_err(|diag| diag.at(step.span))?;
    }
    Ok(assembly.finish())
}

/// Opens the record of a READ.
pub type Open<'a> = dyn Fn(&Script, &Step) -> Result<Record> + 'a;

fn begin<'a>(script: &'a Script, step: &Step, open: &Open) -> Result<Assembly<'a>> {
    let record = open(script, step)?;
    let mut b = Builder::new();
    b.set_models(script.models.clone());
    b.enter(Read::SCHEMA.name, Some(step.span));
    let node = record.build(&mut b)?;
    let mut flow = Flow { node, events: Vec::new(), muted: BTreeSet::new(), cut: None };
    if let Some(survey) = &record.survey {
        // A quality of 0 says of a channel what MUTE would.
        flow = silence(&mut b, flow, &survey.bad().into_iter().collect())?;
    }
    let node = flow.node;
    let nodes = 0..b.graph().nodes.len() as u32;
    Ok(Assembly {
        script,
        record,
        b,
        outputs: Vec::new(),
        events: Vec::new(),
        steps: vec![Bound { step: step.index, nodes, result: node, events: None }],
        sinks: Vec::new(),
        cuts: Vec::new(),
        flows: HashMap::from([(step.index, flow)]),
    })
}

fn follow(assembly: &mut Assembly, step: &Step) -> Result<()> {
    let flow = step.input.and_then(|input| assembly.flows.get(&input)).cloned();
    let flow = flow.ok_or_else(|| Diag::compiler("bind: a step without a flow"))?;
    let flow = joined(assembly, step, flow)?;
    let first = assembly.b.graph().nodes.len() as u32;
    let known = assembly.events.len();
    let (flow, result) = match ops::find(&step.keyword) {
        _ if let Some(number) = flow.cut => {
            cut::follow(assembly, step, &flow, number)?;
            let node = flow.node;
            (flow, node)
        }
        Some(entry) => operate(assembly, step, entry, flow)?,
        None if let Some(entry) = dasc_events::ops::find(&step.keyword) => {
            let flow = work_on_events(assembly, step, entry, flow)?;
            let node = flow.node;
            (flow, node)
        }
        None if assembly.script.program.definitions.find(&step.keyword).is_some() => {
            operate_defined(assembly, step, flow)?
        }
        None if step.keyword == Cut::SCHEMA.name => {
            let flow = cut::begin(assembly, step, flow)?;
            let node = flow.node;
            (flow, node)
        }
        None if step.keyword == Mute::SCHEMA.name => {
            let flow = mute(assembly, step, flow)?;
            let node = flow.node;
            (flow, node)
        }
        None => {
            assembly.b.enter(&step.keyword, Some(step.span));
            let sink = sinks::prepare(assembly, step, &flow)?;
            let result = sink.output.and_then(|output| assembly.outputs.get(output)).copied();
            assembly.sinks.push(sink);
            let result = result.unwrap_or(flow.node);
            (flow, result)
        }
    };
    let nodes = first..assembly.b.graph().nodes.len() as u32;
    let events = (assembly.events.len() > known).then_some(known);
    assembly.steps.push(Bound { step: step.index, nodes, result, events });
    assembly.flows.insert(step.index, flow);
    Ok(())
}

/// The flow with the events of those named beside it after FROM.
fn joined(assembly: &Assembly, step: &Step, mut flow: Flow) -> Result<Flow> {
    for (name, from) in &step.joined {
        let Some(other) = assembly.flows.get(from) else {
            return Err(Diag::usage(format!("the flow `{name}` belongs to another READ"))
                .at(step.span)
                .help("flows that meet in one step begin with the same READ"));
        };
        if other.events.is_empty() {
            let message = format!("the flow `{name}` has no events, and FROM joins the events of flows");
            return Err(Diag::usage(message)
                .at(step.span)
                .help("after the first flow, whose signal goes on, name flows after a detection"));
        }
        let new: Vec<usize> = other.events.iter().filter(|n| !flow.events.contains(n)).copied().collect();
        flow.events.extend(new);
    }
    Ok(flow)
}

/// An operator: a signal replaces the flow's, a table of detections is attached to it.
fn operate(
    assembly: &mut Assembly,
    step: &Step,
    entry: &ops::Entry,
    mut flow: Flow,
) -> Result<(Flow, NodeId)> {
    let mut flows = Vec::new();
    for (name, other) in branches(assembly, step)? {
        flow.muted.extend(&other.muted);
        flows.push((name.to_string(), other.node));
    }
    assembly.b.set_beside(Arc::new(Surroundings { folder: assembly.script.folder.clone(), flows }));
    let before = assembly.b.graph().nodes.len();
    assembly.b.set_muted(flow.muted.clone());
    let result = entry.build(&step.args, step.span, &mut assembly.b, flow.node)?;
    follow_result(assembly, step, before, result, flow)
}

/// The flows named among a step's arguments.
fn branches<'a>(assembly: &'a Assembly, step: &'a Step) -> Result<Vec<(&'a str, &'a Flow)>> {
    let found = |(name, from): &'a (String, usize)| match assembly.flows.get(from) {
        Some(other) => Ok((name.as_str(), other)),
        None => Err(Diag::usage(format!("the flow `{name}` belongs to another READ"))
            .at(step.span)
            .help("flows that meet in one step begin with the same READ")),
    };
    step.branches.iter().map(found).collect()
}

/// A definition of the script, applied to the flow and to those it names.
fn operate_defined(assembly: &mut Assembly, step: &Step, mut flow: Flow) -> Result<(Flow, NodeId)> {
    let definitions = &assembly.script.program.definitions;
    let lost = || Diag::compiler("bind: a step without its definition");
    let definition = definitions.find(&step.keyword).ok_or_else(lost)?;
    for (_, other) in branches(assembly, step)? {
        flow.muted.extend(&other.muted);
    }
    let node = |name: &str| {
        let (_, from) = step.branches.iter().find(|(known, _)| known == name)?;
        assembly.flows.get(from).map(|flow| flow.node)
    };
    let before = assembly.b.graph().nodes.len();
    let library = Callable { definitions };
    assembly.b.set_muted(flow.muted.clone());
    let result =
        dasc_define::step(definition, &library, &mut assembly.b, flow.node, &node, &step.args, step.span)?;
    follow_result(assembly, step, before, result, flow)
}

/// The flow after an operator whose nodes begin at `before`.
fn follow_result(
    assembly: &mut Assembly,
    step: &Step,
    before: usize,
    result: NodeId,
    mut flow: Flow,
) -> Result<(Flow, NodeId)> {
    let (still, left_out) = assembly.b.take_muted();
    let table = assembly.b.graph().node(result).ty == Type::Table;
    if !flow.muted.is_empty()
        && !left_out
        && !table
        && assembly.b.graph().nodes[before..].iter().any(mixes_channels)
    {
        let muted = flow.muted.len();
        return Err(assembly
            .b
            .diag(format!(
                "mixes channels, and {muted} of them are muted: NaN would spread to their neighbours"
            ))
            .help("fill them first with INTERPOLATE AXIS=channel, MUTE after this step, or leave them out with CH= of READ or SLICE"));
    }
    flow.muted = still;
    match assembly.b.graph().node(result).ty {
        Type::Table => {
            let found = EventFlow::detected(assembly.b.graph(), result).ok_or_else(|| {
                Diag::compiler(format!("{} makes a table without detections", step.keyword))
            })?;
            flow.events.push(assembly.events.len());
            assembly.events.push(found);
        }
        Type::Signal(_) => flow.node = result,
    }
    Ok((flow, result))
}

/// An operator on events: what it makes takes the place of the events found so far, and the signal flows on as it is.
fn work_on_events(
    assembly: &mut Assembly,
    step: &Step,
    entry: &dasc_events::ops::Entry,
    flow: Flow,
) -> Result<Flow> {
    if flow.events.is_empty() {
        return Err(Diag::usage(format!(
            "{} has no events to work on: nothing before it detects any",
            step.keyword
        ))
        .at(step.span)
        .help(format!("put a detection before it: THRESHOLD_DETECT -30 | {}", entry.schema.example)));
    }
    let made = EventFlow::made(assembly, step, entry, &flow.events)?;
    let number = assembly.events.len();
    assembly.events.push(made);
    Ok(Flow { events: vec![number], ..flow })
}

/// Whether a node's result depends on more than one channel.
fn mixes_channels(node: &Node) -> bool {
    match &node.prim {
        Prim::Window { along, .. } | Prim::Reduce { along, .. } | Prim::Transform { along, .. } => {
            *along == Role::Channel
        }
        Prim::Call(call) => call.channels > 1,
        Prim::Source
        | Prim::Constant(_)
        | Prim::Map(_)
        | Prim::Scan { .. }
        | Prim::View(_)
        | Prim::Correlate { .. }
        | Prim::Gather { .. }
        | Prim::Emit(_) => false,
    }
}

fn mute(assembly: &mut Assembly, step: &Step, flow: Flow) -> Result<Flow> {
    let Mute { path: FilePath(path) } = Mute::from_args(&step.args, step.span)?;
    let table = names::located(assembly.script, &path);
    let b = &mut assembly.b;
    b.enter(Mute::SCHEMA.name, Some(step.span));
    let numbers: BTreeSet<i64> = dasc_io::read_mute(&table.to_string_lossy())
        .map_err(|diag| diag.at(step.span))?
        .into_iter()
        .collect();
    // Channels that READ has left out may be listed: the table is the fibre's. Others can only be mistaken.
    let there = assembly.record.channels;
    if let Some(strange) = numbers.iter().find(|number| !there.contains(**number)) {
        let (low, high) = there.range();
        return Err(b
            .diag(format!("lists channel {strange}; the record has channels {low} to {high}"))
            .help(format!("correct '{path}': numbers are those of the file, as dasc inspect tells them")));
    }
    silence(b, flow, &numbers)
}

/// Channels with these numbers become NaN and are remembered, so that means leave them out.
fn silence(b: &mut Builder, mut flow: Flow, numbers: &BTreeSet<i64>) -> Result<Flow> {
    let signal = b.signal(flow.node)?.clone();
    let axis = signal
        .channel
        .as_ref()
        .ok_or_else(|| b.diag("needs a channel axis, which its input does not have"))?;
    let positions: Vec<u32> =
        (0..axis.len).filter(|position| numbers.contains(&axis.number(*position))).collect();
    if positions.len() == axis.len as usize {
        return Err(b.diag(format!("takes out all {} channels", axis.len)).help("keep at least one"));
    }
    let stretches = stretches(&positions);
    const MOST: usize = 4096;
    if stretches.len() > MOST {
        let message = format!("takes out {} separate stretches of channels", stretches.len());
        return Err(b
            .diag(message)
            .help(format!("at most {MOST} are possible; choose channels with CH instead")));
    }
    flow.muted.extend(positions.iter().map(|position| axis.number(*position)));
    if stretches.is_empty() {
        return Ok(flow);
    }
    let complex = signal.dtype == DType::C32;
    let dtype = if complex { DType::C32 } else { signal.float() };
    let plane = if complex { DType::F32 } else { dtype };
    flow.node = b.map(&[flow.node], signal.unit.clone(), dtype, |e| {
        let zero = e.constant_of(0.0, plane);
        let nan = zero / e.constant_of(0.0, plane);
        let out = within(e, &stretches);
        let mut planes = vec![e.input(0).to(plane)];
        if complex {
            planes.push(e.imaginary(0).to(plane));
        }
        planes.into_iter().map(|x| out.map_or(x, |out| out.select(nan, x))).collect()
    })?;
    Ok(flow)
}

impl Pipeline {
    /// Whether nothing is written or drawn.
    pub fn idle(&self) -> bool {
        self.sinks.is_empty() && self.cuts.iter().all(|cut| cut.sinks.is_empty())
    }

    /// The last results of branches without a sink, so that there is something to explain and compile.
    pub fn observe_loose_ends(&mut self) {
        if self.graph.outputs.is_empty() {
            let users = self.graph.users();
            let loose =
                self.graph.ids().filter(|id| users.get(id.index()).is_some_and(Vec::is_empty)).collect();
            self.graph.outputs = loose;
        }
    }
}
