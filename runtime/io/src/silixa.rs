//! What Silixa's iDAS says in attributes of the same names, in TDMS and in its own HDF5.

use dasc_ir::Result;

use crate::found::{Found, lacks};

/// Fills in where channels lie and how raw numbers become strain rate; `hertz` is the sampling rate.
pub fn describe(
    found: &mut Found,
    number: impl Fn(&str) -> Option<f64>,
    hertz: f64,
    path: &str,
) -> Result<()> {
    let resolution = number("SpatialResolution[m]").ok_or_else(|| lacks(path, "'SpatialResolution[m]'"))?;
    found.spacing = resolution * number("Fibre Length Multiplier").unwrap_or(1.0);
    found.distance = number("Start Distance (m)").unwrap_or(0.0);
    found.gauge_length = number("GaugeLength");
    match found.gauge_length.filter(|g| *g > 0.0) {
        Some(gauge) => {
            let calibration = number("Unit Calibration (nm)").unwrap_or(116.0);
            found.scale = calibration * hertz / (8192.0 * gauge);
            found.unit = "nstrain/s".into();
            let how = format!("{calibration} * fs / (8192 * gauge length of {gauge} m)");
            found.notes.push(format!("raw numbers become nstrain/s by {how}"));
        }
        None => found.unit = "count".into(),
    }
    let precise = number("Precise Sampling Frequency (Hz)").zip(number("Time Decimation"));
    if let Some((pulses, every)) = precise.filter(|(p, n)| *n > 0.0 && p / n != hertz) {
        found.notes.push(format!(
            "the nominal rate of {hertz} Hz is used; pulses were sent at {pulses} Hz, so {} Hz",
            pulses / every
        ));
    }
    Ok(())
}
