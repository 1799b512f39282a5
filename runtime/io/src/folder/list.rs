//! Which files a folder or a pattern names.

use std::path::{Path, PathBuf};

use dasc_ir::{Diag, Result};

use crate::zarr::is_zarr;

/// Endings of files that lie beside data and are none: descriptions, tables, pictures, scripts, and what is still being written.
const OTHER: [&str; 22] = [
    "json", "txt", "md", "csv", "xml", "yaml", "yml", "toml", "log", "py", "sh", "dql", "png", "jpg", "pdf",
    "parquet", "jsonl", "tmp", "part", "partial", "bak", "lock",
];
/// More files than an archive has.
const MOST: usize = 1_000_000;

/// Files that may be data, by name, and how many others were passed over.
#[derive(Debug)]
pub struct Listing {
    pub files: Vec<PathBuf>,
    pub passed_over: usize,
}

/// Whether a path names several files: a folder, or a pattern unless a file is called so.
pub fn names_several(path: &str) -> bool {
    if path.contains("://") || path.starts_with("synthetic:") {
        return false;
    }
    let folder = Path::new(path);
    (folder.is_dir() && !is_zarr(folder)) || (path.contains(['*', '?', '[']) && !Path::new(path).exists())
}

/// The files directly in a folder, or those that match a pattern: `*` within a name, `**` folders in between.
pub fn list(path: &str) -> Result<Listing> {
    let listing = look(path)?;
    if listing.files.is_empty() {
        let beside = match listing.passed_over {
            0 => String::new(),
            n => format!(", only {n} that are none by their endings"),
        };
        let help = match Path::new(path).is_dir() {
            true => format!("files in folders within are named by '{}/**/*.h5'", path.trim_end_matches('/')),
            false => "see how the names are written; ** stands for folders in between".to_string(),
        };
        return Err(Diag::world(format!("'{path}' has no data files{beside}")).help(help));
    }
    Ok(listing)
}

/// The same, or none.
pub fn list_any(path: &str) -> Result<Vec<PathBuf>> {
    Ok(look(path)?.files)
}

fn look(path: &str) -> Result<Listing> {
    let pattern = if Path::new(path).is_dir() {
        let folder = glob::Pattern::escape(path.trim_end_matches('/'));
        format!("{folder}/*")
    } else {
        path.to_string()
    };
    let options = glob::MatchOptions { require_literal_leading_dot: true, ..glob::MatchOptions::default() };
    let found = glob::glob_with(&pattern, options).map_err(|error| {
        Diag::usage(format!("'{path}' is no pattern of files: {error}")).help(
            "* stands for any part of a name, ** for folders in between, [0-9] for one of several characters",
        )
    })?;
    let mut listing = Listing { files: Vec::new(), passed_over: 0 };
    for entry in found {
        let file = entry.map_err(|error| {
            Diag::world(format!("cannot look into '{}': {}", error.path().display(), error.error()))
                .help("see that the folder may be read, or narrow the pattern")
        })?;
        if file.is_dir() && !is_zarr(&file) {
            continue;
        }
        if is_other(&file) {
            listing.passed_over += 1;
            continue;
        }
        listing.files.push(file);
        if listing.files.len() > MOST {
            return Err(
                Diag::usage(format!("'{path}' names more than {MOST} files")).help("narrow the pattern")
            );
        }
    }
    listing.files.sort();
    without_insides(&mut listing.files);
    Ok(listing)
}

/// Leaves out what lies in a store that is named itself, as `**` names both. What is within comes right behind it in their order.
fn without_insides(files: &mut Vec<PathBuf>) {
    let mut store: Option<PathBuf> = None;
    files.retain(|file| {
        if store.as_ref().is_some_and(|store| file.starts_with(store)) {
            return false;
        }
        store = is_zarr(file).then(|| file.clone());
        true
    });
}

fn is_other(file: &Path) -> bool {
    let ending = file.extension().map(|ending| ending.to_string_lossy().to_ascii_lowercase());
    ending.is_some_and(|ending| OTHER.contains(&ending.as_str()))
}
