//! What `zarr.json`, or `.zarray` and `.zattrs`, say of an array.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use dasc_ir::{Diag, Result};
use serde_json::Value;

use super::codec::{Codec, codec2, codec3};
use crate::array::{Class, Element};

/// Files that make a folder a Zarr group or array.
pub const MARKERS: [&str; 3] = ["zarr.json", ".zgroup", ".zarray"];
/// Bytes of metadata, which may hold those of a whole hierarchy.
const LARGEST: u64 = 64 << 20;

pub enum Node {
    Array(Box<Metadata>),
    /// With its attributes.
    Group(BTreeMap<String, Value>),
}

/// An array of one or two axes.
pub struct Metadata {
    /// The file that says so.
    pub file: PathBuf,
    pub version: u8,
    pub shape: Vec<u64>,
    /// Shape of what is decoded at once, and how many of these a file holds along each axis.
    pub chunk: Vec<u64>,
    pub shard: Option<Shard>,
    pub element: Element,
    /// Nanoseconds of a unit, where elements are instants since 1970.
    pub datetime: Option<i64>,
    /// From elements to bytes, in the order of encoding.
    pub codecs: Vec<Codec>,
    /// Whether elements of a chunk lie with the first axis fastest.
    pub turned: bool,
    /// An element where no chunk was written, as it would lie in a chunk.
    pub fill: Vec<u8>,
    pub keys: Keys,
    pub dimensions: Vec<String>,
    pub attributes: BTreeMap<String, Value>,
}

/// Several chunks in one file, with an index of where each lies.
#[derive(Clone, Debug)]
pub struct Shard {
    /// Chunks along each axis.
    pub chunks: Vec<u64>,
    pub index_first: bool,
    /// Whether a checksum follows the index.
    pub checked: bool,
}

/// How the file of a chunk is called.
#[derive(Clone, Debug)]
pub struct Keys {
    prefix: &'static str,
    separator: char,
}

impl Keys {
    pub fn of(&self, index: &[u64]) -> String {
        let numbers: Vec<String> = index.iter().map(u64::to_string).collect();
        let numbers = numbers.join(&self.separator.to_string());
        if self.prefix.is_empty() { numbers } else { format!("{}{}{numbers}", self.prefix, self.separator) }
    }
}

/// Pads on the left with `fill` to three axes.
pub fn three(axes: &[u64], fill: u64) -> Option<[u64; 3]> {
    let mut padded = [fill; 3];
    let at = 3usize.checked_sub(axes.len())?;
    padded.get_mut(at..)?.copy_from_slice(axes);
    Some(padded)
}

/// What is in a folder; `path` names it for people.
pub fn node(path: &str, folder: &Path) -> Result<Node> {
    let at = |marker: &str| Some(folder.join(marker)).filter(|file| file.is_file());
    if let Some(file) = at("zarr.json") {
        let json = json(path, &file)?;
        let attributes = attributes(json.get("attributes"));
        return match json.get("node_type").and_then(Value::as_str) {
            Some("group") => Ok(Node::Group(attributes)),
            Some("array") => Ok(Node::Array(Box::new(version3(path, file, &json, attributes)?))),
            _ => Err(wrong(path, "it says neither group nor array for its node_type")),
        };
    }
    let beside = match at(".zattrs") {
        Some(file) => attributes(Some(&json(path, &file)?)),
        None => BTreeMap::new(),
    };
    match at(".zarray") {
        Some(file) => {
            let json = json(path, &file)?;
            Ok(Node::Array(Box::new(version2(path, file, &json, beside)?)))
        }
        None => Ok(Node::Group(beside)),
    }
}

fn wrong(path: &str, why: impl std::fmt::Display) -> Diag {
    Diag::world(format!("the Zarr metadata of '{path}' cannot be used: {why}")).help(
        "write the store anew with zarr-python, xarray or dasc; what is read is listed in docs/files.md",
    )
}

fn odd_type(diag: Diag) -> Diag {
    diag.help(
        "samples are int16, int32, float32 or float64; of complex ones write the real part or the magnitude",
    )
}

