//! Zarr stores made by zarr-python and xarray (`reference/made_zarr.py`): every codec, layout and clock that they write by default, and damage.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use dasc_io::{Channels, FileType, Location, ReadOptions, Segment, Source, inspect, open};
use dasc_ir::{Diag, Rational, time::parse_utc};

fn made() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/made")
}

fn at(path: &Path, options: ReadOptions) -> Result<Box<dyn Source>, Diag> {
    open(&Location { path: path.to_string_lossy().into_owned(), options })
}

fn read(source: &dyn Source, rows: Range<i64>, channels: Range<usize>) -> Vec<f64> {
    let width = source.header().file_type.size();
    let row = channels.len() * width;
    let mut out = vec![0; (rows.end - rows.start) as usize * row];
    source.read(rows, channels, &mut out, row).unwrap();
    let numbers = out.chunks(width);
    match source.header().file_type {
        FileType::I16 => numbers.map(|b| i16::from_ne_bytes(b.try_into().unwrap()).into()).collect(),
        FileType::I32 => numbers.map(|b| i32::from_ne_bytes(b.try_into().unwrap()).into()).collect(),
        FileType::F32 => numbers.map(|b| f32::from_ne_bytes(b.try_into().unwrap()).into()).collect(),
        FileType::F64 => numbers.map(|b| f64::from_ne_bytes(b.try_into().unwrap())).collect(),
    }
}

fn plain(rows: Range<i64>, channels: Range<usize>) -> Vec<f64> {
    rows.flat_map(|row| channels.clone().map(move |channel| (row * 100) as f64 + channel as f64)).collect()
}

/// The samples are those of the script, whole and in parts that meet the borders of chunks in every way.
fn holds(name: &str, source: &dyn Source) {
    assert_eq!((source.header().samples(), source.header().channels.count), (300, 4), "{name}");
    for rows in [0..300, 0..1, 299..300, 31..33, 127..129, 40..260] {
        for channels in [0..4, 0..1, 2..4, 1..3] {
            let found = read(source, rows.clone(), channels.clone());
            assert!(
                found == plain(rows.clone(), channels.clone()),
                "{name}: rows {rows:?} of channels {channels:?}"
            );
        }
    }
}

fn start() -> i64 {
    parse_utc("2024-02-29T12:00:00Z").unwrap()
}

fn quarter_kilohertz() -> ReadOptions {
    ReadOptions { fs: Some(Rational::integer(250)), ..ReadOptions::default() }
}

#[test]
fn what_xarray_writes_has_its_axes_clock_and_unit() {
    for (name, file_type, format) in [
        ("xarray2.zarr", FileType::F32, "zarr2"),
        ("xarray3.zarr", FileType::F64, "zarr"),
        ("turned3.zarr", FileType::I16, "zarr"),
    ] {
        let source = at(&made().join(name), ReadOptions::default()).unwrap_or_else(|e| panic!("{name}: {e}"));
        let header = source.header();
        assert_eq!(
            (header.rate, header.file_type, header.format),
            (Rational::integer(250), file_type, format)
        );
        assert_eq!(header.segments, [Segment { start: 0, len: 300, start_ns: start() }], "{name}");
        assert_eq!(header.channels, Channels { first: 10, step: 2, count: 4 }, "{name}");
        assert_eq!(
            (header.distance, header.spacing, header.gauge_length),
            (100.0, 2.0, Some(10.0)),
            "{name}"
        );
        assert_eq!((header.unit.symbol(), header.scale), ("nstrain", 1.0), "{name}");
        assert_eq!(header.attributes["instrument"], "made", "{name}");
        holds(name, &*source);
        assert!(source.bytes_read() > 0);
    }
    let found = inspect(&made().join("xarray3.zarr").to_string_lossy(), None).unwrap();
    assert!(found.bytes > 1000 && found.record.is_some_and(|record| record.samples == 300), "not inspected");
}

#[test]
fn every_codec_and_layout_gives_the_same_samples() {
    let stores = [
        "blosc_lz4_plain",
        "blosc_lz4_bytes",
        "blosc_lz4_bits",
        "blosc_lz4hc_bytes",
        "blosc_zlib_plain",
        "blosc_zlib_bytes",
        "blosc_zstd_bytes",
        "blosc_zstd_bits",
        "blosc_blocks",
        "gzip2",
        "zlib2",
        "none2",
        "blosc3",
        "gzip3",
        "transpose3",
        "sharded3",
        "sharded3_start",
    ];
    for name in stores {
        let source = at(&made().join(format!("{name}.zarr")), quarter_kilohertz());
        holds(name, &*source.unwrap_or_else(|e| panic!("{name}: {e}")));
    }
}

