//! Addresses: which pointers walk along the rows, and how far from one an element lies.

use std::collections::HashSet;
use std::mem::offset_of;

use cranelift_codegen::ir::types::I64;
use cranelift_codegen::ir::{InstBuilder, MemFlagsData, Value};
use dasc_ir::kernel::verify::listed;
use dasc_ir::kernel::{Affine, BufferAt, BufferId, Instr, Kernel, LaneAt, Loop, Role};

use super::nest::Nest;

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

/// Which stride of a [`BufferAt`].
#[derive(Clone, Copy, Debug)]
pub enum Stride {
    Row,
    Inner,
    Plane,
}

/// The place a load or store names.
pub fn place(
    kernel: &Kernel,
    buffer: BufferId,
    row: Affine,
    inner: Affine,
    plane: u32,
    lane: LaneAt,
) -> Place {
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

impl Nest<'_, '_> {
    pub fn stride(&mut self, buffer: BufferId, which: Stride) -> Value {
        let field = match which {
            Stride::Row => offset_of!(BufferAt, row),
            Stride::Inner => offset_of!(BufferAt, inner),
            Stride::Plane => offset_of!(BufferAt, plane),
        };
        let at = buffer.index() * size_of::<BufferAt>() + field;
        self.b.ins().load(I64, MemFlagsData::trusted(), self.buffers, at as i32)
    }

    /// `at + factor * stride`.
    pub fn advance(&mut self, at: Value, factor: i64, buffer: BufferId, which: Stride) -> Value {
        if factor == 0 {
            return at;
        }
        let stride = self.stride(buffer, which);
        match factor {
            1 => self.b.ins().iadd(at, stride),
            -1 => self.b.ins().isub(at, stride),
            _ => {
                let by = self.b.ins().imul_imm_s(stride, factor);
                self.b.ins().iadd(at, by)
            }
        }
    }

    /// The pointer at the first row of the call, for the current inner position and lane group.
    pub fn start_of(&mut self, pointer: Pointer) -> Value {
        let at = pointer.buffer.index() * size_of::<BufferAt>();
        let mut p = self.b.ins().load(I64, MemFlagsData::trusted(), self.buffers, at as i32);
        let (start, inner, lane) = (self.start, self.inner, self.lane);
        for (factor, index, which) in [
            (pointer.row, start, Stride::Row),
            (pointer.row_inner, inner, Stride::Row),
            (pointer.inner, inner, Stride::Inner),
        ] {
            if factor != 0 {
                let stride = self.stride(pointer.buffer, which);
                let steps = self.b.ins().imul(stride, index);
                let by = self.b.ins().imul_imm_s(steps, factor);
                p = self.b.ins().iadd(p, by);
            }
        }
        if pointer.lane {
            let size = self.kernel.buffers[pointer.buffer.index()].dtype.size() as i64;
            let by = self.b.ins().imul_imm_s(lane, size);
            p = self.b.ins().iadd(p, by);
        }
        p
    }

    /// Address and displacement of an element, at tap number `tap` where it depends on one.
    pub fn address(&mut self, place: Place, tap: i64) -> (Value, i32) {
        let buffer = place.pointer.buffer;
        let mut p = self.pointers[&place.pointer];
        p = self.advance(p, place.row_add + place.row_tap * tap, buffer, Stride::Row);
        p = self.advance(p, place.inner_add + place.inner_tap * tap, buffer, Stride::Inner);
        p = self.advance(p, i64::from(place.plane), buffer, Stride::Plane);
        // The verifier bounds lanes to 2^24, so the displacement fits.
        (p, place.lane as i32)
    }
}
