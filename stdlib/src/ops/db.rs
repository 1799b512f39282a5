//! Decibel.

use dasc_ir::graph::{Builder, NodeId};
use dasc_ir::parameter::Reference;
use dasc_ir::{Result, choice, operator};

use super::Operator;
use crate::pieces::level::Level;

choice! {
    /// What a level is of.
    Of { Auto = "auto", Amplitude = "amplitude", Power = "power" }
}

operator! {
    /// Decibel: 20·log10 of an amplitude, 10·log10 of a power; −∞ at 0.
    ///
    /// Whether data is a power is told by its unit: squares and squares per hertz, as SQUARE and SPECTROGRAM give them, are.
    /// Signs are dropped; of complex data the squared magnitude is taken.
    Db = "DB" () {
        /// What 0 dB is: a value in the unit of the data or with a unit, `max` (of the record and all channels: another pass), or `noise(window)`, the root mean square of the window before each sample.
        r#ref: Reference = Reference::Level(1.0, None),
        /// Decides instead of the unit.
        of: Of = Of::Auto,
    }
    formula "y = 20 log₁₀(|x| / REF)   of an amplitude"
            "y = 10 log₁₀(x / REF)   of a power, and of complex data with x its squared magnitude";
    example "DB REF=0.001";
    reference "20*numpy.log10(numpy.abs(x)/ref); 10*numpy.log10(x/ref) of a power";
}

impl Operator for Db {
    fn build(&self, b: &mut Builder, x: NodeId) -> Result<NodeId> {
        let mut level = Level::of(b, x)?;
        match self.of {
            Of::Auto => {}
            Of::Amplitude => level.power = false,
            Of::Power => level.power = true,
        }
        level.decibels(b, &self.r#ref)
    }
}
