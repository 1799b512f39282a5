//! Properties of TDMS objects, and the types of raw data.

use dasc_ir::time::format_utc;

use crate::FileType;
use crate::array::Element;
use crate::bytes::Cursor;

#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Number(f64),
    Text(String),
    /// UTC, nanoseconds since 1970.
    Instant(i64),
    /// Of a type that nothing here asks for.
    Other(String),
}

impl Value {
    pub fn number(&self) -> Option<f64> {
        match self {
            Value::Number(value) => Some(*value).filter(|x| x.is_finite()),
            Value::Text(text) => text.trim().parse().ok().filter(|x: &f64| x.is_finite()),
            Value::Instant(_) | Value::Other(_) => None,
        }
    }

    pub fn text(&self) -> String {
        match self {
            Value::Number(value) => value.to_string(),
            Value::Text(text) | Value::Other(text) => text.clone(),
            Value::Instant(ns) => format_utc(*ns),
        }
    }
}

pub const TEXT: u32 = 0x20;

/// The samples a raw data type stands for; the error is its name.
pub fn element(code: u32, big_endian: bool) -> Result<Element, String> {
    let file_type = match code {
        2 => FileType::I16,
        3 => FileType::I32,
        9 | 0x19 => FileType::F32,
        10 | 0x1a => FileType::F64,
        1 => return Err("i8".into()),
        4 => return Err("i64".into()),
        5..=8 => return Err("unsigned integers".into()),
        TEXT => return Err("text".into()),
        other => return Err(format!("of TDMS type {other:#x}")),
    };
    Ok(Element::new(file_type, big_endian))
}

/// The next property's name and value; `None` where the metadata end before it or its type has no known size.
pub fn property(cursor: &mut Cursor) -> Option<(String, Value)> {
    let name = string(cursor)?;
    let code = cursor.u32()?;
    let (at, bytes) = (cursor.at, cursor.bytes);
    let (value, size) = match code {
        0 => (Value::Other(String::new()), 0),
        1 => (Value::Number(bytes.i8(at)?.into()), 1),
        2 => (Value::Number(bytes.i16(at)?.into()), 2),
        3 => (Value::Number(bytes.i32(at)?.into()), 4),
        4 => (Value::Number(bytes.i64(at)? as f64), 8),
        5 => (Value::Number(bytes.u8(at)?.into()), 1),
        6 => (Value::Number(bytes.u16(at)?.into()), 2),
        7 => (Value::Number(bytes.u32(at)?.into()), 4),
        8 => (Value::Number(bytes.u64(at)? as f64), 8),
        9 | 0x19 => (Value::Number(bytes.f32(at)?.into()), 4),
        10 | 0x1a => (Value::Number(bytes.f64(at)?), 8),
        0x0b | 0x1b => (Value::Other("extended precision".into()), 16),
        TEXT => return Some((name, Value::Text(string(cursor)?))),
        0x21 => (Value::Other((bytes.u8(at)? != 0).to_string()), 1),
        0x44 => (instant(cursor)?, 16),
        0x08_000c => (Value::Other("complex".into()), 8),
        0x10_000d => (Value::Other("complex".into()), 16),
        _ => return None,
    };
    cursor.take(size)?;
    Some((name, value))
}

pub fn string(cursor: &mut Cursor) -> Option<String> {
    let length = usize::try_from(cursor.u32()?).ok()?;
    cursor.take(length).map(|text| String::from_utf8_lossy(text).into_owned())
}

/// Seconds since 1904 and a fraction of 2⁻⁶⁴ seconds, in that order only where the file is big-endian.
fn instant(cursor: &Cursor) -> Option<Value> {
    let (bytes, at) = (cursor.bytes, cursor.at);
    let (fraction, seconds) = match bytes.big_endian {
        false => (bytes.u64(at)?, bytes.i64(at.checked_add(8)?)?),
        true => (bytes.u64(at.checked_add(8)?)?, bytes.i64(at)?),
    };
    let never = Value::Other("none".into());
    if seconds == 0 && fraction == 0 {
        return Some(never);
    }
    let ns = (u128::from(fraction) * 1_000_000_000 + (1 << 63)) >> 64;
    let since = seconds.checked_mul(1_000_000_000).and_then(|s| s.checked_add(i64::try_from(ns).ok()?));
    Some(since.and_then(|s| s.checked_add(EPOCH)).map_or(never, Value::Instant))
}

/// 1904 in nanoseconds since 1970: 24,107 days before.
const EPOCH: i64 = -24_107 * 86_400 * 1_000_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_stamps_count_from_1904() {
        assert_eq!(Some(EPOCH), dasc_ir::time::parse_utc("1904-01-01"));
    }
}
