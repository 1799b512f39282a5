//! What NumPy, SciPy and ObsPy say, against compiled pipelines: DQL text through the language, the compiler, machine code
//! and the runtime. `golden/README.md` explains the cases; here is no way to leave one out.

mod script;

use std::fs;
use std::path::{Path, PathBuf};

use dasc_ir::DType;
use dasc_ir::graph::Graph;
use dasc_runtime::{Backend, Detection, Options};
use dasc_tests::record::{Collected, Record, run};
use serde_json::Value as Json;

#[test]
fn machine_code_gives_what_the_references_say() {
    each_case(0, 1, |case, graph, record| {
        let (found, _) = run(graph, record, &machine(None, 2)).map_err(|e| e.to_string())?;
        compare(case, graph, &found)
    });
}

#[test]
fn the_kernel_interpreter_gives_the_same_bits() {
    each_case(0, 1, |_, graph, record| {
        let oracle = Options { backend: Backend::Interpreter, threads: 1, ..Options::default() };
        same(graph, record, &oracle, &machine(None, 2))
    });
}

#[test]
fn chunks_do_not_change_a_bit() {
    for (phase, chunk) in [(0, 1), (1, 7), (2, 1 << 20)] {
        each_case(phase, 3, |_, graph, record| {
            same(graph, record, &machine(None, 1), &machine(Some(chunk), 2))
        });
    }
}

fn machine(chunk: Option<usize>, threads: usize) -> Options {
    Options { backend: Backend::Cranelift, threads, chunk, ..Options::default() }
}

fn same(graph: &Graph, record: &Record, one: &Options, other: &Options) -> Result<(), String> {
    let (one, _) = run(graph, record, one).map_err(|e| e.to_string())?;
    let (other, _) = run(graph, record, other).map_err(|e| e.to_string())?;
    one.difference(&other).map_or(Ok(()), Err)
}

/// Builds every `step`-th case from `phase` on and hands it to `check`.
fn each_case(phase: usize, step: usize, check: impl Fn(&Json, &Graph, &Record) -> Result<(), String>) {
    let cases = cases();
    assert!(cases.len() > 500, "only {} cases", cases.len());
    let failures: Vec<String> = cases
        .iter()
        .skip(phase)
        .step_by(step)
        .filter_map(|case| {
            let outcome = prepare(case).and_then(|(graph, record)| check(case, &graph, &record));
            Some(format!(
                "{} `{}` {}: {}",
                word(&case["name"]),
                word(&case["dql"]),
                case["input"],
                outcome.err()?
            ))
        })
        .collect();
    assert!(
        failures.is_empty(),
        "{} of {} cases fail:\n{}",
        failures.len(),
        cases.len(),
        failures.join("\n")
    );
}

fn prepare(case: &Json) -> Result<(Graph, Record), String> {
    let shape = shape(&case["input"]["shape"]);
    let input = array(&case["input"]["file"]);
    let input = input.get(..shape.iter().product()).ok_or("the input is too short")?;
    let fs = case["input"]["fs"].as_f64().unwrap();
    let mut signal = script::signal(DType::F32, fs, &[(0, shape[0] as i64)], shape[1] as u32);
    signal.channel.as_mut().unwrap().spacing = case["input"]["dx"].as_f64().unwrap();
    let graph = script::graph(&format!("READ record | {}", word(&case["dql"])), &signal)?;
    let record = Record::new(&graph, input);
    Ok((graph, record))
}

