//! Copying rows to a longer inner axis, with what an edge puts beyond the ends.

use std::ops::Range;

use dasc_ir::graph::Edge;
use dasc_ir::kernel::BufferAt;

/// What is copied: position `f` of `longer` is position `f − before` of `len`, or what the edge finds there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Extension {
    pub len: u32,
    pub longer: u32,
    pub planes: u32,
    pub before: i32,
    pub edge: Edge,
    /// Bytes of all lanes of one position.
    pub bytes: usize,
}

/// Copies rows.
///
/// # Safety
/// The rows of both buffers lie in live memory, `bytes` at each position and plane, apart from each other; nobody else touches the
/// output's meanwhile.
pub(crate) unsafe fn widen_inner(input: &BufferAt, output: &BufferAt, what: Extension, rows: Range<i64>) {
    let place = |at: &BufferAt, row: i64, inner: i64, plane: u32| {
        let offset =
            (row as isize).wrapping_mul(at.row).wrapping_add((inner as isize).wrapping_mul(at.inner));
        at.base.wrapping_offset(offset.wrapping_add((plane as isize).wrapping_mul(at.plane)))
    };
    for row in rows {
        for inner in 0..i64::from(what.longer) {
            let from = what.edge.position(inner - i64::from(what.before), what.len.into());
            for plane in 0..what.planes {
                let to = place(output, row, inner, plane);
                // SAFETY: promised by the caller.
                unsafe {
                    match from {
                        Some(from) => place(input, row, from, plane).copy_to_nonoverlapping(to, what.bytes),
                        None => to.write_bytes(0, what.bytes),
                    }
                }
            }
        }
    }
}
