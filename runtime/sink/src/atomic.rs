//! A file that appears under its name only when it is whole and on the disk.

use crate::disk::{failed, folder_of, name_not_durable, sync_folder};
use crate::leftover;
use crate::target::{Mode, already_there, check_existing, resolve};
use dasc_ir::{Diag, Result};
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// A file being written as `<name>.partial-<pid>` beside its final name.
///
/// [`commit`](AtomicFile::commit) syncs it, renames it and syncs the folder; a drop without it removes the
/// temporary. The first failed write or sync is final: later writes repeat its error and `commit` refuses, because
/// the kernel forgets a failed write-back once it was told.
///
/// Writes are not buffered; wrap it in a `BufWriter` for small ones. The temporary is locked while it is written, so that
/// the next run for the same name can tell what a killed one has left behind, and removes it.
pub struct AtomicFile {
    medium: Box<dyn Medium>,
    partial: PathBuf,
    target: PathBuf,
    mode: Mode,
    before: Option<Stamp>,
    written: u64,
    fault: Option<Diag>,
    committed: bool,
}

/// What bytes end up on: a file, or in tests one that fails on command.
pub(crate) trait Medium: Write + Seek + Send {
    fn sync(&mut self) -> io::Result<()>;
}

impl Medium for File {
    fn sync(&mut self) -> io::Result<()> {
        self.sync_all()
    }
}

impl AtomicFile {
    /// Opens the temporary. `Mode::Append` starts from an empty file too: its caller copies what is to stay.
    ///
    /// # Errors
    /// Existing output under `Mode::New`, a missing or unwritable folder.
    pub fn create(target: &Path, mode: Mode) -> Result<AtomicFile> {
        AtomicFile::create_on(target, mode, |file| Box::new(file))
    }

    pub(crate) fn create_on(
        target: &Path,
        mode: Mode,
        wrap: impl FnOnce(File) -> Box<dyn Medium>,
    ) -> Result<AtomicFile> {
        let target = resolve(target)?;
        check_existing(&target, mode)?;
        let (partial, file) = create_beside(&target, |path| {
            OpenOptions::new()
                .write(true)
                .create_new(true)
                .open(path)
                .and_then(|file| leftover::mine(path, file))
        })
        .map_err(|error| failed("create", &target, 0, &error))?;
        let (medium, before) = (wrap(file), Stamp::of(&target));
        Ok(AtomicFile { medium, partial, target, mode, before, written: 0, fault: None, committed: false })
    }

    /// The final name.
    pub fn path(&self) -> &Path {
        &self.target
    }

    /// Bytes written so far.
    pub fn written(&self) -> u64 {
        self.written
    }

    /// The first failure, if there was one; says more than the `io::Error` that passed through a writer in between.
    pub fn fault(&self) -> Option<&Diag> {
        self.fault.as_ref()
    }

    /// Replaces bytes that were written before, such as a header whose counts are known only at the end.
    pub fn patch(&mut self, offset: u64, bytes: &[u8]) -> Result<()> {
        let patched = self.medium.seek(SeekFrom::Start(offset)).and_then(|_| self.medium.write_all(bytes));
        let returned = patched.and_then(|()| self.medium.seek(SeekFrom::End(0)));
        self.note(returned, "write").map(drop)
    }

    /// Writes bytes at `offset`, which may lie beyond the end. What is left out in between must follow before the file is whole.
    pub fn place(&mut self, offset: u64, bytes: &[u8]) -> Result<()> {
        if let Some(fault) = &self.fault {
            return Err(fault.clone());
        }
        self.patch(offset, bytes)?;
        self.written = self.written.max(offset.saturating_add(bytes.len() as u64));
        Ok(())
    }

    /// Makes the file durable under its final name and returns its length in bytes.
    ///
    /// # Errors
    /// Any earlier failure, a failed sync (which is not tried again), a name taken meanwhile under `Mode::New`.
    pub fn commit(mut self) -> Result<u64> {
        if let Some(fault) = &self.fault {
            return Err(fault.clone());
        }
        let synced = self.medium.sync();
        self.note(synced, "save")?;
        publish(&self.partial, &self.target, self.mode, &self.before)?;
        self.committed = true;
        sync_folder(folder_of(&self.target)).map_err(|error| name_not_durable(&self.target, &error))?;
        Ok(self.written)
    }

