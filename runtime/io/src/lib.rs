//! Where samples come from: files of the vendors' formats and dialects, headerless `.dat`, made-up signals.
//!
//! [`open`] looks at a file (in a worker process where a C library has to) and returns a [`Source`]: a [`Header`]
//! that says what the record is, and a way to read any rows of it into a caller's buffer. Nothing is loaded whole.
//! A program that opens HDF5 or Parquet files calls [`worker_main`] first thing in `main`, or names another with [`set_worker`].

mod array;
mod bytes;
mod cf;
mod clock;
mod dat;
mod folder;
mod found;
mod gaps;
mod geometry;
mod hdf5;
pub mod header;
mod inspect;
mod live;
mod mseed;
mod npy;
mod open;
mod raw;
mod record;
mod remote;
mod segy;
mod select;
mod sentek;
mod sidecar;
mod silixa;
mod sintela;
pub mod synthetic;
mod tdms;
mod worker;
mod zarr;

pub use folder::{Opening, names_several, remember_in, watch_openings};
pub use geometry::{Column, Geometry, Position, Survey, SurveyFacts, read_geometry, read_mute};
pub use header::{ASSUMED_SPACING, Channels, ENDLESS, FileType, Header, Segment, Source};
pub use inspect::{Inspection, Listed, RecordFacts, SegmentFacts, inspect, script_of};
pub use live::{Waiting, send, watch_streams};
pub use open::{Endian, Follow, Location, OnBad, OnGap, OnOverlap, ReadOptions, open};
pub use remote::{Fetching, watch_fetches};
pub use select::{Selected, Window};
pub use sidecar::{Sidecar, draft_sidecar, sidecar_path};
pub use worker::{set_worker, worker_main};
