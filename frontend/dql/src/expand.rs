//! Statements to steps: loops unrolled, names looked up, every argument a literal of the kind its parameter expects.

use std::collections::{HashMap, HashSet};

use dasc_define::Stretch;
use dasc_ir::literal::{Arg, Literal};
use dasc_ir::operator::Schema;
use dasc_ir::parameter::Kind;
use dasc_ir::spelling::nearest;
use dasc_ir::{Diag, Result, Span};

use crate::arguments;
use crate::evaluate::{Evaluator, innermost};
use crate::names::Stop;
use crate::params::{self, Declared, Given};
use crate::report::Report;
use crate::source::Sources;
use crate::statements::begins_flow;
use crate::step::{Program, Step};
use crate::syntax::{Spelled, Statement, StepNode, Value};
use crate::vocabulary::Vocabulary;
use crate::word::label;
use crate::zone::Zone;

/// More steps, or turns of loops, than anyone means.
const MAX_STEPS: usize = 10_000;

/// Unrolls a script. Mistakes go to the report; the program counts only if there are none.
pub fn program(
    statements: &[Statement],
    given: &mut Given,
    sources: &Sources,
    vocabulary: &Vocabulary,
    report: &mut Report,
) -> Program {
    let mut expander = Expander {
        sources,
        vocabulary,
        given,
        report,
        evaluator: Evaluator::default(),
        program: Program::default(),
        flows: HashMap::new(),
        mistaken: HashSet::new(),
        below: below(statements, sources),
        flow: Flow::default(),
        bindings: Vec::new(),
        turns: 0,
        steps: 0,
        depth: 0,
        stopped: false,
    };
    expander.block(statements);
    expander.program
}

/// What the next step takes.
#[derive(Clone, Default)]
struct Flow {
    step: Option<usize>,
    /// The `FROM` that chose it, until a step has taken it.
    from: Option<(String, Span)>,
    /// The further flows of that `FROM`, until a step has taken them.
    joined: Vec<(String, usize)>,
    /// The flow is the consequence of a mistake that was reported.
    broken: bool,
}

struct Expander<'a> {
    sources: &'a Sources,
    vocabulary: &'a Vocabulary,
    given: &'a mut Given,
    report: &'a mut Report,
    evaluator: Evaluator,
    program: Program,
    flows: HashMap<String, (Flow, Span)>,
    /// Names whose definitions were mistaken, so that uses stay quiet.
    mistaken: HashSet<String>,
    /// Names of the definitions that are still to come.
    below: HashSet<String>,
    flow: Flow,
    bindings: Vec<(String, String)>,
    turns: usize,
    steps: usize,
    depth: usize,
    stopped: bool,
}

/// What a definition may call, beside those before it.
struct Around<'a> {
    vocabulary: &'a Vocabulary,
    below: &'a HashSet<String>,
}

impl dasc_define::Callees for Around<'_> {
    fn knows(&self, name: &str) -> bool {
        self.vocabulary.knows(name)
    }

    fn names(&self) -> Vec<String> {
        self.vocabulary.names()
    }

    fn below(&self, name: &str) -> bool {
        self.below.contains(&name.to_uppercase())
    }
}

/// The names of all definitions of a script, in capitals.
fn below(statements: &[Statement], sources: &Sources) -> HashSet<String> {
    let name = |statement: &Statement| match statement {
        Statement::Def { source, start, end } => defined_name(sources.text(*source), *start, *end),
        _ => None,
    };
    statements.iter().filter_map(name).collect()
}

/// The name that the DEF at a stretch of a text gives, in capitals.
fn defined_name(text: &str, start: usize, end: usize) -> Option<String> {
    let name = text.get(start..end)?.get(3..)?.split('(').next()?;
    Some(name.trim().to_uppercase())
}

