//! ProdML 2.0 and 2.1 (Energistics; Silixa, OptaSense, Sintela): `/Acquisition/Raw[i]/RawData`.
//!
//! Silixa writes i16 in `(nm/m)/s * Hz/m`; strain rate is 116 nm · raw · fs / (8192 · gauge length).

use dasc_ir::Result;

use super::Dialect;
use crate::found::{Clock, Found, unit};
use crate::hdf5::context::Context;
use crate::hdf5::description::Value;
use crate::record::Axes;

pub const DIALECT: Dialect = Dialect {
    name: "prodml",
    recognise: |d| d.groups.contains_key("Acquisition") && d.datasets.keys().any(|k| raw(k).is_some()),
    interpret,
};

/// `Acquisition/Raw[0]` of `Acquisition/Raw[0]/RawData`.
fn raw(path: &str) -> Option<&str> {
    path.strip_suffix("/RawData").filter(|group| group.starts_with("Acquisition/Raw["))
}

fn interpret(context: &Context) -> Result<Found> {
    let d = context.description;
    let groups: Vec<&str> = d.datasets.keys().filter_map(|k| raw(k)).collect();
    let group = *groups.first().ok_or_else(|| context.missing("Acquisition/Raw[0]/RawData"))?;
    let payload = format!("{group}/RawData");
    let hertz =
        d.number(group, "OutputDataRate").map_or_else(|| context.number("Acquisition", "PulseRate"), Ok)?;
    let rate = context.rate(hertz, "OutputDataRate")?;
    let stamps = format!("{group}/RawDataTime");
    let clock = if d.datasets.contains_key(&stamps) {
        // Microseconds since 1970.
        Clock::Stamped { stamps: context.numbers(&stamps)?, unit_ns: 1000, origin_ns: 0, nominal: Some(rate) }
    } else {
        let text = d.text(&payload, "PartStartTime").or(d.text("Acquisition", "MeasurementStartTime"));
        Clock::Regular { start_ns: context.instant(text, "PartStartTime or MeasurementStartTime")?, rate }
    };
    let mut found = Found::new(&payload, clock);
    let first_axis = d.attribute(&payload, "Dimensions").map(Value::texts).unwrap_or_default();
    // One text may name both axes: "time, locus".
    let first_axis = first_axis.first().map(|s| s.trim().to_lowercase()).unwrap_or_default();
    if first_axis.starts_with("locus") {
        found.axes = Axes::ChannelTime;
    } else if !first_axis.starts_with("time") {
        found.notes.push("RawData does not name its Dimensions; time is taken to come first".into());
    }
    let metres = |name: &str| -> Option<f64> {
        let value = d.number("Acquisition", name)?;
        let said =
            d.text("Acquisition", &format!("{name}.uom")).or(d.text("Acquisition", &format!("{name}Unit")));
        let factor = said.and_then(|u| unit(u).convert(1.0, &unit("m")));
        Some(value * factor.unwrap_or(1.0))
    };
    found.spacing = metres("SpatialSamplingInterval")
        .ok_or_else(|| context.missing("Acquisition@SpatialSamplingInterval"))?;
    found.gauge_length = metres("GaugeLength");
    let locus = |path| d.attribute(path, "StartLocusIndex").and_then(Value::integer);
    found.first = locus(group).or_else(|| locus("Acquisition")).unwrap_or(0);
    found.distance = found.first as f64 * found.spacing;
    found.unit = d.text(group, "RawDataUnit").unwrap_or_default().to_string();
    match (found.unit.to_lowercase().replace(' ', "").as_str(), found.gauge_length) {
        ("(nm/m)/s*hz/m", Some(gauge)) if gauge > 0.0 => {
            found.scale = 116.0 * hertz / (8192.0 * gauge);
            found.notes.push(format!(
                "raw numbers become nstrain/s by 116 * fs / (8192 * gauge length of {gauge} m)"
            ));
            found.unit = "nstrain/s".into();
        }
        ("rad*2pi/2^16" | "rad*2*pi/2^16", _) => {
            found.scale = std::f64::consts::TAU / 65536.0;
            found.unit = "rad".into();
        }
        _ => {}
    }
    if groups.len() > 1 {
        found.notes.push(format!("the file holds {} raw arrays; {group} is read", groups.len()));
    }
    Ok(found)
}
