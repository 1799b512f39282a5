//! What is remembered of a folder. One test in its own process, because where to remember is the same for all of it.

use std::path::Path;

use dasc_io::{Location, Source, open, remember_in};

/// 100 rows of one channel that begin with row `from` at 1 kHz.
fn write(folder: &Path, name: &str, from: i64) {
    let rows: Vec<u8> = (from..from + 100).flat_map(|row| (row as f32).to_le_bytes()).collect();
    std::fs::write(folder.join(name), rows).unwrap();
    let start = dasc_ir::time::format_utc(1_714_521_600_000_000_000 + from * 1_000_000);
    let sidecar = format!(
        "{{\"channels\": 1, \"rate\": 1000, \"type\": \"f32\", \"unit\": \"m\", \"start\": \"{start}\"}}"
    );
    std::fs::write(folder.join(format!("{name}.json")), sidecar).unwrap();
}

fn segments(folder: &Path) -> (Vec<(i64, u64)>, Vec<String>) {
    let source: Box<dyn Source> = open(&Location::new(folder.to_string_lossy())).unwrap();
    let header = source.header();
    (header.segments.iter().map(|s| (s.start, s.len)).collect(), header.notes.clone())
}

#[test]
fn what_is_remembered_is_used_only_while_it_is_true() {
    let (folder, cache) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let place = folder.path();
    remember_in(Some(cache.path().to_path_buf()));
    write(place, "a.dat", 0);
    write(place, "b.dat", 100);
    let index = || {
        let mut files = std::fs::read_dir(cache.path().join("records")).unwrap();
        files.next().unwrap().unwrap().path()
    };
    assert_eq!(segments(place).0, [(0, 200)]);
    let stored = std::fs::read(index()).unwrap();
    assert_eq!(segments(place).0, [(0, 200)]);
    assert_eq!(std::fs::read(index()).unwrap(), stored);
    // Another content of the same size, with the old times of change put back.
    let changed = ["b.dat", "b.dat.json"].map(|name| place.join(name));
    let times = changed.each_ref().map(|path| std::fs::metadata(path).unwrap().modified().unwrap());
    write(place, "b.dat", 150);
    for (path, time) in changed.iter().zip(times) {
        std::fs::File::options().write(true).open(path).unwrap().set_modified(time).unwrap();
    }
    let truth = [(0, 100), (150, 100)];
    assert_eq!(segments(place).0, truth);
    // Every kind of damage is a miss, and said.
    let stored = std::fs::read(index()).unwrap();
    for at in 0..stored.len() {
        let mut flipped = stored.clone();
        flipped[at] ^= 1;
        std::fs::write(index(), &flipped).unwrap();
        let (found, notes) = segments(place);
        assert_eq!(found, truth, "byte {at}");
        assert!(notes.iter().any(|note| note.contains("is damaged")), "byte {at}: {notes:?}");
    }
    std::fs::write(index(), &stored[..stored.len() / 2]).unwrap();
    assert_eq!(segments(place).0, truth);
    // A cache that cannot be written is said, and costs nothing but time.
    std::fs::remove_dir_all(cache.path()).unwrap();
    std::fs::write(cache.path(), "no folder").unwrap();
    let (found, notes) = segments(place);
    assert_eq!(found, truth);
    assert!(notes.iter().any(|note| note.contains("could not be remembered")), "{notes:?}");
    std::fs::remove_file(cache.path()).unwrap();
    std::fs::create_dir(cache.path()).unwrap();
}
