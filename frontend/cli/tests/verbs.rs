//! The verbs as a user meets them: exit codes, streams, JSON, help.

mod dasc;

use dasc::{Workplace, json};

#[test]
fn every_verb_helps_with_examples() {
    let place = Workplace::new();
    for verb in [
        "check",
        "explain",
        "compile",
        "run",
        "inspect",
        "plot",
        "convert",
        "replay",
        "ops",
        "completions",
        "man",
    ] {
        let ran = place.run(&[verb, "--help"]);
        assert_eq!(ran.code, 0, "{verb}");
        assert!(ran.out.contains("Examples:\n  dasc "), "{verb}: {}", ran.out);
    }
    assert!(place.run(&["--version"]).out.starts_with("dasc "));
}

#[test]
fn help_of_a_script_lists_its_parameters() {
    let place = Workplace::new();
    place.file("p.dql", "PARAM day: date = 2024-05-01 \"the day to read\"\nREAD a.h5\n");
    let ran = place.run(&["run", "p.dql", "--help"]);
    assert_eq!(ran.code, 0);
    assert!(
        ran.out.contains("--set day=<date> = 2024-05-01") && ran.out.contains("the day to read"),
        "{}",
        ran.out
    );
}

#[test]
fn mistakes_in_flags_and_scripts_end_with_2() {
    let place = Workplace::new();
    for args in [
        &["run"][..],
        &["frobnicate"],
        &["run", "--threads", "many", "-e", "READ a"],
        &["run", "--memory", "lots", "-e", "READ a"],
        &["run", "missing.dql"],
        &["check", "-e", "READ a.h5 | BNADPASS 1 2"],
        &[
            "run",
            "-e",
            "READ 'synthetic:sine?channels=4&samples=100&fs=100Hz' | BANDPASS 10 200 | WRITE x.npy",
        ],
        &["ops", "BNADPASS"],
    ] {
        let ran = place.run(args);
        assert_eq!(ran.code, 2, "{args:?}: {}", ran.err);
        assert!(ran.out.is_empty(), "{args:?} printed {}", ran.out);
        assert!(!ran.err.is_empty(), "{args:?}");
    }
}

#[test]
fn an_empty_script_is_refused_by_every_verb() {
    let place = Workplace::new();
    for verb in ["check", "run", "explain", "compile"] {
        for script in ["", "  # nothing\n", "DEF TWICE(x) = 2 * x"] {
            let ran = place.run(&[verb, "-e", script]);
            assert_eq!(ran.code, 2, "{verb} '{script}': {}", ran.err);
            assert!(ran.err.contains("begin with READ"), "{verb} '{script}': {}", ran.err);
        }
    }
}

