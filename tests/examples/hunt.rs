use dasc_ir::graph::random::{Limits, random_graph, random_input};
use dasc_runtime::{Options, Backend};
use dasc_tests::record::*;
fn main() {
    let a: Vec<u64> = std::env::args().skip(1).map(|s| s.parse().unwrap()).collect();
    for seed in a[0]..a[1] {
        use std::io::Write; let _ = std::fs::write("/tmp/tt-seed", format!("{seed}")); std::io::stdout().flush().unwrap();
        let limits = Limits { transforms: seed % 3 == 0, ..Limits::default() };
        let graph = random_graph(seed, &limits);
        if a.len() > 2 { println!("{graph}"); }
        let record = Record::new(&graph, &random_input(&graph, seed, &limits));
        let o = |b, t, c| Options { backend: b, threads: t, chunk: Some(c), ..Options::default() };
        let x = run(&graph, &record, &o(Backend::Interpreter, 1, 1 << 20)).unwrap().0;
        for (b, t, c) in [(Backend::Interpreter, 1, 13), (Backend::Cranelift, 1, 1), (Backend::Cranelift, 2, 7), (Backend::Cranelift, 2, 1 << 20)] {
            let y = run(&graph, &record, &o(b, t, c)).unwrap().0;
            if let Some(d) = x.difference(&y) { println!("seed {seed} {b:?} {t} {c}: {d}"); }
        }
        let _ = run_in_parts(&graph, &record, &o(Backend::Cranelift, 1, 1), seed);
    }
}
