//! What the real files that are not HDF5 lack, made with others' writers (`reference/made_formats.py`): byte orders, types,
//! compressions, gaps, and what is refused.

use std::ops::Range;
use std::path::Path;

use dasc_io::{Endian, FileType, Location, ReadOptions, Segment, Source, open};
use dasc_ir::{Rational, time::parse_utc};

fn path(name: &str) -> String {
    let made = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/made");
    made.join(name).to_string_lossy().into_owned()
}

fn real(name: &str) -> Vec<u8> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data");
    std::fs::read(data.join(name)).unwrap()
}

fn source(name: &str) -> Box<dyn Source> {
    open(&Location::new(path(name))).unwrap_or_else(|e| panic!("{name}: {e}"))
}

fn opened(bytes: &[u8]) -> Result<Box<dyn Source>, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    std::fs::write(&path, bytes).unwrap();
    open(&Location::new(path.to_string_lossy())).map_err(|e| e.to_string())
}

fn read(source: &dyn Source, rows: Range<i64>) -> Vec<f64> {
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

fn plain(rows: Range<i64>) -> Vec<f64> {
    rows.flat_map(|row| (0..4).map(move |channel| (row * 100 + channel) as f64)).collect()
}

fn wild(rows: Range<i64>) -> Vec<f64> {
    let value = |row: i64, channel: i64| {
        let a = 1i64 << (row / 12 % 27);
        (row * 7919 + channel * 131) % (2 * a + 1) - a
    };
    rows.flat_map(|row| (0..4).map(move |channel| value(row, channel) as f64)).collect()
}

fn start() -> i64 {
    parse_utc("2024-02-29T12:00:00Z").unwrap()
}

/// 300 rows of 4 channels at 250 Hz in one stretch, whole and in windows.
fn holds(name: &str, file_type: FileType, expected: fn(Range<i64>) -> Vec<f64>) -> Box<dyn Source> {
    let source = source(name);
    let header = source.header();
    assert_eq!((header.rate, header.channels.count), (Rational::integer(250), 4), "{name}");
    assert_eq!(header.segments, [Segment { start: 0, len: 300, start_ns: start() }], "{name}");
    assert_eq!(header.file_type, file_type, "{name}");
    assert!(read(&*source, 0..300) == expected(0..300), "{name}");
    for rows in [99..101, 0..1, 299..300, 40..260] {
        assert!(read(&*source, rows.clone()) == expected(rows), "{name}");
    }
    let width = header.file_type.size();
    let mut part = vec![0xa5; 3 * 5 * width];
    source.read(7..10, 1..3, &mut part, 5 * width).unwrap();
    let mut whole = vec![0; 10 * 4 * width];
    source.read(0..10, 0..4, &mut whole, 4 * width).unwrap();
    for (row, line) in part.chunks(5 * width).enumerate() {
        let from = ((7 + row) * 4 + 1) * width;
        assert_eq!(line[..2 * width], whole[from..from + 2 * width], "{name}");
        assert!(line[2 * width..].iter().all(|b| *b == 0xa5), "{name}");
    }
    source
}

#[test]
fn segy_is_read_in_every_type_and_byte_order() {
    for (name, file_type) in [
        ("ibm.sgy", FileType::F32),
        ("little_f32.sgy", FileType::F32),
        ("i16.sgy", FileType::I16),
        ("little_i32.sgy", FileType::I32),
    ] {
        let source = holds(name, file_type, plain);
        assert_eq!((source.header().format, source.header().unit.symbol()), ("segy", "m/s"), "{name}");
    }
}

#[test]
fn ibm_numbers_are_exact() {
    let source = source("ibm_extremes.sgy");
    let powers = |fraction: u32, power: i32| f64::from(fraction) / f64::from(1 << 24) * 16f64.powi(power);
    let wanted = [
        0.0,
        1.0,
        -1.0,
        powers(0x19_9999, 0),
        -118.625,
        powers(0x14_484c, 0x28 - 64),
        powers(0xff_c99e, 32),
        -powers(0xff_c99e, 32),
        powers(0x60_0000, 0x21 - 64),
        16_777_215.0,
        powers(0x55_5555, 0),
    ];
    assert_eq!(read(&*source, 0..11), wanted);
}

#[test]
fn segy_traces_that_do_not_belong_together_are_refused() {
    let whole = std::fs::read(path("i16.sgy")).unwrap();
    let third = 3600 + 2 * (240 + 600);
    for (at, value, word) in [
        (114, 299u16, "trace 3 of"),
        (116, 2000, "sampling interval of 2000 µs"),
        (164, 1, "begins at 2024-02-29T12:00:01Z"),
        (108, 20, "and 20 ms"),
    ] {
        let mut broken = whole.clone();
        broken[third + at..third + at + 2].copy_from_slice(&value.to_be_bytes());
        let error = opened(&broken).err().unwrap();
        assert!(error.contains(word) && error.contains("trace 3"), "{error}");
    }
    let mut unsigned = whole.clone();
    unsigned[3225] = 11;
    assert!(opened(&unsigned).err().unwrap().contains("unsigned"));
    assert!(opened(&whole[..whole.len() - 2]).err().unwrap().contains("cut short"));
}

#[test]
fn miniseed_is_read_in_every_encoding() {
    for (name, file_type) in [
        ("little_i16.mseed", FileType::I16),
        ("i32.mseed", FileType::I32),
        ("little_f32.mseed", FileType::F32),
        ("f64.mseed", FileType::F64),
        ("third_f32.mseed", FileType::F32),
    ] {
        holds(name, file_type, plain);
    }
    for name in ["steim1.mseed", "steim2.mseed", "third_steim2.mseed"] {
        let source = holds(name, FileType::I32, wild);
        let header = source.header();
        assert_eq!(header.attributes["channel 3"], "XX.00003..HSF", "{name}");
        assert!(header.assumes_spacing() && header.unit.symbol() == "count", "{name}");
    }
}

#[test]
fn a_gap_in_one_stream_is_a_gap_and_shuffled_records_are_not() {
    let source = source("gap.mseed");
    let header = source.header();
    let later = |row: i64| start() + row * 4_000_000;
    let wanted = [
        Segment { start: 0, len: 390, start_ns: later(10) },
        Segment { start: 440, len: 550, start_ns: later(450) },
    ];
    assert_eq!(header.segments, wanted);
    assert!(read(&*source, 0..390) == plain(10..400));
    assert!(read(&*source, 440..990) == plain(450..1000));
    let notes = header.notes.join("\n");
    assert!(
        notes.contains("in the file twice") && notes.contains("10 of 950 samples of XX.00000..HSF"),
        "{notes}"
    );
    let mut out = vec![0; 2 * 16];
    assert!(source.read(389..391, 0..4, &mut out, 16).is_err());
}

#[test]
fn records_that_overlap_must_agree() {
    let source = source("repeated.mseed");
    assert_eq!(source.header().segments, [Segment { start: 0, len: 300, start_ns: start() }]);
    assert!(read(&*source, 0..300) == (0..300).map(|row| f64::from(row * 100)).collect::<Vec<_>>());
    assert!(source.header().notes.iter().any(|n| n.starts_with("40 samples are in the file twice")));
    let error = open(&Location::new(path("contradicting.mseed"))).err().unwrap().to_string();
    assert!(error.contains("XX.00000..HSF") && error.contains("12:00:00.64Z and differ"), "{error}");
}

#[test]
fn integers_of_two_widths_are_read_as_the_wider() {
    let read_in = |name: &str| std::fs::read(path(name)).unwrap();
    let source = opened(&[read_in("little_i16.mseed"), read_in("i32.mseed")].concat()).unwrap();
    assert_eq!((source.header().file_type, source.header().samples()), (FileType::I32, 300));
    assert!(source.header().notes.iter().any(|n| n.starts_with("1200 samples are in the file twice")));
    assert!(read(&*source, 0..300) == plain(0..300));
}

/// As ObsPy reads it: the correction counts in 0.1 ms and unless activity flag 1 says that it was made already.
#[test]
fn a_time_correction_is_made_once() {
    for (activity, late) in [(0, 1_000_000_000), (2, 0)] {
        let mut records = std::fs::read(path("i32.mseed")).unwrap();
        for record in records.chunks_mut(512) {
            record[36] = activity;
            record[40..44].copy_from_slice(&10_000i32.to_be_bytes());
        }
        let source = opened(&records).unwrap();
        assert_eq!(source.header().segments, [Segment { start: 0, len: 300, start_ns: start() + late }]);
    }
}

#[test]
fn streams_that_are_no_record_are_refused_by_name() {
    let error = open(&Location::new(path("rates.mseed"))).err().unwrap().to_string();
    assert!(error.contains("XX.00000..HSF at 250 Hz, XX.00001..HSF at 100 Hz"), "{error}");
    let both =
        [std::fs::read(path("i32.mseed")).unwrap(), std::fs::read(path("f64.mseed")).unwrap()].concat();
    let error = opened(&both).err().unwrap();
    assert!(error.contains("int32 in XX.00000..HSF, float64 in XX.00000..HSF"), "{error}");
    let both = [real("geofon_ZH_HSF.mseed"), std::fs::read(path("steim1.mseed")).unwrap()].concat();
    let error = opened(&both).err().unwrap();
    assert!(error.contains("no time in common: ZH.00076..HSF ends at 2021-06-17"), "{error}");
    assert!(error.contains("HSF begins at 2024-02-29T12:00:00Z"), "{error}");
}

#[test]
fn a_damaged_record_is_told_when_its_samples_are_asked_for() {
    for (name, at, word) in [("steim2.mseed", 64 + 19, "end with"), ("third_f32.mseed", 400, "checksum")] {
        let mut broken = std::fs::read(path(name)).unwrap();
        broken[at] ^= 0x10;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, &broken).unwrap();
        let source = open(&Location::new(path.to_string_lossy())).unwrap();
        let mut out = vec![0; 300 * 16];
        let error = source.read(0..300, 0..4, &mut out, 16).unwrap_err().to_string();
        assert!(error.contains(word) && error.contains("miniSEED record at byte"), "{error}");
    }
}

