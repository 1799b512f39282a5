//! Steps that look beside their input: templates of other flows and of files; and what `explain` says of filters within a tolerance.

mod dasc;

use dasc::{Workplace, json};

const SIDECAR: &str = r#"{"version":1,"channels":4,"rate":1000,"type":"f32","byte_order":"little","scale":1,"spacing":2,"unit":"nstrain/s","start":"2024-05-01T12:00:00Z"}"#;

/// Two seconds of noise on 4 channels at 1 kHz.
fn place() -> Workplace {
    let place = Workplace::new();
    let mut state = 1u64;
    let noise = (0..8000).flat_map(|_| {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        ((state >> 40) as f32 / (1u64 << 23) as f32 - 1.0).to_le_bytes()
    });
    std::fs::write(place.path("fiber.dat"), noise.collect::<Vec<u8>>()).unwrap();
    place.file("fiber.dat.json", SIDECAR);
    place
}

fn run(place: &Workplace, script: &str) {
    let ran = place.run(&["run", "-e", script]);
    assert_eq!(ran.code, 0, "{script}: {}", ran.err);
}

fn values(place: &Workplace, name: &str) -> Vec<f32> {
    let bytes = std::fs::read(place.path(name)).unwrap();
    let start = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    assert!(String::from_utf8_lossy(&bytes[..start]).contains("'<f4'"));
    bytes[start..].chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect()
}

#[test]
fn a_template_of_a_filtered_flow_is_that_of_the_file_it_is_written_to() {
    let place = place();
    run(
        &place,
        "READ fiber.dat AS raw
         BANDPASS 10 200 AS clean
         WRITE clean.npy
         TEMPLATE_MATCH 0.5s..0.6s
         WRITE own.npy
         FROM clean | TEMPLATE_MATCH 0.5s..0.6s TEMPLATE=clean
         WRITE named.npy
         FROM raw | TEMPLATE_MATCH 0.5s..0.6s TEMPLATE=clean
         WRITE flow.npy
         FROM raw | TEMPLATE_MATCH 0.5s..0.6s TEMPLATE=clean CH=2..3
         WRITE flow_of_one.npy",
    );
    run(
        &place,
        "READ fiber.dat AS raw
         TEMPLATE_MATCH 0.5s..0.6s TEMPLATE=clean.npy FS=1kHz
         WRITE file.npy
         FROM raw | TEMPLATE_MATCH 500..600 TEMPLATE='clean.npy' CH=2..3 FS=1000
         WRITE file_of_one.npy",
    );
    assert_eq!(values(&place, "own.npy"), values(&place, "named.npy"));
    let own = values(&place, "own.npy");
    assert_eq!(own.len(), 4 * (2000 - 99));
    assert!((own[4 * 500] - 1.0).abs() < 1e-5, "the template finds itself: {}", own[4 * 500]);
    for (a, b) in [("flow.npy", "file.npy"), ("flow_of_one.npy", "file_of_one.npy")] {
        let (a, b) = (values(&place, a), values(&place, b));
        assert_eq!(a.len(), b.len());
        let off = a.iter().zip(&b).fold(0.0f32, |most, (a, b)| most.max((a - b).abs()));
        assert!(off < 1e-6, "{off}");
    }
    assert_ne!(values(&place, "flow.npy"), values(&place, "flow_of_one.npy"));
}

