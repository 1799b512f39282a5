//! How one number lies in a file: class, width and byte order.

use serde::{Deserialize, Serialize};

use crate::FileType;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Class {
    Signed,
    Unsigned,
    Float,
    /// The hexadecimal floating point of IBM's System/360: a sign, seven bits for a power of 16, 24 bits of fraction.
    Ibm,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Element {
    pub class: Class,
    /// Bytes: 1, 2, 4 or 8.
    pub size: u8,
    pub big_endian: bool,
}

impl Element {
    pub const fn new(file_type: FileType, big_endian: bool) -> Element {
        let class = match file_type {
            FileType::I16 | FileType::I32 => Class::Signed,
            FileType::F32 | FileType::F64 => Class::Float,
        };
        Element { class, size: file_type.size() as u8, big_endian }
    }

    /// The sample type this is, if samples may have it.
    pub fn file_type(self) -> Option<FileType> {
        match (self.class, self.size) {
            (Class::Signed, 2) => Some(FileType::I16),
            (Class::Signed, 4) => Some(FileType::I32),
            (Class::Float | Class::Ibm, 4) => Some(FileType::F32),
            (Class::Float, 8) => Some(FileType::F64),
            _ => None,
        }
    }

    /// `big-endian i16`, `f32`, `u8`: for people.
    pub fn describe(self) -> String {
        let letter = match self.class {
            Class::Ibm => return "IBM floating point".into(),
            Class::Signed => 'i',
            Class::Unsigned => 'u',
            Class::Float => 'f',
        };
        format!("{}{letter}{}", if self.big_endian { "big-endian " } else { "" }, u32::from(self.size) * 8)
    }

    /// What [`Element::to_native`] makes of it.
    pub fn native(self) -> Element {
        let class = if self.class == Class::Ibm { Class::Float } else { self.class };
        Element { class, size: self.size, big_endian: cfg!(target_endian = "big") }
    }

    /// Turns elements as stored into elements of this machine, in place.
    pub fn to_native(self, bytes: &mut [u8]) {
        if self.class == Class::Ibm {
            for four in bytes.as_chunks_mut::<4>().0 {
                let bits =
                    if self.big_endian { u32::from_be_bytes(*four) } else { u32::from_le_bytes(*four) };
                *four = ieee(bits).to_ne_bytes();
            }
            return;
        }
        if self.big_endian != cfg!(target_endian = "big") && self.size > 1 {
            bytes.chunks_exact_mut(self.size.into()).for_each(<[u8]>::reverse);
        }
    }
}

/// Exact wherever f32 has the number; beyond it infinity, below it what f64 rounds to.
fn ieee(ibm: u32) -> f32 {
    let fraction = f64::from(ibm & 0x00ff_ffff) / f64::from(1u32 << 24);
    let power = i32::try_from(ibm >> 24 & 0x7f).unwrap_or(0) - 64;
    let magnitude = fraction * 16f64.powi(power);
    (if ibm >> 31 == 1 { -magnitude } else { magnitude }) as f32
}

/// Numbers of a coordinate, in the widest type of their class, so that nanoseconds keep their last digit.
#[derive(Clone, Debug, PartialEq)]
pub enum Numbers {
    Integers(Vec<i64>),
    Reals(Vec<f64>),
}

impl Numbers {
    /// Elements as stored become numbers. Unsigned values beyond `i64` saturate; incomplete ones are dropped.
    pub fn decode(element: Element, bytes: &mut [u8]) -> Option<Numbers> {
        element.to_native(bytes);
        fn all<const N: usize, T>(bytes: &[u8], number: impl Fn([u8; N]) -> T) -> Vec<T> {
            bytes.as_chunks::<N>().0.iter().map(|b| number(*b)).collect()
        }
        Some(match (element.class, element.size) {
            (Class::Signed, 1) => Numbers::Integers(all(bytes, |b: [u8; 1]| i8::from_ne_bytes(b).into())),
            (Class::Signed, 2) => Numbers::Integers(all(bytes, |b| i16::from_ne_bytes(b).into())),
            (Class::Signed, 4) => Numbers::Integers(all(bytes, |b| i32::from_ne_bytes(b).into())),
            (Class::Signed, 8) => Numbers::Integers(all(bytes, i64::from_ne_bytes)),
            (Class::Unsigned, 1) => Numbers::Integers(all(bytes, |b: [u8; 1]| b[0].into())),
            (Class::Unsigned, 2) => Numbers::Integers(all(bytes, |b| u16::from_ne_bytes(b).into())),
            (Class::Unsigned, 4) => Numbers::Integers(all(bytes, |b| u32::from_ne_bytes(b).into())),
            (Class::Unsigned, 8) => {
                let saturated = |b| i64::try_from(u64::from_ne_bytes(b)).unwrap_or(i64::MAX);
                Numbers::Integers(all(bytes, saturated))
            }
            (Class::Float, 4) => Numbers::Reals(all(bytes, |b| f32::from_ne_bytes(b).into())),
            (Class::Float, 8) => Numbers::Reals(all(bytes, f64::from_ne_bytes)),
            _ => return None,
        })
    }

    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        match self {
            Numbers::Integers(v) => v.len(),
            Numbers::Reals(v) => v.len(),
        }
    }

    pub fn real(&self, index: usize) -> Option<f64> {
        match self {
            Numbers::Integers(v) => v.get(index).map(|x| *x as f64),
            Numbers::Reals(v) => v.get(index).copied(),
        }
    }

    pub fn to_reals(&self) -> Vec<f64> {
        match self {
            Numbers::Integers(v) => v.iter().map(|x| *x as f64).collect(),
            Numbers::Reals(v) => v.clone(),
        }
    }
}
