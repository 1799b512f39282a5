//! AP Sensing: `DAS`, i32 phase, beside groups of one-element datasets.
//!
//! `ProcessingServer/SpatialSampling` is the spacing. Dividing the recorded range by the channels, as DASCore does,
//! gives 0.08 % more, because the gauge length takes its points off the end: in `ap_sensing_1.hdf5`
//! (12560 − 304) / 3 = 4085 positions less 12 / 3 − 1 of the gauge are the 4082 stored.

use dasc_ir::Result;

use super::Dialect;
use crate::found::{Clock, Found, decimal};
use crate::hdf5::context::Context;
use crate::hdf5::description::Value;

pub const DIALECT: Dialect = Dialect {
    name: "ap_sensing",
    recognise: |d| {
        ["DAS", "ProcessingServer/DataRate", "Metadata/Timestamp"].iter().all(|p| d.datasets.contains_key(*p))
    },
    interpret,
};

fn interpret(context: &Context) -> Result<Found> {
    let d = context.description;
    let rate = context.rate(context.scalar("ProcessingServer/DataRate")?, "ProcessingServer/DataRate")?;
    let start_ns =
        context.instant(d.value("Metadata/Timestamp").and_then(Value::text), "Metadata/Timestamp")?;
    let mut found = Found::new("DAS", Clock::Regular { start_ns, rate });
    let zone = d.value("Metadata/Timezone").and_then(Value::text).unwrap_or("UTC");
    if !zone.starts_with("UTC") {
        found.notes.push(format!("the instrument's time zone is {zone}; its stamps are taken as written"));
    }
    found.spacing = decimal(context.scalar("ProcessingServer/SpatialSampling")?);
    found.distance = d.value("DAQ/PositionStart").and_then(Value::number).unwrap_or(0.0);
    found.gauge_length = d.value("ProcessingServer/GaugeLength").and_then(Value::number).map(decimal);
    found.unit = "rad".into();
    if let Some(factor) = d.value("ProcessingServer/RadiansToNanoStrain").and_then(Value::number) {
        found
            .notes
            .push(format!("one radian is {factor} nanostrain on this instrument (RadiansToNanoStrain)"));
    }
    found.notes.push(
        "the file does not say how many radians an integer stands for; 1 is taken, give SCALE to READ".into(),
    );
    Ok(found)
}
