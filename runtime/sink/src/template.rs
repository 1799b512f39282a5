//! Output names with fields, and the check that no two outputs share a name.

use dasc_ir::{Diag, Result, Span};
use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

/// Puts `vars` into `{field}`s: `{date}_{b}.npy` with date 2024-05-01 and b 10Hz is `2024-05-01_10Hz.npy`. `{{` and
/// `}}` are braces.
///
/// # Errors
/// A field without a value (those there are get listed), a brace without its partner, a value that would change the
/// folder (`/`, `\` or NUL in it).
pub fn expand_template(template: &str, vars: &BTreeMap<String, String>) -> Result<String> {
    let wrong = |text: String| Diag::usage(format!("in the output name '{template}': {text}"));
    let mut name = String::new();
    let mut rest = template;
    while let Some(brace) = rest.find(['{', '}']) {
        let (plain, tail) = rest.split_at(brace);
        name.push_str(plain);
        if let Some(after) = tail.strip_prefix("{{") {
            name.push('{');
            rest = after;
        } else if let Some(after) = tail.strip_prefix("}}") {
            name.push('}');
            rest = after;
        } else if let Some((field, after)) = tail.strip_prefix('{').and_then(|tail| tail.split_once('}')) {
            let value = vars.get(field).ok_or_else(|| {
                let known: Vec<String> = vars.keys().map(|key| format!("{{{key}}}")).collect();
                let known = if known.is_empty() { "there are none here".into() } else { known.join(", ") };
                wrong(format!("there is no field {{{field}}}"))
                    .help(format!("fields: {known}; a plain brace is {{{{"))
            })?;
            if value.contains(['/', '\\', '\0']) {
                return Err(wrong(format!(
                    "the value '{}' of {{{field}}} is no part of a file name",
                    value.escape_debug()
                ))
                .help("use values without '/', '\\' and NUL"));
            }
            name.push_str(value);
            rest = after;
        } else {
            let brace = if tail.starts_with('{') { "{ without }" } else { "} without {" };
            return Err(wrong(brace.into()).help("write {{ or }} for a plain brace"));
        }
    }
    name.push_str(rest);
    Ok(name)
}

/// An output of a script and where the script says so.
#[derive(Clone, Debug, PartialEq)]
pub struct Destination {
    pub path: PathBuf,
    pub span: Option<Span>,
}

/// Refuses two outputs with one name, an output inside another (a file in a Zarr folder), and an output that is one
/// of the `inputs`. Names are compared after resolving `.`, `..` and, as far as they exist, links. `-` may come once.
///
/// # Errors
/// Names both, with their places in the script.
pub fn check_collisions(outputs: &[Destination], inputs: &[PathBuf]) -> Result<()> {
    let inputs: Vec<PathBuf> = inputs.iter().map(|path| canonical(path)).collect();
    let mut earlier: Vec<(PathBuf, &Destination)> = Vec::new();
    for output in outputs {
        let name = output.path.display();
        let path = canonical(&output.path);
        if inputs.iter().any(|input| path.starts_with(input) || input.starts_with(&path)) {
            return Err(Diag::usage(format!("the output '{name}' is an input too"))
                .at(output.span)
                .help("give the output another name: its input would be replaced"));
        }
        if let Some((_, first)) = earlier.iter().find(|(p, _)| path.starts_with(p) || p.starts_with(&path)) {
            let clash = if path == canonical(&first.path) {
                "written twice"
            } else {
                "inside another output, or around it"
            };
            let diag = Diag::usage(format!("'{name}' is {clash} ('{}')", first.path.display()))
                .at(output.span)
                .help("tell the names apart, for instance with {b} in a loop, or {id} behind CUT");
            return Err(match first.span {
                Some(span) => diag.related(span, "the other output"),
                None => diag,
            });
        }
        earlier.push((path, output));
    }
    Ok(())
}

/// An absolute path without `.`, `..` and links, whether it exists or not.
fn canonical(path: &Path) -> PathBuf {
    if path == Path::new("-") {
        return path.to_path_buf();
    }
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    let mut resolved = PathBuf::new();
    for part in absolute.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => drop(resolved.pop()),
            part => resolved.push(part),
        }
        if let Ok(link) = resolved.canonicalize() {
            resolved = link;
        }
    }
    resolved
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vars() -> BTreeMap<String, String> {
        [("date", "2024-05-01"), ("hour", "07"), ("b", "0.1..1Hz"), ("evil", "../x")]
            .map(|(k, v)| (k.into(), v.into()))
            .into()
    }

    fn outputs(paths: &[&str]) -> Vec<Destination> {
        paths.iter().map(|path| Destination { path: path.into(), span: None }).collect()
    }

    #[test]
    fn fields_are_replaced() {
        let expand = |template| expand_template(template, &vars()).unwrap();
        assert_eq!(expand("out/{date}_{hour}_{b}.npy"), "out/2024-05-01_07_0.1..1Hz.npy");
        assert_eq!(expand("{{{b}}}"), "{0.1..1Hz}");
        assert_eq!(expand("plain.npy"), "plain.npy");
        assert_eq!(expand("ä{b}ö"), "ä0.1..1Hzö");
    }

    #[test]
    fn mistakes_are_named() {
        let message = |template| expand_template(template, &vars()).unwrap_err().to_string();
        let unknown = message("{day}.npy");
        assert!(unknown.contains("no field {day}") && unknown.contains("{b}, {date}"), "{unknown}");
        assert!(message("{b.npy").contains("{ without }"));
        assert!(message("b}.npy").contains("} without {"));
        assert!(message("{evil}.npy").contains("no part of a file name"));
        assert!(message("{}.npy").contains("no field {}"));
    }

    #[test]
    fn outputs_do_not_meet() {
        check_collisions(&outputs(&["a.npy", "b.npy", "a.npy.png", "-"]), &["fiber.h5".into()]).unwrap();
        let message =
            |paths: &[&str]| check_collisions(&outputs(paths), &["fiber.h5".into()]).unwrap_err().message;
        assert!(message(&["a.npy", "./x/../a.npy"]).contains("written twice"));
        assert!(message(&["a.zarr", "a.zarr/b.npy"]).contains("inside another"));
        assert!(message(&["-", "-"]).contains("written twice"));
        assert!(message(&["fiber.h5"]).contains("is an input too"));
    }

    #[test]
    fn both_places_are_shown() {
        let place = |start| Some(Span { source: 0, start, end: start + 1 });
        let twice = [7, 40].map(|start| Destination { path: "a.npy".into(), span: place(start) });
        let diag = check_collisions(&twice, &[]).unwrap_err();
        assert_eq!(diag.span, place(40));
        assert_eq!(diag.related[0].0, place(7).unwrap());
    }
}
