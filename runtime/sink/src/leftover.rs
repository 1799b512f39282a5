//! What killed runs leave beside an output, told from what a live run is writing.
//!
//! Whoever writes `<name>.partial-<pid>` holds a lock on it (`flock`), which the system lets go when the process ends, however it
//! ends. A leftover is removed only if its lock is free *and* no process of that number runs here: the lock tells of
//! processes in other containers and on other machines of a network share, the number of those whose file system has no locks.
//! Where neither can be asked (other systems than Unix) nothing is removed.

use std::fs::File;
use std::io;
use std::path::Path;

/// Locks a temporary that was just created. `AlreadyExists` if another run took it for a leftover in between: then the next name
/// is tried.
#[cfg(unix)]
pub(crate) fn mine(path: &Path, file: File) -> io::Result<File> {
    use rustix::fs::{FlockOperation, flock};
    use rustix::io::Errno;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) if same(path, &file) => Ok(file),
        Ok(()) | Err(Errno::WOULDBLOCK) => Err(io::ErrorKind::AlreadyExists.into()),
        // A file system without locks.
        Err(_) => Ok(file),
    }
}

#[cfg(not(unix))]
pub(crate) fn mine(_: &Path, file: File) -> io::Result<File> {
    Ok(file)
}

/// The same for a folder; `None` where folders cannot be opened.
pub(crate) fn my_folder(path: &Path) -> io::Result<Option<File>> {
    if cfg!(unix) { mine(path, File::open(path)?).map(Some) } else { Ok(None) }
}

/// Removes the temporaries of killed runs beside `target`. What cannot be removed stays.
#[cfg(unix)]
pub(crate) fn remove(target: &Path) {
    use rustix::fs::{FlockOperation, flock};

    let Some(name) = target.file_name().and_then(|name| name.to_str()) else { return };
    let Ok(entries) = std::fs::read_dir(crate::disk::folder_of(target)) else { return };
    for entry in entries.flatten() {
        let (path, beside) = (entry.path(), entry.file_name());
        let Some(process) = beside.to_str().and_then(|beside| process(beside, name)) else { continue };
        if runs(process) {
            continue;
        }
        let Ok(kind) = entry.file_type() else { continue };
        if !kind.is_file() && !kind.is_dir() {
            continue;
        }
        let Ok(file) = File::open(&path) else { continue };
        let free = flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok();
        if free && same(&path, &file) {
            let _ = if kind.is_dir() { std::fs::remove_dir_all(&path) } else { std::fs::remove_file(&path) };
        }
    }
}

#[cfg(not(unix))]
pub(crate) fn remove(_: &Path) {}

/// Whether the open file is the one that has this name now.
#[cfg(unix)]
fn same(path: &Path, file: &File) -> bool {
    use std::os::unix::fs::MetadataExt;
    let there = std::fs::symlink_metadata(path).map(|meta| (meta.dev(), meta.ino()));
    let open = file.metadata().map(|meta| (meta.dev(), meta.ino()));
    matches!((there, open), (Ok(there), Ok(open)) if there == open)
}

/// The number of the process in `<name>.partial-<pid>` or `<name>.partial-<pid>-<n>`.
#[cfg(unix)]
fn process(beside: &str, name: &str) -> Option<i32> {
    let numbers = beside.strip_prefix(name)?.strip_prefix(".partial-")?;
    let (process, again) = numbers.split_once('-').unwrap_or((numbers, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit());
    (digits(process) && digits(again)).then(|| process.parse().ok()).flatten()
}

/// Whether a process of this number runs here, other than this one: what this one writes is locked.
#[cfg(unix)]
fn runs(process: i32) -> bool {
    use rustix::process::{Pid, test_kill_process};
    if process.unsigned_abs() == std::process::id() {
        return false;
    }
    // Without a right to signal it, it is there all the same.
    Pid::from_raw(process).is_some_and(|pid| test_kill_process(pid) != Err(rustix::io::Errno::SRCH))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::atomic::faulty::names;
    use crate::{AtomicFile, Mode};

    /// A number that no process has: of one that has just ended.
    fn ended() -> u32 {
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let id = child.id();
        child.wait().unwrap();
        id
    }

    #[test]
    fn the_temporary_of_a_killed_run_is_removed_by_the_next() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.npy");
        let dead = ended();
        for name in [format!("a.npy.partial-{dead}"), format!("a.npy.partial-{dead}-3")] {
            std::fs::write(folder.path().join(name), "half").unwrap();
        }
        std::fs::create_dir(folder.path().join(format!("a.npy.partial-{dead}-4"))).unwrap();
        // Of another output, of somebody's own making, of this process' number before a restart, and of one that runs.
        let parent = std::os::unix::process::parent_id();
        let others = [
            format!("b.npy.partial-{dead}"),
            format!("a.npy.partial-{dead}.bak"),
            "a.npy.partial-".into(),
            format!("a.npy.partial-{parent}"),
        ];
        others.iter().for_each(|name| std::fs::write(folder.path().join(name), "keep").unwrap());
        std::fs::write(folder.path().join(format!("a.npy.partial-{}", std::process::id())), "half").unwrap();
        AtomicFile::create(&path, Mode::New).unwrap().commit().unwrap();
        let mut kept: Vec<String> = others.into();
        kept.push("a.npy".into());
        kept.sort();
        assert_eq!(names(folder.path()), kept);
    }

    #[test]
    fn what_another_run_is_writing_stays_whatever_its_number() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.npy");
        // As a run in another container shows: its lock is held, its number is nobody's here.
        let theirs = folder.path().join(format!("a.npy.partial-{}", ended()));
        let held = mine(&theirs, File::create_new(&theirs).unwrap()).unwrap();
        let first = AtomicFile::create(&path, Mode::Overwrite).unwrap();
        let second = AtomicFile::create(&path, Mode::Overwrite).unwrap();
        assert_eq!(names(folder.path()).len(), 3);
        first.commit().unwrap();
        second.commit().unwrap();
        assert!(theirs.exists());
        drop(held);
        AtomicFile::create(&path, Mode::Overwrite).unwrap().commit().unwrap();
        assert_eq!(names(folder.path()), ["a.npy"]);
    }
}
