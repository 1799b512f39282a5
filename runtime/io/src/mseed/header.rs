//! The header of one miniSEED record, version 2 or 3, as one thing.
//!
//! Source: FDSN, "SEED Reference Manual 2.4", chapter 8; FDSN, "miniSEED 3 specification".

use dasc_ir::{Rational, time::ordinal_utc};

use crate::bytes::Bytes;

#[derive(Clone, Debug)]
pub struct Header {
    /// `NET.STA.LOC.CHA`.
    pub stream: String,
    pub start_ns: i64,
    pub rate: Option<Rational>,
    pub samples: u32,
    pub encoding: u8,
    /// Byte order of the samples.
    pub big_endian: bool,
    /// Bytes of the record, and where in it the samples lie.
    pub length: u32,
    pub data: u32,
    pub data_length: u32,
    /// CRC-32C of a record of version 3.
    pub checksum: Option<u32>,
}

/// Enough for the fixed header and all blockettes or the names that anybody writes.
pub const ENOUGH: u64 = 1024;

/// Fewer bytes than any record has.
pub const LEAST: u64 = 40;

/// More bytes than libmseed writes into a record.
const LONGEST: u32 = 16 << 20;

pub fn begins_so(head: &[u8]) -> bool {
    is_third(head) || is_second(head)
}

fn is_third(head: &[u8]) -> bool {
    head.starts_with(b"MS\x03")
}

/// A record of version 2 begins with six digits (or blanks), the quality of its data and a blank.
fn is_second(head: &[u8]) -> bool {
    let Some(&[ref number @ .., quality, blank]) = head.first_chunk::<8>() else { return false };
    number.iter().all(|b| b.is_ascii_digit() || matches!(b, b' ' | 0))
        && number.iter().any(u8::is_ascii_digit)
        && b"DRQM".contains(&quality)
        && matches!(blank, b' ' | 0)
}

/// Reads the header of the record that `head` begins with. The error is a phrase.
pub fn read(head: &[u8]) -> Result<Header, String> {
    match (is_third(head), is_second(head)) {
        (true, _) => third(head),
        (_, true) => second(head),
        _ => Err("no record begins there".into()),
    }
}

fn third(head: &[u8]) -> Result<Header, String> {
    let bytes = Bytes::little(head);
    let ends = || "its header is cut off".to_string();
    let number = |at| bytes.u16(at).map(i64::from);
    let byte = |at| bytes.u8(at).map(i64::from);
    let fraction = bytes.u32(4).map(i64::from);
    let time = (number(8), number(10), byte(12), byte(13), byte(14), fraction);
    let (Some(year), Some(day), Some(hour), Some(minute), Some(second), Some(fraction)) = time else {
        return Err(ends());
    };
    let start_ns = ordinal_utc(year, day, hour, minute, second, fraction).ok_or("its time makes no sense")?;
    let rate = bytes.f64(16).ok_or_else(ends)?;
    // Negative numbers are periods in seconds.
    let hertz = Rational::approximate(rate.abs());
    let rate = if rate < 0.0 { hertz.and_then(Rational::recip) } else { hertz };
    let (samples, checksum) = (bytes.u32(24).ok_or_else(ends)?, bytes.u32(28).ok_or_else(ends)?);
    let name = bytes.u8(33).ok_or_else(ends)?;
    let extra = bytes.u16(34).ok_or_else(ends)?;
    let data_length = bytes.u32(36).ok_or_else(ends)?;
    let stream = bytes.text(40, name.into()).ok_or_else(ends)?;
    let data = 40 + u32::from(name) + u32::from(extra);
    let encoding = bytes.u8(15).ok_or_else(ends)?;
    let length = data.checked_add(data_length).filter(|n| *n <= LONGEST);
    Ok(Header {
        stream: source(&stream),
        start_ns,
        rate: rate.filter(usual),
        samples,
        encoding,
        big_endian: matches!(encoding, 10 | 11),
        length: length.ok_or_else(|| format!("it claims {data_length} bytes of samples"))?,
        data,
        data_length,
        checksum: Some(checksum),
    })
}

/// `FDSN:NET_STA_LOC_B_S_SS` as `NET.STA.LOC.BSS` where the codes are single letters; other names as they are.
fn source(name: &str) -> String {
    let Some(codes) = name.strip_prefix("FDSN:") else { return name.to_string() };
    let parts: Vec<&str> = codes.split('_').collect();
    match parts[..] {
        [network, station, location, band, source, component] => {
            let letters = [band, source, component];
            let joint = if letters.iter().all(|c| c.len() == 1) { "" } else { "_" };
            format!("{network}.{station}.{location}.{}", letters.join(joint))
        }
        _ => codes.to_string(),
    }
}

