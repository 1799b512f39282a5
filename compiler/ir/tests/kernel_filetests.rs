//! Runs tests/filetests/kernel: the text of a kernel, a line of dashes, and what a command makes of it.
//!
//! The first line is `# test: text`, `verify` or `expand`. `BLESS=1 cargo test -p dasc-ir --test kernel_filetests` writes what comes
//! out into the files, to be read before it is believed.

use std::fmt::Write;
use std::path::Path;

use dasc_ir::kernel::text::parse;
use dasc_ir::kernel::{expand, verify, verify_expanded};

const RULE: &str = "\n----\n";

#[test]
fn files() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/filetests/kernel");
    let mut paths: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(!paths.is_empty(), "{} holds no tests", folder.display());
    let mut failures = String::new();
    for path in paths {
        let text = std::fs::read_to_string(&path).unwrap();
        let (input, expected) = text.split_once(RULE).unwrap_or((&text, ""));
        let found = run(input);
        if found == expected {
            continue;
        }
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(&path, format!("{input}{RULE}{found}")).unwrap();
        } else {
            let _ = write!(failures, "{}\nexpected:\n{expected}\nfound:\n{found}\n", path.display());
        }
    }
    assert!(failures.is_empty(), "{failures}");
}

fn run(input: &str) -> String {
    let command = input.lines().next().and_then(|line| line.strip_prefix("# test: ")).unwrap_or("");
    let mut kernel = match parse(input) {
        Ok(kernel) => kernel,
        Err(error) => return format!("{}\n", error.message),
    };
    let told =
        |result: dasc_ir::Result<()>| result.map_or_else(|error| error.message + "\n", |()| "sound\n".into());
    match command {
        "text" => kernel.to_string(),
        "verify" => told(verify(&kernel)),
        "expand" => {
            let before = told(verify_expanded(&kernel));
            expand(&mut kernel);
            format!("before: {before}after: {}{kernel}", told(verify_expanded(&kernel)))
        }
        other => format!("there is no command {other:?}\n"),
    }
}
