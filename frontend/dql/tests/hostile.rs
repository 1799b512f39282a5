//! No text makes the reader panic, hang or fill the memory, and every mistake can be shown.

mod words;

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use dasc_dql::{Program, Sources, parse, render_all};
use dasc_ir::Diag;
use proptest::prelude::*;

/// Reads a script and shows its mistakes both ways. Each must point into a source and say something.
fn outcome(text: &str) -> Result<Program, Vec<Diag>> {
    let mut sources = Sources::script("script.dql", text).map_err(|diag| vec![diag])?;
    let outcome = parse(&mut sources, &[], &words::vocabulary());
    if let Err(diags) = &outcome {
        assert!(!diags.is_empty() && diags.len() <= 21, "{} mistakes", diags.len());
        for diag in diags {
            assert!(!diag.message.is_empty() && diag.message.chars().count() <= 601);
            if let Some(span) = diag.span {
                assert!(span.start <= span.end && span.end as usize <= sources.text(span.source).len());
            }
        }
        let plain = render_all(diags, &sources, false);
        assert!(!plain.contains('\u{1b}'), "an escape sequence reached the terminal");
        assert!(render_all(diags, &sources, true).len() >= plain.len());
    }
    outcome
}

fn in_time(name: &str, text: &str) -> Result<Program, Vec<Diag>> {
    let begin = Instant::now();
    let outcome = outcome(text);
    let took = begin.elapsed();
    println!("{name}: {took:?}");
    assert!(took < Duration::from_secs(20), "{name} took {took:?}");
    outcome
}

fn first_message(name: &str, text: &str) -> String {
    in_time(name, text).expect_err(name).swap_remove(0).message
}

#[test]
fn hostile_sizes_are_bounded() {
    let mega = 1 << 20;
    assert_eq!(
        first_message("nested lists", &format!("READ a.h5 | COMB {}", "[".repeat(10_000))),
        "brackets are nested more than 16 deep"
    );
    assert_eq!(
        first_message("nested calls", &format!("READ a.h5 | COMB {}", "f(".repeat(10_000))),
        "brackets are nested more than 16 deep"
    );
    assert_eq!(
        first_message("nested loops", &"FOR a IN [1]\n".repeat(10_000)),
        "loops are nested more than 16 deep"
    );
    assert!(in_time("a long path", &format!("READ {}", "a".repeat(mega))).is_ok());
    assert!(first_message("a long keyword", &"a".repeat(mega)).starts_with("there is no step aaa"));
    assert!(first_message("a long number", &format!("READ a.h5\nSCALE {}", "9".repeat(mega))).ends_with("…"));
    assert_eq!(
        first_message("an open quote", &format!("READ '{}", "a ".repeat(mega))),
        "this quote is not closed on its line"
    );
    assert_eq!(first_message("pipes", &"|".repeat(mega)), "no step stands before this `|`");
    assert!(in_time("many steps", &"READ a\n".repeat(9_999)).is_ok());
    assert!(in_time("too many steps", &"READ a\n".repeat(100_000)).is_err());
    assert!(in_time("many arguments", &format!("READ a.h5\nSCALE {}", "1 ".repeat(mega))).is_err());
    assert!(in_time("many keys", &format!("READ a.h5\nBANDPASS {}", "LOW=x ".repeat(mega / 3))).is_err());
    assert!(in_time("a long list", &format!("READ a.h5\nCOMB [{}]", "1,".repeat(mega / 2))).is_ok());
    assert!(in_time("brackets", &"[=\n".repeat(mega)).is_err());
    assert!(in_time("closing brackets", &"a ]\n".repeat(mega)).is_err());
    assert!(in_time("equal signs", &"=".repeat(mega)).is_err());
    assert!(in_time("braces", &format!("READ {}", "{".repeat(mega))).is_ok());
    assert!(in_time("dots", &format!("READ a.h5\nSCALE {}", ".".repeat(mega))).is_err());
    let lets: String = (0..200_000).map(|i| format!("LET a{i} = 1\n")).collect();
    assert!(in_time("many names", &lets).is_ok());
    assert_eq!(
        first_message("a long script", &" ".repeat(5 * mega)),
        "script.dql has 5242880 bytes; a script may have 4194304"
    );
}

