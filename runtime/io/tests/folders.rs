//! Folders of files as one record: how files are joined is worked out by hand from their starts and lengths.

use std::path::Path;

use dasc_io::{Location, OnBad, OnGap, OnOverlap, ReadOptions, Source, open};
use tempfile::TempDir;

const CHANNELS: usize = 3;
/// Nanoseconds between samples at 1 kHz.
const STEP: i64 = 1_000_000;
/// 2024-05-01T00:00:00Z.
const BEGIN: i64 = 1_714_521_600_000_000_000;

/// Rows `from .. to` of a signal that tells its own index and channel, in a file that begins `late` nanoseconds after row 0.
fn write(folder: &Path, name: &str, rows: std::ops::Range<i64>, late: i64) {
    write_at(folder, name, rows.map(|row| row as f32).collect(), late, "1000");
}

fn write_at(folder: &Path, name: &str, rows: Vec<f32>, late: i64, rate: &str) {
    let value = |row: &f32| {
        (0..CHANNELS).flat_map(move |c| (row * 10.0 + c as f32).to_le_bytes()).collect::<Vec<u8>>()
    };
    std::fs::write(folder.join(name), rows.iter().flat_map(value).collect::<Vec<u8>>()).unwrap();
    let start = dasc_ir::time::format_utc(BEGIN + late);
    let sidecar = format!(
        "{{\"channels\": 3, \"rate\": {rate}, \"type\": \"f32\", \"spacing\": 1, \"unit\": \"strain\", \"start\": \"{start}\"}}"
    );
    std::fs::write(folder.join(format!("{name}.json")), sidecar).unwrap();
}

fn with(folder: &TempDir, options: ReadOptions) -> dasc_ir::Result<Box<dyn Source>> {
    open(&Location { path: folder.path().to_string_lossy().into_owned(), options })
}

fn read(folder: &TempDir) -> Box<dyn Source> {
    with(folder, ReadOptions::default()).unwrap()
}

/// The first channel's values divided by 10: the rows' own indices.
fn rows(source: &dyn Source, range: std::ops::Range<i64>) -> Vec<f32> {
    let count = (range.end - range.start) as usize;
    let mut out = vec![0; count * CHANNELS * 4];
    source.read(range, 0..CHANNELS, &mut out, CHANNELS * 4).unwrap();
    out.chunks_exact(CHANNELS * 4)
        .map(|row| f32::from_le_bytes([row[0], row[1], row[2], row[3]]) / 10.0)
        .collect()
}

fn segments(source: &dyn Source) -> Vec<(i64, u64, i64)> {
    source.header().segments.iter().map(|s| (s.start, s.len, s.start_ns - BEGIN)).collect()
}

fn counted(range: std::ops::Range<i64>) -> Vec<f32> {
    range.map(|row| row as f32).collect()
}

#[test]
fn files_follow_each_other_by_time_whatever_their_names() {
    let folder = tempfile::tempdir().unwrap();
    // A clock that is late by 0.4 ms, then early: less than half a sample each time.
    write(folder.path(), "c.dat", 0..100, 0);
    write(folder.path(), "a.dat", 100..250, 100 * STEP + 400_000);
    write(folder.path(), "b.dat", 250..300, 250 * STEP - 90_000);
    let source = read(&folder);
    assert_eq!(segments(&*source), [(0, 300, 0)]);
    assert_eq!(rows(&*source, 0..300), counted(0..300));
    assert_eq!(rows(&*source, 95..255), counted(95..255));
    assert_eq!(rows(&*source, 249..250), counted(249..250));
    assert!(source.header().notes.iter().any(|note| note.contains("3 files without gaps")));
}