impl Expander<'_> {
    fn block(&mut self, statements: &[Statement]) {
        for statement in statements {
            if self.stopped || self.report.full() {
                return;
            }
            if let Err(stop) = self.statement(statement) {
                self.report.add_stop(stop);
            }
        }
        self.leave_from();
    }

    fn statement(&mut self, statement: &Statement) -> Result<(), Stop> {
        match statement {
            Statement::Param { name, ty, default, help } => {
                let (default, help) = (default.as_ref(), help.as_deref());
                self.param(Declared { name, ty, default, help })
            }
            Statement::Let { name, value } => {
                let value = match value {
                    Some(value) => self.evaluated(value),
                    None => None,
                };
                Ok(self.evaluator.names.define(&name.text, name.span, value)?)
            }
            Statement::For { name, over, body } => self.repeat(name, over.as_ref(), body),
            Statement::From { names, span } => self.choose(names, *span),
            Statement::Def { source, start, end } => self.define(*source, *start, *end),
            Statement::Import { path } => {
                let diag = Diag::usage("IMPORT stands outside of loops, on a line of its own").at(path.span);
                Err(Some(diag.help("put it at the start of the script")))
            }
            Statement::Step(node) => self.step(node),
        }
    }

    /// The literal, or `None` after reporting why there is none.
    fn evaluated(&mut self, value: &Value) -> Option<Literal> {
        match self.evaluator.literal(value, None, &Zone::UTC) {
            Ok(literal) => Some(literal),
            Err(stop) => {
                self.report.add_stop(stop);
                None
            }
        }
    }

    fn param(&mut self, declared: Declared<'_>) -> Result<(), Stop> {
        let name = declared.name;
        if self.depth > 0 {
            let diag = Diag::usage("PARAM cannot stand in a loop").at(name.span);
            return Err(Some(diag.help("declare it before the FOR")));
        }
        let decl = params::declare(declared, self.given, self.sources, &mut self.evaluator);
        let (value, stop) = match decl {
            Ok(decl) => {
                let value = decl.value.clone();
                self.program.params.push(decl);
                (value, None)
            }
            Err(stop) => (None, stop),
        };
        self.report.add_stop(stop);
        Ok(self.evaluator.names.define(&name.text, name.span, value)?)
    }

    fn define(&mut self, source: u32, start: usize, end: usize) -> Result<(), Stop> {
        let text = self.sources.text(source);
        let head = Span { source, start: start as u32, end: start as u32 + 3 };
        if self.depth > 0 {
            let diag = Diag::usage("DEF cannot stand in a loop").at(head);
            return Err(Some(diag.help("define it before the FOR")));
        }
        let stretch = Stretch { source, start, end };
        let name = defined_name(text, start, end);
        if let Some(name) = &name {
            self.below.remove(name);
        }
        let callees = Around { vocabulary: self.vocabulary, below: &self.below };
        let read = self.program.definitions.read(text, stretch, &callees).map(|_| ());
        if read.is_err() {
            self.mistaken.extend(name);
        }
        Ok(read?)
    }

    fn repeat(&mut self, name: &Spelled, over: Option<&Value>, body: &[Statement]) -> Result<(), Stop> {
        let before = std::mem::take(&mut self.flow);
        let items = match over.map(|over| (over, self.evaluated(over))) {
            Some((over, Some(literal))) => turns(literal, over.span).map(Some),
            _ => Ok(None),
        };
        let items: Vec<Option<Literal>> = match items {
            Ok(Some(items)) => items.into_iter().map(Some).collect(),
            // The body is read once all the same, for the mistakes in it.
            Ok(None) => vec![None],
            Err(diag) => {
                self.report.add(diag);
                vec![None]
            }
        };
        self.depth += 1;
        for item in items {
            self.stopped |= self.evaluator.exhausted();
            if self.stopped || self.report.full() {
                break;
            }
            self.turns += 1;
            if self.turns > MAX_STEPS {
                self.stopped = true;
                let text = format!("the loops of the script take more than {MAX_STEPS} turns");
                self.report.add(Diag::usage(text).at(name.span).help("shorten the list of the FOR"));
                break;
            }
            self.flow = before.clone();
            let open = self.evaluator.names.open();
            let bound = item.as_ref().map(|item| label(item).unwrap_or_else(|| "list".into()));
            let defined = self.evaluator.names.define(&name.text, name.span, item);
            if let Err(diag) = defined {
                self.report.add(diag);
            }
            self.bindings.push((name.text.clone(), bound.unwrap_or_default()));
            self.block(body);
            self.bindings.pop();
            self.evaluator.names.close(open);
        }
        self.depth -= 1;
        self.flow = Flow { from: None, ..before };
        Ok(())
    }

    fn choose(&mut self, names: &[Spelled], span: Span) -> Result<(), Stop> {
        self.leave_from();
        self.flow = Flow { broken: true, ..Flow::default() };
        let mut chosen: Vec<(String, Flow)> = Vec::with_capacity(names.len());
        for name in names {
            let (text, flow) = self.chosen(name)?;
            if chosen.iter().any(|(known, _)| *known == text) {
                let diag = Diag::usage(format!("FROM names the flow `{text}` twice")).at(name.span);
                return Err(Some(diag.help("name each flow once")));
            }
            chosen.push((text, flow));
        }
        let broken = chosen.iter().any(|(_, flow)| flow.broken);
        let mut chosen = chosen.into_iter();
        let Some((text, flow)) = chosen.next() else { return Err(None) };
        let joined = chosen.filter_map(|(name, flow)| Some((name, flow.step?))).collect();
        self.flow = Flow { from: Some((text, span)), joined, broken, ..flow };
        Ok(())
    }

    /// The flow of a name.
    fn chosen(&mut self, name: &Spelled) -> Result<(String, Flow), Stop> {
        let text = self.filled(name)?;
        let Some((flow, _)) = self.flows.get(&text) else {
            let diag = Diag::usage(format!("there is no flow `{text}` before this line")).at(name.span);
            return Err(Some(match nearest(&text, self.flows.keys().map(String::as_str)) {
                Some(near) => diag.help(format!("did you mean {near}?")),
                None => diag.help(format!("name a flow at the end of its step: … AS {text}")),
            }));
        };
        Ok((text, flow.clone()))
    }

    /// A `FROM` that no step has taken is a slip.
    fn leave_from(&mut self) {
        if let Some((name, span)) = self.flow.from.take() {
            let diag = Diag::usage(format!("no step follows FROM {name}")).at(span);
            self.report.add(diag.help(format!("for example FROM {name} | PLOT_TS")));
        }
    }

    fn step(&mut self, node: &StepNode) -> Result<(), Stop> {
        self.steps += 1;
        if self.steps > MAX_STEPS {
            self.stopped = true;
            let text = format!("the script has more than {MAX_STEPS} steps once its loops are unrolled");
            return Err(Some(Diag::usage(text).at(node.keyword.span).help("split it into several scripts")));
        }
        let taken = std::mem::take(&mut self.flow);
        let made = self.operate(node, &taken);
        let (step, stop) = match made {
            Ok(step) => (Some(step), None),
            Err(stop) => (None, stop),
        };
        self.report.add_stop(stop);
        self.flow = match &step {
            Some(step) => {
                let broken = taken.broken && !begins_flow(step.schema);
                Flow { step: Some(step.index), broken, ..Flow::default() }
            }
            None => Flow { broken: true, ..Flow::default() },
        };
        let name = match &node.name {
            Some(name) => Some((self.filled(name)?, name.span)),
            None => None,
        };
        if let Some((name, span)) = &name {
            self.name(name, *span)?;
        }
        self.program.steps.extend(step.map(|step| Step { name, ..step }));
        Ok(())
    }

    /// The step with its arguments, or why there is none. Several mistakes may be reported on the way.
    fn operate(&mut self, node: &StepNode, flow: &Flow) -> Result<Step, Stop> {
        let keyword = &node.keyword;
        let defined =
            self.program.definitions.find(&keyword.text).map(|definition| dasc_define::schema(definition));
        let Some(schema) = defined.or_else(|| self.vocabulary.find(&keyword.text)) else {
            if self.mistaken.contains(&keyword.text.to_uppercase()) {
                return Err(None);
            }
            if self.below.contains(&keyword.text.to_uppercase()) {
                let diag = Diag::usage(format!("there is no step {} yet", keyword.text)).at(keyword.span);
                return Err(Some(
                    diag.help(format!("{} is defined below; move its definition up", keyword.text)),
                ));
            }
            let names: Vec<&str> = self.program.definitions.iter().map(|d| d.name.as_str()).collect();
            return Err(Some(self.vocabulary.unknown_beside(&keyword.text, keyword.span, &names)));
        };
        let begins = begins_flow(schema);
        match (begins, &flow.from, flow.step) {
            (true, Some((name, span)), _) => {
                let text = format!("{} begins a flow of its own and cannot take `{name}`", schema.name);
                let diag = Diag::usage(text).at(*span).related(keyword.span, "begins a flow");
                self.report.add(diag.help("drop the FROM"));
            }
            (false, _, None) if !flow.broken => {
                let diag = Diag::usage(format!("{} has nothing to work on", schema.name)).at(keyword.span);
                self.report.add(diag.help("begin with READ, or choose a flow with FROM"));
            }
            _ => {}
        }
        if node.broken {
            return Err(None);
        }
        let args = arguments::resolve(schema, node, &mut self.evaluator, self.report)?;
        let branches = self.branches(schema, &args, keyword.span)?;
        let kept: usize = self.bindings.iter().map(|(name, value)| name.len() + value.len()).sum();
        self.evaluator.spend(kept, node.span)?;
        Ok(Step {
            index: self.program.steps.len(),
            keyword: schema.name.to_string(),
            schema,
            span: node.span,
            args,
            input: if begins { None } else { flow.step },
            branches,
            joined: if begins { Vec::new() } else { flow.joined.clone() },
            from: if begins { None } else { flow.from.clone() },
            name: None,
            bindings: self.bindings.clone(),
        })
    }

    /// The flows among the arguments.
    fn branches(&self, schema: &Schema, args: &[Arg], call: Span) -> Result<Vec<(String, usize)>, Stop> {
        let mut branches = Vec::new();
        for (slot, param) in schema.assign(args, call)?.into_iter().zip(schema.params) {
            let Some(arg) = slot else { continue };
            let name = match (innermost(param.kind), &arg.value) {
                (Kind::Branch, Literal::Word(name) | Literal::Text(name)) => name,
                // Text is a path.
                (Kind::FlowOrPath, Literal::Word(name)) if !name.eq_ignore_ascii_case("none") => name,
                _ => continue,
            };
            let Some((flow, _)) = self.flows.get(name) else {
                let diag = Diag::usage(format!("there is no flow `{name}` before this step")).at(arg.span);
                return Err(Some(match nearest(name, self.flows.keys().map(String::as_str)) {
                    Some(near) => diag.help(format!("did you mean {near}?")),
                    None => diag.help(format!("name a flow at the end of its step: … AS {name}")),
                }));
            };
            match flow.step {
                Some(step) => branches.push((name.clone(), step)),
                None => return Err(None),
            }
        }
        Ok(branches)
    }

    fn name(&mut self, name: &str, span: Span) -> Result<()> {
        let entry = (self.flow.clone(), span);
        let Some((flow, earlier)) = self.flows.insert(name.to_string(), entry) else { return Ok(()) };
        if flow.broken {
            return Ok(());
        }
        if earlier != span {
            return Err(Diag::usage(format!("there is a flow `{name}` already"))
                .at(span)
                .related(earlier, "first named here")
                .help("choose another name after AS"));
        }
        let diag = Diag::usage(format!("every turn of the loop names a flow `{name}`")).at(span);
        Err(match self.bindings.last() {
            Some((variable, _)) => diag.help(format!("make the names differ: AS {name}_{{{variable}}}")),
            None => diag.help("choose another name after AS"),
        })
    }

    fn filled(&self, name: &Spelled) -> Result<String, Stop> {
        self.evaluator.names.fill(&name.text).map_err(|stop| stop.map(|diag| diag.at(name.span)))
    }
}

