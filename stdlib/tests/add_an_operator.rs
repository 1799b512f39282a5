//! `docs/add-an-operator.md` shows files as they are: each block that follows a path in backquotes and a colon stands in that file.

use std::fs;
use std::path::Path;

#[test]
fn the_walk_through_shows_what_runs() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let path = root.join("docs/add-an-operator.md");
    let page = fs::read_to_string(&path).unwrap();
    let mut made = String::new();
    let (mut checked, mut lines) = (0, page.lines().peekable());
    while let Some(line) = lines.next() {
        made += &format!("{line}\n");
        let Some(named) = line.strip_prefix('`').and_then(|rest| rest.strip_suffix("`:")) else { continue };
        let file = fs::read_to_string(root.join(named)).unwrap_or_else(|e| panic!("{named}: {e}"));
        made += &format!("{}\n", lines.next().unwrap_or_default());
        let fence = lines.next().unwrap_or_default();
        assert!(fence.starts_with("```"), "{named} is followed by `{fence}`, not by a block");
        let mut block = String::new();
        for line in lines.by_ref().take_while(|line| *line != "```") {
            block += &format!("{line}\n");
        }
        // A block of one line is part of the file, a longer one all of it; the latter is what BLESS brings up to date.
        let whole = block.lines().count() > 1 || block.starts_with('@');
        let shown = if whole { file.clone() } else { block.clone() };
        made += &format!("{fence}\n{}\n```\n", shown.trim_end());
        assert!(whole || file.contains(&block), "{named} has no line `{block}`");
        checked += 1;
    }
    assert!(checked >= 5, "only {checked} blocks name a file");
    if std::env::var_os("BLESS").is_some() {
        fs::write(&path, &made).unwrap();
    }
    let stored = fs::read_to_string(&path).unwrap();
    assert!(stored == made, "docs/add-an-operator.md differs from the files it shows; BLESS=1 rewrites it");
}
