//! `docs/accuracy.md`: how closely compiled pipelines agree with the references, one line an operator, made of the golden cases.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use dasc_stdlib::ops::OPERATORS;
use dasc_tests::golden::{Case, Distance, RTOL};

/// FFTs and processors without fused multiply-add round otherwise, so the numbers on file hold within this factor.
const ELSEWHERE: f64 = 2.0;

#[derive(Default)]
pub struct Table {
    rows: BTreeMap<String, Row>,
    versions: BTreeSet<(String, String)>,
}

#[derive(Default)]
struct Row {
    cases: usize,
    events: usize,
    /// RMS of the error over that of the reference.
    rms: f64,
    /// Largest error over the largest magnitude of the reference.
    largest: f64,
    /// The loosest bound that any of its cases asks for.
    bound: f64,
}

impl Table {
    pub fn add(&mut self, case: &Case, distance: Distance) {
        let row = self.rows.entry(case.operator.clone()).or_default();
        row.cases += 1;
        row.events += usize::from(case.expected.events);
        row.rms = row.rms.max(ratio(distance.rms, distance.size.max(case.floor)));
        row.largest = row.largest.max(ratio(distance.largest, distance.peak.max(case.floor)));
        row.bound = row.bound.max(case.rtol);
        self.versions.extend(case.versions.iter().cloned());
    }

    /// Compares with the file, which `BLESS=1` rewrites: the same words, and numbers that hold here too.
    pub fn check(&self) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/accuracy.md");
        let made = self.text();
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(&path, &made).unwrap();
        }
        let stored = std::fs::read_to_string(&path).unwrap_or_default();
        let stale = (stored.lines().count() != made.lines().count())
            .then(|| "another number of lines".to_string())
            .or_else(|| stored.lines().zip(made.lines()).find_map(|(a, b)| differ(a, b)));
        if let Some(where_) = stale {
            panic!("docs/accuracy.md is stale, BLESS=1 rewrites it: {where_}");
        }
    }

    fn text(&self) -> String {
        let versions: Vec<String> =
            self.versions.iter().map(|(library, version)| format!("{} {version}", proper(library))).collect();
        let mut text = format!(
            "\
# Accuracy

How far compiled pipelines, f32 in and f32 out, lie from the references: the worst over all golden cases in `tests/golden`, hard ones
included (0.01 Hz at 1 kHz, 1 Hz at 10 kHz, an offset of 1e6, denormal tails, bursts of NaN, a single sample, a single channel, lengths
1 to 17). References run in f64 on the same f32 samples. Relative RMS is the RMS of the error over that of the reference; the largest
error is relative to the largest magnitude of the reference. Rounding the exact result to f32 gives 3e-8 and 6e-8.

A test makes this table and fails where it is stale (`BLESS=1 cargo test -p dasc-tests --test golden` rewrites it), where a case
exceeds {RTOL:.0e} and does not say why, and where an operator has none. Detections must be equal to the sample. The same cases run in
the f64 interpreter, bounded at 1e-9, and chunked, where not a bit may differ.

{}

| Operator | Cases | Relative RMS | Largest error | Agrees with |
|---|---|---|---|---|
",
            versions.join(" · ")
        );
        let listed = OPERATORS.iter().map(|entry| (entry.schema.name.to_lowercase(), entry.schema.reference));
        for (name, reference) in listed.chain([("chain".to_string(), "the operators' references in turn")]) {
            if let Some(row) = self.rows.get(&name) {
                text += &row.line(&name, reference);
            }
        }
        text
    }
}

impl Row {
    fn line(&self, name: &str, reference: &str) -> String {
        let title = match name {
            "chain" => "several in turn".to_string(),
            name => {
                let title = name.to_uppercase();
                format!("[{title}](operators.md#{name})")
            }
        };
        let numbers = if self.events == self.cases {
            "equal | equal".to_string()
        } else {
            format!("{} | {}", upper(self.rms), upper(self.largest))
        };
        let bound = if self.bound > RTOL { format!(" (allowed {:.0e})", self.bound) } else { String::new() };
        let reference = reference.replace('|', "\\|");
        format!("| {title} | {} | {numbers} | `{reference}`{bound} |\n", self.cases)
    }
}

fn ratio(error: f64, size: f64) -> f64 {
    if error == 0.0 { 0.0 } else { error / size }
}

/// Rounded up to two digits.
fn upper(x: f64) -> String {
    if x == 0.0 {
        return "0".to_string();
    }
    let unit = 10f64.powi(x.log10().floor() as i32 - 1);
    format!("{:.1e}", (x / unit).ceil() * unit)
}

fn proper(library: &str) -> &str {
    match library {
        "numpy" => "NumPy",
        "scipy" => "SciPy",
        "obspy" => "ObsPy",
        "dascore" => "DASCore",
        "pywt" => "PyWavelets",
        other => other,
    }
}

/// The place where two lines say different things, numbers such as `1.2e-7` apart by more than [`ELSEWHERE`] included.
fn differ(stored: &str, made: &str) -> Option<String> {
    let words = |line: &str| line.split(' ').map(String::from).collect::<Vec<_>>();
    let (a, b) = (words(stored), words(made));
    let near = |a: &str, b: &str| {
        a == b
            || match (a.parse::<f64>(), b.parse::<f64>()) {
                (Ok(x), Ok(y)) => {
                    a.contains("e-") && b.contains("e-") && x <= y * ELSEWHERE && y <= x * ELSEWHERE
                }
                _ => false,
            }
    };
    let same = a.len() == b.len() && a.iter().zip(&b).all(|(a, b)| near(a, b));
    (!same).then(|| format!("\n  {stored}\n  {made}"))
}
