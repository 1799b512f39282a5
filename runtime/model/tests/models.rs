//! Models as they are opened: what ONNX Runtime says they answer, and what is refused and how.

use std::path::{Path, PathBuf};

use dasc_events::{Event, EventsType, Stage, ops};
use dasc_ir::Span;
use dasc_ir::literal::{Arg, Literal};
use dasc_ir::model::{Models, Normalise, Stacking};
use dasc_model::Folder;
use dasc_tests::noise::Noise;
use serde_json::{Value, json};
use tempfile::TempDir;

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/ml")
}

/// A folder with a model of the golden ones beside this sidecar.
fn beside(model: &str, sidecar: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::copy(golden().join(model), folder.path().join("m.onnx")).unwrap();
    std::fs::write(folder.path().join("m.onnx.json"), sidecar).unwrap();
    folder
}

fn refusal(model: &str, sidecar: &str) -> String {
    let folder = beside(model, sidecar);
    Folder::new(folder.path()).annotator("m.onnx").unwrap_err().to_string()
}

#[test]
fn a_sidecar_says_what_a_model_is() {
    let picture = Folder::new(golden()).annotator("picture.onnx").unwrap();
    assert_eq!((picture.window, picture.first, picture.rows), (32, 0, 32));
    assert_eq!((picture.channels, picture.channel_step, picture.each_channel), (4, 4, true));
    assert_eq!(
        (picture.normalise, picture.together, picture.stacking),
        (Normalise::Std, true, Stacking::Max)
    );
    let bytes = std::fs::read(golden().join("picture.onnx")).unwrap();
    assert!(bytes.len() < 10_000 && picture.model.hash.len() == 64);
    let crop = Folder::new(golden()).annotator("crop.onnx").unwrap();
    assert_eq!((crop.first, crop.rows), (6, 34));
    let array = Folder::new(golden()).annotator("array.onnx").unwrap();
    assert_eq!((array.rows, array.channel_step, array.each_channel), (50, 1, false));
}

#[test]
fn every_field_of_the_schema_is_known_and_no_other() {
    let text = std::fs::read_to_string(golden().join("../../../docs/model.schema.json")).unwrap();
    let schema: Value = serde_json::from_str(&text).unwrap();
    let sidecar = |kind: &str| {
        let properties = schema["$defs"][kind]["properties"].as_object().unwrap();
        let fields = properties.iter().map(|(name, field)| (name.clone(), field["examples"][0].clone()));
        Value::Object(fields.collect())
    };
    let mut windows = sidecar("windows");
    for (field, value) in [("window", json!(32)), ("labels", json!(["vehicle"])), ("blinding", json!([1, 2]))]
    {
        windows[field] = value;
    }
    windows["output"] = json!(["one", "one", "time", "channel"]);
    let folder = beside("picture.onnx", &windows.to_string());
    Folder::new(folder.path()).annotator("m.onnx").unwrap();
    windows["surprise"] = json!(1);
    assert!(refusal("picture.onnx", &windows.to_string()).contains("surprise"));
    let mut features = sidecar("features");
    features["output_name"] = json!("y");
    let folder = beside("classifier.onnx", &features.to_string());
    Folder::new(folder.path()).classifier("m.onnx").unwrap();
}

