//! What all pictures share: names of quantities, limits, size, titles, and how they are saved.

use std::io::Write;

use dasc_dql::Step;
use dasc_dql::statements::{self, FilePath, Limit, Limits, Size};
use dasc_ir::graph::{Builder, NodeId, Prim, View};
use dasc_ir::{Diag, Result, Unit};
use dasc_plot::{Figure, Mark, Picture, Quantity};
use dasc_sink::{AtomicFile, Event, Mode, Provenance, Summary, Target};

use super::{Kind, SinkSpec};
use crate::bind::{Assembly, Pipeline};
use crate::{names, numbers};

/// What every picture is told.
#[derive(Debug)]
pub struct Look {
    pub title: Option<String>,
    pub size: Option<Size>,
}

/// What a unit measures, as an axis would name it.
pub fn quantity_name(unit: &Unit) -> &'static str {
    measured(unit).unwrap_or("Amplitude")
}

fn measured(unit: &Unit) -> Option<&'static str> {
    let like = |text: &str| Unit::parse(text).is_some_and(|other| other.dimension == unit.dimension);
    let known = [
        ("strain/s", "Strain rate"),
        ("strain", "Strain"),
        ("rad", "Phase"),
        ("rad/s", "Phase rate"),
        ("m/s", "Velocity"),
        ("m", "Displacement"),
        ("count", "Counts"),
        ("dB", "Level"),
        ("Pa", "Pressure"),
        ("K", "Temperature"),
        ("V", "Voltage"),
    ];
    if unit.is_none() || !unit.scale.is_finite() {
        return None;
    }
    if dasc_stdlib::pieces::level::is_power(unit) {
        return Some("Power");
    }
    known.iter().find(|(text, _)| like(text)).map(|(_, name)| *name)
}

/// What a signal measures, as an axis names it: by its unit, or where that says nothing by what the operator it came from gives.
pub fn quantity(assembly: &Assembly, x: NodeId) -> Result<Quantity> {
    let unit = &assembly.b.signal(x)?.unit;
    let given = || {
        let operator = origin(&assembly.b, x)?;
        let mut schemas = assembly.script.program.steps.iter().map(|step| step.schema);
        schemas.find(|schema| schema.name == operator)?.gives
    };
    let name = measured(unit).or_else(given).unwrap_or_else(|| quantity_name(unit));
    Ok(Quantity::new(name, unit.symbol()))
}

/// The operator that made the values; what only chooses some of them made none.
fn origin(b: &Builder, mut x: NodeId) -> Option<&str> {
    loop {
        let node = b.graph().node(x);
        match node.prim {
            Prim::View(View::Slice { .. }) | Prim::Gather { .. } => x = *node.inputs.first()?,
            _ => return Some(&node.operator),
        }
    }
}

/// The sink of a picture of `x`, which goes where its statement says.
pub fn sink(
    assembly: &mut Assembly,
    step: &Step,
    (out, mode): (Option<&FilePath>, statements::Mode),
    x: NodeId,
    kind: Kind,
) -> Result<SinkSpec> {
    let target = names::target(assembly.script, step, assembly.record.header(), out, None, &["png"])?;
    Ok(SinkSpec {
        step: step.index,
        span: step.span,
        keyword: step.keyword.clone(),
        target,
        rotation: None,
        mode: picture_mode(names::mode(mode))?,
        output: Some(assembly.output(x)),
        events: Vec::new(),
        kind,
    })
}

/// A name of at most so many letters: what is cut out of the middle is said least.
fn shortened(name: &str) -> String {
    const MOST: usize = 48;
    let letters: Vec<char> = name.chars().collect();
    if letters.len() <= MOST {
        return name.to_string();
    }
    let (head, tail) = (&letters[..MOST / 2], &letters[letters.len() - MOST / 2 + 1..]);
    head.iter().chain(['…'].iter()).chain(tail).collect()
}

/// The figure's frame: title, a line that says what was drawn, size, events, provenance.
pub fn figure(
    look: &Look,
    default_title: &str,
    pipeline: &Pipeline,
    provenance: &Provenance,
    events: Vec<dasc_plot::Event>,
) -> Figure {
    let header = pipeline.record.header();
    let start = header.segments.first().map_or(0, |segment| segment.start_ns);
    let file = pipeline.record.name.rsplit('/').next().unwrap_or_default();
    let mut figure = Figure::new(look.title.as_deref().unwrap_or(default_title));
    let begins =
        if start == 0 { String::new() } else { format!("  ·  start {} UTC", dasc_plot::utc(start)) };
    let file = shortened(file);
    figure.subtitle = format!("{file}{begins}  ·  {}", numbers::hertz(header.rate.as_f64()));
    figure.events = events;
    figure.provenance = vec![
        ("Software".into(), format!("dasc {}", provenance.version)),
        ("Source".into(), pipeline.record.name.clone()),
        ("Script".into(), provenance.script.clone()),
    ];
    if let Some(size) = look.size {
        // Small pictures keep the least size in inches that has room for axes.
        let dpi = (f64::from(size.width) / 3.0).min(f64::from(size.height) / 2.0).min(200.0).floor().max(1.0);
        figure.dpi = dpi as u32;
        (figure.width, figure.height) = (f64::from(size.width) / dpi, f64::from(size.height) / dpi);
    }
    figure
}

