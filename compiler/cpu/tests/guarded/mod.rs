//! Buffers between pages that nobody may touch, and calls of a kernel on them.

#[path = "pages.rs"]
mod pages;

use std::ptr;

use dasc_ir::DType;
use dasc_ir::kernel::random::Random;
use dasc_ir::kernel::verify::listed;
use dasc_ir::kernel::{
    Affine, BufferAt, BufferId, Call, Executable, Instr, Kernel, LANES, LaneAt, Loop, Role,
};

use pages::Guarded;

/// Rows and lanes of a call.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    pub start: i64,
    pub rows: i64,
    pub lanes: usize,
    pub lane0: i64,
    pub at_end: bool,
}

/// Storage for one kernel that holds exactly what its loops touch.
pub struct Memory {
    pub blocks: Vec<Guarded>,
    pub buffers: Vec<BufferAt>,
    pub carry_blocks: Vec<Guarded>,
    pub carries: Vec<BufferAt>,
}

#[derive(Clone, Copy)]
struct Extent {
    low: i64,
    high: i64,
}

impl Extent {
    const NONE: Extent = Extent { low: i64::MAX, high: i64::MIN };

    fn add(&mut self, low: i64, high: i64) {
        self.low = self.low.min(low);
        self.high = self.high.max(high);
    }
}

impl Memory {
    pub fn new(kernel: &Kernel, shape: Shape, fill: u64) -> Memory {
        let mut rows = vec![Extent::NONE; kernel.buffers.len()];
        let mut lanes = vec![Extent::NONE; kernel.buffers.len()];
        for (_, body) in kernel.loops() {
            reach(kernel, body, shape, &mut rows, &mut lanes);
        }
        let mut rng = Random(fill);
        let (mut blocks, mut buffers) = (Vec::new(), Vec::new());
        for (at, buffer) in kernel.buffers.iter().enumerate() {
            let size = buffer.dtype.size();
            let (rows, lanes) = (rows[at], lanes[at]);
            if rows.low > rows.high {
                blocks.push(Guarded::new(0, false));
                buffers.push(BufferAt { base: ptr::null_mut(), row: 0, inner: 0, plane: 0 });
                continue;
            }
            let width = (lanes.high - lanes.low + 1) as usize * size;
            let inner = width + rng.below(3) as usize * size;
            let plane = inner * buffer.inner as usize;
            let row = plane * buffer.planes as usize + rng.below(2) as usize * 8 * size;
            let count = (rows.high - rows.low) as usize;
            let len = count * row
                + (buffer.planes as usize - 1) * plane
                + (buffer.inner as usize - 1) * inner
                + width;
            let mut block = Guarded::new(len, shape.at_end);
            fill_with(block.bytes_mut(), buffer.dtype, &mut rng);
            let base = block
                .at
                .wrapping_offset(-(rows.low as isize).wrapping_mul(row as isize))
                .wrapping_offset(-(lanes.low as isize) * size as isize);
            buffers.push(BufferAt { base, row: row as isize, inner: inner as isize, plane: plane as isize });
            blocks.push(block);
        }
        let (mut carry_blocks, mut carries) = (Vec::new(), Vec::new());
        for carry in &kernel.carries {
            let lanes = match carry.lanes {
                dasc_ir::kernel::Lanes::Block => shape.lanes,
                dasc_ir::kernel::Lanes::Fixed(n) => n as usize,
            }
            .next_multiple_of(LANES);
            let inner = lanes * carry.dtype.size();
            let mut block = Guarded::new(inner * carry.inner as usize, shape.at_end);
            fill_with(block.bytes_mut(), carry.dtype, &mut rng);
            carries.push(BufferAt { base: block.at, row: 0, inner: inner as isize, plane: 0 });
            carry_blocks.push(block);
        }
        Memory { blocks, buffers, carry_blocks, carries }
    }

    pub fn run(&self, kernel: &Kernel, on: &dyn Executable, shape: Shape) {
        for (which, _) in kernel.loops() {
            let call = Call {
                buffers: &self.buffers,
                carries: &self.carries,
                params: &kernel.params,
                start: shape.start,
                rows: shape.rows,
                lanes: shape.lanes,
                lane0: shape.lane0,
            };
            // SAFETY: `new` allocated every element the kernel's loops touch for this shape.
            unsafe { on.run(which, &call) };
        }
    }

