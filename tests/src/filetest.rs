//! Files that hold an input, a line of dashes and the text expected of it. `BLESS=1` writes what comes out into the
//! files, to be read before it is believed.

use std::fmt::Write;
use std::path::{Path, PathBuf};

const RULE: &str = "\n----\n";

/// Runs every file of `tests/filetests/<folder>` and returns their inputs.
///
/// # Panics
/// When a file says something else than `run`, and when the folder holds none.
pub fn check(folder: &str, run: impl Fn(&str) -> String) -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("filetests").join(folder);
    let paths = files(&folder);
    assert!(!paths.is_empty(), "{} holds no tests", folder.display());
    let (mut inputs, mut failures) = (Vec::new(), String::new());
    for path in paths {
        let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let (input, expected) = text.split_once(RULE).unwrap_or((&text, ""));
        let found = run(input);
        if found != expected && std::env::var_os("BLESS").is_some() {
            let blessed = format!("{}{RULE}{found}", input.trim_end());
            std::fs::write(&path, blessed).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        } else if found != expected {
            let _ = write!(failures, "{}\nexpected:\n{expected}\nfound:\n{found}\n", path.display());
        }
        inputs.push(input.to_string());
    }
    assert!(failures.is_empty(), "{failures}");
    inputs
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

/// What stands behind `# key:` in an input.
pub fn header<'a>(input: &'a str, key: &str) -> Option<&'a str> {
    input
        .lines()
        .find_map(|line| line.strip_prefix("# ")?.strip_prefix(key)?.strip_prefix(':'))
        .map(str::trim)
}
