//! Addresses, computed.

use std::mem::offset_of;

use cranelift_codegen::ir::types::I64;
use cranelift_codegen::ir::{InstBuilder, MemFlagsData, Value};
use dasc_ir::kernel::{BufferAt, BufferId};

use super::nest::Nest;
use crate::place::{Place, Pointer};

/// Which stride of a [`BufferAt`].
#[derive(Clone, Copy, Debug)]
pub enum Stride {
    Row,
    Inner,
    Plane,
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