fn json(path: &str, file: &Path) -> Result<Value> {
    let failed = |error: std::io::Error| Diag::world(format!("cannot read '{}': {error}", file.display()));
    if std::fs::metadata(file).map_err(failed)?.len() > LARGEST {
        return Err(wrong(path, format!("it is larger than {LARGEST} bytes")));
    }
    let text = std::fs::read_to_string(file).map_err(failed)?;
    // Python writes NaN as such, which JSON does not know.
    serde_json::from_str(&text)
        .or_else(|error| serde_json::from_str(&without_nan(&text)).map_err(|_| wrong(path, error)))
}

/// The text with null in place of NaN and infinities outside of strings.
fn without_nan(text: &str) -> String {
    let (mut out, mut rest, mut quoted) = (String::with_capacity(text.len()), text, false);
    while let Some(c) = rest.chars().next() {
        let word = ["-Infinity", "Infinity", "NaN"].iter().find(|word| !quoted && rest.starts_with(**word));
        if let Some(word) = word {
            out.push_str("null");
            rest = &rest[word.len()..];
            continue;
        }
        out.push(c);
        rest = &rest[c.len_utf8()..];
        if quoted && c == '\\' {
            if let Some(next) = rest.chars().next() {
                out.push(next);
                rest = &rest[next.len_utf8()..];
            }
        } else if c == '"' {
            quoted = !quoted;
        }
    }
    out
}

fn attributes(json: Option<&Value>) -> BTreeMap<String, Value> {
    let map = json.and_then(Value::as_object);
    map.into_iter().flatten().map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// Lengths of one or two axes.
fn lengths(path: &str, json: Option<&Value>, what: &str, least: u64) -> Result<Vec<u64>> {
    let numbers =
        json.and_then(Value::as_array).map(|list| list.iter().map(Value::as_u64).collect::<Vec<_>>());
    let lengths: Option<Vec<u64>> = numbers.and_then(|list| list.into_iter().collect());
    let sensible = |lengths: &Vec<u64>| lengths.iter().all(|n| (least..=1 << 56).contains(n));
    lengths.filter(sensible).ok_or_else(|| wrong(path, format!("its {what} is {}", told(json))))
}

fn told(json: Option<&Value>) -> String {
    json.map_or("missing".into(), |value| value.to_string().chars().take(100).collect())
}

fn texts(json: Option<&Value>) -> Vec<String> {
    let list = json.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    list.iter().map(|name| name.as_str().unwrap_or_default().to_string()).collect()
}

fn version3(
    path: &str,
    file: PathBuf,
    json: &Value,
    attributes: BTreeMap<String, Value>,
) -> Result<Metadata> {
    let named =
        |value: &'_ Value| value.as_str().or(value.get("name").and_then(Value::as_str)).map(str::to_string);
    let shape = lengths(path, json.get("shape"), "shape", 0)?;
    let grid = json.get("chunk_grid");
    if grid.and_then(|grid| grid.get("name")).and_then(Value::as_str) != Some("regular") {
        return Err(wrong(path, format!("its chunk_grid is {}, and only regular ones are read", told(grid))));
    }
    let chunk_shape =
        |json: Option<&Value>| json.and_then(|json| json.get("configuration")?.get("chunk_shape")).cloned();
    let outer = lengths(path, chunk_shape(grid).as_ref(), "chunk_shape", 1)?;
    let kind = json.get("data_type").and_then(named).unwrap_or_default();
    let unit = json.get("data_type").and_then(|kind| kind.get("configuration"));
    let datetime = match kind.as_str() {
        "numpy.datetime64" | "datetime64" => Some(
            datetime_unit(unit)
                .ok_or_else(|| wrong(path, format!("its data_type is {}", told(json.get("data_type")))))?,
        ),
        _ => None,
    };
    let mut element =
        element3(&kind).ok_or_else(|| odd_type(wrong(path, format!("its data_type is '{kind}'"))))?;
    let separator =
        json.get("chunk_key_encoding").and_then(|keys| keys.get("configuration")?.get("separator")?.as_str());
    let keys = match json.get("chunk_key_encoding").and_then(named).as_deref() {
        Some("default") | None => Keys { prefix: "c", separator: separated(separator.unwrap_or("/")) },
        Some("v2") => Keys { prefix: "", separator: separated(separator.unwrap_or(".")) },
        Some(other) => return Err(wrong(path, format!("its chunk_key_encoding is '{other}'"))),
    };
    let list = json.get("codecs").and_then(Value::as_array).cloned().unwrap_or_default();
    let mut found = codec3(&list, shape.len()).map_err(|why| wrong(path, why))?;
    let (mut chunk, mut shard) = (outer.clone(), None);
    if let Some(sharding) = found.sharding.take() {
        if found.turned || !found.codecs.is_empty() {
            return Err(wrong(path, "its shards are themselves encoded"));
        }
        chunk = lengths(path, sharding.get("chunk_shape"), "inner chunk_shape", 1)?;
        let fits =
            chunk.len() == outer.len() && outer.iter().zip(&chunk).all(|(outer, inner)| outer % inner == 0);
        if !fits {
            return Err(wrong(path, format!("its shards of {outer:?} hold chunks of {chunk:?}")));
        }
        let inner = sharding.get("codecs").and_then(Value::as_array).cloned().unwrap_or_default();
        found = codec3(&inner, shape.len()).map_err(|why| wrong(path, why))?;
        if found.sharding.is_some() {
            return Err(wrong(path, "its shards hold shards"));
        }
        let index: Vec<String> = sharding
            .get("index_codecs")
            .and_then(Value::as_array)
            .map(|list| list.iter().filter_map(named).collect())
            .unwrap_or_default();
        let checked = match index.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            ["bytes"] => false,
            ["bytes", "crc32c"] => true,
            _ => return Err(wrong(path, format!("the index of its shards is encoded with {index:?}"))),
        };
        let chunks = outer.iter().zip(&chunk).map(|(outer, inner)| outer / inner).collect();
        let index_first = sharding.get("index_location").and_then(Value::as_str) == Some("start");
        shard = Some(Shard { chunks, index_first, checked });
    }
    element.big_endian = found.big_endian;
    let fill = fill(json.get("fill_value"), element);
    let metadata = Metadata {
        file,
        version: 3,
        chunk,
        shard,
        element,
        datetime,
        codecs: found.codecs,
        turned: found.turned,
        fill: fill
            .ok_or_else(|| wrong(path, format!("its fill_value is {}", told(json.get("fill_value")))))?,
        keys,
        dimensions: texts(json.get("dimension_names")),
        attributes,
        shape,
    };
    checked(path, metadata)
}

