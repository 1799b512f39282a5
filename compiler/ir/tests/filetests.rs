//! Runs tests/filetests/graph: the text of a graph, a line of dashes, and what a command makes of it.
//!
//! The first line is `# test: text`, `verify` or `facts`. `BLESS=1 cargo test -p dasc-ir --test filetests` writes what comes
//! out into the files, to be read before it is believed.

use std::fmt::Write;
use std::path::Path;

use dasc_ir::graph::facts::facts;
use dasc_ir::graph::text::parse;
use dasc_ir::graph::verify::verify;

const RULE: &str = "\n----\n";

#[test]
fn files() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/filetests/graph");
    let mut paths: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(!paths.is_empty(), "{} holds no tests", folder.display());
    let mut failures = String::new();
    for path in paths {
        let text = std::fs::read_to_string(&path).unwrap();
        let (input, expected) = text.split_once(RULE).unwrap_or((&text, ""));
        let found = run(input);
        if found == expected {
            continue;
        }
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(&path, format!("{input}{RULE}{found}")).unwrap();
        } else {
            let _ = write!(failures, "{}\nexpected:\n{expected}\nfound:\n{found}\n", path.display());
        }
    }
    assert!(failures.is_empty(), "{failures}");
}

fn run(input: &str) -> String {
    let command = input.lines().next().and_then(|line| line.strip_prefix("# test: ")).unwrap_or("");
    let graph = match parse(input) {
        Ok(graph) => graph,
        Err(error) => return format!("{}\n", error.message),
    };
    let verified = verify(&graph);
    match command {
        "text" => graph.to_string(),
        "verify" => verified.map_or_else(|error| format!("{}\n", error.message), |()| "sound\n".into()),
        "facts" => match verified {
            Ok(()) => graph.ids().zip(facts(&graph)).map(|(id, facts)| format!("{id} {facts}\n")).collect(),
            Err(error) => format!("{}\n", error.message),
        },
        other => format!("there is no command {other:?}\n"),
    }
}
