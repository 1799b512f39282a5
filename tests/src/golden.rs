//! The golden vectors: every `manifest.json` below `tests/golden`, read into cases. `golden/README.md` explains the fields.
//!
//! Whoever adds an operator adds a folder with a script and what it wrote; nothing here names either.

use std::collections::HashMap;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use dasc_ir::graph::builder::{Beside, Samples};
use dasc_ir::graph::{ChannelAxis, Graph, NodeId, Rows, Signal, TimeAxis};
use dasc_ir::model::Models;
use dasc_ir::{DType, Diag, Rational, Unit};
use dasc_model::Folder;
use serde_json::Value as Json;

/// The bound on the relative RMS error of results in f32.
pub const RTOL: f64 = 1e-6;

/// What a reference gives for steps on an input.
#[derive(Clone, Debug)]
pub struct Case {
    /// Folder and name.
    pub name: String,
    /// The operator under test in small letters; `chain` where several are.
    pub operator: String,
    pub dql: String,
    /// The reference in words.
    pub stated: String,
    /// Library and version of the whole folder.
    pub versions: Vec<(String, String)>,
    pub signal: Signal,
    pub input: Vec<f64>,
    pub expected: Expected,
    pub rtol: f64,
    /// Size below which an error is judged against this instead.
    pub floor: f64,
    /// Where paths in the steps begin.
    folder: PathBuf,
}

#[derive(Clone, Debug)]
pub struct Expected {
    pub values: Vec<f64>,
    pub shape: Vec<usize>,
    pub complex: bool,
    /// Rows (channel, first row, last row) instead of values.
    pub events: bool,
    rate: Option<f64>,
    frequency_step: Option<f64>,
    unit: Option<String>,
}

/// How far a result lies from the reference, over the values that are finite.
#[derive(Clone, Copy, Debug, Default)]
pub struct Distance {
    pub rms: f64,
    /// RMS of the reference.
    pub size: f64,
    pub largest: f64,
    /// Largest magnitude of the reference.
    pub peak: f64,
}

/// Opens the models of the golden cases and of the operators' examples.
pub fn models() -> Arc<dyn Models> {
    Arc::new(Folder::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/ml")))
}

/// All cases of all manifests, in the order of the folders' names.
pub fn cases() -> Vec<Case> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden");
    let mut folders: Vec<PathBuf> = fs::read_dir(&root)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.join("manifest.json").exists())
        .collect();
    folders.sort();
    folders.insert(0, root);
    let mut arrays = HashMap::new();
    folders.iter().flat_map(|folder| read(folder, &mut arrays)).collect()
}

fn read(folder: &Path, arrays: &mut HashMap<PathBuf, Vec<f64>>) -> Vec<Case> {
    let path = folder.join("manifest.json");
    let manifest: Json = serde_json::from_str(&fs::read_to_string(&path).unwrap())
        .unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let set = folder.file_name().unwrap().to_string_lossy().into_owned();
    let versions: Vec<(String, String)> = manifest["versions"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(library, version)| (library.clone(), text(version).to_string()))
        .collect();
    let cases = manifest["cases"].as_array().unwrap();
    cases.iter().map(|json| case(json, &set, folder, &versions, arrays)).collect()
}

