//! Axes by the names a script has for them.

use dasc_ir::graph::Role;
use dasc_ir::parameter::AxisName;

/// The role of a named axis; what lies within a row is the frequency axis.
pub const fn role(axis: AxisName) -> Role {
    match axis {
        AxisName::Time => Role::Time,
        AxisName::Channel => Role::Channel,
        AxisName::Frequency => Role::Inner,
    }
}
