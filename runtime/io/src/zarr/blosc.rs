//! Blosc 1 containers (the C-Blosc chunk format, `README_CHUNK_FORMAT.rst`): blocks of a buffer, shuffled, then compressed
//! with LZ4, zlib or Zstandard. Without the C library, so that a damaged chunk cannot lead beyond memory.

use std::io::Read;

/// Flags of the header.
const SHUFFLED: u8 = 0x1;
const STORED: u8 = 0x2;
const BIT_SHUFFLED: u8 = 0x4;
const WHOLE_BLOCKS: u8 = 0x10;
/// Blocks that were not cut into streams by bytes are those of larger types than this, and small ones.
const MOST_STREAMS: usize = 16;
const LEAST_STREAM: usize = 128;

/// What was compressed, if it is no more than `most` bytes.
pub fn decode(data: &[u8], most: usize) -> Result<Vec<u8>, String> {
    let bad = |what: &str| format!("blosc: {what}");
    let head: &[u8; 16] = data.first_chunk().ok_or_else(|| bad("the chunk is cut off"))?;
    let [version, _, flags, width, ..] = *head;
    let number = |at: usize| -> usize {
        let four = head.get(at..at + 4).and_then(|four| <[u8; 4]>::try_from(four).ok()).unwrap_or_default();
        u32::from_le_bytes(four) as usize
    };
    let (bytes, block, stored) = (number(4), number(8), number(12));
    if !(1..=2).contains(&version) || bytes > most || stored > data.len() {
        return Err(bad(&format!("version {version}, {bytes} bytes in {stored}")));
    }
    let mut out = Vec::new();
    out.try_reserve_exact(bytes).map_err(|_| format!("{bytes} bytes do not fit in memory"))?;
    if flags & STORED != 0 {
        out.extend_from_slice(data.get(16..16 + bytes).ok_or_else(|| bad("the chunk is cut off"))?);
        return Ok(out);
    }
    if bytes == 0 {
        return Ok(out);
    }
    if block == 0 || block > bytes.max(1 << 20) {
        return Err(bad(&format!("blocks of {block} bytes")));
    }
    let width = usize::from(width).max(1);
    for index in 0..bytes.div_ceil(block) {
        let length = block.min(bytes - index * block);
        let at = 16 + 4 * index;
        let start = data.get(at..at + 4).and_then(|four| <[u8; 4]>::try_from(four).ok());
        let start = start.map(|four| u32::from_le_bytes(four) as usize);
        let rest =
            start.and_then(|start| data.get(start..)).ok_or_else(|| bad("a block lies beyond the end"))?;
        // The last block is cut into streams only if it is as long as the others.
        let cut = flags & WHOLE_BLOCKS == 0
            && width <= MOST_STREAMS
            && block / width >= LEAST_STREAM
            && length == block;
        let streams = if cut { width } else { 1 };
        let plain = streams_of(rest, length, streams, flags >> 5).map_err(|why| bad(&why))?;
        if flags & BIT_SHUFFLED != 0 && width > 0 {
            unshuffle_bits(&plain, width, &mut out);
        } else if flags & SHUFFLED != 0 && width > 1 {
            unshuffle(&plain, width, &mut out);
        } else {
            out.extend_from_slice(&plain);
        }
    }
    Ok(out)
}

/// The streams of a block one after another, each with its length before it.
fn streams_of(mut data: &[u8], length: usize, streams: usize, codec: u8) -> Result<Vec<u8>, String> {
    let mut plain = Vec::with_capacity(length);
    let each = length / streams;
    for _ in 0..streams {
        let (four, rest) = data.split_first_chunk::<4>().ok_or("a block is cut off")?;
        let stored = u32::from_le_bytes(*four) as usize;
        let (these, rest) = rest.split_at_checked(stored).ok_or("a block is cut off")?;
        data = rest;
        if stored == each {
            plain.extend_from_slice(these);
            continue;
        }
        let at = plain.len();
        plain.resize(at + each, 0);
        let to = &mut plain[at..];
        match codec {
            1 => {
                let written = lz4_flex::block::decompress_into(these, to).map_err(|e| format!("LZ4: {e}"))?;
                if written != each {
                    return Err(format!("LZ4: {written} bytes instead of {each}"));
                }
            }
            3 => flate2::read::ZlibDecoder::new(these).read_exact(to).map_err(|e| format!("zlib: {e}"))?,
            4 => {
                let mut decoder =
                    zstd::stream::read::Decoder::new(these).map_err(|e| format!("zstd: {e}"))?;
                decoder.read_exact(to).map_err(|e| format!("zstd: {e}"))?;
            }
            0 => return Err("it is compressed with BloscLZ, which dasc does not decode".into()),
            2 => return Err("it is compressed with Snappy, which dasc does not decode".into()),
            other => return Err(format!("it is compressed with codec {other}")),
        }
    }
    Ok(plain)
}

/// Byte `b` of all elements lies together; what is no whole element stays at the end.
fn unshuffle(plain: &[u8], width: usize, out: &mut Vec<u8>) {
    let count = plain.len() / width;
    for element in 0..count {
        out.extend((0..width).map(|byte| plain[byte * count + element]));
    }
    out.extend_from_slice(&plain[count * width..]);
}

/// Bit `b` of all elements lies together, eight elements a byte; elements beyond a multiple of eight stay as they are.
fn unshuffle_bits(plain: &[u8], width: usize, out: &mut Vec<u8>) {
    let count = plain.len() / width / 8 * 8;
    let row = count / 8;
    let at = out.len();
    out.resize(at + count * width, 0);
    let to = &mut out[at..];
    for byte in 0..width {
        for bit in 0..8 {
            for (eight, bits) in plain[(byte * 8 + bit) * row..][..row].iter().enumerate() {
                for element in 0..8 {
                    to[(eight * 8 + element) * width + byte] |= (bits >> element & 1) << bit;
                }
            }
        }
    }
    out.extend_from_slice(&plain[count * width..]);
}
