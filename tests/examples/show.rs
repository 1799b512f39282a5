use dasc_ir::graph::random::{Limits, random_graph, random_input};
use dasc_ir::graph::interp;
use dasc_runtime::Options;
use dasc_tests::record::*;
fn main() {
    let seed: u64 = std::env::args().nth(1).unwrap().parse().unwrap();
    let limits = Limits { steps: false, nan: false, events: false, transforms: seed % 3 == 0, ..Limits::default() };
    let mut graph = random_graph(seed, &limits);
    println!("{graph}");
    let input = random_input(&graph, seed, &limits);
    let values = interp::evaluate(&graph, &input).unwrap();
    for id in graph.ids() {
        if id.0 == 0 { continue }
        graph.outputs = vec![id];
        let record = Record::new(&graph, &input);
        let c = run(&graph, &record, &Options { threads: 1, chunk: Some(50), ..Options::default() }).unwrap().0;
        if let interp::Value::Signal(t) = &values[id.index()] { let e = t.values.iter().cycle().zip(&c.outputs[0]).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max); let m = t.values.iter().map(|a| a.abs()).fold(0.0, f64::max); println!("{id}: max error {e:e} of max {m:e}"); }
    }
}
