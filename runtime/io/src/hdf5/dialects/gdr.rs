//! HDF5 of the Geothermal Data Repository (metadata standard DAS-RCN): `DasRawData/RawData` and `DasTimeArray` in ns.

use dasc_ir::Result;

use super::Dialect;
use crate::found::{Clock, Found};
use crate::hdf5::context::Context;
use crate::hdf5::description::Value;
use crate::record::Axes;

const DATA: &str = "DasRawData/RawData";
const STAMPS: &str = "DasRawData/DasTimeArray";
const ACQUISITION: &str = "DasMetadata/Interrogator/Acquisition";

pub const DIALECT: Dialect = Dialect {
    name: "gdr",
    recognise: |d| d.datasets.contains_key(DATA) && d.groups.contains_key("DasMetadata"),
    interpret,
};

fn interpret(context: &Context) -> Result<Found> {
    let d = context.description;
    let hertz = d.number(ACQUISITION, "AcquisitionSampleRate");
    let nominal = hertz.map(|h| context.rate(h, "AcquisitionSampleRate")).transpose()?;
    let clock = match (d.datasets.contains_key(STAMPS), nominal) {
        (false, Some(rate)) => {
            let text = d.text(ACQUISITION, "AcquisitionStartTime");
            Clock::Regular { start_ns: context.instant(text, "AcquisitionStartTime")?, rate }
        }
        _ => Clock::Stamped { stamps: context.numbers(STAMPS)?, unit_ns: 1, origin_ns: 0, nominal },
    };
    let mut found = Found::new(DATA, clock);
    let names = d.attribute(DATA, "DasDimensions").map(Value::texts).unwrap_or_default();
    if names.first().is_some_and(|name| name.trim().starts_with("locus")) {
        found.axes = Axes::ChannelTime;
    }
    found.spacing = context.number(ACQUISITION, "SpatialSamplingInterval")?;
    found.gauge_length = d.number(ACQUISITION, "GaugeLength");
    found.unit = d.text(ACQUISITION, "UnitOfMeasure").unwrap_or_default().to_string();
    let group = format!("{ACQUISITION}/ChannelGroup");
    found.first = d.attribute(&group, "FirstUsableChannelID").and_then(Value::integer).unwrap_or(0);
    found.distance = found.first as f64 * found.spacing;
    Ok(found)
}
