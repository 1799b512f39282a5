//! Folders as the command line has them: a run over files is the run over the one file they were cut from.

mod dasc;

use dasc::{Workplace, json};

const CHANNELS: usize = 16;

/// Noise of 6000 rows.
fn recording() -> Vec<u8> {
    let mut seed = 7u32;
    let mut value = || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 8) as f32 / (1 << 24) as f32 - 0.5
    };
    (0..6000 * CHANNELS).flat_map(|_| value().to_le_bytes()).collect()
}

/// Rows of a recording at 1 kHz that begins at midnight, as a file with its sidecar.
fn write(place: &Workplace, name: &str, recording: &[u8], rows: std::ops::Range<usize>) {
    std::fs::write(place.path(name), &recording[rows.start * CHANNELS * 4..rows.end * CHANNELS * 4]).unwrap();
    let ms = rows.start;
    let start = format!("2024-05-01T00:00:{:02}.{:03}Z", ms / 1000, ms % 1000);
    place.file(
        &format!("{name}.json"),
        &format!("{{\"channels\": {CHANNELS}, \"rate\": 1000, \"type\": \"f32\", \"spacing\": 2, \"unit\": \"strain\", \"start\": \"{start}\"}}"),
    );
}

fn left(place: &Workplace, source: &str, name: &str) -> Vec<u8> {
    let script = format!(
        "READ {source} | BANDPASS 5Hz 50Hz AS f | DECIMATE 4 | WRITE {name}.npy | FROM f | STFT 256 | WRITE {name}-f.npy"
    );
    let ran = place.run(&["run", "-e", &script]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    [format!("{name}.npy"), format!("{name}-f.npy")]
        .iter()
        .flat_map(|n| std::fs::read(place.path(n)).unwrap())
        .collect()
}

#[test]
fn state_goes_on_across_the_borders_of_files() {
    let place = Workplace::new();
    let recording = recording();
    std::fs::create_dir(place.path("cut")).unwrap();
    write(&place, "whole.dat", &recording, 0..6000);
    // Names say nothing of the order.
    let mut from = 0;
    for (name, to) in [("q", 1), ("c", 700), ("z", 1999), ("a", 2000), ("m", 5211), ("b", 6000)] {
        write(&place, &format!("cut/{name}.dat"), &recording, from..to);
        from = to;
    }
    assert!(left(&place, "cut", "cut") == left(&place, "whole.dat", "whole"), "cut into files, other bits");
    let ran = place.run(&["inspect", "--json", "cut"]);
    let found = &json(&ran.out)["files"][0];
    assert_eq!((found["record"]["samples"].as_u64(), ran.code), (Some(6000), 0), "{}", ran.out);
    assert_eq!(found["bytes"], 6000 * CHANNELS * 4);
    let ran = place.run(&["convert", "cut", "all.npy", "--ch", "2..5", "--time", "1s..2s"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let written = std::fs::read(place.path("all.npy")).unwrap();
    let rows = written[written.len() - 1000 * 12..].chunks_exact(12);
    for (row, values) in rows.enumerate() {
        let at = ((1000 + row) * CHANNELS + 2) * 4;
        assert!(values == &recording[at..at + 12], "row {row}");
    }
    assert_eq!(place.run(&["convert", "cut", "all.npy"]).code, 2, "what exists is kept");
    assert_eq!(place.run(&["convert", "cut", "all.npy", "--overwrite"]).code, 0);
}

#[test]
fn a_window_of_time_spans_files() {
    let place = Workplace::new();
    let recording = recording();
    std::fs::create_dir(place.path("cut")).unwrap();
    for (i, name) in ["a", "b", "c"].iter().enumerate() {
        write(&place, &format!("cut/{name}.dat"), &recording, i * 2000..(i + 1) * 2000);
    }
    for window in ["1.5s..2.5s", "2024-05-01T00:00:01.5..2024-05-01T00:00:02.5"] {
        let ran = place.run(&["run", "-e", &format!("READ 'cut/[ab].dat' TIME={window} CH=3..5 | WRITE -")]);
        assert_eq!(ran.code, 0, "{}", ran.err);
        let rows = ran.bytes[ran.bytes.len() - 1000 * 2 * 4..].chunks_exact(8);
        for (row, values) in rows.enumerate() {
            let at = ((1500 + row) * CHANNELS + 3) * 4;
            assert!(values == &recording[at..at + 8], "{window}: row {row}");
        }
    }
}

#[test]
fn gaps_and_bad_files_are_told_and_judged() {
    let place = Workplace::new();
    let recording = recording();
    std::fs::create_dir(place.path("cut")).unwrap();
    write(&place, "cut/a.dat", &recording, 0..2000);
    write(&place, "cut/b.dat", &recording, 2500..6000);
    let run = |more: &str| {
        place.run(&["run", "-e", &format!("READ cut {more} | BANDPASS 5 50 | WRITE out.npy MODE=overwrite")])
    };
    let ran = run("");
    assert!(ran.code == 0 && ran.err.contains("has 1 gap"), "{}", ran.err);
    assert!(std::fs::read(place.path("out.npy")).unwrap().len() < (5501 * CHANNELS + 64) * 4);
    let ran = run("ON_GAP=mask");
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(std::fs::read(place.path("out.npy")).unwrap().len() >= 6000 * CHANNELS * 4);
    let ran = run("ON_GAP=error");
    assert!(
        ran.code == 1 && ran.err.contains("a gap of 500 samples") && ran.err.contains("help: "),
        "{}",
        ran.err
    );
    place.file("cut/c.h5", "no HDF5");
    let ran = run("");
    assert!(ran.code == 1 && ran.err.contains("c.h5") && ran.err.contains("ON_BAD=skip"), "{}", ran.err);
    let ran = run("ON_BAD=skip");
    assert!(ran.code == 3 && ran.err.contains("left out") && ran.err.contains("c.h5"), "{}", ran.err);
    let ran = place.run(&["inspect", "cut"]);
    assert!(
        ran.code == 3 && ran.out.contains("stretch 2") && ran.out.contains("c.h5"),
        "{} {}",
        ran.out,
        ran.err
    );
    assert!(place.path("cache/records").is_dir());
}
