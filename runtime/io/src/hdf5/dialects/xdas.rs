//! NetCDF-4 as xdas writes it: CF conventions, coordinates by tie points (CF 1.9, 8.3 "Lossy compression by
//! coordinate subsampling"): `time_values` at `time_indices`, linear between them.

use dasc_ir::Result;

use super::Dialect;
use crate::array::Numbers;
use crate::cf::{since, spacing};
use crate::clock::Stamps;
use crate::found::{Clock, Found};
use crate::hdf5::context::Context;
use crate::hdf5::description::Description;
use crate::record::Axes;

pub const DIALECT: Dialect = Dialect { name: "xdas", recognise: |d| payload(d).is_some(), interpret };

fn payload(d: &Description) -> Option<&str> {
    d.datasets
        .iter()
        .find(|(_, s)| s.attributes.contains_key("coordinate_interpolation"))
        .map(|(path, _)| path.as_str())
}

fn interpret(context: &Context) -> Result<Found> {
    let d = context.description;
    let data = payload(d).ok_or_else(|| context.missing("an array with tie-point coordinates"))?;
    // "time: time_indices time_values distance: distance_indices distance_values"
    let words: Vec<&str> =
        d.text(data, "coordinate_interpolation").unwrap_or_default().split_whitespace().collect();
    let ties = |axis: &str| -> Result<(String, String)> {
        let at = words.iter().position(|w| w.strip_suffix(':') == Some(axis));
        let pair = at.and_then(|at| Some((words.get(at + 1)?.to_string(), words.get(at + 2)?.to_string())));
        pair.ok_or_else(|| context.missing(&format!("tie points of {axis}")))
    };
    let shape = &context.dataset(data)?.shape;
    let (indices, values) = ties("time")?;
    let at = context.numbers(&indices)?;
    let samples = at.real(at.len().saturating_sub(1)).map_or(0, |last| last as u64).saturating_add(1);
    let axes = match shape.as_slice() {
        [first, _] if *first == samples => Axes::TimeChannel,
        [_, last] if *last == samples => Axes::ChannelTime,
        _ => return Err(context.missing(&format!("an axis of {samples} samples, as the tie points have it"))),
    };
    let units = d.text(&values, "units").unwrap_or_default();
    let (unit_ns, origin_ns) =
        since(units).ok_or_else(|| context.missing(&format!("units of {values} ('{units}')")))?;
    let known = Stamps::new(&context.numbers(&values)?, unit_ns, origin_ns, &values)?;
    let stamps = interpolate(&at, &known.ns, samples)
        .ok_or_else(|| context.missing(&format!("increasing tie points in {indices} and {values}")))?;
    let clock = Clock::Stamped { stamps: Numbers::Integers(stamps), unit_ns: 1, origin_ns: 0, nominal: None };
    let mut found = Found::new(data, clock);
    found.axes = axes;
    if let Ok((indices, values)) = ties("distance") {
        let channels =
            if axes == Axes::TimeChannel { shape.get(1) } else { shape.first() }.copied().unwrap_or(0);
        let ends = (context.numbers(&indices)?, context.numbers(&values)?);
        let step =
            |n: usize| Some(ends.1.real(n)? - ends.1.real(0)?).zip(ends.0.real(n)).filter(|(_, i)| *i > 0.0);
        match step(ends.1.len().saturating_sub(1)) {
            Some((length, count)) if count + 1.0 == channels as f64 => {
                (found.distance, found.spacing) = (ends.1.real(0).unwrap_or(0.0), length / count);
                if ends.1.len() > 2 {
                    found
                        .notes
                        .push("distance has more than two tie points; the mean spacing is used".into());
                }
            }
            _ => (found.distance, found.spacing) = spacing(&ends.1, &mut found.notes),
        }
    }
    found.unit = d.text(data, "units").unwrap_or_default().to_string();
    Ok(found)
}

/// Linear between tie points, to the nanosecond. `None` unless the indices increase from 0 to `samples - 1`.
fn interpolate(at: &Numbers, known: &[i64], samples: u64) -> Option<Vec<i64>> {
    let Numbers::Integers(at) = at else { return None };
    if at.first() != Some(&0) || at.len() != known.len() {
        return None;
    }
    let mut stamps = Vec::new();
    stamps.try_reserve_exact(usize::try_from(samples).ok()?).ok()?;
    stamps.push(*known.first()?);
    for (at, known) in at.windows(2).zip(known.windows(2)) {
        let steps = i128::from(at[1]) - i128::from(at[0]);
        if steps <= 0 {
            return None;
        }
        let rise = i128::from(known[1]) - i128::from(known[0]);
        for step in 1..=steps {
            stamps.push(i64::try_from(i128::from(known[0]) + (rise * step).div_euclid(steps)).ok()?);
        }
    }
    (stamps.len() as u64 == samples).then_some(stamps)
}
