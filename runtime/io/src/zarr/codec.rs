//! From the bytes of a chunk to its elements: what zarr-python, numcodecs and xarray use unless told otherwise.
//!
//! Whatever a chunk claims, no more comes out than it can hold.

use std::io::Read;

use serde_json::Value;

use super::blosc;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Codec {
    Gzip,
    Zlib,
    Zstd,
    Blosc,
    /// Four bytes behind the others.
    Crc32c,
}

/// The codecs of an array of version 3.
pub struct Codecs {
    pub big_endian: bool,
    pub turned: bool,
    pub codecs: Vec<Codec>,
    /// The configuration of shards.
    pub sharding: Option<Value>,
}

pub fn codec3(list: &[Value], axes: usize) -> Result<Codecs, String> {
    let mut found = Codecs { big_endian: false, turned: false, codecs: Vec::new(), sharding: None };
    for codec in list {
        let name = codec.as_str().or(codec.get("name").and_then(Value::as_str)).unwrap_or_default();
        let configuration = codec.get("configuration");
        match name {
            "bytes" | "endian" => {
                let endian = configuration.and_then(|c| c.get("endian")?.as_str());
                found.big_endian = endian == Some("big");
            }
            "transpose" => {
                let order = configuration.and_then(|c| c.get("order")?.as_array());
                let order: Vec<u64> = order.into_iter().flatten().filter_map(Value::as_u64).collect();
                match order.as_slice() {
                    [0] | [0, 1] => {}
                    [1, 0] if axes == 2 => found.turned = !found.turned,
                    _ => return Err(format!("its axes are put in the order {order:?}")),
                }
            }
            "sharding_indexed" => found.sharding = configuration.cloned(),
            "gzip" => found.codecs.push(Codec::Gzip),
            "zlib" | "numcodecs.zlib" => found.codecs.push(Codec::Zlib),
            "zstd" | "numcodecs.zstd" => found.codecs.push(Codec::Zstd),
            "blosc" => found.codecs.push(Codec::Blosc),
            "crc32c" => found.codecs.push(Codec::Crc32c),
            other => return Err(format!("it is encoded with '{other}', which dasc does not decode")),
        }
    }
    Ok(found)
}

/// A compressor or filter of version 2.
pub fn codec2(json: &Value) -> Result<Codec, String> {
    match json.get("id").and_then(Value::as_str).unwrap_or_default() {
        "gzip" => Ok(Codec::Gzip),
        "zlib" => Ok(Codec::Zlib),
        "zstd" => Ok(Codec::Zstd),
        "blosc" => Ok(Codec::Blosc),
        "crc32c" => Ok(Codec::Crc32c),
        other => Err(format!("it is encoded with '{other}', which dasc does not decode")),
    }
}

/// The `size` bytes that were encoded.
pub fn decode(codecs: &[Codec], mut data: Vec<u8>, size: usize) -> Result<Vec<u8>, String> {
    for (at, codec) in codecs.iter().enumerate().rev() {
        // What checksums add before it.
        let checksums = codecs.get(..at).unwrap_or_default().iter().filter(|c| **c == Codec::Crc32c).count();
        let most = size.saturating_add(4 * checksums);
        data = match codec {
            Codec::Gzip => bounded(flate2::read::MultiGzDecoder::new(data.as_slice()), most, "gzip")?,
            Codec::Zlib => bounded(flate2::read::ZlibDecoder::new(data.as_slice()), most, "zlib")?,
            Codec::Zstd => {
                let decoder =
                    zstd::stream::read::Decoder::new(data.as_slice()).map_err(|e| format!("zstd: {e}"))?;
                bounded(decoder, most, "zstd")?
            }
            Codec::Blosc => blosc::decode(&data, most)?,
            Codec::Crc32c => checked(data)?,
        };
    }
    match data.len() == size {
        true => Ok(data),
        false => Err(format!("it decodes to {} bytes instead of {size}", data.len())),
    }
}

fn bounded(decoder: impl Read, most: usize, what: &str) -> Result<Vec<u8>, String> {
    let mut out = Vec::new();
    out.try_reserve_exact(most.saturating_add(1))
        .map_err(|_| format!("{most} bytes do not fit in memory"))?;
    let limit = (most as u64).saturating_add(1);
    decoder.take(limit).read_to_end(&mut out).map_err(|e| format!("{what}: {e}"))?;
    Ok(out)
}

/// The bytes before their checksum, if that agrees.
pub fn checked(mut data: Vec<u8>) -> Result<Vec<u8>, String> {
    let body = data.len().checked_sub(4).ok_or("it is shorter than its checksum")?;
    let stored = data.get(body..).and_then(|sum| <[u8; 4]>::try_from(sum).ok());
    data.truncate(body);
    match stored.map(u32::from_le_bytes) == Some(crc32c::crc32c(&data)) {
        true => Ok(data),
        false => Err("its checksum does not match".into()),
    }
}
