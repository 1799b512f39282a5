//! Undoing the filters of HDF5 chunks: deflate, shuffle and the Fletcher-32 checksum
//! (HDF5 File Format Specification 3.0, IV.A.2.l; `H5Zdeflate.c`, `H5Zshuffle.c`, `H5checksum.c`).

use std::io::Read;

use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Filter {
    Deflate,
    Shuffle,
    Fletcher32,
    /// A filter that is not decoded here, by name.
    Unknown(String),
}

/// Undoes `filters` (in the order they were applied) on a stored chunk that must come out as `size` bytes of
/// elements `width` wide. Bit `i` of `mask` says that filter `i` was skipped. The error is a phrase.
pub fn undo(
    filters: &[Filter],
    mask: u32,
    mut data: Vec<u8>,
    size: usize,
    width: usize,
) -> Result<Vec<u8>, String> {
    for (position, filter) in filters.iter().enumerate().rev() {
        if position < 32 && mask & (1 << position) != 0 {
            continue;
        }
        data = match filter {
            Filter::Deflate => inflate(&data, size)?,
            Filter::Shuffle => unshuffle(&data, width),
            Filter::Fletcher32 => verified(data)?,
            Filter::Unknown(name) => return Err(format!("it is compressed with {name}")),
        };
    }
    match data.len() == size {
        true => Ok(data),
        false => Err(format!("it decodes to {} bytes instead of {size}", data.len())),
    }
}

/// At most a checksum more than `size` bytes come out, whatever the stream claims.
fn inflate(data: &[u8], size: usize) -> Result<Vec<u8>, String> {
    let mut out = Vec::new();
    out.try_reserve_exact(size.saturating_add(8))
        .map_err(|_| format!("{size} bytes do not fit in memory"))?;
    let limit = size as u64 + 8;
    flate2::read::ZlibDecoder::new(data)
        .take(limit)
        .read_to_end(&mut out)
        .map_err(|e| format!("deflate: {e}"))?;
    Ok(out)
}

/// Byte `b` of all elements lies together; bytes beyond the last whole element stay at the end.
fn unshuffle(data: &[u8], width: usize) -> Vec<u8> {
    if width <= 1 {
        return data.to_vec();
    }
    let count = data.len() / width;
    let mut out = data.to_vec();
    if count > 0 {
        for (byte, plane) in data.chunks_exact(count).take(width).enumerate() {
            for (element, value) in out.chunks_exact_mut(width).zip(plane) {
                element[byte] = *value;
            }
        }
    }
    out
}

fn verified(mut data: Vec<u8>) -> Result<Vec<u8>, String> {
    let body = data.len().checked_sub(4).ok_or("it is shorter than its checksum")?;
    let stored: [u8; 4] =
        data.get(body..).and_then(|s| s.try_into().ok()).ok_or("it is shorter than its checksum")?;
    data.truncate(body);
    let sum = fletcher32(&data).to_le_bytes();
    // Libraries before 1.6.3 stored the sums of swapped words on little-endian machines; HDF5 accepts both.
    match stored == sum || stored == [sum[1], sum[0], sum[3], sum[2]] {
        true => Ok(data),
        false => Err("its checksum does not match".to_string()),
    }
}

fn fletcher32(data: &[u8]) -> u32 {
    let fold = |sum: u32| (sum & 0xffff) + (sum >> 16);
    let (mut low, mut high) = (0u32, 0u32);
    for block in data.chunks(720) {
        for word in block.chunks(2) {
            low += u32::from(word[0]) << 8 | word.get(1).copied().map_or(0, u32::from);
            high += low;
        }
        (low, high) = (fold(low), fold(high));
    }
    fold(high) << 16 | fold(low)
}
