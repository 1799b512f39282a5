//! NumPy's `.npy`, format 1 to 3: one array `(samples, channels)` in C or Fortran order. READ must give the rate.

use std::sync::Arc;

use dasc_ir::{Diag, Result, Unit};

use crate::array::DataFile;
use crate::open::Endian;
use crate::raw::{Rows, record};
use crate::record::Record;
use crate::{ASSUMED_SPACING, FileType, ReadOptions};

const LONGEST_HEADER: u64 = 1 << 20;

pub(crate) fn open(file: Arc<DataFile>, options: &ReadOptions) -> Result<Record> {
    let path = file.path().to_string();
    let bad = |why: String| Diag::world(format!("'{path}' is not a readable .npy file: {why}"));
    let head = file.head(12)?;
    let [major, _, a, b, c, d] =
        *head.get(6..12).and_then(|h| h.as_array::<6>()).ok_or_else(|| bad("it is too short".into()))?;
    let (start, length) = match major {
        1 => (10, u64::from(u16::from_le_bytes([a, b]))),
        2 | 3 => (12, u64::from(u32::from_le_bytes([a, b, c, d]))),
        other => return Err(bad(format!("its version is {other}"))),
    };
    if length > LONGEST_HEADER || start + length > file.len() {
        return Err(bad(format!("its header claims {length} bytes"))
            .help("the file is cut off or damaged; copy or save it anew"));
    }
    let mut text = vec![0; length as usize];
    file.read_at(&mut text, start)?;
    let text = String::from_utf8_lossy(&text);
    let descr = field(&text, "descr").ok_or_else(|| bad("its header has no 'descr'".into()))?;
    let (big_endian, file_type) = element(descr).ok_or_else(|| {
        let name = descr.split(',').next().unwrap_or(descr).trim();
        bad(format!("its elements are {name}; i2, i4, f4 and f8 are read"))
            .help("convert it, for instance numpy.save(path, x.astype('f4'))")
    })?;
    let order = field(&text, "fortran_order").unwrap_or("");
    let channel_major = match (order.starts_with("True"), order.starts_with("False")) {
        (true, _) => true,
        (_, true) => false,
        _ => return Err(bad("its header does not say the order of its elements".into())),
    };
    let shape = field(&text, "shape")
        .and_then(|s| s.strip_prefix('('))
        .and_then(|s| s.split_once(')'))
        .map(|(s, _)| s);
    let shape: Option<Vec<u64>> = shape
        .map(|s| s.split(',').map(str::trim).filter(|n| !n.is_empty()).map(str::parse).collect())
        .and_then(Result::ok);
    let [samples, channels] = shape.as_deref().and_then(|s| s.as_array::<2>()).copied().ok_or_else(|| {
        let lengths = shape.iter().flatten().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let diag = bad(format!("its shape is ({lengths}), not (samples, channels)"));
        match shape.as_deref() {
            Some([_]) => diag.help("save it with an axis of one channel: numpy.save(path, x[:, None])"),
            _ => diag.help("save two axes: numpy.save(path, x.reshape(samples, channels))"),
        }
    })?;
    if let Some(given) = options.channels.filter(|n| *n != channels) {
        return Err(Diag::usage(format!("CHANNELS is {given} but '{path}' has {channels}"))
            .help("leave CHANNELS out"));
    }
    let endian = if big_endian { Endian::Big } else { Endian::Little };
    if options.dtype.is_some_and(|t| t != file_type) || options.endian.is_some_and(|e| e != endian) {
        return Err(Diag::usage(format!("'{path}' itself says its elements are {descr}"))
            .help("leave DTYPE and ENDIAN out"));
    }
    let rate = options.fs.ok_or_else(|| {
        Diag::usage(format!("'{path}' does not say its sampling rate")).help("give it, for instance FS=1kHz")
    })?;
    let mut notes = Vec::new();
    if options.dx.is_none() {
        notes.push(ASSUMED_SPACING.to_string());
    }
    for (given, what) in [
        (options.unit.is_some(), "unit; give UNIT"),
        (options.start.is_some(), "start time; 1970-01-01 is taken, give START"),
    ] {
        if !given {
            notes.push(format!("the file has no {what} to READ"));
        }
    }
    let rows = Rows {
        format: "npy",
        file_type,
        big_endian,
        offset: start + length,
        channel_major,
        samples,
        channels,
        rate,
        scale: options.scale.unwrap_or(1.0),
        spacing: options.dx.unwrap_or(1.0),
        unit: options.unit.clone().unwrap_or_else(Unit::none),
        start_ns: options.start.unwrap_or(0),
        first: 0,
        step: 1,
        gauge_length: None,
        distance: 0.0,
        notes,
    };
    if channels == 0 {
        return Err(bad("it has no channels".into()));
    }
    record(file, rows)
}

/// The text after `'key':` in the header's dictionary.
fn field<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(&format!("'{key}':"))?;
    Some(rest.trim_start())
}

fn element(descr: &str) -> Option<(bool, FileType)> {
    let code = descr.strip_prefix('\'')?.split_once('\'')?.0;
    let big_endian = match code.get(..1)? {
        "<" => false,
        ">" => true,
        _ => return None,
    };
    let file_type = match code.get(1..)? {
        "i2" => FileType::I16,
        "i4" => FileType::I32,
        "f4" => FileType::F32,
        "f8" => FileType::F64,
        _ => return None,
    };
    Some((big_endian, file_type))
}
