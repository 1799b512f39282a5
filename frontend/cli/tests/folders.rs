//! Folders as the command line has them: a run over files is the run over the one file they were cut from.

mod dasc;

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStderr, Command, Stdio};

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

/// Puts a file into a folder as instruments do: written beside it, then renamed. `old`: as if it had been written long ago.
fn arrive(place: &Workplace, name: &str, recording: &[u8], rows: std::ops::Range<usize>, old: bool) {
    write(place, "new.dat", recording, rows);
    if old {
        let file = std::fs::File::options().write(true).open(place.path("new.dat")).unwrap();
        file.set_modified(std::time::SystemTime::now() - std::time::Duration::from_secs(60)).unwrap();
    }
    std::fs::rename(place.path("new.dat.json"), place.path(&format!("{name}.json"))).unwrap();
    std::fs::rename(place.path("new.dat"), place.path(name)).unwrap();
}

/// A run over a folder that is followed, with its standard error.
fn following(place: &Workplace, source: &str) -> (Child, BufReader<ChildStderr>) {
    let script = format!("READ {source} | BANDPASS 5Hz 50Hz | DECIMATE 4 | WRITE live.npy");
    let mut command = place.command(&["run", "-e", &script]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let told = BufReader::new(child.stderr.take().unwrap());
    (child, told)
}

/// Reads on until something is said.
fn hear(told: &mut BufReader<ChildStderr>, what: &str) -> String {
    let mut heard = String::new();
    while !heard.contains(what) {
        assert!(told.read_line(&mut heard).unwrap() > 0, "no '{what}' in {heard}");
    }
    heard
}

fn asked_to_end(mut child: Child, mut told: BufReader<ChildStderr>) -> (i32, String) {
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let mut rest = String::new();
    told.read_to_string(&mut rest).unwrap();
    (child.wait().unwrap().code().unwrap(), rest)
}

#[test]
fn a_folder_is_followed_as_it_grows() {
    let recording = recording();
    for rule in ["all", "new"] {
        let place = Workplace::new();
        std::fs::create_dir(place.path("in")).unwrap();
        let first = if rule == "all" { 0 } else { 2000 };
        arrive(&place, "in/a.dat", &recording, 0..2000, true);
        let (child, mut told) = following(&place, &format!("in FOLLOW={rule} ON_BAD=skip"));
        hear(&mut told, if rule == "all" { "following in" } else { "waiting for files in in" });
        // One that is taken at once, one that has to settle, behind a gap; then one too late, and one that does not fit.
        arrive(&place, "in/b.dat", &recording, 2000..4000, true);
        arrive(&place, "in/c.dat", &recording, 4500..6000, false);
        let mut heard = if rule == "new" { hear(&mut told, "following in") } else { String::new() };
        std::thread::sleep(std::time::Duration::from_millis(2500));
        arrive(&place, "in/late.dat", &recording, 100..300, true);
        place.file(
            "in/d.dat.json",
            "{\"channels\": 16, \"rate\": 999, \"type\": \"f32\", \"start\": \"2024-05-02T00:00:00Z\"}",
        );
        write(&place, "d.dat", &recording, 0..1);
        std::fs::rename(place.path("d.dat"), place.path("in/d.dat")).unwrap();
        heard += &hear(&mut told, "its sampling rate is 999 Hz, theirs 1000 Hz");
        let (code, rest) = asked_to_end(child, told);
        assert_eq!(code, 3, "{rule}: {heard}{rest}");
        for says in ["500 samples are missing", "late.dat' came too late", "'in/d.dat' does not go on"] {
            assert!(rest.contains(says), "{rule}: no '{says}' in {rest}");
        }
        let live = std::fs::read(place.path("live.npy")).unwrap();
        std::fs::create_dir(place.path("cut")).unwrap();
        write(&place, "cut/a.dat", &recording, first..4000);
        write(&place, "cut/b.dat", &recording, 4500..6000);
        let ran = place.run(&["run", "-e", "READ cut | BANDPASS 5Hz 50Hz | DECIMATE 4 | WRITE whole.npy"]);
        assert_eq!(ran.code, 0, "{}", ran.err);
        let whole = std::fs::read(place.path("whole.npy")).unwrap();
        // DECIMATE looks ahead: at the end of each stretch a live stream leaves out what still waits.
        let row = CHANNELS * 4;
        let (live, whole) = (&live[live.len() % row..], &whole[whole.len() % row..]);
        assert!(live.len() > whole.len() * 9 / 10, "{} of {} bytes", live.len(), whole.len());
        let same = live.chunks(row).zip(whole.chunks(row)).take_while(|(a, b)| a == b).count();
        assert!(same > (4000 - first) / 4 - 64, "{rule}: {same} rows are the same");
        assert!(
            whole.windows(row * 100).any(|part| part == &live[live.len() - row * 150..live.len() - row * 50])
        );
    }
}

#[test]
fn what_cannot_be_followed_is_refused() {
    let place = Workplace::new();
    std::fs::create_dir(place.path("in")).unwrap();
    arrive(&place, "in/a.dat", &recording(), 0..2000, true);
    for (source, says) in [
        ("in/a.dat FOLLOW=all", "FOLLOW is for folders"),
        ("nowhere FOLLOW=new", "FOLLOW is for folders"),
        ("in RECONNECT=5s", "RECONNECT is for live streams"),
        ("in FOLLOW=all ON_GAP=mask", "how long a gap is shows when it is over"),
        ("in FOLLOW=all TIME=1s..2s", "has no window of time"),
        ("tcp://127.0.0.1:9 FOLLOW=new", "FOLLOW is for folders"),
        ("tcp://127.0.0.1:9 ON_GAP=mask", "how long a gap is shows when it is over"),
        ("tcp://127.0.0.1:9 RECONNECT=-5s", "RECONNECT is -5 s"),
    ] {
        let ran = place.run(&["run", "-e", &format!("READ {source} | WRITE out.npy")]);
        assert_eq!(ran.code, 2, "{source}: {}", ran.err);
        assert!(ran.err.contains(says) && ran.err.contains("help: "), "{source}: {}", ran.err);
    }
}

#[test]
fn outputs_begin_anew_at_borders_of_time() {
    let place = Workplace::new();
    let recording = recording();
    std::fs::create_dir(place.path("cut")).unwrap();
    std::fs::create_dir(place.path("out")).unwrap();
    write(&place, "cut/a.dat", &recording, 300..2000);
    write(&place, "cut/b.dat", &recording, 2500..6000);
    let script = "READ cut | BANDPASS 5Hz 50Hz AS f | WRITE whole.npy MODE=overwrite | FROM f | WRITE 'out/{start}.npy' EVERY=2s \
                  | STA_LTA 0.02s 0.5s | THRESHOLD_DETECT 2 RATIO | EVENTS 'out/{start}.csv' EVERY=2s | FROM f | STA_LTA 0.02s 0.5s | THRESHOLD_DETECT 2 RATIO | EVENTS all.csv";
    let ran = place.run(&["run", "-e", script]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.err.contains("out/{start}.npy  3 files"), "{}", ran.err);
    let rows = |name: &str| {
        let bytes = std::fs::read(place.path(name)).unwrap();
        bytes[128..].to_vec()
    };
    let at = |clock: &str| format!("out/2024-05-01T00-00-{clock}.npy");
    // The second stretch begins at 2.5 s; its first border is at 4 s.
    let parts: Vec<Vec<u8>> = ["00.3", "02.5", "04"].iter().map(|clock| rows(&at(clock))).collect();
    let lengths: Vec<usize> = parts.iter().map(|part| part.len() / CHANNELS / 4).collect();
    assert_eq!(lengths, [1700, 1500, 2000]);
    assert!(parts.concat() == rows("whole.npy"));
    let lines = |name: &str| {
        std::fs::read_to_string(place.path(name))
            .unwrap()
            .lines()
            .skip(1)
            .map(str::to_string)
            .collect::<Vec<_>>()
    };
    let mut tables: Vec<_> = std::fs::read_dir(place.path("out"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".csv"))
        .collect();
    tables.sort();
    assert!(tables.len() >= 2, "{tables:?}");
    let found: Vec<String> = tables.iter().flat_map(|name| lines(&format!("out/{name}"))).collect();
    assert!(found.len() > 10 && found == lines("all.csv"));
    let ran = place.run(&["run", "--dry-run", "-e", "READ cut | WRITE 'out/{start}-x.npy' EVERY=2s"]);
    assert!(ran.out.contains("writes out/{start}-x.npy") && !ran.out.contains("-0 "), "{}", ran.out);
    // A run that is started again goes on in the file of the same day.
    let day = "| WRITE 'day-{date}.npy' EVERY=1d MODE=append";
    for window in ["TIME=0s..1s", "TIME=1s..1.5s"] {
        let ran = place.run(&["run", "-e", &format!("READ cut {window} {day}")]);
        assert_eq!(ran.code, 0, "{}", ran.err);
    }
    assert!(rows("day-2024-05-01.npy") == recording[300 * CHANNELS * 4..1800 * CHANNELS * 4]);
    for (sink, says) in [
        ("WRITE 'x-{hour}.npy' EVERY=1h", "names the same file again and again"),
        ("WRITE x.npy EVERY=1h", "names the same file again and again"),
        ("WRITE '{start}.npy' EVERY=0s", "EVERY is 0 s"),
        ("WRITE - EVERY=1h", "standard output is one"),
        ("WRITE '{id}.npy' EVERY=1h", "{date}, {hour}, {minute}, {start}"),
        ("MEAN AXIS=time | WRITE '{start}.npy' EVERY=1h", "these have none"),
        ("THRESHOLD_DETECT 0.2 AS d | CUT d | WRITE '{id}.npy' EVERY=1h", "EVERY cannot follow CUT"),
    ] {
        let ran = place.run(&["run", "-e", &format!("READ cut | {sink}")]);
        assert_eq!(ran.code, 2, "{sink}: {}", ran.err);
        assert!(ran.err.contains(says) && ran.err.contains("help: "), "{sink}: {}", ran.err);
    }
}

#[test]
fn what_is_written_as_zarr_is_read_back() {
    let place = Workplace::new();
    let recording = recording();
    for folder in ["cut", "out"] {
        std::fs::create_dir(place.path(folder)).unwrap();
    }
    write(&place, "cut/a.dat", &recording, 300..2000);
    write(&place, "cut/b.dat", &recording, 2500..6000);
    let run = |script: &str| {
        let ran = place.run(&["run", "-e", script]);
        assert_eq!(ran.code, 0, "{script}: {}", ran.err);
    };
    let script = "READ cut CH=2..9/2 | BANDPASS 5Hz 50Hz | WRITE first.npy | WRITE one.zarr | WRITE 'out/{start}.zarr' EVERY=1s";
    run(script);
    // A store by itself, the files of an hour each as one record, and a window of them.
    run("READ one.zarr | WRITE again.npy | HIGHPASS 20Hz | WRITE high.npy");
    run("READ out | WRITE parts.npy | HIGHPASS 20Hz | WRITE parts-high.npy");
    run("READ cut CH=2..9/2 | BANDPASS 5Hz 50Hz | HIGHPASS 20Hz | WRITE whole-high.npy");
    let bytes = |name: &str| std::fs::read(place.path(name)).unwrap();
    assert!(bytes("again.npy") == bytes("first.npy") && bytes("parts.npy") == bytes("first.npy"));
    assert!(bytes("high.npy") == bytes("whole-high.npy") && bytes("parts-high.npy") == bytes("high.npy"));
    let facts = |path: &str| {
        let ran = place.run(&["inspect", "--json", path]);
        assert_eq!(ran.code, 0, "{}", ran.err);
        json(&ran.out)["files"][0]["record"].clone()
    };
    let (one, several, source) = (facts("one.zarr"), facts("out"), facts("cut"));
    for key in ["segments", "rate", "unit"] {
        assert_eq!(one[key], source[key], "{key}");
        assert_eq!(several[key], source[key], "{key}");
    }
    for (key, value) in [
        ("first_channel", 2.0),
        ("channel_step", 2.0),
        ("channels", 4.0),
        ("spacing_m", 4.0),
        ("distance_m", 4.0),
    ] {
        assert_eq!(one[key].as_f64(), Some(value), "{key}");
    }
    let ran = place.run(&["inspect", "--script", "one.zarr"]);
    assert_eq!((ran.code, ran.out.trim_end()), (0, script), "{}", ran.err);
    let ran = place.run(&["inspect", "--script", "cut/a.dat"]);
    assert!(
        ran.code == 1 && ran.err.contains("says of no script") && ran.err.contains("help: "),
        "{}",
        ran.err
    );
}
