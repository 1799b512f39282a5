//! Opening many files side by side, as far as it takes to know what is in them.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use dasc_ir::{Diag, Result};

use super::index::Stamp;
use super::summary::Summary;
use super::watch::{Opening, told};
use crate::array::DataFile;
use crate::open::{Kind, kind, open_file};
use crate::{ReadOptions, Source, hdf5, zarr};

/// Files that one worker process opens one after another.
const TOGETHER: usize = 32;

/// What was found in a file, and its stamp before it was opened.
pub type Found = Result<(Stamp, Summary)>;

/// Opens files on all processors; answers in their order.
pub fn survey(name: &str, files: &[PathBuf], options: &ReadOptions, of: usize) -> Result<Vec<Found>> {
    let known = of.saturating_sub(files.len());
    let (next, done, stopped) = (AtomicUsize::new(0), AtomicUsize::new(known), AtomicBool::new(false));
    let found: Mutex<Vec<(usize, Vec<Found>)>> = Mutex::new(Vec::new());
    let threads =
        std::thread::available_parallelism().map_or(1, usize::from).min(files.len().div_ceil(TOGETHER));
    let work = || {
        while !stopped.load(Ordering::Relaxed) {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(batch) = files.chunks(TOGETHER).nth(number) else { return };
            let answers = look(batch, options);
            let now = done.fetch_add(batch.len(), Ordering::Relaxed) + batch.len();
            found.lock().unwrap_or_else(PoisonError::into_inner).push((number, answers));
            if told(&Opening { folder: name, files: now, of, done: false }) == ControlFlow::Break(()) {
                stopped.store(true, Ordering::Relaxed);
            }
        }
    };
    std::thread::scope(|threads_of| {
        for _ in 0..threads {
            threads_of.spawn(work);
        }
    });
    if stopped.load(Ordering::Relaxed) {
        return Err(Diag::world(format!("stopped while the files of '{name}' were opened")));
    }
    let mut found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    found.sort_by_key(|(number, _)| *number);
    Ok(found.into_iter().flat_map(|(_, answers)| answers).collect())
}

/// One batch.
fn look(batch: &[PathBuf], options: &ReadOptions) -> Vec<Found> {
    let stamps: Vec<Option<Stamp>> = batch.iter().map(|path| Stamp::of(path)).collect();
    let paths: Vec<&Path> = batch.iter().map(PathBuf::as_path).collect();
    let found = open_each(&paths, options).into_iter().zip(stamps).zip(&paths);
    found
        .map(|((source, stamp), path)| {
            let source = source?;
            Ok((stamp.ok_or_else(|| gone(path))?, Summary::of(source.header())))
        })
        .collect()
}

/// What a file is, as far as it matters for opening many.
enum Looked {
    Hdf5(Arc<DataFile>),
    Zarr(String),
    Other(Arc<DataFile>),
}

/// Opens files: those that are HDF5 by one worker process, the others here.
pub fn open_each(paths: &[&Path], options: &ReadOptions) -> Vec<Result<Box<dyn Source>>> {
    let looked: Vec<Result<Looked>> = paths
        .iter()
        .map(|path| {
            if zarr::is_zarr(path) {
                return Ok(Looked::Zarr(path.to_string_lossy().into_owned()));
            }
            let file = Arc::new(DataFile::open(&path.to_string_lossy())?);
            Ok(match kind(&file)? {
                Kind::Hdf5 => Looked::Hdf5(file),
                _ => Looked::Other(file),
            })
        })
        .collect();
    let hdf5 = |looked: &'_ Result<Looked>| match looked {
        Ok(Looked::Hdf5(file)) => Some(file.clone()),
        _ => None,
    };
    let files: Vec<Arc<DataFile>> = looked.iter().filter_map(hdf5).collect();
    let asked: Vec<&DataFile> = files.iter().map(Arc::as_ref).collect();
    let mut described = hdf5::describe_each(&asked).into_iter();
    let open = |looked: Result<Looked>| -> Result<Box<dyn Source>> {
        let file = match looked? {
            Looked::Zarr(path) => return Ok(Box::new(zarr::open(&path, options)?)),
            Looked::Other(file) => return open_file(file, options),
            Looked::Hdf5(file) => file,
        };
        let lost = || Err(Diag::compiler("a described file was lost"));
        let description = described.next().unwrap_or_else(lost)?;
        Ok(Box::new(hdf5::open_described(file, description, options)?))
    };
    looked.into_iter().map(open).collect()
}

fn gone(path: &Path) -> Diag {
    Diag::world(format!("'{}' is not there any more", path.display()))
        .help("see what moves files in the folder while it is read")
}