#[test]
fn templates_that_do_not_fit_are_refused_with_a_remedy() {
    let place = place();
    run(&place, "READ fiber.dat\nWRITE clean.npy");
    run(&place, "READ fiber.dat CH=0..3\nWRITE three.npy");
    // numpy.save of 100 samples without an axis of channels.
    let head = format!("{:117}\n", "{'descr': '<f4', 'fortran_order': False, 'shape': (100,), }");
    let bytes = [b"\x93NUMPY\x01\x00".as_slice(), &[118, 0], head.as_bytes(), &[0; 400]].concat();
    std::fs::write(place.path("flat.npy"), bytes).unwrap();
    let cases: [(&str, &[&str]); 10] = [
        ("TEMPLATE_MATCH 0s..0.1s TEMPLATE=clean.npy FS=500Hz", &["1000 Hz", "500 Hz", "RESAMPLE"]),
        ("TEMPLATE_MATCH 0s..0.1s TEMPLATE=clean.npy", &["sampling rate", "FS=1kHz"]),
        (
            "TEMPLATE_MATCH 0s..0.1s TEMPLATE=flat.npy FS=1kHz",
            &["(samples, channels)", "numpy.save(path, x[:, None])"],
        ),
        ("TEMPLATE_MATCH 0s..0.1s TEMPLATE=three.npy FS=1kHz", &["1 channel", "4", "gives 3", "CH"]),
        ("TEMPLATE_MATCH 5s..6s TEMPLATE=clean.npy FS=1kHz", &["selects nothing", "2000"]),
        ("TEMPLATE_MATCH 0s..0.1s TEMPLATE=clean.npy CH=9..10 FS=1kHz", &["0 to 3"]),
        ("TEMPLATE_MATCH 0s..0.1s TEMPLATE=missing.npy FS=1kHz", &["missing.npy"]),
        ("TEMPLATE_MATCH 0s..0.1s TEMPLATE=clena", &["no flow `clena`"]),
        ("TEMPLATE_MATCH 0s..0.1s TEMPLATE=half", &["1000 Hz", "500 Hz", "RESAMPLE"]),
        ("TEMPLATE_MATCH 5s..6s TEMPLATE=raw", &["selects nothing"]),
    ];
    for (step, words) in cases {
        let script = format!("READ fiber.dat AS raw\nDECIMATE 2 AS half\nFROM raw | {step}\nWRITE out.npy");
        let ran = place.run(&["run", "-e", &script]);
        assert_ne!(ran.code, 0, "{step}: {}", ran.err);
        for word in words {
            assert!(ran.err.contains(word), "{step}: {word} is not in {}", ran.err);
        }
    }
    let apart =
        "READ fiber.dat AS one\nREAD fiber.dat AS two\nTEMPLATE_MATCH 0s..0.1s TEMPLATE=one\nWRITE out.npy";
    let ran = place.run(&["run", "-e", apart]);
    assert!(ran.err.contains("belongs to another READ"), "{}", ran.err);
}

#[test]
fn explain_tells_how_far_a_filter_looks_ahead_and_what_it_is_off_by() {
    let place = place();
    let script = "READ fiber.dat\nBANDPASS 10 200 ZEROPHASE TOL=1e-6\nWRITE out.npy";
    let ran = place.run(&["explain", "-e", script]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.out.contains("samples ahead") && ran.out.contains("0.000001 times"), "{}", ran.out);
    let told = json(&place.run(&["explain", "--json", "-e", script]).out);
    let step = &told["records"][0]["steps"][1];
    assert_eq!(step["facts"]["class"], "H", "{step}");
    assert_eq!(step["facts"]["passes"], 1, "{step}");
    let latency = step["facts"]["latency_seconds"].as_f64().unwrap();
    assert!((0.1..2.0).contains(&latency), "{latency}");
    let whole = place.run(&["explain", "-e", "READ fiber.dat\nHILBERT\nWRITE out.npy"]);
    assert!(whole.out.contains("of memory to transform a whole channel"), "{}", whole.out);
}

#[test]
fn a_transform_of_a_line_that_does_not_fit_is_refused() {
    let place = place();
    // 48 bytes for each of a million samples are more than 10 MB.
    let script = "READ 'synthetic:noise?samples=1000000&channels=1&fs=1kHz'\nHILBERT\nWRITE out.npy";
    let ran = place.run(&["run", "--memory", "10MB", "-e", script]);
    assert_eq!(ran.code, 2, "{}", ran.err);
    for word in ["HILBERT", "48 MB", "10 MB", "--memory", "STFT"] {
        assert!(ran.err.contains(word), "{word}: {}", ran.err);
    }
}
