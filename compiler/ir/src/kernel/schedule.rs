//! How a kernel is run, as far as it cannot change a bit: tile heights and lanes in flight.

/// Numbers that tuning may change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Schedule {
    /// Rows of the kernel's input domain that flow through all steps before the next rows are taken.
    pub rows: u32,
    /// Channels worked on together; a multiple of [`super::LANES`].
    pub lanes: u32,
}

impl Default for Schedule {
    /// Measured on filters: whole rows of many channels, few of them at a time.
    fn default() -> Schedule {
        Schedule { rows: 16, lanes: 2048 }
    }
}
