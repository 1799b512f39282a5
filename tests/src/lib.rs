//! What tests of several crates share: records in memory, an observer that keeps everything, and files of expected text.
//!
//! The tests themselves stand in `tests/`; this library depends on the runtime alone, so that the runtime's own tests
//! can use it.

pub mod filetest;
pub mod golden;
pub mod noise;
#[path = "../../compiler/cpu/tests/guarded/pages.rs"]
pub mod pages;
pub mod record;
