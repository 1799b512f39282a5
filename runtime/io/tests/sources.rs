//! Headerless files, NumPy files, made-up signals, windows and tables.

use std::path::Path;

use dasc_io::*;
use dasc_ir::{Rational, Unit};

fn write(folder: &Path, name: &str, bytes: &[u8]) -> String {
    let path = folder.join(name);
    std::fs::write(&path, bytes).unwrap();
    path.to_string_lossy().into_owned()
}

fn options() -> ReadOptions {
    ReadOptions {
        channels: Some(3),
        fs: Some(Rational::integer(500)),
        dtype: Some(FileType::I16),
        ..Default::default()
    }
}

fn rows(source: &dyn Source, rows: std::ops::Range<i64>) -> Vec<u8> {
    let header = source.header();
    let row = header.channels.count * header.file_type.size();
    let mut out = vec![0; (rows.end - rows.start) as usize * row];
    source.read(rows, 0..header.channels.count, &mut out, row).unwrap();
    out
}

fn failure(location: &Location) -> String {
    open(location).err().unwrap().to_string()
}

#[test]
fn a_headerless_file_names_everything_that_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path(), "fiber.dat", &[0; 12]);
    let error = failure(&Location::new(&path));
    for word in ["CHANNELS", "FS", "DTYPE", "fiber.dat.json", "inspect --write-sidecar"] {
        assert!(error.contains(word), "{error}");
    }
    let error =
        failure(&Location { path, options: ReadOptions { fs: Some(Rational::ONE), ..Default::default() } });
    assert!(!error.contains("FS=") && error.contains("CHANNELS"), "{error}");
}

#[test]
fn a_headerless_file_is_read_in_either_byte_order() {
    let folder = tempfile::tempdir().unwrap();
    let values: Vec<i16> = (0..12).map(|i| i * 1000 - 5000).collect();
    let big: Vec<u8> = values.iter().flat_map(|x| x.to_be_bytes()).collect();
    let path = write(folder.path(), "fiber.dat", &big);
    let source =
        open(&Location { path, options: ReadOptions { endian: Some(Endian::Big), ..options() } }).unwrap();
    assert_eq!((source.header().samples(), source.header().channels.count), (4, 3));
    let native: Vec<u8> = values.iter().flat_map(|x| x.to_ne_bytes()).collect();
    assert_eq!(rows(&*source, 0..4), native);
    assert_eq!(rows(&*source, 2..3), native[12..18]);
}

#[test]
fn a_cut_row_is_refused_with_the_arithmetic() {
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path(), "fiber.dat", &[0; 20]);
    let error = failure(&Location { path, options: options() });
    assert!(
        error.contains("20 bytes") && error.contains("3 rows of 3 i16") && error.contains("2 bytes more"),
        "{error}"
    );
}

#[test]
fn a_sidecar_drafted_from_a_header_reads_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path(), "fiber.dat", &[0; 24]);
    let third = Rational::new(10000, 3);
    let given = ReadOptions {
        fs: third,
        scale: Some(0.1),
        dx: Some(2.5),
        unit: Unit::parse("nstrain/s"),
        start: Some(1_700_000_000_123_456_789),
        ..options()
    };
    let drafted = open(&Location { path: path.clone(), options: given }).unwrap();
    let beside = draft_sidecar(&path, Some(drafted.header())).unwrap();
    assert_eq!(beside, sidecar_path(&path));
    let error = draft_sidecar(&path, None).err().unwrap();
    assert!(error.help.is_some(), "{error}");
    let source = open(&Location::new(&path)).unwrap();
    let (found, wanted) = (source.header(), drafted.header());
    assert_eq!((found.rate, found.scale, found.spacing), (third.unwrap(), 0.1, 2.5));
    assert_eq!((found.segments.clone(), found.channels), (wanted.segments.clone(), wanted.channels));
    assert_eq!((&found.unit, found.file_type), (&wanted.unit, FileType::I16));
    std::fs::write(&beside, "{\"chanels\": 3}").unwrap();
    let error = failure(&Location::new(&path));
    assert!(error.contains("chanels") && error.contains("sidecar.schema.json"), "{error}");
}

#[test]
fn the_published_schema_knows_the_fields_of_a_sidecar() {
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/sidecar.schema.json");
    let schema: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(schema).unwrap()).unwrap();
    let named: Vec<&String> =
        schema["properties"].as_object().unwrap().keys().filter(|k| *k != "$schema").collect();
    let full = Sidecar {
        schema: None,
        version: 1,
        channels: Some(1),
        dtype: Some("i16".into()),
        byte_order: Some("little".into()),
        scale: Some(1.0),
        spacing: Some(1.0),
        unit: Some("rad".into()),
        start: Some("2024-01-01".into()),
        channel0: Some(0),
        channel_step: Some(1),
        gauge_length: Some(10.0),
        distance0: Some(0.0),
        rate: serde_json::from_str("1000").unwrap(),
    };
    let full = serde_json::to_value(full).unwrap();
    let fields: Vec<&String> = full.as_object().unwrap().keys().collect();
    assert_eq!(named, fields);
}

