//! Every example in docs/dql.md is a script without mistakes.

mod words;

use std::fs;
use std::path::Path;

use dasc_dql::{Sources, Vocabulary, parse, render_all};

/// All operators there are.
fn everything() -> Vocabulary {
    let events = dasc_events::ops::OPERATORS.iter().map(|entry| entry.schema);
    Vocabulary::new(dasc_stdlib::ops::OPERATORS.iter().map(|entry| entry.schema).chain(events))
}

#[test]
fn examples_of_the_reference_are_understood() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/dql.md");
    let page = fs::read_to_string(path).unwrap();
    let examples: Vec<&str> =
        page.split("```dql\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert!(examples.len() >= 10, "only {} examples were found", examples.len());
    for example in examples {
        let mut sources = Sources::script("dql.md", example).unwrap();
        let program = parse(&mut sources, &[], &everything());
        let program =
            program.unwrap_or_else(|diags| panic!("{example}\n{}", render_all(&diags, &sources, false)));
        assert!(!program.steps.is_empty());
    }
}

#[test]
fn the_two_spellings_of_one_script_are_the_same() {
    let read = |text: &str| {
        let mut sources = Sources::script("script", text).unwrap();
        parse(&mut sources, &[], &words::vocabulary()).unwrap().to_string()
    };
    assert_eq!(
        read("READ fiber.dat | BANDPASS 10 200 | WRITE filtered.npy"),
        read("READ fiber.dat\n| BANDPASS 10 200      # corner frequencies in hertz\n|\n WRITE filtered.npy"),
    );
}
