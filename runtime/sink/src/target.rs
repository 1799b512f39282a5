//! Where output goes and what may happen to what is already there.

use crate::disk::{failed, folder_of};
use dasc_ir::{Diag, Result};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// What to do about existing output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Mode {
    /// Existing output is refused.
    #[default]
    New,
    /// Existing output is replaced, at the very end and in one step.
    Overwrite,
    /// New rows or events follow the existing ones. The result is built beside the existing output, which stays
    /// whole and readable until it is replaced in one step; so a file needs room for itself twice. (A Zarr folder
    /// does not: its finished chunks are shared by hard links.) Without existing output this is `New`.
    Append,
}

/// A destination of output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// Standard output, written as `-`.
    Stdout,
    /// A file, or a folder for Zarr.
    File(PathBuf),
    /// The address of a web hook, for events.
    Hook(String),
}

impl Target {
    pub fn parse(text: &str) -> Target {
        if text == "-" { Target::Stdout } else { Target::File(PathBuf::from(text)) }
    }

    /// Tells before a run whether its output could be written: the folder exists and takes new files, the name is
    /// free or `mode` says what to do with what is there.
    ///
    /// # Errors
    /// Names the path and the remedy. Whether the disk has enough room shows only in the run.
    pub fn check(&self, mode: Mode) -> Result<()> {
        match self {
            Target::Stdout | Target::Hook(_) => Ok(()),
            Target::File(path) => {
                let path = resolve(path)?;
                check_existing(&path, mode)?;
                probe_folder(&path)
            }
        }
    }
}

/// The file behind a symbolic link, so that the link is kept and its destination replaced.
pub(crate) fn resolve(path: &Path) -> Result<PathBuf> {
    if path.file_name().is_none() {
        return Err(Diag::usage(format!("'{}' is not the name of a file", path.display()))
            .help("give the output a name such as 'strain.npy'"));
    }
    match fs::symlink_metadata(path) {
        Ok(meta) if meta.file_type().is_symlink() => fs::canonicalize(path).map_err(|error| {
            Diag::world(format!("'{}' is a symbolic link that leads nowhere: {error}", path.display()))
                .help("remove the link or give another name")
        }),
        _ => Ok(path.to_path_buf()),
    }
}

/// Refuses what `mode` does not allow to be replaced. `path` is resolved.
pub(crate) fn check_existing(path: &Path, mode: Mode) -> Result<()> {
    let name = path.display();
    let meta = match fs::symlink_metadata(path) {
        Ok(meta) => meta,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed("look at", path, 0, &error)),
    };
    let zarr = is_zarr_name(path);
    if zarr && meta.is_dir() && !is_zarr_folder(path)? {
        return Err(Diag::usage(format!("'{name}' is a folder with something other than Zarr data in it"))
            .help("give another name; dasc does not delete folders it does not know"));
    }
    if zarr != meta.is_dir() || !(meta.is_dir() || meta.is_file()) {
        let kind = if meta.is_dir() { "a folder" } else { "not a regular file" };
        let kind = if zarr { "not a folder" } else { kind };
        return Err(Diag::usage(format!("cannot write to '{name}': it exists and is {kind}"))
            .help("give another name, or '-' for standard output"));
    }
    match mode {
        Mode::New => Err(already_there(path)),
        Mode::Overwrite | Mode::Append => Ok(()),
    }
}

pub(crate) fn already_there(path: &Path) -> Diag {
    // Nothing can be appended to pictures and QuakeML.
    let whole = ["png", "xml", "quakeml"];
    let whole = path.extension().is_some_and(|e| whole.iter().any(|w| e.eq_ignore_ascii_case(w)));
    let modes = if whole { "MODE=overwrite" } else { "MODE=overwrite or MODE=append" };
    Diag::usage(format!("'{}' exists already", path.display()))
        .help(format!("say {modes}, or give another name"))
}

pub(crate) fn is_zarr_name(path: &Path) -> bool {
    path.extension().is_some_and(|e| e.eq_ignore_ascii_case("zarr"))
}

