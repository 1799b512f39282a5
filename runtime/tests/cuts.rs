//! Whatever the chunk, the threads and the back end, and wherever a run is stopped and continued: the same bits.
//! And those bits mean what the Graph says.

use dasc_ir::graph::random::{Limits, random_graph, random_input};
use dasc_ir::graph::{Graph, interp};
use dasc_runtime::{Backend, Codegen, Options};
use dasc_tests::record::{Collected, Record, far, run, run_in_parts, run_in_ranges, source};

/// Cases; `DASC_CASES` asks for more.
fn cases() -> u64 {
    std::env::var("DASC_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(5000)
}

fn whole(graph: &Graph, record: &Record, options: &Options) -> Collected {
    run(graph, record, options).unwrap_or_else(|e| panic!("{e}")).0
}

#[test]
fn results_do_not_depend_on_cuts_threads_or_back_end() {
    for seed in 0..cases() {
        let limits = Limits { transforms: seed % 3 == 0, ..Limits::default() };
        let graph = random_graph(seed, &limits);
        let record = Record::new(&graph, &random_input(&graph, seed, &limits));
        let oracle = whole(
            &graph,
            &record,
            &Options {
                backend: Backend::Interpreter,
                threads: 1,
                chunk: Some(1 << 20),
                ..Options::default()
            },
        );
        for (chunk, threads, backend) in [
            (1, 1, Backend::default()),
            (7, 2, Backend::Machine(Codegen::Cranelift)),
            (64, 2, Backend::Interpreter),
            (1 << 20, 2, Backend::default()),
        ] {
            let options = Options { backend, threads, chunk: Some(chunk), ..Options::default() };
            let other = whole(&graph, &record, &options);
            oracle.assert_same(&other, &format!("seed {seed}, chunk {chunk}, {backend:?}"));
        }
    }
}

/// Two roundings to F32 of the largest value on the way: operators magnify no more than twice, so that one is left of each
/// where that value cancels.
const ROUNDINGS: f64 = 2.0 / (1u32 << 24) as f64;

#[test]
fn results_mean_what_the_graph_says() {
    let mut failures = Vec::new();
    for seed in 0..cases() {
        let limits = Limits {
            steps: false,
            nan: false,
            events: false,
            transforms: seed % 3 == 0,
            ..Limits::default()
        };
        let graph = random_graph(seed, &limits);
        let input = random_input(&graph, seed, &limits);
        let values = interp::evaluate(&graph, &input).unwrap_or_else(|e| panic!("seed {seed}: {e}"));
        let rounding = ROUNDINGS * largest(&values);
        let record = Record::new(&graph, &input);
        let result = whole(&graph, &record, &Options { threads: 1, chunk: Some(50), ..Options::default() });
        for (output, node) in graph.outputs.iter().enumerate() {
            let difference = far(&values[node.index()], &result, output, rounding);
            failures.extend(difference.map(|d| format!("seed {seed}, output {output}: {d}")));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// The largest finite magnitude on the way.
fn largest(values: &[interp::Value]) -> f64 {
    let tensors =
        values.iter().filter_map(|v| if let interp::Value::Signal(t) = v { Some(&t.values) } else { None });
    tensors.flatten().map(|x| x.abs()).filter(|x| x.is_finite()).fold(0.0, f64::max)
}

/// Memory under which every row is large.
const NONE: usize = 1;

#[test]
fn results_do_not_depend_on_ranges_of_channels() {
    let mut parts = 0;
    for seed in 0..cases() {
        let limits = Limits { transforms: seed % 3 == 0, channels: 70, ..Limits::default() };
        let graph = random_graph(seed, &limits);
        let record = Record::new(&graph, &random_input(&graph, seed, &limits));
        let oracle =
            whole(&graph, &record, &Options { threads: 1, chunk: Some(1 << 20), ..Options::default() });
        for (chunk, threads, block) in [(1, 1, 16), (7, 2, 16), (1 << 20, 1, 32)] {
            let options = Options {
                memory: NONE,
                threads,
                chunk: Some(chunk),
                block: Some(block),
                ..Options::default()
            };
            let (ranged, _) = run_in_ranges(&graph, &record, &options).unwrap_or_else(|e| panic!("{e}"));
            oracle
                .assert_same(&ranged, &format!("seed {seed}, chunk {chunk}, ranges of {threads} × {block}"));
            parts += ranged.parts;
        }
    }
    assert!(parts > cases(), "only {parts} ranges after the first");
}

#[test]
fn rows_that_a_record_lends_are_the_rows_it_gives() {
    let (mut asked, mut saves) = (0, 0);
    for seed in 0..cases() {
        let limits = Limits { transforms: seed % 3 == 0, channels: 160, ..Limits::default() };
        let graph = random_graph(seed, &limits);
        // Others are never lent.
        if !source(&graph).channels().is_multiple_of(16) {
            continue;
        }
        let input = random_input(&graph, seed, &limits);
        let Some(lending) = Record::new(&graph, &input).lending() else { continue };
        let options = Options { threads: 1, chunk: Some(1 << 20), ..Options::default() };
        let oracle = whole(&graph, &Record::new(&graph, &input), &options);
        for (chunk, threads) in [(1 << 20, 1), (7, 2), (64, 1)] {
            let options = Options { threads, chunk: Some(chunk), ..Options::default() };
            oracle.assert_same(&whole(&graph, &lending, &options), &format!("seed {seed}, chunk {chunk}"));
        }
        // Some parts of a run are lent what others have read.
        let parts = run_in_parts(&graph, &lending, &options, seed);
        let (parts, times) = parts.unwrap_or_else(|e| panic!("seed {seed}: {e}"));
        oracle.assert_same(&parts, &format!("seed {seed}, saved {times} times"));
        (asked, saves) = (asked + lending.asked(), saves + times);
    }
    assert!(u64::from(asked) > cases() / 20, "rows were lent only {asked} times");
    assert!(u64::from(saves) > cases() / 50, "state was saved only {saves} times");
}

#[test]
fn a_run_continues_from_what_was_saved() {
    let (mut saves, mut failures) = (0, Vec::new());
    for seed in 0..cases() {
        let limits = Limits { transforms: seed % 3 == 0, ..Limits::default() };
        let graph = random_graph(seed, &limits);
        let record = Record::new(&graph, &random_input(&graph, seed, &limits));
        // For one in two all rows are large, so that they go in ranges whenever the observer takes them.
        let (memory, block) = if seed % 2 == 0 { (0, None) } else { (NONE, Some(16)) };
        let options = Options { threads: 1, chunk: Some(1 << 20), memory, block, ..Options::default() };
        match run_in_parts(&graph, &record, &options, seed) {
            Ok((parts, times)) => {
                let difference = whole(&graph, &record, &options).difference(&parts);
                failures.extend(difference.map(|d| format!("seed {seed}, saved {times} times: {d}")));
                saves += times;
            }
            Err(diag) => failures.push(format!("seed {seed}: {diag}")),
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(u64::from(saves) > cases(), "state was saved only {saves} times");
}
