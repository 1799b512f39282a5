//! Every golden vector through the operators and the f64 interpreter: what they mean is what NumPy, SciPy and ObsPy say.
//! `tests/golden/README.md` explains the cases.

use dasc_ir::graph::interp::{Value, interpret};
use dasc_ir::graph::{Builder, Prim};
use dasc_stdlib::reference::build_example;
use dasc_tests::golden::{Case, cases, models};

/// The interpreter rounds nothing, so it is held to more than the compiled pipelines are.
const RTOL: f64 = 1e-9;

#[test]
fn every_golden_case_agrees() {
    let cases = cases();
    assert!(cases.len() > 600, "only {} cases", cases.len());
    let failures: Vec<String> = cases
        .iter()
        .filter_map(|case| {
            let error = check(case).err()?;
            Some(format!("{} `{}`: {error}", case.name, case.dql))
        })
        .collect();
    assert!(failures.is_empty(), "{} of {} differ:\n{}", failures.len(), cases.len(), failures.join("\n"));
}

fn check(case: &Case) -> Result<(), String> {
    let mut b = Builder::new();
    b.set_beside(case.beside());
    b.set_models(models());
    let x = b.source(case.signal.clone());
    let y = build_example(&mut b, x, &case.dql).map_err(|diag| diag.to_string())?;
    let graph = b.finish(vec![y]);
    match interpret(&graph, &case.input).map_err(|diag| diag.to_string())?.pop().ok_or("no output")? {
        Value::Signal(tensor) => {
            case.axes_agree(&graph)?;
            if (tensor.planes == 2) != case.expected.complex {
                return Err(format!("{} planes", tensor.planes));
            }
            // A model computes in F32, whoever calls it.
            let calls = graph.nodes.iter().any(|node| matches!(node.prim, Prim::Call(_)));
            case.within(&tensor.values, if calls { case.rtol } else { RTOL })?;
            Ok(())
        }
        Value::Events(events) => {
            case.same_events(events.iter().map(|e| (e.channel as u64, e.first, e.end - 1)).collect())
        }
    }
}