    fn note<T>(&mut self, outcome: io::Result<T>, action: &str) -> Result<T> {
        outcome.map_err(|error| {
            let diag = failed(action, &self.target, self.written, &error);
            self.fault.get_or_insert(diag).clone()
        })
    }
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(fault) = &self.fault {
            return Err(io::Error::other(fault.message.clone()));
        }
        match self.medium.write(bytes) {
            Ok(count) => {
                self.written = self.written.saturating_add(count as u64);
                Ok(count)
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => Err(error),
            Err(error) => {
                let wanted = self.written.saturating_add(bytes.len() as u64);
                self.fault = Some(failed("write", &self.target, wanted, &error));
                Err(error)
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.medium.flush()
    }
}

impl Drop for AtomicFile {
    fn drop(&mut self) {
        if !self.committed {
            // Nobody is left to tell; the name says that the file is partial.
            let _ = fs::remove_file(&self.partial);
        }
    }
}

/// Creates `<name>.partial-<pid>` beside `target` through `create`, which must refuse an existing path, after removing what
/// killed runs have left of it. A number is added while that name is taken: in containers process ids repeat.
pub(crate) fn create_beside<T>(
    target: &Path,
    create: impl Fn(&Path) -> io::Result<T>,
) -> io::Result<(PathBuf, T)> {
    let name = target.file_name().ok_or(ErrorKind::InvalidInput)?;
    leftover::remove(target);
    for attempt in 0..1000 {
        let mut partial = OsString::from(name);
        partial.push(format!(".partial-{}", std::process::id()));
        if attempt > 0 {
            partial.push(format!("-{attempt}"));
        }
        let partial = target.with_file_name(partial);
        match create(&partial) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => continue,
            outcome => return outcome.map(|made| (partial, made)),
        }
    }
    Err(ErrorKind::AlreadyExists.into())
}

/// Tells whether a file is still the one it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    modified: Option<std::time::SystemTime>,
    length: u64,
    inode: u64,
}

impl Stamp {
    pub(crate) fn of(path: &Path) -> Option<Stamp> {
        let meta = fs::symlink_metadata(path).ok()?;
        #[cfg(unix)]
        let inode = std::os::unix::fs::MetadataExt::ino(&meta);
        #[cfg(not(unix))]
        let inode = 0;
        Some(Stamp { modified: meta.modified().ok(), length: meta.len(), inode })
    }
}

/// Refuses to replace what another run has written since ours copied it, which would lose that run's rows. (A run
/// that ends in the same instant is not noticed.)
pub(crate) fn check_unchanged(target: &Path, mode: Mode, before: &Option<Stamp>) -> Result<()> {
    if mode == Mode::Append && Stamp::of(target) != *before {
        return Err(Diag::world(format!(
            "'{}' was changed by someone else while it was appended to",
            target.display()
        ))
        .help("append from one run at a time; nothing of this run was kept"));
    }
    Ok(())
}

/// Gives a finished file its name; under `Mode::New` only if the name is still free.
fn publish(partial: &Path, target: &Path, mode: Mode, before: &Option<Stamp>) -> Result<()> {
    check_unchanged(target, mode, before)?;
    let renamed = match mode {
        Mode::New => rename_if_free(partial, target),
        Mode::Overwrite | Mode::Append => fs::rename(partial, target),
    };
    renamed.map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists | ErrorKind::DirectoryNotEmpty => already_there(target),
        _ => failed("rename the finished", target, 0, &error),
    })
}

pub(crate) fn rename_if_free(from: &Path, to: &Path) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        use rustix::io::Errno;
        match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
            // File systems that do not know the flag.
            Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {}
            outcome => return Ok(outcome?),
        }
    }
    if fs::symlink_metadata(to).is_ok() {
        return Err(ErrorKind::AlreadyExists.into());
    }
    fs::rename(from, to)
}

#[cfg(test)]
pub(crate) mod faulty {
    use super::*;

    /// A file that takes `room` bytes and then fails with `errno`, or whose sync fails.
    pub(crate) struct Faulty {
        pub(crate) file: File,
        pub(crate) room: u64,
        pub(crate) errno: i32,
        pub(crate) sync_errno: Option<i32>,
    }

    impl Write for Faulty {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if self.room == 0 && !bytes.is_empty() {
                return Err(io::Error::from_raw_os_error(self.errno));
            }
            let take = bytes.len().min(self.room as usize);
            let count = self.file.write(&bytes[..take])?;
            self.room -= count as u64;
            Ok(count)
        }