fn case(
    json: &Json,
    set: &str,
    folder: &Path,
    versions: &[(String, String)],
    arrays: &mut HashMap<PathBuf, Vec<f64>>,
) -> Case {
    let mut values = |json: &Json| {
        let path = folder.join(text(json));
        arrays.entry(path.clone()).or_insert_with(|| array(&path)).clone()
    };
    let dql = text(&json["dql"]).to_string();
    let last = dql.rsplit('|').next().unwrap_or_default().trim();
    let last = last.split_whitespace().next().unwrap_or_default().to_lowercase();
    let size = shape(&json["input"]["shape"]);
    let input = values(&json["input"]["file"])[..size.iter().product()].to_vec();
    let (expected, rate) = (&json["expected"], json["input"]["fs"].as_f64().unwrap());
    let (extent, complex) = (shape(&expected["shape"]), expected["complex"] == true);
    let count = extent.iter().product::<usize>() * if complex { 2 } else { 1 };
    let offset = expected["offset"].as_u64().unwrap() as usize;
    Case {
        name: format!("{set}/{}", text(&json["name"])),
        operator: json["operator"].as_str().map_or(last, String::from),
        dql,
        stated: json["reference"].as_str().unwrap_or_default().to_string(),
        versions: versions.to_vec(),
        signal: {
            let unit = json["unit"].as_str().map_or_else(Unit::none, |unit| Unit::parse(unit).unwrap());
            let (rate, dx) = (Rational::approximate(rate).unwrap(), json["input"]["dx"].as_f64().unwrap());
            let mut signal = signal((size[0], size[1]), rate, dx, unit);
            if let Some(time) = &mut signal.time {
                time.rows = Rows::Segments(segments(json, size[0]));
            }
            signal
        },
        input,
        expected: Expected {
            values: values(&expected["file"])[offset..offset + count].to_vec(),
            shape: extent,
            complex,
            events: expected["axes"][0] == "event",
            rate: json["out_fs"].as_f64(),
            frequency_step: json["frequency_step"].as_f64(),
            unit: json["out_unit"].as_str().map(String::from),
        },
        rtol: json["rtol"].as_f64().unwrap_or(RTOL),
        floor: json["floor"].as_f64().unwrap_or(0.0),
        folder: folder.to_path_buf(),
    }
}

impl Case {
    /// What the steps find beside their input: the `.npy` files of the case's folder.
    pub fn beside(&self) -> Arc<dyn Beside> {
        Arc::new(Records(self.folder.clone()))
    }

    /// How far a result is from what is expected. Refuses another number of values, and NaN or infinities at other places.
    pub fn distance(&self, found: &[f64]) -> Result<Distance, String> {
        let expected = &self.expected.values;
        if found.len() != expected.len() {
            return Err(format!(
                "{} values, not {} of {:?}",
                found.len(),
                expected.len(),
                self.expected.shape
            ));
        }
        let (mut error, mut size, mut finite, mut distance) = (0.0, 0.0, 0.0, Distance::default());
        for (i, (f, e)) in found.iter().zip(expected).enumerate() {
            if e.is_finite() && f.is_finite() {
                error += (f - e) * (f - e);
                size += e * e;
                finite += 1.0;
                distance.largest = distance.largest.max((f - e).abs());
                distance.peak = distance.peak.max(e.abs());
            } else if f.is_nan() != e.is_nan() || (!e.is_nan() && f != e) {
                return Err(format!("value {i} is {f}, not {e}"));
            }
        }
        let rms = |sum: f64| f64::sqrt(sum / f64::max(finite, 1.0));
        (distance.rms, distance.size) = (rms(error), rms(size));
        Ok(distance)
    }

    /// The distance, which must be within `rtol` of the size of what is expected.
    pub fn within(&self, found: &[f64], rtol: f64) -> Result<Distance, String> {
        let distance = self.distance(found)?;
        let bound = rtol * distance.size.max(self.floor);
        if distance.rms <= bound {
            return Ok(distance);
        }
        let expected = &self.expected.values;
        let far = |i: usize| (found[i] - expected[i]).abs();
        let worst = (0..found.len()).max_by(|&i, &j| far(i).total_cmp(&far(j))).unwrap_or(0);
        let (f, e) = (found[worst], expected[worst]);
        Err(format!(
            "rms error {:.1e}, allowed {bound:.1e}; worst is value {worst}, {f} and not {e}",
            distance.rms
        ))
    }

    /// The very detections, in order of channel and row.
    pub fn same_events(&self, mut found: Vec<(u64, i64, i64)>) -> Result<(), String> {
        found.sort_unstable();
        let found: Vec<f64> =
            found.iter().flat_map(|&(c, on, off)| [c as f64, on as f64, off as f64]).collect();
        let expected = &self.expected.values;
        if found == *expected { Ok(()) } else { Err(format!("found {found:?}, not {expected:?}")) }
    }

