//! The list of operators, its examples and `docs/operators.md` made of them.

use std::collections::HashSet;
use std::path::Path;

use dasc_ir::graph::verify::verify;
use dasc_stdlib::ops::OPERATORS;
use dasc_stdlib::reference::{example_graph, reference};
use dasc_tests::golden::models;

#[test]
fn every_example_builds_a_valid_graph() {
    for entry in OPERATORS.iter() {
        let graph =
            example_graph(entry, &models()).unwrap_or_else(|diag| panic!("{}: {diag}", entry.schema.example));
        verify(&graph).unwrap_or_else(|diag| panic!("{}: {diag}", entry.schema.example));
        // What takes spectra stands behind what makes them.
        let mut steps = entry.schema.example.split('|').map(|step| step.split_whitespace().next());
        assert!(steps.any(|step| step == Some(entry.schema.name)), "{}", entry.schema.example);
    }
}

#[test]
fn names_are_unique_and_documented() {
    let mut names = HashSet::new();
    for entry in OPERATORS.iter() {
        let schema = entry.schema;
        assert!(names.insert(schema.name), "{} is listed twice", schema.name);
        assert!(!schema.summary().is_empty() && !schema.reference.is_empty(), "{}", schema.name);
        assert!(!schema.signature().contains([':', '(', ')', ',', '"']), "{}", schema.signature());
        assert!(schema.params.iter().all(|p| !p.doc.is_empty()), "{}", schema.name);
    }
}

/// Operators whose documentation says more than a formula could, and why.
const WITHOUT_FORMULA: [(&str, &str); 7] = [
    ("SLICE", "picks samples and computes nothing"),
    ("WHERE", "its condition is the formula"),
    ("TRACK", "is a procedure, told step by step"),
    ("PERSIST", "is a procedure, told step by step"),
    ("CLASSIFY", "computes what the model says"),
    ("ANNOTATE", "computes what the model says"),
    ("ML_DETECT", "computes what the model says"),
];

#[test]
fn every_other_operator_states_its_formula() {
    let signals = OPERATORS.iter().map(|entry| entry.schema);
    let schemas: Vec<_> = signals.chain(dasc_events::ops::OPERATORS.iter().map(|e| e.schema)).collect();
    for schema in &schemas {
        let excused = WITHOUT_FORMULA.iter().any(|(name, _)| *name == schema.name);
        assert!(schema.formula.is_empty() == excused, "{} has no `formula`, or needs no excuse", schema.name);
        let tidy = |line: &&str| !line.trim().is_empty() && line.trim() == *line && !line.contains("```");
        assert!(schema.formula.iter().all(tidy), "{}: {:?}", schema.name, schema.formula);
    }
    for (name, _) in WITHOUT_FORMULA {
        assert!(schemas.iter().any(|schema| schema.name == name), "there is no operator {name}");
    }
}

#[test]
fn the_reference_is_up_to_date() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    let path = docs.join("operators.md");
    let pictures: Vec<String> = std::fs::read_dir(docs.join("pictures"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "png"))
        .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    for picture in &pictures {
        let known = OPERATORS.iter().any(|entry| entry.schema.name.eq_ignore_ascii_case(picture));
        assert!(known, "docs/pictures/{picture}.png shows no operator");
    }
    let made = reference(&pictures, &models()).unwrap();
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, &made).unwrap();
    }
    let stored = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(stored == made, "docs/operators.md differs from the operators; BLESS=1 rewrites it");
}
