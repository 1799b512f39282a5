//! Every golden vector through the operators and the f64 interpreter: what they mean is what NumPy, SciPy and ObsPy say.
//! `tests/golden/README.md` explains the manifest.

use std::fs;
use std::path::Path;

use dasc_ir::graph::interp::{Stretch, Tensor, Value, interpret};
use dasc_ir::graph::{Builder, ChannelAxis, Graph, Rows, Signal, TimeAxis};
use dasc_ir::{DType, Rational, Unit};
use dasc_stdlib::reference::build_example;
use serde_json::Value as Json;

/// The interpreter rounds nothing, so it is held to more than the compiled pipelines are.
const RTOL: f64 = 1e-9;

#[test]
fn every_golden_case_agrees() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden");
    let folders = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    let manifests = folders.map(|f| f.join("manifest.json")).filter(|manifest| manifest.exists());
    let beside: usize = manifests.map(|manifest| check(&folder, &manifest)).sum();
    let count = beside + check(&folder, &folder.join("manifest.json"));
    assert!(count > 500, "only {count} cases");
}

/// Parameters, gaps and anchoring that the golden vectors leave out; `make_variants.py` made them.
#[test]
fn every_variant_agrees() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/variants");
    let count = check(&folder, &folder.join("manifest.json"));
    assert!(count > 80, "only {count} cases");
}

/// The cases of a manifest whose files lie in `folder`.
fn check(folder: &Path, manifest: &Path) -> usize {
    let manifest: Json = serde_json::from_str(&fs::read_to_string(manifest).unwrap()).unwrap();
    let cases = manifest["cases"].as_array().unwrap();
    let failures: Vec<String> = cases
        .iter()
        .filter_map(|case| {
            let error = run(folder, case).err()?;
            Some(format!("{} `{}` {}: {error}", text(&case["name"]), text(&case["dql"]), case["input"]))
        })
        .collect();
    assert!(failures.is_empty(), "{} of {} differ:\n{}", failures.len(), cases.len(), failures.join("\n"));
    cases.len()
}

fn run(folder: &Path, case: &Json) -> Result<(), String> {
    let shape = shape(&case["input"]["shape"]);
    let input = array(folder, &case["input"]["file"]);
    let input = input.get(..shape.iter().product()).ok_or("the input is too short")?;
    let graph = build(case, &shape).map_err(|diag| diag.to_string())?;
    let found = interpret(&graph, input).map_err(|diag| diag.to_string())?.pop().ok_or("no output")?;
    match found {
        Value::Signal(tensor) => {
            check_axes(case, &graph)?;
            compare(folder, case, &tensor)
        }
        Value::Events(events) => compare_events(folder, case, events),
    }
}

fn build(case: &Json, shape: &[usize]) -> dasc_ir::Result<Graph> {
    let fs = number(&case["input"]["fs"]);
    let mut b = Builder::new();
    let x = b.source(Signal {
        dtype: DType::F32,
        unit: case["unit"].as_str().map_or_else(Unit::none, |unit| Unit::parse(unit).unwrap()),
        time: Some(TimeAxis {
            period: Rational::ONE / Rational::approximate(fs).unwrap(),
            origin: Rational::ZERO,
            rows: Rows::Segments(segments(case, shape[0])),
        }),
        inner: None,
        channel: Some(ChannelAxis {
            len: shape[1] as u32,
            first: 0,
            stride: 1,
            distance: 0.0,
            spacing: number(&case["input"]["dx"]),
            positions: None,
        }),
    });
    let y = build_example(&mut b, x, text(&case["dql"]))?;
    Ok(b.finish(vec![y]))
}

fn segments(case: &Json, rows: usize) -> Vec<(i64, i64)> {
    match case["segments"].as_array() {
        Some(ranges) => ranges.iter().map(|r| (r[0].as_i64().unwrap(), r[1].as_i64().unwrap())).collect(),
        None => vec![(0, rows as i64)],
    }
}

