//! What arrays of samples, times and distances are called, and CF's units of time: conventions of HDF5, NetCDF and Zarr alike.

use dasc_ir::time::parse_utc;

use crate::array::Numbers;

pub const DATA: [&str; 6] = ["data", "raw", "das", "values", "strain_rate", "strain"];
pub const TIME: [&str; 5] = ["time", "timestamp", "timestamps", "times", "t"];
/// Those that count channels rather than place them; of `DISTANCE` too.
pub const CHANNEL: [&str; 3] = ["channel", "channels", "locus"];
pub const DISTANCE: [&str; 7] = ["distance", "distances", "x", "offset", "channel", "channels", "locus"];

/// Nanoseconds per unit and origin of CF's `milliseconds since 2023-01-01 00:00:00`.
pub fn since(units: &str) -> Option<(i64, i64)> {
    let (unit, origin) = units.split_once(" since ")?;
    Some((nanoseconds(unit.trim())?, parse_utc(origin.trim().trim_end_matches(" UTC"))?))
}

pub fn nanoseconds(unit: &str) -> Option<i64> {
    Some(match unit.to_lowercase().as_str() {
        "ns" | "nanosecond" | "nanoseconds" => 1,
        "us" | "µs" | "microsecond" | "microseconds" => 1_000,
        "ms" | "msec" | "millisecond" | "milliseconds" => 1_000_000,
        "s" | "sec" | "second" | "seconds" => 1_000_000_000,
        "min" | "minute" | "minutes" => 60_000_000_000,
        "h" | "hour" | "hours" => 3_600_000_000_000,
        "d" | "day" | "days" => 86_400_000_000_000,
        _ => return None,
    })
}

/// First position and step of a distance array; uneven ones are noted.
pub fn spacing(positions: &Numbers, notes: &mut Vec<String>) -> (f64, f64) {
    let positions = positions.to_reals();
    let (Some(first), Some(last)) = (positions.first(), positions.last()) else { return (0.0, 1.0) };
    if positions.len() < 2 {
        notes.push("there is a single channel; its spacing is taken as 1 m".into());
        return (*first, 1.0);
    }
    let step = (last - first) / (positions.len() - 1) as f64;
    let farthest =
        positions.iter().enumerate().map(|(i, x)| (x - first - step * i as f64).abs()).fold(0.0, f64::max);
    if farthest > 0.01 * step.abs() {
        notes.push(format!("distances are uneven, by up to {farthest} m; the mean step of {step} m is used"));
    }
    // Distances that fall are as good: the fibre is walked from the far end.
    if step < 0.0 {
        notes.push("distances fall along the array; the spacing is given without its sign".into());
    }
    (*first, step.abs())
}
