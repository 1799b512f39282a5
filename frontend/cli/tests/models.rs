//! Scripts that ask a model: what is found, what is said of the model, and what is refused.

mod dasc;

use std::path::Path;

use dasc::{Workplace, json, npy_shape};

const SIDECAR: &str =
    r#"{"version":1,"channels":3,"rate":100,"type":"f32","unit":"nstrain/s","start":"2024-05-01T12:00:00Z"}"#;

/// Ten seconds of three channels at 100 Hz, and the models of the golden cases.
fn with_models() -> Workplace {
    let place = Workplace::new();
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/ml");
    for name in ["picker.onnx", "picker.onnx.json", "classifier.onnx", "classifier.onnx.json", "bare.onnx"] {
        std::fs::copy(golden.join(name), place.path(name)).unwrap();
    }
    let sample = |i: u32| (i.wrapping_mul(2_654_435_761) >> 16) as f32 / 65_536.0 - 0.5;
    std::fs::write(
        place.path("fiber.dat"),
        (0..3000).flat_map(|i| sample(i).to_le_bytes()).collect::<Vec<u8>>(),
    )
    .unwrap();
    place.file("fiber.dat.json", SIDECAR);
    place
}

const SCRIPT: &str = "READ fiber.dat AS raw\n\
    ML_DETECT picker.onnx LABEL=P THRESHOLD=0.6 | ML_DETECT picker.onnx LABEL=S THRESHOLD=0.6 | CLASSIFY classifier.onnx | EVENTS e.csv MODE=overwrite\n\
    FROM raw | ANNOTATE picker.onnx LABEL=P | WRITE p.npy MODE=overwrite\n\
    FROM raw | ANNOTATE picker.onnx | WRITE all.zarr MODE=overwrite\n";

#[test]
fn events_and_probabilities_come_of_one_call() {
    let place = with_models();
    let ran = place.run(&["run", "-e", SCRIPT]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let events = std::fs::read_to_string(place.path("e.csv")).unwrap();
    assert!(events.contains("ML_DETECT 0.6 of P by picker.onnx") && events.contains("0.6 of S"), "{events}");
    assert!(events.contains("train") || events.contains("car"), "{events}");
    // Four samples are blinded at either end.
    assert_eq!(npy_shape(&std::fs::read(place.path("p.npy")).unwrap()), "(992, 3)");
    let again = place.run(&["run", "-e", SCRIPT, "--chunk", "13", "--threads", "1"]);
    assert_eq!(again.code, 0, "{}", again.err);
    assert_eq!(events, std::fs::read_to_string(place.path("e.csv")).unwrap());
}

#[test]
fn explain_names_the_model_once_with_its_hash() {
    let place = with_models();
    let hash = dasc_ir::model::Models::annotator(
        &*std::sync::Arc::new(dasc_model::Folder::new(place.path("."))),
        "picker.onnx",
    );
    let hash = hash.unwrap().model.hash;
    let ran = place.run(&["explain", "-e", SCRIPT]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let all = ran.out + &ran.err;
    let shown = format!("(picker.onnx, sha256 {}…)", &hash[..12]);
    assert_eq!(all.matches(&shown).count(), 1, "{all}");
    assert!(all.contains("590 ms") || all.contains("0.59 s"), "{all}");
    let ran = place.run(&["explain", "--json", "-e", SCRIPT]);
    assert!(json(&ran.out).to_string().contains(&hash[..12]), "{}", ran.out);
}

#[test]
fn results_carry_the_hashes_of_model_and_sidecar() {
    let place = with_models();
    assert_eq!(place.run(&["run", "-e", SCRIPT]).code, 0);
    let text = std::fs::read_to_string(place.path("all.zarr/zarr.json")).unwrap();
    assert!(text.contains("picker.onnx.json") && text.contains("sha256:"), "{text}");
}

#[test]
fn mistakes_name_the_remedy() {
    let place = with_models();
    let fast = SIDECAR.replace("\"rate\":100", "\"rate\":200");
    for (script, code, words) in [
        // What is not there is no mistake in the script, as with records.
        ("READ none.dat | ANNOTATE picker.onnx | WRITE a.npy", 1, &["none.dat"][..]),
        ("READ fiber.dat | ANNOTATE none.onnx | WRITE a.npy", 1, &["none.onnx", "relative to the script"]),
        ("READ fiber.dat | ANNOTATE bare.onnx | WRITE a.npy", 1, &["bare.onnx.json", "draft"]),
        ("READ fiber.dat | ANNOTATE picker.onnx | PLOT_TS a.png", 2, &["has labels", "LABEL=P"]),
        ("READ fiber.dat | ML_DETECT picker.onnx | EVENTS a.csv", 2, &["needs the LABEL", "P, S"]),
        (
            "READ fiber.dat | ANNOTATE classifier.onnx | WRITE a.npy",
            2,
            &["classifier.onnx", "has \"features\"", "CLASSIFY takes"],
        ),
        (
            "READ fiber.dat | THRESHOLD_DETECT -30 | CLASSIFY picker.onnx | EVENTS a.csv",
            2,
            &["picker.onnx", "has \"window\"", "ANNOTATE and ML_DETECT take"],
        ),
    ] {
        let ran = place.run(&["run", "-e", script]);
        assert_eq!(ran.code, code, "{}", ran.err);
        words.iter().for_each(|word| assert!(ran.err.contains(word), "{} lacks {word}", ran.err));
    }
    place.file("fiber.dat.json", &fast);
    let ran = place.run(&["run", "-e", "READ fiber.dat | ANNOTATE picker.onnx | WRITE a.npy"]);
    assert!(ran.code == 2 && ran.err.contains("put RESAMPLE 100Hz before it"), "{}", ran.err);
}
