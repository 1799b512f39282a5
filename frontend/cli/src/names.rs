//! Where sinks write: the path of the statement or the default name, with its fields filled in, relative to the script.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use dasc_dql::Step;
use dasc_dql::statements::{FilePath, Mode};
use dasc_io::Header;
use dasc_ir::parameter::Seconds;
use dasc_ir::{Diag, Result, Span, time};
use dasc_sink::{Destination, Rotation, Target};

use crate::bind::Pipeline;
use crate::record::Record;
use crate::script::Script;
use crate::sinks::{Kind, SinkSpec};

/// A path of the script, relative to its folder; URLs and made-up sources stay as they are.
pub fn located(script: &Script, path: &str) -> PathBuf {
    located_in(&script.folder, path)
}

/// The same of a folder.
pub fn located_in(folder: &Path, path: &str) -> PathBuf {
    if path == "-" || path.contains("://") || path.starts_with("synthetic:") {
        return PathBuf::from(path);
    }
    match path.strip_prefix("~/").zip(std::env::var_os("HOME")) {
        Some((rest, home)) => Path::new(&home).join(rest),
        None => folder.join(path),
    }
}

/// A path for people: `a/../out/x` as `out/x`, where that is the same folder.
pub fn shown(path: &Path) -> String {
    let mut short = PathBuf::new();
    for part in path.components() {
        let climbs = part == Component::ParentDir
            && matches!(short.components().next_back(), Some(Component::Normal(_)));
        if climbs {
            short.pop();
        } else {
            short.push(part);
        }
    }
    let folder = |path: &Path| path.parent().map(|folder| Path::new(".").join(folder).canonicalize().ok());
    let same = folder(&short) == folder(path) && folder(path).flatten().is_some();
    if same { short } else { path.to_path_buf() }.display().to_string()
}

/// Where a sink writes. `known` are the endings its formats have, the first being the default.
pub fn target(
    script: &Script,
    step: &Step,
    header: &Header,
    path: Option<&FilePath>,
    format: Option<&str>,
    known: &[&str],
) -> Result<Target> {
    Naming::of(script, step, path, format, known).at(first_instant(header))
}

/// Where a sink writes that begins anew EVERY so often: the first of its targets, and what names the others.
pub fn rotated(
    script: &Script,
    step: &Step,
    header: &Header,
    every: Seconds,
    path: Option<&FilePath>,
    format: Option<&str>,
    known: &[&str],
) -> Result<(Target, Rotation)> {
    let wrong = |text: String| Diag::usage(text).at(step.span);
    let example = "a time of a second or more, for instance EVERY=1h";
    let every_ns = Some(every.0 * 1e9).filter(|ns| (1e9..9e18).contains(ns)).map(|ns| ns.round() as i64);
    let every_ns =
        every_ns.ok_or_else(|| wrong(format!("EVERY is {} s", every.0)).help(format!("give {example}")))?;
    let naming = Naming::of(script, step, path, format, known);
    if step.bindings.iter().any(|(field, value)| field == "id" && value == "{id}") {
        return Err(wrong("EVERY cannot follow CUT, which makes a file for every event".into())
            .help("leave EVERY out"));
    }
    let first = first_instant(header);
    let target = naming.at(first)?;
    if target == Target::Stdout {
        return Err(wrong("EVERY makes files, and standard output is one".into()).help("leave EVERY out"));
    }
    const DAY: i64 = 86_400_000_000_000;
    let border = first.div_euclid(every_ns).saturating_add(1).saturating_mul(every_ns);
    let mut names = vec![target.clone()];
    let later = [0, every_ns, DAY, 31 * DAY, 366 * DAY].map(|ns| border.saturating_add(ns));
    // Borders as far apart as the times tried are the same file's.
    let mut stretches = vec![first.div_euclid(every_ns)];
    for instant in later.into_iter().filter(|instant| *instant >= border) {
        let (name, stretch) = (naming.at(instant)?, instant.div_euclid(every_ns));
        if stretches.contains(&stretch) {
            continue;
        }
        if names.contains(&name) {
            return Err(wrong(format!("'{}' names the same file again and again", naming.template)).help(
                "put {start} into the name, or enough of {date}, {hour} and {minute} to tell the files apart",
            ));
        }
        names.push(name);
        stretches.push(stretch);
    }
    let shown = located_in(&naming.folder, &naming.template);
    Ok((target, Rotation { every_ns, shown, name: Arc::new(move |ns| naming.at(ns)) }))
}

fn first_instant(header: &Header) -> i64 {
    header.segments.first().map_or(0, |segment| segment.start_ns)
}

/// What a sink's files are called, whenever they begin.
struct Naming {
    folder: PathBuf,
    template: String,
    format: Option<String>,
    known: Vec<String>,
    /// Variables of loops, and fields of an event.
    bindings: Vec<(String, String)>,
    span: Span,
}

impl Naming {
    fn of(
        script: &Script,
        step: &Step,
        path: Option<&FilePath>,
        format: Option<&str>,
        known: &[&str],
    ) -> Naming {
        let wanted = format.or(known.first().copied()).unwrap_or("out");
        let template = match path {
            Some(FilePath(template)) => template.clone(),
            None => {
                format!("{}-{}.{wanted}", script.stem.replace('{', "{{").replace('}', "}}"), step.index + 1)
            }
        };
        Naming {
            folder: script.folder.clone(),
            template,
            format: format.map(str::to_string),
            known: known.iter().map(|ending| ending.to_string()).collect(),
            bindings: step.bindings.clone(),
            span: step.span,
        }
    }

