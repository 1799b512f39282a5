//! Tables of channels in both formats: values, mistakes, damage, and the join with a record.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use dasc_io::{Location, Position, Survey, inspect, open, read_geometry, read_mute, set_worker};

/// Written by `tests/data/tables.py` with pyarrow.
fn table(name: &str) -> PathBuf {
    set_worker(env!("CARGO_BIN_EXE_dasc-io-worker"));
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

#[test]
fn csv_is_checked_line_by_line() {
    let folder = tempfile::tempdir().unwrap();
    let csv = |content: &str| {
        let path = folder.path().join("g.csv");
        std::fs::write(&path, content).unwrap();
        text(&path)
    };
    let found =
        read_geometry(&csv("channel,latitude,remark,distance\n# fibre A\n3,51.5,ok,\n4,,bad splice,12.5\n"));
    let found = found.unwrap();
    assert_eq!(found.position(3).unwrap().latitude, Some(51.5));
    assert_eq!(
        found.position(4).unwrap(),
        &Position { channel: 4, distance: Some(12.5), ..Default::default() }
    );
    for (content, word) in [
        ("channel,lattitude\n", "latitude"),
        ("distance\n1\n", "'channel'"),
        ("channel,depth\n1,2\n1,3\n", "line 3"),
        ("channel,latitude\n1,95\n", "95"),
        ("channel,depth\n1\n", "1 cells"),
        ("channel,depth\n1,x\n", "'x'"),
        ("channel,depth\n1.5,0\n", "1.5"),
        ("channel,depth\n,0\n", "no channel number"),
        ("channel,channel\n1,1\n", "two columns"),
        ("", "empty"),
    ] {
        let error = read_geometry(&csv(content)).err().unwrap().to_string();
        assert!(error.contains(word), "{content:?}: {error}");
    }
    assert_eq!(read_mute(&csv("channel\n5\n10..13, 2\n11\n")).unwrap(), [2, 5, 10, 11, 12]);
    assert!(read_mute(&csv("1\nbad channel\n")).err().unwrap().message.contains("line 2"));
    assert!(read_mute(&csv("0..99999999999\n")).is_err());
}

#[test]
fn parquet_is_read_whatever_its_types_and_codec() {
    let plain = read_geometry(&text(&table("plain.parquet"))).unwrap();
    assert_eq!(
        plain.positions,
        [
            Position {
                channel: 7,
                distance: Some(10.0),
                latitude: Some(51.5),
                longitude: Some(-0.125),
                depth: Some(2.5),
                quality: Some(1.0)
            },
            Position { channel: 8, distance: Some(20.25), quality: Some(0.0), ..Default::default() },
        ]
    );
    // 32-bit integers, floats of 32 bits, zstd, three row groups, a column of text that is none of ours.
    let mixed = read_geometry(&text(&table("mixed.parquet"))).unwrap();
    assert_eq!(mixed.positions.len(), 300);
    assert_eq!(mixed.position(299).unwrap().latitude, Some(f64::from(51.0f32 + 299.0 / 1024.0)));
    assert_eq!(read_mute(&text(&table("plain.parquet"))).unwrap(), [7, 8]);
    for (name, word) in [("text.parquet", "'depth'"), ("misspelt.parquet", "did you mean longitude")] {
        let error = read_geometry(&text(&table(name))).err().unwrap().to_string();
        assert!(error.contains(word), "{name}: {error}");
    }
}

#[test]
fn damaged_parquet_is_an_error_and_no_crash() {
    let whole = std::fs::read(table("plain.parquet")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("broken.parquet");
    let begun = Instant::now();
    let mut refused = 0;
    let mut check = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        if let Err(diag) = read_geometry(&text(&path)) {
            assert!(diag.message.contains("broken.parquet"), "{diag}");
            refused += 1;
        }
    };
    for cut in (4..whole.len()).step_by(whole.len() / 12) {
        check(&whole[..cut]);
    }
    // Single bytes changed: at regular places, and throughout the footer.
    let footer = whole.len() - 40..whole.len();
    for at in (4..whole.len()).step_by(whole.len() / 30).chain(footer.step_by(2)) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0xff;
        check(&bytes);
    }
    assert!(refused > 20, "{refused}");
    assert!(begun.elapsed() < Duration::from_secs(60));
}

#[test]
fn a_survey_is_joined_by_number_and_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = text(&folder.path().join("g.csv"));
    let source = open(&Location::new("synthetic:sine?channels=3&samples=10&fs=100Hz&dx=2m")).unwrap();
    let join = |content: &str| {
        std::fs::write(&path, content).unwrap();
        Survey::new(read_geometry(&path).unwrap(), source.header(), &path)
    };
    let survey = join("channel,latitude,quality\n0,50,1\n1,,0\n2,52,0.5\n9,,\n").unwrap();
    assert_eq!(survey.distances(), None);
    assert_eq!(survey.bad(), [1]);
    assert_eq!(survey.place(2, 4.0).unwrap().latitude, Some(52.0));
    // A channel an operator made of others has the number of one but not its place.
    assert_eq!(survey.place(2, 3.0), None);
    let columns = survey.columns(&[(0, 0.0), (1, 2.0), (2, 3.0)]);
    assert_eq!(columns.iter().map(|(c, _)| c.name).collect::<Vec<_>>(), ["latitude", "quality"]);
    assert_eq!(columns[0].1[0], 50.0);
    assert!(columns[0].1[1].is_nan() && columns[0].1[2].is_nan());
    let survey = join("channel,distance\n0,5\n1,6\n2,9\n").unwrap();
    assert_eq!(survey.distances().as_deref(), Some(&[5.0, 6.0, 9.0][..]));
    for content in ["channel,distance\n0,5\n1,\n2,9\n", "channel,depth\n0,5\n2,9\n"] {
        let error = join(content).err().unwrap().to_string();
        assert!(error.contains("1 of 3 channels, the first of them 1"), "{error}");
    }
    std::fs::write(&path, "channel,depth\n0,1\n1,2\n2,4\n").unwrap();
    let found = inspect("synthetic:sine?channels=3&samples=10&fs=100Hz&dx=2m", Some(&path)).unwrap();
    let facts = &found.record.unwrap().survey;
    assert_eq!(
        facts.iter().map(|f| (f.column, f.known, f.least, f.most)).collect::<Vec<_>>(),
        [("depth", 3, 1.0, 4.0)]
    );
}
