//! Whole runs: scripts in, files out.

mod dasc;

use std::io::Read;
use std::process::Stdio;

use dasc::{Workplace, json, npy_shape};

const SCRIPT: &str = "READ fiber.dat\nDETREND AXIS=time\nBANDPASS 10 200\nSTFT 1024\nTHRESHOLD_DETECT -30\nPLOT_SPEC CMAP=inferno\n";
const SIDECAR: &str = r#"{"version":1,"channels":16,"rate":1000,"type":"f32","byte_order":"little","scale":1,"spacing":2,"unit":"nstrain/s","start":"2024-05-01T12:00:00Z"}"#;

/// Eight seconds of 16 channels at 1 kHz: a 50 Hz burst of amplitude 1 between 3 s and 4 s on channels 4 to 7.
fn fiber() -> Vec<u8> {
    let sample = |row: u32, channel: u32| {
        let t = f64::from(row) / 1000.0;
        let burst = (3.0..4.0).contains(&t) && (4..8).contains(&channel);
        let quiet = 1e-6 * (f64::from(row.wrapping_mul(2_654_435_761) >> 16) / 65_536.0 - 0.5);
        (if burst { (std::f64::consts::TAU * 50.0 * t).sin() } else { 0.0 } + quiet) as f32
    };
    (0..8000).flat_map(|row| (0..16).flat_map(move |channel| sample(row, channel).to_le_bytes())).collect()
}

fn with_fiber() -> Workplace {
    let place = Workplace::new();
    std::fs::write(place.path("fiber.dat"), fiber()).unwrap();
    place.file("fiber.dat.json", SIDECAR);
    place
}