    /// The target whose first row lies at an instant.
    fn at(&self, start_ns: i64) -> Result<Target> {
        let expanded = dasc_sink::expand_template(&self.template, &self.fields(start_ns));
        let mut name = expanded.map_err(|diag| diag.at(self.span))?;
        if name == "-" {
            return Ok(Target::Stdout);
        }
        if name.contains("://") {
            return Err(Diag::usage(format!("cannot write to '{name}': outputs are files of this machine"))
                .at(self.span)
                .help("write to a file and copy it"));
        }
        let ending = Path::new(&name).extension().map(|ending| ending.to_string_lossy().to_ascii_lowercase());
        let says = ending.filter(|ending| self.known.contains(ending));
        match (&self.format, says) {
            (Some(format), Some(ending)) if *format != ending => {
                return Err(Diag::usage(format!("'{name}' ends in .{ending}, but FORMAT is {format}"))
                    .at(self.span)
                    .help("leave FORMAT out, or give the name the format's ending"));
            }
            (Some(format), None) => name = format!("{name}.{format}"),
            (None, None) => {
                let list: Vec<String> = self.known.iter().map(|ending| format!(".{ending}")).collect();
                return Err(Diag::usage(format!("'{name}' does not say in which format to write"))
                    .at(self.span)
                    .help(format!("end the name in {}, or give - for standard output", list.join(", "))));
            }
            _ => {}
        }
        Ok(Target::File(located_in(&self.folder, &name)))
    }

    /// What `{…}` in a name stands for: variables of loops, and the first sample's instant.
    fn fields(&self, start_ns: i64) -> BTreeMap<String, String> {
        let start = time::format_utc(start_ns);
        let (date, clock) = start.split_once('T').unwrap_or((&start, "00:00"));
        let part = |range| clock.get(range).unwrap_or("00").to_string();
        let mut fields: BTreeMap<String, String> = [
            ("start", instant(start_ns)),
            ("date", date.to_string()),
            ("hour", part(0..2)),
            ("minute", part(3..5)),
        ]
        .map(|(field, value)| (field.to_string(), value))
        .into();
        fields.extend(self.bindings.iter().cloned());
        fields
    }
}

/// `2024-05-01T12-00-03.25`: an instant that any file system takes.
pub fn instant(ns: i64) -> String {
    time::format_utc(ns).replace(':', "-").replace('Z', "")
}

/// The sink's own word for the statement's.
pub fn mode(mode: Mode) -> dasc_sink::Mode {
    match mode {
        Mode::New => dasc_sink::Mode::New,
        Mode::Overwrite => dasc_sink::Mode::Overwrite,
        Mode::Append => dasc_sink::Mode::Append,
    }
}

/// Refuses outputs that meet each other or an input, and those that could not be written: before anything runs.
pub fn check(pipelines: &[Pipeline]) -> Result<(), Vec<Diag>> {
    let inputs: Vec<PathBuf> = pipelines.iter().filter_map(|p| p.record.file.clone()).collect();
    let sinks = || {
        pipelines
            .iter()
            .flat_map(|pipeline| pipeline.sinks.iter().chain(pipeline.cuts.iter().flat_map(|cut| &cut.sinks)))
    };
    let outputs: Vec<Destination> = sinks().map(destination).collect();
    dasc_sink::check_collisions(&outputs, &inputs).map_err(|diag| vec![diag])?;
    let unusable: Vec<Diag> = sinks()
        .filter_map(|sink| sink.target.check(sink.mode).err().map(|diag| diag.at(sink.span)))
        .collect();
    if unusable.is_empty() { Ok(()) } else { Err(unusable) }
}

/// Refuses to pour bytes over a terminal. `terminal`: whether standard output is one.
pub fn check_terminal(pipelines: &[Pipeline], terminal: bool) -> Result<()> {
    let readable = |kind: &Kind| matches!(kind, Kind::Events(Some(format)) if format.is_text());
    let poured = |sink: &&SinkSpec| terminal && sink.target == Target::Stdout && !readable(&sink.kind);
    let Some(sink) = pipelines.iter().flat_map(|pipeline| &pipeline.sinks).find(poured) else {
        return Ok(());
    };
    let file = match sink.kind {
        Kind::Write(_) => "out.npy",
        Kind::Events(_) => "events.arrows",
        Kind::Traces(_) | Kind::Heatmap(_) | Kind::Section(_) | Kind::Spectrogram(_) => "picture.png",
    };
    Err(Diag::usage(format!("{} writes bytes to standard output, which is a terminal here", sink.keyword))
        .at(sink.span)
        .help(match sink.kind {
            Kind::Events(_) => {
                format!("say FORMAT=jsonl or csv to read them here, or send them on: dasc run … > {file}")
            }
            _ => format!("send them on: dasc run … > {file}, or | and a program that reads them"),
        }))
}

/// The same for the files of cuts, once their names are known; `earlier` are those already written.
pub fn check_cuts(earlier: &[SinkSpec], cuts: &[SinkSpec], record: &Record) -> Result<()> {
    let outputs: Vec<Destination> = earlier.iter().chain(cuts).map(destination).collect();
    dasc_sink::check_collisions(&outputs, record.file.as_slice())?;
    cuts.iter().try_for_each(|sink| sink.target.check(sink.mode).map_err(|diag| diag.at(sink.span)))
}

fn destination(sink: &SinkSpec) -> Destination {
    let path = match &sink.target {
        Target::File(path) => path.clone(),
        Target::Stdout => PathBuf::from("-"),
        Target::Hook(url) => PathBuf::from(url),
    };
    Destination { path, span: Some(sink.span) }
}
