//! Layouts the real files lack, made with h5py (`reference/made.py`): the sample at (row, channel) is `row * 100 + channel`.

use std::path::Path;

use dasc_io::{FileType, Location, Segment, Source, open, set_worker};
use dasc_ir::Rational;

fn path(name: &str) -> String {
    set_worker(env!("CARGO_BIN_EXE_dasc-io-worker"));
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/reference/made")
        .join(name)
        .to_string_lossy()
        .into_owned()
}

fn source(name: &str) -> Box<dyn Source> {
    open(&Location::new(path(name))).unwrap_or_else(|e| panic!("{name}: {e}"))
}

/// Reads rows of one segment as numbers.
fn read(source: &dyn Source, rows: std::ops::Range<i64>) -> Vec<f64> {
    let header = source.header();
    let row = header.channels.count * header.file_type.size();
    let mut out = vec![0; (rows.end - rows.start) as usize * row];
    source.read(rows, 0..header.channels.count, &mut out, row).unwrap();
    match header.file_type {
        FileType::I16 => out.chunks(2).map(|b| i16::from_ne_bytes(b.try_into().unwrap()).into()).collect(),
        FileType::I32 => out.chunks(4).map(|b| i32::from_ne_bytes(b.try_into().unwrap()).into()).collect(),
        FileType::F32 => out.chunks(4).map(|b| f32::from_ne_bytes(b.try_into().unwrap()).into()).collect(),
        FileType::F64 => out.chunks(8).map(|b| f64::from_ne_bytes(b.try_into().unwrap())).collect(),
    }
}

fn expected(rows: std::ops::Range<i64>) -> Vec<f64> {
    rows.flat_map(|row| (0..37).map(move |channel| (row * 100 + channel) as f64)).collect()
}

const START: i64 = 1_700_000_000_000_000_000;

#[test]
fn compressed_and_foreign_ended_samples_are_decoded() {
    for name in ["deflate.h5", "shuffle.h5", "fletcher.h5", "big_endian.h5", "big_endian_shuffled.h5"] {
        let source = source(name);
        let header = source.header();
        assert_eq!(header.rate, Rational::integer(1000), "{name}");
        assert_eq!(header.segments, [Segment { start: 0, len: 300, start_ns: START }], "{name}");
        assert_eq!((header.distance, header.spacing, header.unit.symbol()), (10.0, 2.5, "rad"), "{name}");
        let wrap = |x: &f64| if header.file_type == FileType::I16 { (*x as i64 as i16).into() } else { *x };
        let wanted: Vec<f64> = expected(0..300).iter().map(wrap).collect();
        assert!(read(&*source, 0..300) == wanted, "{name}");
        assert!(read(&*source, 63..65) == wanted[63 * 37..65 * 37], "{name}");
    }
}

#[test]
fn chunks_are_decoded_once_when_read_row_by_row() {
    let source = source("deflate.h5");
    read(&*source, 0..1);
    let mut row = vec![0; 37 * 4];
    for i in 0..64 {
        source.read(i..i + 1, 0..37, &mut row, 37 * 4).unwrap();
    }
    let once = source.bytes_read();
    read(&*source, 0..64);
    assert_eq!(source.bytes_read(), once);
}

#[test]
fn a_gap_is_kept_and_jitter_is_not() {
    let source = source("gap.h5");
    let header = source.header();
    assert_eq!(header.segments.len(), 2, "{:?}", header.segments);
    assert_eq!((header.segments[0].start, header.segments[0].len), (0, 100));
    assert_eq!((header.segments[1].start, header.segments[1].len), (107, 200));
    // Stamps jitter by 0.2 ms over 0.2 s, so without a nominal rate 0.2 % is what can be known.
    assert!((header.rate.as_f64() / 1000.0 - 1.0).abs() < 2e-3, "{}", header.rate);
    assert!(read(&*source, 107..307) == expected(100..300));
    let mut out = vec![0; 2 * 37 * 4];
    assert!(source.read(99..101, 0..37, &mut out, 37 * 4).is_err());
}

#[test]
fn febus_blocks_abut_and_a_late_one_leaves_a_gap() {
    let source = source("febus_blocks.h5");
    let header = source.header();
    assert_eq!((header.format, header.unit.symbol(), header.spacing), ("febus", "nstrain/s", 2.0));
    assert_eq!((header.channels.first, header.distance, header.gauge_length), (5, 10.0, Some(4.0)));
    assert_eq!(header.rate, Rational::integer(1000));
    let found: Vec<(i64, u64)> = header.segments.iter().map(|s| (s.start, s.len)).collect();
    assert_eq!(found, [(0, 200), (1200, 100)]);
    // A block begins 80 ms before its stamp and 30 rows are cut off.
    assert!((header.segments[0].start_ns - (START - 50_000_000)).abs() < 1000);
    assert!(read(&*source, 0..200) == expected(0..200));
    assert!(read(&*source, 1200..1300) == expected(200..300));
    assert!(read(&*source, 95..105) == expected(95..105));
}

#[test]
fn rows_that_terra15_only_allocated_are_left_out() {
    let source = source("terra15_allocated.h5");
    assert_eq!(source.header().segments, [Segment { start: 0, len: 250, start_ns: START }]);
    assert!(source.header().notes.iter().any(|n| n.starts_with("50 of 300")), "{:?}", source.header().notes);
    assert!(read(&*source, 0..250) == expected(0..250));
}

#[test]
fn what_cannot_be_decoded_is_named() {
    for (name, word) in [("lzf.h5", "LZF"), ("unsigned.h5", "u16")] {
        let error = open(&Location::new(path(name))).err().unwrap();
        assert!(error.message.contains(word) && error.message.contains(name), "{error}");
    }
}
