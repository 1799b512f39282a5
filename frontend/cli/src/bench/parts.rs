//! The parts of a plan whose time is told: every stage of every pass, and what a pass does beside its stages.

use dasc_compiler::plan::{Pass, Place};
use dasc_cpu::Codegen;
use dasc_ir::Result;
use dasc_runtime::{Run, Stats};

use crate::groups::{Group, groups, selections};

/// A part of a pass.
pub struct Part {
    /// Counted from 0.
    pub pass: usize,
    pub kind: Kind,
    pub operators: Vec<String>,
    /// Which back end makes its code.
    pub codegen: String,
    /// Bytes it has to move in memory.
    pub bytes: Option<f64>,
    /// Floating-point operations.
    pub operations: Option<f64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The stage of this number.
    Stage(usize),
    Wholes,
    Selections,
    Finals,
}

impl Kind {
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Stage(_) => "stage",
            Kind::Wholes => "whole record",
            Kind::Selections => "selection",
            Kind::Finals => "statistics",
        }
    }
}

impl Part {
    /// Seconds that a run spent in it.
    pub fn seconds(&self, stats: &Stats) -> f64 {
        let Some(times) = stats.times.get(self.pass) else { return 0.0 };
        match self.kind {
            Kind::Stage(number) => times.stages.get(number).copied().unwrap_or(0.0),
            Kind::Wholes => times.wholes,
            Kind::Selections => times.selections,
            Kind::Finals => times.finals,
        }
    }

    pub fn name(&self) -> String {
        self.operators.join(" · ")
    }
}

/// All parts of a run's plan, in the order they come.
pub fn parts(run: &Run, codegen: Codegen) -> Result<Vec<Part>> {
    let (graph, plan) = (run.graph(), run.plan());
    let mut parts = Vec::new();
    for (number, pass) in plan.passes.iter().enumerate() {
        for (stage, group) in groups(&pass.flow, graph, plan, codegen).enumerate() {
            parts.push(of_group(number, Kind::Stage(stage), group?));
        }
        if let Some(group) = selections(pass, graph, plan).reduce(together) {
            parts.push(of_group(number, Kind::Selections, group));
        }
        if stores(pass) {
            let steps = pass.transforms.iter().map(|whole| graph.node(whole.node).operator.clone());
            let mut operators: Vec<String> = steps.collect();
            operators.dedup();
            let what = if operators.is_empty() { "reads the store" } else { "whole record" };
            operators.push(format!("({what})"));
            let (kind, codegen) = (Kind::Wholes, String::new());
            parts.push(Part {
                pass: number,
                kind,
                operators: vec![operators.join(" ")],
                codegen,
                bytes: None,
                operations: None,
            });
        }
        if !pass.finals.stages.is_empty() {
            let of = groups(&pass.finals, graph, plan, codegen).collect::<Result<Vec<Group>>>()?;
            if let Some(group) = of.into_iter().reduce(together) {
                let part = of_group(number, Kind::Finals, group);
                let operators = vec![format!("{} (among statistics)", part.operators.join(" · "))];
                parts.push(Part { operators, bytes: None, operations: None, ..part });
            }
        }
    }
    Ok(parts)
}

/// Whether a pass writes or reads the temporary store.
fn stores(pass: &Pass) -> bool {
    !pass.transforms.is_empty() || pass.flow.streams.iter().any(|s| matches!(s.place, Place::Spool(_)))
}

fn of_group(pass: usize, kind: Kind, group: Group) -> Part {
    let codegen = group.made();
    let Group { operators, bytes, operations, .. } = group;
    Part { pass, kind, operators, codegen, bytes: Some(bytes), operations }
}

fn together(mut a: Group, b: Group) -> Group {
    for operator in b.operators {
        if !a.operators.contains(&operator) {
            a.operators.push(operator);
        }
    }
    a.bytes += b.bytes;
    a
}
