//! Scripts with what they mean, or the mistakes in them, written below: `tests/filetests/dql/*.dql`.
//!
//! Lines `#; set name=value` give values from outside; lines `#= …` at the end are what is expected.
//! `BLESS=1 cargo test -p dasc-dql` rewrites those.

mod words;

use std::fs;
use std::path::Path;

use dasc_dql::{Sources, parse, render_all};

#[test]
fn scripts_mean_what_is_written_below_them() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/filetests/dql");
    let bless = std::env::var_os("BLESS").is_some();
    let mut paths: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let mut wrong = Vec::new();
    for path in &paths {
        let text = fs::read_to_string(path).unwrap();
        let name = path.file_name().unwrap().to_str().unwrap();
        let script = text.find("#= ").map_or(text.as_str(), |at| &text[..at]);
        let found = outcome(name, script);
        let block: String =
            found.lines().map(|line| format!("#= {line}").trim_end().to_string() + "\n").collect();
        if text[script.len()..] != block {
            match bless {
                true => fs::write(path, format!("{script}{block}")).unwrap(),
                false => wrong.push(format!("{name}:\n{found}")),
            }
        }
    }
    assert!(paths.len() >= 50, "only {} filetests were found", paths.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn outcome(name: &str, script: &str) -> String {
    let set: Vec<(String, String)> = script
        .lines()
        .filter_map(|line| line.strip_prefix("#; set ")?.split_once('='))
        .map(|(name, value)| (name.to_string(), value.to_string()))
        .collect();
    let mut sources = Sources::script(name, script).unwrap();
    match parse(&mut sources, &set, &words::vocabulary()) {
        Ok(program) => program.to_string(),
        Err(diags) => render_all(&diags, &sources, false),
    }
}
