//! Neubrex NEUBRESCOPE DAS: one dataset `Acoustic`, f32, attributes with units in their names.

use dasc_ir::Result;

use super::Dialect;
use crate::found::{Clock, Found, decimal};
use crate::hdf5::context::Context;

const DATA: &str = "Acoustic";

pub const DIALECT: Dialect = Dialect {
    name: "neubrex",
    recognise: |d| d.attribute(DATA, "TimeSamplingInterval(seconds)").is_some(),
    interpret,
};

fn interpret(context: &Context) -> Result<Found> {
    let d = context.description;
    let interval = decimal(context.number(DATA, "TimeSamplingInterval(seconds)")?);
    let rate = context.interval(interval, "TimeSamplingInterval(seconds)")?;
    let text = d.text(DATA, "ISO8601TimeStamp").or(d.text(DATA, "GPSTimeStamp(UTC)"));
    let start_ns = context.instant(text, "ISO8601TimeStamp")?;
    let mut found = Found::new(DATA, Clock::Regular { start_ns, rate });
    found.spacing = decimal(context.number(DATA, "SpatialSamplingInterval")?);
    found.distance = d.number(DATA, "StartPosition").unwrap_or(0.0);
    found.gauge_length = d.number(DATA, "GaugeLength").map(decimal);
    found.unit = d.text(DATA, "DataPhysicalUnit").unwrap_or_default().to_string();
    Ok(found)
}