fn separated(text: &str) -> char {
    text.chars().next().unwrap_or('/')
}

fn version2(
    path: &str,
    file: PathBuf,
    json: &Value,
    attributes: BTreeMap<String, Value>,
) -> Result<Metadata> {
    let shape = lengths(path, json.get("shape"), "shape", 0)?;
    let chunk = lengths(path, json.get("chunks"), "chunks", 1)?;
    let dtype = json.get("dtype").and_then(Value::as_str).unwrap_or_default();
    let (element, datetime) = element2(dtype)
        .ok_or_else(|| odd_type(wrong(path, format!("its dtype is {}", told(json.get("dtype"))))))?;
    let given = |key: &str| json.get(key).filter(|value| !value.is_null());
    let mut codecs = Vec::new();
    for filter in given("filters").and_then(Value::as_array).into_iter().flatten() {
        codecs.push(codec2(filter).map_err(|why| wrong(path, why))?);
    }
    if let Some(compressor) = given("compressor") {
        codecs.push(codec2(compressor).map_err(|why| wrong(path, why))?);
    }
    let fill = match given("fill_value") {
        None => Some(vec![0; element.size.into()]),
        value => fill(value, element),
    };
    let separator = json.get("dimension_separator").and_then(Value::as_str).unwrap_or(".");
    let turned = json.get("order").and_then(Value::as_str) == Some("F") && shape.len() > 1;
    let metadata = Metadata {
        file,
        version: 2,
        chunk,
        shard: None,
        element,
        datetime,
        codecs,
        turned,
        fill: fill
            .ok_or_else(|| wrong(path, format!("its fill_value is {}", told(json.get("fill_value")))))?,
        keys: Keys { prefix: "", separator: separated(separator) },
        dimensions: texts(attributes.get("_ARRAY_DIMENSIONS")),
        attributes,
        shape,
    };
    checked(path, metadata)
}

fn checked(path: &str, metadata: Metadata) -> Result<Metadata> {
    let Metadata { shape, chunk, .. } = &metadata;
    if shape.len() != chunk.len() {
        return Err(wrong(path, format!("its shape is {shape:?} and its chunks are {chunk:?}")));
    }
    Ok(metadata)
}