#[test]
fn a_gap_in_the_times_is_a_gap_and_what_was_not_written_is_the_fill_value() {
    let source = at(&made().join("gap3.zarr"), ReadOptions::default()).unwrap();
    let expected = [
        Segment { start: 0, len: 200, start_ns: start() },
        Segment { start: 250, len: 100, start_ns: start() + 1_000_000_000 },
    ];
    assert_eq!(source.header().segments, expected);
    assert!(read(&*source, 250..350, 0..4) == plain(200..300, 0..4));
    let source = at(&made().join("holes3.zarr"), quarter_kilohertz()).unwrap();
    assert!(read(&*source, 0..100, 0..4).iter().all(|x| x.is_nan()));
    assert!(read(&*source, 100..200, 0..4) == plain(100..200, 0..4));
}

#[test]
fn what_cannot_be_read_is_named_with_a_remedy() {
    for (name, options, says) in [
        ("gzip2.zarr", ReadOptions::default(), "does not say its sampling rate"),
        ("delta2.zarr", quarter_kilohertz(), "encoded with 'delta'"),
        ("complex3.zarr", quarter_kilohertz(), "data_type is 'complex64'"),
        ("xarray3.zarr/time", quarter_kilohertz(), "no array of samples by channels"),
        ("xarray3.zarr", ReadOptions { channels: Some(7), ..ReadOptions::default() }, "CHANNELS is 7"),
    ] {
        let diag = at(&made().join(name), options).err().unwrap_or_else(|| panic!("{name} opened"));
        assert!(diag.message.contains(says) && diag.help.is_some(), "{name}: {diag}");
    }
}

#[test]
fn several_stores_are_one_record() {
    // Both begin at the same time: the second has nothing that the first has not.
    let folder = tempfile::tempdir().unwrap();
    for name in ["a.zarr", "b.zarr"] {
        copy(&made().join("xarray2.zarr"), &folder.path().join(name));
    }
    for path in [folder.path().to_path_buf(), folder.path().join("*.zarr")] {
        let source = at(&path, ReadOptions::default()).unwrap();
        holds("two stores", &*source);
        assert!(
            source.remarks().iter().any(|text| text.contains("1 file with nothing")),
            "{:?}",
            source.remarks()
        );
    }
}

#[test]
fn times_in_seconds_and_rates_that_are_fractions_keep_their_digits() {
    for name in ["floats2.zarr", "floats3.zarr"] {
        let source = at(&made().join(name), ReadOptions::default()).unwrap_or_else(|e| panic!("{name}: {e}"));
        let header = source.header();
        assert_eq!(header.rate, Rational::integer(250), "{name}");
        assert_eq!(header.segments, [Segment { start: 0, len: 300, start_ns: start() }], "{name}");
        holds(name, &*source);
    }
    let source = at(&made().join("fraction3.zarr"), ReadOptions::default()).unwrap();
    assert_eq!(source.header().rate, Rational::new(10_000, 3).unwrap());
    assert_eq!(source.header().segments, [Segment { start: 0, len: 300, start_ns: start() }]);
    holds("fraction3.zarr", &*source);
}

#[test]
fn whole_metres_are_positions_and_not_every_integer_is_a_channel_number() {
    let source = at(&made().join("metres3.zarr"), ReadOptions::default()).unwrap();
    let header = source.header();
    assert_eq!((header.distance, header.spacing), (40.0, 10.0));
    assert_eq!(header.channels, Channels { first: 0, step: 1, count: 4 });
    holds("metres3.zarr", &*source);
}

#[test]
fn another_array_is_never_taken_for_the_samples() {
    let diag = at(&made().join("other3.zarr"), ReadOptions::default()).err().expect("a mask was read");
    assert!(diag.message.contains("other3.zarr/data") && diag.message.contains("complex64"), "{diag}");
    assert!(diag.help.as_ref().is_some_and(|help| help.contains("real")), "{diag}");
}

/// A copy of a made store in which something is changed.
fn changed(name: &str, change: impl Fn(&Path)) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join(name);
    copy(&made().join(name), &target);
    change(&target);
    (folder, target)
}

fn rewrite(file: &Path, from: &str, to: &str) {
    let text = std::fs::read_to_string(file).unwrap();
    assert!(text.contains(from), "{}: {text}", file.display());
    std::fs::write(file, text.replacen(from, to, 1)).unwrap();
}

#[test]
fn times_that_are_missing_or_none_are_refused() {
    let (_folder, path) = changed("gap3.zarr", |store| std::fs::remove_file(store.join("time/c/0")).unwrap());
    let diag = at(&path, ReadOptions::default()).err().expect("a store without times opened");
    assert!(diag.message.contains("never written") && diag.help.is_some(), "{diag}");
    // Also where the rate is known and the times only say where gaps are.
    let (_folder, path) =
        changed("fraction3.zarr", |store| std::fs::remove_file(store.join("time/c/0")).unwrap());
    let diag = at(&path, ReadOptions::default()).err().expect("a store without times opened");
    assert!(diag.message.contains("never written") && diag.help.is_some(), "{diag}");
}

