//! What the disk said, as a sentence with a remedy.

use dasc_ir::Diag;
use std::io::{self, ErrorKind};
use std::path::Path;

const CLOSED_PIPE: &str = "standard output was closed by its reader";

/// Whether `diag` only says that the reader of standard output went away (`dasc … | head`), which is no failure.
pub fn is_closed_pipe(diag: &Diag) -> bool {
    diag.message == CLOSED_PIPE
}

/// The diagnostic for `error` while doing `action` (`write`, `create`, …) to `path`; `bytes` had been written to it.
pub(crate) fn failed(action: &str, path: &Path, bytes: u64, error: &io::Error) -> Diag {
    let name = path.display();
    let folder = folder_of(path);
    let so_far = if bytes == 0 { String::new() } else { format!("; {} were needed so far", size(bytes)) };
    match error.kind() {
        ErrorKind::BrokenPipe => Diag::world(CLOSED_PIPE),
        ErrorKind::StorageFull => Diag::world(format!("the disk is full: cannot {action} '{name}'{so_far}"))
            .help(format!("free space in '{}' or write to another disk; the unfinished file was removed", folder.display())),
        ErrorKind::QuotaExceeded => Diag::world(format!("your disk quota is used up: cannot {action} '{name}'{so_far}"))
            .help("free space, raise the quota or write to another disk; the unfinished file was removed"),
        ErrorKind::FileTooLarge => Diag::world(format!("'{name}' exceeds the largest file allowed here{so_far}"))
            .help("raise the limit (`ulimit -f`), use a Zarr folder, which is made of small files, or another file system"),
        ErrorKind::PermissionDenied => Diag::world(format!("no permission to {action} '{name}'"))
            .help(format!("write to a folder you own, or ask for write access to '{}'", folder.display())),
        ErrorKind::ReadOnlyFilesystem => Diag::world(format!("cannot {action} '{name}': the file system is read-only"))
            .help("write to another folder"),
        ErrorKind::InvalidFilename => Diag::world(format!("cannot {action} '{name}': the file system refuses the name"))
            .help("choose a shorter name, mind that a suffix of about 20 bytes is added while writing"),
        ErrorKind::NotFound => Diag::world(format!("cannot {action} '{name}': the folder '{}' is not there, or takes no files", folder.display()))
            .help("keep the output folder in place during the run"),
        _ => Diag::world(format!("cannot {action} '{name}': {error}{so_far}"))
            .help("nothing was kept: check the disk, then run again"),
    }
}

/// The output has its name and its content is on the disk; only the folder could not be synced.
pub(crate) fn name_not_durable(path: &Path, error: &io::Error) -> Diag {
    let (name, folder) = (path.display(), folder_of(path).display());
    Diag::world(format!(
        "'{name}' is whole, but a power cut now could take its name away: cannot sync '{folder}': {error}"
    ))
    .help("check the disk, and keep the output only if it is still there after that")
}

/// The folder a file lies in; `.` for a bare name.
pub(crate) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Makes a rename or a new name in `folder` survive a power cut.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    // Only Unix lets a folder be opened and synced; elsewhere the rename itself is as durable as it gets.
    if cfg!(unix) { std::fs::File::open(folder)?.sync_all() } else { Ok(()) }
}

/// `1536` as `1536 bytes`, `5242880` as `5242880 bytes (5.2 MB)`.
fn size(bytes: u64) -> String {
    let scaled = |unit: f64| bytes as f64 / unit;
    match bytes {
        0..1_000_000 => format!("{bytes} bytes"),
        1_000_000..1_000_000_000 => format!("{bytes} bytes ({:.1} MB)", scaled(1e6)),
        _ => format!("{bytes} bytes ({:.1} GB)", scaled(1e9)),
    }
}