fn compare(case: &Json, graph: &Graph, found: &Collected) -> Result<(), String> {
    let expected = &case["expected"];
    let complex = expected["complex"] == true;
    let count = shape(&expected["shape"]).iter().product::<usize>() * if complex { 2 } else { 1 };
    let offset = expected["offset"].as_u64().unwrap() as usize;
    let values = &array(&expected["file"])[offset..offset + count];
    if expected["axes"][0] == "event" {
        return compare_events(values, &found.detections[0]);
    }
    check_axes(case, graph)?;
    let found = &found.outputs[0];
    if found.len() != count {
        return Err(format!("{} values, not {count} of {}", found.len(), expected["shape"]));
    }
    let (mut error, mut size, mut finite) = (0.0, 0.0, 0.0);
    for (i, (f, e)) in found.iter().zip(values).enumerate() {
        if e.is_finite() && f.is_finite() {
            error += (f - e) * (f - e);
            size += e * e;
            finite += 1.0;
        } else if f.is_nan() != e.is_nan() || (!e.is_nan() && f != e) {
            return Err(format!("value {i} is {f}, not {e}"));
        }
    }
    let rms = |sum: f64| f64::sqrt(sum / f64::max(finite, 1.0));
    let bound = case["rtol"].as_f64().unwrap() * rms(size).max(case["floor"].as_f64().unwrap());
    if rms(error) <= bound {
        return Ok(());
    }
    let worst =
        (0..count).max_by(|&i, &j| (found[i] - values[i]).abs().total_cmp(&(found[j] - values[j]).abs()));
    let worst = worst.unwrap_or(0);
    let (f, e) = (found[worst], values[worst]);
    Err(format!("rms error {:.1e}, allowed {bound:.1e}; worst is value {worst}, {f} and not {e}", rms(error)))
}

fn check_axes(case: &Json, graph: &Graph) -> Result<(), String> {
    let signal = graph.signal(graph.outputs[0]).ok_or("a table")?;
    let close = |a: f64, b: f64| (a - b).abs() <= 1e-9 * b.abs();
    if let (Some(fs), Some(rate)) = (case["out_fs"].as_f64(), signal.rate())
        && !close(rate, fs)
    {
        return Err(format!("the rate is {rate} Hz, not {fs} Hz"));
    }
    let step = signal.inner.as_ref().map(|axis| axis.step);
    match case["frequency_step"].as_f64() {
        Some(expected) if !step.is_some_and(|step| close(step, expected)) => {
            Err(format!("bins are {step:?} Hz apart, not {expected} Hz"))
        }
        _ => Ok(()),
    }
}

fn compare_events(expected: &[f64], found: &[Detection]) -> Result<(), String> {
    let mut found: Vec<_> = found.iter().map(|d| (d.channel, d.first, d.last)).collect();
    found.sort_unstable();
    let found: Vec<f64> =
        found.iter().flat_map(|&(c, on, off)| [f64::from(c), on as f64, off as f64]).collect();
    if found == expected { Ok(()) } else { Err(format!("found {found:?}, not {expected:?}")) }
}

/// Those of the manifest, and of the manifests of folders beside it.
fn cases() -> Vec<Json> {
    let folders = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let mut manifests: Vec<PathBuf> = folders
        .chain([folder()])
        .map(|folder| folder.join("manifest.json"))
        .filter(|manifest| manifest.exists())
        .collect();
    manifests.sort();
    let read = |manifest: PathBuf| {
        let manifest: Json = serde_json::from_str(&fs::read_to_string(manifest).unwrap()).unwrap();
        manifest["cases"].as_array().unwrap().clone()
    };
    manifests.into_iter().flat_map(read).collect()
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("golden")
}

/// A little-endian `.npy` of f32 or f64 in C order.
fn array(file: &Json) -> Vec<f64> {
    let bytes = fs::read(folder().join(word(file))).unwrap();
    let start = 10 + u16::from_le_bytes([bytes[8], bytes[9]]) as usize;
    let header = String::from_utf8_lossy(&bytes[10..start]).into_owned();
    assert!(header.contains("'fortran_order': False"), "{header}");
    if header.contains("'<f4'") {
        return bytes[start..]
            .chunks_exact(4)
            .map(|c| f32::from_le_bytes(c.try_into().unwrap()).into())
            .collect();
    }
    assert!(header.contains("'<f8'"), "{header}");
    bytes[start..].chunks_exact(8).map(|c| f64::from_le_bytes(c.try_into().unwrap())).collect()
}

fn shape(json: &Json) -> Vec<usize> {
    json.as_array().unwrap().iter().map(|n| n.as_u64().unwrap() as usize).collect()
}

fn word(json: &Json) -> &str {
    json.as_str().unwrap()
}