fn element3(kind: &str) -> Option<Element> {
    let (class, size) = match kind {
        "int8" => (Class::Signed, 1),
        "int16" => (Class::Signed, 2),
        "int32" => (Class::Signed, 4),
        "int64" | "numpy.datetime64" | "datetime64" => (Class::Signed, 8),
        "uint8" | "bool" => (Class::Unsigned, 1),
        "uint16" => (Class::Unsigned, 2),
        "uint32" => (Class::Unsigned, 4),
        "uint64" => (Class::Unsigned, 8),
        "float32" => (Class::Float, 4),
        "float64" => (Class::Float, 8),
        _ => return None,
    };
    Some(Element { class, size, big_endian: false })
}

/// NumPy's `<f4`, `|u1`, `>i2`, `<M8[ns]`.
fn element2(dtype: &str) -> Option<(Element, Option<i64>)> {
    let big_endian = dtype.starts_with('>');
    let code = dtype.get(1..)?;
    let (class, size) = match code {
        "i1" => (Class::Signed, 1),
        "i2" => (Class::Signed, 2),
        "i4" => (Class::Signed, 4),
        "i8" => (Class::Signed, 8),
        "u1" | "b1" => (Class::Unsigned, 1),
        "u2" => (Class::Unsigned, 2),
        "u4" => (Class::Unsigned, 4),
        "u8" => (Class::Unsigned, 8),
        "f4" => (Class::Float, 4),
        "f8" => (Class::Float, 8),
        instants => {
            let unit = instants.strip_prefix("M8[")?.strip_suffix(']')?;
            let element = Element { class: Class::Signed, size: 8, big_endian };
            return Some((element, Some(nanoseconds(unit)?)));
        }
    };
    Some((Element { class, size, big_endian }, None))
}

fn datetime_unit(configuration: Option<&Value>) -> Option<i64> {
    let configuration = configuration?;
    let factor = configuration.get("scale_factor").and_then(Value::as_i64).unwrap_or(1);
    nanoseconds(configuration.get("unit")?.as_str()?)?.checked_mul(factor)
}

fn nanoseconds(unit: &str) -> Option<i64> {
    Some(match unit {
        "ns" => 1,
        "us" | "μs" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        _ => return None,
    })
}

/// An element as it lies in a chunk.
fn fill(json: Option<&Value>, element: Element) -> Option<Vec<u8>> {
    let size = usize::from(element.size);
    let number = match json? {
        Value::String(text) => match text.as_str() {
            "NaN" => f64::NAN,
            "Infinity" => f64::INFINITY,
            "-Infinity" => f64::NEG_INFINITY,
            "NaT" => return Some(swapped(i64::MIN.to_ne_bytes().to_vec(), element)),
            // Bits of a float in version 3, base64 of anything in version 2, which no number has.
            bits => {
                let bits = bits.strip_prefix("0x").and_then(|hex| u64::from_str_radix(hex, 16).ok());
                let bytes = bits?.to_ne_bytes();
                let low = if cfg!(target_endian = "big") { bytes.get(8 - size..) } else { bytes.get(..size) };
                return Some(swapped(low?.to_vec(), element));
            }
        },
        Value::Number(number) => match (element.class, number.as_i64()) {
            (Class::Signed | Class::Unsigned, Some(whole)) => {
                let bytes = whole.to_ne_bytes();
                let low = if cfg!(target_endian = "big") { bytes.get(8 - size..) } else { bytes.get(..size) };
                return Some(swapped(low?.to_vec(), element));
            }
            _ => number.as_f64()?,
        },
        Value::Bool(set) => f64::from(u8::from(*set)),
        // A NaN that was no JSON, or nothing said.
        Value::Null => f64::NAN,
        Value::Array(_) => 0.0,
        Value::Object(_) => return None,
    };
    let bytes = match (element.class, size) {
        (Class::Float, 4) => (number as f32).to_ne_bytes().to_vec(),
        (Class::Float, _) => number.to_ne_bytes().to_vec(),
        _ => vec![0; size],
    };
    Some(swapped(bytes, element))
}

fn swapped(mut bytes: Vec<u8>, element: Element) -> Vec<u8> {
    if element.big_endian != cfg!(target_endian = "big") {
        bytes.reverse();
    }
    bytes
}
