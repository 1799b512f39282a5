//! Opens models by path, each once.

use std::collections::{BTreeMap, HashMap};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use dasc_ir::model::{Annotator, Classifier, Models};
use dasc_ir::{Diag, Result};
use sha2::{Digest, Sha256};

use crate::engine::Unfit;
use crate::{annotator, classifier};

/// A model file larger than this is none.
const MOST_BYTES: u64 = 256 << 20;
/// Nor is such a sidecar.
const MOST_SIDECAR: u64 = 1 << 20;

/// Models whose paths are relative to a folder.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    annotators: Mutex<HashMap<String, Annotator>>,
    /// Files that were read, with their hashes.
    opened: Mutex<BTreeMap<String, String>>,
}

/// What a model's files hold.
pub struct Opened {
    pub name: String,
    pub bytes: Vec<u8>,
    /// SHA-256 of the bytes.
    pub hash: String,
    pub sidecar: String,
}

impl Folder {
    pub fn new(path: impl Into<PathBuf>) -> Folder {
        Folder { path: path.into(), annotators: Mutex::default(), opened: Mutex::default() }
    }

    /// The files that were read, models and their sidecars, with the SHA-256 of what they hold.
    pub fn opened(&self) -> Vec<(String, String)> {
        let opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        opened.iter().map(|(name, hash)| (name.clone(), hash.clone())).collect()
    }

    fn open(&self, name: &str, draft: &str) -> Result<Opened> {
        let path = match name.strip_prefix("~/").zip(std::env::var_os("HOME")) {
            Some((rest, home)) => Path::new(&home).join(rest),
            None => self.path.join(name),
        };
        let bytes = read(&path, MOST_BYTES)?.ok_or_else(|| {
            Diag::world(format!("there is no model '{}'", path.display()))
                .help("paths are relative to the script")
        })?;
        let beside = PathBuf::from(format!("{}.json", path.display()));
        let sidecar = read(&beside, MOST_SIDECAR)?.ok_or_else(|| {
            let what = "rate, window, labels and what else its file does not say";
            Diag::world(format!("the model '{name}' lacks its sidecar '{}' with {what}", beside.display()))
                .help(format!(
                    "write it after this draft, whose fields docs/model.schema.json describes: {draft}"
                ))
        })?;
        let hash = sha256(&bytes);
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        opened.insert(name.to_string(), hash.clone());
        opened.insert(format!("{name}.json"), sha256(&sidecar));
        Ok(Opened {
            name: name.to_string(),
            bytes,
            hash,
            sidecar: String::from_utf8_lossy(&sidecar).into_owned(),
        })
    }
}

impl Models for Folder {
    fn annotator(&self, path: &str) -> Result<Annotator> {
        let mut known = self.annotators.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(annotator) = known.get(path) {
            return Ok(annotator.clone());
        }
        let opened = self.open(path, annotator::DRAFT)?;
        let annotator = annotator::annotator(opened).map_err(|why| refused(path, why))?;
        known.insert(path.to_string(), annotator.clone());
        Ok(annotator)
    }

    fn classifier(&self, path: &str) -> Result<Classifier> {
        let opened = self.open(path, classifier::DRAFT)?;
        classifier::classifier(opened).map_err(|why| refused(path, why))
    }
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn refused(name: &str, why: Unfit) -> Diag {
    match why {
        Unfit::File(why) => Diag::world(format!("the model file '{name}' cannot be read as ONNX: {why}"))
            .help("it is damaged, cut short or of another format: export or copy it anew"),
        Unfit::Model(why) => Diag::usage(format!("the model '{name}' cannot be used: {why}"))
            .help(format!("docs/model.schema.json describes '{name}.json'")),
    }
}

/// A file's bytes; `None` if there is none. No more than the limit is ever read.
fn read(path: &Path, most: u64) -> Result<Option<Vec<u8>>> {
    let unreadable =
        |error: std::io::Error| Diag::world(format!("cannot read '{}': {error}", path.display()));
    // Asked before it is opened: a pipe without a writer would be waited for.
    match std::fs::metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        known if known.as_ref().is_ok_and(|known| !known.is_file()) => {
            return Err(Diag::world(format!("'{}' is no file", path.display())));
        }
        known => {
            known.map_err(unreadable)?;
        }
    }
    let file = std::fs::File::open(path).map_err(unreadable)?;
    let mut bytes = Vec::new();
    file.take(most + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > most {
        return Err(Diag::world(format!("'{}' has more than {most} bytes", path.display())));
    }
    Ok(Some(bytes))
}
