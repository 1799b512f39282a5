//! Terra15 Treble, file versions 4 to 6: `data_product/data`, f32, with a GPS time for each sample.
//!
//! GPS stamps jitter and drift, so the step is the instrument's own `dT`, never an average of stamps.

use dasc_ir::Result;

use super::Dialect;
use crate::array::Numbers;
use crate::found::{Clock, Found};
use crate::hdf5::context::Context;

const DATA: &str = "data_product/data";

pub const DIALECT: Dialect = Dialect {
    name: "terra15",
    recognise: |d| {
        let stamped =
            ["gps_time", "posix_time"].iter().any(|t| d.datasets.contains_key(&format!("data_product/{t}")));
        d.datasets.contains_key(DATA) && stamped
    },
    interpret,
};

fn interpret(context: &Context) -> Result<Found> {
    let d = context.description;
    let seconds = d.number(DATA, "dT").map_or_else(|| context.number("", "dt_computer"), Ok)?;
    let nominal = Some(context.interval(seconds, "dT")?);
    let stamps = ["data_product/gps_time", "data_product/posix_time"]
        .into_iter()
        .find(|t| d.datasets.contains_key(*t));
    let mut stamps = context.numbers(stamps.unwrap_or("data_product/gps_time"))?.to_reals();
    // Files are allocated ahead: frames that were never filled have stamps of 0 at the end.
    let allocated = stamps.len();
    stamps.truncate(stamps.iter().rposition(|t| *t > 0.0).map_or(0, |last| last + 1));
    let occupied = stamps.len();
    let clock =
        Clock::Stamped { stamps: Numbers::Reals(stamps), unit_ns: 1_000_000_000, origin_ns: 0, nominal };
    let mut found = Found::new(DATA, clock);
    if occupied < allocated {
        found.occupied = Some(occupied as u64);
        let never = allocated - occupied;
        found
            .notes
            .push(format!("{never} of {allocated} allocated samples were never recorded and are left out"));
    }
    found.spacing = d.number("", "dx").map_or_else(|| context.number(DATA, "dx"), Ok)?;
    found.distance = d.number("", "sensing_range_start").unwrap_or(0.0);
    found.gauge_length = d.number("", "gauge_length");
    found.unit = d.text("", "data_product_units").unwrap_or_default().to_string();
    Ok(found)
}