#[test]
fn a_misspelt_step_is_shown_with_its_place() {
    let place = Workplace::new();
    place.file("p.dql", "READ a.h5\nBNADPASS 1 2\n");
    let ran = place.run(&["check", "p.dql"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("p.dql:2:1") && ran.err.contains("did you mean BANDPASS?"), "{}", ran.err);
    let ran = place.run(&["check", "--json", "p.dql"]);
    let answer = json(&ran.out);
    assert_eq!((&answer["version"], &answer["ok"]), (&1.into(), &false.into()));
    assert_eq!(answer["diagnostics"][0]["place"]["line"], 2);
    assert_eq!(ran.code, 2);
}

#[test]
fn missing_and_broken_files_end_with_1() {
    let place = Workplace::new();
    place.file("broken.h5", "\u{89}HDF\r\n");
    std::fs::write(place.path("broken.h5"), b"\x89HDF\r\n\x1a\n and then nothing").unwrap();
    for read in ["missing.h5", "broken.h5"] {
        let ran = place.run(&["run", "-e", &format!("READ {read} | WRITE x.npy")]);
        assert_eq!(ran.code, 1, "{read}: {}", ran.err);
        assert!(ran.err.contains(read), "{}", ran.err);
        assert!(!place.path("x.npy").exists());
    }
}

#[test]
fn operators_are_listed_and_described() {
    let place = Workplace::new();
    let ran = place.run(&["ops"]);
    assert!(ran.out.contains("BANDPASS") && ran.out.contains("PLOT_SPEC"), "{}", ran.out);
    let ran = place.run(&["ops", "bandpass"]);
    assert!(ran.out.contains("ORDER") && ran.out.contains("example"), "{}", ran.out);
    let answer = json(&place.run(&["ops", "--json"]).out);
    assert_eq!(answer["version"], 1);
    assert!(answer["operators"].as_array().is_some_and(|list| list.len() > 20));
}

#[test]
fn completions_and_man_pages_are_generated() {
    let place = Workplace::new();
    for shell in ["bash", "zsh", "fish"] {
        let ran = place.run(&["completions", shell]);
        assert!(ran.code == 0 && ran.out.contains("explain"), "{shell}");
    }
    assert_eq!(place.run(&["man", "pages"]).code, 0);
    let page = std::fs::read_to_string(place.path("pages/dasc-run.1")).unwrap();
    assert!(page.contains("dry\\-run") || page.contains("dry-run"), "{page}");
}

#[test]
fn explain_tells_types_streaming_and_kernels() {
    let place = Workplace::new();
    let script = "READ 'synthetic:quake?channels=64&samples=4096&fs=1kHz' | DETREND | BANDPASS 10 200 | STFT 256 | THRESHOLD_DETECT -30 | PLOT_SPEC OUT=a.png";
    let ran = place.run(&["explain", "-e", script]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    for part in ["4096 × 64", "33 × 129 × 64", "BANDPASS", "bytes moved per sample", "-30 dB re 1", "pass 2"]
    {
        assert!(ran.out.contains(part), "no '{part}' in\n{}", ran.out);
    }
    let answer = json(&place.run(&["explain", "--json", "-e", script]).out);
    assert_eq!(answer["version"], 1);
    assert_eq!(answer["records"][0]["steps"].as_array().map(Vec::len), Some(6));
    assert!(!place.path("a.png").exists());
}

#[test]
fn compile_emits_what_it_is_asked_for() {
    let place = Workplace::new();
    let script = "READ 'synthetic:noise?channels=32&samples=1000&fs=1kHz' | BANDPASS 10 200 | WRITE a.npy";
    for (what, part) in [("graph", "scan"), ("kernel", "loop rows"), ("clif", "function"), ("asm", "ret")] {
        let ran = place.run(&["compile", "--emit", what, "-e", script]);
        assert_eq!(ran.code, 0, "{what}: {}", ran.err);
        assert!(ran.out.contains(part), "{what}:\n{}", ran.out);
    }
    assert!(!place.path("a.npy").exists());
}

#[test]
fn settings_come_from_file_variable_and_flag_in_that_order() {
    let place = Workplace::new();
    place.file("dasc.toml", "thraeds = 2\n");
    let ran = place.run(&["ops"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("thraeds"), "{}", ran.err);
    place.file("dasc.toml", "memory = \"much\"\n");
    assert_eq!(place.run(&["ops"]).code, 2);
    place.file("dasc.toml", "color = \"always\"\n");
    assert!(place.run(&["ops"]).out.contains('\u{1b}'));
    assert!(!place.run(&["ops", "--color", "never"]).out.contains('\u{1b}'));
    let variable = place.command(&["ops"]).env("DASC_COLOR", "never").output().unwrap();
    assert!(!String::from_utf8_lossy(&variable.stdout).contains('\u{1b}'));
}

#[test]
fn mistaken_flags_are_told_in_full_as_json() {
    let place = Workplace::new();
    for (args, what, remedy) in [
        (&["check", "--json"][..], "<SCRIPT>", "Usage: dasc check"),
        (&["run", "--json", "--bogus"], "--bogus", "Usage: dasc run"),
        (&["explane", "--json"], "'explane'", "explain"),
    ] {
        let ran = place.run(args);
        assert_eq!(ran.code, 2, "{}", ran.err);
        let diag = &json(&ran.out)["diagnostics"][0];
        assert!(diag["message"].as_str().unwrap().contains(what), "{diag}");
        assert!(diag["help"].as_str().unwrap().contains(remedy), "{diag}");
    }
}
