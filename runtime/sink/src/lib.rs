//! Writers that take results as they come and leave either a whole file or none.
//!
//! Signals go row by row into NumPy or Zarr ([`open_signal`]), events batch by batch into Parquet, CSV, JSON lines
//! or Arrow ([`open_events`]), anything else through an [`AtomicFile`]. All of them write beside the final name,
//! fsync, rename and fsync the folder; a sink that is dropped before `finish` takes its temporary with it, and a
//! process that is killed leaves `<name>.partial-<pid>`, which nothing takes for a result and the next run for
//! that name removes. Memory stays constant: a chunk row for Zarr, a row group for Parquet, a buffer for the rest.
//!
//! ```no_run
//! # use dasc_sink::*;
//! # fn write(layout: Layout) -> dasc_ir::Result<()> {
//! let mut sink = open_signal(&Target::parse("strain.zarr"), layout, Mode::New)?;
//! sink.write(0, 2, &[0; 16], 8)?;
//! println!("{} rows", sink.finish()?.rows);
//! # Ok(())
//! # }
//! ```

mod atomic;
mod directory;
mod disk;
mod events;
mod layout;
mod leftover;
mod npy;
mod output;
mod rotate;
mod signal;
mod target;
mod template;
mod zarr;

pub use atomic::AtomicFile;
pub use dasc_events::{Cell, Column, ColumnKind, Event};
pub use disk::is_closed_pipe;
pub use events::{EventFormat, EventSink, event_batch, event_schema, open_events};
pub use layout::{AxisInfo, Coordinate, Coords, Dtype, Input, Jump, Layout, Provenance};
pub use output::Summary;
pub use rotate::{Rotation, open_event_files, open_signals};
pub use signal::{SignalFormat, SignalSink, open_signal};
pub use target::{Mode, Target};
pub use template::{Destination, check_collisions, expand_template};
