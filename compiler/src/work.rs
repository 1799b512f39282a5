//! Bytes that the stages of a plan have to move: what they are measured by, and what memory limits them to.

use std::collections::BTreeSet;

use crate::plan::{Binding, Flow, KernelStage, Place, Stage, Stream};

/// Bytes of a stream's rows in the whole record, without padding.
pub fn stream_bytes(stream: &Stream) -> f64 {
    let rows: i64 = stream.rows.iter().map(|(from, to)| (to - from).max(0)).sum();
    rows as f64
        * f64::from(stream.channels)
        * f64::from(stream.inner)
        * f64::from(stream.planes)
        * stream.element() as f64
}

/// Bytes that a stage reads and writes in the whole record, each stream once; what stays within a kernel is not counted.
pub fn stage_bytes(stage: &Stage, flow: &Flow) -> f64 {
    let bytes = |number: u32| flow.streams.get(number as usize).map_or(0.0, stream_bytes);
    match (stage, stage.between()) {
        (Stage::Kernel(stage), _) => kernel_bytes(stage, flow),
        (_, Some((input, output))) => bytes(input) + bytes(output),
        (_, None) => 0.0,
    }
}

fn kernel_bytes(stage: &KernelStage, flow: &Flow) -> f64 {
    let bound: BTreeSet<u32> = stage
        .bindings
        .iter()
        .filter_map(|binding| match binding {
            Binding::Stream(stream) | Binding::Strided(stream) => Some(*stream),
            Binding::Statistic(_) | Binding::Local => None,
        })
        .collect();
    let streams = bound.iter().filter_map(|number| flow.streams.get(*number as usize));
    streams
        .filter(|stream| match stream.place {
            Place::Source | Place::Spool(_) | Place::Wide => true,
            Place::Statistic(_) | Place::Scratch => false,
        })
        .map(stream_bytes)
        .sum()
}
