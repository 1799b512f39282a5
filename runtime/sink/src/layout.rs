//! What a signal is made of: element type, axes with their coordinates, unit, and where it came from.

use dasc_ir::{Diag, Rational, Result, Unit};
use serde_json::{Map, Value, json};

/// A signal of rows along axis 0, each row the remaining axes in C order (the last varies fastest).
#[derive(Clone, Debug, PartialEq)]
pub struct Layout {
    /// What the values are: `strain rate`, `power`.
    pub name: String,
    pub unit: Unit,
    pub dtype: Dtype,
    /// At least one axis; only the first may have an unknown length.
    pub axes: Vec<AxisInfo>,
    pub provenance: Provenance,
}

/// Element type in the file, and of the bytes given to [`SignalSink::write`](crate::SignalSink::write), native endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dtype {
    F32,
    F64,
    /// Pairs of f32: real, imaginary.
    Complex64,
    /// Pairs of f64: real, imaginary.
    Complex128,
}

/// One axis: its name and unit, its length and where its elements lie.
#[derive(Clone, Debug, PartialEq)]
pub struct AxisInfo {
    /// Name of the dimension and of its main coordinate: `time`, `distance`, `channel`, `frequency`.
    pub name: String,
    pub unit: Unit,
    /// `None` only for axis 0, when the end of the run decides.
    pub len: Option<u64>,
    pub coords: Coords,
    /// Further coordinates along the same axis, such as the distance of each channel.
    pub also: Vec<Coordinate>,
}

/// A named coordinate beside the main one of its axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Coordinate {
    pub name: String,
    pub unit: Unit,
    pub coords: Coords,
}

/// Coordinates of the elements of an axis.
#[derive(Clone, Debug, PartialEq)]
pub enum Coords {
    /// Element i lies at `start + i·step`.
    Linear { start: f64, step: f64 },
    /// One value an element.
    Values(Vec<f64>),
    /// Element i has the number `first + i·step`: channels.
    Index { first: i64, step: i64 },
    /// Explicit numbers.
    Indices(Vec<i64>),
    /// Element i was sampled i/`rate` (Hz) after `start_ns` (since 1970-01-01 UTC), rounded to the nanosecond.
    /// After a gap counting starts again from the last of `jumps` at or before i.
    Time { start_ns: i64, rate: Rational, jumps: Vec<Jump> },
}

/// The clock at `row` does not follow from the row before: a gap, an overlap, another file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Jump {
    pub row: u64,
    pub start_ns: i64,
}

/// How a result came to be; becomes attributes of formats that have any.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Provenance {
    /// Text of the script.
    pub script: String,
    /// Version of dasc.
    pub version: String,
    pub inputs: Vec<Input>,
    /// Anything else worth keeping, by name.
    pub more: Vec<(String, String)>,
}

/// An input file and the hash of its content (`sha256:…`, `crc32c:…`).
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Input {
    pub name: String,
    pub hash: String,
}

impl Dtype {
    /// Bytes an element takes.
    pub const fn size(self) -> usize {
        match self {
            Dtype::F32 => 4,
            Dtype::F64 | Dtype::Complex64 => 8,
            Dtype::Complex128 => 16,
        }
    }
}

impl Layout {
    /// Bytes of one row; checks what every format relies on.
    pub(crate) fn row_bytes(&self) -> Result<usize> {
        let wrong = |text: String| Diag::compiler(format!("sink: layout of '{}': {text}", self.name));
        let (first, inner) = self.axes.split_first().ok_or_else(|| wrong("no axes".into()))?;
        first.check(first.len).map_err(wrong)?;
        let mut bytes = self.dtype.size();
        for axis in inner {
            let len = axis.len.ok_or_else(|| wrong(format!("axis '{}' has no length", axis.name)))?;
            axis.check(Some(len)).map_err(wrong)?;
            let len = usize::try_from(len).ok();
            bytes = len
                .and_then(|len| bytes.checked_mul(len))
                .filter(|bytes| *bytes <= isize::MAX as usize)
                .ok_or_else(|| {
                    Diag::usage(format!("a row of '{}' is too large to write", self.name))
                        .help("select fewer channels")
                })?;
        }
        Ok(bytes)
    }
}

impl AxisInfo {
    /// The main coordinate and the further ones: name, unit, values.
    pub(crate) fn coordinates(&self) -> impl Iterator<Item = (&str, &Unit, &Coords)> {
        let also = self.also.iter().map(|c| (c.name.as_str(), &c.unit, &c.coords));
        std::iter::once((self.name.as_str(), &self.unit, &self.coords)).chain(also)
    }

