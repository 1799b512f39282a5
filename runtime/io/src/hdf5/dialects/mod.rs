//! The layouts of the vendors, one file each. The first that recognises a file reads it, so the plainest is last.

mod ap_sensing;
mod dasdae;
mod febus;
mod gdr;
mod neubrex;
mod optodas;
mod plain;
mod prodml;
mod silixa;
mod terra15;
mod xdas;

use dasc_ir::Result;

use super::context::Context;
use super::description::Description;
use crate::found::Found;

pub struct Dialect {
    pub name: &'static str,
    pub recognise: fn(&Description) -> bool,
    pub interpret: fn(&Context) -> Result<Found>,
}

pub const DIALECTS: &[Dialect] = &[
    prodml::DIALECT,
    neubrex::DIALECT,
    silixa::DIALECT,
    terra15::DIALECT,
    optodas::DIALECT,
    febus::DIALECT,
    ap_sensing::DIALECT,
    gdr::DIALECT,
    dasdae::DIALECT,
    xdas::DIALECT,
    plain::DIALECT,
];