#[test]
fn what_contradicts_the_model_is_refused() {
    let picker = |more: &str| {
        refusal("picker.onnx", &format!(r#"{{"version":1,"rate":100,"window":64,"labels":["P","S"]{more}}}"#))
    };
    let cases = [
        (picker(r#","version":2"#), "duplicate field"),
        (picker(r#","input":["one","time","channel"]"#), "[1, 64, 1]"),
        (picker(r#","output":["label","one","time"]"#), "[2, 1, 64]"),
        (picker(r#","output":["one","label"]"#), "\"output\" and \"labels\" must fit"),
        (picker(r#","output":["one","time"]"#), "\"label\" for 2 labels"),
        (picker(r#","output":["one","label","time","time"]"#), "\"time\" twice"),
        (picker(r#","input":["one","label","time"]"#), "no axis \"label\""),
        (picker(r#","first":1"#), "at most 0"),
        (picker(r#","channels":0"#), "\"channels\" 1 to"),
        (picker(r#","channel_step":0"#), "\"channel_step\" is 0"),
        (picker(r#","output_name":"z""#), "no output 'z'"),
        (refusal("picker.onnx", r#"{"version":1,"rate":0,"window":64,"labels":["P","S"]}"#), "\"rate\""),
        (refusal("picker.onnx", r#"{"version":1,"rate":100,"window":64,"labels":["P","p"]}"#), "'p' twice"),
        (refusal("picker.onnx", r#"{"version":1,"rate":100,"window":64,"labels":[]}"#), "0 names"),
        (
            refusal("picker.onnx", r#"{"version":3,"rate":100,"window":64,"labels":["P","S"]}"#),
            "version is 3",
        ),
        (refusal("picker.onnx", "{}"), "missing field"),
        (refusal("picker.onnx", "\u{0}"), "expected value"),
        (
            refusal("picker.onnx", r#"{"version":1,"rate":100,"window":4000000000,"labels":["P","S"]}"#),
            "\"window\" is 1 to",
        ),
    ];
    for (found, wanted) in cases {
        assert!(found.contains(wanted), "{found} lacks {wanted}");
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("m.onnx")).unwrap();
    let text = Folder::new(folder.path()).annotator("m.onnx").unwrap_err().to_string();
    assert!(text.contains("is no file"), "{text}");
}

/// The sidecar is not to blame for a file that cannot be read.
#[test]
fn a_truncated_model_is_said_to_be_no_onnx_file() {
    let sidecar = std::fs::read_to_string(golden().join("picker.onnx.json")).unwrap();
    let whole = std::fs::read(golden().join("picker.onnx")).unwrap();
    let folder = beside("picker.onnx", &sidecar);
    for length in [0, 1, 100, whole.len() / 2, whole.len() - 1] {
        std::fs::write(folder.path().join("m.onnx"), &whole[..length]).unwrap();
        let refused = Folder::new(folder.path()).annotator("m.onnx").unwrap_err();
        let text = format!("{refused:?}");
        assert!(text.contains("'m.onnx' cannot be read as ONNX"), "{length}: {text}");
        assert!(text.contains("export or copy it anew") && !text.contains("schema"), "{length}: {text}");
    }
}

/// Truncated, flipped and made-up files are refused or run, and none takes the program down.
#[test]
fn malformed_models_are_refused() {
    let sidecar = std::fs::read_to_string(golden().join("picker.onnx.json")).unwrap();
    let whole = std::fs::read(golden().join("picker.onnx")).unwrap();
    let folder = beside("picker.onnx", &sidecar);
    let mut noise = Noise(7);
    let (mut refused, mut ran) = (0, 0);
    for trial in 0..400 {
        let mut bytes = whole.clone();
        match trial % 3 {
            0 => bytes.truncate(noise.below(whole.len() as u64) as usize),
            1 => {
                let at = noise.below(bytes.len() as u64) as usize;
                bytes[at] ^= 1 << noise.below(8);
            }
            _ => (0..4).for_each(|_| {
                let at = noise.below(bytes.len() as u64) as usize;
                bytes[at] = noise.below(256) as u8;
            }),
        }
        std::fs::write(folder.path().join("m.onnx"), &bytes).unwrap();
        match Folder::new(folder.path()).annotator("m.onnx") {
            Err(_) => refused += 1,
            Ok(annotator) => {
                let mut output = vec![0.0; 128];
                let _ = annotator.model.run(&[0.5; 64], &mut output);
                ran += 1;
            }
        }
    }
    assert!(refused > 100 && ran > 10, "{refused} refused, {ran} run");
}

#[test]
fn a_model_of_features_labels_as_onnx_runtime_does() {
    let text = std::fs::read_to_string(golden().join("classifier_expected.json")).unwrap();
    let expected: Vec<Value> = serde_json::from_str(&text).unwrap();
    let args = [Arg { key: None, value: Literal::Text("classifier.onnx".into()), span: Span::default() }];
    let input = EventsType { unit: Some(String::new()), columns: Vec::new() };
    let (folder, models) = (golden(), Folder::new(golden()));
    let context = ops::Context { input: &input, folder: &folder, models: &models };
    let bound = (ops::find("CLASSIFY").unwrap().bind)(&args, Span::default(), &context).unwrap();
    let mut stage = Stage::new(bound.start());
    for one in &expected {
        let event = Event {
            end_ns: (one["duration"].as_f64().unwrap() * 1e9).round() as i64,
            channel_hi: one["channels"].as_f64().unwrap() as i64 - 1,
            score: one["score"].as_f64().unwrap(),
            ..Event::default()
        };
        let made = stage.push(vec![event], 1).events;
        assert_eq!(made[0].text("label"), one["label"].as_str());
        let probability = made[0].number("probability").unwrap();
        assert!((probability - one["probability"].as_f64().unwrap()).abs() < 1e-6, "{probability} {one}");
    }
    let unknown = stage.push(vec![Event { score: f64::NAN, ..Event::default() }], 1).events;
    assert_eq!(unknown[0].text("label"), None);
    assert_eq!(models.opened().len(), 2);
}