#[test]
fn numpy_files_need_a_rate_and_say_what_they_cannot_be() {
    let folder = tempfile::tempdir().unwrap();
    let npy = |descr: &str, order: &str, shape: &str, data: &[u8]| {
        let mut text = format!("{{'descr': '{descr}', 'fortran_order': {order}, 'shape': {shape}, }}");
        text.push_str(&" ".repeat(117 - text.len()));
        text.push('\n');
        [b"\x93NUMPY\x01\x00", (text.len() as u16).to_le_bytes().as_slice(), text.as_bytes(), data].concat()
    };
    let values: Vec<u8> = (0..6).flat_map(|i| (i as f32).to_be_bytes()).collect();
    let path = write(folder.path(), "a.bin", &npy(">f4", "False", "(2, 3)", &values));
    assert!(failure(&Location::new(&path)).contains("FS"));
    let rate = ReadOptions { fs: Some(Rational::integer(10)), ..Default::default() };
    let source = open(&Location { path, options: rate.clone() }).unwrap();
    assert_eq!(rows(&*source, 1..2), [3f32, 4.0, 5.0].map(f32::to_ne_bytes).concat());
    // Fortran order: channel after channel.
    let path = write(folder.path(), "f.npy", &npy(">f4", "True", "(2, 3)", &values));
    let source = open(&Location { path, options: rate.clone() }).unwrap();
    assert_eq!((source.header().samples(), source.header().channels.count), (2, 3));
    assert_eq!(rows(&*source, 0..2), [0f32, 2.0, 4.0, 1.0, 3.0, 5.0].map(f32::to_ne_bytes).concat());
    for (bytes, word) in [
        (npy(">f4", "Maybe", "(2, 3)", &values), "order"),
        (npy("|O", "False", "(2, 3)", &values), "'|O'"),
        (npy("<f4", "False", "(6,)", &values), "(samples, channels)"),
        (npy("<f4", "False", "(99999999999, 99999999999)", &values), "impossible"),
        (npy("<f4", "False", "(3, 3)", &values), "cut short"),
        (b"\x93NUMPY\x01\x00".to_vec(), "too short"),
    ] {
        let path = write(folder.path(), "b.npy", &bytes);
        let error = failure(&Location { path, options: rate.clone() });
        assert!(error.contains(word), "{error}");
    }
}

#[test]
fn foreign_files_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path(), "a.dat", b"PAR10000");
    assert!(failure(&Location::new(path)).contains("Parquet"));
    assert!(failure(&Location::new("/nonexistent/x.h5")).contains("/nonexistent/x.h5"));
    assert!(failure(&Location::new(folder.path().to_string_lossy())).contains("Parquet"));
}

#[test]
fn made_up_signals_have_the_same_bits_in_any_order() {
    for kind in dasc_io::synthetic::kinds() {
        let text = format!("synthetic:{kind}?channels=40&samples=2000&fs=200Hz&dx=10m&seed=3");
        let source = open(&Location::new(&text)).unwrap();
        let whole = rows(&*source, 0..2000);
        for row in [1999, 0, 777, 3] {
            assert!(
                rows(&*source, row..row + 1) == whole[row as usize * 160..(row as usize + 1) * 160],
                "{kind} {row}"
            );
        }
        let mut part = vec![0; 5 * 8];
        source.read(100..105, 7..9, &mut part, 8).unwrap();
        assert_eq!(part[8..16], whole[101 * 160 + 28..101 * 160 + 36]);
    }
    let noise =
        |seed: u32| rows(&*open(&Location::new(format!("synthetic:noise?seed={seed}"))).unwrap(), 0..8192);
    assert!(noise(1) == noise(1) && noise(1) != noise(2));
    let values: Vec<f64> =
        noise(1).chunks(4).map(|b| f32::from_ne_bytes(b.try_into().unwrap()).into()).collect();
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let deviation = (values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / count).sqrt();
    // Two million samples of deviation 5: the mean is within 5 sigma of 0, the deviation within 0.5 %.
    assert!(
        mean.abs() < 5.0 * 5.0 / count.sqrt() && (deviation / 5.0 - 1.0).abs() < 5e-3,
        "{mean} {deviation}"
    );
}

