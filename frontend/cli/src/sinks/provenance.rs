//! Where a result came from, to be kept inside it.

use std::time::UNIX_EPOCH;

use dasc_sink::{Input, Provenance};

use crate::bind::Pipeline;
use crate::script::Script;

/// Script, version and input. Hashing a terabyte would double the reading, so the input is identified by
/// size and modification time.
pub fn provenance(script: &Script, pipeline: &Pipeline) -> Provenance {
    let stamp = |path: &std::path::PathBuf| {
        let meta = std::fs::metadata(path).ok()?;
        let modified = meta.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
        Some(format!("size:{};modified_ns:{}", meta.len(), modified.as_nanos()))
    };
    let hash = pipeline.record.file.as_ref().and_then(stamp).unwrap_or_default();
    let record = Input { name: pipeline.record.name.clone(), hash };
    // Models are small, and what they hold decides what was found.
    let models =
        script.models.opened().into_iter().map(|(name, hash)| Input { name, hash: format!("sha256:{hash}") });
    Provenance {
        script: script.text.clone(),
        version: env!("CARGO_PKG_VERSION").into(),
        inputs: std::iter::once(record).chain(models).collect(),
        more: Vec::new(),
    }
}
