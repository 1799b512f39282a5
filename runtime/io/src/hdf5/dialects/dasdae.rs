//! DASDAE, the format of DASCore: groups below `waveforms`, each a patch with `data` and `_coord_*` arrays.

use dasc_ir::Result;

use super::Dialect;
use crate::cf::spacing;
use crate::found::{Clock, Found};
use crate::hdf5::context::Context;
use crate::record::Axes;

pub const DIALECT: Dialect =
    Dialect { name: "dasdae", recognise: |d| d.text("", "__format__") == Some("DASDAE"), interpret };

fn interpret(context: &Context) -> Result<Found> {
    let d = context.description;
    let patches: Vec<&str> =
        d.children("waveforms").filter(|g| d.datasets.contains_key(&format!("{g}/data"))).collect();
    let patch = *patches.first().ok_or_else(|| context.missing("a patch below 'waveforms'"))?;
    let stamps = context.numbers(&format!("{patch}/_coord_time"))?;
    let integers = matches!(stamps, crate::array::Numbers::Integers(_));
    let unit_ns = if integers { 1 } else { 1_000_000_000 };
    let mut found =
        Found::new(format!("{patch}/data"), Clock::Stamped { stamps, unit_ns, origin_ns: 0, nominal: None });
    let axes: Vec<&str> =
        d.text(patch, "_dims").unwrap_or("time,distance").split(',').map(str::trim).collect();
    match axes.as_slice() {
        ["time", "distance"] => {}
        ["distance", "time"] => found.axes = Axes::ChannelTime,
        other => {
            return Err(context.missing(&format!("axes time and distance (it has {})", other.join(", "))));
        }
    }
    (found.distance, found.spacing) =
        spacing(&context.numbers(&format!("{patch}/_coord_distance"))?, &mut found.notes);
    found.gauge_length = d.number(patch, "_attrs_gauge_length");
    found.unit = d.text(patch, "_attrs_data_units").unwrap_or_default().to_string();
    if patches.len() > 1 {
        found.notes.push(format!("the file holds {} patches; the first, {patch}, is read", patches.len()));
    }
    Ok(found)
}