#[test]
fn jitter_of_clocks_does_not_add_up() {
    let folder = tempfile::tempdir().unwrap();
    // Each file is 0.4 samples late after the one before: 8 samples in the end, which is said.
    for i in 0..21 {
        write(folder.path(), &format!("{i:02}.dat"), i * 50..(i + 1) * 50, i * 50 * STEP + i * 400_000);
    }
    let source = read(&folder);
    assert_eq!(segments(&*source), [(0, 1050, 0)]);
    assert_eq!(rows(&*source, 0..1050), counted(0..1050));
    assert!(
        source.header().notes.iter().any(|note| note.contains("by up to 8.0 samples")),
        "{:?}",
        source.header().notes
    );
}

#[test]
fn gaps_begin_stretches_whose_index_counts_what_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "a.dat", 0..100, 0);
    write(folder.path(), "b.dat", 130..200, 130 * STEP + 300_000);
    write(folder.path(), "c.dat", 201..210, 201 * STEP + 300_000);
    let source = read(&folder);
    assert_eq!(
        segments(&*source),
        [(0, 100, 0), (130, 70, 130 * STEP + 300_000), (201, 9, 201 * STEP + 300_000)]
    );
    assert_eq!(rows(&*source, 130..200), counted(130..200));
    assert_eq!(rows(&*source, 201..210), counted(201..210));
    let refused =
        with(&folder, ReadOptions { on_gap: OnGap::Error, ..Default::default() }).err().unwrap().to_string();
    assert!(
        refused.contains("a gap of 30 samples before 2024-05-01T00:00:00.1303") && refused.contains("1 more"),
        "{refused}"
    );
    let masked = with(&folder, ReadOptions { on_gap: OnGap::Mask, ..Default::default() }).unwrap();
    assert_eq!(segments(&*masked), [(0, 210, 0)]);
    let values = rows(&*masked, 90..210);
    for (value, row) in values.iter().zip(90..) {
        match row {
            100..130 | 200 => assert!(value.is_nan(), "row {row} is {value}"),
            _ => assert_eq!(*value, row as f32),
        }
    }
    assert!(rows(&*masked, 105..120).iter().all(|value| value.is_nan()));
}

#[test]
fn samples_that_two_files_have_are_compared_and_count_once() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "a.dat", 0..100, 0);
    write(folder.path(), "b.dat", 80..200, 80 * STEP);
    // Within others altogether, and the same file once more.
    write(folder.path(), "c.dat", 20..60, 20 * STEP);
    write(folder.path(), "d.dat", 0..100, 0);
    let source = read(&folder);
    assert_eq!(segments(&*source), [(0, 200, 0)]);
    assert_eq!(rows(&*source, 0..200), counted(0..200));
    let notes = &source.header().notes;
    assert!(notes.iter().any(|note| note.starts_with("1 overlap between files")), "{notes:?}");
    assert!(
        notes.iter().any(|note| note.starts_with("2 files with nothing that others have not")),
        "{notes:?}"
    );
    // One sample of those in common differs.
    let mut other = counted(80..200);
    other[7] += 1.0;
    write_at(folder.path(), "b.dat", other, 80 * STEP, "1000");
    let source = read(&folder);
    assert_eq!(rows(&*source, 0..80), counted(0..80), "what lies before is not touched");
    let mut out = vec![0; CHANNELS * 4];
    let refused = source.read(150..151, 0..CHANNELS, &mut out, CHANNELS * 4).unwrap_err().to_string();
    assert!(
        !source.remarks().is_empty()
            && refused.contains("b.dat")
            && refused.contains("20 samples")
            && refused.contains("ON_OVERLAP=first"),
        "{refused}"
    );
    let first = with(&folder, ReadOptions { on_overlap: OnOverlap::First, ..Default::default() }).unwrap();
    assert_eq!(rows(&*first, 0..200), counted(0..200));
}

