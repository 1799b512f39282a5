//! Every real file: metadata and values as other readers found them (runtime/io/tests/reference), then the whole pipeline
//! with corners and frame fitted to the file.

mod dasc;

use dasc::{Workplace, json, npy_shape};
use serde_json::Value;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/data");
const REFERENCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../runtime/io/tests/reference");

fn references() -> Vec<(String, Value)> {
    let lists = ["hdf5.json", "formats.json"];
    let files = lists.into_iter().flat_map(|list| {
        let Value::Object(files) = json(&std::fs::read_to_string(format!("{REFERENCE}/{list}")).unwrap())
        else {
            panic!("no table")
        };
        files
    });
    let files: Vec<(String, Value)> = files.collect();
    assert!(files.len() >= 18, "only {} files", files.len());
    files
}

#[test]
fn every_file_is_inspected_as_others_read_it() {
    let place = Workplace::new();
    for (name, expected) in references() {
        let ran = place.run(&["inspect", "--json", &format!("{FOLDER}/{name}")]);
        assert_eq!(ran.code, 0, "{name}: {}", ran.err);
        let record = &json(&ran.out)["files"][0]["record"];
        assert_eq!(record["samples"], expected["shape"][0], "{name}");
        assert_eq!(record["channels"], expected["shape"][1], "{name}");
        assert_eq!(record["unit"], expected["unit"], "{name}");
        let start =
            [&record["segments"][0]["start_ns"], &expected["start_ns"]].map(|ns| ns.as_i64().unwrap());
        // Seconds since 1970 in an f64 are good to 240 ns; the two roundings to whole ones may differ by one.
        assert!(start[0].abs_diff(start[1]) <= 1, "{name}: {start:?}");
        for (ours, theirs) in [("rate_hz", "rate"), ("spacing_m", "spacing")] {
            let (a, b) = (record[ours].as_f64().unwrap(), expected[theirs].as_f64().unwrap());
            // Where a file gives time stamps, the rate follows from fitting them.
            assert!((a - b).abs() <= 1e-5 * b.abs(), "{name}: {ours} is {a}, not {b}");
        }
    }
}

#[test]
fn every_file_is_written_with_its_values() {
    let place = Workplace::new();
    for (name, expected) in references() {
        let ran = place.run(&["run", "-e", &format!("READ '{FOLDER}/{name}' | WRITE -")]);
        assert_eq!(ran.code, 0, "{name}: {}", ran.err);
        let [rows, channels] = [0, 1].map(|i| expected["shape"][i].as_u64().unwrap() as usize);
        assert_eq!(npy_shape(&ran.bytes), format!("({rows}, {channels})"), "{name}");
        let width = if expected["type"] == "F64" { 8 } else { 4 };
        let data = &ran.bytes[ran.bytes.len() - rows * channels * width..];
        let scale = expected["scale"].as_f64().unwrap();
        for sample in expected["samples"].as_array().unwrap() {
            let [row, channel] = [0, 1].map(|i| sample[i].as_u64().unwrap() as usize);
            let bytes = &data[(row * channels + channel) * width..][..width];
            let value = match width {
                8 => f64::from_le_bytes(bytes.try_into().unwrap()),
                _ => f64::from(f32::from_le_bytes(bytes.try_into().unwrap())),
            };
            let Some(stored) = sample[2].as_f64() else {
                assert!(value.is_nan(), "{name} at {row}, {channel}");
                continue;
            };
            let wanted = if width == 8 { stored * scale } else { f64::from((stored * scale) as f32) };
            assert_eq!(value, wanted, "{name} at {row}, {channel}");
        }
    }
}

#[test]
fn every_file_runs_through_the_pipeline() {
    let place = Workplace::new();
    for (name, expected) in references() {
        let (rate, rows) = (expected["rate"].as_f64().unwrap(), expected["shape"][0].as_u64().unwrap());
        let (low, high, frame) = (rate * 0.05, rate * 0.3, (rows / 8).clamp(4, 1024));
        let script = format!(
            "READ '{FOLDER}/{name}'\nDETREND AXIS=time\nBANDPASS {low:.3} {high:.3} AS f\nWRITE '{name}.npy'\n\
             FROM f | STFT {frame}\nTHRESHOLD_DETECT -30 REF=max\nEVENTS '{name}.csv'\nPLOT_SPEC CMAP=inferno OUT='{name}.png'\n"
        );
        let ran = place.run(&["run", "-e", &script]);
        assert_eq!(ran.code, 0, "{name}: {}", ran.err);
        let shape = npy_shape(&std::fs::read(place.path(&format!("{name}.npy"))).unwrap());
        assert_eq!(shape, format!("({rows}, {})", expected["shape"][1]), "{name}");
        assert!(std::fs::read(place.path(&format!("{name}.png"))).unwrap().starts_with(b"\x89PNG"), "{name}");
        let events = std::fs::read_to_string(place.path(&format!("{name}.csv"))).unwrap();
        // The maximum itself is above the threshold, unless nothing but zeros was recorded.
        let silent = expected["sum"] == 0.0;
        assert_eq!(events.lines().count() > 1, !silent, "{name}: {}", ran.err);
    }
}

#[test]
fn limits_are_told_with_the_largest_possible_value() {
    let place = Workplace::new();
    let file = format!("{FOLDER}/decimated_optodas.hdf5");
    let ran = place.run(&["run", "-e", &format!("READ '{file}' | STFT 8192 | PLOT_SPEC OUT=a.png")]);
    assert!(ran.code == 2 && ran.err.contains("the largest possible frame is 5000"), "{}", ran.err);
    let ran = place.run(&["run", "-e", &format!("READ '{file}' | BANDPASS 10 300 | PLOT_TS OUT=a.png")]);
    assert!(ran.code == 2 && ran.err.contains("250"), "{}", ran.err);
}
