//! Conditions on events: `channels >= 30 AND (duration > 2s OR label = vehicle)`.

mod field;
mod read;

pub use field::Field;
pub use read::Reader;

use std::cmp::Ordering;

use crate::Event;

/// A condition whose columns and units have been checked.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Not(Box<Condition>),
    Compare(Field, Comparison, Operand),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    Equal,
    Unequal,
    Less,
    AtMost,
    Greater,
    AtLeast,
}

/// What a field is compared with, in the field's own unit.
#[derive(Clone, Debug, PartialEq)]
pub enum Operand {
    Number(f64),
    /// UTC nanoseconds, compared as integers.
    Instant(i64),
    Text(String),
}

impl Condition {
    /// Whether an event meets it; `None` where that hangs on something unknown.
    pub fn holds(&self, event: &Event) -> Option<bool> {
        match self {
            Condition::All(parts) => {
                let mut known = Some(true);
                for part in parts {
                    match part.holds(event) {
                        Some(false) => return Some(false),
                        Some(true) => {}
                        None => known = None,
                    }
                }
                known
            }
            Condition::Any(parts) => {
                let mut known = Some(false);
                for part in parts {
                    match part.holds(event) {
                        Some(true) => return Some(true),
                        Some(false) => {}
                        None => known = None,
                    }
                }
                known
            }
            Condition::Not(inner) => inner.holds(event).map(|holds| !holds),
            Condition::Compare(field, comparison, operand) => {
                let order = match operand {
                    Operand::Number(value) => field.number(event)?.partial_cmp(value)?,
                    Operand::Instant(ns) => field.instant(event)?.cmp(ns),
                    Operand::Text(text) => {
                        let own = field.text(event)?;
                        let same = [Some(own), field.short(own)];
                        if same.into_iter().flatten().any(|own| own.eq_ignore_ascii_case(text)) {
                            Ordering::Equal
                        } else {
                            own.cmp(text)
                        }
                    }
                };
                Some(comparison.of(order))
            }
        }
    }
}

impl Comparison {
    fn of(self, order: Ordering) -> bool {
        match self {
            Comparison::Equal => order.is_eq(),
            Comparison::Unequal => order.is_ne(),
            Comparison::Less => order.is_lt(),
            Comparison::AtMost => order.is_le(),
            Comparison::Greater => order.is_gt(),
            Comparison::AtLeast => order.is_ge(),
        }
    }
}

#[cfg(test)]
mod tests;