        fn flush(&mut self) -> io::Result<()> {
            self.file.flush()
        }
    }

    impl Seek for Faulty {
        fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
            self.file.seek(to)
        }
    }

    impl Medium for Faulty {
        fn sync(&mut self) -> io::Result<()> {
            self.sync_errno.map_or(Ok(()), |errno| Err(io::Error::from_raw_os_error(errno)))
        }
    }

    pub(crate) const ENOSPC: i32 = 28;
    pub(crate) const EIO: i32 = 5;

    /// An atomic file with room for `room` bytes.
    pub(crate) fn small(target: &Path, mode: Mode, room: u64) -> AtomicFile {
        let wrap = |file| Box::new(Faulty { file, room, errno: ENOSPC, sync_errno: None }) as Box<dyn Medium>;
        AtomicFile::create_on(target, mode, wrap).unwrap()
    }

    pub(crate) fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<_> = entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

#[cfg(test)]
mod tests {
    use super::faulty::*;
    use super::*;

    #[test]
    fn the_name_appears_with_the_commit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.png");
        let mut file = AtomicFile::create(&path, Mode::New).unwrap();
        file.write_all(b"xxxx picture").unwrap();
        file.patch(0, b"some").unwrap();
        assert!(!path.exists());
        assert_eq!(names(folder.path()), [format!("a.png.partial-{}", std::process::id())]);
        assert_eq!(file.commit().unwrap(), 12);
        assert_eq!(fs::read(&path).unwrap(), b"some picture");
        assert_eq!(names(folder.path()), ["a.png"]);
    }

    #[test]
    fn a_drop_leaves_nothing_and_the_old_file_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.png");
        fs::write(&path, "old").unwrap();
        let mut file = AtomicFile::create(&path, Mode::Overwrite).unwrap();
        file.write_all(b"new").unwrap();
        drop(file);
        assert_eq!(names(folder.path()), ["a.png"]);
        assert_eq!(fs::read_to_string(path).unwrap(), "old");
    }

    #[test]
    fn a_name_taken_during_the_run_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.png");
        let file = AtomicFile::create(&path, Mode::New).unwrap();
        fs::write(&path, "someone else's").unwrap();
        let diag = file.commit().unwrap_err();
        assert!(diag.message.contains("exists already"), "{diag}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "someone else's");
        assert_eq!(names(folder.path()), ["a.png"]);
    }

    #[test]
    fn two_appending_runs_do_not_lose_each_other_s_rows() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        for _ in 0..2 {
            let [first, second] = [(); 2].map(|()| AtomicFile::create(&path, Mode::Append).unwrap());
            first.commit().unwrap();
            let diag = second.commit().unwrap_err();
            assert!(diag.message.contains("changed by someone else"), "{diag}");
            assert_eq!(names(folder.path()), ["a.csv"]);
        }
    }

    #[test]
    fn a_full_disk_names_file_bytes_and_remedy_and_stays_failed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.png");
        let mut file = small(&path, Mode::New, 10);
        assert!(file.write_all(&[0; 64]).is_err());
        let diag = file.fault().unwrap().clone();
        assert!(diag.message.contains("disk is full") && diag.message.contains("a.png"), "{diag}");
        assert!(diag.message.contains("64 bytes"), "{diag}");
        assert!(diag.help.as_deref().unwrap().contains("free space"));
        assert!(file.write(b"x").is_err(), "a failed file took more");
        assert_eq!(file.commit().unwrap_err(), diag);
        assert!(names(folder.path()).is_empty());
    }

    #[test]
    fn a_failed_sync_is_final() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.png");
        let wrap =
            |file| Box::new(Faulty { file, room: 100, errno: EIO, sync_errno: Some(EIO) }) as Box<dyn Medium>;
        let mut file = AtomicFile::create_on(&path, Mode::New, wrap).unwrap();
        file.write_all(b"picture").unwrap();
        let diag = file.commit().unwrap_err();
        assert!(diag.message.contains("cannot save"), "{diag}");
        assert!(names(folder.path()).is_empty());
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_kept_and_what_it_leads_to_replaced() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("real.png"), "old").unwrap();
        let link = folder.path().join("link.png");
        std::os::unix::fs::symlink("real.png", &link).unwrap();
        let mut file = AtomicFile::create(&link, Mode::Overwrite).unwrap();
        file.write_all(b"new").unwrap();
        file.commit().unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(folder.path().join("real.png")).unwrap(), "new");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_kernel_s_own_full_disk_reads_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.png");
        let full = |_| Box::new(OpenOptions::new().write(true).open("/dev/full").unwrap()) as Box<dyn Medium>;
        let mut file = AtomicFile::create_on(&path, Mode::New, full).unwrap();
        assert!(file.write_all(&[1; 4096]).is_err());
        let diag = file.commit().unwrap_err();
        assert!(diag.message.contains("disk is full") && diag.message.contains("4096 bytes"), "{diag}");
    }
}