#[test]
fn a_quake_arrives_later_farther_away_and_gaps_are_segments() {
    let source =
        open(&Location::new("synthetic:quake?channels=500&samples=16000&fs=500Hz&dx=4m&gaps=2")).unwrap();
    let header = source.header();
    assert_eq!((header.samples(), header.segments.len(), header.unit.symbol()), (16000, 3, "nstrain/s"));
    assert_eq!(header.segments[1].start, 5333 + 160);
    let first = header.segments[0];
    let later = header.segments[1].start_ns - first.start_ns;
    assert_eq!(later, (5333 + 160) * 2_000_000);
    let table = rows(&*source, 0..first.len as i64);
    let at = |row: usize, channel: usize| {
        f32::from_ne_bytes(table[row * 2000 + channel * 4..][..4].try_into().unwrap())
    };
    let onset = |channel: usize| (0..first.len as usize).find(|row| at(*row, channel).abs() > 45.0).unwrap();
    assert!(onset(490) > onset(5) + 50, "{} {}", onset(490), onset(5));
    for (text, word) in [
        ("quake?chanels=3", "channels"),
        ("quack", "quake"),
        ("sine?freq=900Hz", "Nyquist"),
        ("noise?channels=1.5", "whole"),
        ("noise?fs=-3Hz", "out of range"),
        ("noise?dx=3s", "unit"),
    ] {
        let error = failure(&Location::new(format!("synthetic:{text}")));
        assert!(error.contains(word), "{text}: {error}");
    }
}

#[test]
fn a_window_keeps_numbers_distances_index_and_clock() {
    let text = "synthetic:noise?channels=30&samples=1000&fs=100Hz&dx=2m&gaps=1";
    let whole = open(&Location::new(text)).unwrap();
    let table = rows(&*whole, 510..1010);
    let window = Window { channels: Some(4..15), every: 3, samples: Some(400..700), ..Default::default() };
    let part = Selected::new(open(&Location::new(text)).unwrap(), &window).unwrap();
    let header = part.header();
    assert_eq!(header.channels, Channels { first: 4, step: 3, count: 4 });
    assert_eq!((header.distance, header.spacing), (8.0, 6.0));
    let found: Vec<(i64, u64)> = header.segments.iter().map(|s| (s.start, s.len)).collect();
    assert_eq!(found, [(400, 100), (510, 190)]);
    let start = whole.header().segments[0].start_ns;
    assert_eq!(header.segments[0].start_ns - start, 4_000_000_000);
    let read = rows(&part, 510..700);
    for (row, line) in read.chunks(16).enumerate() {
        for (i, channel) in [4, 7, 10, 13].iter().enumerate() {
            assert_eq!(line[i * 4..i * 4 + 4], table[row * 120 + channel * 4..][..4]);
        }
    }
    let time = Window { time: Some(start + 20_000_000..start + 30_000_001), ..Default::default() };
    let part = Selected::new(open(&Location::new(text)).unwrap(), &time).unwrap();
    assert_eq!((part.header().segments[0].start, part.header().segments[0].len), (2, 2));
    let distance = Window { distance: Some(10.0..14.0), ..Default::default() };
    let part = Selected::new(open(&Location::new(text)).unwrap(), &distance).unwrap();
    assert_eq!(
        (part.header().channels.first, part.header().channels.count, part.header().distance),
        (5, 2, 10.0)
    );
    let nothing = Window { channels: Some(30..40), ..Default::default() };
    let error = Selected::new(open(&Location::new(text)).unwrap(), &nothing).err().unwrap().to_string();
    assert!(error.contains("channels 0 to 29") && error.contains("CH=0..30"), "{error}");
}

#[test]
fn an_inspection_lists_datasets_and_becomes_json() {
    set_worker(env!("CARGO_BIN_EXE_dasc-io-worker"));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/prodml_2.0.h5");
    let found = inspect(&path.to_string_lossy(), None).unwrap();
    let record = found.record.as_ref().unwrap();
    assert_eq!((record.samples, record.channels, record.rate.as_str()), (2500, 512, "200"));
    assert!(
        found
            .datasets
            .iter()
            .any(|d| d.path == "Acquisition/Raw[0]/RawData" && d.storage.contains("1024 x 512"))
    );
    let json = serde_json::to_value(&found).unwrap();
    assert_eq!(json["record"]["type"], "i16");
    let folder = tempfile::tempdir().unwrap();
    let found = inspect(&write(folder.path(), "x.dat", &[0; 4]), None).unwrap();
    assert!(found.record.is_none() && found.problem.unwrap().contains("CHANNELS"));
}

#[test]
fn a_pipe_is_refused_and_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe.dat");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    assert!(failure(&Location::new(pipe.to_string_lossy())).contains("regular file"));
}

#[test]
fn the_beginning_of_a_known_format_is_never_read_as_samples() {
    let folder = tempfile::tempdir().unwrap();
    for (name, head) in [
        ("a.tdms", &b"TDSm0000"[..]),
        ("a.sgy", b"\xc3\x40\xf1\x40\xc3\xd3\xc9\xc5"),
        ("b.sgy", b"C 1 CLIENT"),
        ("a.mseed", b"000001D FBE"),
        ("b.mseed", b"MS\x03\x04"),
        ("a.raw", b"\x44\x33\x22\x11\x60"),
        ("a.pb", b"PBUFMETA\x00"),
    ] {
        let error = failure(&Location { path: write(folder.path(), name, head), options: options() });
        assert!(error.contains("cut short") && error.contains(name), "{error}");
    }
}
