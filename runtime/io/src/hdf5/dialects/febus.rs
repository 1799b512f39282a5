//! Febus A1: `<instrument>/Source<n>/Zone<m>/<name>`, f32 `[block, time, channel]`, blocks overlapping in time.
//!
//! A block stamp comes every `1000 / BlockRate` s. Of each block, so many rows are kept that blocks abut: that
//! period divided by the time step. The rest overlaps its neighbours and is cut off half at either side, one more at
//! the end if it is odd. `febus_2.h5`: 1 s / 0.95238095 ms = 1050 rows of 3001, the 975 before and the 976
//! after cut off; 1049 rows (the end taken as inclusive) would lose a sample at every block's border.
//!
//! Stamps mark the middle of a block, which a negative `Origin` says outright. Source: the readers of DASCore and xdas.

use dasc_ir::{Rational, Result};

use super::Dialect;
use crate::found::{Clock, Found};
use crate::hdf5::context::Context;
use crate::hdf5::description::{Description, Value};
use crate::record::Axes;

pub const DIALECT: Dialect = Dialect { name: "febus", recognise: |d| !payloads(d).is_empty(), interpret };

/// Zones' datasets with three axes below a source that has block stamps.
fn payloads(d: &Description) -> Vec<&str> {
    let zoned = |path: &&String| {
        let mut parts = path.split('/');
        let (Some(instrument), Some(source), Some(zone), Some(_), None) =
            (parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return false;
        };
        let named = source.starts_with("Source") && zone.starts_with("Zone");
        named && d.datasets.contains_key(&format!("{instrument}/{source}/time"))
    };
    d.datasets
        .keys()
        .filter(zoned)
        .filter(|p| d.datasets.get(*p).is_some_and(|s| s.shape.len() == 3))
        .map(String::as_str)
        .collect()
}

fn interpret(context: &Context) -> Result<Found> {
    let d = context.description;
    let all = payloads(d);
    let payload = *all.first().ok_or_else(|| context.missing("a zone with data"))?;
    let (zone, name) = payload.rsplit_once('/').ok_or_else(|| context.missing("a zone"))?;
    let source = zone.rsplit_once('/').map_or("", |(source, _)| source);
    let list = |name: &str| d.attribute(zone, name).map(Value::numbers).unwrap_or_default();
    let (spacing, origin, extent) = (list("Spacing"), list("Origin"), list("Extent"));
    let (Some(dx), Some(step)) = (spacing.first().copied(), spacing.get(1).copied()) else {
        return Err(context.missing(&format!("attribute '{zone}@Spacing'")));
    };
    // Milliseconds, rounded to eight digits by the instrument: 0.95238095 stands for 1/1.05.
    let rate = hertz(context, step)?;
    let shape = &context.dataset(payload)?.shape;
    let length = shape.get(1).copied().unwrap_or(0);
    let stamps = context.numbers(&format!("{source}/time"))?;
    let block_rate = d.number(zone, "BlockRate").or(d.number(zone, "FreqRes")).filter(|r| *r > 0.0);
    let block = match block_rate {
        Some(millihertz) => context.interval(1000.0 / millihertz, "BlockRate")?.recip(),
        None => median_step(&stamps.to_reals()),
    };
    let block =
        block.filter(|b| *b > Rational::ZERO).ok_or_else(|| context.missing("BlockRate or block stamps"))?;
    let rows = (block.as_f64() * rate.as_f64()).round() as u64;
    if rows == 0 || rows > length {
        return Err(
            context.missing(&format!("blocks that abut: {rows} rows a block period, {length} rows stored"))
        );
    }
    let first = (length - rows) / 2;
    let period = rate.recip().unwrap_or(Rational::ZERO);
    let skipped = period.nanoseconds(first as i64);
    let offset_ns = match origin.get(1).copied().filter(|o| *o < 0.0 && *o > -1e9) {
        Some(milliseconds) => skipped.saturating_add((milliseconds * 1e6).round() as i64),
        None => skipped.saturating_sub(period.nanoseconds(length as i64 / 2)),
    };
    let mut found = Found::new(payload, Clock::Blocks { stamps, offset_ns, rows, block, rate });
    found.axes = Axes::Blocks { first, rows };
    found.spacing = dx;
    found.first = extent.first().copied().filter(|x| x.abs() < 9e15).unwrap_or(0.0) as i64;
    found.distance = origin.first().copied().unwrap_or(0.0) + found.first as f64 * dx;
    found.gauge_length = d.number(zone, "GaugeLength");
    found.notes.push(format!(
        "{rows} of {length} rows of each block are kept ({first} cut off before them), so that blocks abut"
    ));
    found.unit = match name.to_lowercase().as_str() {
        "strainrate" => "nstrain/s".into(),
        "strain" => "nstrain".into(),
        _ if name.contains("dB") => "dB".into(),
        _ => String::new(),
    };
    if name.starts_with("PSD") {
        found.notes.push(format!(
            "'{name}' by its name holds spectra: its second axis may be frequency ({step} Hz a row) rather than time ({step} ms)"
        ));
    }
    if all.len() > 1 {
        found.notes.push(format!("the file holds {} zones; {zone} is read", all.len()));
    }
    Ok(found)
}

/// The rate of a rounded step in milliseconds: the nearest multiple of 0.1 Hz if the eight digits allow it.
fn hertz(context: &Context, milliseconds: f64) -> Result<Rational> {
    let exact = 1000.0 / milliseconds;
    let tenth = (exact * 10.0).round() / 10.0;
    let within = (tenth - exact).abs() <= exact * 1e-8 / milliseconds.abs().max(1e-6);
    context.rate(if within { tenth } else { exact }, "Spacing")
}

fn median_step(stamps: &[f64]) -> Option<Rational> {
    let mut steps: Vec<f64> = stamps.windows(2).map(|w| w[1] - w[0]).filter(|s| s.is_finite()).collect();
    steps.sort_by(f64::total_cmp);
    steps.get(steps.len() / 2).and_then(|s| Rational::approximate((s * 1e3).round() / 1e3))
}