/// What a loop goes over: the items of a list, or the whole numbers of a range with two ends.
fn turns(literal: Literal, span: Span) -> Result<Vec<Literal>> {
    let whole = |end: &Option<Box<Literal>>| match end.as_deref() {
        Some(Literal::Number(value)) if value.fract() == 0.0 && value.abs() < 1e15 => Some(*value),
        _ => None,
    };
    let items = match literal {
        Literal::List(items) => items,
        Literal::Range { from, to, step } if whole(&from).is_some() && whole(&to).is_some() => {
            let (from, to) = (whole(&from).unwrap_or(0.0), whole(&to).unwrap_or(0.0));
            let step = whole(&step).unwrap_or(1.0).max(1.0);
            let count = ((to - from) / step).ceil().clamp(0.0, MAX_STEPS as f64 + 1.0) as usize;
            (0..count).map(|i| Literal::Number(from + i as f64 * step)).collect()
        }
        other => {
            return Err(Diag::usage(format!("FOR goes over a list, not {other}"))
                .at(span)
                .help("write [1..10Hz, 10..100Hz], or 0..4 for whole numbers"));
        }
    };
    if items.is_empty() {
        return Err(Diag::usage("FOR has nothing to go over: the list is empty")
            .at(span)
            .help("write [1..10Hz, 10..100Hz], or 0..4 for whole numbers"));
    }
    Ok(items)
}
