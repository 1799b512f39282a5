//! Files of `filetests/passes`: the text of a graph, and what a rewrite of the pipeline makes of it.

use dasc_compiler::pipeline::REWRITES;
use dasc_ir::graph::text::parse;
use dasc_ir::graph::verify::verify;
use dasc_tests::filetest;

#[test]
fn rewrites() {
    let inputs = filetest::check("passes", rewritten);
    let tested: Vec<&str> = inputs.iter().filter_map(|input| filetest::header(input, "pass")).collect();
    for rewrite in REWRITES {
        assert!(tested.contains(&rewrite.name), "no file of filetests/passes tests {}", rewrite.name);
    }
}

fn rewritten(input: &str) -> String {
    let name = filetest::header(input, "pass").unwrap_or("");
    let Some(rewrite) = REWRITES.iter().find(|rewrite| rewrite.name == name) else {
        return format!("there is no rewrite {name:?}\n");
    };
    let outcome = parse(input).and_then(|mut graph| {
        verify(&graph)?;
        (rewrite.run)(&mut graph)?;
        verify(&graph)?;
        Ok(graph.to_string())
    });
    outcome.unwrap_or_else(|diag| format!("{diag}\n"))
}