#[test]
fn a_rate_that_the_times_do_not_bear_out_is_not_believed() {
    let (_folder, path) = changed("fraction3.zarr", |store| {
        rewrite(&store.join("time/zarr.json"), "10000/3", "20000/3");
    });
    let source = at(&path, ReadOptions::default()).unwrap();
    assert_eq!(source.header().segments.len(), 1, "{:?}", source.header().notes);
    assert_eq!(source.header().rate, Rational::new(10_000, 3).unwrap());
    assert!(source.header().notes.iter().any(|note| note.contains("20000/3")), "{:?}", source.header().notes);
}

#[test]
fn the_inside_of_a_store_is_no_file_of_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a.zarr", "b.zarr"] {
        copy(&made().join("xarray2.zarr"), &folder.path().join(name));
    }
    holds("**", &*at(&folder.path().join("**"), ReadOptions::default()).unwrap_or_else(|e| panic!("{e}")));
    // Arrays are named one by one.
    let inside = folder.path().join("*.zarr/strain");
    holds("strain", &*at(&inside, quarter_kilohertz()).unwrap_or_else(|e| panic!("{e}")));
}

#[cfg(unix)]
#[test]
fn a_pipe_in_place_of_a_chunk_does_not_keep_anybody_waiting() {
    let (_folder, path) = changed("xarray3.zarr", |store| {
        let chunk = store.join("strain/c/0/0");
        std::fs::remove_file(&chunk).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(&chunk).status().unwrap().success());
    });
    let (done, waited) = std::sync::mpsc::channel();
    std::thread::spawn(move || done.send(tried(&path)));
    let outcome = waited.recv_timeout(Duration::from_secs(8)).expect("it waits for ever");
    assert!(outcome.is_err_and(|diag| diag.message.contains("no file")));
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    all.sort();
    all.into_iter().flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// Opens and reads all there is, a small part of what claims to be large.
fn tried(path: &Path) -> Result<(), Diag> {
    let source = at(path, quarter_kilohertz())?;
    let header = source.header();
    let channels = 0..header.channels.count.min(64);
    let row = channels.len() * header.file_type.size();
    for segment in header.segments.iter().take(100) {
        let rows = segment.len.min(1000) as i64;
        let mut out = vec![0; rows as usize * row];
        source.read(segment.start..segment.start + rows, channels.clone(), &mut out, row)?;
    }
    Ok(())
}

#[test]
fn damage_is_an_error_or_other_numbers_and_never_more() {
    let folder = tempfile::tempdir().unwrap();
    let mut seed = 3u64;
    let mut below = |n: usize| {
        seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (seed >> 33) as usize % n
    };
    let (mut refused, mut cases) = (0, 0);
    for name in [
        "xarray2",
        "gap3",
        "sharded3",
        "sharded3_start",
        "blosc_lz4_bits",
        "blosc_zstd_bytes",
        "blosc_zlib_bytes",
        "gzip3",
        "blosc_blocks",
    ] {
        let target = folder.path().join(format!("{name}.zarr"));
        copy(&made().join(format!("{name}.zarr")), &target);
        let all = files(&target);
        for case in 0..240 {
            let file = &all[below(all.len())];
            let whole = std::fs::read(file).unwrap();
            let mut broken = whole.clone();
            match case % 4 {
                0 => broken.truncate(below(whole.len())),
                // A digit more or another one makes other shapes, chunks and offsets.
                1 => {
                    let digits: Vec<usize> =
                        (0..whole.len()).filter(|at| whole[*at].is_ascii_digit()).collect();
                    let Some(place) = (!digits.is_empty()).then(|| digits[below(digits.len())]) else {
                        continue;
                    };
                    if case % 8 == 1 {
                        broken[place] = b'0' + below(10) as u8
                    } else {
                        broken.splice(place..place, *b"9999999");
                    }
                }
                _ => {
                    // Headers of chunks are at their beginnings.
                    let place = if case % 4 == 2 { below(whole.len().min(24)) } else { below(whole.len()) };
                    broken[place] = if case % 3 == 0 { 0xff } else { broken[place] ^ (1 << below(8)) };
                }
            }
            std::fs::write(file, &broken).unwrap();
            let begun = Instant::now();
            let outcome = tried(&target);
            assert!(begun.elapsed() < Duration::from_secs(8), "{name} {case}: {:?}", begun.elapsed());
            if let Err(diag) = outcome {
                assert!(diag.message.contains(".zarr"), "{name} {case}: {diag}");
                refused += 1;
            }
            cases += 1;
            std::fs::write(file, &whole).unwrap();
        }
    }
    assert!(refused > cases / 4, "only {refused} of {cases} were refused");
}
