//! Where sinks write: the path of the statement or the default name, with its fields filled in, relative to the script.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use dasc_dql::Step;
use dasc_dql::statements::{FilePath, Mode};
use dasc_io::Header;
use dasc_ir::{Diag, Result, time};
use dasc_sink::{Destination, Target};

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
    let wanted = format.or(known.first().copied()).unwrap_or("out");
    let Some(FilePath(template)) = path else {
        let stem = &script.stem;
        return Ok(Target::File(script.folder.join(format!("{stem}-{}.{wanted}", step.index + 1))));
    };
    let mut name =
        dasc_sink::expand_template(template, &fields(step, header)).map_err(|diag| diag.at(step.span))?;
    if name == "-" {
        return Ok(Target::Stdout);
    }
    if name.contains("://") {
        return Err(Diag::usage(format!("cannot write to '{name}': outputs are files of this machine"))
            .at(step.span)
            .help("write to a file and copy it"));
    }
    let ending = Path::new(&name).extension().map(|ending| ending.to_string_lossy().to_ascii_lowercase());
    let says = ending.filter(|ending| known.contains(&ending.as_str()));
    match (format, says) {
        (Some(format), Some(ending)) if format != ending => {
            return Err(Diag::usage(format!("'{name}' ends in .{ending}, but FORMAT is {format}"))
                .at(step.span)
                .help("leave FORMAT out, or give the name the format's ending"));
        }
        (Some(format), None) => name = format!("{name}.{format}"),
        (None, None) => {
            let list: Vec<String> = known.iter().map(|ending| format!(".{ending}")).collect();
            return Err(Diag::usage(format!("'{name}' does not say in which format to write"))
                .at(step.span)
                .help(format!("end the name in {}, or give - for standard output", list.join(", "))));
        }
        _ => {}
    }
    Ok(Target::File(located(script, &name)))
}

/// What `{…}` in a name stands for: variables of loops, and the record's first sample.
fn fields(step: &Step, header: &Header) -> BTreeMap<String, String> {
    let start = time::format_utc(header.segments.first().map_or(0, |segment| segment.start_ns));
    let (date, clock) = start.split_once('T').unwrap_or((&start, "00"));
    let mut fields: BTreeMap<String, String> = step.bindings.iter().cloned().collect();
    fields.insert("date".into(), date.to_string());
    fields.insert("hour".into(), clock.get(..2).unwrap_or("00").to_string());
    fields
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
    };
    Destination { path, span: Some(sink.span) }
}
