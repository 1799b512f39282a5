//! What holds for a run: `dasc.toml`, overridden by `DASC_*` variables, overridden by flags.

use std::path::{Path, PathBuf};

use dasc_ir::Diag;
use dasc_runtime::Codegen;
use serde::de::Error;
use serde::{Deserialize, Deserializer};

use crate::args::{Global, When};
use crate::memory::{self, Bytes};

/// The settings in force.
#[derive(Clone, Debug)]
pub struct Settings {
    pub quiet: bool,
    pub verbose: u8,
    pub json: bool,
    pub color: When,
    /// 0 is one for every core.
    pub threads: usize,
    /// Bytes.
    pub memory: usize,
    pub codegen: Codegen,
    /// Folder of compiled kernels.
    pub cache: Option<PathBuf>,
    /// Folder of the temporary store; that of the system if `None`.
    pub temporary: Option<PathBuf>,
}

/// What `dasc.toml` may hold.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    threads: Option<usize>,
    memory: Option<Bytes>,
    #[serde(default, deserialize_with = "codegen")]
    codegen: Option<Codegen>,
    cache: Option<PathBuf>,
    temporary: Option<PathBuf>,
    color: Option<When>,
}

impl Settings {
    /// Flags and variables (which clap has merged) over the nearest `dasc.toml`.
    pub fn new(global: &Global) -> dasc_ir::Result<Settings> {
        let file = match nearest("dasc.toml") {
            Some(path) => read(&path)?,
            None => File::default(),
        };
        let cache = global.cache.clone().or(file.cache).or_else(default_cache);
        Ok(Settings {
            quiet: global.quiet,
            verbose: global.verbose,
            json: global.json,
            color: global.color.or(file.color).unwrap_or(When::Auto),
            threads: global.threads.or(file.threads).unwrap_or(0),
            memory: global.memory.or(file.memory).map_or_else(memory::default_budget, |bytes| bytes.0),
            codegen: global.codegen.or(file.codegen).unwrap_or_default(),
            cache: if global.no_cache { None } else { cache },
            temporary: global.temporary.clone().or(file.temporary),
        })
    }

    /// What holds before the settings could be read.
    pub fn plain(global: &Global) -> Settings {
        let color = global.color.unwrap_or(When::Auto);
        let Global { quiet, verbose, json, .. } = *global;
        let codegen = Codegen::default();
        Settings { quiet, verbose, json, color, threads: 0, memory: 0, codegen, cache: None, temporary: None }
    }
}

/// The file in the current folder or the nearest one above.
fn nearest(name: &str) -> Option<PathBuf> {
    let here = std::env::current_dir().ok()?;
    here.ancestors().map(|folder| folder.join(name)).find(|path| path.is_file())
}

fn read(path: &Path) -> dasc_ir::Result<File> {
    let name = path.display();
    let text =
        std::fs::read_to_string(path).map_err(|e| Diag::world(format!("cannot read '{name}': {e}")))?;
    parse(&text).map_err(|why| {
        Diag::usage(format!("'{name}' is not right: {why}"))
            .help("it may hold threads, memory, codegen, cache, temporary and color")
    })
}

fn parse(text: &str) -> Result<File, String> {
    toml::from_str(text).map_err(|error| error.to_string().trim_end().to_string())
}

fn codegen<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Codegen>, D::Error> {
    let name = String::deserialize(from)?;
    name.parse().map(Some).map_err(D::Error::custom)
}

/// `$XDG_CACHE_HOME/dasc`, or `~/.cache/dasc`.
fn default_cache() -> Option<PathBuf> {
    let given = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let root = given("XDG_CACHE_HOME").or_else(|| given("HOME").map(|home| home.join(".cache")))?;
    Some(root.join("dasc"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_settings_file_is_read_and_slips_in_it_are_told() {
        let file = parse("threads = 3\nmemory = \"2GiB\"\ncolor = \"never\"").unwrap();
        assert_eq!(
            (file.threads, file.memory, file.color),
            (Some(3), Some(Bytes(2 << 30)), Some(When::Never))
        );
        assert!(parse("thraeds = 3").unwrap_err().contains("thraeds"));
        assert!(parse("memory = \"much\"").unwrap_err().contains("500MB"));
        assert_eq!(parse("codegen = \"cranelift\"").unwrap().codegen, Some(Codegen::Cranelift));
        assert!(parse("codegen = \"sse\"").unwrap_err().contains("none of auto, cranelift, avx2"));
    }
}