#[test]
fn names_within_names_do_not_multiply() {
    let doubled = |first: &str, next: &str| {
        let more: String = (0..40)
            .map(|i| next.replace("OLD", &format!("a{i}")).replace("NEW", &format!("a{}", i + 1)))
            .collect();
        format!("LET a0 = {first}\n{more}READ a.h5\n")
    };
    let texts = first_message("texts", &doubled("xxxxxxxx", "LET NEW = '{OLD}{OLD}'\n"));
    assert_eq!(texts, "a text grows beyond 65536 bytes when its names are filled in");
    let lists = first_message("lists", &doubled("[1, 2, 3, 4]", "LET NEW = [OLD, OLD, OLD, OLD]\n"));
    assert!(
        lists.starts_with("lists are nested") || lists.starts_with("the values of the script take"),
        "{lists}"
    );
    let wide = format!("LET a = [{}]\nREAD a.h5\n", "1,".repeat(100_000));
    let wide = first_message("a wide list in a loop", &format!("{wide}FOR i IN 0..5000\n COMB a\nEND\n"));
    assert_eq!(wide, "the values of the script take more than 64 MiB");
    let label = format!("FOR i IN ['{}']\n FOR j IN 0..5000\n  READ a.h5\n END\nEND\n", "x".repeat(1 << 20));
    assert_eq!(first_message("long labels", &label), "the values of the script take more than 64 MiB");
}

fn corpus() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/filetests/dql");
    let scripts: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap())
        .collect();
    assert!(scripts.len() >= 50);
    scripts
}

const PIECES: [&str; 44] = [
    "READ ",
    "BANDPASS ",
    "SCALE ",
    "WRITE ",
    "COMB ",
    "PLOT_SPEC ",
    "FOR ",
    " IN ",
    "END",
    "LET ",
    "PARAM ",
    "FROM ",
    " AS ",
    "DEF ",
    "\n",
    "|",
    "=",
    "[",
    "]",
    "(",
    ")",
    ",",
    "'",
    "\"",
    "#",
    "{a}",
    "{",
    "}",
    "a",
    "b",
    "a.low",
    "..",
    "1",
    "10Hz",
    "-30dB",
    "0..9/3",
    "2024-05-01",
    "TIME=",
    "TZ=",
    "date",
    ": ",
    "é",
    "\u{1b}",
    " ",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = outcome(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn any_given_values_are_survived(
        pieces in proptest::collection::vec(proptest::sample::select(&PIECES[..]), 0..12),
        ty in proptest::sample::select(&dasc_dql::ParamType::ALL[..]),
    ) {
        let mut sources = Sources::script("script.dql", format!("PARAM a: {}\nREAD {{a}}.h5\n", ty.0)).unwrap();
        let set = [("a".to_string(), pieces.concat())];
        if let Err(diags) = parse(&mut sources, &set, &words::vocabulary()) {
            let shown = render_all(&diags, &sources, false);
            prop_assert!(!shown.contains('\u{1b}'), "an escape sequence reached the terminal");
        }
    }

    #[test]
    fn any_tokens_are_survived(pieces in proptest::collection::vec(proptest::sample::select(&PIECES[..]), 0..60)) {
        let _ = outcome(&pieces.concat());
    }

    #[test]
    fn damaged_scripts_are_survived(
        script in proptest::sample::select(corpus()),
        at in any::<proptest::sample::Index>(),
        length in 0usize..6,
        piece in proptest::sample::select(&PIECES[..]),
    ) {
        let mut characters: Vec<char> = script.chars().collect();
        let begin = at.index(characters.len() + 1);
        let end = (begin + length).min(characters.len());
        characters.splice(begin..end, piece.chars());
        let _ = outcome(&characters.into_iter().collect::<String>());
    }
}