fn second(head: &[u8]) -> Result<Header, String> {
    let ends = || "its header is cut off".to_string();
    // The year tells the byte order: no year is one in both.
    let year = |big_endian| Bytes { data: head, big_endian }.u16(20);
    let big_endian = match (year(true), year(false)) {
        (Some(1900..=2100), _) => true,
        (_, Some(1900..=2100)) => false,
        _ => return Err("its year makes no sense".into()),
    };
    let bytes = Bytes { data: head, big_endian };
    let number = |at| bytes.u16(at).map(i64::from);
    let byte = |at| bytes.u8(at).map(i64::from);
    let time = (number(20), number(22), byte(24), byte(25), byte(26), number(28));
    let (Some(year), Some(day), Some(hour), Some(minute), Some(second), Some(tenths)) = time else {
        return Err(ends());
    };
    let start = ordinal_utc(year, day, hour, minute, second, 0).ok_or("its time makes no sense")?;
    let mut start_ns = start.saturating_add(tenths.saturating_mul(100_000));
    // Bit 1 says that the correction is in the time already.
    let (activity, correction) = (bytes.u8(36).ok_or_else(ends)?, bytes.i32(40).ok_or_else(ends)?);
    if activity & 2 == 0 {
        start_ns = start_ns.saturating_add(i64::from(correction).saturating_mul(100_000));
    }
    let samples = bytes.u16(30).ok_or_else(ends)?;
    let factor = bytes.i16(32).zip(bytes.i16(34)).ok_or_else(ends)?;
    let name = |at, count| bytes.text(at, count).unwrap_or_default();
    let stream = [name(18, 2), name(8, 5), name(13, 2), name(15, 3)].join(".");
    let data = bytes.u16(44).ok_or_else(ends)?;
    let mut header = Header {
        stream,
        start_ns,
        rate: rate(factor.0.into(), factor.1.into()),
        samples: samples.into(),
        encoding: 0,
        big_endian: true,
        length: 0,
        data: data.into(),
        data_length: 0,
        checksum: None,
    };
    blockettes(&bytes, &mut header)?;
    let length = header.length;
    if length == 0 {
        return Err("it has no blockette 1000, which says how its samples are written".into());
    }
    header.data_length = length.checked_sub(header.data).ok_or("its samples begin beyond its end")?;
    Ok(header)
}

/// Samples per second from a factor and a multiplier, which divide where they are negative.
fn rate(factor: i128, multiplier: i128) -> Option<Rational> {
    let rate = match (factor.signum(), multiplier.signum()) {
        (1, 1) => Rational::new(factor * multiplier, 1),
        (1, -1) => Rational::new(factor, -multiplier),
        (-1, 1) => Rational::new(multiplier, -factor),
        (-1, -1) => Rational::new(1, factor * multiplier),
        _ => None,
    };
    rate.filter(usual)
}

/// Whether an instrument can sample so, from once in twelve days to a gigahertz.
fn usual(rate: &Rational) -> bool {
    (1e-6..=1e9).contains(&rate.as_f64())
}

/// Follows the chain of blockettes, each of which must lie behind the one before.
fn blockettes(bytes: &Bytes, header: &mut Header) -> Result<(), String> {
    let broken = || "its blockettes make no sense".to_string();
    let mut at = usize::from(bytes.u16(46).ok_or_else(broken)?);
    while at != 0 {
        let (kind, next) = bytes.u16(at).zip(bytes.u16(at.saturating_add(2))).ok_or_else(broken)?;
        let body = at.saturating_add(4);
        match kind {
            100 => {
                let actual = bytes.f32(body).ok_or_else(broken)?;
                let actual = Rational::approximate(crate::found::decimal(actual.into()));
                header.rate = actual.filter(usual).or(header.rate);
            }
            1000 => {
                header.encoding = bytes.u8(body).ok_or_else(broken)?;
                header.big_endian = bytes.u8(body.saturating_add(1)).ok_or_else(broken)? != 0;
                let power = bytes.u8(body.saturating_add(2)).ok_or_else(broken)?;
                let length = 1u32.checked_shl(power.into()).filter(|n| (128..=LONGEST).contains(n));
                header.length = length.ok_or_else(|| format!("it claims to have 2^{power} bytes"))?;
            }
            1001 => {
                let microseconds = bytes.i8(body.saturating_add(1)).ok_or_else(broken)?;
                header.start_ns = header.start_ns.saturating_add(i64::from(microseconds) * 1000);
            }
            _ => {}
        }
        let next = usize::from(next);
        if next != 0 && next < body {
            return Err(broken());
        }
        at = next;
    }
    Ok(())
}