    /// Rate, width of a frequency bin and unit of the result, where the case states them.
    pub fn axes_agree(&self, graph: &Graph) -> Result<(), String> {
        let signal = graph.signal(graph.outputs[0]).ok_or("a table")?;
        let close = |a: f64, b: f64| (a - b).abs() <= 1e-9 * b.abs();
        if let (Some(fs), Some(rate)) = (self.expected.rate, signal.rate())
            && !close(rate, fs)
        {
            return Err(format!("the rate is {rate} Hz, not {fs} Hz"));
        }
        let step = signal.inner.as_ref().map(|axis| axis.step);
        if let Some(expected) = self.expected.frequency_step
            && !step.is_some_and(|step| close(step, expected))
        {
            return Err(format!("bins are {step:?} Hz apart, not {expected} Hz"));
        }
        match &self.expected.unit {
            Some(unit) if signal.unit.symbol() != unit => {
                Err(format!("the unit is {}, not {unit}", signal.unit))
            }
            _ => Ok(()),
        }
    }
}

fn segments(case: &Json, rows: usize) -> Vec<(i64, i64)> {
    match case["segments"].as_array() {
        Some(ranges) => ranges.iter().map(|r| (r[0].as_i64().unwrap(), r[1].as_i64().unwrap())).collect(),
        None => vec![(0, rows as i64)],
    }
}

/// Files of a folder as records: two-dimensional, time × channel.
#[derive(Debug)]
struct Records(PathBuf);

impl Beside for Records {
    fn flow(&self, _: &str) -> Option<NodeId> {
        None
    }

    fn record(&self, path: &str, rate: Option<Rational>) -> dasc_ir::Result<Box<dyn Samples>> {
        let rate = rate.ok_or_else(|| Diag::usage(format!("'{path}' does not say its sampling rate")))?;
        let path = self.0.join(path);
        let (values, header) = (array(&path), header(&fs::read(&path).unwrap()).1);
        let columns =
            header.split("'shape': (").nth(1).and_then(|s| s.split([',', ')']).nth(1)).map(str::trim);
        let columns: usize = columns.and_then(|n| n.parse().ok()).unwrap();
        let signal = signal((values.len() / columns, columns), rate, 1.0, Unit::none());
        Ok(Box::new(Array { values, signal }))
    }
}

struct Array {
    values: Vec<f64>,
    signal: Signal,
}

impl Samples for Array {
    fn signal(&self) -> &Signal {
        &self.signal
    }

    fn read(&self, rows: Range<i64>, channels: Range<u32>) -> dasc_ir::Result<Vec<f64>> {
        let columns = self.signal.channels() as usize;
        let rows = self
            .values
            .chunks_exact(columns)
            .skip(rows.start as usize)
            .take((rows.end - rows.start) as usize);
        Ok(rows.flat_map(|row| row[channels.start as usize..channels.end as usize].iter().copied()).collect())
    }
}

fn signal((rows, channels): (usize, usize), rate: Rational, spacing: f64, unit: Unit) -> Signal {
    Signal {
        dtype: DType::F32,
        unit,
        time: Some(TimeAxis {
            period: Rational::ONE / rate,
            origin: Rational::ZERO,
            rows: Rows::Segments(vec![(0, rows as i64)]),
        }),
        inner: None,
        channel: Some(ChannelAxis::regular(channels as u32, spacing)),
    }
}

/// Where the values of a `.npy` begin, and what it says of them.
fn header(bytes: &[u8]) -> (usize, String) {
    let start = 10 + u16::from_le_bytes([bytes[8], bytes[9]]) as usize;
    (start, String::from_utf8_lossy(&bytes[10..start]).into_owned())
}

/// A little-endian `.npy` of f32, f64 or i16 in C order.
fn array(path: &Path) -> Vec<f64> {
    let bytes = fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let (start, header) = header(&bytes);
    assert!(header.contains("'fortran_order': False"), "{header}");
    if header.contains("'<i2'") {
        return bytes[start..]
            .chunks_exact(2)
            .map(|c| i16::from_le_bytes(c.try_into().unwrap()).into())
            .collect();
    }
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

fn text(json: &Json) -> &str {
    json.as_str().unwrap()
}
