//! The sidecar of a headerless file: `fiber.dat.json`, which says what the file cannot. Schema: `docs/sidecar.schema.json`.

use std::path::PathBuf;

use dasc_ir::{Diag, Rational, Result, Unit, time::format_utc, time::parse_utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{FileType, Header};

/// What the sidecar holds; everything is optional, what is missing READ must give.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sidecar {
    /// Where the schema is, for editors.
    #[serde(default, rename = "$schema", skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// Version of the schema.
    #[serde(default = "one")]
    pub version: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channels: Option<u64>,
    /// Samples per second: a number, or a fraction as text, `"10000/3"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<Rate>,
    /// `i16`, `i32`, `f32` or `f64`.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub dtype: Option<String>,
    /// `little` or `big`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub byte_order: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale: Option<f64>,
    /// Metres between channels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spacing: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// UTC, ISO 8601.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<String>,
    /// Number of the first channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel0: Option<i64>,
    /// From the number of one channel to that of the next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel_step: Option<i64>,
    /// Position of the first channel, in metres.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distance0: Option<f64>,
    /// In metres.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gauge_length: Option<f64>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Rate {
    Hertz(f64),
    Fraction(String),
}

fn one() -> u32 {
    1
}

/// `fiber.dat` → `fiber.dat.json`.
pub fn sidecar_path(path: &str) -> PathBuf {
    PathBuf::from(format!("{path}.json"))
}

/// `<…>`, as drafts have it where the user must say something.
fn is_placeholder(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.starts_with('<') && text.ends_with('>'))
}

/// The sidecar of `path`, if there is one.
pub(crate) fn read(path: &str) -> Result<Option<Sidecar>> {
    let beside = sidecar_path(path);
    let text = match std::fs::read_to_string(&beside) {
        Ok(text) => text,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(Diag::world(format!("cannot read '{}': {e}", beside.display()))),
    };
    let bad = |why: String| {
        Diag::world(format!("'{}' is not a sidecar: {why}", beside.display())).help(
            "its fields are described in docs/sidecar.schema.json; `dasc inspect --write-sidecar` drafts one",
        )
    };
    let value: Value = serde_json::from_str(&text).map_err(|e| bad(e.to_string()))?;
    let open = value.as_object().into_iter().flatten().filter(|(_, v)| is_placeholder(v));
    let open: Vec<String> = open.map(|(field, _)| format!("\"{field}\"")).collect();
    if !open.is_empty() {
        let text = format!("'{}' is a draft, not filled in yet: {}", beside.display(), open.join(", "));
        return Err(
            Diag::usage(text).help("replace the texts in < >, or take out the fields that are not needed")
        );
    }
    let sidecar: Sidecar = serde_json::from_value(value).map_err(|e| bad(e.to_string()))?;
    match sidecar.version {
        1 => Ok(Some(sidecar)),
        other => Err(bad(format!("its version is {other}, only 1 is known"))),
    }
}

impl Sidecar {
    pub(crate) fn rate(&self) -> Result<Option<Rational>> {
        let Some(rate) = &self.rate else { return Ok(None) };
        let found = match rate {
            Rate::Hertz(hertz) => Rational::approximate(*hertz),
            Rate::Fraction(text) => {
                let (num, den) = text.split_once('/').unwrap_or((text, "1"));
                num.trim().parse().ok().zip(den.trim().parse().ok()).and_then(|(n, d)| Rational::new(n, d))
            }
        };
        let found = found.filter(|r| *r > Rational::ZERO);
        found.map(Some).ok_or_else(|| {
            bad("rate", format!("{rate:?}"), "samples per second, such as 1000 or \"10000/3\"")
        })
    }

    pub(crate) fn file_type(&self) -> Result<Option<FileType>> {
        let Some(text) = &self.dtype else { return Ok(None) };
        let found = FILE_TYPES.iter().find(|(name, _)| name == text).map(|(_, t)| *t);
        found.map(Some).ok_or_else(|| bad("type", text.clone(), "i16, i32, f32 or f64"))
    }

    pub(crate) fn big_endian(&self) -> Result<Option<bool>> {
        match self.byte_order.as_deref() {
            None => Ok(None),
            Some("little") => Ok(Some(false)),
            Some("big") => Ok(Some(true)),
            Some(other) => Err(bad("byte_order", other.into(), "little or big")),
        }
    }

    pub(crate) fn unit(&self) -> Result<Option<Unit>> {
        let Some(text) = &self.unit else { return Ok(None) };
        Unit::parse(text)
            .map(Some)
            .ok_or_else(|| bad("unit", text.clone(), "a unit such as nstrain/s, rad or count"))
    }