    fn check(&self, len: Option<u64>) -> Result<(), String> {
        for (name, _, coords) in self.coordinates() {
            if let (Some(count), Some(len)) = (coords.count(), len)
                && count != len
            {
                return Err(format!("{count} values of '{name}' for an axis of {len}"));
            }
            if let Coords::Time { rate, .. } = coords
                && *rate <= Rational::ZERO
            {
                return Err(format!("'{name}' has the rate {rate}"));
            }
        }
        Ok(())
    }
}

impl Coords {
    /// How many elements explicit values describe.
    fn count(&self) -> Option<u64> {
        match self {
            Coords::Values(values) => Some(values.len() as u64),
            Coords::Indices(values) => Some(values.len() as u64),
            Coords::Linear { .. } | Coords::Index { .. } | Coords::Time { .. } => None,
        }
    }

    /// Whether the values are 64-bit integers; otherwise f64.
    pub(crate) fn is_integer(&self) -> bool {
        matches!(self, Coords::Index { .. } | Coords::Indices(_) | Coords::Time { .. })
    }

    /// The value at `index` as eight native-endian bytes. `None` past explicit values or outside the range of i64.
    pub(crate) fn bytes_at(&self, index: u64) -> Option<[u8; 8]> {
        let position = usize::try_from(index).ok();
        let integer = match self {
            Coords::Linear { start, step } => return Some((start + index as f64 * step).to_ne_bytes()),
            Coords::Values(values) => return Some(values.get(position?)?.to_ne_bytes()),
            Coords::Indices(values) => *values.get(position?)?,
            Coords::Index { first, step } => {
                first.checked_add(step.checked_mul(i64::try_from(index).ok()?)?)?
            }
            Coords::Time { start_ns, rate, jumps } => {
                let jump = jumps.iter().rev().find(|jump| jump.row <= index);
                let (row, start) = jump.map_or((0, *start_ns), |jump| (jump.row, jump.start_ns));
                start.checked_add(elapsed_ns(index.checked_sub(row)?, *rate)?)?
            }
        };
        Some(integer.to_ne_bytes())
    }
}

/// Nanoseconds of `rows` at `rate` Hz, rounded to nearest.
fn elapsed_ns(rows: u64, rate: Rational) -> Option<i64> {
    let (num, den) = (i128::from(rate.num()), i128::from(rate.den()));
    let exact = i128::from(rows).checked_mul(1_000_000_000)?.checked_mul(den)?;
    i64::try_from(exact.checked_add(num / 2)?.checked_div_euclid(num)?).ok()
}

impl Provenance {
    /// As JSON attributes: `script`, `dasc_version`, `inputs` and whatever else is there.
    pub(crate) fn attributes(&self) -> Map<String, Value> {
        let inputs: Vec<Value> =
            self.inputs.iter().map(|i| json!({ "name": i.name, "hash": i.hash })).collect();
        let mut attributes = Map::new();
        for (key, value) in &self.more {
            attributes.insert(key.clone(), json!(value));
        }
        attributes.insert("script".into(), json!(self.script));
        attributes.insert("dasc_version".into(), json!(self.version));
        attributes.insert("inputs".into(), json!(inputs));
        attributes
    }

    /// As flat text, for formats whose metadata is strings (`inputs` is JSON text).
    pub(crate) fn texts(&self) -> Vec<(String, String)> {
        let text = |value: Value| match value {
            Value::String(text) => text,
            other => other.to_string(),
        };
        self.attributes().into_iter().map(|(key, value)| (key, text(value))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(rate: Rational, jumps: Vec<Jump>, rows: &[u64]) -> Vec<i64> {
        let coords = Coords::Time { start_ns: 1_000, rate, jumps };
        rows.iter().map(|row| i64::from_ne_bytes(coords.bytes_at(*row).unwrap())).collect()
    }

    #[test]
    fn time_does_not_drift_and_jumps_over_gaps() {
        let three_kilohertz = Rational::integer(3000);
        assert_eq!(
            times(three_kilohertz, vec![], &[0, 1, 2, 3000]),
            [1_000, 334_333, 667_667, 1_000_001_000]
        );
        let jumps = vec![Jump { row: 2, start_ns: 9_000_000_000 }];
        assert_eq!(times(three_kilohertz, jumps, &[1, 2, 3]), [334_333, 9_000_000_000, 9_000_333_333]);
        assert_eq!(times(Rational::new(1, 60).unwrap(), vec![], &[2]), [120_000_001_000]);
    }

    #[test]
    fn times_beyond_the_range_are_refused() {
        let coords = Coords::Time { start_ns: i64::MAX - 10, rate: Rational::ONE, jumps: vec![] };
        assert!(coords.bytes_at(0).is_some());
        assert_eq!(coords.bytes_at(1), None);
        assert_eq!(coords.bytes_at(u64::MAX), None);
    }
}
