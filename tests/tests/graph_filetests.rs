//! Files of `filetests/graph`: the text of a graph, and what a command makes of it. The first line is `# test: text`,
//! `verify` or `facts`.

use dasc_ir::graph::facts::facts;
use dasc_ir::graph::text::parse;
use dasc_ir::graph::verify::verify;
use dasc_tests::filetest;

#[test]
fn files() {
    filetest::check("graph", run);
}

fn run(input: &str) -> String {
    let graph = match parse(input) {
        Ok(graph) => graph,
        Err(error) => return format!("{}\n", error.message),
    };
    let verified = verify(&graph);
    match filetest::header(input, "test").unwrap_or("") {
        "text" => graph.to_string(),
        "verify" => verified.map_or_else(|error| format!("{}\n", error.message), |()| "sound\n".into()),
        "facts" => match verified {
            Ok(()) => graph.ids().zip(facts(&graph)).map(|(id, facts)| format!("{id} {facts}\n")).collect(),
            Err(error) => format!("{}\n", error.message),
        },
        other => format!("there is no command {other:?}\n"),
    }
}