    pub(crate) fn start_ns(&self) -> Result<Option<i64>> {
        let Some(text) = &self.start else { return Ok(None) };
        parse_utc(text)
            .map(Some)
            .ok_or_else(|| bad("start", text.clone(), "a UTC time such as 2024-05-01T12:00:00Z"))
    }
}

/// Names of sample types: ours first, then NumPy's.
pub(crate) const FILE_TYPES: [(&str, FileType); 8] = [
    ("i16", FileType::I16),
    ("i32", FileType::I32),
    ("f32", FileType::F32),
    ("f64", FileType::F64),
    ("int16", FileType::I16),
    ("int32", FileType::I32),
    ("float32", FileType::F32),
    ("float64", FileType::F64),
];

fn bad(field: &str, value: String, expected: &str) -> Diag {
    Diag::world(format!("\"{field}\" of the sidecar is {value}")).help(format!("write {expected}"))
}

/// Writes a sidecar beside `path`: filled in from `header`, or with every field as a placeholder that says what to put
/// there and that READ refuses by name. An existing one is kept.
pub fn draft_sidecar(path: &str, header: Option<&Header>) -> Result<PathBuf> {
    let beside = sidecar_path(path);
    let mut text = match header {
        Some(header) => serde_json::to_string_pretty(&filled(header))
            .map_err(|e| Diag::compiler(format!("a sidecar cannot be written as JSON: {e}")))?,
        None => DRAFT.to_string(),
    };
    let failed = |e: std::io::Error| {
        let help = "remove or rename the existing sidecar first";
        let diag = Diag::world(format!("cannot write '{}': {e}", beside.display()));
        if e.kind() == std::io::ErrorKind::AlreadyExists { diag.help(help) } else { diag }
    };
    text.push('\n');
    let mut file = std::fs::File::create_new(&beside).map_err(failed)?;
    std::io::Write::write_all(&mut file, text.as_bytes()).map_err(failed)?;
    Ok(beside)
}

/// What a sidecar says of rows with this header, in the byte order of this machine.
pub(crate) fn filled(header: &Header) -> Sidecar {
    Sidecar {
        schema: None,
        version: 1,
        channels: Some(header.channels.count as u64),
        rate: Some(match header.rate.den() {
            1 => Rate::Hertz(header.rate.as_f64()),
            _ => Rate::Fraction(header.rate.to_string()),
        }),
        dtype: FILE_TYPES.iter().find(|(_, t)| *t == header.file_type).map(|(name, _)| name.to_string()),
        byte_order: Some(if cfg!(target_endian = "big") { "big" } else { "little" }.into()),
        scale: Some(header.scale),
        spacing: Some(header.spacing),
        unit: Some(header.unit.symbol().to_string()).filter(|u| !u.is_empty()),
        start: header.segments.first().map(|s| format_utc(s.start_ns)),
        channel0: Some(header.channels.first),
        channel_step: Some(header.channels.step),
        distance0: Some(header.distance),
        gauge_length: header.gauge_length,
    }
}

/// Every field of [`Sidecar`]: what cannot be guessed as `<…>`, the rest as it is taken when left out.
const DRAFT: &str = r#"{
  "version": 1,
  "channels": "<channels in a row, such as 800>",
  "rate": "<samples per second, such as 1000 or '10000/3'>",
  "type": "<type of a sample: i16, i32, f32 or f64>",
  "byte_order": "little",
  "scale": 1.0,
  "spacing": "<metres between channels>",
  "unit": "<unit after scaling, such as nstrain/s; take the line out if unknown>",
  "start": "<UTC time of the first sample, such as 2024-05-01T12:00:00Z; take the line out if unknown>",
  "channel0": 0,
  "channel_step": 1,
  "distance0": 0.0,
  "gauge_length": "<metres over which strain is averaged; take the line out if unknown>"
}"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draft_has_every_field_and_says_what_is_open() {
        let draft: Value = serde_json::from_str(DRAFT).unwrap();
        let fields = serde_json::to_value(Sidecar {
            schema: None,
            version: 1,
            channels: Some(1),
            rate: Some(Rate::Hertz(1.0)),
            dtype: Some("i16".into()),
            byte_order: Some("little".into()),
            scale: Some(1.0),
            spacing: Some(1.0),
            unit: Some("m".into()),
            start: Some("2024-05-01".into()),
            channel0: Some(0),
            channel_step: Some(1),
            distance0: Some(0.0),
            gauge_length: Some(10.0),
        })
        .unwrap();
        let names = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&draft), names(&fields));
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("fiber.dat").to_string_lossy().into_owned();
        draft_sidecar(&path, None).unwrap();
        let error = read(&path).unwrap_err().to_string();
        for field in ["\"channels\"", "\"rate\"", "\"type\"", "\"spacing\"", "\"unit\"", "\"start\""] {
            assert!(error.contains(field), "{field}: {error}");
        }
        assert!(!error.contains("\"scale\""), "{error}");
    }
}
