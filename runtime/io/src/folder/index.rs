//! What was found in files, remembered between runs: in the cache, never beside the data.
//!
//! One file for each folder or pattern and each way of reading it: a checksum, then JSON. A file is known by its path and counts as unchanged
//! while size, inode and the times of its last change (of content and of attributes, which no copying tool can set) are the same.

use std::collections::HashMap;
use std::fmt::Write;
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::summary::Summary;
use crate::sidecar::sidecar_path;
use crate::zarr;
use crate::{Follow, OnBad, OnGap, OnOverlap, ReadOptions};

static FOLDER: RwLock<Option<PathBuf>> = RwLock::new(None);

/// Where to remember what folders hold; nothing is remembered unless this says where.
pub fn remember_in(folder: Option<PathBuf>) {
    *FOLDER.write().unwrap_or_else(PoisonError::into_inner) = folder;
}

/// Bytes of an index; more is not read.
const LARGEST: u64 = 1 << 30;
const VERSION: u32 = 1;

/// Size, inode, last change of content and of attributes in nanoseconds, the same of a sidecar.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stamp(Vec<i128>);

impl Stamp {
    /// The stamp of a file as it is now; `None` where it is gone.
    pub fn of(path: &Path) -> Option<Stamp> {
        let mut parts = Vec::with_capacity(8);
        let beside = sidecar_path(&path.to_string_lossy());
        let within = if path.is_dir() { zarr::marks(path) } else { Vec::new() };
        let within = within.iter().map(|file| (file.as_path(), true));
        for (path, must) in [(path, true), (beside.as_path(), false)].into_iter().chain(within) {
            match std::fs::metadata(path) {
                Ok(found) => {
                    let nanoseconds = |s: i64, ns: i64| i128::from(s) * 1_000_000_000 + i128::from(ns);
                    parts.push(found.len().into());
                    parts.push(found.ino().into());
                    parts.push(nanoseconds(found.mtime(), found.mtime_nsec()));
                    parts.push(nanoseconds(found.ctime(), found.ctime_nsec()));
                }
                Err(_) if must => return None,
                Err(_) => {}
            }
        }
        Some(Stamp(parts))
    }
}

#[derive(Default, Serialize, Deserialize)]
struct Stored {
    version: u32,
    program: String,
    files: HashMap<PathBuf, (Stamp, Summary)>,
}

/// What is remembered of a folder or pattern.
pub struct Index {
    place: Option<PathBuf>,
    stored: Stored,
    /// Why nothing was remembered although something was there.
    pub damaged: Option<String>,
}

impl Index {
    /// What is known of `path` read with these options.
    pub fn open(path: &str, options: &ReadOptions) -> Index {
        let folder = FOLDER.read().unwrap_or_else(PoisonError::into_inner).clone();
        let absolute = std::path::absolute(path).unwrap_or_else(|_| PathBuf::from(path));
        // How files are joined changes nothing about what is in them.
        let plain = ReadOptions {
            on_gap: OnGap::default(),
            on_overlap: OnOverlap::default(),
            on_bad: OnBad::default(),
            follow: Follow::default(),
            reconnect: None,
            ..options.clone()
        };
        let key = hex(format!("{}\n{plain:?}", absolute.display()).as_bytes());
        let place = folder.map(|folder| folder.join("records").join(format!("{}.index", &key[..32])));
        let fresh = || Stored { version: VERSION, program: program(), files: HashMap::new() };
        let mut index = Index { place, stored: fresh(), damaged: None };
        if let Some(place) = &index.place {
            match read(place) {
                Ok(Some(stored)) => index.stored = stored,
                Ok(None) => {}
                Err(why) => {
                    index.damaged = Some(format!("'{}' {why}; the files are opened anew", place.display()))
                }
            }
        }
        index
    }

    /// What is known of a file that has not changed since.
    pub fn find(&self, path: &Path, stamp: &Stamp) -> Option<Summary> {
        let (known, summary) = self.stored.files.get(path)?;
        (known == stamp).then(|| summary.clone())
    }

    /// Remembers exactly these files; answers why that failed, if it did.
    pub fn save(mut self, files: HashMap<PathBuf, (Stamp, Summary)>) -> Option<String> {
        let place = self.place.take()?;
        if self.stored.files == files {
            return None;
        }
        self.stored.files = files;
        write(&place, &self.stored).err().map(|error| {
            format!("what the files hold could not be remembered in '{}': {error}", place.display())
        })
    }
}

/// Another build may understand files differently.
fn program() -> String {
    let built = std::env::current_exe().ok().and_then(|path| std::fs::metadata(path).ok());
    let built = built.map(|found| (found.len(), found.mtime(), found.mtime_nsec()));
    format!("{} {built:?}", env!("CARGO_PKG_VERSION"))
}

fn read(place: &Path) -> Result<Option<Stored>, String> {
    let Ok(metadata) = std::fs::metadata(place) else { return Ok(None) };
    if metadata.len() > LARGEST {
        return Err("is too large".into());
    }
    let text = std::fs::read_to_string(place).map_err(|error| format!("cannot be read: {error}"))?;
    let (sum, json) = text.split_once('\n').ok_or("is damaged")?;
    if sum != hex(json.as_bytes()) {
        return Err("is damaged".into());
    }
    let stored: Stored = serde_json::from_str(json).map_err(|_| "is damaged")?;
    Ok((stored.version == VERSION && stored.program == program()).then_some(stored))
}

fn write(place: &Path, stored: &Stored) -> std::io::Result<()> {
    let json = serde_json::to_string(stored)?;
    let folder = place.parent().unwrap_or(Path::new("."));
    // As private as the kernels beside it.
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    writeln!(file, "{}", hex(json.as_bytes()))?;
    file.write_all(json.as_bytes())?;
    file.persist(place)?;
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
