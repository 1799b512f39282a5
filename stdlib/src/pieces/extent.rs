//! Windows given as a duration or a number of samples, and what of a record is needed at once.

use dasc_ir::graph::{Builder, NodeId, Rows};
use dasc_ir::parameter::Extent;
use dasc_ir::{Diag, Result};

/// The longest window of any operator: at 1 kHz four and a half hours.
pub const LONGEST: u32 = 1 << 24;

/// The samples of a window at the input's rate, a duration rounded to the nearest. `what` names it (`a window`).
/// Refuses less than one sample and more than [`LONGEST`].
pub fn samples(b: &Builder, x: NodeId, what: &str, extent: Extent) -> Result<u32> {
    samples_up_to(b, x, what, extent, LONGEST)
}

/// The same where fewer samples are possible.
pub fn samples_up_to(b: &Builder, x: NodeId, what: &str, extent: Extent, longest: u32) -> Result<u32> {
    let rate = b.rate(x)?;
    let (exact, given) = match extent {
        Extent::Samples(n) => (f64::from(n), format!("{n} samples")),
        Extent::Duration(seconds) => (seconds * rate, format!("{seconds} s")),
    };
    let n = exact.round();
    if n >= 1.0 && n <= f64::from(longest) {
        return Ok(n as u32);
    }
    let shortest = 1.0 / rate;
    let message = format!("needs {what} of 1 to {longest} samples at {rate} Hz, not {given}");
    Err(b.diag(message).help(if n > 1.0 {
        format!("the longest possible is {} s; DECIMATE first for a longer one", f64::from(longest) / rate)
    } else {
        format!("the shortest possible is {shortest} s")
    }))
}

/// The same of what follows each other, as blocks do: rounding would add up from one to the next, so a duration is refused that is not a
/// whole number of samples to within a hundredth of one.
pub fn whole_samples(b: &Builder, x: NodeId, what: &str, extent: Extent) -> Result<u32> {
    let n = samples(b, x, what, extent)?;
    let Extent::Duration(seconds) = extent else { return Ok(n) };
    let rate = b.rate(x)?;
    let exact = seconds * rate;
    if (exact - f64::from(n)).abs() <= 0.01 {
        return Ok(n);
    }
    let (below, above) = (exact.floor().max(1.0), exact.ceil());
    Err(b
        .diag(format!("needs {what} of whole samples at {rate} Hz, but {seconds} s are {exact:.3}"))
        .help(format!("{below} samples are {} s, and {above} are {} s", below / rate, above / rate)))
}

/// Refuses a live stream, whose whole record never comes. `instead` names what to do.
pub fn whole_record(b: &Builder, x: NodeId, instead: &str) -> Result<()> {
    match b.time(x)?.rows {
        Rows::Segments(_) => Ok(()),
        Rows::From(_) => Err(b.diag("needs the whole record, which a live stream never has").help(instead)),
    }
}

/// Refuses streams and records with gaps: one transform spans all samples. `instead` names what to do.
pub fn one_stretch(b: &Builder, x: NodeId, instead: &str) -> Result<()> {
    whole_record(b, x, instead)?;
    let Rows::Segments(ranges) = &b.time(x)?.rows else {
        return Err(Diag::compiler("a record that is whole has segments"));
    };
    let stretches = ranges.iter().filter(|(from, to)| from < to).count();
    if stretches <= 1 {
        return Ok(());
    }
    Err(b
        .diag(format!("spans the whole record at once, but gaps cut this one into {stretches} stretches"))
        .help(format!("SLICE TIME=from..to chooses one stretch, or {instead}")))
}
