//! What NumPy, SciPy and ObsPy say, against compiled pipelines: DQL text through the language, the compiler, machine code
//! and the runtime. `golden/README.md` explains the cases; here is no way to leave one out.

mod accuracy;
mod script;

use std::collections::HashSet;

use dasc_ir::graph::Graph;
use dasc_runtime::{Backend, Options};
use dasc_stdlib::ops::OPERATORS;
use dasc_tests::golden::{Case, Distance, cases};
use dasc_tests::record::{Collected, Record, run};

/// And `docs/accuracy.md` says how closely.
#[test]
fn machine_code_gives_what_the_references_say() {
    let mut table = accuracy::Table::default();
    each_case(0, 1, |case, graph, record| {
        let (found, _) = run(graph, record, &machine(None, 2)).map_err(|e| e.to_string())?;
        table.add(case, compare(case, graph, &found)?);
        Ok(())
    });
    table.check();
}

#[test]
fn every_operator_has_a_reference() {
    let cases = cases();
    let tested: HashSet<&str> = cases.iter().map(|case| case.operator.as_str()).collect();
    let missing: Vec<&str> = OPERATORS
        .iter()
        .map(|entry| entry.schema.name)
        .filter(|name| !tested.contains(name.to_lowercase().as_str()))
        .collect();
    assert!(missing.is_empty(), "no golden case in tests/golden for {}", missing.join(", "));
}

#[test]
fn the_kernel_interpreter_gives_the_same_bits() {
    each_case(0, 1, |_, graph, record| {
        let oracle = Options { backend: Backend::Interpreter, threads: 1, ..Options::default() };
        same(graph, record, &oracle, &machine(None, 2))
    });
}

#[test]
fn chunks_do_not_change_a_bit() {
    for (phase, chunk) in [(0, 1), (1, 7), (2, 1 << 20)] {
        each_case(phase, 3, |_, graph, record| {
            same(graph, record, &machine(None, 1), &machine(Some(chunk), 2))
        });
    }
}

fn machine(chunk: Option<usize>, threads: usize) -> Options {
    Options { backend: Backend::default(), threads, chunk, ..Options::default() }
}

fn same(graph: &Graph, record: &Record, one: &Options, other: &Options) -> Result<(), String> {
    let (one, _) = run(graph, record, one).map_err(|e| e.to_string())?;
    let (other, _) = run(graph, record, other).map_err(|e| e.to_string())?;
    one.difference(&other).map_or(Ok(()), Err)
}

/// Builds every `step`-th case from `phase` on and hands it to `check`.
fn each_case(phase: usize, step: usize, mut check: impl FnMut(&Case, &Graph, &Record) -> Result<(), String>) {
    let cases = cases();
    assert!(cases.len() > 600, "only {} cases", cases.len());
    let failures: Vec<String> = cases
        .iter()
        .skip(phase)
        .step_by(step)
        .filter_map(|case| {
            let outcome = script::graph_beside(
                &format!("READ record | {}", case.dql),
                &case.signal,
                Some(case.beside()),
            )
            .and_then(|graph| check(case, &graph, &Record::new(&graph, &case.input)));
            Some(format!("{} `{}`: {}", case.name, case.dql, outcome.err()?))
        })
        .collect();
    assert!(
        failures.is_empty(),
        "{} of {} cases fail:\n{}",
        failures.len(),
        cases.len(),
        failures.join("\n")
    );
}

fn compare(case: &Case, graph: &Graph, found: &Collected) -> Result<Distance, String> {
    if case.expected.events {
        let found = found.detections[0].iter().map(|d| (d.channel.into(), d.first, d.last)).collect();
        return case.same_events(found).map(|()| Distance::default());
    }
    case.axes_agree(graph)?;
    let (found, count) = (&found.outputs[0], case.expected.values.len());
    let timed = graph.signal(graph.outputs[0]).is_some_and(|signal| signal.time.is_some());
    if timed || found.len() <= count {
        return case.within(found, case.rtol);
    }
    // A statistic of the whole record is told once for each stretch.
    found.chunks(count).try_fold(Distance::default(), |_, told| case.within(told, case.rtol))
}