#[test]
fn the_script_of_the_readme_runs_verbatim() {
    let place = with_fiber();
    place.file("pipeline.dql", SCRIPT);
    let ran = place.run(&["run", "pipeline.dql"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.out.is_empty(), "{}", ran.out);
    let png = std::fs::read(place.path("pipeline-6.png")).unwrap();
    assert!(png.starts_with(b"\x89PNG\r\n\x1a\n") && png.len() > 10_000);
    // What exists is not replaced.
    let ran = place.run(&["run", "pipeline.dql"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("exists already") && ran.err.contains("MODE=overwrite"), "{}", ran.err);
}

#[test]
fn a_headerless_file_without_sidecar_says_what_is_missing() {
    let place = with_fiber();
    std::fs::remove_file(place.path("fiber.dat.json")).unwrap();
    let ran = place.run(&["run", "-e", SCRIPT]);
    assert_eq!(ran.code, 2, "{}", ran.err);
    for missing in ["CHANNELS", "FS", "DTYPE", "--write-sidecar"] {
        assert!(ran.err.contains(missing), "{missing}: {}", ran.err);
    }
    let given = SCRIPT.replace("fiber.dat", "fiber.dat CHANNELS=16 FS=1kHz DTYPE=float32 DX=2m");
    assert_eq!(place.run(&["run", "-e", &given]).code, 0);
    assert_eq!(place.run(&["inspect", "--write-sidecar", "fiber.dat"]).code, 0);
    assert!(place.path("fiber.dat.json").exists());
}

#[test]
fn events_say_when_and_where() {
    let place = with_fiber();
    let script = "READ fiber.dat | BANDPASS 10 200 | ENVELOPE | THRESHOLD_DETECT -6 MERGE=0.1s MERGE_CHANNELS=1 | EVENTS e.csv";
    let ran = place.run(&["run", "-e", script]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let table = std::fs::read_to_string(place.path("e.csv")).unwrap();
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines.len(), 2, "{table}");
    let cell: Vec<&str> = lines[1].split(',').collect();
    assert!(cell[1].starts_with("2024-05-01T12:00:03.0"), "{table}");
    assert!(cell[2].starts_with("2024-05-01T12:00:04.0"), "{table}");
    assert_eq!(&cell[6..10], ["4", "7", "8.0", "14.0"].map(String::from), "{table}");
}

/// The burst is found on each of four channels; a flow of events is named, filtered, joined and continued.
#[test]
fn events_are_a_flow() {
    let place = with_fiber();
    let script = "READ fiber.dat | BANDPASS 10 200 | ENVELOPE | THRESHOLD_DETECT -6 MERGE=0.1s AS found\n\
        EVENTS all.csv\n\
        FROM found | WHERE channel_lo >= 5 AND (duration > 0.5s OR score > 100) AS upper | EVENTS upper.csv\n\
        FROM found | MERGE GAP=1s DISTANCE=2m | EVENTS one.jsonl\n\
        FROM upper | MERGE DISTANCE=2m | EVENTS two.xml\n\
        FROM found | WHERE NOT channel_lo >= 0 | EVENTS none.csv\n";
    for more in [&[][..], &["--chunk", "7", "--threads", "1"]] {
        let ran = place.run(&[&["run", "-e", script], more].concat());
        assert_eq!(ran.code, 0, "{}", ran.err);
        let lines = |name: &str| -> Vec<Vec<String>> {
            let text = std::fs::read_to_string(place.path(name)).unwrap();
            text.lines().map(|line| line.split(',').map(String::from).collect()).collect()
        };
        let column =
            |name: &str, at: usize| lines(name).iter().skip(1).map(|l| l[at].clone()).collect::<Vec<_>>();
        let (mut all, mut upper) = (column("all.csv", 6), column("upper.csv", 6));
        assert_eq!(column("all.csv", 0), ["1", "2", "3", "4"]);
        all.sort();
        upper.sort();
        assert_eq!(
            (all, upper),
            (vec!["4".into(), "5".into(), "6".into(), "7".into()], vec!["5".into(), "6".into(), "7".into()])
        );
        assert_eq!(lines("none.csv").len(), 1);
        let one = std::fs::read_to_string(place.path("one.jsonl")).unwrap();
        let one = json(one.trim());
        assert_eq!((&one["channel_lo"], &one["channel_hi"]), (&4.into(), &7.into()));
        assert!(one["start"].as_str().unwrap().starts_with("2024-05-01T12:00:03"), "{one}");
        assert!(one["end_ns"].as_i64().unwrap() > one["start_ns"].as_i64().unwrap(), "{one}");
        assert_eq!(std::fs::read_to_string(place.path("two.xml")).unwrap().matches("<event ").count(), 1);
        for name in ["all.csv", "upper.csv", "one.jsonl", "two.xml", "none.csv"] {
            std::fs::rename(place.path(name), place.path(&format!("old-{name}"))).unwrap();
        }
        if more.is_empty() {
            for name in ["all.csv", "one.jsonl"] {
                std::fs::copy(place.path(&format!("old-{name}")), place.path(&format!("first-{name}")))
                    .unwrap();
            }
        }
    }
    for name in ["all.csv", "one.jsonl"] {
        let read = |path: String| std::fs::read(place.path(&path)).unwrap();
        assert!(read(format!("old-{name}")) == read(format!("first-{name}")), "{name} depends on the chunks");
    }
}

#[test]
fn mistakes_about_events_have_a_remedy() {
    let place = with_fiber();
    for (script, told) in [
        ("READ fiber.dat | WHERE channels > 3 | EVENTS a.csv", "no events to work on"),
        ("READ fiber.dat | THRESHOLD_DETECT -6 | WHERE chanels > 3 | EVENTS a.csv", "did you mean channels?"),
        (
            "READ fiber.dat | THRESHOLD_DETECT -6 | WHERE duration > 3m | EVENTS a.csv",
            "not compared with a value in m",
        ),
        ("READ fiber.dat | THRESHOLD_DETECT -6 | WHERE | EVENTS a.csv", "WHERE needs condition"),
        ("READ fiber.dat | THRESHOLD_DETECT -6 | TRACK 20km/h.. | EVENTS a.csv", "highest speed"),
        ("READ fiber.dat | THRESHOLD_DETECT -6 | CLASSIFY none.json | EVENTS a.csv", "cannot read the model"),
    ] {
        let ran = place.run(&["check", "-e", script]);
        assert_eq!(ran.code, 2, "{script}: {}", ran.err);
        assert!(ran.err.contains(told), "{script}: {}", ran.err);
    }
    let explained =
        place.run(&["explain", "-e", "READ fiber.dat | THRESHOLD_DETECT -6 | MERGE GAP=2s | WHERE id > 3"]);
    assert!(explained.out.contains("held until 2 s after"), "{}{}", explained.out, explained.err);
}

#[test]
fn data_goes_to_standard_output_and_a_script_comes_from_standard_input() {
    let place = with_fiber();
    let ran = place.run_with_input(&["run", "-"], b"READ fiber.dat CH=3..9 TIME=1s..2s | WRITE -");
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(npy_shape(&ran.bytes), "(1000, 6)");
    let expected: Vec<u8> =
        (1000..2000).flat_map(|row| fiber()[(row * 16 + 3) * 4..(row * 16 + 9) * 4].to_vec()).collect();
    assert!(ran.bytes.ends_with(&expected));
}

#[test]
fn a_closed_pipe_is_quiet() {
    let place = Workplace::new();
    let script = "READ 'synthetic:noise?channels=512&samples=20000&fs=1kHz' | ABS | WRITE -";
    let mut child =
        place.command(&["run", "-e", script]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut head = [0; 10];
    child.stdout.take().unwrap().read_exact(&mut head).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn json_answers_of_a_run_have_a_version() {
    let place = with_fiber();
    let script = "READ fiber.dat | ABS | WRITE a.npy";
    let dry = json(&place.run(&["run", "--json", "--dry-run", "-e", script]).out);
    assert_eq!(dry["runs"][0]["outputs"][0]["bytes"], 8000 * 16 * 4);
    assert!(!place.path("a.npy").exists());
    let ran = json(&place.run(&["run", "--json", "-e", script]).out);
    assert_eq!((&ran["version"], &ran["ok"]), (&1.into(), &true.into()));
    assert_eq!(ran["runs"][0]["outputs"][0]["rows"], 8000);
    assert!(place.path("a.npy").exists());
}

#[test]
fn muted_channels_are_nan_and_left_out_of_means() {
    let place = with_fiber();
    place.file("bad.csv", "channel\n4\n5\n");
    let ran = place.run(&["run", "-e", "READ fiber.dat CH=3..7 TIME=0s..10ms | MUTE bad.csv | WRITE -"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let data = &ran.bytes[ran.bytes.len() - 10 * 4 * 4..];
    let values: Vec<f32> = data.as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect();
    for row in values.chunks(4) {
        assert_eq!(row.iter().map(|v| v.is_nan()).collect::<Vec<_>>(), [false, true, true, false]);
    }
}

/// Means over the channels that are left, as numpy.nanmean of the muted record gives them.
#[test]
fn steps_across_channels_leave_muted_channels_out() {
    let place = with_fiber();
    place.file("bad.csv", "channel\n4\n5\n");
    let numbers = |steps: &str| -> Vec<f32> {
        let script = format!("READ fiber.dat CH=3..9 TIME=0s..10ms | SCALE 1 | {steps} | WRITE -");
        let ran = place.run(&["run", "-e", &script]);
        assert_eq!(ran.code, 0, "{steps}: {}", ran.err);
        let header = 10 + usize::from(u16::from_le_bytes([ran.bytes[8], ran.bytes[9]]));
        ran.bytes[header..].as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect()
    };
    let raw = numbers("ABS | SCALE 1 | DEMEAN");
    let kept = [0usize, 3, 4, 5];
    let mean =
        |row: &[f32], at: &[usize]| at.iter().map(|c| f64::from(row[*c])).sum::<f64>() / at.len() as f64;
    let means = numbers("ABS | SCALE 1 | DEMEAN | MUTE bad.csv | MEAN AXIS=channel");
    let common = numbers("ABS | SCALE 1 | DEMEAN | MUTE bad.csv | COMMON_MODE");
    let smooth = numbers("ABS | SCALE 1 | DEMEAN | MUTE bad.csv | SPATIAL_SMOOTH 3");
    // Straight across the channels a line is a running mean; what lies beyond the ends is no channel.
    let line = "SLANT_STACK 3 0s/m 0s/m COUNT=1 SPACING=2m";
    let lines = numbers(&format!("ABS | SCALE 1 | DEMEAN | MUTE bad.csv | {line}"));
    let crossed: [&[usize]; 6] = [&[0], &[], &[], &[3, 4], &[3, 4, 5], &[4, 5]];
    assert_eq!((means.len(), common.len(), raw.len()), (10, 60, 60));
    // The window of three around each channel that is left, reflected at the ends, without 1 and 2.
    let windows: [&[usize]; 6] = [&[0, 0], &[], &[], &[3, 4], &[3, 4, 5], &[4, 5, 5]];
    for (row, values) in raw.chunks(6).enumerate() {
        let expected = mean(values, &kept);
        assert!((f64::from(means[row]) - expected).abs() <= 1e-6 * expected.abs().max(1.0));
        for channel in 0..6 {
            let (c, s) = (f64::from(common[row * 6 + channel]), f64::from(smooth[row * 6 + channel]));
            let l = f64::from(lines[row * 6 + channel]);
            if !kept.contains(&channel) {
                assert!(c.is_nan() && s.is_nan() && l.is_nan());
                continue;
            }
            let near = |a: f64, b: f64| (a - b).abs() <= 1e-6 * f64::from(values[channel]).abs().max(1000.0);
            assert!(near(c, f64::from(values[channel]) - expected), "{c}");
            assert!(near(s, mean(values, windows[channel])), "row {row} channel {channel}: {s}");
            assert!(near(l, mean(values, crossed[channel])), "row {row} channel {channel}: {l}");
        }
    }
    let refused =
        place.run(&["run", "-e", "READ fiber.dat | MUTE bad.csv | FK_FILTER 1 2 3 4 SPACING=2 | WRITE -"]);
    assert!(refused.code == 2 && refused.err.contains("INTERPOLATE AXIS=channel"), "{}", refused.err);
    let filled = numbers(
        "MUTE bad.csv | INTERPOLATE AXIS=channel MAX=3 | FK_FILTER 100 200 3000 4000 SPACING=2 WINDOW=4",
    );
    assert!(filled.iter().all(|x| x.is_finite()));
}

/// The fiber's channels at the end have one neighbour only and are left out further on, as MUTE would have it.
#[test]
fn bad_channels_that_cannot_be_filled_are_left_out() {
    let place = with_fiber();
    let means = |steps: &str| {
        let script = format!("READ fiber.dat CH=3..9 TIME=0s..10ms | SCALE 1 | {steps} | WRITE -");
        let ran = place.run(&["run", "-q", "-e", &script]);
        assert_eq!(ran.code, 0, "{steps}: {}", ran.err);
        ran.bytes
    };
    let filled = means("INTERPOLATE AXIS=channel BAD=3..5 | MEAN AXIS=channel");
    assert_eq!(filled, means("SLICE CH=5..9 | MEAN AXIS=channel"));
    let refused = place.run(&[
        "run",
        "-e",
        "READ fiber.dat | INTERPOLATE AXIS=channel BAD=0..3 | FK_FILTER 1 2 3 4 SPACING=2 | WRITE -",
    ]);
    assert!(refused.code == 2 && refused.err.contains("3 of them are muted"), "{}", refused.err);
}

#[test]
fn an_assumed_spacing_is_told() {
    let place = Workplace::new();
    let noise = "synthetic:noise?channels=7&samples=3001&fs=1kHz";
    let made = place.run(&["run", "-e", &format!("READ '{noise}' | WRITE x.npy")]);
    assert_eq!(made.code, 0, "{}", made.err);
    let told = "note x.npy: channel spacing is not in the file: 1 m assumed; DX= of READ says otherwise";
    let steps = "DERIVATIVE AXIS=channel | WRITE y.npy MODE=overwrite";
    for verb in [&["run"][..], &["run", "-v"], &["run", "--dry-run"], &["explain"], &["check"]] {
        let err = |read: &str| {
            let script = format!("{read} | {steps}");
            let ran = place.run(&[verb, &["-e", &script]].concat());
            assert_eq!(ran.code, 0, "{}", ran.err);
            ran.err
        };
        let assumed = err("READ x.npy FS=1kHz");
        assert_eq!(assumed.matches(told).count(), 1, "{verb:?}: {assumed}");
        assert!(!err("READ x.npy FS=1kHz DX=2m").contains("spacing"), "{verb:?}");
    }
}

#[test]
fn outputs_that_meet_are_refused_before_the_run() {
    let place = with_fiber();
    let ran = place.run(&["run", "-e", "READ fiber.dat AS x | WRITE a.npy\nFROM x | ABS | WRITE ./a.npy"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("written twice"), "{}", ran.err);
    let ran = place.run(&["run", "-e", "READ fiber.dat | WRITE nowhere/a.npy"]);
    assert!(ran.code == 2 && ran.err.contains("nowhere"), "{}", ran.err);
    assert!(!place.path("a.npy").exists());
}

#[test]
fn results_do_not_depend_on_chunks_threads_or_back_end() {
    let place = with_fiber();
    let run = |more: &[&str]| {
        let script = "READ fiber.dat | DETREND | BANDPASS 10 200 | ABS | WRITE -";
        let ran = place.run(&[&["run", "-e", script], more].concat());
        assert_eq!(ran.code, 0, "{more:?}: {}", ran.err);
        ran.bytes
    };
    let whole = run(&[]);
    assert!(whole == run(&["--chunk", "7"]), "chunks of 7");
    assert!(whole == run(&["--threads", "1", "--chunk", "1000"]), "one thread");
    assert!(whole == run(&["--no-cache", "--interpret"]), "interpreter");
}

#[cfg(unix)]
#[test]
fn ctrl_c_leaves_nothing_unfinished() {
    let place = Workplace::new();
    let script =
        "READ 'synthetic:quake?channels=2048&samples=20000000&fs=1kHz' | BANDPASS 10 200 | WRITE a.npy";
    let mut command = place.command(&["run", "--json", "-e", script]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let partial = || {
        std::fs::read_dir(place.path("."))
            .unwrap()
            .any(|e| e.unwrap().file_name().to_string_lossy().contains(".partial"))
    };
    let started = std::time::Instant::now();
    while !partial() && started.elapsed().as_secs() < 60 {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    assert!(partial(), "the run never began to write");
    let killed = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    let ended = child.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(130));
    let document: serde_json::Value = serde_json::from_slice(&ended.stdout).unwrap();
    assert_eq!(document["ok"], false);
    assert!(document["diagnostics"][0]["message"].as_str().unwrap().contains("interrupted"));
    assert!(!partial() && !place.path("a.npy").exists());
}

#[test]
fn several_reads_are_several_runs() {
    let place = with_fiber();
    let ran = place.run(&["run", "-e", "READ fiber.dat | WRITE a.npy\nREAD fiber.dat CH=0..2 | WRITE b.npy"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(npy_shape(&std::fs::read(place.path("a.npy")).unwrap()), "(8000, 16)");
    assert_eq!(npy_shape(&std::fs::read(place.path("b.npy")).unwrap()), "(8000, 2)");
}

#[test]
fn plot_draws_a_file_without_a_script() {
    let place = with_fiber();
    for (flags, name) in [
        (&[][..], "fiber.png"),
        (&["--spectrogram", "256", "-o", "s.png"], "s.png"),
        (&["--traces", "-o", "t.png"], "t.png"),
    ] {
        let ran = place.run(&[&["plot", "fiber.dat"], flags].concat());
        assert_eq!(ran.code, 0, "{flags:?}: {}", ran.err);
        assert!(std::fs::read(place.path(name)).unwrap().starts_with(b"\x89PNG"), "{name}");
    }
}

#[test]
fn a_geometry_reaches_inspect_and_outputs_and_mutes_bad_channels() {
    let place = with_fiber();
    let mut table = String::from("channel,latitude,longitude,depth,quality\n");
    (0..16).for_each(|c| {
        table += &format!("{c},{},7.5,,{}\n", 46.0 + c as f64 / 64.0, if c == 4 { 0 } else { 1 })
    });
    place.file("g.csv", &table);
    let script = "READ fiber.dat GEOMETRY=g.csv CH=3..7 TIME=0s..10ms | WRITE a.zarr";
    let ran = place.run(&["run", "-e", script]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    // One chunk a coordinate, compressed; its shape and unit stand beside it.
    for (name, unit) in [("latitude", "deg"), ("longitude", "deg"), ("quality", "")] {
        let text = std::fs::read_to_string(place.path("a.zarr").join(name).join("zarr.json")).unwrap();
        let facts = json(&text);
        assert_eq!(facts["shape"], serde_json::json!([4]), "{text}");
        assert!(unit.is_empty() || text.contains(unit), "{text}");
    }
    assert!(!place.path("a.zarr/depth").exists());
    let ran = place.run(&["run", "-e", &script.replace("a.zarr", "-")]);
    let data = &ran.bytes[ran.bytes.len() - 10 * 4 * 4..];
    let values: Vec<f32> = data.as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect();
    for row in values.chunks(4) {
        assert_eq!(row.iter().map(|v| v.is_nan()).collect::<Vec<_>>(), [false, true, false, false]);
    }
    let ran = place.run(&["inspect", "fiber.dat", "--geometry", "g.csv"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.out.contains("46 to 46.234375 deg"), "{}", ran.out);
}

#[test]
fn tables_of_channels_that_do_not_fit_are_the_scripts_mistake() {
    let place = with_fiber();
    place.file("beyond.csv", "3,16");
    let ran = place.run(&["run", "-e", "READ fiber.dat CH=3..7 | MUTE beyond.csv | WRITE a.npy"]);
    assert_eq!(ran.code, 2, "{}", ran.err);
    assert!(ran.err.contains("lists channel 16; the record has channels 0 to 15"), "{}", ran.err);
    for (table, told) in [
        ("chanel,latitude\n0,7\n", "did you mean channel?"),
        ("channel,latitude\n0,x\n", "is no number"),
        ("channel,latitude\n0,7\n0,8\n", "a second time"),
        ("channel,latitude\n0,97\n", "is not within"),
        ("channel,distance\n0,7\n", "gives no distance"),
        ("# nothing\n", "is empty"),
    ] {
        place.file("g.csv", table);
        let ran = place.run(&["check", "-e", "READ fiber.dat GEOMETRY=g.csv | WRITE a.npy"]);
        assert_eq!(ran.code, 2, "{table}: {}", ran.err);
        assert!(ran.err.contains(told), "{table}: {}", ran.err);
    }
    let ran = place.run(&["check", "-e", "READ fiber.dat | PLOT_HEATMAP a.png CMAP=virdis"]);
    assert_eq!(ran.code, 2, "{}", ran.err);
    assert!(ran.err.contains("did you mean viridis?"), "{}", ran.err);
}

#[test]
fn whatever_lies_within_rows_is_drawn() {
    let place = with_fiber();
    let steps = [
        "STFT 64",
        "SPECTROGRAM 64 | DB",
        "CWT 20Hz 200Hz COUNT=9",
        "FBE 50ms [..20Hz, 20..100Hz]",
        "CORRELATE 3..4 200ms 50ms",
        "BEAMFORM 5 [200m/s,2km/s] COUNT=5 STACK=10ms",
        "SLANT_STACK 5 -4ms/m 4ms/m COUNT=9",
    ];
    for step in steps {
        for sink in [
            "PLOT_SPEC a.png",
            "PLOT_SPEC a.png CH=3..4",
            "PLOT_HEATMAP a.png",
            "PLOT_HEATMAP a.png CH=0..8/2",
        ] {
            let script = format!("READ fiber.dat | {step} | {sink} MODE=overwrite SIZE=600x400");
            let ran = place.run(&["run", "-e", &script]);
            assert_eq!(ran.code, 0, "{script}: {}", ran.err);
            assert!(std::fs::read(place.path("a.png")).unwrap().starts_with(b"\x89PNG"), "{script}");
        }
    }
    // Without a time axis there is one picture, without channels the other.
    for (script, told) in [
        ("CORRELATE 3..4 200ms 50ms | MEAN | PLOT_SPEC a.png", "PLOT_HEATMAP"),
        ("STFT 64 | ABS | MEAN AXIS=channel | PLOT_HEATMAP a.png", "PLOT_SPEC"),
        ("PLOT_SPEC a.png", "put STFT"),
    ] {
        let ran = place.run(&["check", "-e", &format!("READ fiber.dat | {script}")]);
        assert_eq!(ran.code, 2, "{script}: {}", ran.err);
        assert!(ran.err.contains(told), "{script}: {}", ran.err);
    }
}

#[test]
fn a_draft_is_refused_until_it_is_filled_in() {
    let place = with_fiber();
    std::fs::remove_file(place.path("fiber.dat.json")).unwrap();
    assert_eq!(place.run(&["inspect", "--write-sidecar", "fiber.dat"]).code, 0);
    let ran = place.run(&["run", "-e", "READ fiber.dat | WRITE a.npy"]);
    assert_eq!(ran.code, 2, "{}", ran.err);
    for field in ["channels", "rate", "type", "spacing"] {
        assert!(ran.err.contains(&format!("\"{field}\"")), "{field}: {}", ran.err);
    }
}