/// The events as marks; labels only while there are few. `extent` places channels on the axis, first the end at the
/// smaller distance; a track becomes the line fitted to it.
pub fn marks(events: &[Event], extent: impl Fn(&Event) -> Option<(f64, f64)>) -> Vec<dasc_plot::Event> {
    const FEW: usize = 12;
    let label = |event: &Event| if events.len() <= FEW { format!("#{}", event.id) } else { String::new() };
    let mark = |event: &Event| {
        let (start_ns, end_ns, extent) = (event.start_ns, event.end_ns, extent(event));
        match (event.line(), extent) {
            (Some([(start_ns, from), (end_ns, to)]), Some((low, high))) => {
                let extent = Some((low + from * (high - low), low + to * (high - low)));
                dasc_plot::Event { start_ns, end_ns, extent, mark: Mark::Line, label: label(event) }
            }
            _ => dasc_plot::Event { start_ns, end_ns, extent, mark: Mark::Box, label: label(event) },
        }
    };
    events.iter().map(mark).collect()
}

/// The ends of a colour or value scale in the unit of the data.
pub fn limits(given: &Limits, unit: &Unit) -> Result<dasc_plot::Limits> {
    let value = |value: f64, of: &Option<Unit>| match of {
        None => Ok(value),
        Some(of) => of.convert(value, unit).ok_or_else(|| {
            Diag::usage(format!("LIMITS are in {of}, but the picture is in {unit}"))
                .help(format!("give them in {unit}"))
        }),
    };
    match (&given.from, &given.to) {
        (Some(Limit::Percentile(low)), Some(Limit::Percentile(high))) => {
            Ok(dasc_plot::Limits::Percent { low: *low, high: *high })
        }
        (Some(Limit::Percentile(low)), None) => Ok(dasc_plot::Limits::Percent { low: *low, high: 100.0 }),
        (None, Some(Limit::Percentile(high))) => Ok(dasc_plot::Limits::Percent { low: 0.0, high: *high }),
        (Some(Limit::Value(low, a)), Some(Limit::Value(high, b))) => {
            Ok(dasc_plot::Limits::Fixed { low: value(*low, a)?, high: value(*high, b)? })
        }
        _ => Err(Diag::usage("LIMITS needs two percentiles or two values")
            .help("for example LIMITS=2%..98% or LIMITS=-50..50")),
    }
}

/// Refuses what a picture cannot do.
fn picture_mode(mode: Mode) -> Result<Mode> {
    match mode {
        Mode::Append => {
            Err(Diag::usage("a picture cannot be appended to")
                .help("say MODE=overwrite, or give another name"))
        }
        other => Ok(other),
    }
}

/// Writes the picture, whole or not at all.
pub fn save(sink: &SinkSpec, picture: &Picture, rows: u64) -> Result<Summary> {
    save_to(&sink.target, sink.mode, picture, rows)
}

/// The same without a sink.
pub fn save_to(target: &Target, mode: Mode, picture: &Picture, rows: u64) -> Result<Summary> {
    let png = picture.png()?;
    match target {
        Target::File(path) => {
            let mut file = AtomicFile::create(path, mode)?;
            let written = file.write_all(&png);
            if let Err(error) = written {
                let fault = file.fault().cloned();
                return Err(fault
                    .unwrap_or_else(|| Diag::world(format!("cannot write '{}': {error}", path.display()))));
            }
            Ok(Summary { path: path.clone(), files: 1, bytes: file.commit()?, rows })
        }
        Target::Hook(_) => Err(Diag::compiler("a picture goes to no web hook")),
        Target::Stdout => {
            let mut out = std::io::stdout().lock();
            out.write_all(&png).and_then(|()| out.flush()).map_err(|error| match error.kind() {
                std::io::ErrorKind::BrokenPipe => Diag::world("standard output was closed by its reader"),
                _ => Diag::world(format!("cannot write to standard output: {error}")),
            })?;
            Ok(Summary { path: "-".into(), files: 1, bytes: png.len() as u64, rows })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dasc_events::Cell;

    const SECOND: i64 = 1_000_000_000;

    /// At 1000 s in the middle of 1000 m, with that speed; its points have been seen for 100 s and everywhere.
    fn track(speed: f64) -> Event {
        Event {
            start_ns: 950 * SECOND,
            end_ns: 1050 * SECOND,
            distance_lo: 0.0,
            distance_hi: 1000.0,
            passes: Some((1000 * SECOND, 500.0)),
            extra: [("speed", Cell::Number(speed))].into(),
            ..Event::default()
        }
    }

    #[test]
    fn a_track_is_the_line_of_its_speed_within_its_time_and_its_stretch() {
        let cases = [
            (20.0, (975, 1025), (0.0, 1000.0)),
            (-20.0, (975, 1025), (1000.0, 0.0)),
            (5.0, (950, 1050), (250.0, 750.0)),
            (-5.0, (950, 1050), (750.0, 250.0)),
            (0.0, (950, 1050), (500.0, 500.0)),
        ];
        for (speed, (start, end), extent) in cases {
            for mark in marks(&[track(speed)], |event| Some(event.reach())) {
                assert_eq!((mark.mark, mark.extent), (Mark::Line, Some(extent)), "{speed}");
                assert_eq!((mark.start_ns, mark.end_ns), (start * SECOND, end * SECOND), "{speed}");
            }
        }
    }

    /// Channels that run against the distance are given from the smaller distance on.
    #[test]
    fn a_track_on_an_axis_of_channels_keeps_its_way() {
        let track = track(5.0);
        let [mark] = &marks(std::slice::from_ref(&track), |_| Some((100.0, 0.0)))[..] else {
            panic!("one mark")
        };
        assert_eq!(mark.extent, Some((75.0, 25.0)));
        let unknown = Event { passes: None, ..track };
        let [mark] = &marks(&[unknown], |_| Some((100.0, 0.0)))[..] else { panic!("one mark") };
        assert_eq!((mark.mark, mark.extent), (Mark::Box, Some((100.0, 0.0))));
    }
}
