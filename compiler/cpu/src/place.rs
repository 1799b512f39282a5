//! Where the elements are that a loop touches: pointers that walk along its rows, and how far from one an element lies.

use std::collections::HashSet;

use dasc_ir::kernel::verify::listed;
use dasc_ir::kernel::{Affine, BufferId, Instr, Kernel, LaneAt, Loop, Role};

/// A pointer into a buffer: where the linear forms without their constants lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Pointer {
    pub buffer: BufferId,
    /// Rows it moves for each row of the loop.
    pub row: i64,
    /// Rows and inner positions it moves for each inner position of the loop.
    pub row_inner: i64,
    pub inner: i64,
    /// Whether it follows the lane group.
    pub lane: bool,
}

/// The place of an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    pub pointer: Pointer,
    pub row_add: i64,
    pub row_tap: i64,
    pub inner_add: i64,
    pub inner_tap: i64,
    pub plane: u32,
    /// Bytes along the lanes.
    pub lane: i64,
}

/// The place a load or store names.
fn place(kernel: &Kernel, buffer: BufferId, row: Affine, inner: Affine, plane: u32, lane: LaneAt) -> Place {
    let known = &kernel.buffers[buffer.index()];
    let row = if known.role == Role::Constant { Affine::ZERO } else { row };
    let size = known.dtype.size() as i64;
    let (follows, lane) = match lane {
        LaneAt::Shift(by) => (true, i64::from(by) * size),
        LaneAt::Splat(at) => (false, i64::from(at) * size),
    };
    Place {
        pointer: Pointer { buffer, row: row.row, row_inner: row.inner, inner: inner.inner, lane: follows },
        row_add: row.add,
        row_tap: row.tap,
        inner_add: inner.add,
        inner_tap: inner.tap,
        plane,
        lane,
    }
}

/// The place of an instruction that touches memory.
pub fn place_of(kernel: &Kernel, instr: &Instr) -> Option<Place> {
    match instr {
        Instr::Load { buffer, row, inner, plane, lane } => {
            Some(place(kernel, *buffer, *row, *inner, *plane, *lane))
        }
        Instr::Store { buffer, inner, plane, .. } => {
            Some(place(kernel, *buffer, Affine::ROW, *inner, *plane, LaneAt::Shift(0)))
        }
        _ => None,
    }
}

/// The pointers a loop needs, in the order of first use.
pub fn pointers(kernel: &Kernel, body: &Loop) -> Vec<Pointer> {
    let mut seen = HashSet::new();
    listed(body)
        .into_iter()
        .filter_map(|v| place_of(kernel, &body.values[v.index()]))
        .map(|place| place.pointer)
        .filter(|pointer| seen.insert(*pointer))
        .collect()
}
