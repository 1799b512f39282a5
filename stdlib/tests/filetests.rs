//! Runs tests/filetests/ops: the example of each operator, a line of dashes, and the graph it builds.
//!
//! `BLESS=1 cargo test -p dasc-stdlib --test filetests` writes the files anew, to be read before they are believed.

use std::fmt::Write;
use std::path::Path;

use dasc_ir::graph::text::parse;
use dasc_stdlib::ops::OPERATORS;
use dasc_stdlib::reference::example_graph;
use dasc_tests::golden::models;

const RULE: &str = "\n----\n";

#[test]
fn each_example_builds_the_graph_on_file() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/filetests/ops");
    let mut failures = String::new();
    for entry in OPERATORS.iter() {
        let path = folder.join(format!("{}.ops", entry.schema.name.to_lowercase()));
        let graph = example_graph(entry, &models()).unwrap();
        let text = graph.to_string();
        parse(&text).unwrap_or_else(|diag| panic!("{}: {diag}\n{text}", entry.schema.name));
        let found = format!("{}{RULE}{text}", entry.schema.example);
        let stored = std::fs::read_to_string(&path).unwrap_or_default();
        if stored == found {
            continue;
        }
        if std::env::var_os("BLESS").is_some() {
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(&path, found).unwrap();
        } else {
            let _ = write!(failures, "{}\non file:\n{stored}\nfound:\n{found}\n", path.display());
        }
    }
    assert!(failures.is_empty(), "{failures}");
}