#[test]
fn tdms_is_read_channel_after_channel_and_in_segments() {
    let source = holds("planar.tdms", FileType::I16, plain);
    let header = source.header();
    assert_eq!((header.format, header.unit.symbol()), ("tdms", "nstrain/s"));
    assert_eq!((header.spacing, header.distance, header.gauge_length), (2.5, 5.0, Some(10.0)));
    assert_eq!(header.scale, 116.0 * 250.0 / (8192.0 * 10.0));
}

#[test]
fn an_unfinished_tdms_file_has_its_whole_rows() {
    let mut whole = real("iDAS005_tdms_example.626.tdms");
    whole[12..20].copy_from_slice(&u64::MAX.to_le_bytes());
    let cut = whole.len() - 5 * 2304 - 100;
    let source = opened(&whole[..cut]).unwrap();
    assert_eq!(source.header().samples(), 994);
    assert!(source.header().notes.iter().any(|n| n.contains("did not finish")));
}

#[test]
fn sintela_packets_are_joined_and_missing_ones_leave_a_gap() {
    let source = holds("sintela.raw", FileType::F32, plain);
    let header = source.header();
    assert_eq!((header.channels.first, header.channels.step), (20, 2));
    assert_eq!((header.spacing, header.distance, header.gauge_length), (3.2, 32.0, Some(6.4)));
    assert_eq!(header.unit.symbol(), "ustrain/s");
    let source = self::source("sintela_gap.raw");
    let wanted = [
        Segment { start: 0, len: 150, start_ns: start() },
        Segment { start: 160, len: 150, start_ns: start() + 640_000_000 },
    ];
    assert_eq!(source.header().segments, wanted);
    assert!(read(&*source, 160..310) == plain(150..300));

    // The third envelope of the recording is taken out: 8 rows are missing after the first 8.
    let whole = real("sintela_protobuf_1.pb");
    let (second, third) = (30163 + 6500, 30163 + 2 * 6500);
    let source = opened(&[&whole[..second], &whole[third..]].concat()).unwrap();
    let found: Vec<(i64, u64)> = source.header().segments.iter().map(|s| (s.start, s.len)).collect();
    assert_eq!(found, [(0, 8), (16, 704)]);
    let mut spectra = whole.clone();
    spectra[30163..30171].copy_from_slice(b"PBUFFFT-");
    assert!(opened(&spectra).err().unwrap().contains("spectra"));
}

#[test]
fn options_override_what_a_file_says_and_must_not_contradict_it() {
    let given = ReadOptions {
        fs: Some(Rational::integer(500)),
        scale: Some(2.0),
        dx: Some(5.0),
        start: Some(1_700_000_000_000_000_000),
        unit: dasc_ir::Unit::parse("rad"),
        ..Default::default()
    };
    for name in ["ibm.sgy", "steim1.mseed", "planar.tdms", "sintela.raw"] {
        let source = open(&Location { path: path(name), options: given.clone() }).unwrap();
        let header = source.header();
        assert_eq!((header.rate, header.scale, header.spacing), (Rational::integer(500), 2.0, 5.0), "{name}");
        assert_eq!((header.segments[0].start_ns, header.unit.symbol()), (1_700_000_000_000_000_000, "rad"));
        let wrong = ReadOptions { channels: Some(7), endian: Some(Endian::Little), ..Default::default() };
        let error = open(&Location { path: path(name), options: wrong }).err().unwrap().to_string();
        assert!(error.contains("CHANNELS is 7"), "{error}");
    }
}
