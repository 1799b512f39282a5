//! Two sinks of one run that would write the same file.

use std::collections::HashMap;

use dasc_ir::{Diag, Span};

/// One mistake for every output that has the path of an earlier one. Paths are compared as texts, after `./`
/// and doubled slashes are taken out; links are the run's concern.
/// `variable` is the innermost loop variable at that step, to suggest in the name.
pub fn collisions<'a>(outputs: impl IntoIterator<Item = (&'a str, Span, Option<&'a str>)>) -> Vec<Diag> {
    let mut seen: HashMap<String, Span> = HashMap::new();
    let mut diags = Vec::new();
    for (path, span, variable) in outputs {
        let Some(earlier) = seen.insert(plain(path), span) else { continue };
        let diag = Diag::usage(format!("two steps write '{path}'")).at(span);
        let diag = if earlier == span { diag } else { diag.related(earlier, "the first") };
        diags.push(match variable {
            Some(variable) => diag.help(format!("put the loop's variable into the name: {{{variable}}}")),
            None => diag.help("give each its own name"),
        });
    }
    diags
}

fn plain(path: &str) -> String {
    let absolute = if path.starts_with('/') { "/" } else { "" };
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    absolute.to_string() + &parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_paths_are_found() {
        let at = |start| Span { source: 0, start, end: start + 1 };
        let found = collisions([
            ("a.png", at(0), None),
            ("out/a.png", at(1), None),
            ("./a.png", at(2), Some("b")),
            ("/a.png", at(3), None),
        ]);
        let [diag] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!(diag.span, Some(at(2)));
        assert_eq!(diag.related[0].0, at(0));
        assert!(diag.help.as_ref().is_some_and(|help| help.contains("{b}")));
    }
}
