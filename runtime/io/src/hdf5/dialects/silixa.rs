//! Silixa's own HDF5: one dataset `Acoustic`, i16, with the attributes of the TDMS format as text.

use dasc_ir::Result;

use super::Dialect;
use crate::hdf5::context::Context;
use crate::hdf5::header::{Clock, Found};

const DATA: &str = "Acoustic";

pub const DIALECT: Dialect = Dialect {
    name: "silixa",
    recognise: |d| d.attribute(DATA, "SamplingFrequency[Hz]").is_some(),
    interpret,
};

fn interpret(context: &Context) -> Result<Found> {
    let d = context.description;
    let hertz = context.number(DATA, "SamplingFrequency[Hz]")?;
    let start_ns = context.instant(d.text(DATA, "ISO8601 Timestamp"), "ISO8601 Timestamp")?;
    let mut found =
        Found::new(DATA, Clock::Regular { start_ns, rate: context.rate(hertz, "SamplingFrequency[Hz]")? });
    found.spacing = context.number(DATA, "SpatialResolution[m]")?
        * d.number(DATA, "Fibre Length Multiplier").unwrap_or(1.0);
    found.distance = d.number(DATA, "Start Distance (m)").unwrap_or(0.0);
    found.gauge_length = d.number(DATA, "GaugeLength");
    match found.gauge_length.filter(|g| *g > 0.0) {
        Some(gauge) => {
            let calibration = d.number(DATA, "Unit Calibration (nm)").unwrap_or(116.0);
            found.scale = calibration * hertz / (8192.0 * gauge);
            found.unit = "nstrain/s".into();
            let how = format!("{calibration} * fs / (8192 * gauge length of {gauge} m)");
            found.notes.push(format!("raw numbers become nstrain/s by {how}"));
        }
        None => found.unit = "count".into(),
    }
    let precise = d.number(DATA, "Precise Sampling Frequency (Hz)").zip(d.number(DATA, "Time Decimation"));
    if let Some((pulses, every)) = precise.filter(|(p, n)| *n > 0.0 && p / n != hertz) {
        found.notes.push(format!(
            "the nominal rate of {hertz} Hz is used; pulses were sent at {pulses} Hz, so {} Hz",
            pulses / every
        ));
    }
    Ok(found)
}
