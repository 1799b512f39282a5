//! Workers that answer nonsense, crash or hang: each is told apart, and a hanging one is stopped. One test in its own
//! process, because the worker is the same for all of it.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use dasc_io::{Location, open, set_worker};

#[test]
fn each_kind_of_failure_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/h5_simple_1.h5");
    let location = Location::new(file.to_string_lossy());
    for (script, word) in [
        ("echo hello", "not a worker"),
        ("kill -SEGV $$", "crashed"),
        ("printf 'dasc-worker 1\\n{\"Err\":\"no signature\"}'", "no signature"),
        ("printf 'dasc-worker 1\\n{{'", "cannot be understood"),
        ("exec sleep 60", "still busy"),
    ] {
        let program = folder.path().join(format!("worker{}", word.len()));
        std::fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        set_worker(&program);
        let begun = Instant::now();
        let error = open(&location).err().unwrap().to_string();
        assert!(
            error.contains(word) && error.contains("h5_simple_1.h5") || word == "not a worker",
            "{script}: {error}"
        );
        assert!(error.contains(word), "{script}: {error}");
        assert!(begun.elapsed() < Duration::from_secs(8), "{script}");
    }
    set_worker(folder.path().join("nobody"));
    assert!(open(&location).err().unwrap().message.contains("cannot start"));
    set_worker(env!("CARGO_BIN_EXE_dasc-io-worker"));
    assert!(open(&location).is_ok());
}
