//! OptoDAS (Alcatel Submarine Networks), file versions 8 to 11: `data` beside groups of settings.
//!
//! Values are `data * header/dataScale`. `header/channels` counts sampling positions `header/dx` apart, of which
//! the region of interest keeps every so many, so the real spacing is dx times that decimation.

use dasc_ir::Result;

use super::Dialect;
use crate::array::Numbers;
use crate::found::{Clock, Found};
use crate::hdf5::context::Context;
use crate::hdf5::description::Value;
use crate::record::Axes;

pub const DIALECT: Dialect = Dialect {
    name: "optodas",
    recognise: |d| {
        ["data", "header/dx", "header/dt", "header/time"].iter().all(|p| d.datasets.contains_key(*p))
    },
    interpret,
};

fn interpret(context: &Context) -> Result<Found> {
    let d = context.description;
    let rate = context.interval(context.scalar("header/dt")?, "header/dt")?;
    let start_ns = (context.scalar("header/time")? * 1e6).round() as i64;
    let start_ns = start_ns.checked_mul(1000).ok_or_else(|| context.missing("a sensible header/time"))?;
    let mut found = Found::new("data", Clock::Regular { start_ns, rate });
    found.scale = d.value("header/dataScale").and_then(Value::number).unwrap_or(1.0);
    let dx = context.scalar("header/dx")?;
    let (first, step) = match d.datasets.contains_key("header/channels") {
        true => region(&context.numbers("header/channels")?, &mut found.notes),
        false => {
            let number = |path| d.value(path).and_then(Value::integer);
            (number("demodSpec/roiStart").unwrap_or(0), number("demodSpec/roiDec").unwrap_or(1))
        }
    };
    (found.first, found.step) = (first, step.max(1));
    found.spacing = dx * found.step as f64;
    found.distance = dx * first as f64;
    found.gauge_length = d.value("header/gaugeLength").and_then(Value::number);
    found.unit = d.value("header/unit").and_then(Value::text).unwrap_or_default().to_string();
    let names = d.value("header/dimensionNames").map(Value::texts).unwrap_or_default();
    if names.first().is_some_and(|name| name.trim() == "distance") {
        found.axes = Axes::ChannelTime;
    }
    Ok(found)
}

/// First channel and step. Several regions of interest with uneven steps are told apart in a note.
fn region(channels: &Numbers, notes: &mut Vec<String>) -> (i64, i64) {
    let Numbers::Integers(numbers) = channels else { return (0, 1) };
    let first = numbers.first().copied().unwrap_or(0);
    let step = numbers.get(1).map_or(1, |second| second.saturating_sub(first));
    let uneven = numbers.windows(2).filter(|w| w[1].saturating_sub(w[0]) != step).count();
    if uneven > 0 {
        notes.push(format!(
            "the file holds {} regions of interest; channels after the first region are numbered as if it went on",
            uneven + 1
        ));
    }
    (first, step)
}
