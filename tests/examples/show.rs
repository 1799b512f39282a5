use dasc_ir::graph::random::{Limits, random_graph, random_input};
use dasc_ir::graph::interp;
use dasc_runtime::{Options, Backend, Run};
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
        let r = std::panic::catch_unwind(|| run(&graph, &record, &Options { threads: 1, chunk: Some(50), backend: Backend::Cranelift, ..Options::default() }));
        match r { Ok(Ok((c, _))) => {
            println!("{id}: {:?}", far(&values[id.index()], &c, 0, 1e-2));
            if let interp::Value::Signal(t) = &values[id.index()] { println!("   want {:?}\n   got  {:?}", &t.values[..t.values.len().min(8)], &c.outputs[0][..c.outputs[0].len().min(8)]); }
            }, other => println!("{id}: {:?}", other.map(|r| r.map(|_| ()))) }
    }
    let _ = Run::prepare(graph.clone(), &Options::default()).map(|r| println!("{}", r.plan()));
}
