//! The samples of one record, in the type of the whole.

use super::header::Header;
use super::steim;
use crate::FileType;
use crate::array::Element;

/// The type that samples of an encoding have at least; the error names one that is not read. `None` for text and the like.
pub fn file_type(encoding: u8) -> Result<Option<FileType>, &'static str> {
    Ok(Some(match encoding {
        1 => FileType::I16,
        3 | 10 | 11 => FileType::I32,
        4 => FileType::F32,
        5 => FileType::F64,
        0 | 100 => return Ok(None),
        2 => return Err("24-bit integers"),
        12..=14 => return Err("GEOSCOPE's encoding"),
        15..=18 => return Err("the encoding of a national network"),
        19 => return Err("Steim-3"),
        30..=33 => return Err("the encoding of an old network"),
        _ => return Err("an unknown encoding"),
    }))
}

/// Decodes a whole record into samples of `wanted`, in native byte order. The error is a phrase.
pub fn decode(header: &Header, record: &[u8], wanted: FileType) -> Result<Vec<u8>, String> {
    if header.checksum.is_some_and(|sum| sum != checksum(record)) {
        return Err("its checksum is wrong".into());
    }
    let ends = || "its samples lie beyond its end".to_string();
    let data = usize::try_from(header.data).ok().and_then(|at| record.get(at..)).ok_or_else(ends)?;
    let samples = usize::try_from(header.samples).map_err(|_| ends())?;
    let stored = match file_type(header.encoding) {
        Ok(Some(stored)) => stored,
        Ok(None) => return Err("it holds text".into()),
        Err(what) => return Err(format!("it holds {what}")),
    };
    if let version @ 1..=2 = header.encoding.wrapping_sub(9) {
        let values = steim::decode(data, samples, version, header.big_endian)?;
        return Ok(values.iter().flat_map(|x| x.to_ne_bytes()).collect());
    }
    let size = samples.checked_mul(stored.size()).ok_or_else(ends)?;
    let mut bytes = data.get(..size).ok_or_else(ends)?.to_vec();
    Element::new(stored, header.big_endian).to_native(&mut bytes);
    Ok(match (stored, wanted) {
        (FileType::I16, FileType::I32) => {
            let values = bytes.as_chunks::<2>().0.iter();
            values.flat_map(|b| i32::from(i16::from_ne_bytes(*b)).to_ne_bytes()).collect()
        }
        _ if stored == wanted => bytes,
        _ => return Err("its samples are of another type than the others".into()),
    })
}

/// CRC-32C of a record of version 3, whose own field counts as zeros.
fn checksum(record: &[u8]) -> u32 {
    const TABLE: [u32; 256] = {
        let mut table = [0u32; 256];
        let mut i = 0;
        while i < 256 {
            let (mut value, mut bit) = (i as u32, 0);
            while bit < 8 {
                value = value >> 1 ^ if value & 1 == 1 { 0x82f6_3b78 } else { 0 };
                bit += 1;
            }
            table[i] = value;
            i += 1;
        }
        table
    };
    let sum = record.iter().enumerate().fold(u32::MAX, |sum, (at, byte)| {
        let byte = if (28..32).contains(&at) { 0 } else { *byte };
        sum >> 8 ^ TABLE[usize::from(sum as u8 ^ byte)]
    });
    !sum
}
