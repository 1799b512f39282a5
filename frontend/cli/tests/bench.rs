//! `dasc bench`: what it says is complete and adds up, whatever the speed; mistakes are told; a picture has its points.

mod dasc;

use dasc::{Workplace, json};
use serde_json::Value;

const SCRIPT: &str = "READ 'nowhere.h5' | DEMEAN | BANDPASS 10 200 | ABS | WRITE out.npy";

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

/// Seconds of the parts and of what is outside them make the run; bytes and operations do, too.
fn adds_up(run: &Value) {
    let parts = run["parts"].as_array().unwrap();
    let sum = |what: &str| parts.iter().filter_map(|part| part[what].as_f64()).sum::<f64>();
    let near = |a: f64, b: f64| (a - b).abs() <= 1e-9 * a.abs().max(b.abs()).max(1.0);
    let seconds = number(&run["seconds"]);
    assert!(near(sum("seconds") + number(&run["outside_seconds"]), seconds), "{run:#}");
    assert!(near(sum("bytes"), number(&run["bytes"])), "{run:#}");
    assert!(near(sum("operations_per_sample"), number(&run["operations_per_sample"])), "{run:#}");
    for part in parts.iter().chain([run]) {
        for (rate, amount) in
            [("bytes_per_second", "bytes"), ("operations_per_second", "operations_per_sample")]
        {
            assert_eq!(part[rate].is_null(), part[amount].is_null(), "{rate} of {part:#}");
        }
    }
}

#[test]
fn every_kernel_is_measured_beside_the_machine_s_limits() {
    let place = Workplace::new();
    let flags = ["--rows", "3000", "--channels", "40", "--repeat", "2", "--threads-list", "2,1"];
    let ran = place.run(&[&["bench", "--json", "--picture", "roof.png", "-e", SCRIPT], &flags[..]].concat());
    assert_eq!(ran.code, 0, "{}", ran.err);
    let answer = json(&ran.out);
    assert_eq!(
        (&answer["ok"], &answer["repeat"], &answer["picture"]),
        (&true.into(), &2.into(), &"roof.png".into())
    );
    let machine = &answer["machine"];
    assert!(number(&machine["threads"]) >= 1.0 && machine["processor"].is_string());
    assert_ne!(machine["cycles_per_second"].is_null(), machine["no_cycles_because"].is_null());
    let record = &answer["records"][0];
    assert_eq!(number(&record["samples"]), 120_000.0);
    let runs = record["runs"].as_array().unwrap();
    assert_eq!(runs.iter().map(|run| number(&run["threads"])).collect::<Vec<_>>(), [1.0, 2.0]);
    for run in runs {
        adds_up(run);
        for roof in ["copy", "multiply_add_f32", "multiply_add_f64"] {
            assert!(number(&run["roofs"][roof]) > 0.0);
        }
        // The mean is one pass over F32, what follows reads and writes it.
        let parts = run["parts"].as_array().unwrap();
        let bytes: Vec<f64> = parts.iter().map(|part| number(&part["bytes"])).collect();
        assert_eq!(bytes, [480_000.0, 960_000.0]);
        assert_eq!(parts[1]["operators"], serde_json::json!(["DEMEAN", "BANDPASS", "ABS"]));
        assert_eq!(parts[0]["operations_per_sample"], 1.0, "a sum");
        let filter = number(&parts[1]["operations_per_sample"]);
        assert!((20.0..50.0).contains(&filter), "four sections with F64 state: {filter}");
    }
    assert_eq!(number(&runs[0]["faster"]), 1.0);
    assert!(!place.path("out.npy").exists(), "nothing but the picture is written");
    let picture = std::fs::read(place.path("roof.png")).unwrap();
    assert!(picture.starts_with(b"\x89PNG") && picture.len() > 10_000);
}

#[test]
fn real_data_is_read_and_the_table_names_every_part() {
    let place = Workplace::new();
    let noise = "synthetic:noise?channels=24&samples=2000&fs=1kHz";
    let made = place.run(&["run", "-e", &format!("READ '{noise}' | WRITE f.npy")]);
    assert_eq!(made.code, 0, "{}", made.err);
    let script = "READ x.npy FS=1kHz CH=0..8 | STFT 256 | ABS | MEDIAN 5 AXIS=channel";
    let ran = place.run(&["bench", "--repeat", "1", "--threads", "1", "--read", "f.npy", "-e", script]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    for part in [
        "1 thread",
        "STFT",
        "outside the parts",
        "whole run",
        "of copying",
        "f.npy  ·  2000 samples × 8 channels",
    ] {
        assert!(ran.out.contains(part), "no '{part}' in\n{}", ran.out);
    }
}

#[test]
fn whole_record_steps_and_selections_are_parts_too() {
    let place = Workplace::new();
    let script = "READ x.h5 | BANDPASS 10 50 ZEROPHASE=true | PERCENTILE 50 AXIS=time";
    let ran =
        place.run(&["bench", "--json", "--repeat", "1", "--rows", "2000", "--channels", "3", "-e", script]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let answer = json(&ran.out);
    for run in answer["records"][0]["runs"].as_array().unwrap() {
        adds_up(run);
        let kinds: Vec<&str> =
            run["parts"].as_array().unwrap().iter().filter_map(|part| part["kind"].as_str()).collect();
        for kind in ["stage", "whole record", "selection"] {
            assert!(kinds.contains(&kind), "no {kind} in {kinds:?}");
        }
    }
}

#[test]
fn mistaken_flags_are_refused_before_anything_is_measured() {
    let place = Workplace::new();
    place.file("there.png", "");
    for (flags, part) in [
        (&["--repeat", "0"][..], "--repeat 1"),
        (&["--rows", "0"], "above 0"),
        (&["--rows", "99999999999999"], "room for"),
        (&["--fs", "0", "--rows", "10"], "sampling rate"),
        (&["--threads-list", "1,0", "--rows", "10"], "0 threads"),
        (&["--threads-list", "1,2000", "--rows", "10", "--channels", "2"], "at most"),
        (&["--picture", "roof.jpg", "--rows", "10"], ".png"),
        (&["--picture", "there.png", "--rows", "10"], "there.png"),
        (&["--overwrite"], "--picture"),
        (&["--read", "x.npy", "--rows", "10"], "--rows"),
        (&["--dtype", "u8"], "i16"),
        (&[], "--rows and --channels"),
        (&["--read", "nowhere.npy"], "nowhere.npy"),
    ] {
        let ran = place.run(&[&["bench", "-e", SCRIPT], flags].concat());
        assert!(matches!(ran.code, 1 | 2), "{flags:?} gave {}: {}", ran.code, ran.err);
        assert!(ran.err.contains(part), "no '{part}' for {flags:?} in\n{}", ran.err);
    }
    let two = "READ a.h5 | ABS\nREAD b.h5 | ABS";
    let ran = place.run(&["bench", "--rows", "10", "--channels", "2", "--picture", "p.png", "-e", two]);
    assert!(ran.code == 2 && ran.err.contains("2 records"), "{}", ran.err);
}