#[test]
fn files_that_do_not_say_when_they_begin_are_not_taken_for_one() {
    let folder = tempfile::tempdir().unwrap();
    for (name, from) in [("a.dat", 0), ("b.dat", 100)] {
        write(folder.path(), name, from..from + 100, 0);
        let sidecar = "{\"channels\": 3, \"rate\": 1000, \"type\": \"f32\", \"spacing\": 1}";
        std::fs::write(folder.path().join(format!("{name}.json")), sidecar).unwrap();
    }
    let source = read(&folder);
    let mut out = vec![0; CHANNELS * 4];
    let refused = source.read(0..1, 0..CHANNELS, &mut out, CHANNELS * 4).unwrap_err().to_string();
    assert!(refused.contains("b.dat") && refused.contains("when the files say they begin"), "{refused}");
}

#[test]
fn files_that_cannot_be_one_record_are_named() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "a.dat", 0..100, 0);
    write_at(folder.path(), "b.dat", counted(100..200), 100 * STEP, "500");
    let refused = with(&folder, ReadOptions::default()).err().unwrap().to_string();
    for part in ["a.dat", "b.dat", "sampling rate", "1000 Hz", "500 Hz", "pattern"] {
        assert!(refused.contains(part), "{part}: {refused}");
    }
    let one = open(&Location::new(folder.path().join("a*").to_string_lossy())).unwrap();
    assert_eq!(rows(&*one, 0..100), counted(0..100));
}

#[test]
fn what_is_no_data_is_passed_over_and_what_is_bad_stops_or_is_left_out() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "a.dat", 0..100, 0);
    write(folder.path(), "b.dat", 100..200, 100 * STEP);
    for name in ["notes.txt", "c.dat.part", "list.csv", ".hidden.dat"] {
        std::fs::write(folder.path().join(name), "x").unwrap();
    }
    std::fs::create_dir(folder.path().join("within")).unwrap();
    assert_eq!(segments(&*read(&folder)), [(0, 200, 0)]);
    std::fs::write(folder.path().join("broken.h5"), "x").unwrap();
    let refused = with(&folder, ReadOptions::default()).err().unwrap().to_string();
    assert!(refused.contains("broken.h5") && refused.contains("ON_BAD=skip"), "{refused}");
    let skipped = with(&folder, ReadOptions { on_bad: OnBad::Skip, ..Default::default() }).unwrap();
    assert_eq!(segments(&*skipped), [(0, 200, 0)]);
    assert!(skipped.losses()[0].contains("broken.h5"), "{:?}", skipped.losses());
    let empty = tempfile::tempdir().unwrap();
    assert!(with(&empty, ReadOptions::default()).err().unwrap().to_string().contains("no data files"));
    let skip = ReadOptions { on_bad: OnBad::Skip, ..Default::default() };
    let broken = folder.path().join("broken*").to_string_lossy().into_owned();
    let none = open(&Location { path: broken, options: skip }).err().unwrap().to_string();
    assert!(none.contains("none of the files") && none.contains("broken.h5"), "{none}");
    let nothing =
        open(&Location::new(folder.path().join("*.h6").to_string_lossy())).err().unwrap().to_string();
    assert!(nothing.contains("*.h6"), "{nothing}");
    let start = ReadOptions { start: Some(0), ..Default::default() };
    assert!(with(&folder, start).err().unwrap().to_string().contains("START"));
}

#[test]
fn folders_within_are_named_by_a_pattern_and_a_link_to_itself_ends() {
    let folder = tempfile::tempdir().unwrap();
    for (day, from) in [("d1", 0), ("d2", 100)] {
        std::fs::create_dir(folder.path().join(day)).unwrap();
        write(&folder.path().join(day), "x.dat", from..from + 100, from * STEP);
    }
    std::os::unix::fs::symlink(folder.path(), folder.path().join("d1/loop")).unwrap();
    let all = open(&Location::new(folder.path().join("**/*.dat").to_string_lossy())).unwrap();
    assert_eq!(segments(&*all), [(0, 200, 0)]);
    let two = open(&Location::new(folder.path().join("d[12]/x.dat").to_string_lossy())).unwrap();
    assert_eq!(rows(&*two, 50..150), counted(50..150));
}
