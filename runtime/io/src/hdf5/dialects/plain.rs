//! Plain HDF5: one array of samples beside arrays of time and, perhaps, of distance or channel numbers.
//!
//! Axes are told apart by the lengths of those arrays; a square array is taken to have time first, with a note.

use dasc_ir::{Diag, Result};

use super::Dialect;
use crate::ASSUMED_SPACING;
use crate::array::Numbers;
use crate::cf::{DATA, DISTANCE, TIME, nanoseconds, since, spacing};
use crate::found::{Clock, Found};
use crate::hdf5::context::Context;
use crate::hdf5::description::{Dataset, Description};
use crate::record::Axes;

pub const DIALECT: Dialect = Dialect { name: "hdf5", recognise: |d| parts(d).is_some(), interpret };

/// Paths of samples, stamps and, if there are any, positions, all in one group.
fn parts(d: &Description) -> Option<(&str, &str, Option<&str>)> {
    let mut best: Option<(&str, &Dataset, &str)> = None;
    for (path, dataset) in &d.datasets {
        let (group, name) = path.rsplit_once('/').unwrap_or(("", path));
        if dataset.shape.len() != 2 || dataset.element.is_none() {
            continue;
        }
        let Some(stamps) = beside(d, group, &TIME).filter(|t| fits(d, t, &dataset.shape)) else { continue };
        let rank = |name: &str, dataset: &Dataset| {
            let known = DATA.contains(&name.to_lowercase().as_str());
            (known, dataset.shape.iter().fold(1u64, |n, d| n.saturating_mul(*d)))
        };
        let better = best.is_none_or(|(other, size, _)| {
            rank(name, dataset) > rank(other.rsplit('/').next().unwrap_or(other), size)
        });
        if better {
            best = Some((path, dataset, stamps));
        }
    }
    let (data, dataset, stamps) = best?;
    let group = data.rsplit_once('/').map_or("", |(group, _)| group);
    Some((data, stamps, beside(d, group, &DISTANCE).filter(|x| fits(d, x, &dataset.shape))))
}

fn beside<'a>(d: &'a Description, group: &str, names: &[&str]) -> Option<&'a str> {
    names.iter().find_map(|name| {
        d.datasets.keys().map(String::as_str).find(|path| {
            let (at, own) = path.rsplit_once('/').unwrap_or(("", path));
            at == group && own.eq_ignore_ascii_case(name)
        })
    })
}

fn fits(d: &Description, path: &str, shape: &[u64]) -> bool {
    d.datasets
        .get(path)
        .is_some_and(|v| matches!(v.shape.as_slice(), [n] if shape.contains(n)) && v.element.is_some())
}

fn interpret(context: &Context) -> Result<Found> {
    let d = context.description;
    let (data, time, distance) = parts(d).ok_or_else(|| context.missing("arrays of samples and of time"))?;
    let shape = &context.dataset(data)?.shape;
    let stamps = context.numbers(time)?;
    let count = stamps.len() as u64;
    let mut notes = Vec::new();
    let axes = match shape.as_slice() {
        [first, second] if first == second => {
            notes.push(format!("'{data}' is square; time is taken to come first"));
            Axes::TimeChannel
        }
        [first, _] if *first == count => Axes::TimeChannel,
        _ => Axes::ChannelTime,
    };
    let said = d.text(time, "units").or(d.text(time, "unit")).unwrap_or_default();
    let (unit_ns, origin_ns) = match since(said) {
        Some(known) => known,
        None => guess(&stamps, time, said, &mut notes)?,
    };
    let mut found = Found::new(data, Clock::Stamped { stamps, unit_ns, origin_ns, nominal: None });
    (found.axes, found.notes) = (axes, notes);
    match distance {
        Some(path) if !path.to_lowercase().contains("channel") && !path.to_lowercase().contains("locus") => {
            (found.distance, found.spacing) = spacing(&context.numbers(path)?, &mut found.notes);
        }
        _ => found.notes.push(ASSUMED_SPACING.to_string()),
    }
    found.unit = d.text(data, "units").or(d.text(data, "unit")).unwrap_or_default().to_string();
    Ok(found)
}

/// Stamps without an origin count from 1970; without a unit, their size tells it.
fn guess(stamps: &Numbers, path: &str, said: &str, notes: &mut Vec<String>) -> Result<(i64, i64)> {
    if let Some(unit) = nanoseconds(said) {
        return Ok((unit, 0));
    }
    let size = stamps.real(0).unwrap_or(0.0).abs();
    if !said.is_empty() {
        let message = format!("the stamps in '{path}' are in '{said}', which is no unit of time");
        return Err(Diag::world(message).help("give FS and START to READ to use a regular clock instead"));
    }
    let (unit, name) = match size {
        s if s > 1e17 => (1, "nanoseconds"),
        s if s > 1e14 => (1_000, "microseconds"),
        s if s > 1e11 => (1_000_000, "milliseconds"),
        _ => (1_000_000_000, "seconds"),
    };
    notes.push(format!("'{path}' names no unit; it is read as {name} since 1970"));
    Ok((unit, 0))
}
