//! Silixa's own HDF5: one dataset `Acoustic`, i16, with the attributes of the TDMS format as text.

use dasc_ir::Result;

use super::Dialect;
use crate::found::{Clock, Found};
use crate::hdf5::context::Context;
use crate::silixa;

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
    silixa::describe(&mut found, |name| d.number(DATA, name), hertz, context.file.path())?;
    Ok(found)
}
