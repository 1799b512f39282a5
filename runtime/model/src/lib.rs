//! Models: ONNX files, each with a sidecar that says what it means, run by an engine inside the program.
//!
//! `picker.onnx` is described by `picker.onnx.json` (`docs/model.schema.json`). What a file of strangers can do is fenced: its size and that of
//! every array it computes are limited, nothing is read beside it, and a panic of the engine is a diagnostic.
//!
//! Results agree across processors by tolerance, as those of FFTs do, for the engine picks its loops by what the processor has; on one
//! processor a window gives the same bits whatever runs beside it.

mod annotator;
mod classifier;
mod engine;
mod fence;
mod folder;
mod sidecar;

pub use folder::Folder;
