//! `IMPORT`: files that import others, each relative to itself, and what goes wrong there.

mod words;

use dasc_dql::{Program, Sources, parse_importing, render_all};
use dasc_ir::Diag;

/// Files by their paths from the script's folder.
const FILES: [(&str, &str); 9] = [
    ("a.dql", "IMPORT 'more/b.dql'\nDEF A(x) = B(x) + x"),
    ("more/b.dql", "IMPORT 'c.dql'\nIMPORT '../a.dql'\nDEF B(x) = C(x) - x"),
    ("more/c.dql", "# No imports.\nDEF C(x) = 2 * x"),
    ("astray.dql", "IMPORT 'more/astray.dql'"),
    ("more/astray.dql", "IMPORT 'more/c.dql'\nDEF D(x) = x"),
    ("steps.dql", "DEF D(x) = x\nABS"),
    ("again.dql", "DEF C(x) = x"),
    ("wrong.dql", "DEF D(x) = x +\nDEF E(x) = e(x)"),
    ("self.dql", "IMPORT 'self.dql'\nDEF D(x) = x"),
];

fn read(path: &str, from: Option<&str>) -> Result<(String, String), Diag> {
    let folder = from.and_then(|file| file.rsplit_once('/')).map_or("", |(folder, _)| folder);
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    let path = parts.join("/");
    let found = FILES.iter().find(|(name, _)| *name == path);
    found
        .map(|(name, text)| (name.to_string(), text.to_string()))
        .ok_or_else(|| Diag::usage(format!("cannot read the definitions '{path}'")))
}

fn program(text: &str) -> Result<Program, String> {
    let mut sources = Sources::script("script", text).unwrap();
    parse_importing(&mut sources, &[], &words::vocabulary(), &read)
        .map_err(|diags| render_all(&diags, &sources, false))
}

#[test]
fn imports_are_relative_to_the_file_they_stand_in_and_count_once() {
    let program = program("IMPORT 'more/c.dql'\nIMPORT 'a.dql'\nREAD a.h5 | A").unwrap();
    let names: Vec<&str> = program.definitions.iter().map(|d| d.name.as_str()).collect();
    assert_eq!(names, ["C", "B", "A"]);
    assert!(self::program("IMPORT 'self.dql'\nREAD a.h5 | D").is_ok());
}

#[test]
fn mistakes_are_shown_in_the_file_they_are_in() {
    for (text, words) in [
        (
            "IMPORT 'astray.dql'\nREAD a.h5",
            ["cannot read the definitions 'more/more/c.dql'", "more/astray.dql:1"].as_slice(),
        ),
        ("IMPORT 'steps.dql'\nREAD a.h5", &["steps.dql has steps", "script:1"]),
        (
            "IMPORT 'a.dql'\nIMPORT 'again.dql'\nREAD a.h5",
            &["there is a definition C already", "again.dql:1", "more/c.dql"],
        ),
        ("IMPORT 'wrong.dql'\nREAD a.h5", &["wrong.dql:1", "E calls itself", "wrong.dql:2"]),
        (
            "DEF C(x) = x\nIMPORT 'more/c.dql'\nREAD a.h5",
            &["there is a definition C already", "more/c.dql:2"],
        ),
        ("FOR a IN [1, 2]\n  IMPORT 'a.dql'\nEND\nREAD a.h5", &["IMPORT stands outside of loops"]),
    ] {
        let said = program(text).map(|_| "nothing").unwrap_err();
        for word in words {
            assert!(said.contains(word), "{text}\nsays\n{said}\nwithout {word}");
        }
    }
}
