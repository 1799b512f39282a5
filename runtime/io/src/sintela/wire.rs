//! The wire format of protocol buffers (protobuf.dev, "Encoding"): fields of a number and a value.

use crate::bytes::Bytes;

#[derive(Clone, Copy, Debug)]
pub enum Value<'a> {
    Integer(u64),
    Four([u8; 4]),
    /// Eight bytes, which nothing here asks for.
    Eight,
    /// Text, packed numbers or a message.
    Bytes(&'a [u8]),
}

impl<'a> Value<'a> {
    pub fn integer(self) -> Option<u64> {
        match self {
            Value::Integer(value) => Some(value),
            _ => None,
        }
    }

    pub fn f32(self) -> Option<f32> {
        match self {
            Value::Four(bytes) => Some(f32::from_le_bytes(bytes)),
            _ => None,
        }
    }

    pub fn message(self) -> Option<Message<'a>> {
        match self {
            Value::Bytes(bytes) => Some(Message(bytes)),
            _ => None,
        }
    }

    pub fn text(self) -> Option<String> {
        match self {
            Value::Bytes(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
            _ => None,
        }
    }
}

/// The kind of a field's value; of `Bytes` what follows its length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Integer(u64),
    Fixed(usize),
    Bytes(u64),
}

/// A field's number, the kind of its value and the bytes before that value; `None` if `data` does not hold them all.
pub fn key(data: &[u8]) -> Option<(u64, Kind, usize)> {
    let (key, used) = varint(data)?;
    let rest = data.get(used..)?;
    let (kind, more) = match key & 7 {
        0 => varint(rest).map(|(value, more)| (Kind::Integer(value), more))?,
        1 => (Kind::Fixed(8), 0),
        2 => varint(rest).map(|(value, more)| (Kind::Bytes(value), more))?,
        5 => (Kind::Fixed(4), 0),
        _ => return None,
    };
    Some((key >> 3, kind, used.checked_add(more)?)).filter(|(number, ..)| *number > 0)
}

/// The longest key with its length.
pub const LONGEST_KEY: u64 = 20;

fn varint(data: &[u8]) -> Option<(u64, usize)> {
    let mut value = 0u64;
    for (i, byte) in data.iter().take(10).enumerate() {
        value |= u64::from(byte & 0x7f).checked_shl(7 * i as u32)?;
        if byte & 0x80 == 0 {
            return Some((value, i + 1));
        }
    }
    None
}

#[derive(Clone, Copy, Debug)]
pub struct Message<'a>(pub &'a [u8]);

impl<'a> Message<'a> {
    /// The last value of a field, which is the one that counts; `None` also where the message is broken before it.
    pub fn field(&self, number: u64) -> Option<Value<'a>> {
        let (mut at, mut found) = (0usize, None);
        while let Some(rest) = self.0.get(at..).filter(|rest| !rest.is_empty()) {
            let (here, kind, used) = key(rest)?;
            let start = at.checked_add(used)?;
            let data = Bytes::little(self.0);
            let (value, size) = match kind {
                Kind::Integer(value) => (Value::Integer(value), 0),
                Kind::Fixed(4) => (Value::Four(data.part(start, 4)?.try_into().ok()?), 4),
                Kind::Fixed(size) => data.part(start, size).map(|_| (Value::Eight, size))?,
                Kind::Bytes(size) => {
                    let size = usize::try_from(size).ok()?;
                    (Value::Bytes(data.part(start, size)?), size)
                }
            };
            if here == number {
                found = Some(value);
            }
            at = start.checked_add(size)?;
        }
        found
    }

    /// An integer that is left out where it is 0.
    pub fn integer(&self, number: u64) -> u64 {
        self.field(number).and_then(Value::integer).unwrap_or(0)
    }

    pub fn f32(&self, number: u64) -> Option<f32> {
        self.field(number).and_then(Value::f32)
    }
}
