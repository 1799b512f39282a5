//! A folder that appears under its name only when everything in it is on the disk.

use crate::atomic::{Stamp, check_unchanged, create_beside, rename_if_free};
use crate::disk::{failed, folder_of, name_not_durable, sync_folder};
use crate::leftover;
use crate::target::{Mode, already_there, check_existing, resolve};
use dasc_ir::Result;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// A folder being filled as `<name>.partial-<pid>` beside its final name; removed when dropped without a commit.
pub(crate) struct AtomicDir {
    partial: PathBuf,
    target: PathBuf,
    mode: Mode,
    before: Option<Stamp>,
    committed: bool,
    /// Says that the folder is being filled (`leftover.rs`), until it is dropped.
    _lock: Option<fs::File>,
}

impl AtomicDir {
    pub(crate) fn create(target: &Path, mode: Mode) -> Result<AtomicDir> {
        let target = resolve(target)?;
        check_existing(&target, mode)?;
        let made =
            create_beside(&target, |path| fs::create_dir(path).and_then(|()| leftover::my_folder(path)));
        let (partial, _lock) = made.map_err(|error| failed("create", &target, 0, &error))?;
        let before = Stamp::of(&target);
        Ok(AtomicDir { partial, target, mode, before, committed: false, _lock })
    }

    /// Where the files go meanwhile.
    pub(crate) fn partial(&self) -> &Path {
        &self.partial
    }

    pub(crate) fn target(&self) -> &Path {
        &self.target
    }

    /// Shares the files of the existing folder by hard links, or copies where the file system has none. Whoever
    /// changes one of them has to put a new file in its place.
    pub(crate) fn adopt(&self) -> Result<()> {
        adopt(&self.target, &self.partial)
            .map_err(|error| failed("copy the existing", &self.target, 0, &error))
    }

    /// Publishes the folder. The files in it are synced by whoever wrote them, the folders here.
    pub(crate) fn commit(mut self) -> Result<()> {
        check_unchanged(&self.target, self.mode, &self.before)?;
        let done = sync_folders(&self.partial).and_then(|()| self.publish());
        self.committed = done.is_ok();
        done.map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists | ErrorKind::DirectoryNotEmpty if self.mode == Mode::New => {
                already_there(&self.target)
            }
            _ => failed("finish", &self.target, 0, &error),
        })?;
        sync_folder(folder_of(&self.target)).map_err(|error| name_not_durable(&self.target, &error))?;
        // After an exchange the old content lies here. It goes only now that the new one has the name for good, and
        // failing to remove it does not make the new one worse.
        let _ = fs::remove_dir_all(&self.partial);
        Ok(())
    }

    fn publish(&self) -> io::Result<()> {
        if self.mode == Mode::New || fs::symlink_metadata(&self.target).is_err() {
            return rename_if_free(&self.partial, &self.target);
        }
        exchange(&self.partial, &self.target)
    }
}

impl Drop for AtomicDir {
    fn drop(&mut self) {
        if !self.committed {
            // Nobody is left to tell; the name says that the folder is partial.
            let _ = fs::remove_dir_all(&self.partial);
        }
    }
}

/// Swaps two folders in one step where the system can; otherwise in two, between which the old folder is `*.old`.
fn exchange(partial: &Path, target: &Path) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        use rustix::io::Errno;
        match renameat_with(CWD, partial, CWD, target, RenameFlags::EXCHANGE) {
            // File systems that do not know the flag.
            Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {}
            outcome => return Ok(outcome?),
        }
    }
    let mut old = target.as_os_str().to_owned();
    old.push(format!(".old-{}", std::process::id()));
    let old = PathBuf::from(old);
    fs::rename(target, &old)?;
    fs::rename(partial, target).inspect_err(|_| {
        // Back to where it was; if that fails too, the data is still there under `*.old`.
        let _ = fs::rename(&old, target);
    })?;
    fs::rename(old, partial)
}

fn adopt(from: &Path, to: &Path) -> io::Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (source, copy) = (entry.path(), to.join(entry.file_name()));
        if entry.file_type()?.is_dir() {
            fs::create_dir(&copy)?;
            adopt(&source, &copy)?;
        } else if fs::hard_link(&source, &copy).is_err() {
            fs::copy(&source, &copy)?;
            fs::File::open(&copy)?.sync_all()?;
        }
    }
    Ok(())
}

fn sync_folders(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            sync_folders(&entry.path())?;
        }
    }
    sync_folder(folder)
}
