//! Events as a flow: records with a watermark, and the operators that filter, join and follow them.
//!
//! ```text
//! detections ──► Merging ──► Event ──► Stage(WHERE) ──► Stage(MERGE) ──► …
//! ```
//! A [`Stage`] takes events in order together with a watermark, the instant before which no event will begin any more,
//! and answers with those that are ready and a watermark of its own. What comes out depends on the events alone, never on how
//! they were cut into batches, and what is held is what may still change.

pub mod condition;
mod event;
mod forest;
mod groups;
mod merging;
pub mod ops;
mod order;
mod stage;

pub use event::{Cell, Column, ColumnKind, Event, EventsType};
pub use groups::combined;
pub use merging::{Group, Merging, Stretch};
pub use order::Order;
pub use stage::{Ready, Stage, Step};