    /// Whether all outputs and carries are the same bits, those of NaN too.
    #[allow(dead_code)]
    pub fn is_same(&self, other: &Memory) -> bool {
        let same = |a: &[Guarded], b: &[Guarded]| a.iter().zip(b).all(|(a, b)| a.bytes() == b.bytes());
        same(&self.blocks, &other.blocks) && same(&self.carry_blocks, &other.carry_blocks)
    }

    /// The first element that differs, NaN for NaN: a negation folded into a sum leaves the sign of a NaN as it was.
    pub fn difference(&self, other: &Memory, kernel: &Kernel) -> Option<String> {
        let buffers = self.blocks.iter().zip(&other.blocks).zip(&kernel.buffers);
        let buffers = buffers.map(|((a, b), known)| (a, b, known.dtype, known.name.as_str()));
        let carries = self.carry_blocks.iter().zip(&other.carry_blocks).zip(&kernel.carries);
        let carries = carries.map(|((a, b), known)| (a, b, known.dtype, known.name.as_str()));
        for (a, b, dtype, name) in buffers.chain(carries) {
            let size = dtype.size();
            for (at, (x, y)) in a.bytes().chunks_exact(size).zip(b.bytes().chunks_exact(size)).enumerate() {
                let same = x == y
                    || match dtype {
                        DType::F32 => {
                            f32::from_le_bytes(x.try_into().unwrap()).is_nan()
                                && f32::from_le_bytes(y.try_into().unwrap()).is_nan()
                        }
                        DType::F64 => {
                            f64::from_le_bytes(x.try_into().unwrap()).is_nan()
                                && f64::from_le_bytes(y.try_into().unwrap()).is_nan()
                        }
                        _ => false,
                    };
                if !same {
                    return Some(format!("{name}, element {at} in memory: {x:02x?} and {y:02x?} ({dtype})"));
                }
            }
        }
        None
    }
}

fn reach(kernel: &Kernel, body: &Loop, shape: Shape, rows: &mut [Extent], lanes: &mut [Extent]) {
    let count = body.lanes.map_or(shape.lanes, |n| n as usize).next_multiple_of(LANES) as i64;
    let mut touch = |buffer: BufferId, row: Affine, lane: LaneAt, taps: u32| {
        let row = if kernel.buffers[buffer.index()].role == Role::Constant { Affine::ZERO } else { row };
        for i in [shape.start, shape.start + shape.rows - 1] {
            for f in [0, i64::from(body.inner) - 1] {
                for k in [0, i64::from(taps.max(1)) - 1] {
                    let at = row.at(i, f, k);
                    rows[buffer.index()].add(at, at);
                }
            }
        }
        match lane {
            LaneAt::Shift(by) => lanes[buffer.index()].add(i64::from(by), count - 1 + i64::from(by)),
            LaneAt::Splat(at) => lanes[buffer.index()].add(i64::from(at), i64::from(at)),
        }
    };
    let taps_of = |val| {
        body.values
            .iter()
            .find_map(|instr| match instr {
                Instr::Fold { taps, body: inside, .. } if inside.contains(&val) => Some(*taps),
                _ => None,
            })
            .unwrap_or(1)
    };
    for val in listed(body) {
        match &body.values[val.index()] {
            Instr::Load { buffer, row, lane, .. } => touch(*buffer, *row, *lane, taps_of(val)),
            Instr::Store { buffer, .. } => touch(*buffer, Affine::ROW, LaneAt::Shift(0), taps_of(val)),
            _ => {}
        }
    }
}

fn fill_with(bytes: &mut [u8], dtype: DType, rng: &mut Random) {
    for chunk in bytes.chunks_exact_mut(dtype.size()) {
        let x = rng.number();
        match dtype {
            DType::I16 => chunk.copy_from_slice(&(rng.word() as i16).to_le_bytes()),
            DType::I32 => {
                let n = if rng.chance(50) { rng.between(-9, 9) as i32 } else { rng.word() as i32 };
                chunk.copy_from_slice(&n.to_le_bytes());
            }
            DType::I64 => chunk.copy_from_slice(&rng.word().to_le_bytes()),
            DType::F32 => chunk.copy_from_slice(&(x as f32).to_le_bytes()),
            _ => chunk.copy_from_slice(&x.to_le_bytes()),
        }
    }
}