/// Whether the folder is empty or the root of a Zarr v2 or v3 hierarchy, which is all that overwriting may delete.
fn is_zarr_folder(path: &Path) -> Result<bool> {
    let mut entries = fs::read_dir(path).map_err(|error| failed("read", path, 0, &error))?;
    let marked = ["zarr.json", ".zgroup", ".zarray"].iter().any(|marker| path.join(marker).is_file());
    Ok(marked || entries.next().is_none())
}

/// Creates and removes a file where the temporary will be: permission bits alone do not tell (ACLs, read-only
/// mounts, network shares, root).
fn probe_folder(path: &Path) -> Result<()> {
    let folder = folder_of(path);
    match fs::metadata(folder) {
        Ok(meta) if meta.is_dir() => {}
        Ok(_) => {
            return Err(Diag::usage(format!("'{}' is not a folder", folder.display()))
                .help("give the output a path inside an existing folder"));
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(Diag::usage(format!(
                "the folder '{}' of '{}' does not exist",
                folder.display(),
                path.display()
            ))
            .help(format!("create it: mkdir -p '{}'", folder.display())));
        }
        Err(error) => return Err(failed("look into", folder, 0, &error)),
    }
    let (probe, file) = crate::atomic::create_beside(path, |partial| {
        let probe = fs::OpenOptions::new().write(true).create_new(true).open(partial);
        probe.and_then(|file| crate::leftover::mine(partial, file))
    })
    .map_err(|error| failed("create", path, 0, &error))?;
    drop(file);
    fs::remove_file(&probe).map_err(|error| failed("remove", &probe, 0, &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn existing_output_needs_a_mode() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.npy");
        let target = Target::File(path.clone());
        target.check(Mode::New).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "the probe stays behind");
        fs::write(&path, "old").unwrap();
        let diag = target.check(Mode::New).unwrap_err();
        assert!(diag.message.contains("a.npy' exists already"), "{diag}");
        assert!(diag.help.unwrap().contains("MODE=overwrite or MODE=append"));
        target.check(Mode::Overwrite).unwrap();
        target.check(Mode::Append).unwrap();
        assert_eq!(fs::read_to_string(path).unwrap(), "old");
    }

    #[test]
    fn a_missing_folder_is_named_with_its_remedy() {
        let folder = tempfile::tempdir().unwrap();
        let diag = Target::File(folder.path().join("no/a.npy")).check(Mode::New).unwrap_err();
        assert!(diag.help.unwrap().contains("mkdir -p"));
        fs::write(folder.path().join("file"), "").unwrap();
        let diag = Target::File(folder.path().join("file/a.npy")).check(Mode::New).unwrap_err();
        assert!(diag.message.contains("is not a folder") || diag.message.contains("look"), "{diag}");
    }

    /// Root may write everywhere, but not even root makes files in /proc.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_folder_that_takes_no_files_is_found_out_before_the_run() {
        let diag = Target::File("/proc/a.npy".into()).check(Mode::New).unwrap_err();
        assert!(diag.message.contains("create '/proc/a.npy'"), "{diag}");
        assert!(diag.help.is_some());
    }

    #[test]
    fn only_zarr_folders_may_be_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().join("home.zarr");
        fs::create_dir(&home).unwrap();
        Target::File(home.clone()).check(Mode::Overwrite).unwrap();
        fs::write(home.join("thesis.tex"), "years of work").unwrap();
        let diag = Target::File(home).check(Mode::Overwrite).unwrap_err();
        assert!(diag.message.contains("other than Zarr"), "{diag}");
        let diag = Target::File(folder.path().to_path_buf()).check(Mode::Overwrite).unwrap_err();
        assert!(diag.message.contains("is a folder"), "{diag}");
        let diag = Target::parse("/").check(Mode::Overwrite).unwrap_err();
        assert!(diag.message.contains("not the name of a file"), "{diag}");
    }
}
