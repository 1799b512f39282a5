//! Whatever the chunk, the threads and the back end: the same bits. And those bits mean what the Graph says.

mod record;

use dasc_ir::graph::random::{Limits, random_graph, random_input};
use dasc_ir::graph::{Graph, interp};
use dasc_runtime::{Backend, Options, Run};
use record::{Collected, Record, near};

/// Cases; `DASC_CASES` asks for more.
fn cases() -> u64 {
    std::env::var("DASC_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(400)
}

fn run(graph: &Graph, record: &Record, options: &Options) -> Collected {
    let run = Run::prepare(graph.clone(), options).unwrap_or_else(|e| panic!("{e}"));
    let mut collected = Collected::new(&run);
    run.execute(record, &mut collected).unwrap_or_else(|e| panic!("{e}"));
    collected
}

#[test]
fn results_do_not_depend_on_cuts_threads_or_back_end() {
    for seed in 0..cases() {
        let limits = Limits { transforms: seed % 3 == 0, ..Limits::default() };
        let graph = random_graph(seed, &limits);
        if not_yet(&graph) {
            continue;
        }
        let record = Record::new(&graph, &random_input(&graph, seed, &limits));
        let oracle = run(
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
            (1, 1, Backend::Cranelift),
            (7, 2, Backend::Cranelift),
            (64, 2, Backend::Interpreter),
            (1 << 20, 2, Backend::Cranelift),
        ] {
            let options = Options { backend, threads, chunk: Some(chunk), ..Options::default() };
            let other = run(&graph, &record, &options);
            oracle.assert_same(&other, &format!("seed {seed}, chunk {chunk}, {backend:?}"));
        }
    }
}

#[test]
fn results_mean_what_the_graph_says() {
    for seed in 0..cases() {
        let limits = Limits {
            steps: false,
            nan: false,
            events: false,
            transforms: seed % 3 == 0,
            ..Limits::default()
        };
        let graph = random_graph(seed, &limits);
        if not_yet(&graph) {
            continue;
        }
        let input = random_input(&graph, seed, &limits);
        let meaning = interp::interpret(&graph, &input).unwrap_or_else(|e| panic!("seed {seed}: {e}"));
        let record = Record::new(&graph, &input);
        let result = run(&graph, &record, &Options { threads: 1, chunk: Some(50), ..Options::default() });
        for (output, value) in meaning.iter().enumerate() {
            near(
                value,
                &result,
                output,
                if limits.transforms { 2e-2 } else { 1e-2 },
                &format!("seed {seed}, output {output}"),
            );
        }
    }
}

fn not_yet(graph: &Graph) -> bool {
    let text = format!("{graph:?}");
    ["OverlapAdd"].iter().any(|w| text.contains(w))
}