fn check_axes(case: &Json, graph: &Graph) -> Result<(), String> {
    let signal = graph.signal(graph.outputs[0]).ok_or("a table")?;
    let close = |a: f64, b: f64| (a - b).abs() <= 1e-9 * b.abs();
    if let Some(fs) = case["out_fs"].as_f64()
        && let Some(rate) = signal.rate()
        && !close(rate, fs)
    {
        return Err(format!("the rate is {rate} Hz, not {fs} Hz"));
    }
    if let Some(step) = case["frequency_step"].as_f64() {
        let found = signal.inner.as_ref().ok_or("no frequency axis")?.step;
        if !close(found, step) {
            return Err(format!("bins are {found} Hz apart, not {step} Hz"));
        }
    }
    Ok(())
}

fn compare(folder: &Path, case: &Json, found: &Tensor) -> Result<(), String> {
    let expected = &case["expected"];
    let complex = expected["complex"] == true;
    let count = shape(&expected["shape"]).iter().product::<usize>() * if complex { 2 } else { 1 };
    if found.values.len() != count || (found.planes == 2) != complex {
        let rows: i64 = found.ranges.iter().map(|(a, b)| b - a).sum();
        let size = (rows, found.inner, found.channels, found.planes);
        return Err(format!("the shape is {size:?}, not {}", expected["shape"]));
    }
    let expected = expected_values(folder, expected, count);
    let (mut error, mut size, mut finite) = (0.0, 0.0, 0.0);
    for (i, (f, e)) in found.values.iter().zip(&expected).enumerate() {
        if e.is_finite() {
            error += (f - e) * (f - e);
            size += e * e;
            finite += 1.0;
        } else if f.is_nan() != e.is_nan() || (e.is_infinite() && f != e) {
            return Err(format!("value {i} is {f}, not {e}"));
        }
    }
    let rms = |sum: f64| f64::sqrt(sum / f64::max(finite, 1.0));
    let bound = RTOL * f64::max(rms(size), number(&case["floor"]));
    if rms(error) <= bound {
        return Ok(());
    }
    let worst =
        (0..count).find(|&i| (found.values[i] - expected[i]).abs() > bound || found.values[i].is_nan());
    let worst = worst.unwrap_or(0);
    Err(format!(
        "rms error {:.1e} of rms {:.1e}; value {worst} is {} and should be {}",
        rms(error),
        rms(size),
        found.values[worst],
        expected[worst]
    ))
}

fn compare_events(folder: &Path, case: &Json, mut found: Vec<Stretch>) -> Result<(), String> {
    let expected = &case["expected"];
    let count = shape(&expected["shape"]).iter().product();
    let expected = expected_values(folder, expected, count);
    found.sort_by_key(|s| (s.channel, s.first));
    let found: Vec<f64> =
        found.iter().flat_map(|s| [s.channel as f64, s.first as f64, s.end as f64 - 1.0]).collect();
    if found == expected { Ok(()) } else { Err(format!("found {found:?}, not {expected:?}")) }
}

fn expected_values(folder: &Path, expected: &Json, count: usize) -> Vec<f64> {
    let offset = expected["offset"].as_u64().unwrap() as usize;
    array(folder, &expected["file"])[offset..offset + count].to_vec()
}

/// A little-endian `.npy` of f32 or f64.
fn array(folder: &Path, file: &Json) -> Vec<f64> {
    let bytes = fs::read(folder.join(text(file))).unwrap();
    let start = 10 + u16::from_le_bytes([bytes[8], bytes[9]]) as usize;
    let header = String::from_utf8_lossy(&bytes[10..start]).into_owned();
    assert!(header.contains("'fortran_order': False"), "{header}");
    let data = &bytes[start..];
    if header.contains("'<f4'") {
        return data.chunks_exact(4).map(|c| f32::from_le_bytes([c[0], c[1], c[2], c[3]]).into()).collect();
    }
    assert!(header.contains("'<f8'"), "{header}");
    data.chunks_exact(8).map(|c| f64::from_le_bytes(c.try_into().unwrap())).collect()
}

fn shape(json: &Json) -> Vec<usize> {
    json.as_array().unwrap().iter().map(|n| n.as_u64().unwrap() as usize).collect()
}

fn number(json: &Json) -> f64 {
    json.as_f64().unwrap()
}

fn text(json: &Json) -> &str {
    json.as_str().unwrap()
}
